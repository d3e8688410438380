"""What My day shows: the list of what is to be done, what was put off, and the few things a person may say of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from data.vocabulary import label as activity_label
from layouts import _cards, _rows
from metrics import mine
from metrics.myday import Day, Todo

_EMPTY = "Looked at customers waiting, deadlines, your promises, meetings and deals."
SHOWN = 40


def deed(words: str, title: str, **told: Any) -> Component:
    """A button that sends what it is told to."""
    return html.Button(words, className="link", title=title, **_cards.attrs({"data-mine": json.dumps(told)}))


def todos(found: Day, now_t: int) -> list[Component]:
    """The list, most urgent first, and below it what is left out of it and why."""
    rows = [(f"case:{one.case.obj}", _cells(one, now_t)) for one in found.rows[:SHOWN]]
    columns = ("Time left", "What", "Why", "Case", ">Value", "Say")
    head: Component = _cards.empty("Nothing waits on you now.", _EMPTY)
    if rows:
        head = _cards.table(columns, rows, "What is to be done, most urgent first", "day")
    more = len(found.rows) - len(rows)
    rest = html.P(f"{more} more are less urgent.", className="soft foot") if more > 0 else None
    return [head, *([rest] if rest else []), *_aside(found)]


def _cells(one: Todo, now_t: int) -> list[Any]:
    why: list[Any] = [_cards.severity(one.severity), " "] if one.severity else []
    why.append(html.Span(one.why, className="clip"))
    if one.due_t is None:
        left: Any = html.Span([_cards.moment(one.t, "since")], className="soft", title="No deadline is known")
    elif one.is_sure or one.due_t >= now_t:
        left = _cards.moment(one.due_t, "due")
    else:
        left = html.Span("cannot tell", className="unknown", title="A source that could bring the answer is late")
    return [
        left,
        html.Span(one.what, className="strong clip"),
        html.Span(why, className="line-why", title=one.why),
        _rows.case_link(one.case),
        _cards.number(one.worth) if one.worth else html.Span("–", className="soft"),
        html.Span(_say(one), className="say"),
    ]


def _say(one: Todo) -> list[Component]:
    found = [
        deed("1 h", "Put off for an hour", action="snooze", item=one.key, hours=1),
        deed("Tomorrow", "Put off until tomorrow morning", action="snooze", item=one.key, tomorrow=True),
        deed("Not mine", "It belongs to somebody else", action="disown", item=one.key, obj=one.case.obj),
    ]
    if one.rule:
        found.append(deed("Dispute", "This is wrong: mark it, and leave it out of figures until it is settled",
                          action="dispute", kind="binding", rule=one.rule, obj=one.case.obj, seq=one.seq))
    elif one.seq:
        found.append(deed("Dispute", "This is wrong: mark it, and leave it out of figures until it is settled",
                          action="dispute", kind="event", seq=one.seq))
    return found


def _aside(found: Day) -> list[Component]:
    """What is not on the list because the reader said so; each can be taken back."""
    later = [
        html.Li([html.Span(one.what, className="clip"), " until ", _cards.moment(until_t, "full"), " ",
                 deed("Show again", "Show it again", action="snooze", item=one.key, hours=0)])
        for one, until_t in found.snoozed
    ]
    others = [
        html.Li([html.Span(one.what, className="clip"), " ",
                 deed("It is mine", "Put it back on the list", action="own", item=one.key)])
        for one in found.disowned
    ]
    disputed = [
        html.Li([_cards.chip("disputed", "amber tiny"), html.Span(one.title, className="clip"), " ",
                 _rows.case_link(one.case) if one.case else None, " ",
                 deed("Take back", "Take the dispute back", action="withdraw", dispute=one.number)])
        for one in found.disputed
    ]
    folds = (("Put off", later), ("Not mine", others), ("Disputed, out of the figures until settled", disputed))
    return [
        html.Details([html.Summary(f"{title}: {len(rows)}"), html.Ul(rows, className="aside-list")], className="aside")
        for title, rows in folds
        if rows
    ]


def open_cases(found: mine.Mine) -> list[Component]:
    """The cases that the reader owns, latest movement first."""
    if not found.rows:
        return [_cards.empty("You own no open case.", "A case is yours when its system names you as its owner.")]
    rows: Sequence[tuple[str, list[Any]]] = [
        (
            f"case:{r.case.obj}",
            [
                html.Span(r.case.customer or r.case.name or r.case.id, className="strong clip"),
                _rows.case_link(r.case),
                html.Span(r.case.name, className="clip"),
                activity_label(r.last_activity),
                _cards.moment(r.last_t, "ago"),
                deed("Panel", "An address that shows this case inside another program", action="embed", obj=r.case.obj),
            ],
        )
        for r in found.rows
    ]
    return [_cards.table(("Customer", "Case", "Name", "Latest step", "When", "Link"), rows, "My open cases", "mine")]
