"""A series of counts over a window, and what a page asks twice for one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from metrics._contract import Read, ask, statement

BUCKETS: Final = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One series: its name and a count for each bucket of the window."""

    name: str
    counts: Sequence[int]


def once(read: Read, now_t: int, name: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As `ask`, but for one moment each statement is read only once: a page first finds all that it shows, so that
    names are looked up together, and its cards then ask for the same again."""
    at_t, known = read.memo.get("once", (None, {}))
    if at_t != now_t:
        known = {}
        read.memo["once"] = (now_t, known)
    wanted = statement(name)[1]
    key = (name, *(tuple(v) if isinstance(v := params[word], list) else v for word in wanted))
    if key not in known:
        known[key] = ask(read, name, params)
    found: list[dict[str, Any]] = known[key]
    return found
