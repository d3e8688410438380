"""Which cases a view is about: conditions on their course and on what is known of them, as words of an address.

    via:quote.sent;not:approval;is:region=North;longer:5d;state:open;type:ticket;variant:9f2c

reads: passes through, does not pass through, an attribute, takes longer than, open or closed, the types of case, one
variant. Each part may occur again; several `via` must all hold, several values of one attribute are alternatives.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote, unquote

from metrics._contract import DAY, HOUR, SECOND, SPANS, Filters, Read, ask, statement
from metrics._words import code, codes, words
from metrics.process import PREFERRED, case_types

CUSTOMER: Final = "*customer"
"""Stands for all that happened with one customer, whatever case it was in."""
MOST: Final = 20_000
"""No more cases than this are followed step by step; of more an even sample is."""
LONGEST: Final = 1_000
FAR_T: Final = 9_000_000_000_000_000_000
_UNITS: Final = {"min": 60 * SECOND, "h": HOUR, "d": DAY}
_STATES: Final = ("open", "closed")
_MANY: Final = 12
_FRESH_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that all hold; empty ones mean every case."""

    types: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    known: tuple[tuple[str, str], ...] = ()
    longer: str = ""
    state: str = ""
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Selection:
        """The selection of an address; parts that are not understood are left out."""
        lists: dict[str, dict[str, None]] = {"type": {}, "via": {}, "not": {}, "is": {}}
        one = {"longer": "", "state": "", "variant": ""}
        for part in text[:LONGEST].split(";"):
            kind, _, word = part.partition(":")
            word = unquote(word)
            if kind in lists and word and len(lists[kind]) < _MANY:
                lists[kind][word] = None
            elif kind in one:
                one[kind] = word[:80]
        known = (word.partition("=") for word in lists["is"])
        return cls(
            tuple(lists["type"]),
            tuple(lists["via"]),
            tuple(lists["not"]),
            tuple((name, value) for name, mark, value in known if name and mark),
            one["longer"] if length_us(one["longer"]) else "",
            one["state"] if one["state"] in _STATES else "",
            one["variant"],
        )

    @property
    def text(self) -> str:
        """The words of the address that mean this selection."""
        parts = [
            *(("type", word) for word in self.types),
            *(("via", word) for word in self.via),
            *(("not", word) for word in self.without),
            *(("is", f"{name}={value}") for name, value in self.known),
            *((kind, getattr(self, kind)) for kind in ("longer", "state", "variant")),
        ]
        return ";".join(f"{kind}:{quote(word, safe='=. *')}" for kind, word in parts if word)

    @property
    def narrows(self) -> bool:
        """Whether some cases are left out, so that sums over all of them do not serve."""
        return replace(self, types=()) != Selection()


def length_us(text: str) -> int:
    """Microseconds of "90min", "8h" or "5d"; 0 for what is no length of time."""
    for unit, size in _UNITS.items():
        number = text.removesuffix(unit)
        if number != text and number.isdecimal() and len(number) < 6:
            return int(number) * size
    return 0


