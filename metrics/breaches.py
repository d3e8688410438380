"""Promises and rules: what is overdue, what was broken, what falls due next, and what cannot be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from data.scope import Role
from metrics import mine, waiting
from metrics._contract import DAY, SPANS, Filters, Metric, Read, ask
from metrics._labels import Label, describe
from metrics._lines import BUCKETS, Line, once
from metrics._words import codes, people, words

METRIC = Metric(
    "breaches",
    "Breaches",
    "Activations of a rule that were violated in the window (of a span of days: that were activated in it and "
    "violated), and pending ones whose due time has passed. Due soon: pending ones that fall due within 24 hours.",
    "Where a needed source is late the verdict is 'cannot tell' and counts neither as kept nor as broken.",
)

SEVERITIES: Final = ("critical", "high", "medium", "low")
SOON_US: Final = DAY
ON_A_PAGE: Final = 12
# A rule that waits for no source: what it says of an absence is certain at any time.
_ALWAYS: Final = 9_000_000_000_000_000_000
_UNKNOWN: Final = 5
# What the statements count, by its number; young: broken by the sums, but its sources are not complete up to then.
_WHAT: Final = ("overdue", "broken", "due", "unknown", "kept", "young")


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


@dataclass(frozen=True, slots=True)
class Since:
    """Which decided activations count: those decided since, and of these those activated since; 0 is the start."""

    decided_t: int = 0
    begun_t: int = 0

    @classmethod
    def window(cls, filters: Filters, now_t: int) -> Since:
        """What was decided in the window."""
        return cls(now_t - filters.window_us)

    @classmethod
    def span(cls, filters: Filters, now_t: int) -> Since:
        """What was activated in the days of the span; what was decided within the last day."""
        if filters.span == "1d":
            return cls(now_t - SPANS["1d"] * DAY)
        begun_t = max(1, filters.first_day(now_t) * DAY)
        return cls(begun_t, begun_t)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which activations: broken or overdue ones, those that fall due next, or those that cannot be told."""

    what: Literal["broken", "due", "unknown"]
    since: Since = Since()
    rule: str = ""
    limit: int = 12


@dataclass(frozen=True, slots=True)
class Standing:
    """Every active rule, gravest first; what falls due next; and when in the window something broke."""

    rules: Sequence[RuleRow]
    due: Sequence[Item]
    line: Line


@dataclass(frozen=True, slots=True)
class _Rules:
    """The active rules by code, and up to when the absence of an answer to each is certain."""

    rows: Mapping[int, Mapping[str, Any]]
    marks: Sequence[int]

    def params(self, rule: str = "") -> dict[str, Any]:
        """As SQL parameters; `marks` has the moment of a rule at its code."""
        return {
            "rules": [code for code, row in self.rows.items() if rule in {"", row["id"]}],
            "marks": self.marks,
            "least_mark": min(self.marks),
        }


def _rules(read: Read, now_t: int) -> _Rules:
    at_t, known = read.memo.get("rules", (None, None))
    if at_t != now_t:
        rows = {row["code"]: row for row in ask(read, "rules", {})}
        marks = [_ALWAYS] * (max(rows, default=0) + 1)
        for number, row in rows.items():
            if row["watermark_t"] is not None:
                marks[number] = row["watermark_t"]
        known = _Rules(rows, marks)
        read.memo["rules"] = (now_t, known)
    found: _Rules = known
    return found


def standing(read: Read, filters: Filters, now_t: int, since: Since, *, n_due: int) -> Standing:
    """How all rules stand, with the next `n_due` activations that fall due."""
    rules = _rules(read, now_t)
    params = _standing(read, filters, now_t, since, n_due)
    rows = once(read, now_t, "standing_open", params)
    counted = [row for row in rows if row["n"] is not None]
    counted += ask(read, "standing_days" if since.begun_t else "standing_done", params)
    due = _next(rows)[:n_due]
    counts: dict[int, list[int]] = defaultdict(lambda: [0] * len(_WHAT))
    buckets = [0] * BUCKETS
    for row in counted:
        counts[row["rule"]][row["what"]] += int(row["n"])
        if row["bucket"] is not None:
            buckets[min(row["bucket"], BUCKETS - 1)] += row["n"]
    return Standing(_by_gravity(rules, counts), _items(read, rules, due), Line("breaches", buckets))


