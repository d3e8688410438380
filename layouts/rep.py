"""A rep's own day: one list of what is to be done, and open cases. Nobody else's figures, and nothing to tick off."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _rep_rows
from layouts._contract import Cases, Part, Properties, View
from metrics import mine, myday
from metrics._contract import DAY, Filters, Read
from metrics.case import CaseRow


def _load(read: Read, _filters: Filters, now_t: int) -> dict[str, Any]:
    return {
        "day": myday.day(read, now_t),
        "items": mine.items(read, limit=14),
        "now_t": now_t,
    }


def _render(data: dict[str, Any]) -> Properties:
    day, items, now_t = data["day"], data["items"], data["now_t"]
    ahead = min((one.due_t for one in day.rows if one.due_t is not None and one.due_t >= now_t), default=None)
    late, soon = day.late(now_t), day.within(now_t, DAY)
    oldest: list[Any] = (
        ["longest ", _cards.moment(day.waits[0].since_t, "since")] if day.waits else ["nobody waits for you"]
    )
    coming: list[Any] = ["next ", _cards.moment(ahead, "due")] if ahead else ["nothing more in the next three days"]
    return {
        "me-waiting": _cards.shows("figure:waiting", _cards.number(len(day.waits)), oldest),
        "me-due": _cards.shows(
            "figure:due", _cards.number(late + soon), coming, beside=f"{late} late" if late else None
        ),
        "me-open": _cards.shows("figure:open", _cards.number(items.total), ["cases you own that are not finished"]),
        "me-day": {"children": _rep_rows.todos(day, now_t)},
        "me-items": {"children": _rep_rows.open_cases(items)},
    }


def layout() -> list[Component]:
    """Three figures, the list of the day, then all open cases and how to be told elsewhere."""
    elsewhere = html.Section(
        [
            html.Div(html.H2("Tell me elsewhere"), className="card-head"),
            html.Div(className="card-body", id="me-choices", **_cards.attrs({"data-form": "mine"})),
        ],
        className="card a-waits",
        **_cards.attrs({"aria-label": "Tell me elsewhere"}),
    )
    return [
        html.Div(
            [
                _cards.tile("me-waiting", "Waits on me", "figure:waiting", "myday"),
                _cards.tile("me-due", "Late or due in 24 h", "figure:due", "myday"),
                _cards.tile("me-open", "My open cases", "figure:open", "mine"),
            ],
            className="tiles three",
        ),
        html.Div(
            [
                _cards.card("me-day", "My day", metric="myday", steady=True, area="a-day",
                            note="goes by itself when the work is done in your mail or CRM"),
                _cards.card("me-items", "My open cases", metric="mine", steady=True, area="a-items"),
                elsewhere,
            ],
            className="grid day-grid",
        ),
    ]


def _open(read: Read, _filters: Filters, _now_t: int, _word: str) -> Cases:
    return Cases("My open cases", mine.rows(read))


def _due(read: Read, _filters: Filters, now_t: int, _word: str) -> Cases:
    rows = [one for one in myday.day(read, now_t).rows if one.due_t is not None and one.due_t < now_t + DAY]
    return Cases("Late, or due within 24 hours", [CaseRow(one.case, one.due_t or one.t, one.why) for one in rows])


def _waits(read: Read, _filters: Filters, now_t: int, _word: str) -> Cases:
    waits = myday.day(read, now_t).waits
    return Cases(f"{_cards.number(len(waits))} customers waiting, longest first",
                 [CaseRow(one.case, one.since_t) for one in waits])


VIEW = View(
    id="me",
    title="My day",
    path="/me",
    icon="sun",
    roles=frozenset({Role.REP}),
    order=10,
    parts=(Part("me-day", _load, _render),),
    layout=layout,
    evidence={"waiting": _waits, "due": _due, "open": _open},
)
