"""What is worth checking now: deals, cases, customers and queues by value at stake or time left, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _risk_rows
from layouts._contract import Cases, Part, Properties, View
from metrics import risk
from metrics._contract import DAY, Filters, Read
from metrics._risk_kit import Item, On
from metrics.case import CaseRow, to_rows

LIMIT = 40
_MOST = 200


def _load(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    found = risk.board(read, filters, now_t)
    return {"board": found, "items": risk.chosen(found, filters)}


def _render(data: dict[str, Any]) -> Properties:
    found, number = data["board"], _cards.number
    counts = {on: sum(item.on == on for item in found.items) for on, _ in risk.KINDS}
    flagged = [item for item in found.items if item.on == "deal" and item.worth]
    soon = _soon(found)
    loss = found.expected_loss()
    below = [f"value times chance of losing, {number(len(flagged))} deals"]
    if loss is None:
        below = [f"chances not proved; {number(len(flagged))} deals counted"]
    return {
        "risk-items-n": _cards.shows(
            "figure:all", number(len(found.items)),
            [_told(counts)],
        ),
        "risk-worth": _cards.shows(
            "figure:kind:deal",
            number(found.worth()),
            [f"{number(len(flagged))} of {number(found.open_deals)} open deals"],
        ),
        "risk-loss": _cards.shows("figure:kind:deal", "not told" if loss is None else number(loss), below),
        "risk-soon": _cards.shows("figure:soon", number(len(soon)), ["date or deadline within a day"]),
        "risk-age": {"children": [html.Span("computed "), _cards.moment(found.made_t, "ago")]},
        "risk-rule": {"children": _risk_rows.options(found)},
        "risk-board": {"children": _risk_rows.board(data["items"], found, LIMIT)},
        "risk-list": {"children": _risk_rows.indicators(found.standings)},
        "risk-odds": {"children": _risk_rows.forecasts(found.forecasts)},
    }


def _told(counts: Mapping[On, int]) -> str:
    """`3 deals, 1 case`."""
    words = {on: title.lower() if counts[on] != 1 else title.lower().rstrip("s") for on, title in risk.KINDS}
    return ", ".join(f"{_cards.number(counts[on])} {word}" for on, word in words.items() if counts[on]) or "nothing"


def _soon(found: risk.Board) -> list[Item]:
    return [i for i in found.items if i.left_t is not None and found.made_t <= i.left_t < found.made_t + DAY]


def layout() -> list[Component]:
    """Four figures, the tools, the board beside the indicators and the chances."""
    age = html.Span("computed", id="risk-age")
    note = "a threshold is the segment's own history where 30 or more are known"
    return [
        html.Div(
            [
                _cards.tile("risk-items-n", "Worth checking", "figure:all", "risk"),
                _cards.tile("risk-worth", "Value at stake", "figure:kind:deal", "risk"),
                _cards.tile("risk-loss", "Expected loss", "figure:kind:deal", "risk"),
                _cards.tile("risk-soon", "Within 24 hours", "figure:soon", "risk"),
            ],
            className="tiles",
        ),
        _risk_rows.tools("risk-rule"),
        html.Div(
            [
                _cards.card("risk-board", "Worth checking", metric="risk", note=age, steady=True),
                html.Div(
                    [
                        _cards.card("risk-list", "Indicators", metric="risk", note=note, steady=True),
                        _cards.card("risk-odds", "Chances, and how they proved", metric="risk"),
                    ],
                    className="column",
                ),
            ],
            className="columns risk-columns",
        ),
    ]


def _rows(items: list[Item]) -> list[CaseRow]:
    shown = [item for item in items if item.label][:_MOST]
    return [CaseRow(item.label, item.left_t or 0, "; ".join(s.indicator.title for s in item.signs))
            for item in shown if item.label]


def _all(read: Read, filters: Filters, now_t: int, word: str) -> Cases:
    """Everything, or the kind that the word names."""
    items = risk.chosen(risk.board(read, filters, now_t), filters)
    return Cases("Worth checking", _rows([item for item in items if word in {"", item.on}]))


def _due(read: Read, filters: Filters, now_t: int, _word: str) -> Cases:
    return Cases("Worth checking, with a date or deadline within 24 hours",
                 _rows(_soon(risk.board(read, filters, now_t))))


def _indicator(read: Read, filters: Filters, now_t: int, word: str) -> Cases:
    one = risk.INDICATORS.get(word)
    if one is None:
        return Cases("No such indicator", [])
    items = [item for item in risk.board(read, filters, now_t).items
             if any(sign.indicator.id == word for sign in item.signs)]
    rows = [CaseRow(item.label, item.left_t or 0, next(s.reason for s in item.signs if s.indicator.id == word))
            for item in items[:_MOST] if item.label]
    return Cases(f"{one.id} {one.title}. Cannot see: {one.blind[0].lower()}{one.blind[1:]}", rows)


def _sign(read: Read, filters: Filters, now_t: int, word: str) -> Cases:
    """Why one item shows one sign; `deal:12/K02`."""
    key, _, name = word.rpartition("/")
    item = next((item for item in risk.board(read, filters, now_t).items if item.key == key), None)
    sign = next((sign for sign in item.signs if sign.indicator.id == name), None) if item else None
    if item is None or sign is None:
        return Cases("This is no longer worth checking", [])
    if item.label is None:
        return _queue(read, filters, now_t, item.key)
    return Cases(_risk_rows.explained(sign), _rows([item]))


def _queue(read: Read, filters: Filters, now_t: int, key: str) -> Cases:
    title, rows = risk.queue_cases(read, risk.board(read, filters, now_t), key)
    return Cases(title, to_rows(read, rows))


VIEW = View(
    id="risk",
    title="Risk",
    path="/risk",
    icon="gauge",
    roles=frozenset({Role.MANAGER}),
    order=32,
    parts=(Part("risk-board", _load, _render),),
    layout=layout,
    filters=("team", "channel"),
    evidence={"all": _all, "kind": _all, "soon": _due, "indicator": _indicator, "sign": _sign, "queue": _queue},
)
