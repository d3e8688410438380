"""The review queue over HTTP: officers work on it; nobody else reaches it by page, stream, callback or post."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import live_world
import pytest
from live_world import ADMINISTRATOR, MANAGER, NORTH, OFFICER, REP, SOURCE, Answer, Browser, World, at

from data.event import Event, Ref
from data.page import Page
from data.reviews import Plan, Sampling
from data.scope import Principal, Role

NINA = Principal("nina", "Nina", Role.OFFICER, NORTH[1], None)
OTHERS = ("maya", "nora", "ada")
JSON = {"content-type": "application/json"}
SECRET = "secret words of a reviewer"


def late(number: int, actor: str) -> list[Event]:
    """A customer who was answered after six hours and not after four."""
    case = [Ref("conversation", f"mail/{number}")]
    return [Event(f"late-in-{number}", at(600), "msg.in", case, team="North", channel="email", direction="inbound"),
            Event(f"late-out-{number}", at(240), "msg.out", case, actor=actor, team="North", channel="email",
                  direction="outbound")]


@pytest.fixture
def world() -> Iterator[World]:
    people = (MANAGER, REP, ADMINISTRATOR, OFFICER, NINA)
    made = live_world.make(personas=people, review=Plan(Sampling(0), {OFFICER.login: NORTH[2]}))
    made.writer.put(SOURCE, Page({"n": 2}, events=[*late(1, NORTH[0]), *late(2, NORTH[1]), *late(3, NORTH[2])]))
    yield made
    made.close()


async def signed_in(world: World, login: str) -> Browser:
    browser = Browser(world.app)
    assert (await browser.form("/login", persona=login)).status == 303
    return browser


async def post(browser: Browser, action: str, item: int = 0, text: str = "", **headers: str) -> Answer:
    body = json.dumps({"action": action, "item": item, "text": text}).encode()
    return await browser.ask("POST", "/review", body, headers={**JSON, **headers})


def number_of(world: World, case: int) -> int:
    """The item about a conversation."""
    sql = ("SELECT item FROM review_item i JOIN object o USING (obj) "
           "JOIN term r ON r.kind = 'rule' AND r.code = i.rule WHERE o.id = $id AND r.name = 'SVC-01'")
    return world.writer.do(lambda con: con.execute(sql, {"id": f"mail/{case}"}).fetchall())[0][0]


def deeds(world: World) -> list[tuple[Any, ...]]:
    return world.writer.do(lambda con: con.execute("SELECT item, login, what FROM review_action ORDER BY n").fetchall())


def test_an_item_is_claimed_remarked_on_and_closed(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        assert (await post(omar, "look")).status == 200
        page = (await omar.ask("GET", "/stream/review", frames=2)).text
        assert "answered within four hours" in page
        assert "nobody yet" in page
        item = number_of(world, 1)
        shown = (await omar.click(f"item:{item}", "review")).text
        assert "Nobody has claimed it; looking is no review yet." in shown
        refused = await post(omar, "confirmed", item)
        assert (refused.status, json.loads(refused.text)["error"][-39:]) == (
            403, "claimed yet; claim it before you work on it"[-39:])
        assert (await post(omar, "claim", item)).status == 200
        assert '"data-key": "1"' in json.dumps(json.loads((await omar.click(f"item:{item}", "review")).text))
        assert (await post(omar, "comment", item, SECRET)).status == 200
        assert (await post(omar, "known exception", item, "Agreed.")).status == 200
        text = (await omar.click(f"item:{item}", "review")).text
        assert SECRET in text
        assert "known exception" in text
        closed = (await omar.ask("GET", "/stream/review?queue=closed", frames=2)).text
        assert "known exception, omar" in closed
        assert deeds(world) == [(item, "omar", what) for what in ("opened", "claimed", "comment", "known exception")]
        seen = world.writer.do(lambda con: con.execute("SELECT login, what, purpose FROM viewer_log").fetchall())
        assert set(seen) == {("omar", "case", f"Review: item {item}")}

    asyncio.run(story())


def test_whoever_watches_the_queue_sees_at_once_that_an_item_was_claimed(world: World) -> None:
    async def story() -> None:
        omar, nina = await signed_in(world, "omar"), await signed_in(world, "nina")
        await post(omar, "look")
        item = number_of(world, 1)
        watching = asyncio.create_task(nina.ask("GET", "/stream/review", frames=3))
        await asyncio.sleep(1)
        await post(omar, "claim", item)
        text = (await asyncio.wait_for(watching, 30)).text
        first, last = [json.loads(part[6:])["p"].get("review-queue", "") for part in text.split("\n\n")
                       if part.startswith("data: ")]
        assert ">omar<" not in first
        assert ">omar<" in last

    asyncio.run(story())


def test_own_items_are_left_to_others_with_the_reason(world: World) -> None:
    async def story() -> None:
        nina = await signed_in(world, "nina")
        await post(nina, "look")
        page = (await nina.ask("GET", "/stream/review", frames=2)).text
        assert page.count("not yours to review") == 1
        own = number_of(world, 2)
        shown = (await nina.click(f"item:{own}", "review")).text
        assert "Not yours to review. It is about you or somebody you answer to" in shown
        assert "data-review" not in shown
        for action in ("claim", "comment", "confirmed"):
            refused = await post(nina, action, own, "words")
            assert (refused.status, "another officer reviews it" in refused.text) == (403, True)
        assert NORTH[1] not in page + shown
        # Omar's account names nobody, but his login is known to answer to somebody.
        omar = await signed_in(world, "omar")
        assert (await post(omar, "claim", number_of(world, 3))).status == 403
        assert (await post(omar, "claim", own)).status == 200

    asyncio.run(story())


@pytest.mark.parametrize("login", OTHERS)
def test_no_other_role_reaches_the_queue(world: World, login: str) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        await post(omar, "look")
        item = number_of(world, 1)
        await omar.click(f"item:{item}", "review")
        await post(omar, "claim", item)
        await post(omar, "escalate", item, SECRET)
        before = deeds(world)
        other = await signed_in(world, login)
        told = [await other.ask("GET", "/review"), await other.ask("GET", "/stream/review"),
                *[await post(other, action, item, "x") for action in ("look", "claim", "comment", "confirmed")]]
        assert {answer.status for answer in told} == {403}
        own = {"maya": "live", "nora": "me", "ada": "accounts"}[login]
        clicked = [await other.click(f"item:{item}", view) for view in ("review", own)]
        assert "not part of your role" in clicked[0].text
        assert "only officers work on the review queue" in clicked[1].text
        shown = (await other.ask("GET", "/_dash-layout")).text
        assert "page-review" not in shown
        text = shown + "".join(answer.text for answer in [*told, *clicked])
        assert SECRET not in text
        assert deeds(world) == before

    asyncio.run(story())


def test_an_outsider_reaches_nothing(world: World) -> None:
    async def story() -> None:
        await post(await signed_in(world, "omar"), "look")
        outsider = Browser(world.app)
        assert (await outsider.ask("GET", "/review")).header("location") == "/login?next=%2Freview"
        assert (await outsider.ask("GET", "/stream/review")).status == 401
        assert (await outsider.click("item:1", "review")).status == 401
        assert (await post(outsider, "claim", 1)).status == 303
        assert deeds(world) == []

    asyncio.run(story())


def test_no_other_site_makes_an_officer_act(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        await post(omar, "look")
        assert (await post(omar, "claim", 1, origin="https://evil.example")).status == 403
        assert (await post(omar, "claim", 1, **{"sec-fetch-site": "cross-site"})).status == 403
        assert deeds(world) == []

    asyncio.run(story())


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"action": "claim"}', b'{"action": "claim", "item": "x"}',
                                  b'{"action": "look away", "item": 1}', b'{"action": "claim", "item": null}', b"\xff"])
def test_a_form_that_is_none_is_told_so(world: World, body: bytes) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        answer = await omar.ask("POST", "/review", body, headers=JSON)
        assert (answer.status, "load the page again" in answer.text) == (400, True)

    asyncio.run(story())


def test_a_body_that_is_too_long_is_cut_off(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        assert (await post(omar, "comment", 1, "x" * 17_000)).status == 413

    asyncio.run(story())


def test_words_of_reviewers_stay_words(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        await post(omar, "look")
        item = number_of(world, 1)
        await post(omar, "claim", item)
        await post(omar, "escalate", item, "<img src=x onerror=alert(1)>")
        text = (await omar.click(f"item:{item}", "review")).text
        # The panel's content is a tree of components: the words are a leaf of it and no element.
        assert '"children": "<img src=x onerror=alert(1)>"' in json.dumps(json.loads(text))

    asyncio.run(story())


def test_the_queue_fills_by_itself_while_the_server_runs(world: World) -> None:
    def count() -> int:
        return world.writer.do(lambda con: con.execute("SELECT count(*) FROM review_item").fetchall())[0][0]

    assert count() == 0
    with world.app.app.state.review:
        for _ in range(600):
            if count():
                break
            time.sleep(0.05)
    assert count() >= 3
