"""Is the picture complete: every source with state, freshness and pace, and the records that were set aside."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from data.errors import NotAllowed
from data.scope import Role
from layouts import _cards
from layouts._contract import Part, Properties, View
from metrics import sources
from metrics._contract import Filters, Read
from metrics.sources import SourceRow

TONES = {"ok": ("ok", "disc"), "late": ("lags", "diamond"), "blind": ("blind", "triangle")}


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
        "sources-list": {"children": _list(rows, now_t)},
        "sources-blind": {"children": _lacks(lacking, now_t)},
        "sources-aside": {"children": _aside(data)},
    }


def _list(rows: list[SourceRow], now_t: int) -> list[Component]:
    if not rows:
        return [
            _cards.empty(
                "No source is connected.", "Name one under [sources.<id>] in frontview.toml and start again."
            )
        ]
    body = [
        (
            "",
            [
                _state(row, now_t),
                html.Span(row.title or row.id, className="strong"),
                row.connector,
                _cards.moment(row.watermark_t or row.seen_t, "clock"),
                _cards.moment(row.watermark_t or row.seen_t, "ago"),
                _cards.number(row.n_hour),
                _cards.number(row.n_new),
                _cards.number(row.n_again),
                _cards.number(row.n_aside),
                html.Span(row.message, className="soft clip", title=row.message),
            ],
        )
        for row in rows
    ]
    columns = (
        "State",
        "Source",
        "Kind",
        "Known up to",
        "Age",
        ">Last hour",
        ">Stored",
        ">Known before",
        ">Set aside",
        "Message",
    )
    return [_cards.table(columns, body, "Sources", "sources")]


def _state(row: SourceRow, now_t: int) -> Component:
    health = row.health(now_t)
    word, shape = TONES[health]
    said = row.state if health != "ok" else "live"
    return html.Span(
        [
            html.Span(className=f"shape {shape}", **_cards.attrs({"aria-hidden": "true"})),
            said if health == "ok" else f"{word}: {said}",
        ],
        className=f"health {health}",
    )


def _lacks(lacking: list[SourceRow], now_t: int) -> list[Component]:
    if not lacking:
        return [html.P("Every source is live; nothing is known to be missing.", className="lead")]
    return [
        _cards.amber(
            [
                html.Strong(row.title or row.id),
                f" {TONES[row.health(now_t)][0]}. ",
                row.blind or "What it would tell is missing.",
                f" {row.message}" if row.message else "",
                *([" Next attempt ", _cards.moment(row.next_t, "due"), "."] if row.next_t else []),
            ]
        )
        for row in lacking
    ]


def _aside(data: dict[str, Any]) -> list[Component]:
    if data["is_rep"]:
        return [_cards.empty("Records set aside are looked after by an administrator.")]
    if not data["aside"]:
        return [
            _cards.empty(
                "No record was set aside.", "Records that cannot be understood are kept here with the reason."
            )
        ]
    rows = [
        (
            "",
            [
                row.source,
                html.Span(row.reason, className="wrap"),
                _cards.number(row.n),
                _cards.moment(row.last_t, "ago"),
            ],
        )
        for row in data["aside"]
    ]
    return [_cards.table(("Source", "Reason", ">Records", "Latest"), rows, "Records set aside, by reason")]


def layout() -> list[Component]:
    """What is missing first, then every source, then what was set aside."""
    return [
        _cards.card("sources-blind", "What the picture lacks", metric="sources"),
        _cards.card("sources-list", "Sources", metric="sources", steady=True),
        _cards.card("sources-aside", "Records set aside", metric="sources", steady=True),
    ]


VIEW = View(
    id="sources",
    title="Sources",
    path="/sources",
    icon="plug",
    order=80,
    roles=frozenset({Role.MANAGER, Role.OFFICER, Role.REP, Role.ADMINISTRATOR}),
    parts=(Part("sources-list", _load, _render),),
    layout=layout,
)
