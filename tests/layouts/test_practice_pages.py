"""What works here and private coaching over HTTP: who sees what, sharing and taking back, trials of tips."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta

import live_world
import pytest
from live_world import (
    ADMINISTRATOR,
    MANAGER,
    NORTH,
    NOW_T,
    OFFICER,
    REP,
    SOURCE,
    SOUTHERNER,
    Answer,
    Browser,
    World,
    at,
)

from data.event import Event, Ref
from data.page import Page
from data.scope import Principal, Role
from layouts._practice_work import add_practice

NORTHERNER = Principal("nils", "Nils", Role.MANAGER, teams=frozenset({"North"}))
OTHER = Principal("nadia", "Nadia", Role.REP, actor=NORTH[1])
PEOPLE = (MANAGER, NORTHERNER, SOUTHERNER, OFFICER, REP, OTHER, ADMINISTRATOR)
FIGURE = "30 min"


def answered(number: int) -> list[Event]:
    """A customer who asked the rep in a deal and had an answer half an hour later."""
    case = [Ref("opportunity", f"crm/O-{number}")]
    asked = at(5_000 + number)
    return [Event(f"deal-in-{number}", asked, "msg.in", case, team="North", channel="email", direction="inbound"),
            Event(f"deal-out-{number}", asked + timedelta(minutes=30), "msg.out", case, actor=NORTH[0], team="North",
                  channel="email", direction="outbound")]


@pytest.fixture
def world() -> Iterator[World]:
    made = live_world.make(personas=PEOPLE)
    add_practice(made.app.app, made.store, made.writer, lambda: NOW_T)
    made.writer.put(SOURCE, Page({"n": 2}, events=[event for n in range(40) for event in answered(n)]))
    yield made
    made.close()


async def signed_in(world: World, login: str) -> Browser:
    browser = Browser(world.app)
    assert (await browser.form("/login", persona=login)).status == 303
    return browser


async def frame(browser: Browser, view: str) -> str:
    return (await browser.ask("GET", f"/stream/{view}", frames=2)).text


async def share(browser: Browser, action: str = "share", insight: str = "I02") -> Answer:
    return await browser.ask("POST", f"/coaching?action={action}&insight={insight}")


async def attempt(browser: Browser, action: str, practice: str = "call") -> Answer:
    return await browser.ask("POST", f"/practice?action={action}&practice={practice}")


def test_only_a_rep_opens_coaching_and_only_managers_what_is_shared(world: World) -> None:
    async def story() -> None:
        for person in PEOPLE:
            browser = await signed_in(world, person.login)
            for path, roles in (("coaching", {Role.REP}), ("shared", {Role.MANAGER}),
                                ("practice", {Role.MANAGER, Role.OFFICER, Role.REP})):
                status = 200 if person.role in roles else 403
                assert (await browser.ask("GET", f"/{path}")).status == status, (person.login, path)
                head = (await browser.ask("HEAD", f"/stream/{path}")).status
                assert head == (204 if person.role in roles else 403)
            opened = (await browser.click("figure:insight:I02", "coaching")).text
            assert ("not part of your role" in opened) == (person.role is not Role.REP)

    asyncio.run(story())


def test_a_manager_sees_an_insight_from_sharing_to_taking_back(world: World) -> None:
    async def story() -> None:
        nora, nils, sam, maya = [await signed_in(world, who) for who in ("nora", "nils", "sam", "maya")]
        assert FIGURE in await frame(nora, "coaching")
        assert "Nobody shares an insight with you now." in await frame(nils, "shared")
        done = await share(nora)
        assert (done.status, json.loads(done.text)["done"]) == (
            200, "Shared with the managers of North until you take it back.")
        for manager in (nils, maya):
            seen = await frame(manager, "shared")
            assert "Nora" in seen
            assert FIGURE in seen
        assert "Nora" not in await frame(sam, "shared")
        assert "Take back: Reply time to customers" in await frame(nora, "coaching")
        assert (await share(nora, "unshare")).status == 200
        for manager in (nils, maya):
            seen = await frame(manager, "shared")
            assert "Nora" not in seen
            assert FIGURE not in seen

    asyncio.run(story())


def test_a_manager_who_watches_loses_it_at_once(world: World) -> None:
    async def story() -> None:
        nora, nils = await signed_in(world, "nora"), await signed_in(world, "nils")
        await share(nora)
        watching = asyncio.create_task(nils.ask("GET", "/stream/shared", frames=3))
        await asyncio.sleep(1)
        await share(nora, "unshare")
        text = (await asyncio.wait_for(watching, 30)).text
        told = [json.loads(part[6:])["p"].get("shared-rows", "") for part in text.split("\n\n")
                if part.startswith("data: ")]
        assert "Nora" in told[0]
        assert "Nobody shares" in told[-1]

    asyncio.run(story())


@pytest.mark.parametrize("login", ["maya", "nils", "omar", "ada"])
def test_nobody_shares_for_a_rep(world: World, login: str) -> None:
    async def story() -> None:
        browser = await signed_in(world, login)
        assert (await share(browser)).status == 403
        assert (await share(browser, "unshare")).status == 403

    asyncio.run(story())
    assert world.writer.do(lambda con: con.execute("SELECT count(*) FROM shared_insight").fetchall()) == [(0,)]


def test_what_is_shared_is_the_servers_figure_and_nobody_elses(world: World) -> None:
    async def story() -> None:
        nadia = await signed_in(world, "nadia")
        refused = await share(nadia)
        assert (refused.status, json.loads(refused.text)["error"]) == (
            400, "12 more observations are needed before this can be told or shared")
        assert (await share(nadia, insight="I99")).status == 400
        assert (await share(nadia, action="look")).status == 400
        assert (await nadia.ask("POST", "/coaching")).status == 400
        body = json.dumps({"told": {"value": 1}}).encode()
        nora = await signed_in(world, "nora")
        assert (await nora.ask("POST", "/coaching?action=share&insight=I02", body,
                               headers={"content-length": str(len(body))})).status == 413
        elsewhere = await nora.ask("POST", "/coaching?action=share&insight=I02",
                                   headers={"sec-fetch-site": "cross-site"})
        assert elsewhere.status == 403
        stranger = await Browser(world.app).ask("POST", "/coaching?action=share&insight=I02")
        assert stranger.status == 303

    asyncio.run(story())
    assert world.writer.do(lambda con: con.execute("SELECT count(*) FROM shared_insight").fetchall()) == [(0,)]


def test_a_manager_of_every_team_tries_a_tip_and_ends_it(world: World) -> None:
    async def story() -> None:
        maya, nils, nora = [await signed_in(world, who) for who in ("maya", "nils", "nora")]
        assert "Try it" in await frame(maya, "practice")
        for other in (nils, nora):
            assert "Try it" not in await frame(other, "practice")
            assert (await attempt(other, "start")).status == 403
        assert (await attempt(maya, "start", "two-people")).status == 400
        assert (await attempt(maya, "start", "nothing")).status == 400
        assert (await attempt(maya, "start")).status == 200
        assert "on since" in await frame(nora, "practice")
        assert (await attempt(maya, "start")).status == 400
        assert (await attempt(maya, "stop")).status == 200
        assert (await attempt(maya, "stop")).status == 400

    asyncio.run(story())
