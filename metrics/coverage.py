"""Which sources could bring the events of each rule, and whether these sources are well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from data.vocabulary import label
from metrics._contract import Metric, Read, ask
from metrics._sentence import one_of
from metrics._words import words
from metrics.sources import Health, SourceRow, sources

METRIC = Metric(
    "coverage",
    "Coverage",
    "For each rule the sources that have brought one of its activities, with their state and how far they are "
    "complete. A rule of which some needed event was never brought by any source is left out of all figures.",
    "A source that could bring an event but has not brought one yet counts as if it could not.",
)

_ACTIVATION: Final = 1
_TARGET: Final = 2
_WORST: Final[Mapping[str, int]] = {"ok": 0, "late": 1, "blind": 2}


@dataclass(frozen=True, slots=True)
class Bringer:
    """A source that brings events of a rule, and which."""

    id: str
    title: str
    health: Health
    state: str
    watermark_t: int | None
    activities: Sequence[str]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known of a rule's events. `lacking`: activities (in words) of which the rule needs one and no source
    has brought any."""

    rule: str
    bringers: Sequence[Bringer]
    lacking: Sequence[str]

    @property
    def is_measured(self) -> bool:
        """Whether the rule's figures mean anything."""
        return not self.lacking

    @property
    def health(self) -> Health:
        """That of the least well of its sources."""
        return max((b.health for b in self.bringers), key=lambda health: _WORST[health], default="blind")

    @property
    def known_t(self) -> int | None:
        """Up to when all of its sources are complete."""
        told = [b.watermark_t for b in self.bringers]
        return None if not told or None in told else min(t for t in told if t is not None)

    def says(self) -> str:
        """What is missing, in a sentence; empty when nothing is."""
        return f"no source brings {one_of(self.lacking)}" if self.lacking else ""


def coverage(read: Read, now_t: int) -> dict[str, Coverage]:
    """The coverage of every active rule, by its id."""
    at_t, known = read.memo.get("coverage", (None, None))
    if at_t == now_t:
        return dict(known)
    wells = {row.id: row for row in sources(read, now_t)}
    terms: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in ask(read, "coverage", {}):
        terms[row["id"]].append(row)
    names = words(read, "activity")
    found = {}
    for rule, rows in terms.items():
        brought: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            if row["source"] in wells:
                brought[row["source"]].append(names.get(row["activity"], ""))
        bringers = [_bringer(wells[source], brought[source], now_t) for source in sorted(brought)]
        found[rule] = Coverage(rule, bringers, _lacking(rows, names))
    read.memo["coverage"] = (now_t, found)
    return found


def _bringer(row: SourceRow, activities: Sequence[str], now_t: int) -> Bringer:
    labels = sorted({label(activity) for activity in activities})
    return Bringer(row.id, row.title or row.id, row.health(now_t), row.state, row.watermark_t, labels)


def _lacking(rows: Sequence[Mapping[str, Any]], names: Mapping[int, str]) -> list[str]:
    """The activities of a side (activation or target) of which none was ever brought."""
    for side in (_ACTIVATION, _TARGET):
        mine = [row for row in rows if row["role"] == side]
        if mine and not any(row["source"] for row in mine):
            return sorted({names.get(row["activity"], "an unknown activity") for row in mine})
    return []


def left_out(read: Read, now_t: int) -> list[str]:
    """The ids of rules whose events no source brings."""
    return [rule for rule, one in coverage(read, now_t).items() if not one.is_measured]
