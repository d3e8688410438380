"""Service: where customers wait, how long replies take, what stays solved, and who has to begin again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _service_rows
from layouts._contract import Cases, Part, Properties, View
from metrics import replies, restarts, turns
from metrics._contract import Filters, Read
from metrics.case import CaseRow


def _load_waits(read: Read, filters: Filters, now_t: int) -> Any:
    return turns.turns(read, filters, now_t)


def _render_waits(found: turns.Turns) -> Properties:
    below: list[Any] = ["nobody"]
    if found.total:
        below = [
            "half over ",
            _cards.span_words(found.median_us or 0),
            ", longest ",
            _cards.moment(found.oldest_t, "since"),
        ]
    tile = _cards.shows("figure:turns", _cards.number(found.total), below, beside="customers")
    return {"service-waiting": tile, "service-waits": {"children": _service_rows.waits(found)}}


def _load_replies(read: Read, filters: Filters, now_t: int) -> Any:
    return replies.replies(read, filters, now_t)


def _render_replies(found: replies.Replies) -> Properties:
    first = found.all.first_elapsed
    enough = first.n >= replies.FEWEST
    figure = _service_rows.length(first.quantile(0.5).value) if enough else "–"
    below = [
        f"median by the clock; P90 {_service_rows.length(first.quantile(0.9).value)}, n = {_cards.number(first.n)}"
        if enough
        else f"{first.n} of {replies.FEWEST} needed"
    ]
    return {
        "service-first": _cards.shows("figure:replies", figure, below),
        "service-channels": {"children": _service_rows.replies(found, "channel")},
        "service-teams": {"children": _service_rows.replies(found, "team")},
    }


def _load_solved(read: Read, filters: Filters, now_t: int) -> Any:
    return replies.resolution(read, filters, now_t)


def _render_solved(found: replies.Resolution) -> Properties:
    figure = "–" if found.share is None else _service_rows.percent(found.share)
    below = [
        f"{_service_rows.between(found.interval)}, n = {_cards.number(found.n)}" if found.n else "none is old enough"
    ]
    return {
        "service-solved": _cards.shows("figure:solved:back", figure, below),
        "service-fates": {"children": _service_rows.resolution(found)},
    }


def _load_restarts(read: Read, filters: Filters, now_t: int) -> Any:
    return restarts.restarts(read, filters, now_t)


def _render_restarts(found: restarts.Restarts) -> Properties:
    whole = found.all
    figure = "–" if whole.rate is None else _service_rows.percent(whole.rate)
    below = [
        f"{_service_rows.between(whole.interval)}, n = {_cards.number(whole.decided)}"
        if whole.decided
        else "no hand-off is decided"
    ]
    return {
        "service-again": _cards.shows("figure:restarts:restart", figure, below),
        "service-routes": {"children": _service_rows.restarts(found)},
    }


def layout() -> list[Component]:
    """Four figures, who waits, then replies, solutions and hand-offs."""
    return [
        html.Div(
            [
                _cards.tile("service-waiting", "Waiting for us", "figure:turns", "turns"),
                _cards.tile("service-first", "First reply", "figure:replies", "replies"),
                _cards.tile("service-solved", "Stays solved 7 days", "figure:solved:back", "replies"),
                _cards.tile("service-again", "Restarts after a hand-off", "figure:restarts:restart", "restarts"),
            ],
            className="tiles",
        ),
        html.Div(
            [
                _cards.card("service-waits", "Where customers wait", metric="turns", steady=True, area="a-waits"),
                _cards.card("service-channels", "Replies by channel", metric="replies", area="a-channels"),
                _cards.card(
                    "service-teams", "Replies by team", metric="replies", note="small teams together", area="a-teams"
                ),
                _cards.card("service-routes", "Hand-offs by route", metric="restarts", area="a-routes"),
                _cards.card("service-fates", "What was solved", metric="replies", area="a-fates"),
            ],
            className="grid service-grid",
        ),
    ]


def _waiting(read: Read, filters: Filters, now_t: int, _word: str) -> Cases:
    found = turns.turns(read, filters, now_t, limit=100)
    title = f"{_cards.number(found.total)} customers waiting, longest first"
    return Cases(title, [CaseRow(t.case, t.since_t, f"{t.channel} {t.asked} asked") for t in found.rows])


def _silent(read: Read, filters: Filters, now_t: int, _word: str) -> Cases:
    return Cases("Asked over thirty days ago, never answered", turns.silent(read, filters, now_t))


def _replied(read: Read, filters: Filters, now_t: int, word: str) -> Cases:
    side, _, name = word.partition("=")
    if side == "channel":
        filters = replace(filters, channel=name)
    elif side == "team" and name != "other teams":
        filters = replace(filters, team=name)
    title = f"Longest waits that began in the span{': ' + name if name else ''}"
    return Cases(title, replies.longest(read, filters, now_t))


def _solved(read: Read, filters: Filters, now_t: int, fate: str) -> Cases:
    titles = {"held": "Stayed solved", "elsewhere": "Solved; the customer wrote in another case"}
    return Cases(
        titles.get(fate, "Came back within seven days"), replies.resolved_cases(read, filters, now_t, fate or "back")
    )


def _restarted(read: Read, filters: Filters, now_t: int, word: str) -> Cases:
    title = f"Hand-offs {word.replace('>', ' → ')}" if ">" in word else f"Hand-offs{': ' + word if word else ''}"
    return Cases(title, restarts.cases(read, filters, now_t, word))


VIEW = View(
    id="service",
    title="Service",
    path="/service",
    icon="clock",
    roles=frozenset({Role.MANAGER}),
    order=31,
    parts=(
        Part("service-waits", _load_waits, _render_waits),
        Part("service-channels", _load_replies, _render_replies),
        Part("service-fates", _load_solved, _render_solved),
        Part("service-routes", _load_restarts, _render_restarts),
    ),
    layout=layout,
    filters=("team", "channel", "span"),
    evidence={"turns": _waiting, "silent": _silent, "replies": _replied, "solved": _solved, "restarts": _restarted},
)
