"""Trying rules on history: the same verdicts as in live use, and nothing that is stored changes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from _facts import START, Delivery, history, pages, running

from data.errors import FixSettings
from data.event import Event, Ref, micros
from data.ingest import PARTY_TYPES
from data.page import Page
from data.store import Store, now_us
from data.writer import Writer
from metrics._backtest import EVER, VERDICTS, Progress, Stopped, Trial, Tried, try_pack
from metrics.conformance.rules import PACKS

# Every way of deciding, conditions that attributes are missing for, contacts, and the quantifiers.
PACK = """pack: tried
title: rules to try
rules:
  - {id: near, title: t, object: ticket, template: response, activation: {activity: msg.in},
     target: {activity: msg.out, where: "automatic = false"}, within: 12 h}
  - {id: between, title: t, object: opportunity, template: precedence, activation: {activity: quote.sent},
     target: {activity: approval}, where: "target.discount >= activation.discount"}
  - {id: match, title: t, object: conversation, template: response, activation: {activity: msg.in},
     target: {activity: msg.out}, within: 2 d, matching: injective}
  - {id: race, title: t, object: ticket, template: chain_response, activation: {activity: msg.in},
     target: {activity: [msg.out, transfer]}}
  - {id: count, title: t, object: ticket, template: at_most, target: {activity: transfer}, count: 1}
  - {id: quiet, title: t, object: conversation, template: not_response, activation: {activity: optout},
     target: {activity: msg.out}, grace: 1 h, until: {activity: consent.given}}
  - {id: silence, title: t, object: opportunity, template: repeat_every, activation: {activity: opportunity.created},
     target: {activity: [msg.out, meeting.held]}, within: 1 d, until: {activity: opportunity.lost}}
  - {id: steps, title: t, object: opportunity, template: sequence,
     steps: [{activity: quote.sent}, {activity: approval, optional: true}, {activity: opportunity.won}]}
  - {id: total, title: t, object: ticket, template: sum_at_most, activation: {activity: credit.released},
     sum: amount, limit: 800, within: 3 d}
  - {id: contact, title: t, object: contact, template: not_response, activation: {activity: objection},
     target: {activity: msg.out}}
  - {id: all, title: t, object: contact, template: response, activation: {activity: msg.in},
     target: {activity: msg.out}, within: 1 d, quantifier: all}
  - {id: any, title: t, object: ticket, template: response, activation: {activity: msg.in},
     target: {activity: resolved}, within: 3 d, quantifier: any}
