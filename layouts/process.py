"""How cases really flow: the map, variants and times of the chosen ones, and what goes with it."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _map, _process_bar, _process_drift, _process_map, _process_tabs, _process_why
from layouts._contract import View

OUTCOMES = (("", "Slow"), ("broken", "Broke a rule"))


def layout() -> list[Component]:
    """The choice of cases, the notice, and a card for each part; the style sheet shows those of the chosen one."""
    return [
        _process_bar.frame(),
        html.Div(id=_process_drift.HOME, className="drifts", role="status"),
        html.Div(
            [
                _map.card(_process_map.HOME, "How cases flow", class_name="a-map"),
                _cards.card(_process_map.STEPS, "Where the time goes", metric="process", steady=True, area="a-steps"),
            ],
            className="grid process-grid tab-",
        ),
        _tab("variants", _cards.card(_process_tabs.VARIANTS, "Variants", metric="variants", steady=True)),
        _tab("times", _cards.card(_process_tabs.TIMES, "How long it takes", metric="throughput", steady=True)),
        _tab("compare", _cards.card(_process_why.COMPARE, "Side by side", metric="compare", steady=True)),
        _tab("causes", _cards.card(_process_why.CAUSES, "What goes with it", metric="causes", note=_outcomes())),
    ]


def _tab(name: str, card: Component) -> Component:
    return html.Div(card, className=f"tab-{name}")


def _outcomes() -> Component:
    buttons = [
        html.Button(text, **_cards.attrs({"data-filter": "group", "data-value": value, "aria-pressed": "false"}))
        for value, text in OUTCOMES
    ]
    return html.Span(buttons, className="segments", role="group", **_cards.attrs({"aria-label": "Outcome"}))


VIEW = View(
    id="process",
    title="Process",
    path="/process",
    icon="flow",
    roles=frozenset({Role.MANAGER}),
    order=20,
    parts=(
        _process_bar.PART,
        _process_drift.PART,
        _process_map.part(),
        *_process_tabs.PARTS,
        *_process_why.PARTS,
    ),
    layout=layout,
    filters=("team", "channel", "otype", "span"),
    evidence={
        "arc": _process_map.cases,
        "variant": _process_tabs.variant_cases,
        "bad": _process_why.bad_cases,
        "drift": _process_drift.cases,
    },
)
