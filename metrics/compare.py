"""Two selections or two periods side by side: what differs, by how much, and how sure that is.

A side that was written down is the baseline that a later one is measured against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from metrics import throughput
from metrics._bh import Difference, adjusted, difference
from metrics._contract import Filters, Metric, Read, ask
from metrics._discovery import followed
from metrics._marks import marks
from metrics._selection import Cohort, Selection, before, now
from metrics.throughput import Stay

METRIC = Metric(
    "compare",
    "Comparison",
    "Two groups of cases: the share of cases in each that took a step, their difference with Newcombe's interval of "
    "95 %, and what remains when told how many steps were looked at (Benjamini-Hochberg at 5 %). An earlier period is "
    "taken as it stood at its end, so both are seen equally far. Times as under Times.",
    "Groups may differ in more than what was chosen: a difference goes with the choice and need not come from it. A "
    "case that moved in both periods is on both sides.",
)

# A share of fewer cases than this in either group is not compared.
FEWEST: Final = 30
# Enough for an interval of two points.
FOLLOWED: Final = 6_000
KEPT: Final = 0.05
BEFORE: Final = "before"
REST: Final = "rest"


@dataclass(frozen=True, slots=True)
class Side:
    """One group: its cases, how many of them have ended, were broken or repeat a step, and the time a case takes."""

    title: str
    total: int
    followed: int
    closed: int
    broken: int
    rework: int
    time: Stay


@dataclass(frozen=True, slots=True)
class ArcDifference:
    """A step and the share of cases that took it on the left less that on the right; `q` tells what is left of it when
    all steps are looked at."""

    arc: str
    share: Difference
    q: float

    @property
    def holds(self) -> bool:
        """Whether it is more than chance, told how many were looked at."""
        return self.q <= KEPT


@dataclass(frozen=True, slots=True)
class Comparison:
    """Left and right, and their steps that differ, the surest first; `looked` steps were compared."""

    left: Side
    right: Side
    arcs: Sequence[ArcDifference]
    broken: Difference | None
    rework: Difference | None
    looked: int


def sides(read: Read, filters: Filters, now_t: int) -> tuple[Cohort, Cohort]:
    """The page's selection, and what `versus` sets against it: `before` (the default), `rest`, or a selection."""
    left = now(read, filters, now_t)
    if filters.versus in {"", BEFORE}:
        return left, before(read, filters, now_t)
    if filters.versus == REST:
        return left, replace(left, apart=True, memo={})
    kind, _, word = filters.versus.partition("=")
    if kind in {"team", "channel"}:
        other = replace(filters, team=word) if kind == "team" else replace(filters, channel=word)
        return left, replace(left, filters=other, memo={})
    other_chosen = replace(Selection.parse(filters.versus), types=left.chosen.types)
    return left, replace(left, chosen=other_chosen, memo={})


def compared(read: Read, filters: Filters, now_t: int) -> Comparison:
    """The comparison that the page asks for."""
    left, right = sides(read, filters, now_t)
    one, other = side(left, now_t, "left"), side(right, now_t, "right")
    arcs = _arcs(left, right)
    return Comparison(
        one,
        other,
        sorted(arcs, key=lambda arc: (arc.q, -abs(arc.share.value), arc.arc)),
        _of_counts(one, other, "broken"),
        _of_counts(one, other, "rework"),
        len(arcs),
    )


def side(cohort: Cohort, now_t: int, title: str) -> Side:
    """What is told of one group."""
    cases, seen_t = cohort.picked(FOLLOWED), now_t if cohort.to_t is None else cohort.to_t
    known = marks(cohort.read, Filters())
    params = {
        **known.params(),
        "rules": [number for number in known.shown if known.rows[number]["kind"] == "violation"],
        "objs": cases.objs,
        "since_t": cases.since_t,
        "seen_t": seen_t,
    }
    (row,) = ask(cohort.read, "side", params)
    time = throughput.whole(cases, cohort.from_t, seen_t)
    return Side(title, cases.total, len(cases.objs), cases.closed, row["broken"], row["rework"], time)


def _of_counts(one: Side, other: Side, what: str) -> Difference | None:
    if min(one.followed, other.followed) < FEWEST:
        return None
    return difference(getattr(one, what), one.followed, getattr(other, what), other.followed)


def _arcs(left: Cohort, right: Cohort) -> list[ArcDifference]:
    n1, n0 = len(left.picked(FOLLOWED).objs), len(right.picked(FOLLOWED).objs)
    if min(n1, n0) < FEWEST:
        return []
    taken1, taken0 = ({arc.key: arc.cases or 0 for arc in followed(one, FOLLOWED)} for one in (left, right))
    # What hardly anybody does on either side cannot differ by more than chance; looking at it costs the others.
    keys = sorted(k for k in taken1.keys() | taken0.keys() if taken1.get(k, 0) + taken0.get(k, 0) >= FEWEST // 3)
    found = [difference(taken1.get(key, 0), n1, taken0.get(key, 0), n0) for key in keys]
    q_values = adjusted([share.p for share in found])
    return [ArcDifference(*row) for row in zip(keys, found, q_values, strict=True)]
