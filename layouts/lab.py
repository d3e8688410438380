"""The rule lab: an officer writes rules, tries them on history, judges their hits and learns to switch them on."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _lab_rows
from layouts._contract import View


def layout() -> list[Component]:
    """The text beside what it may say, below it what a trial found, and the hits beside how to switch it on."""
    return [
        html.Div(
            [
                html.Section(
                    [
                        html.Div(html.H2("Rules to try"), className="card-head"),
                        # The form is put in by script: Dash has no plain inputs.
                        html.Div(className="card-body slot", **_cards.attrs({"data-form": "lab"})),
                        html.Div(
                            id="lab-state", className="card-body", role="status", children=_lab_rows.state(None)
                        ),
                    ],
                    className="card a-text",
                    **_cards.attrs({"aria-label": "Rules to try"}),
                ),
                html.Section(
                    [
                        html.Div(html.H2("What a rule may ask for"), className="card-head"),
                        html.Div(_lab_rows.templates(), className="card-body", tabIndex="0"),
                    ],
                    className="card a-words",
                    **_cards.attrs({"aria-label": "Templates"}),
                ),
                _cards.card("lab-found", "What they would have said", metric="lab", area="a-found"),
                _cards.card("lab-hits", "Hits to judge", metric="lab", area="a-hits"),
                _cards.card("lab-switch", "Switch them on", area="a-switch"),
            ],
            className="grid lab-grid",
        )
    ]


VIEW = View(
    id="lab",
    title="Rule lab",
    path="/lab",
    icon="flask",
    roles=frozenset({Role.OFFICER}),
    order=40,
    parts=(),
    layout=layout,
)
