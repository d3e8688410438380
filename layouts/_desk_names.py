"""Names in a case: what an officer may ask for, agree to or end, and the requests that wait for another one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from data.unmask import LONGEST_REASON, SHORTEST_REASON
from layouts import _cards
from layouts._rows import case_link
from metrics._labels import Label
from metrics.unmasking import Request

Child = Component | None


def block(obj: int, request: Request | None, login: str, now_t: int) -> Component:
    """What the case's panel says of its people, with what this officer can do about it."""
    if request and request.is_in_force(now_t):
        said = _in_force(request)
    elif request and request.is_open(now_t):
        said = _asked(request, is_own=request.asked_by == login)
    else:
        said = _nothing(obj)
    return html.Section(
        [html.H3(["People ", _cards.explain("unmasking")]), *said, html.P(className="said", role="status")],
        className="names",
        **_cards.attrs({"aria-label": "People of this case"}),
    )


def _nothing(obj: int) -> list[Child]:
    why = f"Why are the names needed? ({SHORTEST_REASON} characters or more)"
    words = html.Textarea(
        id="names-reason", name="reason", rows=3, required=True, minLength=SHORTEST_REASON, maxLength=LONGEST_REASON
    )
    return [
        html.P(
            "Pseudonyms hold within this case only; the same person has another one elsewhere.", className="soft"
        ),
        html.Details(
            [
                html.Summary("Escalate: ask for names"),
                html.Form(
                    [
                        html.Label(why, htmlFor="names-reason"),
                        words,
                        html.Button("Ask a second officer", type="submit"),
                    ],
                    className="form",
                    **_cards.attrs({"data-send": json.dumps({"action": "ask", "obj": str(obj)})}),
                ),
            ]
        ),
    ]


def _asked(request: Request, *, is_own: bool) -> list[Child]:
    who = "You asked" if is_own else f"{request.asked_by} asked"
    told = html.P([f"{who} for the names ", _cards.moment(request.asked_t, "ago"), " ago:"])
    buttons = (
        [_button("Withdraw", "close", request)]
        if is_own
        else [
            _button("Agree for 7 days", "agree", request, "main"),
            _button("Decline", "close", request),
        ]
    )
    waits = (
        html.P("Another officer has to agree; until then nobody sees names.", className="soft") if is_own else None
    )
    return [told, _words(request), waits, html.Div(buttons, className="acts")]


def _in_force(request: Request) -> list[Child]:
    return [
        _cards.amber(["Named until ", _cards.moment(request.until_t, "full"), ". Every look is recorded."]),
        html.P(f"Asked by {request.asked_by}, agreed by {request.agreed_by}:", className="soft"),
        _words(request),
        html.Div([_button("Hide names again", "close", request)], className="acts"),
    ]


def _words(request: Request) -> Component:
    return html.Blockquote(request.reason, className="words")


def _button(text: str, action: str, request: Request, tone: str = "") -> Component:
    told = json.dumps({"action": action, "request": str(request.number)})
    return html.Button(text, className=f"small {tone}", **_cards.attrs({"data-send": told}))


def waiting(requests: Sequence[tuple[Request, Label]]) -> list[Component]:
    """The requests that wait for a second officer; nothing when there is none."""
    if not requests:
        return []
    rows: list[Any] = [
        html.Li(
            html.Button(
                [
                    _cards.icon("key"),
                    html.Span(f"{one.asked_by} asks for the names in"),
                    case_link(label),
                    html.Span(f"“{one.reason}”", className="soft clip"),
                    _cards.moment(one.asked_t, "ago"),
                ],
                **_cards.attrs({"data-open": f"case:{one.obj}"}),
            )
        )
        for one, label in requests
    ]
    return [html.Ul(rows, className="asked", **_cards.attrs({"aria-label": "Requests for names"}))]
