"""What the service page shows: who waits, how long replies take, whether solved stays solved, restarts by route."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from layouts._rows import case_link
from metrics._km import Curve, Quantile
from metrics.replies import FEWEST, Replies, Reply, Resolution
from metrics.restarts import FEWEST as FEWEST_HAND_OFFS
from metrics.restarts import Restarts, Route
from metrics.turns import Turn, Turns

SECOND: Final = 1_000_000


def percent(share: float) -> str:
    """A share as people read it: one decimal below ten percent."""
    return f"{100 * share:.1f}%" if share < 0.0995 else f"{100 * share:.0f}%"


def between(ends: tuple[float, float]) -> str:
    """An interval of a share."""
    return f"{percent(ends[0])} to {percent(ends[1])}"


def waits(found: Turns) -> list[Component]:
    """Who waits over all channels, longest first, with the promise's countdown."""
    if not found.rows:
        return [
            _cards.empty("No customer waits for an answer.", "Looked at every unanswered message of thirty days."),
            *_silent(found),
        ]
    columns = ("Customer", "Case", "Channel", "With", ">Promise", ">Waiting")
    body = [(f"case:{t.case.obj}", _wait(t)) for t in found.rows]
    more = html.P(
        [
            f"{_cards.number(len(found.rows))} of {_cards.number(found.total)} shown. ",
            html.Button("Open more", className="link", **_cards.attrs({"data-open": "figure:turns"})),
        ],
        className="soft foot",
    )
    return [_cards.table(columns, body, "Customers waiting, longest first", "service-waits"), more, *_silent(found)]


def _wait(t: Turn) -> list[Any]:
    several = f" and {t.channels - 1} more" if t.channels > 1 else ""
    asked = html.Span(f" {t.asked} messages", className="soft") if t.asked > 1 else None
    due: Component = html.Span("none", className="soft")
    if t.due_t is not None:
        due = html.Span(_cards.moment(t.due_t, "due"), title=t.promise)
    journey = html.Button(
        t.customer,
        className="link clip",
        title="The whole journey of this customer",
        **_cards.attrs({"data-open": f"journey:{t.whose}"}),
    )
    return [
        journey,
        case_link(t.case),
        html.Span([t.channel or "–", several, asked], className="channel"),
        _with(t),
        due,
        _cards.moment(t.since_t, "since"),
    ]


def _with(t: Turn) -> Component:
    words = html.Span(" · ".join(w for w in (t.team, t.owner) if w) or "nobody yet", className="clip")
    if t.team_t is None:
        return words
    passed = html.Span([f" handed on {t.hops}×, the last ", _cards.moment(t.team_t, "ago"), " ago"], className="soft")
    return html.Span([words, passed])


def _silent(found: Turns) -> list[Component]:
    if not found.silent:
        return []
    words = f"{_cards.number(found.silent)} more asked over thirty days ago and were never answered. "
    link = html.Button("Look at them", className="link", **_cards.attrs({"data-open": "figure:silent"}))
    return [html.P([words, link], className="soft foot")]


def length(seconds: float | None) -> str:
    """A length of time, or that it was not reached."""
    return "not reached" if seconds is None else _cards.span_words(seconds * SECOND)


def median(curve: Curve) -> Component:
    """A median with its interval, or that there are too few."""
    if curve.n < FEWEST:
        return html.Span(f"{curve.n} of {FEWEST} needed" if curve.n else "none", className="soft")
    half = curve.quantile(0.5)
    return html.Span([html.Strong(length(half.value)), html.Span(f" ({_ends(half)})", className="soft")])


def _ends(found: Quantile) -> str:
    low, high = length(found.low), "more" if found.high is None else length(found.high)
    return low if low == high else f"{low} to {high}"


def _tail(curve: Curve) -> Component:
    if curve.n < FEWEST:
        return html.Span("–", className="soft")
    return html.Span(length(curve.quantile(0.9).value))


def replies(found: Replies, side: str) -> list[Component]:
    """Waits by channel or team (`side`): first and next replies, open ones counted for as long as they have lasted."""
    rows: Sequence[Reply] = found.channels if side == "channel" else found.teams
    if not rows:
        return [_cards.empty("No customer asked anything in the span.", "Choose more days in the header.")]
    columns = (
        side.capitalize(),
        ">First reply, median",
        ">P90",
        ">Next reply, median",
        ">P90",
        ">Elapsed, median",
        ">Waits",
        ">Open",
    )
    body = [(f"figure:replies:{side}={r.name}" if r.name else "figure:replies", _reply(r)) for r in rows]
    note = (
        "Open hours of the firm's calendar, 95% interval; a wait wholly outside them is 0 s. "
        "Elapsed: first replies by the clock. Open waits are counted for as long as they have lasted."
    )
    return [_cards.table(columns, body, f"Replies by {side}", "service-replies"), html.P(note, className="soft foot")]


