"""The officer's desk over HTTP: who reaches it, and how names in a case come and go."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import live_world
import pytest
from live_world import ADMINISTRATOR, MANAGER, NORTH, OFFICER, REP, Answer, Browser, World, frames_of

from data import audit
from data.event import Change, Event, Ref
from data.page import Page
from data.scope import Principal, Role
from data.store import Store
from data.writer import Writer
from layouts._server import ServerOptions, create_server
from metrics._engine import Engine

OLGA = Principal("olga", "Olga", Role.OFFICER, teams=None)
PERSONAS = (MANAGER, OFFICER, OLGA, REP, ADMINISTRATOR)
REASON = "Two customers say that nobody answers them"
JSON = {"content-type": "application/json"}


@pytest.fixture
def world() -> Iterator[World]:
    """The small front office at the present moment: names end by the database's own clock."""
    store = Store.open(":memory:")
    writer = Writer(store, [Engine()])
    writer.start()
    writer.register(live_world.SOURCE, "webhook", "Service desk", "Tickets are missing.")
    writer.put(live_world.SOURCE, live_world.history())
    name = Change(Ref("person", NORTH[0]), "name", "Nora Nilsen", live_world.at(500))
    asked = Event(
        "thread-1",
        live_world.at(600),
        "msg.in",
        [Ref("conversation", "mail/C-9"), Ref("contact", "c1@customer.example")],
        team="North",
        channel="email",
        direction="inbound",
    )
    writer.put(live_world.SOURCE, Page({"n": 2}, [asked], [name]))
    writer.report(live_world.SOURCE, "live")
    app = create_server(store, writer, ServerOptions(personas=PERSONAS))
    made = World(store, writer, app)
    yield made
    made.close()


async def signed_in(world: World, login: str) -> Browser:
    browser = Browser(world.app)
    assert (await browser.form("/login", persona=login)).status == 303
    return browser


async def post(browser: Browser, **fields: Any) -> Answer:
    return await browser.ask("POST", "/compliance", json.dumps(fields).encode(), headers=JSON)


def number(world: World, case: str) -> int:
    rows = world.store.connection.cursor().execute("SELECT obj FROM object WHERE id = ?", [case]).fetchall()
    return rows[0][0]


def a_binding(world: World) -> str:
    """The unanswered message of the conversation, as the desk names it."""
    con = world.store.connection.cursor()
    rows = con.execute(
        "SELECT r.id, b.obj, b.act_seq FROM binding b JOIN rule r ON r.code = b.rule LIMIT 1"
    ).fetchall()
    return ":".join(str(word) for word in rows[0])


def trail(world: World) -> list[tuple[str, str]]:
    entries = world.writer.do(lambda con: list(audit.entries(con)))
    assert world.writer.do(audit.verify).ok
    return [(one.login, one.what) for one in entries if "name" in one.what]


@pytest.mark.parametrize("login", ["", "maya", "nora", "ada"])
def test_nobody_but_an_officer_reaches_the_desk(world: World, login: str) -> None:
    async def story() -> None:
        browser = await signed_in(world, login) if login else Browser(world.app)
        obj = number(world, "desk/T-1")
        assert (await browser.ask("GET", "/compliance")).status == (403 if login else 303)
        assert (await browser.ask("GET", "/stream/compliance?group=team")).status == (403 if login else 401)
        for opened in (
            f"case:{obj}",
            f"binding:{a_binding(world)}",
            "rule:SVC-01",
            "figure:breaches",
            f"event:1/{obj}",
        ):
            answer = await browser.click(opened, "compliance")
            assert answer.status == (200 if login else 401)
            assert not login or "not part of your role" in answer.text
        for fields in ({"action": "ask", "obj": str(obj), "reason": REASON}, {"action": "agree", "request": "1"}):
            assert (await post(browser, **fields)).status == (403 if login else 303)
        # What only officers open is nothing on a page of one's own.
        own = {"maya": "live", "nora": "me", "ada": "sources"}.get(login)
        for opened in (f"binding:{a_binding(world)}", "rule:SVC-01") if own else ():
            assert "nothing behind this" in (await browser.click(opened, str(own))).text

    asyncio.run(story())
    assert trail(world) == []
    assert world.writer.do(lambda con: con.execute("SELECT count(*) FROM unmasking").fetchall()) == [(0,)]