"""
EARLY, LATE = micros(START + timedelta(days=2)), micros(START + timedelta(days=4))
STANDING = {"pending": (0,), "fulfilled": (1,), "violated": (2,), "holding": (3,), "kept": (4,), "unknown": (5,),
            "waived": (6,)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("packs")
    (place / "tried.yaml").write_text(PACK, encoding="utf8")
    return place


def brought(seed: int, folder: Path, *, size: int = 160) -> tuple[Store, Writer]:
    """A store with a seeded history and the rules in force."""
    store = Store.open(":memory:")
    writer, _ = running(store, [folder])
    for source, page in pages(history(seed, size), 10_000):
        writer.put(source, page)
    return store, writer


def live(store: Store, since_t: int = EVER[0], until_t: int = EVER[1]) -> Counter[tuple[str, int]]:
    """(rule, verdict) -> how many bindings are stored."""
    rows = store.connection.cursor().execute(
        "SELECT r.id, b.verdict FROM binding b JOIN rule r ON r.code = b.rule WHERE r.pack = 'tried' "
        "AND b.t >= ? AND b.t < ?", [since_t, until_t]).fetchall()
    return Counter(rows)


def counted(found: Any) -> Counter[tuple[str, int]]:
    """The same of a trial."""
    return Counter({(t.rule.id, n): t.counts[word] for t in found for n, word in enumerate(VERDICTS) if t.counts[word]})


# So early that nothing is overdue, so that a trial's verdicts are the stored ones, word for word.
BEFORE_ALL = micros(START - timedelta(days=1))


@pytest.mark.parametrize("seed", range(2))
def test_a_trial_says_what_is_stored_of_the_same_rules(folder: Path, seed: int) -> None:
    store, writer = brought(seed, folder)
    found = try_pack(store, folder / "tried.yaml", Trial(), BEFORE_ALL)
    stored = live(store)
    assert counted(found) == stored
    # A comparison of nothing with nothing would prove nothing.
    assert {rule for rule, _ in stored} == {t.rule.id for t in found}
    assert all(t.against == {"same": sum(t.counts.values()), "new": 0, "gone": 0, "changed": 0} for t in found)
    writer.stop()
    store.close()


def test_since_and_until_pick_activations_by_their_moment(folder: Path) -> None:
    store, writer = brought(2, folder)
    path, cuts = folder / "tried.yaml", (EVER[0], EARLY, LATE, EVER[1])
    parts = [((a, b), try_pack(store, path, Trial(a, b), BEFORE_ALL)) for a, b in pairwise(cuts)]
    for (a, b), part in parts:
        assert counted(part) == live(store, a, b)
        assert sum(counted(part).values()) > 0
        assert all(a <= hit["t"] < b for tried in part for hit in tried.hits)
        assert all(t.against is not None and t.against["new"] + t.against["gone"] == 0 for t in part)
    # Cutting at the moment of an activation takes it into the later part and only there.
    (at,) = store.connection.cursor().execute("SELECT min(t) FROM binding").fetchall()[0]
    assert sum(counted(try_pack(store, path, Trial(until_t=at), BEFORE_ALL)).values()) == 0
    assert sum(counted(try_pack(store, path, Trial(until_t=at + 1), BEFORE_ALL)).values()) > 0
    writer.stop()
    store.close()


@pytest.mark.parametrize("seed", range(2))
def test_closed_is_as_if_every_object_had_ended_with_its_last_event(folder: Path, seed: int) -> None:
    """The reference: the same history with an ending stored for every object, decided by the live engine."""
    store, writer = brought(seed, folder)
    found = counted(try_pack(store, folder / "tried.yaml", Trial(closed=True), BEFORE_ALL))
    con = store.connection.cursor()
    engine = writer.deciders[0]
    party = [code for code, name in con.execute("SELECT code, name FROM term WHERE kind = 'object_type'").fetchall()
             if name in PARTY_TYPES]
    writer.do(lambda c: c.execute("UPDATE object_fact SET closed_t = last_t").fetchall() and None)
    writer.do(lambda c: engine.rejudge(c, 0))  # type: ignore[attr-defined]
    expected = live(store)
    # Contacts and accounts have no course of their own, and so no fact to close: their trial is compared by hand.
    of_parties = {"contact", "all"}
    assert party
    assert {k: n for k, n in found.items() if k[0] not in of_parties} == {
        k: n for k, n in expected.items() if k[0] not in of_parties}
    assert not [key for key in found if key[1] in (0, 3)], "an ended object holds nothing open"
    writer.stop()
    store.close()


def told(*events: tuple[float, str, list[Ref]]) -> list[Event]:
    return [Event(f"e{n}", START + timedelta(hours=hours), activity, refs, actor="anna@firm.example", team="sales",
                  channel="email", direction="internal") for n, (hours, activity, refs) in enumerate(events)]


def tried_on(events: list[Event], folder: Path, wish: Trial | None = None, now_t: int = BEFORE_ALL) -> dict[str, Tried]:
    store = Store.open(":memory:")
    writer = Writer(store, [])
    writer.start()
    writer.put("desk", Page({}, events=events, watermark=START + timedelta(days=30)))
    found = try_pack(store, folder / "tried.yaml", wish or Trial(), now_t)
    writer.stop()
    store.close()
    return {one.rule.id: one for one in found}


def says(tried: Tried) -> dict[str, int]:
    return {word: n for word, n in tried.counts.items() if n}


def test_all_and_any_ask_every_object_of_an_activation_once(folder: Path) -> None:
    one, two = Ref("contact", "one@client.example"), Ref("contact", "two@client.example")
    red, blue = Ref("ticket", "red"), Ref("ticket", "blue")
    events = told((0, "msg.in", [one, two, red, blue]), (1, "msg.out", [one]), (2, "resolved", [red]))
    open_ = tried_on(events, folder)
    assert (says(open_["all"]), says(open_["any"])) == ({"pending": 1}, {"fulfilled": 1})
    closed = tried_on(events, folder, Trial(closed=True))
    assert (says(closed["all"]), says(closed["any"])) == ({"violated": 1}, {"fulfilled": 1})
    answered = tried_on([*events, Event("late", START + timedelta(hours=3), "msg.out", [two])], folder)
    assert says(answered["all"]) == {"fulfilled": 1}


def test_a_contact_is_looked_at_across_all_cases(folder: Path) -> None:
    who = Ref("contact", "one@client.example")
    events = told((0, "objection", [who, Ref("conversation", "a")]), (5, "msg.out", [who, Ref("ticket", "b")]),
                  (6, "objection", [Ref("contact", "two@client.example")]))
    found = tried_on(events, folder)["contact"]
    assert says(found) == {"violated": 1, "holding": 1}
    (hit,) = found.hits
    assert (hit["object_type"], hit["case_id"], hit["source"], hit["source_id"]) == (
        "contact", "one@client.example", "desk", "e0")


def test_what_is_due_is_violated_only_as_far_as_sources_are_known(folder: Path) -> None:
    case = [Ref("ticket", "red")]
    events = told((0, "msg.in", case), (1, "msg.out", [Ref("ticket", "blue")]))
    due = micros(START + timedelta(hours=12))
    assert says(tried_on(events, folder, now_t=due)["near"]) == {"pending": 1}
    assert says(tried_on(events, folder, now_t=due + 1)["near"]) == {"violated": 1}
    store = Store.open(":memory:")
    writer = Writer(store, [])
    writer.start()
    writer.put("desk", Page({}, events=events, watermark=START + timedelta(hours=11)))
    found = {t.rule.id: t for t in try_pack(store, folder / "tried.yaml", Trial(), due + 1)}
    assert says(found["near"]) == {"unknown": 1}
    writer.stop()
    store.close()


def test_load_and_conformance_are_of_the_violated_and_the_met(folder: Path) -> None:
    events = [event for day in range(4) for event in [
        Event(f"in-{day}-{n}", START + timedelta(days=day, minutes=n), "msg.in", [Ref("conversation", f"{day}/{n}")])
        for n in range(3)]]
    events += [Event("out", START + timedelta(hours=1), "msg.out", [Ref("conversation", "0/0")])]
    found = tried_on(events, folder, Trial(closed=True, reviewers=2))["match"]
    assert says(found) == {"fulfilled": 1, "violated": 11}
    assert found.conformance == pytest.approx(1 / 12)
    # Eleven on four days with activations, shared by two.
    assert found.load == 1.38
    told_ = found.as_json()
    assert {"id", "activations", *VERDICTS} <= told_.keys()
    assert (told_["id"], told_["activations"], told_["violated"]) == ("match", 12, 11)
    nothing = tried_on(events, folder)["total"]
    assert (nothing.conformance, nothing.load, nothing.counts["kept"]) == (None, 0, 0)
    assert nothing.missing == ["credit.released"]


def test_hits_are_drawn_by_a_fixed_lot_and_are_violated_ones(folder: Path) -> None:
    store, writer = brought(2, folder, size=800)
    path = folder / "tried.yaml"
    once, again = (try_pack(store, path, Trial(closed=True), BEFORE_ALL) for _ in range(2))
    assert [t.hits for t in once] == [t.hits for t in again]
    assert max(len(t.hits) for t in once) == 20
    assert all(len(t.hits) == min(20, t.counts["violated"]) for t in once)
    writer.stop()
    store.close()


def everything(store: Store) -> dict[str, Any]:
    """Every row of every table that is stored."""
    con = store.connection.cursor()
    names = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()]
    return {name: con.execute(f"SELECT * FROM main.{name} ORDER BY ALL").fetchall() for name in names}


def test_nothing_that_is_stored_changes(folder: Path, tmp_path: Path) -> None:
    store, writer = brought(3, folder)
    before = everything(store)
    assert len(before["binding_done"]) > 100
    other = tmp_path / "other.yaml"
    other.write_text(PACK.replace("pack: tried", "pack: other").replace("id: ", "id: new-").replace(
        "rules to try", "activities of ours\nactivities: [never.seen]").replace("msg.in}", "never.seen}"), "utf8")
    for path in (folder / "tried.yaml", other, *sorted(PACKS.glob("*.yaml"))):
        for wish in (Trial(), Trial(EARLY, LATE, closed=True)):
            try_pack(store, path, wish, now_us())
    assert everything(store) == before
    # Neither is anything left behind for what is written afterwards.
    writer.put("desk", Page({"n": 9}, events=told((200, "msg.in", [Ref("ticket", "desk/1")]))))
    assert len(everything(store)["event"]) == len(before["event"]) + 1
    writer.stop()
    store.close()


def test_what_a_change_of_a_rule_would_change_is_told(folder: Path, tmp_path: Path) -> None:
    store, writer = brought(4, folder, size=300)
    tighter = tmp_path / "tried.yaml"
    tighter.write_text(PACK.replace("within: 2 d", "within: 1 min").replace("id: any", "id: other").replace(
        "activation: {activity: objection}", "activation: {activity: [objection, optout]}"), "utf8")
    found = {t.rule.id: t for t in try_pack(store, tighter, Trial(), BEFORE_ALL)}
    now, stored = found["match"], live(store)
    assert now.against is not None
    assert now.against["changed"] > 0
    assert now.against["same"] + now.against["changed"] == sum(n for (rule, _), n in stored.items() if rule == "match")
    assert found["other"].against is None
    more = found["contact"].against
    assert more is not None
    assert (more["gone"], more["new"]) == (0, sum(found["contact"].counts.values()) - sum(
        n for (rule, _), n in stored.items() if rule == "contact"))
    assert more["new"] > 0
    writer.stop()
    store.close()


def test_what_is_excused_stays_excused_in_a_trial(folder: Path) -> None:
    store, writer = brought(5, folder)
    rule, obj, seq = store.connection.cursor().execute(
        "SELECT rule, obj, act_seq FROM binding b JOIN rule r ON r.code = b.rule "
        "WHERE r.id = 'contact' AND verdict = 2 LIMIT 1").fetchall()[0]
    before = {t.rule.id: t for t in try_pack(store, folder / "tried.yaml", Trial(), BEFORE_ALL)}["contact"]
    writer.do(lambda con: con.execute("INSERT INTO waiver VALUES (?, ?, ?, 'agreed', 'omar', 0)", [rule, obj, seq]
                                      ).fetchall() and None)
    after = {t.rule.id: t for t in try_pack(store, folder / "tried.yaml", Trial(), BEFORE_ALL)}["contact"]
    assert after.counts["waived"] == before.counts["waived"] + 1
    assert after.counts["violated"] == before.counts["violated"] - 1
    writer.stop()
    store.close()


@pytest.mark.slow
def test_a_trial_and_the_writer_do_not_meet(folder: Path, tmp_path: Path) -> None:
    """Pages come in all the while. Both finish, the trial sees one moment, and what is stored is as if none ran."""
    facts, ends = history(6, 120), list[int]()
    store = Store.open(tmp_path / "front.duckdb")
    writer, _ = running(store, [folder])
    deliveries = list(pages(facts, 20))
    for source, page in deliveries[:6]:
        writer.put(source, page)
    faults: list[BaseException] = []

    def write() -> None:
        try:
            for source, page in deliveries[6:]:
                writer.put(source, page)
                ends.append(now_us())
        except BaseException as error:
            faults.append(error)

    thread, seen = threading.Thread(target=write), []
    thread.start()
    while thread.is_alive():
        begun = now_us()
        seen.append((begun, now_us(), try_pack(store, folder / "tried.yaml", Trial(), BEFORE_ALL)))
    thread.join()
    assert faults == []
    assert any(begun < end for begun, _, _ in seen for end in ends), "no trial ran while something was written"
    # Whatever a trial saw, it saw the facts and the decisions of one commit.
    for _, _, found in seen:
        assert all(t.against == {"same": sum(t.counts.values()), "new": 0, "gone": 0, "changed": 0} for t in found)
    stored = live(store)
    assert counted(try_pack(store, folder / "tried.yaml", Trial(), BEFORE_ALL)) == stored
    writer.stop()
    store.close()
    assert stored == alone(facts, folder, 10_000)


def alone(facts: list[Delivery], folder: Path, size: int) -> Counter[tuple[str, int]]:
    """What is stored when nothing else goes on."""
    store = Store.open(":memory:")
    writer, _ = running(store, [folder])
    for source, page in pages(facts, size):
        writer.put(source, page)
    found = live(store)
    writer.stop()
    store.close()
    return found


@pytest.fixture
def full(folder: Path) -> Iterator[Store]:
    store, writer = brought(1, folder)
    yield store
    writer.stop()
    store.close()


def test_a_trial_can_be_stopped_before_and_between_its_parts(full: Store, folder: Path) -> None:
    progress = Progress()
    progress.stop()
    with pytest.raises(Stopped):
        try_pack(full, folder / "tried.yaml", Trial(), BEFORE_ALL, progress=progress)

    class Second(Progress):
        def step(self, total: int = 0) -> None:
            if not total:
                self.stop()
            super().step(total)

    second = Second()
    with pytest.raises(Stopped):
        try_pack(full, folder / "tried.yaml", Trial(), BEFORE_ALL, progress=second)
    assert (second.done, second.total) == (1, 2)
    whole = Progress()
    try_pack(full, folder / "tried.yaml", Trial(), BEFORE_ALL, progress=whole)
    assert (whole.done, whole.total) == (2, 2)
    # Too late to stop anything, and no harm.
    whole.stop()


def test_a_statement_that_is_going_on_is_interrupted(full: Store) -> None:
    con, progress, ended = full.connection.cursor(), Progress(), threading.Event()
    progress.follow(con)
    endless = "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range * b.range = -1"

    def work() -> None:
        with pytest.raises(Exception, match=r"(?i)interrupt"):
            con.execute(endless).fetchall()
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not ended.wait(0.05):
        progress.stop()
    thread.join()
    progress.follow(None)
    con.close()


def test_a_pack_that_is_not_understood_is_refused_before_anything_is_decided(full: Store, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(PACK.replace("pack: tried", "pack: bad").replace("activity: msg.in}", "activity: msg.inn}"), "utf8")
    with pytest.raises(FixSettings, match=r"rule near: activity 'msg\.inn' is unknown; did you mean 'msg\.in'\?"):
        try_pack(full, bad, Trial(), BEFORE_ALL)
