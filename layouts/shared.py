"""What reps chose to share of their private coaching with this manager, and nothing beyond it."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _coaching_rows
from layouts._contract import Part, View
from metrics import coaching

_NOTE = ("Shared by the person, as it stood on that day, to be talked about. Not for pay, discipline or comparison: "
         "what others do not share says nothing about them.")


def layout() -> list[Component]:
    """The purpose, then what is shared."""
    return [
        html.P([_cards.icon("key"), html.Span(_NOTE)], className="private"),
        _cards.card("shared-rows", "Shared with me", metric="coaching", steady=True),
    ]


VIEW = View(
    id="shared",
    title="Shared",
    path="/shared",
    icon="key",
    roles=frozenset({Role.MANAGER}),
    order=65,
    parts=(Part("shared-rows", lambda read, _filters, _now_t: coaching.shared(read),
                lambda found: {"shared-rows": {"children": _coaching_rows.for_manager(found)}}),),
    layout=layout,
)