def test_names_need_two_officers_and_every_look_is_written_down(world: World) -> None:
    async def story() -> None:
        omar, olga = await signed_in(world, "omar"), await signed_in(world, "olga")
        one, two = number(world, "desk/T-1"), number(world, "desk/T-2")
        before = (await omar.click(f"case:{one}", "compliance")).text
        assert "Person " in before and "Nora Nilsen" not in before and "@firm.example" not in before
        assert (await post(omar, action="ask", obj=str(one), reason=REASON)).status == 200
        refused = await post(omar, action="agree", request="1")
        assert refused.status == 403 and "another officer must agree" in refused.text
        assert "Nora Nilsen" not in (await olga.click(f"case:{one}", "compliance")).text
        frame = frames_of(await olga.ask("GET", "/stream/compliance", frames=2))[0]["p"]
        assert REASON in frame["compliance-asked"]
        assert (await post(olga, action="agree", request="1")).status == 200
        named = (await olga.click(f"case:{one}", "compliance")).text
        assert "Nora Nilsen" in named and "olga" in named and "Every look is recorded" in named
        assert "Nora Nilsen" in (await omar.click(f"case:{one}", "compliance")).text
        # The same person works in the other case, and stays unnamed there, in the lists and around the contact.
        contact = number(world, "c1@customer.example")
        others = [
            (await omar.click(opened, "compliance")).text
            for opened in (f"case:{two}", f"case:{contact}", "figure:breaches")
        ]
        others.append((await omar.ask("GET", "/stream/compliance", frames=2)).text)
        assert not [text for text in others if "Nora" in text or NORTH[0] in text]
        assert (await post(omar, action="close", request="1")).status == 200
        assert "Nora Nilsen" not in (await olga.click(f"case:{one}", "compliance")).text

    asyncio.run(story())
    assert trail(world) == [
        ("omar", "names asked for"),
        ("olga", "names agreed to"),
        ("olga", "names seen"),
        ("omar", "names seen"),
        ("omar", "names hidden"),
    ]
    looks = world.writer.do(
        lambda con: con.execute("SELECT login, what FROM viewer_log WHERE purpose LIKE 'Compliance%'").fetchall()
    )
    assert looks.count(("olga", "case")) == 3


def test_an_event_names_its_person_only_as_part_of_the_named_case(world: World) -> None:
    async def story() -> None:
        omar, olga = await signed_in(world, "omar"), await signed_in(world, "olga")
        one, two = number(world, "desk/T-1"), number(world, "desk/T-2")
        con = world.store.connection.cursor()
        seq = con.execute("SELECT max(seq) FROM case_event WHERE obj = ? AND direction = 2", [one]).fetchall()[0][0]
        await post(omar, action="ask", obj=str(one), reason=REASON)
        await post(olga, action="agree", request="1")
        assert "Nora Nilsen" in (await omar.click(f"event:{seq}/{one}", "compliance")).text
        for opened in (f"event:{seq}", f"event:{seq}/{two}"):
            text = (await omar.click(opened, "compliance")).text
            assert "Service desk" in text and "Nora" not in text and NORTH[0] not in text

    asyncio.run(story())


def test_evidence_holds_the_rule_both_records_and_what_was_believed(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        key = a_binding(world)
        text = (await omar.click(f"binding:{key}", "compliance")).text
        for word in (
            "What began it",
            "What was believed, newest first",
            "Jurisdiction",
            "Last checked",
            "Course of the case",
            "Service desk",
        ):
            assert word in text, word
        assert "As believed on" not in text
        then = (await omar.click(f"binding:{key}", "compliance", asof="2026-05-03T10:00Z")).text
        assert "not in your scope, or no longer there" in then, "nothing was known then"
        assert "cannot be read" in (await omar.click("binding:nonsense", "compliance")).text
        assert "not switched on" in (await omar.click("rule:NOT-ONE", "compliance")).text

    asyncio.run(story())


def test_a_past_moment_is_told_as_such_and_one_to_come_is_now(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")

        async def shown(asof: str) -> dict[str, str]:
            return frames_of(await omar.ask("GET", f"/stream/compliance?span=all&asof={asof}", frames=2))[0]["p"]

        past = await shown("2026-05-03T10:00Z")
        assert (
            "As believed on" in past["compliance-then"]
            and "Nothing had been collected by then" in past["compliance-then"]
        )
        assert "No open breach fits" in past["compliance-items"]
        later, nonsense, now = [await shown(word) for word in ("2099-01-01T00:00Z", "soon", "")]
        assert later["compliance-then"] == nonsense["compliance-then"] == now["compliance-then"] == ""
        assert later["compliance-items"] == now["compliance-items"] != past["compliance-items"]

    asyncio.run(story())


def test_forms_that_are_none_of_ours_are_refused(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        for fields in (
            {},
            {"action": "rule"},
            {"action": "agree", "request": "x"},
            {"action": "ask", "obj": "1"},
            {"action": "ask", "obj": str(2**40), "reason": REASON},
            {"action": "close", "request": "7"},
            {"action": "ask", "obj": "1", "reason": "short"},
        ):
            answer = await post(omar, **fields)
            assert answer.status == 400 and json.loads(answer.text)["error"], fields
        assert (await omar.ask("POST", "/compliance", b"[]", headers=JSON)).status == 400
        assert (await omar.ask("POST", "/compliance", b"x" * 9000, headers=JSON)).status == 413
        evil = {"origin": "https://evil.example", **JSON}
        asked = json.dumps({"action": "ask", "obj": str(number(world, "desk/T-1")), "reason": REASON}).encode()
        assert (await omar.ask("POST", "/compliance", asked, headers=evil)).status == 403

    asyncio.run(story())
    assert trail(world) == []
