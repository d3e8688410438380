"""The manager's live page: what moves now, who waits, what is about to be missed, and how cases flow."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _alarms, _cards, _figures, _map, _pulse, _rows
from layouts._contract import Cases, Part, Properties, View
from metrics import live
from metrics._contract import Filters, Read
from metrics.case import to_rows


def _render_feed(rows: Any) -> Properties:
    return {"live-feed": {"children": _rows.feed(rows)}}


def layout() -> list[Component]:
    """Tiles, then the charts and tables beside the process map."""
    return [
        html.Div(
            [
                _cards.tile("live-activities", "Activities", "figure:activities", "live"),
                _cards.tile("live-open", "Open cases", "figure:open", "live"),
                _cards.tile("live-waiting", "Customers waiting", "figure:waiting", "waiting"),
                _cards.tile("live-breaches", "Breaches", "figure:breaches", "breaches"),
            ],
            className="tiles",
        ),
        html.Div(
            [
                html.Div(
                    [
                        html.Div(
                            [
                                _cards.card("live-teams", "Activity by team", metric="live"),
                                _cards.card("live-channels", "Activity by channel", metric="live"),
                            ],
                            className="pair",
                        ),
                        _map.card("live-map", "How cases flow"),
                        _cards.card("live-rules", "Breaches by rule", metric="breaches", steady=True),
                    ],
                    className="column",
                ),
                html.Div(
                    [
                        _cards.card("live-waits", "Who waits for us", metric="waiting", steady=True),
                        _cards.card("live-next", "Falls due next", metric="breaches", steady=True),
                        _cards.card("live-feed", "Latest activity", metric="live", steady=True),
                    ],
                    className="column",
                ),
            ],
            className="columns",
        ),
    ]


def _recent(read: Read, filters: Filters, now_t: int, _word: str) -> Cases:
    return Cases("Cases that moved latest", to_rows(read, live.moved(read, filters, now_t, only_open=False)))


def _open(read: Read, filters: Filters, now_t: int, _word: str) -> Cases:
    return Cases(
        "Open cases, latest movement first", to_rows(read, live.moved(read, filters, now_t, only_open=True))
    )


VIEW = View(
    id="live",
    title="Live",
    path="/live",
    icon="pulse",
    roles=frozenset({Role.MANAGER}),
    order=10,
    parts=(
        _pulse.PART,
        _alarms.WAITS,
        _alarms.RULES,
        Part("live-feed", live.feed, _render_feed),
        _map.part("live-map"),
    ),
    layout=layout,
    filters=("team", "channel", "otype", "window"),
    evidence={
        "activities": _recent,
        "open": _open,
        "waiting": _figures.waiting_cases,
        "breaches": _figures.breach_cases,
        "rule": _figures.breach_cases,
        "due": _figures.due_cases,
        "arc": _map.cases,
    },
)
