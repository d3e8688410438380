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
_BY_HEART: Final = 2_000


def words(read: Read, kind: str) -> dict[int, str]:
    """Code -> word of a dictionary: activity, channel, team, object_type or attribute."""
    found: dict[int, str] = _dictionaries(read)[0].get(kind, {})
    return found


def team_sizes(read: Read) -> dict[int, int]:
    """Code of a team -> how many people are known in it."""
    return _dictionaries(read)[1]


def _dictionaries(read: Read) -> tuple[dict[str, dict[int, str]], dict[int, int]]:
    at, known, sizes = read.memo.get("words", (0.0, {}, {}))
    if time.monotonic() - at > _FRESH_SECONDS:
        # One statement for all of them: each costs more than the rows it brings.
        known, sizes = defaultdict(dict), {}
        for row in ask(read, "words", {}):
            known[row["kind"]][row["code"]] = row["name"]
            if row["kind"] == "team":
                sizes[row["code"]] = row["people"]
        read.memo["words"] = (time.monotonic(), known, sizes)
    return known, sizes


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
    known = _staff(read)
    missing = sorted(set(wanted) - known.keys())
    if missing:
        _learn(read, known, "list_contains($codes, code)", {"codes": missing})
    return known


def actor(read: Read, key: str) -> int:
    """The code of a person's key; EVERYTHING for the empty key."""
    if not key:
        return EVERYTHING
    known = read.memo.get("actor:" + key)
    if known is None:
        rows = read("SELECT code FROM actor WHERE key = $key", {"key": key})
        if not rows:
            return UNKNOWN
        known = read.memo["actor:" + key] = rows[0]["code"]
    found: int = known
    return found


def _staff(read: Read) -> dict[int, Person]:
    """The people who are remembered. Most firms are small enough to be learned by heart at once."""
    at, known = read.memo.get("people", (0.0, {}))
    if time.monotonic() - at > 60 * _FRESH_SECONDS or len(known) > _REMEMBERED:
        known = {}
        _learn(read, known, "code < $most", {"most": _BY_HEART})
        read.memo["people"] = (time.monotonic(), known)
    found: dict[int, Person] = known
    return found


def _learn(read: Read, known: dict[int, Person], which: str, params: dict[str, Any]) -> None:
    rows = read("SELECT code, key, name FROM actor WHERE " + which, params)
    known.update({row["code"]: Person(row["key"] or "", row["name"] or "") for row in rows})
