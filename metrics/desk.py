"""The officer's list: single breaches and what is about to become one, in any order, now or as of a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from metrics._contract import Filters, Metric, Read, ask, statement
from metrics._labels import Label, describe
from metrics._marks import Marks, marks, order
from metrics._persons import aliases
from metrics._words import words
from metrics.breaches import SEVERITIES, SOON_US, RuleRow, Since
from metrics.coverage import left_out

METRIC = Metric(
    "desk",
    "Open breaches",
    "Pending promises whose due time has passed, and activations in the span that were violated. About to become "
    "one: pending ones that fall due within 24 hours. As of a past moment: the verdicts that were believed then.",
    "Where a needed source is late the verdict is 'cannot tell'; rules whose events no source brings are left out.",
)

What = Literal["open", "due", "unknown"]
WHATS: Mapping[What, Sequence[int]] = {"open": (0, 1), "due": (2,), "unknown": (3,)}
"""What is listed, as the statements number it: 0 overdue, 1 broken, 2 falls due soon, 3 cannot be told."""


@dataclass(frozen=True, slots=True)
class Row:
    """One activation of a rule for one case. `at_t`: when it falls due, fell due or was broken; `person` is a
    pseudonym that holds in this case alone."""

    case: Label
    rule: str
    title: str
    severity: str
    kind: str
    help: str
    reason: str
    act_seq: int
    is_open: bool
    at_t: int
    team: str
    channel: str
    person: str

    @property
    def key(self) -> str:
        """The binding as one word."""
        return f"{self.rule}:{self.case.obj}:{self.act_seq}"


def rows(read: Read, filters: Filters, now_t: int, what: What, *, limit: int) -> list[Row]:
    """Single activations: newest first unless the filters say otherwise; what falls due, next first."""
    rules = marks(read, filters, left_out(read, now_t))
    since = Since.span(filters, filters.asof_t or now_t)
    params = {
        **rules.params(),
        **order(read, filters),
        "now_t": filters.asof_t or now_t,
        "soon_t": (filters.asof_t or now_t) + SOON_US,
        "since_t": since.decided_t,
        "begun_t": since.begun_t,
        "whats": list(WHATS[what]),
        "limit": limit,
    }
    if what == "due":
        params |= {"sort": "", "sign": 1}
    return _rows(read, rules, _ask(read, filters, params))


def _ask(read: Read, filters: Filters, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of one of two questions, in one of two orders: each order is the end of either statement."""
    is_plain = params["sort"] in {"", "age"} and params["sign"] == -1
    held, names = statement("asof_held" if filters.asof_t else "desk_held")
    ordered, more = statement("newest_held" if is_plain else "sorted_held")
    return read(held + ordered, {key: params[key] for key in {*names, *more}})


def _rows(read: Read, rules: Marks, found: Sequence[Mapping[str, Any]]) -> list[Row]:
    names = describe(read, [row["obj"] for row in found])
    people = aliases(read, [row["obj"] for row in found])
    teams, channels = words(read, "team"), words(read, "channel")
    return [
        Row(
            case=names[r["obj"]],
            **{key: rules.rows[r["rule"]][key] for key in ("title", "severity", "kind", "help")},
            rule=rules.rows[r["rule"]]["id"],
            reason=r["reason"],
            act_seq=r["act_seq"],
            is_open=r["verdict"] == 0,
            at_t=r["at_t"],
            team=teams.get(r["team"], ""),
            channel=channels.get(r["channel"], ""),
            person=people.get((r["obj"], names[r["obj"]].owner), ""),
        )
        for r in found
        if r["obj"] in names
    ]


def standing_then(read: Read, filters: Filters, now_t: int) -> list[RuleRow]:
    """How the rules stood at the filters' past moment, gravest first, as `breaches.standing` tells it of now."""
    rules = marks(read, filters, left_out(read, now_t))
    since = Since.span(filters, filters.asof_t)
    params = {
        **rules.params(),
        **order(read, filters),
        "now_t": filters.asof_t,
        "soon_t": filters.asof_t + SOON_US,
        "since_t": since.decided_t,
        "begun_t": since.begun_t,
    }
    counts = {(row["rule"], row["what"]): int(row["n"]) for row in ask(read, "asof_standing", params)}
    kinds = {"overdue": 0, "broken": 1, "due": 2, "unknown": 3, "kept": 4}
    found = []
    for code in rules.shown:
        told: dict[str, Any] = {name: counts.get((code, what), 0) for name, what in kinds.items()}
        told |= {key: rules.rows[code][key] for key in ("id", "title", "severity", "kind", "pack", "help")}
        found.append(RuleRow(**told))
    return sorted(found, key=lambda r: (SEVERITIES.index(r.severity), -r.breaches, -r.due, r.title))
