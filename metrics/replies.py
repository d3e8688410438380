"""How long customers wait for an answer, and whether what was solved stays solved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from metrics._contract import DAY, Filters, Metric, Read, ask
from metrics._km import Curve, kaplan_meier
from metrics._labels import describe
from metrics._lines import once
from metrics._people import fold_small, teams
from metrics._words import code, codes, words
from metrics.case import CaseRow
from metrics.review import wilson

METRIC = Metric(
    "replies",
    "Replies and resolution",
    "A wait runs from a customer's oldest unanswered message to the first answer of a person in any channel, in the "
    "open hours of the default calendar. First: the wait that began a case. Waits that are not over, or ended with "
    "their case, count for as long as they lasted (Kaplan-Meier); the median's interval is Brookmeyer and Crowley's "
    "at 95 %. Machine receipts and mailings answer nobody. Solved for good: declared solved, and within seven days "
    "neither reopened nor asked about again; the interval is Wilson's at 95 %.",
    "Answers outside connected systems. A customer who comes back with another case may mean something else.",
)

FEWEST: Final = 10
"""With fewer waits than this no median is shown."""
WEEK: Final = 7 * DAY
CALENDAR: Final = "default"
ANSWERED: Final = (1, 2)


@dataclass(frozen=True, slots=True)
class Reply:
    """The waits of one channel or team, those that began a case and later ones, in seconds of open time and elapsed."""

    name: str
    first: Curve
    later: Curve
    first_elapsed: Curve
    later_elapsed: Curve
    open: int
    closed: int


@dataclass(frozen=True, slots=True)
class Replies:
    """All waits that began in the span, and the same by channel and by team; small teams are put together."""

    all: Reply
    channels: Sequence[Reply]
    teams: Sequence[Reply]


@dataclass(frozen=True, slots=True)
class Resolution:
    """Solutions of the span at least seven days old: `held`, came `back`, or the customer came `elsewhere` with another
    case (which may be another matter). `young` ones are not old enough to tell."""

    held: int
    back: int
    elsewhere: int
    young: int

    @property
    def n(self) -> int:
        """All that are old enough."""
        return self.held + self.back + self.elsewhere

    @property
    def share(self) -> float | None:
        """The share that did not come back in the case itself, 0 to 1; None where there are too few."""
        return (self.held + self.elsewhere) / self.n if self.n >= FEWEST else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of that share."""
        return wilson(self.held + self.elsewhere, self.n)


def _since(filters: Filters, now_t: int) -> int:
    return max(0, filters.first_day(now_t) * DAY)


def _params(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    return {**codes(read, filters), "since_t": _since(filters, now_t), "now_t": now_t, "calendar": CALENDAR}


def replies(read: Read, filters: Filters, now_t: int) -> Replies:
    """Waits by channel and team, those with most waits first."""
    rows = once(read, now_t, "replies_spent", _params(read, filters, now_t))
    channels, shown = words(read, "channel"), fold_small(teams(read))
    by_channel = _grouped(rows, lambda row: channels.get(row["channel"], ""))
    by_team = _grouped(rows, lambda row: shown.get(row["team"], ""))
    return Replies(_reply("", rows), by_channel, by_team)


def _grouped(rows: Sequence[Mapping[str, Any]], name: Any) -> list[Reply]:
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[name(row)].append(row)
    found = [_reply(word, group) for word, group in groups.items()]
    return sorted(found, key=lambda r: (-(r.first.n + r.later.n), r.name))


def _reply(name: str, rows: Iterable[Mapping[str, Any]]) -> Reply:
    curves: dict[tuple[bool, bool], list[tuple[float, bool, int]]] = defaultdict(list)
    ends: Counter[int] = Counter()
    for row in rows:
        curves[row["in_hours"], row["is_first"]].append((row["seconds"], row["kind"] in ANSWERED, row["n"]))
        ends[row["kind"]] += row["n"] if row["in_hours"] else 0
    first, later = (kaplan_meier(curves[True, is_first]) for is_first in (True, False))
    first_elapsed, later_elapsed = (kaplan_meier(curves[False, is_first]) for is_first in (True, False))
    return Reply(name, first, later, first_elapsed, later_elapsed, open=ends[0], closed=ends[3])


def longest(read: Read, filters: Filters, now_t: int) -> list[CaseRow]:
    """The cases of the longest waits that began in the span."""
    rows = ask(read, "replies_cases", _params(read, filters, now_t))
    names = describe(read, [row["obj"] for row in rows])
    return [
        CaseRow(names[r["obj"]], r["t"], "answered" if r["ended_t"] else "not answered yet")
        for r in rows
        if r["obj"] in names
    ]


def _resolved(read: Read, filters: Filters, now_t: int) -> list[dict[str, Any]]:
    acts = {name: code(read, "activity", name) for name in ("resolved", "reopened")}
    # Those whose seven days ended in the span: of the last days alone none could be told yet.
    since_t = max(0, _since(filters, now_t) - WEEK)
    return once(read, now_t, "resolved", {**_params(read, filters, now_t), **acts, "week": WEEK, "since_t": since_t})


def resolution(read: Read, filters: Filters, now_t: int) -> Resolution:
    """What became of the cases that were solved in the span."""
    rows = _resolved(read, filters, now_t)
    # A case that came back within a few days is left out with those that still may, or the share would be too low.
    old = [row for row in rows if row["t"] <= now_t - WEEK]
    fates = Counter(row["fate"] for row in old)
    return Resolution(fates["held"], fates["back"], fates["elsewhere"], len(rows) - len(old))


def resolved_cases(read: Read, filters: Filters, now_t: int, fate: str) -> list[CaseRow]:
    """The cases that met this fate (held, back, elsewhere), latest first."""
    rows = sorted((r for r in _resolved(read, filters, now_t) if r["fate"] == fate), key=lambda r: -r["t"])[:60]
    names = describe(read, [row["obj"] for row in rows])
    return [CaseRow(names[r["obj"]], r["t"], "solved") for r in rows if r["obj"] in names]
