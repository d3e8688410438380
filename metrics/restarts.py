"""Hand-offs after which the customer had to begin again: who made the next contact, by route."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from metrics._contract import DAY, Filters, Metric, Read
from metrics._labels import describe
from metrics._lines import once
from metrics._people import fold_small, teams
from metrics._words import code, codes, words
from metrics.case import CaseRow
from metrics.review import wilson

METRIC = Metric(
    "restarts",
    "Restarts after a hand-off",
    "A hand-off is a transfer to another team, a referral to another channel, or a case closed as "
    "redirected. The first contact in the case within seven days after it decides: ours is warm, the "
    "customer's in another channel or a new conversation is a restart, in the same conversation a chase; "
    "none is unknown. Restart rate = restarts / (warm + restarts + chases) with Wilson's 95 % interval; the "
    "bounds count all unknown ones as no restart, and as restarts. Hand-offs younger than seven days and "
    "without a contact yet are counted apart.",
    "Contacts that no source links to the case: a customer who comes back under another name or with a case "
    "of its own is unknown here, and counted as 'came with another case' where the same customer is seen. A "
    "machine's message is no contact.",
)

WEEK: Final = 7 * DAY
FEWEST: Final = 20
"""With fewer decided hand-offs than this a route shows counts and no rate."""
MOST: Final = 5_000
OUTCOMES: Final = ("warm", "restart", "chase", "unknown", "young")
CONTACTS: Final = ("msg.in", "call.in", "lead.created", "ticket.created")


@dataclass(frozen=True, slots=True)
class Route:
    """The hand-offs of one route by outcome. `elsewhere`: of the undecided ones, those whose customer came with another
    case. `delay_us`: the median time until the customer began again."""

    start: str
    end: str
    warm: int
    restart: int
    chase: int
    unknown: int
    young: int
    elsewhere: int
    delay_us: float | None

    @property
    def key(self) -> str:
        """The route as one word."""
        return f"{self.start}>{self.end}"

    @property
    def decided(self) -> int:
        """Hand-offs after which somebody made contact."""
        return self.warm + self.restart + self.chase

    @property
    def rate(self) -> float | None:
        """The share that restarted, 0 to 1; None where too few are decided."""
        return self.restart / self.decided if self.decided >= FEWEST else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of the rate."""
        return wilson(self.restart, self.decided)

    @property
    def bounds(self) -> tuple[float, float]:
        """The rate if no unknown hand-off was a restart, and if all were."""
        n = self.decided + self.unknown
        return (self.restart / n, (self.restart + self.unknown) / n) if n else (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Restarts:
    """All routes together and each, those with most restarts first. `is_cut`: only the latest MOST were looked at."""

    all: Route
    routes: Sequence[Route]
    is_cut: bool


def _rows(read: Read, filters: Filters, now_t: int) -> list[dict[str, Any]]:
    acts = {name: code(read, "activity", name) for name in ("transfer", "referral", "resolved")}
    return once(
        read,
        now_t,
        "restarts",
        {
            **codes(read, filters),
            **acts,
            "contact": [code(read, "activity", name) for name in CONTACTS],
            "conversation": code(read, "object_type", "conversation"),
            "since_t": max(0, filters.first_day(now_t) * DAY),
            "now_t": now_t,
            "week": WEEK,
            "limit": MOST,
        },
    )


def restarts(read: Read, filters: Filters, now_t: int) -> Restarts:
    """What became of the hand-offs of the span."""
    rows = _rows(read, filters, now_t)
    routes: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row, ends in zip(rows, _routes(read, rows), strict=True):
        routes[ends].append(row)
    found = [_route(*ends, group) for ends, group in routes.items()]
    found.sort(key=lambda r: (-r.restart, -r.decided, r.key))
    return Restarts(_route("", "", rows), found, len(rows) >= MOST)


def _routes(read: Read, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """From where to where: teams of a transfer, small ones put together; channels of a referral."""
    known = teams(read)
    shown = fold_small(known)
    names = {team.name: shown[team.code] for team in known}
    own = words(read, "team")
    channels, transfer = words(read, "channel"), code(read, "activity", "transfer")
    found = []
    for row in rows:
        if row["activity"] == transfer:
            start = row["from_team"] or own.get(row["team"], "")
            found.append((names.get(start, "another team"), names.get(row["to_team"], "another team")))
        else:
            found.append((channels.get(row["channel"], "") or "?", row["to_channel"] or "elsewhere"))
    return found


def _route(start: str, end: str, rows: Sequence[Mapping[str, Any]]) -> Route:
    counts = {outcome: sum(row["outcome"] == outcome for row in rows) for outcome in OUTCOMES}
    delays = [row["said_t"] - row["t"] for row in rows if row["outcome"] == "restart"]
    elsewhere = sum(row["elsewhere"] for row in rows)
    return Route(start, end, **counts, elsewhere=elsewhere, delay_us=median(delays) if delays else None)


def cases(read: Read, filters: Filters, now_t: int, word: str) -> list[CaseRow]:
    """The cases behind a route (`from>to`), an outcome, or both (`restart|from>to`), latest hand-off first."""
    outcome, _, route = word.rpartition("|") if ">" in word else (word, "", "")
    rows = _rows(read, filters, now_t)
    ends = _routes(read, rows) if route else [("", "")] * len(rows)
    picked = [
        row
        for row, (start, end) in zip(rows, ends, strict=True)
        if (not route or f"{start}>{end}" == route)
        and (not outcome or row["outcome"] == outcome or (outcome == "elsewhere" and row["elsewhere"]))
    ][:80]
    names = describe(read, [row["obj"] for row in picked])
    return [CaseRow(names[r["obj"]], r["t"], r["outcome"]) for r in picked if r["obj"] in names]
