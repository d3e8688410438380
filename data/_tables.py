"""Reads tables of a settings file into dataclasses, and refuses what nobody knows in a sentence that helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, time
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from data.errors import FixSettings

_T = TypeVar("_T")
Words = tuple[str, ...]
Days = tuple[date, ...]
Spans = tuple[tuple[time, time], ...]
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def nearest(word: str, known: Sequence[str]) -> str:
    """The end of a sentence that refuses a word: the name that was probably meant, or all there are."""
    folded = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), folded, n=1)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    some = ", ".join(sorted(known)[:20]) + (", ..." if len(known) > 20 else "")
    return f"known are {some}" if known else "there is none to choose from"


def place(file: Path | None, table: str) -> str:
    """Where in the settings something stands, as it begins an error."""
    return f"{file.name if file else 'settings'}, [{table}]"


def filled(kind: type[_T], raw: Mapping[str, Any], where: str) -> _T:
    """The dataclass with the keys of `raw` in its fields; unknown keys and wrong kinds are FixSettings."""
    known = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    hints = get_type_hints(kind)
    refuse_unknown(raw, known, where)
    return kind(**{name: want(f"{where}: {name!r}", value, hints[name]) for name, value in raw.items()})


def refuse_unknown(raw: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """FixSettings for the first key that is not known."""
    for name in raw:
        if name not in known:
            raise FixSettings(f"{where}: there is no setting {name!r}; {nearest(name, known)}")


def want(where: str, value: Any, kind: Any) -> Any:
    """The value as this kind (str, bool, int, float, dict, list, Path, Words, Days), or FixSettings with both."""
    fits, word, convert = _KINDS[kind]
    if not fits(value):
        raise FixSettings(f"{where} is {_shown(value)}; it must be {word}")
    try:
        return convert(value)
    except ValueError as error:
        raise FixSettings(f"{where} is {_shown(value)}; it must be {word}") from error


def spans(where: str, hours: str) -> Spans:
    """The open times of a day out of "09:00-12:00, 13:00-17:30"."""
    try:
        ends = [[time.fromisoformat(end.strip()) for end in span.split("-")] for span in hours.split(",")]
        found = tuple((start, stop) for start, stop in ends)
    except ValueError as error:
        raise FixSettings(f"{where}: open is {hours!r}; write it like \"09:00-17:00\" or "
                          "\"09:00-12:00, 13:00-17:30\"") from error
    flat = [end for span in found for end in span]
    if any(early >= late for early, late in pairwise(flat)):
        raise FixSettings(f"{where}: open is {hours!r}, which does not run forward; order the times of the day")
    return found


def weekdays(where: str, days: str) -> frozenset[int]:
    """The days of the week out of "mon-thu, sat"; Monday is 0."""
    found: set[int] = set()
    for part in days.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise FixSettings(f"{where}: days is {days!r}; write it like \"mon-fri\" or \"mon-thu, sat\"")
        start, length = _DAYS.index(first), (_DAYS.index(last or first) - _DAYS.index(first)) % 7
        found |= {(start + step) % 7 for step in range(length + 1)}
    return frozenset(found)


def _shown(value: Any) -> str:
    text = repr(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _is(*kinds: type) -> Callable[[Any], bool]:
    # True is an int in Python; in a file it is a mistake.
    return lambda value: isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _each(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list | tuple) and all(fits(item) for item in value)


def _day(value: str | date) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _is_day(value: Any) -> bool:
    return isinstance(value, str | date) and not isinstance(value, datetime)


_KINDS: dict[Any, tuple[Callable[[Any], bool], str, Callable[[Any], Any]]] = {
    str: (_is(str), "a text in quotes", str),
    bool: (_is(bool), "true or false, without quotes", bool),
    int: (_is(int), "a whole number, without quotes", int),
    float: (_is(int, float), "a number, without quotes", float),
    dict: (_is(dict), "a table of its own", dict),
    list: (_each(lambda item: True), "a list in brackets", list),
    Path: (_is(str), "a path in quotes", Path),
    Words: (_each(_is(str)), "a list of texts, like [\"one\", \"two\"]", tuple),
    Days: (_each(_is_day), "a list of days, like [2026-12-25, 2027-01-01]", lambda days: tuple(map(_day, days))),
}
