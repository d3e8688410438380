"""What goes with slow cases: intervals that cover, few false finds, and effects that were planted in a front office."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from data.event import Change, Event, Ref, micros
from data.page import Page
from data.scope import Role, Scope
from data.store import Store
from data.writer import Writer
from metrics import causes, compare
from metrics._bh import adjusted, difference
from metrics._contract import DAY, Filters, Read
from metrics._engine import Engine

START = datetime(2026, 1, 5, tzinfo=UTC)
NOW_T = micros(START + timedelta(days=120))
MANAGER = Scope(Role.MANAGER, teams=None)
WORLDS = 1_500


def hits(dice: random.Random, n: int, share: float) -> int:
    return sum(dice.random() < share for _ in range(n))


@pytest.mark.parametrize(("n1", "n0", "p1", "p0"), [(30, 30, 0.5, 0.5), (40, 300, 0.2, 0.35), (200, 60, 0.9, 0.7),
                                                    (60, 60, 0.1, 0.1)])
def test_the_interval_of_a_difference_holds_the_truth_as_often_as_told(n1: int, n0: int, p1: float, p0: float) -> None:
    dice = random.Random(f"{n1} {n0} {p1} {p0}")
    covered = 0
    for _ in range(WORLDS):
        found = difference(hits(dice, n1, p1), n1, hits(dice, n0, p0), n0)
        covered += found.low <= p1 - p0 <= found.high
    assert 0.935 <= covered / WORLDS <= 0.985


def test_of_what_is_kept_one_in_twenty_at_most_is_false() -> None:
    dice = random.Random(5)
    false_share, found_true = [], 0
    for _ in range(150):
        # Ten of forty factors matter, by twelve points.
        truth = [i < 10 for i in range(40)]
        with_it = [hits(dice, 200, 0.42 if real else 0.3) for real in truth]
        p_values = [difference(k, 200, hits(dice, 200, 0.3), 200).p for k in with_it]
        kept = [real for real, q in zip(truth, adjusted(p_values), strict=True) if q <= causes.KEPT]
        false_share.append(kept.count(False) / max(1, len(kept)))
        found_true += kept.count(True)
    assert sum(false_share) / len(false_share) <= 0.05
    # It still finds: about half of what is there at this size.
    assert found_true / (150 * 10) > 0.3


def test_the_adjustment_is_that_of_benjamini_and_hochberg() -> None:
    assert adjusted([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert adjusted([]) == []


def page(dice: random.Random, count: int = 900) -> Page:
    """Deals of three regions, of which West is slow; colour does nothing; customers write at random as long as a deal
    lasts, so the slow ones collect more messages; the owner decides nothing but is known."""
    events, changes = [], []
    for number in range(count):
        ref = Ref("opportunity", f"crm/D-{number}")
        at = START + timedelta(minutes=dice.randrange(100 * 1440))
        region, colour = dice.choice(("North", "South", "West")), dice.choice(("red", "green", "blue"))
        is_slow = dice.random() < (0.6 if region == "West" else 0.2)
        days = dice.uniform(12, 20) if is_slow else dice.uniform(3, 9)
        actor = f"s{number % 8}@firm.example"
        told = [(0.0, "opportunity.created"), (days, dice.choice(("opportunity.won", "opportunity.lost")))]
        moment = dice.expovariate(1 / 5)
        while moment < days:
            told.append((moment, "msg.in"))
            moment += dice.expovariate(1 / 5)
        for place, (day, name) in enumerate(told):
            events.append(Event(f"{number}/{place}", at + timedelta(days=day), name, [ref], actor=actor, team="sales",
                                channel="email"))
        known = {"region": region, "colour": colour, "owner": actor}
        changes += [Change(ref, name, value, at) for name, value in known.items()]
    return Page({"n": 1}, events=events, changes=changes)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    made = Store.open(":memory:")
    writer = Writer(made, [Engine()], clock=lambda: NOW_T)
    writer.start()
    writer.register("crm", "webhook", "CRM", "")
    writer.put("crm", page(random.Random(3)))
    yield made
    writer.stop()
    made.close()


def test_what_was_planted_is_found_and_nothing_else(store: Store) -> None:
    found = causes.causes(Read(store.read, MANAGER), Filters(span="all", pick="longer:10d"), NOW_T)
    assert found.threshold_us == 10 * DAY
    factors = {(row.factor.name, row.factor.value) for row in found.rows}
    assert ("region", "West") in factors
    assert factors <= {("region", word) for word in ("West", "North", "South")}
    west = next(row for row in found.rows if row.factor.value == "West")
    assert west.share.low <= 0.4 <= west.share.high


def test_messages_that_only_come_with_time_are_not_taken_for_a_cause(store: Store) -> None:
    read, filters = Read(store.read, MANAGER), Filters(span="all", pick="longer:10d")
    rows = read("SELECT f.last_t - f.first_t > $limit AS slow, f.obj IN (SELECT e.obj FROM case_event AS e "
                "JOIN activity AS a ON a.code = e.activity WHERE a.name = 'msg.in') AS wrote FROM object_fact AS f "
                "JOIN object_type AS t ON t.code = f.otype WHERE t.name = 'opportunity'", {"limit": 10 * DAY})
    arms = {wrote: [r["slow"] for r in rows if r["wrote"] == wrote] for wrote in (True, False)}
    naive = difference(sum(arms[True]), len(arms[True]), sum(arms[False]), len(arms[False]))
    # Looked at over the whole life, having been written to "goes with" slowness for certain.
    assert naive.low > 0.05
    found = causes.causes(read, filters, NOW_T)
    assert all(row.factor.value != "msg.in" for row in found.rows)


def test_too_few_cases_say_nothing(store: Store) -> None:
    found = causes.causes(Read(store.read, MANAGER), Filters(span="all", pick="longer:30d"), NOW_T)
    assert (found.bad, found.looked, list(found.rows)) == (0, 0, [])


def test_slow_cases_behind_it_are_slow(store: Store) -> None:
    read, filters = Read(store.read, MANAGER), Filters(span="all", pick="longer:10d")
    rows = causes.cases(read, filters, NOW_T, causes.SLOW)
    facts = {r["obj"]: r["last_t"] - r["first_t"] for r in read("SELECT obj, first_t, last_t FROM object_fact", {})}
    assert len(rows) == 50
    assert all(facts[row.label.obj] > 10 * DAY for row in rows)


def test_behind_a_factor_are_slow_cases_that_had_it(store: Store) -> None:
    read, filters = Read(store.read, MANAGER), Filters(span="all", pick="longer:10d")
    rows = causes.cases(read, filters, NOW_T, "slow|attribute|region|West")
    west = {r["obj"] for r in read("SELECT obj FROM object_now WHERE value = 'West'", {})}
    facts = {r["obj"]: r["last_t"] - r["first_t"] for r in read("SELECT obj, first_t, last_t FROM object_fact", {})}
    assert len(rows) == 50
    assert all(row.label.obj in west and facts[row.label.obj] > 10 * DAY for row in rows)


def test_two_halves_drawn_at_random_do_not_differ(store: Store) -> None:
    read = Read(store.read, MANAGER)
    found = compare.compared(read, Filters(span="all", pick="is:colour=red", versus="rest"), NOW_T)
    assert found.looked
    assert not [arc for arc in found.arcs if arc.holds]


def test_west_against_the_rest_shows_its_slowness_with_intervals_apart(store: Store) -> None:
    read = Read(store.read, MANAGER)
    found = compare.compared(read, Filters(span="all", pick="is:region=West", versus="rest"), NOW_T)
    assert found.left.total + found.right.total == 900
    left, right = found.left.time.median, found.right.time.median
    assert left.low is not None
    assert right.high is not None
    assert left.low > right.high
