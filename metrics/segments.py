"""What cases can be chosen by: attributes with a handful of values, and the activities that occur."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from metrics._contract import Filters, Metric, Read, ask
from metrics._selection import Selection, types_of
from metrics._words import code, words
from metrics.causes import NEVER

METRIC = Metric(
    "segments",
    "Which cases",
    "Conditions that all hold. Passes through: the activity is in the case's course. Takes longer than: from the first "
    "event to the latest one. An attribute: its latest value. Courses are whole: also what a case did before the span "
    "of days. More than 20,000 cases are followed by an even sample, which the page then says.",
    "Attributes with more than 30 different values, and those that name people, cannot be chosen.",
)

MOST_VALUES: Final = 30
_FRESH_SECONDS: Final = 300.0
# Values that none of so many newest objects has are not offered; in an address they serve all the same.
_NEWEST: Final = 200_000


def segments(read: Read, filters: Filters) -> Mapping[str, Sequence[str]]:
    """Attribute -> its values, most frequent first; remembered for some minutes."""
    types = types_of(read, filters, Selection.parse(filters.pick))
    known = read.memo.setdefault("segments", {})
    at, found = known.get(tuple(types), (0.0, {}))
    if not at or time.monotonic() - at > _FRESH_SECONDS:
        names = words(read, "attribute")
        params = {
            "types": [code(read, "object_type", name) for name in types],
            "never": [number for number, name in names.items() if name.lower() in NEVER],
            "most": MOST_VALUES,
            "floor": ask(read, "newest_object", {})[0]["last_obj"] - _NEWEST,
        }
        found = {}
        for row in ask(read, "segments", params):
            found.setdefault(names.get(row["attribute"], ""), []).append(row["value"])
        known[tuple(types)] = (time.monotonic(), found)
    values: Mapping[str, Sequence[str]] = found
    return values


def activities(read: Read) -> list[str]:
    """The activities that occur in cases, by name."""
    return sorted(name for name in words(read, "activity").values() if name)
