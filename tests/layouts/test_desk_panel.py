"""A case as officers see it: what is past due is said, and its evidence can be taken away; others get no such link."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import live_world
import pytest
from live_world import NORTH, SOURCE, Browser, World, at

from data.event import Event, Ref
from data.page import Page


@pytest.fixture
def world() -> Iterator[World]:
    made = live_world.make()
    told = [
        Event("asked", at(300), "msg.in", [Ref("conversation", "mail/C-1")], team="North", direction="inbound"),
        Event("asked-2", at(30), "msg.in", [Ref("conversation", "mail/C-2")], team="North", direction="inbound"),
        Event("noted", at(30), "note.added", [Ref("conversation", "mail/C-3")], actor=NORTH[0], team="North"),
    ]
    made.writer.put(SOURCE, Page({"n": 2}, events=told))
    yield made
    made.close()


def number(world: World, case: str) -> int:
    return world.store.connection.cursor().execute("SELECT obj FROM object WHERE id = ?", [case]).fetchall()[0][0]


async def shown(world: World, login: str, case: str, view: str) -> str:
    browser = Browser(world.app)
    assert (await browser.form("/login", persona=login)).status == 303
    return (await browser.click(f"case:{number(world, case)}", view)).text.replace("\\u002f", "/")


def test_what_is_past_due_is_told_from_what_is_pending(world: World) -> None:
    late = asyncio.run(shown(world, "omar", "mail/C-1", "compliance"))
    soon = asyncio.run(shown(world, "omar", "mail/C-2", "compliance"))
    assert ("past due" in late, '"pending"' in late) == (True, False)
    assert ("past due" in soon, '"pending"' in soon) == (False, True)
    assert "Rules, 1 activation\"" in soon and "Course, 1 event\"" in soon


def test_officers_alone_take_evidence_away_and_only_where_a_rule_speaks_of_the_case(world: World) -> None:
    link = re.compile(r'"href":\s*"(/evidence\?[^"]+)"')
    case = number(world, "mail/C-1")
    assert link.findall(asyncio.run(shown(world, "omar", "mail/C-1", "compliance"))) == [f"/evidence?case={case}"]
    assert link.findall(asyncio.run(shown(world, "omar", "mail/C-3", "compliance"))) == []
    others = asyncio.run(shown(world, "maya", "mail/C-1", "live"))
    assert "Course, 1 event" in others and "/evidence" not in others
