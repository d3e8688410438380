"""Whether a figure has left its usual pattern of the week: slow shifts by CUSUM, sudden bursts by their height."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from metrics._contract import DAY, HOUR, Filters, Metric, Read, ask
from metrics._words import EVERYTHING, code, codes, words
from metrics.case import CaseRow, to_rows

METRIC = Metric(
    "drift",
    "Out of its pattern",
    "Events an hour, as square roots, less the usual level of that hour of the week over the eight weeks before the "
    "last one, in units of their usual spread. A shift is told when the sum of what exceeds a quarter of a unit passes "
    "20 (CUSUM, both ways); a burst when one hour exceeds 5 units. Only whole hours of the last week are judged, and "
    "only figures with an event every second hour or more. In weeks without change at most one series in ten is told "
    "falsely.",
    "Holidays and campaigns look like drift; a source that stopped sending looks like fewer events.",
)

WEEK: Final = 168
LEARNT_WEEKS: Final = 8
FEWEST_WEEKS: Final = 3
H: Final = 20.0
K: Final = 0.25
SPIKE: Final = 5.0
# Fewer events an hour than this have no pattern that one week could leave.
FEWEST_AN_HOUR: Final = 0.5
MOST_SERIES: Final = 8
_DIRECTIONS: Final = {1: "in", 2: "out", 0: "internal"}


@dataclass(frozen=True, slots=True)
class Alarm:
    """A series left its pattern: `kind` is shift or burst, from hour `since` to `until` of the series, `per_hour`
    events where `usual` would have been expected."""

    kind: str
    since: int
    until: int
    per_hour: float
    usual: float


@dataclass(frozen=True, slots=True)
class Drift:
    """One figure that left its pattern: `key` opens its cases; microseconds."""

    key: str
    activity: str
    direction: str
    kind: str
    since_t: int
    until_t: int
    per_hour: float
    usual: float


@dataclass(frozen=True, slots=True)
class Drifts:
    """What left its pattern in the last week, of `looked` figures; `weeks` of history were at hand."""

    rows: Sequence[Drift]
    looked: int
    weeks: int


def alarms(counts: Sequence[int], first_hour: int = 0) -> list[Alarm]:
    """What is out of pattern in the last week of hourly counts; the weeks before it teach the pattern.

    `first_hour` says which hour of the week the first count belongs to. Nothing is told from fewer than three weeks.
    """
    taught = len(counts) - WEEK
    if taught < FEWEST_WEEKS * WEEK:
        return []
    roots = [sqrt(count) for count in counts]
    level = _level(roots[:taught], first_hour)
    spread = _spread(roots[:taught], level, first_hour)
    z = [(roots[i] - level[(first_hour + i) % WEEK]) / spread for i in range(taught, len(roots))]
    usual = [level[(first_hour + i) % WEEK] ** 2 + 0.25 for i in range(taught, len(roots))]
    return _bursts(z, counts[taught:], usual) or _shifts(z, counts[taught:], usual)


def _level(roots: Sequence[float], first_hour: int) -> list[float]:
    """The mean root of each hour of the week, steadied by its neighbours: a few weeks say little about one hour."""
    sums, n = [0.0] * WEEK, [0] * WEEK
    for i, root in enumerate(roots):
        sums[(first_hour + i) % WEEK] += root
        n[(first_hour + i) % WEEK] += 1
    mean = [total / max(1, many) for total, many in zip(sums, n, strict=True)]
    return [(mean[h - 1] + 4 * mean[h] + mean[(h + 1) % WEEK]) / 6 for h in range(WEEK)]


def _spread(roots: Sequence[float], level: Sequence[float], first_hour: int) -> float:
    """How far hours lie from their level; never less than chance alone makes a count vary (half a root)."""
    squares = sum((root - level[(first_hour + i) % WEEK]) ** 2 for i, root in enumerate(roots))
    # The level was taken from these very hours, which makes them look closer to it than new ones will be.
    return max(0.5, sqrt(squares / max(1, len(roots) - WEEK)))


def _shifts(z: Sequence[float], counts: Sequence[int], usual: Sequence[float]) -> list[Alarm]:
    for sign in (1, -1):
        total, began = 0.0, 0
        for i, value in enumerate(z):
            if total == 0.0:
                began = i
            total = max(0.0, total + sign * value - K)
            if total > H:
                n = len(z) - began
                return [Alarm("shift", began, len(z), sum(counts[began:]) / n, sum(usual[began:]) / n)]
    return []


def _bursts(z: Sequence[float], counts: Sequence[int], usual: Sequence[float]) -> list[Alarm]:
    high = [i for i, value in enumerate(z) if value > SPIKE]
    if not high:
        return []
    first = last = high[0]
    for i in high:
        last = i if i == last + 1 else last
    n = last + 1 - first
    return [Alarm("burst", first, last + 1, sum(counts[first : last + 1]) / n, sum(usual[first : last + 1]) / n)]


def drift(read: Read, filters: Filters, now_t: int) -> Drifts:
    """The figures under the page's team and channel that left their pattern; computed once an hour."""
    end = now_t // HOUR
    key = (end, filters.team, filters.channel)
    known = read.memo.setdefault("drift", {})
    if key not in known:
        if len(known) > 50:
            known.clear()
        known[key] = _drift(read, filters, end)
    found: Drifts = known[key]
    return found


