"""Codes and their words, remembered for a few seconds: joins with dictionaries cost more than the figures."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from metrics._contract import Filters, Read, ask

EVERYTHING: Final = -1
UNKNOWN: Final = -2
_FRESH_SECONDS: Final = 3.0
_REMEMBERED: Final = 20_000


def words(read: Read, kind: str) -> dict[int, str]:
    """Code -> word of a dictionary: activity, channel, team, object_type or attribute."""
    at, known = read.memo.get("words", (0.0, {}))
    if time.monotonic() - at > _FRESH_SECONDS:
        # One statement for all of them: each costs more than the rows it brings.
        known = defaultdict(dict)
        for row in ask(read, "words", {}):
            known[row["kind"]][row["code"]] = row["name"]
        read.memo["words"] = (time.monotonic(), known)
    found: dict[int, str] = known.get(kind, {})
    return found


def code(read: Read, kind: str, word: str) -> int:
    """The code of a word; EVERYTHING for the empty word, UNKNOWN (no row has it) for one nobody knows."""
    if not word:
        return EVERYTHING
    return next((number for number, name in words(read, kind).items() if name == word), UNKNOWN)


def codes(read: Read, filters: Filters) -> dict[str, Any]:
    """The word filters as SQL parameters `team`, `channel` and `otype`."""
    return {
        "team": code(read, "team", filters.team),
        "channel": code(read, "channel", filters.channel),
        "otype": code(read, "object_type", filters.otype),
    }


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the own firm as the viewer may know them; an officer gets a pseudonym."""

    key: str
    name: str


def people(read: Read, wanted: Iterable[int]) -> dict[int, Person]:
    """Code -> person, for a few codes."""
    at, known = read.memo.get("people", (0.0, {}))
    if time.monotonic() - at > 60 * _FRESH_SECONDS or len(known) > _REMEMBERED:
        known = {}
        read.memo["people"] = (time.monotonic(), known)
    missing = sorted(set(wanted) - known.keys())
    if missing:
        rows = read("SELECT code, key, name FROM actor WHERE list_contains($codes, code)", {"codes": missing})
        known.update({row["code"]: Person(row["key"] or "", row["name"] or "") for row in rows})
    return known


def actor(read: Read, key: str) -> int:
    """The code of a person's key; EVERYTHING for the empty key."""
    if not key:
        return EVERYTHING
    found = read.memo.get("actor:" + key)
    if found is None:
        rows = read("SELECT code FROM actor WHERE key = $key", {"key": key})
        if not rows:
            return UNKNOWN
        found = read.memo["actor:" + key] = rows[0]["code"]
    return found
