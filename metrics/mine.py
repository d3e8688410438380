"""One person's own open cases; only ever read in that person's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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


def _own(read: Read, limit: int) -> list[dict[str, Any]]:
    return ask(read, "my_items", {"owner": actor(read, read.scope.actor), "limit": limit})
