"""The pulse: how much happens now against a moment ago, by team and channel, and the latest activity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from data.errors import FrontviewError
from metrics import breaches, waiting
from metrics._contract import DAY, Filters, Metric, Read, ask
from metrics._labels import Label, describe
from metrics._lines import BUCKETS, Line, once
from metrics._people import fold_small, teams
from metrics._words import code, codes, words

METRIC = Metric(
    "live",
    "Activity",
    "Events whose moment lies in the window, and the change against the same span before it. Open cases: those "
    "that have not ended and were touched in the last 30 days.",
    "Events not delivered yet; the line of the newest minutes still grows while sources catch up.",
)

FEED_ROWS: Final = 12
# How many events from the end are looked through for the feed.
REACHES: Final = (1_000, 100_000)
# A case that nobody has touched for so long is over without anybody having said so.
FORGOTTEN_US: Final = 30 * DAY
OTHER_CHANNEL: Final = "no channel"
INBOUND: Final = 1
# What tells most about an event comes first.
ORDER: Final = ("opportunity", "ticket", "case", "lead", "conversation", "quote", "contact", "account", "campaign")


@dataclass(frozen=True, slots=True)
class Pulse:
    """Activity in the window and before it. `inbound` is what customers sent, bucket by bucket."""

    since_t: int
    now_t: int
    total: int
    before: int
    all: Line
    inbound: Line
    by_team: Sequence[Line]
    by_channel: Sequence[Line]
    is_folded: bool


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One event of the feed; the team and never the person."""

    seq: int
    t: int
    activity: str
    channel: str
    direction: int
    team: str
    about: Label | None


@dataclass(frozen=True, slots=True)
class OpenCases:
    """Open cases now, at the window's start, and at the end of each bucket."""

    now: int
    before: int
    line: Line


def pulse(read: Read, filters: Filters, now_t: int) -> Pulse:
    """Activity by bucket. Teams of fewer than five people are summed as 'other teams'."""
    # Two cards of a page show it; both ask at the same moment.
    asked, known = read.memo.get("pulse", (None, None))
    if asked != (filters, now_t):
        _name_ahead(read, filters, now_t)
        known = _pulse(read, filters, now_t)
        read.memo["pulse"] = ((filters, now_t), known)
    found: Pulse = known
    return found


def _name_ahead(read: Read, filters: Filters, now_t: int) -> None:
    """Name what the tables beside the pulse will show: three look-ups cost three times as much as one.

    What cannot be read is told by the card that shows it.
    """
    with suppress(FrontviewError):
        rows = _newest(read, filters, now_t)
        shown = [row["obj"] for row in _concerned(read, now_t, [row["seq"] for row in rows])]
        shown += waiting.ahead(read, filters, now_t)
        describe(read, [*shown, *breaches.ahead(read, filters, now_t)])


def _pulse(read: Read, filters: Filters, now_t: int) -> Pulse:
    span = filters.window_us
    bucket_us = span // BUCKETS
    rows = ask(
        read,
        "pulse",
        {
            **codes(read, filters),
            "before_t": now_t - 2 * span,
            "since_t": now_t - span,
            "now_t": now_t,
            "bucket_us": bucket_us,
        },
    )
    shown = fold_small(teams(read))
    channels = words(read, "channel")
    by_team, by_channel = _Lines(), _Lines()
    whole, inbound, before = [0] * BUCKETS, [0] * BUCKETS, 0
    for row in rows:
        place, n = row["bucket"], row["n"]
        if place < 0:
            before += n
            continue
        place = min(place, BUCKETS - 1)
        whole[place] += n
        by_team[shown.get(row["team"], "")][place] += n
        by_channel[channels.get(row["channel"]) or OTHER_CHANNEL][place] += n
        if row["direction"] == INBOUND:
            inbound[place] += n
    return Pulse(
        now_t - span,
        now_t,
        sum(whole),
        before,
        Line("all", whole),
        Line("from customers", inbound),
        by_team.top(4, "no team"),
        by_channel.top(4, ""),
        any(v == "other teams" for v in shown.values()),
    )


