"""The evidence panel: from a figure to its cases, from a case to its course, from an event to its record.

One callback behind every click. What was opened goes into the viewer log, with the figure it was opened from as the
purpose, so that the people concerned can see who looked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dash import Dash, Input, Output, html, no_update

import metrics
from data import unmask
from data.errors import FrontviewError
from data.plugins import discover
from data.scope import Principal, Role, Scope
from data.store import Store
from data.writer import Writer
from layouts import _cards, _desk_panel, _journey_panel, _panel, _review_panel
from layouts._auth import viewer
from layouts._contract import View
from layouts._desk_panel import Look
from layouts._review_work import note_opened
from metrics import case as cases
from metrics._contract import Filters, Read
from metrics._marks import settled
from metrics._persons import is_named

log = logging.getLogger(__name__)
_SCOPES_REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class Sight:
    """What the panel needs to look things up and to note that somebody did."""

    store: Store
    writer: Writer
    now: Callable[[], int]
    reads: dict[Scope, Read] = field(default_factory=dict, compare=False, repr=False)

    def read(self, scope: Scope) -> Read:
        """One for each scope, because it remembers words and labels."""
        if len(self.reads) > _SCOPES_REMEMBERED:
            self.reads.clear()
        return self.reads.setdefault(scope, Read.of(self.store, scope))


def register(dash: Dash, views: Mapping[str, View], sight: Sight) -> None:
    """The one server callback: `ask` says what to open, the panel's body is the answer."""

    @dash.callback(Output("drawer-body", "children"), Input("ask", "data"), prevent_initial_call=True)
    async def answer(asked: Any) -> Any:
        principal = viewer.get()
        if principal is None or not isinstance(asked, dict):
            return no_update
        return await asyncio.to_thread(open_panel, views, sight, principal, asked)


def open_panel(views: Mapping[str, View], sight: Sight, principal: Principal, asked: Mapping[str, Any]) -> Any:
    """The panel's content for `{"open": "case:12", "view": "live", "query": {...}}`."""
    kind, _, rest = str(asked.get("open", ""))[:400].partition(":")
    view = views.get(str(asked.get("view", "")))
    if view is None or principal.role not in view.roles:
        return _cards.trouble("This page is not part of your role.")
    read = sight.read(principal.scope)
    try:
        query = asked.get("query")
        filters = Filters.parse({k: str(v) for k, v in query.items()} if isinstance(query, dict) else {})
        look = Look(read, rest, settled(filters, sight.now()), sight.now(), principal.login)
        if kind == "figure" or (principal.role is Role.OFFICER and kind in _desk_panel.OPENERS):
            return _look(sight, principal, (kind, look), (view, asked))
        opener = _journey_panel.opener(sight.now()) if kind == "journey" else OPENERS.get(kind)
        if opener is None:
            return _cards.trouble("There is nothing behind this.")
        if kind == "item":
            note_opened(sight.writer, principal, int(rest), sight.now())
        found = opener(read, rest)
    except FrontviewError as error:
        return _cards.trouble(str(error))
    except ValueError:
        return _cards.trouble("The link to this evidence cannot be read; open it from its page again.")
    _note(sight, principal, (kind, rest), _purpose(view, asked))
    return found


def _purpose(view: View, asked: Mapping[str, Any]) -> str:
    return f"{view.title}: {str(asked.get('from', ''))[:80] or 'opened'}"


def _look(
    sight: Sight, principal: Principal, opened: tuple[str, Look], origin: tuple[View, Mapping[str, Any]]
) -> Any:
    """A figure, or what an officer opens. That names are seen is written down before they are read."""
    kind, look = opened
    if kind == "figure":
        return _figure(origin[0], look.read, look.filters, (look.now_t, look.word))
    purpose = _purpose(*origin)
    obj = _desk_panel.case_of(kind, look.word)
    if obj is not None and is_named(look.read, obj):
        seen = (kind, obj, purpose)
        sight.writer.do(lambda con: unmask.note_look(con, look.now_t, principal, obj, seen))
        look = replace(look, named=True)
    elif kind in {"case", "event", "binding"}:
        sight.writer.note_view(principal, kind, obj if obj is not None else int(look.word), purpose)
    return _desk_panel.OPENERS[kind](look)


def _note(sight: Sight, principal: Principal, opened: tuple[str, str], purpose: str) -> None:
    kind, word = opened
    if kind in {"case", "event", "journey"}:
        sight.writer.note_view(principal, kind, int(word), purpose)


def _figure(view: View, read: Read, filters: Filters, asked: tuple[int, str]) -> Any:
    now_t, rest = asked
    name, _, word = rest.partition(":")
    find = view.evidence.get(name)
    if find is None:
        return _cards.trouble("No cases are known behind this figure.")
    return _panel.case_list(find(read, filters, now_t, word), filters.asof_t or now_t)


def _case(read: Read, word: str) -> Any:
    found = cases.case(read, int(word))
    return _panel.case(found) if found else _panel.out_of_scope()


def _event(read: Read, word: str) -> Any:
    found = cases.record(read, int(word))
    return _panel.record(found) if found else _panel.out_of_scope()


def _find(read: Read, text: str) -> Any:
    return _panel.found(cases.find(read, text), text)


def _metric(_read: Read, word: str) -> Any:
    known = discover(metrics, "METRIC")
    if word not in known:
        return html.Div(_cards.empty("This figure is not described."))
    return _panel.metric(known[word])


OPENERS: dict[str, Callable[[Read, str], Any]] = {
    "case": _case,
    "event": _event,
    "find": _find,
    "metric": _metric,
    "item": _review_panel.item,
}
