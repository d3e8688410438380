"""One customer's journey in the evidence panel: the cases by effort, then everything over all channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from layouts._panel import out_of_scope, words
from metrics import journey
from metrics._contract import Read
from metrics.journey import Issue, Stop, Way


def opener(now_t: int) -> Callable[[Read, str], Any]:
    """What opens `journey:<number of a customer or case>` as of now."""

    def opened(read: Read, word: str) -> Any:
        found = journey.way(read, int(word), now_t)
        return shown(found) if found else out_of_scope()

    return opened


def shown(found: Way) -> list[Component]:
    """Who it is, what was asked of them, and each event with the time since the one before."""
    channels = sorted({stop.channel for stop in found.stops if stop.channel})
    heading = found.label.name or found.label.id
    many = "one channel" if len(channels) == 1 else f"{len(channels)} channels"
    told = f"{len(found.stops)} events{' (latest)' if found.is_cut else ''} over {many}: {', '.join(channels)}"
    return [
        html.P("Journey over all channels", className="soft kicker"),
        html.H2(f"{heading}, {found.label.customer}" if found.label.customer else heading, tabIndex="-1"),
        html.P(told if channels else "No event of this customer is in your scope.", className="soft"),
        *_issues(found),
        html.H3("Timeline, latest first"),
        _timeline(found),
    ]


def _issues(found: Way) -> list[Component]:
    if not found.issues:
        return []
    rows = [
        (f"case:{i.case.obj}", [words(i.case), str(i.contacts), str(i.channels), str(i.hops), _wait(i)])
        for i in found.issues
    ]
    columns = ("Case", ">Contacts", ">Channels", ">Hand-offs", ">Waited")
    return [html.H3("What the cases asked of them"), _cards.table(columns, rows, "Effort by case", "effort")]


def _wait(issue: Issue) -> str:
    return _cards.span_words(issue.wait_us)


def _timeline(found: Way) -> Component:
    if not found.stops:
        return _cards.empty("Nothing to show.")
    pairs = zip(found.stops, [*found.stops[1:], None], strict=True)
    return html.Ol([_stop(stop, before) for stop, before in pairs], className="course journey")


def _stop(stop: Stop, before: Stop | None) -> Component:
    gap = "start" if before is None else f"+{_cards.span_words(stop.t - before.t)}"
    case = words(stop.case) if stop.case else ""
    by = " · ".join(word for word in (stop.actor or stop.team, case) if word)
    moved = before is not None and stop.channel != before.channel
    channel = _cards.chip(stop.channel, "tiny" + (" moved" if moved else "")) if stop.channel else None
    line = html.Span(
        [_cards.activity(stop.activity, stop.direction), html.Span(gap, className="soft")], className="line"
    )
    when = html.Span([channel, _cards.moment(stop.t, "full"), f" · {by}" if by else ""], className="soft")
    return html.Li(html.Button([line, when], **_cards.attrs({"data-open": f"event:{stop.seq}"})))