def _drift(read: Read, filters: Filters, end: int) -> Drifts:
    first = end - (LEARNT_WEEKS + 1) * WEEK
    rows = ask(read, "drift_hours", {**codes(read, filters), "first_hour": first, "end_hour": end})
    if not rows:
        return Drifts([], 0, 0)
    begun = min(row["begun"] for row in rows)
    names = words(read, "activity")
    found = []
    series = _series(rows, begun, end)
    for (direction, activity), counts in series:
        name = names.get(activity, "")
        for alarm in alarms(counts, begun % WEEK):
            since_t, until_t = ((end - WEEK + hour) * HOUR for hour in (alarm.since, alarm.until))
            word = _DIRECTIONS.get(direction, "")
            rates = (alarm.per_hour, alarm.usual)
            found.append(Drift(f"{direction},{name}", name, word, alarm.kind, since_t, until_t, *rates))
    return Drifts(found, len(series), (end - begun) // WEEK)


def _series(
    rows: Sequence[dict[str, Any]], begun: int, end: int
) -> list[tuple[tuple[int, int], list[int]]]:
    """Hourly counts of each direction and of the most frequent activities, where there is enough to see a pattern."""
    counts: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0] * (end - begun))
    for row in rows:
        lines = counts[row["direction"], EVERYTHING], counts[EVERYTHING, row["activity"]]
        for hour, n in zip(row["hours"], row["counts"], strict=True):
            for line in lines:
                line[hour - begun] += n
    dense = [(key, line) for key, line in counts.items() if sum(line) >= FEWEST_AN_HOUR * len(line)]
    return sorted(dense, key=lambda pair: (-sum(pair[1]), pair[0]))[:MOST_SERIES]


def cases(read: Read, filters: Filters, now_t: int, key: str) -> list[CaseRow]:
    """The cases behind a figure that left its pattern, latest first."""
    direction, _, name = key.partition(",")
    row = next((row for row in drift(read, filters, now_t).rows if row.key == key), None)
    from_t, to_t = (row.since_t, row.until_t) if row else (now_t - 7 * DAY, now_t)
    params = {
        **codes(read, filters),
        "from_t": from_t,
        "to_t": to_t,
        "direction": int(direction) if direction.lstrip("-").isdecimal() else EVERYTHING,
        "activity": code(read, "activity", name),
        "limit": 50,
    }
    return to_rows(read, ask(read, "drift_cases", params))