class _Lines(defaultdict[str, list[int]]):
    def __init__(self) -> None:
        super().__init__(lambda: [0] * BUCKETS)

    def top(self, limit: int, nameless: str) -> list[Line]:
        """By name, so that no order of merit appears; past the limit the rest is one line."""
        named = {name: counts for name, counts in self.items() if name}
        largest = sorted(named, key=lambda name: (-sum(named[name]), name))
        kept = sorted(largest[:limit])
        lines = [Line(name, named[name]) for name in kept]
        rest = [named[name] for name in largest[limit:]] + (
            [self[""]] if nameless and sum(self.get("", [])) else []
        )
        if rest:
            lines.append(Line("the rest", [sum(place) for place in zip(*rest, strict=True)]))
        return lines


def feed(read: Read, filters: Filters, now_t: int) -> list[FeedRow]:
    """The latest activity by order of arrival."""
    rows = _newest(read, filters, now_t)
    about = _about(read, now_t, [row["seq"] for row in rows])
    done, channels, shown = words(read, "activity"), words(read, "channel"), fold_small(teams(read))
    return [
        FeedRow(
            r["seq"],
            r["t"],
            done.get(r["activity"], ""),
            channels.get(r["channel"], ""),
            r["direction"],
            shown.get(r["team"], ""),
            about.get(r["seq"]),
        )
        for r in rows
    ]


def _newest(read: Read, filters: Filters, now_t: int) -> list[dict[str, Any]]:
    last = once(read, now_t, "arrival", {})[0]["last_seq"]
    rows: list[dict[str, Any]] = []
    for reach in REACHES:
        # What is rare under the filters is looked for once more, farther back.
        if len(rows) < FEED_ROWS:
            params = {**codes(read, filters), "floor": last - reach, "limit": FEED_ROWS}
            rows = once(read, now_t, "feed", params)
    return rows


def _concerned(read: Read, now_t: int, seqs: list[int]) -> list[dict[str, Any]]:
    """Rows (seq, obj) of all that the events concern."""
    if not seqs:
        return []
    return once(read, now_t, "feed_objects", {"seqs": seqs, "first": min(seqs), "last": max(seqs)})


def _about(read: Read, now_t: int, seqs: list[int]) -> dict[int, Label]:
    """Event -> the most telling object it concerns: the first of the types in ORDER."""
    rows = _concerned(read, now_t, seqs)
    names = describe(read, [row["obj"] for row in rows])
    rank = {otype: place for place, otype in enumerate(ORDER)}
    found: dict[int, Label] = {}
    for row in sorted(rows, key=lambda row: -row["obj"]):
        label, so_far = names.get(row["obj"]), found.get(row["seq"])
        if label and label.otype in rank and (so_far is None or rank[label.otype] <= rank[so_far.otype]):
            found[row["seq"]] = label
    return found


def open_cases(read: Read, filters: Filters, now_t: int, otypes: Sequence[str]) -> OpenCases:
    """How many cases are open, worked back through the window from what opened and ended in it."""
    since_t = now_t - filters.window_us
    bucket_us = filters.window_us // BUCKETS
    wanted = [filters.otype] if filters.otype else otypes
    rows = ask(
        read,
        "open_cases",
        {
            **codes(read, filters),
            "since_t": since_t,
            "touched_t": now_t - FORGOTTEN_US,
            "now_t": now_t,
            "bucket_us": bucket_us,
            "otypes": [code(read, "object_type", word) for word in wanted],
        },
    )
    steps, before = [0] * BUCKETS, 0
    for row in rows:
        if row["is_older"]:
            before += row["n"]
        else:
            steps[min(row["opened_in"], BUCKETS - 1)] += row["n"]
        if row["closed_in"] is not None:
            steps[min(row["closed_in"], BUCKETS - 1)] -= row["n"]
    line, level = [], before
    for step in steps:
        level += step
        line.append(level)
    return OpenCases(level, before, Line("open", line))


def moved(read: Read, filters: Filters, now_t: int, *, only_open: bool) -> list[dict[str, Any]]:
    """Rows (obj, t) of the cases that moved latest, in the window or, with `only_open`, of those called open."""
    since_t = now_t - (FORGOTTEN_US if only_open else filters.window_us)
    return ask(
        read,
        "moved",
        {
            **codes(read, filters),
            "since_t": since_t,
            "only_open": only_open,
            "limit": 60,
        },
    )
