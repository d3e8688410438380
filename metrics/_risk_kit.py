"""What a risk indicator is, what its threshold rests on, and what was found to be worth checking."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

from data.scope import Scope
from metrics._contract import DAY, HOUR, SECOND, Filters, Read, ask, statement
from metrics._labels import Label

On = Literal["deal", "case", "customer", "queue"]
Unit = Literal["time", "share", "count", "days", "ratio"]
Row = Mapping[str, Any]
ENOUGH: Final = 30
"""From so many on, a segment's own history sets a threshold."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A threshold: its value, what it is, and on how many it rests; n is 0 for a fixed number."""

    limit: float
    n: int = 0
    of: str = "fixed"


@dataclass(frozen=True, slots=True)
class History:
    """What the past says: (what, segment, stage) -> (n, value), and the last open days, newest first."""

    known: Mapping[tuple[str, str, str], tuple[int, float]]
    open_days: Sequence[int]
    now_t: int

    def mark(self, key: tuple[str, str, str], fixed: float, of: str) -> Mark:
        """The value of the segment's own history where enough is known, else the fixed number."""
        n, value = self.known.get(key, (0, 0.0))
        return Mark(value, n, of) if n >= ENOUGH and value is not None else Mark(fixed)

    def business(self, days: int) -> float:
        """How long ago so many open days began, in microseconds; weekends are guessed where no calendar is known."""
        if days < len(self.open_days):
            return float(self.now_t - self.open_days[days] - self.now_t % DAY)
        return float(days * DAY * 7 // 5)

    def place(self, stage: str) -> float | None:
        """Where won deals pass a stage, counted from the first; None while too few are known."""
        n, value = self.known.get(("order", "", stage), (0, 0.0))
        return value if n >= ENOUGH else None


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator as data. `value` of a row, or None where it cannot be told or does not apply; it is worth
    checking when it reaches `mark` (`below`: when it stays under it). `reason` is a sentence with the row's fields,
    {value} and {limit}; `needs` are activities of which some source must bring one. A letter after the number marks
    another half of the same indicator."""

    id: str
    title: str
    on: Sequence[On]
    sql: str
    unit: Unit
    value: Callable[[Row, History], float | None]
    mark: Callable[[Row, History], Mark]
    reason: str
    blind: str
    below: bool = False
    is_review: bool = False
    needs: Sequence[str] = ()

    def sign(self, row: Row, history: History, value: float) -> Sign | None:
        """What the row shows with its value, when that passes the threshold."""
        mark = self.mark(row, history)
        if (value >= mark.limit) is self.below:
            return None
        told = {"value": spelled(value, self.unit), "limit": spelled(mark.limit, self.unit)}
        return Sign(self, float(value), mark, self.reason.format(**{**row, **told}))


@dataclass(frozen=True, slots=True)
class Sign:
    """One indicator that an item shows, and why in a sentence."""

    indicator: Indicator
    value: float
    mark: Mark
    reason: str


def spelled(value: float, unit: Unit) -> str:
    """A value with its unit, as people write it."""
    if unit == "time":
        for name, size, most in (("min", 60 * SECOND, 90), ("h", HOUR, 48)):
            if value < size * most:
                return f"{value / size:.0f} {name}"
        return f"{value / DAY:.0f} d"
    if unit == "share":
        return f"{100 * value:.1f} %" if abs(value - 1) < 0.02 and value != 1 else f"{100 * value:.0f} %"
    if unit == "ratio":
        return f"{value:.1f} times"
    return f"{value:,.0f} d" if unit == "days" else f"{value:,.0f}"


@dataclass(frozen=True, slots=True)
class Item:
    """A deal, case, customer or queue that is worth a look. `worth` is the value at stake in the firm's currency,
    `left_t` the moment until which something can be done, `label` None for a queue, whose cases are `objs`."""

    on: On
    key: str
    title: str
    label: Label | None
    signs: Sequence[Sign]
    worth: float | None = None
    left_t: int | None = None
    owner: str = ""
    team: str = ""
    objs: Sequence[int] = ()


def fixed(limit: float) -> Callable[[Row, History], Mark]:
    """A threshold that is part of the definition."""
    return lambda row, history: Mark(limit)


def ago(name: str) -> Callable[[Row, History], float | None]:
    """How long ago a moment of the row was, in microseconds."""

    def value(row: Row, history: History) -> float | None:
        return None if row.get(name) is None else float(history.now_t - row[name])

    return value


_shelf: WeakKeyDictionary[Any, dict[tuple[Scope, str], tuple[tuple[Any, ...], int, Any]]] = WeakKeyDictionary()
_MOST_KEPT: Final = 400


def _kept_in(read: Read) -> dict[tuple[Scope, str], tuple[tuple[Any, ...], int, Any]]:
    # By store and not by Read: the page and its evidence panel have one each, and must not compute the same twice.
    return _shelf.setdefault(getattr(read.run, "__self__", read.run), {})


def kept(read: Read, key: str, name: tuple[Any, ...], lasts_us: int, now_t: int) -> Any:
    """What was computed lately for this scope, else None: (computed at, what)."""
    asked, at_t, found = _kept_in(read).get((read.scope, key), (None, 0, None))
    return (at_t, found) if asked == name and 0 <= now_t - at_t < lasts_us else None


def keep(read: Read, key: str, name: tuple[Any, ...], now_t: int, found: Any) -> None:
    """Remember it for everybody of this scope."""
    shelf = _kept_in(read)
    if len(shelf) > _MOST_KEPT:
        shelf.clear()
    shelf[(read.scope, key)] = (name, now_t, found)


def within(filters: Filters) -> tuple[Any, ...]:
    """The filters that decide which items are looked at."""
    return filters.team, filters.channel


def open_days(read: Read, now_t: int) -> list[int]:
    """The last open days of the firm's calendar, newest first."""
    return [row["day_t"] for row in ask(read, "risk_calendar", {"now_t": now_t})]


def ask_few(read: Read, name: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As `ask`, for a statement over `few_` relations: they take the objects (`objs`) beside its own parameters."""
    text, names = statement(name)
    return read(text, {key: params[key] for key in (*names, "objs")})
