"""The rules a reader asks about, as parameters of statements: codes, gravity, up to when an absence is certain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from metrics._contract import Filters, Read, ask
from metrics._words import codes, words
from metrics.breaches import SEVERITIES

# A rule that waits for no source: what it says of an absence is certain at any time.
_ALWAYS: Final = 9_000_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class Marks:
    """Rules by code. `shown` are the codes of those that the filters name and some source can feed."""

    rows: Mapping[int, Mapping[str, Any]]
    shown: Sequence[int]

    def rank(self, code: int) -> int:
        """0 for the gravest severity."""
        word = self.rows[code]["severity"]
        return SEVERITIES.index(word) if word in SEVERITIES else len(SEVERITIES)

    def params(self) -> dict[str, Any]:
        """`rules` are the codes shown; `marks`, `ranks` and `places` hold a number for each rule at its code."""

        def listed(number: Callable[[int], int]) -> list[int]:
            return [number(code) if code in self.rows else 0 for code in range(max(self.rows, default=0) + 1)]

        def mark(code: int) -> int:
            told: int | None = self.rows[code]["watermark_t"]
            return _ALWAYS if told is None else told

        titles = sorted(row["title"] for row in self.rows.values())
        marks = listed(mark)
        return {
            "rules": list(self.shown),
            "marks": marks,
            "least_mark": min(marks),
            "ranks": listed(self.rank),
            "places": listed(lambda code: titles.index(self.rows[code]["title"])),
        }


def marks(read: Read, filters: Filters, left_out: Sequence[str] = ()) -> Marks:
    """The active rules. As of a past moment no source counts as complete beyond what it had brought by then."""
    rows = {row["code"]: row for row in ask(read, "rules", {})}
    if filters.asof_t:
        then = {row["rule"]: row["watermark_t"] for row in ask(read, "asof_marks", {"asof_t": filters.asof_t})}
        rows = {code: {**row, "watermark_t": then.get(code)} for code, row in rows.items()}
    named = [code for code, row in rows.items() if filters.rule in {"", row["id"]} and row["id"] not in left_out]
    return Marks(rows, [code for code in named if filters.severity in {"", rows[code]["severity"]}])


def settled(filters: Filters, now_t: int) -> Filters:
    """The filters with a moment to look at that has come; one in the future is now."""
    return replace(filters, asof_t=0) if filters.asof_t > now_t else filters


def order(read: Read, filters: Filters) -> dict[str, Any]:
    """The parameters that say in which order activations are listed: `sort`, `sign`, `teams` and `channels`."""
    by = filters.group or filters.sort.removeprefix("-")
    found: dict[str, Any] = {"sort": by, "sign": 1 if filters.sort == "-age" else -1}
    for kind in ("team", "channel"):
        known = words(read, kind)
        names = sorted(known.values())
        found[f"{kind}s"] = [
            names.index(known[code]) if code in known else 0 for code in range(max(known, default=0) + 1)
        ]
    return {**found, **codes(read, filters)}
