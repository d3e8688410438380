"""One person's own open cases; only ever read in that person's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from metrics._contract import Metric, Read, ask
from metrics._labels import Label, describe
from metrics._words import actor, words
from metrics.case import CaseRow, to_rows

METRIC = Metric(
    "mine",
    "My open cases",
    "Cases whose owner is the reader, or whose latest own step was the reader's, and that have not ended.",
    "Work that no connected system records under your name.",
)


ON_A_PAGE: Final = 14


@dataclass(frozen=True, slots=True)
class OwnCase:
    """One open case and its latest step."""

    case: Label
    last_activity: str
    last_t: int


@dataclass(frozen=True, slots=True)
class Mine:
    """The latest moved own cases and how many there are in all."""

    rows: Sequence[OwnCase]
    total: int


def items(read: Read, *, limit: int) -> Mine:
    """The reader's open cases, latest movement first."""
    found = _own(read, limit)
    names = describe(read, [row["obj"] for row in found])
    done = words(read, "activity")
    rows = [OwnCase(names[r["obj"]], done.get(r["last_activity"], ""), r["t"]) for r in found if r["obj"] in names]
    return Mine(rows, found[0]["total"] if found else 0)


def rows(read: Read) -> list[CaseRow]:
    """The same as cases for the evidence panel."""
    return to_rows(read, _own(read, 100))


def ahead(read: Read) -> list[int]:
    """The cases that the page is about to show, to be named together with others; `items` then has them at hand."""
    found = read.memo["mine"] = ask(read, "my_items", {"owner": actor(read, read.scope.actor), "limit": ON_A_PAGE})
    return [row["obj"] for row in found]


def _own(read: Read, limit: int) -> list[dict[str, Any]]:
    # Taken once only: whoever asks again wants what is there by then.
    known: list[dict[str, Any]] | None = read.memo.pop("mine", None) if limit <= ON_A_PAGE else None
    if known is None:
        known = ask(read, "my_items", {"owner": actor(read, read.scope.actor), "limit": limit})
    return known[:limit]
