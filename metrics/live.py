"""The pulse: how much happens now against a moment ago, by team and channel, and the latest activity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from metrics._contract import Filters, Metric, Read, ask
from metrics._people import fold_small, teams
from metrics.case import Label, describe

METRIC = Metric(
    "live", "Activity", "Events whose moment lies in the window, and the change against the same span before it.",
    "Events that a source has not delivered yet; the line of the newest minutes still grows while sources catch up.",
)

BUCKETS: Final = 24
OTHER_CHANNEL: Final = "no channel"
INBOUND: Final = 1
# What tells most about an event comes first.
ORDER: Final = ("opportunity", "ticket", "case", "lead", "conversation", "quote", "contact", "account", "campaign")


@dataclass(frozen=True, slots=True)
class Line:
    """One series: its name and a count for each bucket of the window."""

    name: str
    counts: Sequence[int]


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
    span = filters.window_us
    bucket_us = span // BUCKETS
    rows = ask(read, "pulse", {**filters.words, "before_t": now_t - 2 * span, "now_t": now_t, "bucket_us": bucket_us})
    shown = fold_small(teams(read))
    channels = {row["code"]: row["name"] or OTHER_CHANNEL for row in read("SELECT code, name FROM channel", {})}
    by_team, by_channel = _Lines(), _Lines()
    whole, inbound, before = [0] * BUCKETS, [0] * BUCKETS, 0
    for row in rows:
        place, n = row["bucket"] - BUCKETS, row["n"]
        if place < 0:
            before += n
            continue
        place = min(place, BUCKETS - 1)
        whole[place] += n
        by_team[shown.get(row["team"], "")][place] += n
        by_channel[channels.get(row["channel"], OTHER_CHANNEL)][place] += n
        if row["direction"] == INBOUND:
            inbound[place] += n
    return Pulse(now_t - span, now_t, sum(whole), before, Line("all", whole), Line("from customers", inbound),
                 by_team.top(4, "no team"), by_channel.top(4, ""), any(v == "other teams" for v in shown.values()))


class _Lines(defaultdict[str, list[int]]):
    def __init__(self) -> None:
        super().__init__(lambda: [0] * BUCKETS)

    def top(self, limit: int, nameless: str) -> list[Line]:
        """By name, so that no order of merit appears; past the limit the rest is one line."""
        named = {name: counts for name, counts in self.items() if name}
        largest = sorted(named, key=lambda name: -sum(named[name]))
        kept = sorted(largest[:limit])
        lines = [Line(name, named[name]) for name in kept]
        rest = [named[name] for name in largest[limit:]] + ([self[""]] if nameless and sum(self.get("", [])) else [])
        if rest:
            lines.append(Line("the rest", [sum(place) for place in zip(*rest, strict=True)]))
        return lines


def feed(read: Read, filters: Filters, _now_t: int) -> list[FeedRow]:
    """The latest activity by order of arrival."""
    rows = ask(read, "feed", {**filters.words, "order": list(ORDER)})
    names = describe(read, [row["obj"] for row in rows if row["obj"] is not None])
    small = fold_small(teams(read))
    by_name = {team.name: small[team.code] for team in teams(read)}
    return [FeedRow(r["seq"], r["t"], r["activity"], r["channel"] or "", r["direction"],
                    by_name.get(r["team"] or "", r["team"] or ""), names.get(r["obj"])) for r in rows]


def open_cases(read: Read, filters: Filters, now_t: int, otypes: Sequence[str]) -> OpenCases:
    """How many cases are open, worked back through the window from what opened and ended in it."""
    since_t = now_t - filters.window_us
    bucket_us = filters.window_us // BUCKETS
    rows = ask(read, "open_cases", {**filters.words, "since_t": since_t, "now_t": now_t, "bucket_us": bucket_us,
                                    "otypes": [filters.otype] if filters.otype else list(otypes)})
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
