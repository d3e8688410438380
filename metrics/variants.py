"""The ways that cases went from beginning to end: how many went each, how long it took, how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from metrics._contract import Filters, Metric, Read, ask
from metrics._discovery import recent
from metrics._selection import Cohort, now
from metrics._words import UNKNOWN, words
from metrics.case import CaseRow

METRIC = Metric(
    "variants",
    "Variants",
    "A variant is one order of activities from a case's first event to its latest. Its share is of all chosen cases "
    "that moved in the span. Time: the median from first event to ending of those that have ended; won: the share of "
    "the ended ones whose last activity is a deal won.",
    "Cases still open are counted under the course they have had so far; steps no connected system records.",
)

SHOWN: Final = 15
_WON: Final = "opportunity.won"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way: its mark, its activities in order, how many cases went it and how many of these have ended, the median
    time of the ended in microseconds, how many ended won, and how many steps repeat an earlier one."""

    key: str
    steps: Sequence[str]
    n: int
    closed: int
    median_us: float | None
    won: int
    rework: int


@dataclass(frozen=True, slots=True)
class Variants:
    """The most frequent ones, out of `count` with `total` cases."""

    rows: Sequence[Variant]
    count: int
    total: int


def variants(read: Read, filters: Filters, now_t: int, limit: int = SHOWN) -> Variants:
    """The variants of the page's selection, most frequent first."""
    return of_cohort(now(read, filters, now_t), limit)


def of_cohort(cohort: Cohort, limit: int = SHOWN) -> Variants:
    """The variants of a cohort that is looked at as it is now."""
    names = words(cohort.read, "activity")
    won = next((number for number, name in names.items() if name == _WON), UNKNOWN)
    rows = cohort.over("variants", {"limit": limit, "won": won})
    if not rows:
        return Variants([], 0, 0)
    steps = _steps(cohort.read, rows, names)
    return Variants([_variant(row, steps) for row in rows], rows[0]["variants"], int(rows[0]["total"]))


def _steps(read: Read, rows: Sequence[Mapping[str, Any]], names: Mapping[int, str]) -> dict[int, list[str]]:
    # Read from one case of each, which the reader may see, and not from the list of all variants, which holds
    # courses of other people's cases too.
    params = {
        "objs": [row["obj"] for row in rows],
        "first_t": min(row["first_t"] for row in rows),
        "last_t": max(row["last_t"] for row in rows),
    }
    return {row["obj"]: [names.get(code, "") for code in row["steps"]] for row in ask(read, "variant_steps", params)}


def _variant(row: Mapping[str, Any], steps: Mapping[int, list[str]]) -> Variant:
    return Variant(
        row["variant"], steps.get(row["obj"], []), row["n"], row["closed"], row["p50"], row["won"], row["rework"]
    )


def cases(read: Read, filters: Filters, now_t: int, key: str) -> list[CaseRow]:
    """Cases that went a variant, those that moved latest."""
    cohort = now(read, filters, now_t)
    return recent(cohort.with_variant(key))
