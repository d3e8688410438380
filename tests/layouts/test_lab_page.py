"""The rule lab over HTTP: officers try rules and judge hits; nobody else reaches it by any way there is."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import live_world
import pytest
from live_world import NORTH, SOURCE, Answer, Browser, World, at

from data.audit import entries, verify
from data.event import Event, Ref
from data.page import Page
from metrics._bench import Bench, packs, switching, text_of
from metrics.lab import Precision, place
from metrics.review import wilson

OTHERS = ("maya", "nora", "ada")
JSON = {"content-type": "application/json"}
PACK = """pack: mine
title: Rules of ours
rules:
  - id: MY-01
    title: An answer within one hour
    object: conversation
    template: response
    activation: {activity: msg.in}
    target: {activity: msg.out}
    within: 1 h
  - id: MY-02
    title: A quote is approved
    object: opportunity
    template: precedence
    activation: {activity: quote.sent}
    target: {activity: approval}
"""


def begun_by(pattern: str) -> str:
    """The pack with another activation of its first rule."""
    return PACK.replace("{activity: msg.in}", pattern)


def late(number: int) -> list[Event]:
    """A customer who was answered after six hours."""
    case = [Ref("conversation", f"mail/{number}")]
    return [Event(f"late-in-{number}", at(600), "msg.in", case, team="North", channel="email", direction="inbound"),
            Event(f"late-out-{number}", at(240), "msg.out", case, actor=NORTH[1], team="North", channel="email",
                  direction="outbound")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "house.yaml").write_text(PACK.replace("mine", "house").replace("MY-", "HS-"), encoding="utf8")
    made = live_world.make(bench=Bench([tmp_path]))
    made.writer.put(SOURCE, Page({"n": 2}, events=[event for n in range(25) for event in late(n)]))
    with made.app.app.state.lab:
        yield made
    made.close()


async def signed_in(world: World, login: str) -> Browser:
    browser = Browser(world.app)
    assert (await browser.form("/login", persona=login)).status == 303
    return browser


async def talk(browser: Browser, action: str, **told: Any) -> Answer:
    return await browser.ask("POST", "/lab", json.dumps({"action": action, **told}).encode(), headers=JSON)


async def tried(browser: Browser, text: str = PACK, **told: Any) -> dict[str, Any]:
    """What the page shows once a trial is through."""
    begun = await talk(browser, "run", text=text, **told)
    assert begun.status == 200, begun.text
    return await through(browser, rule=told.get("rule", ""))


async def through(browser: Browser, rule: str = "") -> dict[str, Any]:
    for _ in range(600):
        shown = json.loads((await talk(browser, "look", rule=rule)).text)
        if shown["state"] not in {"waiting", "running"}:
            return shown
        await asyncio.sleep(0.05)
    raise AssertionError("the trial did not end")


def stored(world: World, sql: str) -> list[tuple[Any, ...]]:
    return world.writer.do(lambda con: con.execute(sql).fetchall())


def test_a_text_is_tried_and_its_hits_are_judged(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        first = json.loads((await talk(omar, "look", is_first=True)).text)
        assert (first["state"], "No rules have been tried yet" in first["parts"]["lab-found"]) == ("none", True)
        assert [p["own"] for p in first["packs"]] == [False] * (len(first["packs"]) - 1) + [True]
        shown = await tried(omar, rule="MY-01")
        table, hits = shown["parts"]["lab-found"], shown["parts"]["lab-hits"]
        assert "MY-01" in table
        assert "no source has brought quote.sent" in table
        assert "not in force" in table
        assert hits.count('data-open="case:') == 20
        assert "not measured yet: 0 of 10 judged" in hits
        rows = [json.loads(unescape(told)) for told in re.findall(r'data-lab="(.*?)"', hits)][::2]
        assert len(rows) == 20
        for n, row in enumerate(rows[:9]):
            said = await talk(omar, "judge", rule="MY-01", obj=row["obj"], act_seq=row["act_seq"], is_breach=n > 1)
            assert said.status == 200
        assert "not measured yet: 9 of 10 judged" in said.text
        one = {"rule": "MY-01", "obj": rows[9]["obj"], "act_seq": rows[9]["act_seq"]}
        said = await talk(omar, "judge", **one, is_breach=True)
        low, high = wilson(8, 10)
        assert f"({100 * low:.0f} to {100 * high:.0f}), 10 judged" in said.text
        assert "80% " in said.text
        # Said again it is no second judgement; taken back it is none.
        await talk(omar, "judge", **one, is_breach=True)
        assert len(stored(world, "FROM judgement")) == 10
        assert "9 of 10 judged" in (await talk(omar, "judge", **one, is_breach=None)).text
        # A later run of the same text shows them, one of another text does not.
        assert "9 of 10 judged" in (await tried(omar, rule="MY-01"))["parts"]["lab-hits"]
        other = await tried(omar, PACK.replace("1 h", "2 h"), rule="MY-01")
        assert "0 of 10 judged" in other["parts"]["lab-hits"]
        trail = [e for e in world.writer.do(lambda con: list(entries(con))) if e.what == "rule lab: hit judged"]
        assert (len(trail), trail[0].login, json.loads(trail[0].detail)["rule"]) == (12, "omar", "MY-01")
        assert world.writer.do(verify).ok
        # The hit's case opens in the panel of this page, and that somebody looked is written down.
        assert "Course, 2 events" in (await omar.click(f"case:{rows[0]['obj']}", "lab")).text
        assert stored(world, "SELECT DISTINCT login, what FROM viewer_log") == [("omar", "case")]

    asyncio.run(story())


def test_a_mistake_is_told_with_its_line_and_the_nearest_name(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        for mistake, line, words in (
            (PACK.replace("target: {activity: msg.out}", "target: {activity: msg.ot}"), 9,
             "pack mine, rule MY-01: activity 'msg.ot' is unknown; did you mean 'msg.out'?"),
            (PACK.replace("precedence", "precedance"), 14, "did you mean 'precedence'?"),
            (PACK.replace("1 h", "one hour"), 10, "duration 'one hour' is not understood"),
            (PACK.replace("{activity: msg.in}", "{activity: msg.in"), 9, "pack mine.yaml cannot be read"),
            (begun_by("{activity: msg.in, where: 'a ='}"), 8, "is missing (line 1, column 4)"),
            (PACK.replace("pack: mine\n", ""), None, "the text names no pack"),
            (PACK + "  - *again\n", None, "refers to itself"),
            (begun_by("{activity: msg.in, where: '" + "(" * 5000 + "'}"), None, "too deeply"),
        ):
            answer = await talk(omar, "run", text=mistake)
            told = json.loads(answer.text)
            assert (answer.status, told["line"], words in told["error"]) == (200, line, True), told
        assert json.loads((await talk(omar, "look")).text)["state"] == "none"

    asyncio.run(story())


@pytest.mark.parametrize("where", [f"actor = '{NORTH[1]}'", f"actor in ('{NORTH[1]}', 'x')", "not (actor != 'x')",
                                   "actor < 'o'", "object.owner = 'x'",
                                   "team = 'North' and (actor = 'x' or team = '')"])
def test_rules_do_not_ask_who_a_person_is(world: World, where: str) -> None:
    """People are pseudonyms to officers; counts and hits of a rule about one of them would tell who is who."""
    async def story() -> None:
        omar = await signed_in(world, "omar")
        text = PACK.replace("target: {activity: msg.out}", f'target: {{activity: msg.out, where: "{where}"}}')
        answer = await talk(omar, "run", text=text)
        assert (answer.status, "people stay pseudonymous here" in answer.text) == (200, True)

    asyncio.run(story())


@pytest.mark.parametrize("where", ["target.actor != activation.actor", "actor is null", "team = 'North'"])
def test_rules_compare_people_with_each_other(world: World, where: str) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        text = PACK.replace("    within: 1 h\n", f'    within: 1 h\n    where: "{where}"\n')
        assert (await tried(omar, text))["state"] == "done"

    asyncio.run(story())


def test_an_own_hand_over_is_not_asked_for_by_name(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        for where in ("to = 'x'", "object.owner = 'x'"):
            text = begun_by(f'{{activity: owner.changed, where: "{where}"}}')
            assert "people stay pseudonymous here" in (await talk(omar, "run", text=text)).text

    asyncio.run(story())


@pytest.mark.parametrize(("told", "words"), [
    ({"since": "2026-05-01", "until": "2026-05-01"}, "no activation lies between"),
    ({"since": "yesterday"}, "is no moment"), ({"reviewers": 0.5}, "0 reviewers cannot"),
    ({"reviewers": 5000}, "5,000 reviewers cannot"), ({"reviewers": "x"}, "load the page again")])
def test_a_wish_that_is_none_is_told_so(world: World, told: dict[str, Any], words: str) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        answer = await talk(omar, "run", text=PACK, **told)
        assert words in json.loads(answer.text)["error"]
        assert json.loads((await talk(omar, "look")).text)["state"] == "none"

    asyncio.run(story())


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"action": "fly"}', b'{"action": "run"}', b'{"action": "judge"}',
                                  b'{"action": "pack", "place": "x"}', b"\xff"])
def test_a_form_that_is_none_is_told_so(world: World, body: bytes) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        answer = await omar.ask("POST", "/lab", body, headers=JSON)
        assert (answer.status, "load the page again" in answer.text) == (400, True)

    asyncio.run(story())


def test_a_hit_of_another_trial_is_not_judged(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        await tried(omar)
        for one in ({"rule": "MY-01", "obj": 1, "act_seq": 10**6}, {"rule": "SVC-01", "obj": 1, "act_seq": 1}):
            assert "this trial is gone" in (await talk(omar, "judge", **one, is_breach=True)).text
        assert (await talk(omar, "judge", rule="MY-01", obj=1, act_seq=1, is_breach=1)).status == 400
        assert stored(world, "FROM judgement") == []

    asyncio.run(story())


def test_a_new_trial_takes_the_place_of_the_old_and_can_be_stopped(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        await asyncio.gather(*(talk(omar, "run", text=PACK) for _ in range(4)))
        assert (await through(omar))["state"] == "done"
        begun = json.loads((await talk(omar, "run", text=PACK)).text)["state"]
        stopped = await talk(omar, "stop")
        ended = (await through(omar))["state"]
        # It may have been through already; then there is nothing to stop and the result stays.
        assert (begun in {"waiting", "running", "done"}, stopped.status) == (True, 200)
        assert ended in {"stopped", "done"}
        assert (await tried(omar))["state"] == "done"

    asyncio.run(story())


@pytest.mark.parametrize("login", OTHERS)
def test_no_other_role_reaches_the_lab(world: World, login: str) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        shown = await tried(omar, rule="MY-01")
        other = await signed_in(world, login)
        told = [await other.ask("GET", "/lab"), await other.ask("GET", "/stream/lab"), await talk(other, "look"),
                await talk(other, "run", text=PACK), await talk(other, "pack", place=0), await talk(other, "stop"),
                await talk(other, "judge", rule="MY-01", obj=1, act_seq=1, is_breach=True)]
        assert {answer.status for answer in told} == {403}
        assert "not part of your role" in (await other.click("case:1", "lab")).text
        text = (await other.ask("GET", "/_dash-layout")).text
        assert "page-lab" not in text
        assert "MY-01" in shown["parts"]["lab-hits"]
        assert "MY-01" not in text + "".join(answer.text for answer in told)
        assert stored(world, "FROM judgement") == []

    asyncio.run(story())


def test_an_outsider_reaches_nothing(world: World) -> None:
    async def story() -> None:
        await tried(await signed_in(world, "omar"))
        outsider = Browser(world.app)
        assert (await outsider.ask("GET", "/lab")).header("location") == "/login?next=%2Flab"
        assert (await outsider.ask("GET", "/stream/lab")).status == 401
        assert (await outsider.click("case:1", "lab")).status == 401
        for action in ("look", "run", "stop", "judge", "pack"):
            assert (await talk(outsider, action, text=PACK)).status == 303

    asyncio.run(story())


def test_no_other_site_makes_an_officer_try_rules(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        body = json.dumps({"action": "run", "text": PACK}).encode()
        answer = await omar.ask("POST", "/lab", body, headers={**JSON, "origin": "https://evil.example"})
        assert answer.status == 403
        assert json.loads((await talk(omar, "look")).text)["state"] == "none"

    asyncio.run(story())


def test_words_of_a_rule_stay_words(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        bad = "<img src=x onerror=alert(1)>"
        shown = await tried(omar, PACK.replace("An answer within one hour", bad), rule="MY-01")
        page = "".join(shown["parts"].values())
        assert "&lt;img" in page
        assert "<img" not in page

    asyncio.run(story())


def test_each_officer_has_a_trial_of_his_own(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        await tried(omar)
        again = json.loads((await talk(await signed_in(world, "omar"), "look")).text)
        assert (again["state"], again["text"]) == ("done", PACK)
        assert json.loads((await talk(omar, "pack", place=len(packs(Bench())))).text)["text"].startswith("pack: house")

    asyncio.run(story())


def test_how_a_pack_is_switched_on(tmp_path: Path) -> None:
    bench = Bench([tmp_path], ("health",), ("core", "SVC-02"))
    known = {pack.id: pack for pack in packs(bench)}
    bd = text_of(known["us-bd"].path)
    assert switching(bench, bd, ()).settings == '[rules]\nenable = ["health", "us-bd"]'
    assert switching(bench, text_of(known["core"].path), ()).settings == '[rules]\ndisable = ["SVC-02"]'
    assert switching(Bench(), text_of(known["core"].path), {"core"}).todo == "This very text is in force."
    assert "comes with the program, and this text differs" in switching(bench, bd + "# mine\n", ()).todo
    new = switching(bench, PACK, ())
    assert (new.settings, f"Save the text as {tmp_path}/mine.yaml" in new.todo) == ("", True)
    assert switching(Bench(), PACK, ()).settings == '[rules]\npacks = ["rules"]'
    (tmp_path / "mine.yaml").write_text(PACK, encoding="utf8")
    assert switching(bench, PACK, {"mine"}).todo == "This very text is in force."
    off = PACK.replace("rules:", "enabled: false  # for now\nrules:")
    assert switching(bench, off, ()).settings == '[rules]\nenable = ["health", "mine"]'


def test_a_precision_is_measured_from_ten_on() -> None:
    assert (Precision(9, 9).share, Precision(9, 10).share) == (None, 0.9)
    assert Precision(9, 10).interval == wilson(9, 10)


def test_the_place_of_an_error_is_that_of_its_rule() -> None:
    text = "rules:\n  - id: A\n    object: tickt\n  - id: B\n    object: tickt\n"
    assert place(text, "pack x, rule B: object type 'tickt' is unknown; did you mean 'ticket'?") == 5
    assert place(text, "pack x, rule B: template response needs a target") == 4
    assert place(text, "the text names no pack") is None
