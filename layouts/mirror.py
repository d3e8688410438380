"""What is held about me: from which source, by which rule, how long, who looked; disputes; and all of it to take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _mirror_rows
from layouts._contract import Cases, Part, Properties, View
from metrics import mirror
from metrics._contract import Filters, Read
from metrics.case import CaseRow

# A card that has nothing to say to somebody (settling, to most) is empty and then not shown.
_COLUMNS: Final = (
    (
        ("settle", "Disputes to settle", "people say that this is wrong; whose it is stays untold"),
        ("looks", "Who looked", "at cases and events of yours, and from which page"),
        ("findings", "What rules say", "broken, overdue, or not to be told"),
        ("rules", "Rules about my work", None),
        ("said", "My disputes", "out of every figure until they are settled"),
    ),
    (
        ("about", "About me", None),
        ("latest", "My latest events", "as the sources told them"),
        ("held", "What is held, by source", None),
    ),
)


def _load(read: Read, _filters: Filters, now_t: int) -> Any:
    return mirror.mirror(read, now_t)


def _render(found: mirror.Mirror) -> Properties:
    parts = {
        "mirror-looks": _mirror_rows.looks(found),
        "mirror-findings": _mirror_rows.findings(found.findings),
        "mirror-latest": _mirror_rows.latest(found.latest),
        "mirror-about": _mirror_rows.about(found),
        "mirror-held": _mirror_rows.held(found.held),
        "mirror-rules": _mirror_rows.rules(found),
        "mirror-said": _mirror_rows.said(found.said),
    }
    if found.is_nobody:
        parts = {name: _mirror_rows.nobody() if name == "mirror-about" else [] for name in parts}
    return {name: {"children": children} for name, children in parts.items()}


def _load_disputes(read: Read, _filters: Filters, _now_t: int) -> Any:
    return mirror.to_settle(read) if read.scope.role is Role.OFFICER else None


def _render_disputes(found: Any) -> Properties:
    return {"mirror-settle": {"children": [] if found is None else _mirror_rows.to_settle(found)}}


def layout() -> list[Component]:
    """Who looked and what it says first; then everything that is kept, with why and how long."""
    return [html.Div([_column(cards) for cards in _COLUMNS], className="grid mirror-grid")]


def _column(cards: Sequence[tuple[str, str, str | None]]) -> Component:
    made = [
        _cards.card(f"mirror-{name}", title, metric="mirror", steady=True, area=f"m-{name}", note=note)
        for name, title, note in cards
    ]
    return html.Div(made, className="mirror-column")


def _looked(read: Read, _filters: Filters, now_t: int, _word: str) -> Cases:
    found = mirror.mirror(read, now_t)
    rows = [CaseRow(look.case, look.at_t, f"{look.login}, {look.role}") for look in found.looks if look.case]
    return Cases("Cases of yours that somebody opened, latest first", rows)


VIEW = View(
    id="mirror",
    title="About me",
    path="/mirror",
    icon="person",
    roles=frozenset({Role.REP, Role.MANAGER, Role.OFFICER}),
    order=60,
    parts=(Part("mirror-looks", _load, _render), Part("mirror-settle", _load_disputes, _render_disputes)),
    layout=layout,
    evidence={"looked": _looked},
)
