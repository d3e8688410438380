"""A rep's private coaching: each insight against the own past and the own won deals; nobody else can read it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from metrics._contract import DAY, SECOND, Metric, Read, ask
from metrics._insights import INSIGHTS, Insight
from metrics._km import kaplan_meier
from metrics.case import CaseRow, to_rows
from metrics.rates import wilson

METRIC = Metric(
    "coaching",
    "My coaching",
    "The last 90 days against all time before and against the own won deals. Lengths: the median (Kaplan-Meier, what "
    "still goes on counts so far) with its 95 % interval; shares with Wilson's. A change is called one only where the "
    "two intervals do not meet. Below the least number of observations nothing is told.",
    "Work that no connected source records; cases that somebody else answers for by now. It goes with, it never "
    "proves: won deals differ in more than one habit.",
)

RECENT_DAYS: Final = 90
_FRESH_US: Final = 300 * SECOND


@dataclass(frozen=True, slots=True)
class Figure:
    """A median in microseconds or a share from 0 to 1, with its 95 % interval (None: not reached) and what it rests
    on. `value` is None below the least number of observations, or where half of them still go on."""

    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None

    def is_apart(self, other: Figure) -> bool:
        """Whether the two intervals do not meet."""
        if self.value is None or other.value is None:
            return False
        ends = [(one.low, one.high) for one in (self, other)]
        if any(low is None for low, _ in ends):
            return False
        (low1, high1), (low2, high2) = ends
        return (high1 is not None and high1 < (low2 or 0)) or (high2 is not None and high2 < (low1 or 0))


@dataclass(frozen=True, slots=True)
class Told:
    """One insight as it stands: the last 90 days, before them, and on the own won deals. Of the kind `now` only
    `count`, the number of cases to look at. `missing`: how many more observations are needed."""

    insight: Insight
    recent: Figure
    before: Figure
    on_won: Figure
    count: int = 0
    missing: int = 0

    @property
    def change(self) -> str:
        """The last 90 days against before: better, worse, other, the same, or empty where it cannot be told."""
        if self.recent.value is None or self.before.value is None:
            return ""
        if not self.recent.is_apart(self.before):
            return "the same"
        if not self.insight.better:
            return "other"
        is_less = self.recent.value < self.before.value
        return "better" if is_less == (self.insight.better == "less") else "worse"


@dataclass(frozen=True, slots=True)
class Shared:
    """An insight that is shown to a manager: whose, what it said when it was shared, and to whom (empty: the managers
    of the team)."""

    actor: str
    name: str
    told: Told
    team: str
    to_person: str
    at_t: int


def insights(read: Read, now_t: int) -> list[Told]:
    """All insights of the reader. NotAllowed for everybody but a rep. Computed anew every five minutes."""
    at, known = read.memo.get("coaching", (-1, []))
    if at != now_t // _FRESH_US:
        known = [_told(insight, ask(read, insight.statement, {"now_t": now_t}), now_t) for insight in INSIGHTS]
        read.memo["coaching"] = (now_t // _FRESH_US, known)
    found: list[Told] = known
    return found


def one(read: Read, now_t: int, id_: str) -> Told | None:
    """One insight of the reader as it is at this moment; None when there is none of this name."""
    insight = _BY_ID.get(id_)
    return None if insight is None else _told(insight, ask(read, insight.statement, {"now_t": now_t}), now_t)


def cases(read: Read, now_t: int, id_: str) -> list[CaseRow]:
    """The cases behind an insight, newest observation first; of the kind `now` in the order in which they press."""
    insight = _BY_ID.get(id_)
    if insight is None:
        return []
    rows = ask(read, insight.statement, {"now_t": now_t})
    if insight.kind != "now":
        rows.sort(key=lambda row: (-row["t"], row["obj"]))
    first = {row["obj"]: row for row in reversed(rows)}
    return to_rows(read, [row for row in rows if first[row["obj"]] is row][:100])


def shared(read: Read) -> list[Shared]:
    """What the reader shares, or, for a manager, what is shared with him; by person and insight. NotAllowed for all
    others."""
    found = []
    for row in ask(read, "coaching_shared", {}):
        told = from_words(row["insight"], json.loads(row["told"]))
        if told:
            found.append(Shared(row["actor"], row["name"], told, row["team"], row["to_person"], row["at_t"]))
    return found


def words(told: Told) -> dict[str, Any]:
    """The figures as JSON values, to be shared."""
    return {**{name: asdict(getattr(told, name)) for name in _FIGURES}, "count": told.count, "missing": told.missing}


def from_words(id_: str, said: Mapping[str, Any]) -> Told | None:
    """The same back; None for an insight that is known no more."""
    insight = _BY_ID.get(id_)
    figures = {name: Figure(**said[name]) for name in _FIGURES}
    return None if insight is None else Told(insight, **figures, count=said["count"], missing=said["missing"])


_BY_ID: Final = {insight.id: insight for insight in INSIGHTS}
_FIGURES: Final = ("recent", "before", "on_won")


def _told(insight: Insight, rows: Sequence[Mapping[str, Any]], now_t: int) -> Told:
    if insight.kind == "now":
        return Told(insight, Figure(0), Figure(0), Figure(0), len(rows))
    since_t = now_t - RECENT_DAYS * DAY
    recent = [row for row in rows if row["t"] >= since_t]
    before, on_won = [row for row in rows if row["t"] < since_t], [row for row in rows if row["won"]]
    return Told(insight, _figure(insight, recent), _figure(insight, before), _figure(insight, on_won),
                missing=max(0, insight.minimum - len(recent)))


def _figure(insight: Insight, rows: Sequence[Mapping[str, Any]]) -> Figure:
    n = len(rows)
    if n < insight.minimum:
        return Figure(n)
    if insight.kind == "share":
        k = sum(int(row["value"]) for row in rows)
        return Figure(n, k / n, *wilson(k, n))
    middle = kaplan_meier((row["value"], row["ended"], 1) for row in rows).quantile(0.5)
    return Figure(n, middle.value, middle.low, middle.high)
