"""A rep's own day: what waits on me, what falls due next, and my open items. Nobody else's figures."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from data.vocabulary import label as activity_label
from layouts import _cards, _figures, _rows
from layouts._contract import Cases, Part, Properties, View
from metrics import breaches, mine, waiting
from metrics._contract import DAY, Filters, Read


def _load(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    me = read.scope.actor
    own = breaches.own(read, now_t, soon_us=3 * DAY, limit=10)
    return {
        "waits": waiting.waiting(read, filters, now_t, limit=10, owner=me),
        "next": [item for item in own if item.at_t >= now_t],
        "late": [item for item in own if item.at_t < now_t],
        "items": mine.items(read, limit=14),
    }


def _render(data: dict[str, Any]) -> Properties:
    waits, due, late, items = data["waits"], data["next"], data["late"], data["items"]
    first = due[0] if due else None
    oldest: list[Any] = (
        ["longest ", _cards.moment(waits.oldest_t, "since")] if waits.total else ["nobody waits for you"]
    )
    ahead: list[Any] = (
        ["next ", _cards.moment(first.due_t, "due")] if first else ["nothing more in the next three days"]
    )
    return {
        "me-waiting": _cards.shows("figure:waiting", _cards.number(waits.total), oldest),
        "me-due": _cards.shows(
            "figure:due", _cards.number(len(late) + len(due)), ahead, beside=f"{len(late)} late" if late else None
        ),
        "me-open": _cards.shows("figure:open", _cards.number(items.total), ["cases you own that are not finished"]),
        "me-waits": {"children": _rows.waits(waits, is_own=True)},
        "me-next": {"children": _rows.due([*late, *due], is_own=True)},
        "me-items": {"children": _items(items)},
    }


def _items(found: mine.Mine) -> list[Component]:
    if not found.rows:
        return [_cards.empty("You own no open case.", "A case is yours when its system names you as its owner.")]
    rows = [
        (
            f"case:{r.case.obj}",
            [
                html.Span(r.case.customer or r.case.name or r.case.id, className="strong clip"),
                _rows.case_link(r.case),
                html.Span(r.case.name, className="clip"),
                activity_label(r.last_activity),
                _cards.moment(r.last_t, "ago"),
            ],
        )
        for r in found.rows
    ]
    return [_cards.table(("Customer", "Case", "Name", "Latest step", "When"), rows, "My open cases")]


def layout() -> list[Component]:
    """Three figures, then what waits and what falls due, then all open cases."""
    return [
        html.Div(
            [
                _cards.tile("me-waiting", "Waits on me", "figure:waiting", "waiting"),
                _cards.tile("me-due", "Falls due", "figure:due", "breaches"),
                _cards.tile("me-open", "My open cases", "figure:open", "mine"),
            ],
            className="tiles three",
        ),
        html.Div(
            [
                _cards.card("me-next", "Do next", metric="breaches", steady=True, area="a-next"),
                _cards.card("me-waits", "Waits on me", metric="waiting", steady=True, area="a-waits"),
                _cards.card("me-items", "My open cases", metric="mine", steady=True, area="a-items"),
            ],
            className="grid me-grid",
        ),
    ]


def _open(read: Read, _filters: Filters, _now_t: int, _word: str) -> Cases:
    return Cases("My open cases", mine.rows(read))


def _due(read: Read, _filters: Filters, now_t: int, _word: str) -> Cases:
    return _figures.own_due(read, now_t)


def _waits(read: Read, filters: Filters, now_t: int, _word: str) -> Cases:
    return _figures.waiting_cases(read, filters, now_t, read.scope.actor)


VIEW = View(
    id="me",
    title="My day",
    path="/me",
    icon="sun",
    roles=frozenset({Role.REP}),
    order=10,
    parts=(Part("me-items", _load, _render),),
    layout=layout,
    evidence={"waiting": _waits, "due": _due, "open": _open},
)
