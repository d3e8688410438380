"""Is the picture complete: every source with state, freshness and pace, what was set aside, and its alerts."""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component

from data.errors import NotAllowed
from data.scope import Role
from layouts import _cards, _source_rows
from layouts._contract import Part, Properties, View
from metrics import alerts, sources
from metrics._contract import Filters, Read


def _load(read: Read, _filters: Filters, now_t: int) -> dict[str, Any]:
    try:
        aside = [] if read.scope.role is Role.REP else sources.asides(read)
    except NotAllowed:
        aside = []
    return {
        "rows": sources.sources(read, now_t),
        "aside": aside,
        "now_t": now_t,
        "is_rep": read.scope.role is Role.REP,
    }


def _render(data: dict[str, Any]) -> Properties:
    rows, now_t = data["rows"], data["now_t"]
    lacking = [row for row in rows if row.health(now_t) != "ok"]
    return {
        "sources-list": {"children": _source_rows.every(rows, now_t)},
        "sources-blind": {"children": _source_rows.lacking(lacking, now_t)},
        "sources-aside": {"children": _source_rows.aside(data["aside"], is_rep=data["is_rep"])},
    }


def _load_alerts(read: Read, _filters: Filters, now_t: int) -> list[alerts.ChannelRow] | None:
    """None for those who do not look after alerts."""
    try:
        return alerts.alerts(read, now_t)
    except NotAllowed:
        return None


def _render_alerts(rows: list[alerts.ChannelRow] | None) -> Properties:
    return {"sources-alerts": {"children": _source_rows.alerts(rows)}}


def layout() -> list[Component]:
    """What is missing first, then every source, then what was set aside and whether alerts arrive."""
    return [
        _cards.card("sources-blind", "What the picture lacks", metric="sources"),
        _cards.card("sources-list", "Sources", metric="sources", steady=True),
        _cards.card("sources-aside", "Records set aside", metric="sources", steady=True),
        _cards.card("sources-alerts", "Alerts", metric="alerts", steady=True),
    ]


VIEW = View(
    id="sources",
    title="Sources",
    path="/sources",
    icon="plug",
    order=80,
    roles=frozenset({Role.MANAGER, Role.OFFICER, Role.REP, Role.ADMINISTRATOR}),
    parts=(Part("sources-list", _load, _render), Part("sources-alerts", _load_alerts, _render_alerts)),
    layout=layout,
)
