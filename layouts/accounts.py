"""Who may sign in: the administrator lists, adds and switches off accounts."""

from __future__ import annotations

import json
from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards
from layouts._contract import Part, Properties, View
from metrics._contract import Filters, Read
from metrics.accounts import account_rows


def _load(read: Read, _filters: Filters, _now_t: int) -> list[dict[str, Any]]:
    return account_rows(read)


def _render(rows: list[dict[str, Any]]) -> Properties:
    if not rows:
        return {
            "accounts-list": {"children": [_cards.empty("There is no account yet.", "Add the first one beside.")]}
        }
    body = [
        (
            "",
            [
                html.Span(row["name"], className="strong"),
                row["login"],
                row["role"],
                row["actor"] or "–",
                _teams(row["teams"]),
                _cards.moment(row["created_t"], "date"),
                "active" if row["active"] else html.Span("switched off", className="soft"),
                _switch(row),
            ],
        )
        for row in rows
    ]
    columns = ("Name", "Login", "Role", "Person", "Teams", "Since", "State", "")
    return {"accounts-list": {"children": [_cards.table(columns, body, "Accounts")]}}


def _teams(text: str | None) -> str:
    return "every team" if text is None else ", ".join(json.loads(text)) or "–"


def _switch(row: dict[str, Any]) -> Component:
    word, to = ("Switch off", "off") if row["active"] else ("Switch on", "on")
    return html.Button(
        word,
        className="small",
        **_cards.attrs(
            {
                "data-post": "/accounts",
                "data-fields": json.dumps({"action": to, "login": row["login"]}),
                "aria-label": f"{word} {row['login']}",
            }
        ),
    )


def layout() -> list[Component]:
    """The list, and beside it the form for a new one."""
    return [
        html.Div(
            [
                _cards.card("accounts-list", "Accounts", metric="accounts", area="a-list"),
                html.Section(
                    [
                        html.Div(html.H2("Add an account"), className="card-head"),
                        # Inputs are put in by script: Dash has no plain ones.
                        html.Div(className="card-body slot", **_cards.attrs({"data-input": "account"})),
                    ],
                    className="card a-form",
                    **_cards.attrs({"aria-label": "Add an account"}),
                ),
            ],
            className="grid accounts-grid",
        )
    ]


VIEW = View(
    id="accounts",
    title="Accounts",
    path="/accounts",
    icon="key",
    roles=frozenset({Role.ADMINISTRATOR}),
    order=90,
    parts=(Part("accounts-list", _load, _render),),
    layout=layout,
)
