"""The manager's live page: what moves now, who waits, what is about to be missed, and how cases flow."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _figures, _map, _pulse, _rows
from layouts._contract import Cases, Part, Properties, View
from metrics import breaches, live, waiting
from metrics._contract import Filters, Read
from metrics.breaches import Choice
from metrics.case import to_rows


def _load_waits(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    return {"waiting": waiting.waiting(read, filters, now_t, limit=7), "pulse": live.pulse(read, filters, now_t)}


def _render_waits(data: dict[str, Any]) -> Properties:
    found = data["waiting"]
    spark = _cards.draw("spark", data["pulse"].inbound.counts, "What customers sent over the window")
    below: list[Any] = (
        ["oldest ", _cards.moment(found.oldest_t, "since")] if found.total else ["every customer has an answer"]
    )
    median = f"half of them over {_cards.span_words(found.median_us)}" if found.total else None
    return {
        "live-waiting": {
            "children": _cards.tile_body(_cards.number(found.total), median, below, spark, "figure:waiting")
        },
        "live-waits": {"children": _rows.waits(found)},
    }


def _load_rules(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    return {
        "rules": breaches.by_rule(read, filters, now_t, since_t=now_t - filters.window_us),
        "next": breaches.items(read, filters, now_t, Choice("due", limit=6)),
        "series": breaches.series(read, filters, now_t),
        "span": _pulse.WORDS[filters.window],
    }


def _render_rules(data: dict[str, Any]) -> Properties:
    rules = data["rules"]
    total, overdue, due = (sum(getattr(r, name) for r in rules) for name in ("breaches", "overdue", "due"))
    worst = breaches.worst(rules)
    return {
        "live-breaches": {
            "children": _cards.tile_body(
                _cards.number(total),
                _cards.severity(worst) if worst else None,
                [f"{_cards.number(overdue)} overdue and open · {_cards.number(due)} due within 24 h"],
                _cards.draw("spark", data["series"].counts, "Breaches over the window"),
                "figure:breaches",
            )
        },
        "live-rules": {"children": _rows.rules(rules, data["span"])},
        "live-next": {"children": _rows.due(data["next"])},
    }


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
        Part("live-waits", _load_waits, _render_waits),
        Part("live-rules", _load_rules, _render_rules),
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
