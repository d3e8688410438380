"""The demo firm: the same for everybody, alive without end, and told as imperfectly as real systems tell."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from demo_reading import ANCHOR, DAY, MINUTE, Clock, Seen, Told, opened, read, seen_world

from connectors._demo_case import REPS, ROBOT
from connectors.demo import CONNECTOR, OWN_DOMAIN, PEOPLE, SYSTEMS
from data.batch import CHANGES, EVENTS, LINKS, RELATIONS, to_frames
from data.errors import FixSettings
from data.event import micros
from data.scope import Role
from data.vocabulary import ACTIVITIES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def seen() -> Seen:
    return seen_world()


def test_the_same_settings_tell_the_same_story_in_any_process() -> None:
    here = {system: read(system, ANCHOR, days=2).digest() for system in SYSTEMS}
    # A second reading builds the world anew, since the first let go of it; another seed is another firm.
    assert {system: read(system, ANCHOR, days=2).digest() for system in SYSTEMS} == here
    assert read("crm", ANCHOR, days=2, seed=8).digest() != here["crm"]
    script = ("import sys; sys.path[:0] = ['.', 'tests/connectors']\n"
              "import demo_reading as t\n"
              "print(*(t.read(s, t.ANCHOR, days=2).digest() for s in t.SYSTEMS))")
    elsewhere = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={"PYTHONHASHSEED": "4711"},
                               capture_output=True, text=True, check=True)
    assert elsewhere.stdout.split() == list(here.values())


@pytest.mark.parametrize("system", SYSTEMS)
def test_another_anchor_moves_the_same_history(system: str) -> None:
    later = timedelta(days=11, hours=7, minutes=13)
    first = read(system, ANCHOR, days=2).all
    moved = read(system, ANCHOR + later, days=2, anchor=(ANCHOR + later).isoformat()).all
    shift = later // timedelta(microseconds=1)
    assert moved.events["t"].to_list() == (first.events["t"] + shift).to_list()
    same = [name for name in EVENTS.names() if name not in ("t", "attrs")]
    assert moved.events.select(same).equals(first.events.select(same))
    assert moved.relations.equals(first.relations)


@pytest.mark.parametrize("system", SYSTEMS)
def test_reading_resumes_exactly_from_any_cursor(system: str) -> None:
    at = ANCHOR + timedelta(hours=3)
    settings = {"days": 4}
    whole = read(system, at, **settings)
    keys, relations = whole.all.events["source_id"].to_list(), whole.all.relations["id"].to_list()
    end = whole.pages[-1].cursor["position"]
    assert len(keys) + len(whole.aside) == end
    for position in sorted({0, 1, 17, end // 3, min(5_000, end), end - 3, end}):
        rest = read(system, at, {**whole.pages[-1].cursor, "position": position}, **settings)
        left = rest.all.events["source_id"].to_list()
        assert left == keys[len(keys) - len(left):]
        assert rest.all.relations["id"].to_list() == relations[len(relations) - rest.all.relations.height:]
        assert len(left) + len(rest.aside) == end - position
        assert rest.pages[-1].cursor == whole.pages[-1].cursor


@pytest.mark.parametrize("system", SYSTEMS)
def test_live_goes_on_from_the_history_without_a_seam(system: str) -> None:
    """Looking every minute from before the anchor brings what one look afterwards brings, in small pages."""
    clock, told = Clock(ANCHOR - timedelta(hours=1)), Told()
    source, cursor = opened(system, clock, days=2), {}
    while clock.at < ANCHOR + timedelta(hours=4):
        for page in source.pull(cursor):
            told.add(page)
            cursor = page.cursor
        clock.at += timedelta(minutes=1)
    clock.at -= timedelta(minutes=1)
    at_once = read(system, clock.at, days=2)
    assert at_once.digest() == told.digest()
    live = [p for p in told.pages[10:] if p.events]
    assert live and max(len(p.events) for p in live) <= 30
    assert all(p.frames is None for p in live)
    marks = [p.watermark for p in told.pages]
    assert marks == sorted(marks) and clock.at - marks[-1] <= timedelta(minutes=6)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_watermark_is_never_belied_later(system: str) -> None:
    clock = Clock(ANCHOR - timedelta(days=1))
    source, cursor, known, checked = opened(system, clock, days=2), {}, set(), 0
    mark = None
    while clock.at < ANCHOR + timedelta(hours=3):
        for page in source.pull(cursor):
            facts = page.frames.events if page.frames else to_frames(page.events).events
            for key, t in facts.select("source_id", "t").iter_rows():
                # A correction speaks of the past on purpose, and what is told twice is known already.
                if mark and key not in known and "#v2" not in key:
                    assert t > micros(mark)
                    checked += 1
                known.add(key)
            cursor, mark = page.cursor, page.watermark
        clock.at += timedelta(minutes=3)
    assert checked > 50


def test_ninety_days_hold_enough_and_grow_to_the_live_pace(seen: Seen) -> None:
    assert 150_000 <= sum(h.t < micros(ANCHOR) for h in seen.happened) <= 250_000
    by_day = Counter((h.t - micros(ANCHOR)) // DAY for h in seen.happened)
    assert 4 < by_day[-1] / 1440 < 9
    assert 0.75 < by_day[0] / by_day[-1] < 1.35
    # Somebody may open the demo at any hour: no live quarter of an hour passes in silence.
    quarters = Counter(h.t // (15 * MINUTE) for h in seen.happened if micros(ANCHOR) <= h.t)
    assert len(quarters) >= 2 * 96
    assert min(quarters[q] for q in range(micros(ANCHOR) // (15 * MINUTE) + 1, seen.until // (15 * MINUTE))) >= 15


def test_every_activity_is_agreed_upon_and_every_one_announced_occurs(seen: Seen) -> None:
    found = {h.activity for h in seen.happened}
    assert found <= set(ACTIVITIES)
    assert found == set(CONNECTOR.activities)
    for system, told in seen.told.items():
        assert told.all.events.height > 5_000, system


def test_pages_keep_to_the_columns_and_every_event_names_an_object(seen: Seen) -> None:
    for told in seen.told.values():
        for page in told.pages:
            if page.frames:
                assert [f.schema for f in (page.frames.events, page.frames.relations, page.frames.changes,
                                           page.frames.links)] == [EVENTS, RELATIONS, CHANGES, LINKS]
                assert page.frames.events.height <= 5_000
        facts = told.all
        assert facts.events.drop("attrs", "ord").null_count().sum_horizontal().item() == 0
        assert set(facts.events["source_id"]) == set(facts.relations["source_id"])
        assert set(facts.events["direction"]) <= {"inbound", "outbound", "internal"}


def test_delivery_is_as_imperfect_as_in_real_systems(seen: Seen) -> None:
    for system, told in seen.told.items():
        facts = told.all.events
        copies = facts.group_by("source_id").agg(pl.len(), pl.col("t").n_unique().alias("moments"))
        assert copies.filter(pl.col("len") > 1).height > 20, system
        assert copies["moments"].max() == 1, "one id is one event"
        assert told.aside and all(a.reason and "@" not in a.excerpt for a in told.aside), system
        assert not {a.source_id for a in told.aside} & set(facts["source_id"])
    moments = {system: dict(told.all.events.select("source_id", "t").iter_rows())
               for system, told in seen.told.items()}
    taken_back = [(system, r.source_id) for system, told in seen.told.items() for r in told.retractions]
    assert len(taken_back) > 50
    for system, key in taken_back:
        assert moments[system][f"{key}#v2"] <= moments[system][key]
    crm = seen.told["crm"].all.events["t"].to_list()
    assert any(a > b for a, b in pairwise(crm)), "the CRM tells out of order"


def test_nobody_real_can_be_meant(seen: Seen) -> None:
    for told in seen.told.values():
        facts = told.all
        for column in (facts.relations["id"], facts.events["actor"], facts.events["attrs"], facts.changes["value"]):
            domains = re.findall(r"[^/]@([\w.-]+)", " ".join(column.drop_nulls().unique()))
            assert all(domain.endswith(".example") for domain in domains)
        accounts = facts.relations.filter(pl.col("type") == "account")["id"].unique()
        assert all(name.endswith(".example") for name in accounts)


def test_the_people_suffice_for_every_persona_and_for_the_rule_of_five(seen: Seen) -> None:
    assert {p.role for p in PEOPLE} == {Role.MANAGER, Role.OFFICER, Role.REP, Role.ADMINISTRATOR}
    assert all(len(reps) >= 5 for reps in REPS.values())
    assert any(set(p.sees) == set(REPS) for p in PEOPLE)
    known = {p.id for p in PEOPLE} | {ROBOT, f"marketing@{OWN_DOMAIN}"}
    own = {h.actor for h in seen.happened if h.actor.endswith(OWN_DOMAIN)}
    assert own <= known
    assert {p.id for reps in REPS.values() for p in reps} <= own
    names = seen.told["crm"].all.changes.filter(pl.col("type") == "person", pl.col("attribute") == "name")
    assert dict(names.select("id", "value").iter_rows()) == {p.id: p.name for p in PEOPLE}


def test_wait_ends_when_a_record_falls_due_and_when_the_source_is_closed() -> None:
    clock = Clock(ANCHOR)
    source = opened("mail", clock, days=2)
    assert source.wait(60), "a history that was never read is due"
    list(source.pull({}))
    assert not source.wait(0)
    clock.at += timedelta(minutes=30)
    assert source.wait(60)
    list(source.pull({}))
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(source.wait(3600)))
    waiting.start()
    source.close()
    source.close()
    waiting.join(timeout=60)
    assert answers == [False]
    assert list(source.pull({})) == []


@pytest.mark.parametrize(("wrong", "word"), [
    ({"system": "fax"}, "choose one of"), ({"anchor": "soon"}, "write a moment"),
    ({"anchor": "2026-05-06T09:30:00"}, "no time zone"), ({"days": 0}, "from 1 to 730"),
    ({"pace": "fast"}, "demo.pace"), ({"seed": True}, "demo.seed"),
])
def test_a_wrong_setting_is_named_with_its_remedy(wrong: dict, word: str) -> None:
    source = opened(**{"system": "crm", "clock": Clock(ANCHOR), **wrong})
    assert any(word in line for line in source.check())
    with pytest.raises(FixSettings, match=word):
        next(source.pull({}))
    assert opened("crm", Clock(ANCHOR)).check() == []


def test_other_settings_on_an_old_database_are_refused() -> None:
    cursor = read("phone", ANCHOR, days=1).pages[-1].cursor
    with pytest.raises(FixSettings, match="new database"):
        next(opened("phone", Clock(ANCHOR), days=1, seed=8).pull(cursor))


def test_another_pace_changes_only_the_live_part() -> None:
    until = ANCHOR + timedelta(hours=6)
    slow = {s: read(s, until, days=2, pace=4.0).all.events for s in SYSTEMS}
    fast = {s: read(s, until, days=2, pace=32.0).all.events for s in SYSTEMS}
    past = pl.col("t") < micros(ANCHOR)
    for system in SYSTEMS:
        assert slow[system].filter(past).sort("ord").equals(fast[system].filter(past).sort("ord"))
    live = [sum(f.filter(~past).height for f in told.values()) for told in (slow, fast)]
    assert live[1] > 2.5 * live[0]
