"""The process map on a page of its own, with its steps as a table beside it."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _map
from layouts._contract import View


def layout() -> list[Component]:
    """The map, and the same steps as rows."""
    return [
        html.Div(
            [
                _map.card("process-map", "How cases flow", class_name="a-map"),
                _cards.card("process-steps", "Steps", metric="process", steady=True, area="a-steps"),
            ],
            className="grid process-grid",
        )
    ]


VIEW = View(
    id="process",
    title="Process",
    path="/process",
    icon="flow",
    roles=frozenset({Role.MANAGER}),
    order=20,
    parts=(_map.part("process-map", table="process-steps", columns=4),),
    layout=layout,
    filters=("team", "channel", "otype", "span"),
    evidence={"arc": _map.cases},
)
