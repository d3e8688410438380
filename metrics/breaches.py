"""Promises and rules: what is overdue, what was broken, what falls due next, and what cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from metrics._contract import DAY, Filters, Metric, Read, ask
from metrics._labels import Label, describe
from metrics._words import actor, codes, people, words
from metrics.live import BUCKETS, Line

METRIC = Metric(
    "breaches",
    "Breaches",
    "Activations of a rule that were violated in the span, and pending ones whose due time has "
    "passed. Due soon: pending ones that fall due within 24 hours.",
    "Where a needed source is late the verdict is 'cannot tell' and counts neither as kept nor as broken.",
)

SEVERITIES: Final = ("critical", "high", "medium", "low")
SOON_US: Final = DAY


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule: overdue and still open, broken in the span, due within 24 hours, cannot tell, and kept."""

    id: str
    title: str
    severity: str
    kind: str
    pack: str
    help: str
    overdue: int
    broken: int
    due: int
    unknown: int
    kept: int

    @property
    def breaches(self) -> int:
        """Overdue and broken together."""
        return self.overdue + self.broken


@dataclass(frozen=True, slots=True)
class Item:
    """One activation of a rule for one case. `at_t`: when it falls due, fell due or was broken."""

    case: Label
    rule: str
    title: str
    severity: str
    kind: str
    help: str
    reason: str
    verdict: int
    t: int
    due_t: int | None
    at_t: int
    channel: str
    team: str
    owner: str

    @property
    def is_overdue(self) -> bool:
        """Still pending: what was promised can still be done."""
        return self.verdict == 0


def by_rule(read: Read, filters: Filters, now_t: int, *, since_t: int) -> list[RuleRow]:
    """Every active rule, gravest first."""
    params = {**codes(read, filters), "since_t": since_t, "now_t": now_t, "soon_t": now_t + SOON_US}
    rows = [RuleRow(**row) for row in ask(read, "breaches_by_rule", params)]
    return sorted(
        rows,
        key=lambda r: (
            SEVERITIES.index(r.severity) if r.severity in SEVERITIES else 9,
            -r.breaches,
            -r.due,
            r.title,
        ),
    )


def items(read: Read, filters: Filters, now_t: int, choice: Choice) -> list[Item]:
    """Single activations as the choice says."""
    params: dict[str, Any] = {
        **codes(read, filters),
        "now_t": now_t,
        "soon_t": now_t + choice.soon_us,
        "what": choice.what,
        "since_t": choice.since_t,
        "rule": choice.rule,
        "owner": actor(read, choice.owner),
        "limit": choice.limit,
    }
    rows = ask(read, "breach_items", params)
    names = describe(read, [row["obj"] for row in rows])
    owners = people(read, [row["owner"] for row in rows if row["owner"] is not None])
    channels, known = words(read, "channel"), words(read, "team")
    return [
        Item(
            names[r["obj"]],
            r["rule_id"],
            r["title"],
            r["severity"],
            r["kind"],
            r["help"],
            r["reason"],
            r["verdict"],
            r["t"],
            r["due_t"],
            r["at_t"],
            channels.get(r["channel"], ""),
            known.get(r["team"], ""),
            owners[r["owner"]].name if r["owner"] in owners else "",
        )
        for r in rows
        if r["obj"] in names
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which activations: `what` is broken, due or unknown; of one rule and one owner where they are named."""

    what: str
    since_t: int = 0
    rule: str = ""
    owner: str = ""
    limit: int = 12
    soon_us: int = SOON_US


def series(read: Read, filters: Filters, now_t: int) -> Line:
    """Breaches in each bucket of the window."""
    since_t, bucket_us = now_t - filters.window_us, filters.window_us // BUCKETS
    params = {**codes(read, filters), "since_t": since_t, "now_t": now_t, "bucket_us": bucket_us}
    counts = [0] * BUCKETS
    for row in ask(read, "breach_series", params):
        counts[min(row["bucket"], BUCKETS - 1)] += row["n"]
    return Line("breaches", counts)


def worst(rows: Sequence[RuleRow]) -> str:
    """The gravest severity that has a breach, or the empty word."""
    return next((row.severity for row in rows if row.breaches), "")
