"""About me, disputes, the calendar feed and the panel over HTTP: each persona, and each thing that must not happen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import live_world
import mine_world
import pytest
from icalendar import Calendar
from live_world import NORTH, NOW, NOW_T, Browser, World, frames_of
from mine_world import NORA, SITE, binding, number, rows, say, signed_in

from data import audit
from data.mine_settings import Mine
from data.scope import Role, Scope
from metrics import mirror, myday
from metrics._contract import Filters, Read
from metrics._mirror_file import download
from metrics.breaches import Since, standing

ACTIONS: dict[str, dict[str, Any]] = {
    "snooze": {"item": "rule:SVC-01:1:1", "hours": 1}, "disown": {"item": "wait:1:1", "obj": 1},
    "own": {"item": "wait:1:1"}, "feed": {}, "end feed": {}, "choices": {},
    "choose": {"via": "", "zone": "UTC", "morning": 480, "before_min": 60, "at_most": 5},
}


@pytest.fixture
def world() -> Iterator[World]:
    made = mine_world.make()
    yield made
    made.close()


@pytest.fixture(scope="module")
def quiet() -> Iterator[World]:
    """For tests that change nothing that another one looks at."""
    made = mine_world.make()
    yield made
    made.close()


def counts(world: World, scope: Scope) -> dict[str, int]:
    """Breaches of the week by rule, from the sums."""
    filters = Filters(span="7d")
    found = standing(Read(world.store.read, scope), filters, NOW_T, Since.span(filters, NOW_T), n_due=5)
    return {row.id: row.breaches for row in found.rules if row.breaches}


# who may come in

@pytest.mark.parametrize(("login", "page", "post", "file"), [
    ("", 303, 303, 401), ("nora", 200, 200, 200), ("bea", 200, 200, 200), ("eric", 200, 200, 200),
    ("ada", 403, 403, 403), ("maya", 200, 403, 404), ("omar", 200, 403, 404)])
def test_who_reaches_what(quiet: World, login: str, page: int, post: int, file: int) -> None:
    async def story() -> None:
        browser = await signed_in(quiet, login) if login else Browser(quiet.app)
        assert (await browser.ask("GET", "/mirror")).status == page
        assert (await browser.ask("GET", "/mirror/data.json")).status == file
        for action, more in ACTIONS.items():
            wanted = post
            if login in {"bea", "eric"} and action == "feed":
                wanted = 403
            if login in {"maya", "omar"} and action == "choices":
                wanted = 200
            assert (await say(browser, action=action, **more)).status == wanted, action

    asyncio.run(story())


def test_a_form_that_is_none_of_ours_is_refused_in_words(quiet: World) -> None:
    async def story() -> None:
        nora = await signed_in(quiet, "nora")
        for told in ({"action": "fly"}, {"action": "snooze"}, {"action": "dispute", "kind": "binding", "rule": "x"}, {},
                     {"action": "dispute", "kind": "binding", "rule": -1}):
            answer = await say(nora, **told)
            assert answer.status == 400 and "load the page again" in answer.text
        assert (await say(nora, action="snooze", item="x", hours=24 * 40)).status == 400
        choice = {"action": "choose", "via": "", "zone": "UTC", "morning": 1, "before_min": 1, "at_most": 1}
        assert (await say(nora, **{**choice, "via": "mail"})).status == 403
        assert (await say(nora, **{**choice, "zone": "Mars"})).status == 400
        assert (await nora.ask("POST", "/mirror", b"[1]", headers=mine_world.JSON)).status == 400
        assert (await nora.ask("POST", "/mirror", b"{}", headers={"sec-fetch-site": "cross-site"})).status == 403
        assert (await nora.ask("POST", "/mirror", b"x" * 9000, headers=mine_world.JSON)).status == 413

    asyncio.run(story())


# the mirror

def test_a_look_is_seen_by_whom_it_concerns_and_by_nobody_else(world: World) -> None:
    obj = number(world, "desk/T-1")

    async def story() -> dict[str, str]:
        maya, omar = await signed_in(world, "maya"), await signed_in(world, "omar")
        assert (await maya.click(f"case:{obj}", "live")).status == 200
        assert (await omar.click(f"case:{obj}", "compliance")).status == 200
        shown = {}
        for login in ("nora", "simon", "eric", "bea"):
            browser = await signed_in(world, login)
            shown[login] = frames_of(await browser.ask("GET", "/stream/mirror", frames=2))[0]["p"]["mirror-looks"]
        return shown

    shown = asyncio.run(story())
    # Nora and the officer who is the same person in the sources; the manager took no part in that ticket.
    for login in ("nora", "eric"):
        assert "maya" in shown[login] and "omar" in shown[login] and "a test" in shown[login]
    for login in ("simon", "bea"):
        assert "Nobody has opened" in shown[login]
    looks = mirror.mirror(Read(world.store.read, NORA.scope), NOW_T).looks
    assert [(one.login, one.role, one.purpose, one.case.id if one.case else "") for one in looks] == [
        ("maya", "manager", "Live: a test", "desk/T-1"), ("omar", "officer", "Compliance: a test", "desk/T-1")]


def test_a_look_into_an_event_concerns_whoever_did_it(world: World) -> None:
    mine, others = (rows(world, "SELECT seq FROM event WHERE source_id = ?", name)[0][0] for name in ("said", "hello-" +
                                                                                                  NORTH[1]))

    async def story() -> None:
        maya = await signed_in(world, "maya")
        await maya.click(f"event:{mine}", "live")
        await maya.click(f"event:{others}", "live")

    asyncio.run(story())
    looks = mirror.mirror(Read(world.store.read, NORA.scope), NOW_T).looks
    assert [one.what for one in looks] == ["event"]


def test_a_look_under_names_is_told_when_it_is_over(world: World) -> None:
    obj = number(world, "desk/T-1")
    con = world.store.connection.cursor()
    con.execute("INSERT INTO unmasking SELECT 1, ?, 0, 'omar', 'why', 1, 'olga', epoch_us(now()) + 60000000", [obj])
    con.execute("INSERT INTO viewer_log VALUES (1, 'omar', 'officer', 'case', ?, 'x'), "
                "(2, 'maya', 'manager', 'case', ?, 'y')", [obj, obj])
    read = Read(world.store.read, NORA.scope)
    assert [one.login for one in mirror.mirror(read, NOW_T).looks] == ["maya"]
    con.execute("UPDATE unmasking SET until_t = epoch_us(now()) - 1")
    assert [one.login for one in mirror.mirror(read, NOW_T).looks] == ["maya", "omar"]


def test_the_download_is_what_is_stored(world: World) -> None:
    async def story() -> dict[str, Any]:
        nora, maya = await signed_in(world, "nora"), await signed_in(world, "maya")
        await maya.click(f"case:{number(world, 'desk/T-1')}", "live")
        seq = rows(world, "SELECT seq FROM event WHERE source_id = 'said'")[0][0]
        await say(nora, action="dispute", kind="event", seq=seq)
        await say(nora, action="snooze", item="wait:1:1", hours=2)
        answer = await nora.ask("GET", "/mirror/data.json")
        assert answer.header("content-type") == "application/json"
        assert "attachment" in answer.header("content-disposition")
        return json.loads(answer.body)

    told = asyncio.run(story())
    ((me,),) = rows(world, "SELECT code FROM term WHERE kind = 'actor' AND name = ?", NORA.actor)
    assert told["about"] == NORA.actor
    stored = rows(world, "SELECT seq, source_id, t, attrs FROM event WHERE actor = ? ORDER BY seq", me)
    assert [(e["seq"], e["source_id"], e["t"], e["attrs"]) for e in told["events"]] == stored and len(stored) > 8
    kept = rows(world, "SELECT obj FROM object_actor WHERE actor = ? ORDER BY obj", me)
    assert [(c["obj"],) for c in told["cases"]] == kept
    wanted = rows(world, "SELECT rule, obj, act_seq, verdict, due_t FROM binding WHERE actor = ? OR obj IN "
                         "(SELECT obj FROM object_fact WHERE actor = ?) ORDER BY obj, rule, act_seq", me, me)
    assert [(b["rule"], b["obj"], b["act_seq"], b["verdict"], b["due_t"]) for b in told["rule_activations"]] == wanted
    assert any(verdict == 2 for *_, verdict, _ in wanted), "the breach that others see is told too"
    assert [(v["at_t"], v["login"], v["obj"]) for v in told["viewed_by"]] == rows(
        world, "SELECT at_t, login, obj FROM viewer_log")
    assert [(d["n"], d["kind"]) for d in told["disputes"]] == [(1, "event")]
    assert [s["item"] for s in told["put_off"]] == ["wait:1:1"]
    assert NORTH[1] not in json.dumps(told) and live_world.SOUTH[0] not in json.dumps(told)


def test_many_events_are_told_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics._mirror_file._PAGE", 3)
    told = json.loads("".join(download(Read(world.store.read, NORA.scope), NOW_T)))
    seqs = [event["seq"] for event in told["events"]]
    assert len(seqs) > 8 and seqs == sorted(set(seqs))


# disputes

def test_a_disputed_breach_counts_nowhere_until_it_is_rejected(world: World) -> None:
    breach = binding(world, "mail/broken")
    maya, officer = live_world.MANAGER.scope, live_world.OFFICER.scope
    team = Scope(Role.MANAGER, "", frozenset({"North"}))
    before = [counts(world, scope) for scope in (maya, officer, team)]
    assert before == [{"SVC-01": 2}] * 3, "one broken for good, and one overdue"

    async def story() -> None:
        nora, omar, eric = [await signed_in(world, login) for login in ("nora", "omar", "eric")]
        assert (await say(nora, action="dispute", kind="binding", **breach)).status == 200
        assert (await say(nora, action="dispute", kind="binding", **breach)).status == 200
        assert [counts(world, scope) for scope in (maya, officer, team)] == [{"SVC-01": 1}] * 3
        page = frames_of(await nora.ask("GET", "/stream/mirror", frames=2))[0]["p"]
        assert "disputed" in page["mirror-findings"] and "open" in page["mirror-said"]
        waiting = frames_of(await omar.ask("GET", "/stream/mirror", frames=2))[0]["p"]["mirror-settle"]
        assert "SVC-01" in waiting and NORA.actor not in waiting and "Nora" not in waiting
        assert frames_of(await nora.ask("GET", "/stream/mirror", frames=2))[0]["p"]["mirror-settle"] == ""
        assert (await say(nora, action="settle", dispute=1, outcome="upheld")).status == 403
        refused = await say(eric, action="settle", dispute=1, outcome="upheld")
        assert refused.status == 403 and "another officer" in refused.text
        assert (await say(omar, action="settle", dispute=1, outcome="perhaps")).status == 400
        assert (await say(omar, action="settle", dispute=1, outcome="rejected")).status == 200
        assert [counts(world, scope) for scope in (maya, officer, team)] == before
        assert (await say(omar, action="settle", dispute=1, outcome="upheld")).status == 400
        assert (await say(nora, action="withdraw", dispute=1)).status == 400

    asyncio.run(story())
    trail = world.writer.do(lambda con: list(audit.entries(con)))
    assert [(one.login, one.what) for one in trail if "disput" in one.what] == [("nora", "disputed"),
                                                                              ("omar", "dispute rejected")]
    assert world.writer.do(audit.verify).ok


def test_an_upheld_dispute_stays_out_and_a_withdrawn_one_counts_again(world: World) -> None:
    breach, late = binding(world, "mail/broken"), binding(world, "mail/late")

    async def story() -> None:
        nora, omar = [await signed_in(world, login) for login in ("nora", "omar")]
        for one in (breach, late):
            assert (await say(nora, action="dispute", kind="binding", **one)).status == 200
        assert counts(world, live_world.MANAGER.scope) == {}
        assert (await say(omar, action="settle", dispute=1, outcome="upheld")).status == 200
        assert (await say(nora, action="withdraw", dispute=2)).status == 200

    asyncio.run(story())
    assert counts(world, live_world.MANAGER.scope) == {"SVC-01": 1}
    assert [row["n"] for row in world.store.read("SELECT n FROM disputed", {}, live_world.OFFICER.scope)] == [1]


def test_the_sums_stay_right_when_a_disputed_case_is_decided_again(world: World) -> None:
    soon = binding(world, "mail/soon")
    sums = "SELECT verdict, sum(n) AS n FROM agg_rule GROUP BY verdict HAVING sum(n) <> 0 ORDER BY verdict"

    def told() -> list[tuple[int, int]]:
        return [(row["verdict"], row["n"]) for row in world.store.read(sums, {}, live_world.MANAGER.scope)]

    async def story() -> None:
        nora = await signed_in(world, "nora")
        whole = told()
        assert (await say(nora, action="dispute", kind="binding", **soon)).status == 200
        assert told() == [(v, n - (v == 0)) for v, n in whole if n - (v == 0)]
        world.writer.put(live_world.SOURCE, mine_world.answers("soon"))
        assert dict(told()).get(1, 0) == dict(whole).get(1, 0), "it is fulfilled now, and still counts nowhere"
        assert (await say(nora, action="withdraw", dispute=1)).status == 200
        assert dict(told())[1] == dict(whole).get(1, 0) + 1

    asyncio.run(story())


def test_a_disputed_event_leaves_the_sums_of_activity_and_the_day(world: World) -> None:
    total = "SELECT coalesce(sum(n), 0) AS n FROM agg_activity"
    seq = rows(world, "SELECT seq FROM event WHERE source_id = 'said'")[0][0]
    north, south = (Scope(Role.MANAGER, "", frozenset({team})) for team in ("North", "South"))
    before = [world.store.read(total, {}, scope)[0]["n"] for scope in (north, south)]
    asyncio.run(_disputes(world, kind="event", seq=seq))
    assert [world.store.read(total, {}, scope)[0]["n"] for scope in (north, south)] == [before[0] - 1, before[1]]
    found = myday.day(Read(world.store.read, NORA.scope), NOW_T)
    assert "promise" not in [one.kind for one in found.rows]
    assert [(one.number, one.case.id if one.case else "") for one in found.disputed] == [(1, "crm/D-promised")]


async def _disputes(world: World, **told: Any) -> None:
    assert (await say(await signed_in(world, "nora"), action="dispute", **told)).status == 200


def test_only_what_is_about_oneself_can_be_disputed(quiet: World) -> None:
    async def story() -> None:
        simon = await signed_in(quiet, "simon")
        seq = rows(quiet, "SELECT seq FROM event WHERE source_id = 'said'")[0][0]
        for told in ({"kind": "binding", **binding(quiet, "mail/broken")}, {"kind": "event", "seq": seq},
                     {"kind": "value", "what": "name"}, {"kind": "wish"}):
            answer = await say(simon, action="dispute", **told)
            assert answer.status == 403 and "about you" in answer.text
        assert (await say(await signed_in(quiet, "maya"), action="dispute", kind="event", seq=seq)).status == 403

    asyncio.run(story())
    assert rows(quiet, "SELECT count(*) FROM dispute WHERE login = 'simon'") == [(0,)]


# the calendar

async def feed(world: World, login: str = "nora") -> str:
    told = json.loads((await say(await signed_in(world, login), action="feed")).body)
    return str(told["address"]).removeprefix("https://front.example")


def test_the_calendar_holds_the_deadlines_and_no_name(world: World) -> None:
    async def story() -> bytes:
        path = await feed(world)
        answer = await Browser(world.app).ask("GET", path)
        assert answer.status == 200 and answer.header("content-type").startswith("text/calendar")
        assert (await Browser(world.app).ask("HEAD", path)).status == 200
        return answer.body

    body = asyncio.run(story())
    assert all(len(line) <= 75 for line in body.split(b"\r\n")) and b"\n" not in body.replace(b"\r\n", b"")
    calendar = Calendar.from_ical(body)
    events = calendar.walk("VEVENT")
    ends = sorted(event.decoded("dtend") for event in events)
    assert ends == [NOW - timedelta(minutes=260), *(NOW + timedelta(hours=hours) for hours in (2, 3, 21))]
    assert all(event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=15) for event in events)
    assert len({str(event["uid"]) for event in events}) == 4 and not calendar.errors
    reply = next(event for event in events if event.decoded("dtend") == NOW + timedelta(hours=3))
    obj = number(world, "mail/soon")
    assert str(reply["summary"]) == (
        f"Due: SVC-01 A customer's message is answered within four hours (conversation {obj})")
    assert str(reply["url"]) == f"https://front.example/me?open=case:{obj}"
    unfolded = body.replace(b"\r\n ", b"")
    assert b"customer.example" not in unfolded and b"firm.example" not in unfolded and b"Customer" not in unfolded


def test_a_secret_is_worth_something_only_while_it_is_the_latest(world: World) -> None:
    async def story() -> None:
        anybody = Browser(world.app)
        first = await feed(world)
        second = await feed(world)
        assert (await anybody.ask("GET", first)).status == 404 and (await anybody.ask("GET", second)).status == 200
        assert (await anybody.ask("GET", "/feed/wrong.ics")).status == 404
        assert (await say(await signed_in(world, "nora"), action="end feed")).status == 200
        assert (await anybody.ask("GET", second)).status == 404

    asyncio.run(story())
    assert rows(world, "SELECT count(*) FROM feed_key") == [(0,)]


def test_of_the_secret_only_a_digest_is_kept(world: World) -> None:
    path = asyncio.run(feed(world))
    secret = path.removeprefix("/feed/").removesuffix(".ics")
    stored = repr([rows(world, f"SELECT * FROM {table}") for table in ("feed_key", "setting", "audit", "viewer_log")])
    assert len(secret) >= 32 and secret not in stored


# the panel

def test_the_panel_shows_one_case_to_the_named_site_only(world: World) -> None:
    obj = number(world, "mail/soon")

    async def story() -> None:
        nora, anybody = await signed_in(world, "nora"), Browser(world.app)
        path = json.loads((await say(nora, action="embed", obj=obj)).body)["address"].removeprefix("https://front.example")
        answer = await anybody.ask("GET", path)
        assert answer.status == 200 and "in 3 h" in answer.text and "SVC-01" not in answer.text
        assert "A customer's message is answered" in answer.text
        policy = [value for name, value in answer.headers if name == "content-security-policy"]
        assert len(policy) == 1 and f"frame-ancestors {SITE}" in policy[0]
        assert not answer.header("x-frame-options") and answer.header("referrer-policy") == "no-referrer"
        plain = await nora.ask("GET", "/me")
        assert plain.header("x-frame-options") == "DENY" and "frame-ancestors 'none'" in plain.header(
            "content-security-policy")
        for wrong in (path[:-2], path + "x", "/embed/none"):
            assert (await anybody.ask("GET", wrong)).status == 404
        simon = await signed_in(world, "simon")
        assert (await say(simon, action="embed", obj=obj)).status == 403
        await anybody.ask("GET", path)

    asyncio.run(story())
    # Once an hour, however often the panel asks.
    assert rows(world, "SELECT login, what, obj, purpose FROM viewer_log") == [
        ("nora", "case", obj, "Panel in another program")]


def test_without_a_site_there_is_no_panel_and_an_old_address_ends() -> None:
    world = mine_world.make(mine=Mine())
    try:
        async def story() -> None:
            nora = await signed_in(world, "nora")
            answer = await say(nora, action="embed", obj=number(world, "mail/soon"))
            assert answer.status == 400 and "[embed]" in answer.text
            made = _token("nora", number(world, "mail/soon"), world)
            gone = await Browser(world.app).ask("GET", f"/embed/{made}")
            assert gone.status == 404 and "frame-ancestors 'none'" in gone.header("content-security-policy")

        asyncio.run(story())
    finally:
        world.close()


def _token(login: str, obj: int, world: World, age_seconds: int = 0) -> str:
    """A token that is signed as it should be, perhaps a while ago."""
    from itsdangerous import TimestampSigner, URLSafeTimedSerializer

    class Earlier(TimestampSigner):
        def get_timestamp(self) -> int:
            return super().get_timestamp() - age_seconds

    secret = rows(world, "SELECT value FROM setting WHERE name = 'session_secret'")[0][0]
    return str(URLSafeTimedSerializer(secret, salt="frontview-embed", signer=Earlier).dumps([login, obj]))


def test_a_panel_ends_after_its_days_and_with_the_account(world: World) -> None:
    obj = number(world, "mail/soon")

    async def story() -> list[int]:
        anybody = Browser(world.app)
        tokens = [_token("nora", obj, world), _token("nora", obj, world, 8 * 86_400), _token("nobody", obj, world),
                  _token("ada", obj, world), _token("simon", obj, world)]
        return [(await anybody.ask("GET", f"/embed/{token}")).status for token in tokens]

    assert asyncio.run(story()) == [200, 404, 404, 404, 404]
