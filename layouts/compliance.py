"""The officer's page: what is broken or about to be, by rule and severity, with its evidence; no names."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _figures, _rows
from layouts._contract import Part, Properties, View
from metrics import breaches
from metrics._contract import Filters, Read
from metrics.breaches import Choice, RuleRow, Since

WORDS = {"1d": "day", "7d": "7 days", "30d": "30 days", "90d": "90 days", "all": "years"}


def _load(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    since = Since.span(filters, now_t)
    standing = breaches.standing(read, filters, now_t, since, n_due=12)
    return {
        "rules": standing.rules,
        "span": WORDS[filters.span],
        "broken": breaches.items(read, filters, now_t, Choice("broken", since, limit=40)),
        "next": standing.due,
    }


def _render(data: dict[str, Any]) -> Properties:
    rules: list[RuleRow] = data["rules"]
    span = data["span"]
    broken, kept, unknown = (sum(getattr(r, n) for r in rules) for n in ("broken", "kept", "unknown"))
    overdue, due = (sum(getattr(r, n) for r in rules) for n in ("overdue", "due"))
    worst = breaches.worst(rules)
    rate = f"{100 * kept / (kept + broken):.1f}%" if kept + broken else "no verdict yet"
    number = _cards.number
    return {
        "compliance-broken": _cards.shows(
            "figure:breaches",
            number(broken + overdue),
            [f"{number(overdue)} still open, {number(broken)} broken in {span}"],
            beside=_cards.severity(worst) if worst else None,
        ),
        "compliance-due": _cards.shows("figure:due", number(due), ["promises not yet kept"]),
        "compliance-rate": _cards.shows("figure:breaches", rate, [f"{number(kept)} kept, {number(broken)} broken"]),
        "compliance-unknown": _cards.shows(
            "figure:unknown", number(unknown), ["a source is late or blind, or order is open"]
        ),
        "compliance-rules": {"children": _rows.rules(rules, span)},
        "compliance-next": {"children": _rows.due(data["next"])},
        "compliance-items": {"children": _rows.broken(data["broken"], f"No breach in the last {span}.")},
    }


def layout() -> list[Component]:
    """Four figures, rules beside what falls due, then the single breaches."""
    return [
        html.Div(
            [
                _cards.tile("compliance-broken", "Open breaches", "figure:breaches", "breaches"),
                _cards.tile("compliance-due", "Due within 24 hours", "figure:due", "breaches"),
                _cards.tile("compliance-rate", "Promises kept", "figure:breaches", "breaches"),
                _cards.tile("compliance-unknown", "Cannot tell", "figure:unknown", "breaches"),
            ],
            className="tiles",
        ),
        html.Div(
            [
                _cards.card("compliance-rules", "By rule", metric="breaches", steady=True, area="a-rules"),
                _cards.card("compliance-next", "Falls due next", metric="breaches", steady=True, area="a-next"),
                _cards.card(
                    "compliance-items",
                    "Breaches",
                    metric="breaches",
                    steady=True,
                    area="a-items",
                    note="people are pseudonymous; what is “for review” may be no breach at all",
                ),
            ],
            className="grid compliance-grid",
        ),
    ]


VIEW = View(
    id="compliance",
    title="Compliance",
    path="/compliance",
    icon="shield",
    roles=frozenset({Role.OFFICER}),
    order=10,
    parts=(Part("compliance-items", _load, _render),),
    layout=layout,
    filters=("team", "channel", "span"),
    evidence={
        "breaches": _figures.span_breaches,
        "rule": _figures.span_breaches,
        "due": _figures.due_cases,
        "unknown": _figures.unknown_cases,
    },
)
