"""Everybody who waits for an answer, longest first."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _figures, _rows
from layouts._contract import Part, Properties, View
from metrics import waiting
from metrics._contract import Filters, Read

LIMIT = 200


def _load(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    return {"found": waiting.waiting(read, filters, now_t, limit=LIMIT)}


def _render(data: dict[str, Any]) -> Properties:
    found = data["found"]
    head: list[Any] = ["Nobody waits."]
    if found.total:
        head = [
            html.Strong(_cards.number(found.total)),
            " customers wait; half of them over ",
            _cards.span_words(found.median_us),
            ", the longest ",
            _cards.moment(found.oldest_t, "since"),
            ".",
        ]
    return {"waiting-list": {"children": [html.P(head, className="lead"), *_rows.waits(found)]}}


def layout() -> list[Component]:
    """One long table."""
    return [_cards.card("waiting-list", "Who waits for us", metric="waiting", steady=True)]


VIEW = View(
    id="waiting",
    title="Waiting",
    path="/waiting",
    icon="clock",
    roles=frozenset({Role.MANAGER}),
    order=30,
    parts=(Part("waiting-list", _load, _render),),
    layout=layout,
    filters=("team", "channel", "otype"),
    evidence={"waiting": _figures.waiting_cases},
)
