"""Leaving the pattern of the week: found within a week when it happens, seldom told when it does not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import exp, pi, sin

import pytest

from data.event import Event, Ref, micros
from data.page import Page
from data.scope import Role, Scope
from data.store import Store
from data.writer import Writer
from metrics import drift
from metrics._contract import HOUR, Filters, Read
from metrics._engine import Engine
from metrics.drift import WEEK, alarms

NOW = datetime(2026, 3, 30, tzinfo=UTC)
NOW_T = micros(NOW)
MANAGER = Scope(Role.MANAGER, teams=None)


def drawn(dice: random.Random, mean: float) -> int:
    """A Poisson count."""
    if mean > 60:
        return max(0, round(dice.gauss(mean, mean**0.5)))
    limit, product, n = exp(-mean), dice.random(), 0
    while product > limit:
        product, n = product * dice.random(), n + 1
    return n


def usual(hour: int, scale: float) -> float:
    """Events expected in an hour of the week: working days, working hours."""
    day, clock = divmod(hour % WEEK, 24)
    working = max(0.0, sin(pi * (clock - 7) / 12)) if 7 <= clock <= 19 else 0.0
    return scale * (1.0 if day < 5 else 0.25) * (0.08 + working)


def weeks(seed: int, scale: float, factor: float = 1.0, busy: float = 0.0) -> list[int]:
    """Nine weeks of hourly counts; in the last all is `factor` times what it was. `busy`: days differ by chance."""
    dice, counts = random.Random(seed), []
    for hour in range(9 * WEEK):
        if hour % 24 == 0:
            mood = exp(dice.gauss(0, busy))
        last = factor if hour >= 8 * WEEK else 1.0
        counts.append(drawn(dice, usual(hour, scale) * mood * last))
    return counts


def told(factor: float, scale: float = 12, **more: float) -> int:
    return sum(bool(alarms(weeks(seed, scale, factor, **more))) for seed in range(100))


def test_forty_percent_more_is_found_within_a_week() -> None:
    assert told(1.4) >= 99


def test_thirty_percent_less_is_found_within_a_week() -> None:
    assert told(0.7) >= 97


def test_a_week_like_the_others_seldom_raises_anything() -> None:
    assert told(1.0) <= 10
    # Also where days differ by more than chance: one in ten of them by a sixth and more.
    assert told(1.0, busy=0.1) <= 10


@pytest.mark.parametrize("seed", range(20))
def test_a_burst_of_two_hours_is_found_with_its_hours(seed: int) -> None:
    counts = weeks(seed, 20)
    at = 8 * WEEK + 24 * 2 + 10
    for hour in (at, at + 1):
        counts[hour] = counts[hour] * 4 + 20
    (found,) = alarms(counts)
    assert found.kind == "burst"
    assert (found.since, found.until) == (at - 8 * WEEK, at + 2 - 8 * WEEK)
    assert found.per_hour > 3 * found.usual


def test_where_it_began_is_told_within_a_day() -> None:
    counts = weeks(4, 20)
    dice = random.Random(9)
    for hour in range(8 * WEEK + 72, 9 * WEEK):
        counts[hour] += drawn(dice, usual(hour, 20) * 0.8)
    (found,) = alarms(counts)
    assert found.kind in ("shift", "burst")
    assert 48 <= found.since <= 110


def test_three_weeks_of_history_are_needed() -> None:
    counts = weeks(1, 12, 3.0)
    assert alarms(counts) != []
    assert alarms(counts[-(3 * WEEK) :]) == []


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """Five weeks in which each hour of work brings two messages; in the last week North's come three times as often."""
    made = Store.open(":memory:")
    writer = Writer(made, [Engine()], clock=lambda: NOW_T)
    writer.start()
    writer.register("mail", "webhook", "Mail", "")
    events = []
    for hour in range(5 * WEEK):
        at = NOW - timedelta(hours=5 * WEEK - hour)
        for team in ("North", "South"):
            n = 2 if 7 <= at.hour <= 18 else 1
            n = n * 3 if team == "North" and hour >= 4 * WEEK else n
            for place in range(n):
                key = f"{team}-{hour}-{place}"
                thread = [Ref("conversation", f"mail/{key}")]
                moment = at + timedelta(minutes=5 * place)
                events.append(Event(key, moment, "msg.in", thread, team=team, channel="email", direction="inbound"))
    writer.put("mail", Page({"n": 1}, events=events))
    yield made
    writer.stop()
    made.close()


def test_the_team_that_changed_is_told_with_its_cases_and_the_other_is_not(store: Store) -> None:
    read = Read(store.read, MANAGER)
    north = drift.drift(read, Filters(team="North"), NOW_T)
    assert {(row.direction, row.activity) for row in north.rows} == {("in", ""), ("", "msg.in")}
    row = next(row for row in north.rows if row.activity)
    assert row.per_hour > 2 * row.usual
    behind = drift.cases(read, Filters(team="North"), NOW_T, row.key)
    assert len(behind) == 50
    assert all(row.since_t <= found.t < row.until_t for found in behind)
    south = drift.drift(read, Filters(team="South"), NOW_T)
    assert (list(south.rows), south.looked) == ([], 2)


def test_within_the_hour_it_is_not_computed_again(store: Store) -> None:
    read = Read(store.read, MANAGER)
    first = drift.drift(read, Filters(), NOW_T)
    assert drift.drift(read, Filters(), NOW_T + HOUR - 1) is first
    assert drift.drift(read, Filters(), NOW_T + HOUR) is not first
