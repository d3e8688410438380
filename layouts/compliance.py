"""The officer's desk: what is broken or about to be, and conformance by rule, now or as of a past moment."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _desk, _desk_names, _desk_rates, _desk_rows
from layouts._contract import Part, Properties, View
from metrics import breaches, coverage, desk, unmasking
from metrics._asof import first_known_t
from metrics._contract import Filters, Read
from metrics._marks import marks, settled
from metrics.breaches import RuleRow, Since

WORDS = {"1d": "day", "7d": "7 days", "30d": "30 days", "90d": "90 days", "all": "years"}
LIMIT = 60


def _standing(read: Read, filters: Filters, now_t: int) -> list[RuleRow]:
    """Every rule that is shown, as it stands now or stood then."""
    if filters.asof_t:
        return desk.standing_then(read, filters, now_t)
    found = marks(read, filters, coverage.left_out(read, now_t))
    shown = {found.rows[code]["id"] for code in found.shown}
    all_ = breaches.standing(read, filters, now_t, Since.span(filters, now_t), n_due=1).rules
    return [row for row in all_ if row.id in shown]


def _load(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    filters = settled(filters, now_t)
    return {
        "filters": filters,
        "rules": _standing(read, filters, now_t),
        "open": desk.rows(read, filters, now_t, "open", limit=LIMIT),
        "due": desk.rows(read, filters, now_t, "due", limit=20),
        "first_t": first_known_t(read) if filters.asof_t else None,
        "options": _desk.rule_options(read),
        "asked": unmasking.open_requests(read, now_t),
    }


def _render(data: dict[str, Any]) -> Properties:
    rules, filters, number = data["rules"], data["filters"], _cards.number
    broken, overdue, due, unknown = (
        sum(getattr(r, n) for r in rules) for n in ("broken", "overdue", "due", "unknown")
    )
    worst = breaches.worst(rules)
    return {
        "compliance-then": {"children": _desk.then(filters.asof_t, data["first_t"])},
        "compliance-asked": {"children": _desk_names.waiting(data["asked"])},
        "desk-rule": {"children": _desk.options(data["options"])},
        "compliance-broken": _cards.shows(
            "figure:breaches",
            number(broken + overdue),
            [f"{number(overdue)} overdue, {number(broken)} broken in {WORDS[filters.span]}"],
            beside=_cards.severity(worst) if worst else None,
        ),
        "compliance-due": _cards.shows("figure:due", number(due), ["promises not yet kept"]),
        "compliance-unknown": _cards.shows(
            "figure:unknown", number(unknown), ["a source is late or blind, or order is open"]
        ),
        "compliance-items": {"children": _desk_rows.breaches(data["open"], filters, LIMIT)},
        "compliance-next": {"children": _desk_rows.due(data["due"], filters.asof_t)},
    }


def _card(name: str, title: str, metric: str, note: str) -> Component:
    return _cards.card(f"compliance-{name}", title, metric=metric, steady=True, area=f"a-{name}", note=note or None)


def layout() -> list[Component]:
    """The tools, four figures, what is broken beside what will be, and conformance by rule."""
    rated = "of the activations that began in the span; pending and unknown ones are in no rate"
    return [
        html.Div(id="compliance-then"),
        html.Div(id="compliance-asked"),
        _desk.tools(),
        html.Div(
            [
                _cards.tile("compliance-broken", "Open breaches", "figure:breaches", "desk"),
                _cards.tile("compliance-due", "Due within 24 hours", "figure:due", "desk"),
                _cards.tile("compliance-rate", "Conformance", "figure:breaches", "rates"),
                _cards.tile("compliance-unknown", "Cannot tell", "figure:unknown", "desk"),
            ],
            className="tiles",
        ),
        html.Div(
            [
                _card("items", "Open breaches", "desk", "people have another pseudonym in every case"),
                _card("next", "About to become one", "desk", ""),
                _card("rates", "Conformance by rule", "rates", rated),
            ],
            className="grid desk-grid",
        ),
    ]


VIEW = View(
    id="compliance",
    title="Compliance",
    path="/compliance",
    icon="shield",
    roles=frozenset({Role.OFFICER}),
    order=10,
    parts=(Part("compliance-items", _load, _render), _desk_rates.PART),
    layout=layout,
    filters=("team", "channel", "span"),
    evidence={
        "breaches": _desk.opened("open"),
        "rule": _desk.opened("open"),
        "due": _desk.opened("due"),
        "unknown": _desk.opened("unknown"),
    },
)