def ahead(read: Read, filters: Filters, now_t: int) -> list[int]:
    """The cases that a page of this window is about to show as due, to be named together with others."""
    params = _standing(read, filters, now_t, Since.window(filters, now_t), ON_A_PAGE)
    return [row["obj"] for row in _next(once(read, now_t, "standing_open", params))]


def _next(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted((row for row in rows if row["n"] is None), key=lambda row: (row["at_t"], row["obj"]))


def _standing(read: Read, filters: Filters, now_t: int, since: Since, n_due: int) -> dict[str, Any]:
    rules = _rules(read, now_t)
    return {
        **codes(read, filters),
        **rules.params(),
        "now_t": now_t,
        "soon_t": now_t + SOON_US,
        "since_t": since.decided_t,
        "begun_t": since.begun_t,
        "first_day": since.begun_t // DAY,
        "bucket_us": max(1, (now_t - since.decided_t) // BUCKETS),
        "limit": max(n_due, ON_A_PAGE),
    }


def _by_gravity(rules: _Rules, counts: Mapping[int, Sequence[int]]) -> list[RuleRow]:
    found = []
    for number, row in rules.rows.items():
        n: dict[str, Any] = dict(zip(_WHAT, counts[number], strict=True))
        young = n.pop("young")
        n["broken"], n["unknown"] = n["broken"] - young, n["unknown"] + young
        n |= {key: row[key] for key in ("id", "title", "severity", "kind", "pack", "help")}
        found.append(RuleRow(**n))
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}
    return sorted(found, key=lambda r: (rank.get(r.severity, len(rank)), -r.breaches, -r.due, r.title))


def items(read: Read, filters: Filters, now_t: int, choice: Choice) -> list[Item]:
    """Single activations as the choice says: broken ones newest first, others next first."""
    rules = _rules(read, now_t)
    params = {
        **codes(read, filters),
        **rules.params(choice.rule),
        "now_t": now_t,
        "soon_t": now_t + SOON_US,
        "since_t": choice.since.decided_t,
        "begun_t": choice.since.begun_t,
        "unsure": choice.what == "unknown",
        "limit": choice.limit,
    }
    if choice.what == "due":
        return _items(read, rules, ask(read, "items_due", params))
    rows = ask(read, "items_late", params) + ask(read, "items_broken", params)
    rows = sorted(rows, key=lambda row: (-row["at_t"], row["obj"]))[: choice.limit]
    if choice.what == "unknown":
        for row in rows:
            if row["verdict"] != _UNKNOWN:
                row["reason"] = f"waits for {rules.rows[row['rule']]['waits_for']}"
    return _items(read, rules, rows)


def own(read: Read, now_t: int, *, soon_us: int, limit: int) -> list[Item]:
    """What a rep has overdue, latest first, and then what falls due soon, next first; so many of each.

    Nobody else owns anything: what a rep answers for is what that scope shows of undecided bindings.
    """
    if read.scope.role != Role.REP:
        return []
    rules = _rules(read, now_t)
    rows = ask(read, "items_own", {**rules.params(), "now_t": now_t, "soon_t": now_t + soon_us, "limit": limit})
    if limit <= ON_A_PAGE:
        # A rep's page goes on with what waits and what is open: all is named in one go.
        beside = [*waiting.ahead(read, Filters(), now_t, read.scope.actor), *mine.ahead(read)]
        describe(read, [*(row["obj"] for row in rows), *beside])
    return _items(read, rules, rows)


def _items(read: Read, rules: _Rules, rows: Sequence[Mapping[str, Any]]) -> list[Item]:
    names = describe(read, [row["obj"] for row in rows])
    owners = people(read, [names[row["obj"]].owner for row in rows if row["obj"] in names])
    channels, known = words(read, "channel"), words(read, "team")
    found = []
    for r in rows:
        if r["obj"] not in names:
            continue
        rule = rules.rows[r["rule"]]
        owner = owners.get(names[r["obj"]].owner)
        found.append(
            Item(
                case=names[r["obj"]],
                rule=rule["id"],
                title=rule["title"],
                severity=rule["severity"],
                kind=rule["kind"],
                help=rule["help"],
                reason=r["reason"],
                verdict=r["verdict"],
                t=r["t"],
                due_t=r["due_t"],
                at_t=r["at_t"],
                channel=channels.get(r["channel"], ""),
                team=known.get(r["team"], ""),
                owner=owner.name if owner else "",
            )
        )
    return found


def worst(rows: Sequence[RuleRow]) -> str:
    """The gravest severity that has a breach, or the empty word."""
    return next((row.severity for row in rows if row.breaches), "")