@dataclass(frozen=True, slots=True)
class Cohort:
    """The cases of a selection under the filters of a page, in a stretch of time, for one reader.

    `to_t` is None for now. With an earlier one the cases are taken as they stood then, so two stretches compare alike.
    `apart`: those of the types that the conditions leave out. `begun`: only those that began in the stretch, whether
    they moved since or not.
    """

    read: Read
    filters: Filters
    chosen: Selection
    from_t: int
    to_t: int | None = None
    begun: bool = False
    apart: bool = False
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def types(self) -> list[str]:
        """The types of case that are meant."""
        return types_of(self.read, self.filters, self.chosen)

    @property
    def by_party(self) -> bool:
        """Whether courses are those of customers."""
        return self.chosen.types == (CUSTOMER,)

    def over(self, name: str, also: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of metrics/sql/<name>.sql, which reads the chosen cases as `fit`."""
        fit, needs = statement("fit" if self.to_t is None else "fit_then")
        body, wants = statement(name)
        params = {**self._params(), **(also or {})}
        joined = f", {body[5:]}" if body.startswith("WITH ") else f" {body}"
        # Two texts of ours put together; all values are bound.
        return self.read("WITH fit AS (" + fit + ")" + joined, {key: params[key] for key in {*needs, *wants}})

    def _params(self) -> dict[str, Any]:
        read, chosen = self.read, self.chosen
        known = [(code(read, "attribute", name), value) for name, value in chosen.known]
        return {
            **codes(read, self.filters),
            "types": [code(read, "object_type", name) for name in self.types],
            "from_t": self.from_t,
            "to_t": FAR_T if self.to_t is None else self.to_t,
            "begun": self.begun,
            "apart": self.apart,
            "longer_us": length_us(chosen.longer),
            "state": chosen.state,
            "variant": chosen.variant,
            "via": [code(read, "activity", name) for name in chosen.via],
            "n_via": len(chosen.via),
            "without": [code(read, "activity", name) for name in chosen.without],
            "n_without": len(chosen.without),
            "attributes": [number for number, _ in known],
            "values": [value for _, value in known],
            "n_known": len({number for number, _ in known}),
        }

    def with_variant(self, key: str) -> Cohort:
        """Its cases that went one way from beginning to end."""
        return replace(self, chosen=replace(self.chosen, variant=key), memo={})

    def picked(self, most: int = MOST) -> Picked:
        """The cases themselves, or an even sample of no more than some `most`; read once for each cohort."""
        if most not in self.memo:
            (row,) = self.over("picked", {"most": most, "by_party": self.by_party})
            kept = [row[name] or [] for name in ("objs", "began", "moved", "ended")]
            self.memo[most] = Picked(row["total"], row["closed"], row["since_t"] or 0, *kept)
        found: Picked = self.memo[most]
        return found


@dataclass(frozen=True, slots=True)
class Picked:
    """How many cases there are, how many of them have ended, and when the oldest of those that are followed began.
    Those are in `objs`, and beside each when it `began`, last `moved` and `ended` (None while open)."""

    total: int
    closed: int
    since_t: int
    objs: list[int]
    began: list[int]
    moved: list[int]
    ended: list[int | None]

    @property
    def is_sample(self) -> bool:
        """Whether not all are followed."""
        return len(self.objs) < self.total

    def spans(self, seen_t: int) -> list[tuple[int, bool]]:
        """How long each took, or has taken by now, and whether it is over."""
        rows = zip(self.began, self.moved, self.ended, strict=True)
        return [((max(seen_t, moved) if end is None else end) - began, end is not None) for began, moved, end in rows]

    def plus(self, other: Picked) -> Picked:
        """The cases of two types."""
        since = min((t for t in (self.since_t, other.since_t) if t), default=0)
        lists = (getattr(self, name) + getattr(other, name) for name in ("objs", "began", "moved", "ended"))
        return Picked(self.total + other.total, self.closed + other.closed, since, *lists)


def now(read: Read, filters: Filters, now_t: int) -> Cohort:
    """The cases of the page's selection in its span of days, as they are now."""
    return Cohort(read, filters, Selection.parse(filters.pick), max(0, filters.first_day(now_t)) * DAY)


def before(read: Read, filters: Filters, now_t: int) -> Cohort:
    """The same cases of the stretch of equal length before the span, as they stood at its end."""
    end = max(0, filters.first_day(now_t)) * DAY
    begin = max(0, end - SPANS[filters.span] * DAY)
    return Cohort(read, filters, Selection.parse(filters.pick), begin, end)


def types_of(read: Read, filters: Filters, chosen: Selection) -> list[str]:
    """The types of case that are meant: those chosen, else that of the page, else the first that has cases."""
    known = present(read)
    if CUSTOMER in chosen.types:
        return known
    if chosen.types:
        return list(chosen.types)
    if filters.otype:
        return [filters.otype]
    return known[:1] or [PREFERRED[0]]


def present(read: Read) -> list[str]:
    """The types of case that there are, the usual first."""
    at, found = read.memo.get("present", (0.0, []))
    if not found or time.monotonic() - at > _FRESH_SECONDS:
        names = words(read, "object_type")
        there = {names.get(row["otype"], "") for row in ask(read, "present", {})}
        found = [name for name in case_types(read) if name in there]
        read.memo["present"] = (time.monotonic(), found)
    types: list[str] = found
    return types
