"""How long cases take, and how long they stay after each step: open ones count as far as they have come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from metrics._contract import DAY, HOUR, Filters, Metric, Read, ask
from metrics._km import Curve, Quantile, kaplan_meier
from metrics._selection import Cohort, Picked, now
from metrics._words import UNKNOWN, code, words

METRIC = Metric(
    "throughput",
    "Times",
    "Chosen cases that began in the span, from the first event to the ending; times after a step run to the next event "
    "of the case, times in a stage to the next stage. What is not over yet counts as lasting at least until now "
    "(Kaplan-Meier); the interval of 95 % is that of Brookmeyer and Crowley. 'Not reached': too many are still open.",
    "Work that no connected system records; cases that never got an ending activity count as open.",
)

FEWEST: Final = 10
# Enough for a median; more would only cost time.
FOLLOWED: Final = 5_000
MARKS: Final = (HOUR, DAY, 7 * DAY, 30 * DAY, 90 * DAY)
_STAGE: Final = "stage"


@dataclass(frozen=True, slots=True)
class Stay:
    """The time something takes: `n` were watched, `open` of them still go on; microseconds."""

    name: str
    n: int
    open: int
    median: Quantile
    p90: Quantile


@dataclass(frozen=True, slots=True)
class Times:
    """The whole case, its steps and its stages, the longest stays first. `within`: the share that has ended after so
    many microseconds. Fewer than ten watched are left out."""

    whole: Stay
    steps: Sequence[Stay]
    stages: Sequence[Stay]
    within: Sequence[tuple[int, float]]
    followed: int
    total: int


def times(read: Read, filters: Filters, now_t: int) -> Times:
    """The times of the page's selection."""
    return of_cohort(now(read, filters, now_t), now_t)


def whole(cases: Picked, from_t: int, seen_t: int) -> Stay:
    """The time that those of the cases take, or have taken by `seen_t`, that began since `from_t`."""
    pairs = zip(cases.began, cases.spans(seen_t), strict=True)
    return _of_curve("", kaplan_meier((span, ended, 1) for began, (span, ended) in pairs if began >= from_t))


def of_cohort(cohort: Cohort, now_t: int) -> Times:
    """The times of the cases of a cohort that began in its stretch."""
    begun = replace(cohort, begun=True, memo={})
    seen_t = now_t if cohort.to_t is None else cohort.to_t
    cases = begun.picked(FOLLOWED)
    curve = kaplan_meier((span, ended, 1) for span, ended in cases.spans(seen_t))
    steps, stages = _parts(begun, cases, seen_t) if cases.objs else ([], [])
    return Times(
        _of_curve("", curve),
        steps,
        stages,
        [(mark, 1 - curve.left(mark)) for mark in MARKS],
        len(cases.objs),
        cases.total,
    )


def _parts(begun: Cohort, cases: Picked, seen_t: int) -> tuple[list[Stay], list[Stay]]:
    read = begun.read
    closed = [-1 if end is None else end for end in cases.ended]
    params = {"objs": cases.objs, "closed": closed, "seen_t": seen_t, "since_t": cases.since_t}
    names = words(read, "activity")
    steps = [_stay(names.get(row["activity"], ""), row) for row in ask(read, "stays", params) if row["n"] >= FEWEST]
    stage = code(read, "attribute", _STAGE)
    rows = [] if stage == UNKNOWN else ask(read, "stages", {**params, "stage": stage})
    stages = [_stay(row["name"], row) for row in rows if row["n"] >= FEWEST]
    return sorted(steps, key=_longest), sorted(stages, key=_longest)


def _stay(name: str, row: Mapping[str, Any]) -> Stay:
    pairs = zip(row["spans"], row["ended"], strict=True)
    return _of_curve(name, kaplan_meier((span, ended, 1) for span, ended in pairs))


def _of_curve(name: str, curve: Curve) -> Stay:
    return Stay(name, curve.n, curve.n - curve.ended, curve.quantile(0.5), curve.quantile(0.9))


def _longest(stay: Stay) -> tuple[bool, float, str]:
    return stay.median.value is not None, -(stay.median.value or 0), stay.name
