"""A rep's private coaching. Only that rep can open it; a manager sees what is shared on a page of its own."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _coaching_rows
from layouts._contract import Cases, Part, Properties, View
from metrics import coaching, practice
from metrics._contract import Filters, Read
from metrics._labels import describe


def _load(read: Read, _filters: Filters, now_t: int) -> dict[str, Any]:
    tips = practice.tips(read, now_t)
    return {
        "told": coaching.insights(read, now_t),
        "shared": {one.told.insight.id for one in coaching.shared(read)},
        "tips": tips,
        "labels": describe(read, [obj for obj, _ in tips]),
    }


def _render(data: dict[str, Any]) -> Properties:
    told, shared = data["told"], data["shared"]
    kinds = {kind: [one for one in told if one.insight.kind == kind] for kind in ("now", "length", "share")}
    return {
        "coaching-now": {"children": _coaching_rows.now(kinds["now"], shared)},
        "coaching-tips": {"children": _coaching_rows.tips(data["tips"], data["labels"])},
        "coaching-length": {"children": _coaching_rows.table(kinds["length"], shared)},
        "coaching-share": {"children": _coaching_rows.table(kinds["share"], shared)},
    }


def layout() -> list[Component]:
    """That it is private, what presses now, then how long things take and how often they are done."""
    rest = _cards.card("coaching-not", "Cannot be told here", area="a-not")
    rest.children[1].children = _coaching_rows.not_told()
    note = ("Only you can open this page. Nobody is compared with you: each figure stands against your own past and "
            "your own won deals. A manager sees what you share, and no longer than you like.")
    return [
        html.P([_cards.icon("key"), html.Span(note), html.Span(role="status", className="work-said")],
               className="private"),
        html.Div(
            [
                _cards.card("coaching-now", "Now", metric="coaching", steady=True, area="a-now"),
                _cards.card("coaching-tips", "Tips on my deals", steady=True, area="a-tips"),
                _cards.card("coaching-length", "How long it takes", metric="coaching", steady=True, area="a-length"),
                _cards.card("coaching-share", "How often it is done", metric="coaching", steady=True, area="a-share"),
                rest,
            ],
            className="grid coaching-grid",
        ),
    ]


def _cases(read: Read, _filters: Filters, now_t: int, word: str) -> Cases:
    return Cases("My cases behind it", coaching.cases(read, now_t, word))


VIEW = View(
    id="coaching",
    title="My coaching",
    path="/coaching",
    icon="key",
    roles=frozenset({Role.REP}),
    order=55,
    parts=(Part("coaching-length", _load, _render),),
    layout=layout,
    evidence={"insight": _cases},
)
