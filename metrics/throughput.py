"""How long cases take, and how long they stay after each step: open ones count as far as they have come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from metrics import _km
from metrics._contract import Filters, Metric, Read
from metrics._km import Quantile
from metrics._selection import Cohort, now
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
    """The whole case, its steps and its stages, the longest stays first. `curve`: (microseconds, share ended, low,
    high). Fewer than ten watched are left out."""

    whole: Stay
    steps: Sequence[Stay]
    stages: Sequence[Stay]
    curve: Sequence[tuple[float, float, float, float]]
    followed: int
    total: int


def times(read: Read, filters: Filters, now_t: int) -> Times:
    """The times of the page's selection."""
    return of_cohort(now(read, filters, now_t), now_t)


def of_cohort(cohort: Cohort, now_t: int, *, parts: bool = True) -> Times:
    """The times of the cases of a cohort that began in its stretch; without `parts` of whole cases only."""
    begun = replace(cohort, begun=True, memo={})
    seen_t = now_t if cohort.to_t is None else cohort.to_t
    cases = begun.picked()
    params = {"objs": cases.objs, "now_t": seen_t, "seen_t": seen_t, "since_t": cases.since_t}
    (row,) = begun.over("spans", params)
    curve = _km.survival(zip(row["spans"] or [], row["ended"] or [], strict=True))
    if not parts:
        return Times(_of_curve("", curve), [], [], _thin(curve), len(cases.objs), cases.total)
    names = words(cohort.read, "activity")
    steps = [_stay(names.get(r["activity"], ""), r) for r in begun.over("stays", params) if r["n"] >= FEWEST]
    stage = code(cohort.read, "attribute", _STAGE)
    rows = [] if stage == UNKNOWN else begun.over("stages", {**params, "stage": stage})
    stages = [_stay(r["name"], r) for r in rows if r["n"] >= FEWEST]
    return Times(
        _of_curve("", curve),
        sorted(steps, key=_longest),
        sorted(stages, key=_longest),
        _thin(curve),
        len(cases.objs),
        cases.total,
    )


def _stay(name: str, row: dict[str, list[int]]) -> Stay:
    return _of_curve(name, _km.survival(zip(row["spans"], row["ended"], strict=True)))


def _of_curve(name: str, curve: _km.Survival) -> Stay:
    return Stay(name, curve.n, curve.n - curve.ended, _km.quantile(curve, 0.5), _km.quantile(curve, 0.9))


def _longest(stay: Stay) -> tuple[bool, float, str]:
    return stay.median.value is not None, -(stay.median.value or 0), stay.name


def _thin(curve: _km.Survival, points: int = 60) -> list[tuple[float, float, float, float]]:
    step = max(1, len(curve.times) // points)
    rows = zip(curve.times, curve.share, curve.low, curve.high, strict=True)
    return [(t, 1 - share, 1 - high, 1 - low) for i, (t, share, low, high) in enumerate(rows)
            if i % step == 0 or i == len(curve.times) - 1]