def _reply(r: Reply) -> list[Any]:
    n = r.first.n + r.later.n
    elapsed = r.first_elapsed
    clock = length(elapsed.quantile(0.5).value) if elapsed.n >= FEWEST else "–"
    waiting = html.Span(_cards.number(r.open), className="" if r.open else "soft")
    return [
        html.Span(r.name or "none given", className="" if r.name else "soft"),
        median(r.first),
        _tail(r.first),
        median(r.later),
        _tail(r.later),
        clock,
        _cards.number(n),
        waiting,
    ]


def resolution(found: Resolution) -> list[Component]:
    """Of what was solved, what stayed solved for seven days."""
    if not found.n:
        return [
            _cards.empty(
                "Nothing was solved seven days before the span's days.", f"{found.young} are too young to tell."
            )
        ]
    if found.share is None:
        return [html.P(f"{found.n} of {FEWEST} needed to say how much stays solved.", className="soft")]
    rows = [
        ("held", found.held, "stayed solved, and the customer did not write about anything"),
        (
            "elsewhere",
            found.elsewhere,
            "stayed solved; the same customer wrote in another case, perhaps about the same",
        ),
        ("back", found.back, "came back: the case was reopened or asked about again"),
    ]
    body = [
        (f"figure:solved:{key}", [html.Span(words), _cards.number(n), percent(n / found.n)]) for key, n, words in rows
    ]
    head = html.P(
        [
            html.Strong(percent(found.share)),
            f" stayed solved ({between(found.interval)}), n = {_cards.number(found.n)}",
        ],
        className="lead",
    )
    young = html.P(
        f"{_cards.number(found.young)} were solved less than seven days ago and are not counted.", className="soft foot"
    )
    return [head, _cards.table(("Within seven days", ">Cases", ">Share"), body, "What became of solved cases"), young]


def restarts(found: Restarts) -> list[Component]:
    """Hand-offs by route and who made the next contact."""
    if not found.routes:
        return [
            _cards.empty(
                "Nothing was handed off in the span.",
                "Hand-offs are transfers, referrals and cases closed as redirected.",
            )
        ]
    columns = (
        "Route",
        ">Restart rate",
        ">Bounds",
        ">Warm",
        ">Restart",
        ">Chase",
        ">Unknown",
        ">Young",
        ">Restarted after",
    )
    body = [(f"figure:restarts:{r.key}", _route(r, f"{r.start} → {r.end}")) for r in found.routes]
    if len(found.routes) > 1:
        body.append(("figure:restarts", _route(found.all, "All routes")))
    notes = [
        "Bounds: all unknown ones as no restart, and as restarts. "
        "Warm: we made the next contact. Restart: the customer, in another channel or a new conversation. "
        "Chase: the customer, in the same one. "
    ]
    if found.all.elsewhere:
        notes.append(
            f"Of the undecided ones {found.all.elsewhere} customers came with another case, perhaps the same matter. "
        )
    if found.is_cut:
        notes.append("Only the latest 5,000 hand-offs are counted; choose fewer days.")
    return [_cards.table(columns, body, "Hand-offs by route", "service-routes"), html.P(notes, className="soft foot")]


def _route(r: Route, words: str) -> list[Any]:
    if r.rate is None:
        rate: Component = html.Span(f"{r.decided} of {FEWEST_HAND_OFFS} needed", className="soft")
    else:
        rate = html.Span([html.Strong(percent(r.rate)), html.Span(f" ({between(r.interval)})", className="soft")])
    counts = [
        html.Span(_cards.number(n), className="" if n else "soft")
        for n in (r.warm, r.restart, r.chase, r.unknown, r.young)
    ]
    delay = _cards.span_words(r.delay_us) if r.delay_us is not None else "–"
    bounds = between(r.bounds) if r.decided >= FEWEST_HAND_OFFS else "–"
    return [html.Span(words, className="strong"), rate, html.Span(bounds, className="soft"), *counts, delay]
