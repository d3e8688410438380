"""The frame around every page: header with filters and live state, navigation, evidence panel, sign-out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from data.scope import Principal
from layouts import _cards
from layouts._auth import viewer
from layouts._contract import Part, Properties, View
from metrics._contract import Filters, Read
from metrics._people import fold_small, teams
from metrics._words import words
from metrics.process import case_types
from metrics.sources import SourceRow, fresh_t, sources

WINDOWS = (("15m", "15 min"), ("1h", "1 h"), ("8h", "8 h"), ("24h", "24 h"))
SPANS = (("1d", "Today"), ("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days"), ("all", "All"))
MEASURES = (("n", "Count"), ("time", "Time"))


def layout(views: Mapping[str, View], *, is_demo: bool) -> Component:
    """The whole document for whoever asks: their pages only, each with skeletons; a script shows the right one."""
    principal = viewer.get()
    if principal is None:
        return html.Div(id="shell")
    mine = sorted((v for v in views.values() if principal.role in v.roles), key=lambda v: v.order)
    return html.Div(
        id="shell",
        children=[
            html.A("Skip to content", href="#main", className="skip"),
            _header(principal, is_demo=is_demo),
            html.Nav([_link(view) for view in mine], id="nav", **_cards.attrs({"aria-label": "Pages"})),
            html.Main([_page(view) for view in mine], id="main", tabIndex="-1"),
            html.Aside(
                id="drawer",
                hidden=True,
                tabIndex="-1",
                role="dialog",
                **_cards.attrs({"aria-label": "Evidence"}),
                children=[
                    html.Div(
                        [
                            html.Button(
                                _cards.icon("back"),
                                id="drawer-back",
                                title="Back",
                                **_cards.attrs({"aria-label": "Back"}),
                            ),
                            html.Span("Evidence", className="drawer-kind"),
                            html.Button(
                                _cards.icon("close"),
                                id="drawer-close",
                                title="Close (Esc)",
                                **_cards.attrs({"aria-label": "Close"}),
                            ),
                        ],
                        className="drawer-bar",
                    ),
                    html.Div(id="drawer-body"),
                ],
            ),
            dcc.Store(id="ask"),
            html.Div(
                id="announce", className="hidden-text", role="status", **_cards.attrs({"aria-live": "polite"})
            ),
        ],
    )


def _header(principal: Principal, *, is_demo: bool) -> Component:
    return html.Header(
        id="top",
        children=[
            html.A(
                [
                    html.Span(className="brand-mark", **_cards.attrs({"aria-hidden": "true"})),
                    html.Span("Frontview", className="brand-word"),
                ],
                href="/",
                className="brand",
                **_cards.attrs({"aria-label": "Frontview, my page"}),
            ),
            html.Div(id="filters", role="group", children=_filters(), **_cards.attrs({"aria-label": "Filters"})),
            html.Div(
                className="top-right",
                children=[
                    _cards.chip("demo data", "amber") if is_demo else None,
                    html.Div(id="completeness"),
                    html.Button(
                        [html.Span(className="dot"), html.Span("Connecting", id="live-text")],
                        id="live",
                        title="Pause or go on (p)",
                    ),
                    html.Div(
                        [
                            _cards.icon("search"),
                            html.Span(className="slot", **_cards.attrs({"data-input": "search"})),
                            html.Kbd("/", **_cards.attrs({"aria-hidden": "true"})),
                        ],
                        className="find",
                    ),
                    html.Button(
                        _cards.icon("theme"),
                        id="theme",
                        title="Light or dark",
                        **_cards.attrs({"aria-label": "Light or dark"}),
                    ),
                    _account(principal),
                ],
            ),
            html.Div(id="banner", role="status", hidden=True),
        ],
    )


def _account(principal: Principal) -> Component:
    return html.Details(
        [
            html.Summary(
                [
                    _initials(principal.name),
                    html.Span(f" {principal.name}", className="hidden-text"),
                ],
                title=principal.name,
            ),
            html.Div(
                [
                    html.Strong(principal.name),
                    html.Span(_role_words(principal), className="soft"),
                    html.Form(html.Button("Sign out"), action="/logout", method="POST"),
                ],
                className="menu",
            ),
        ],
        id="me",
    )


def _filters() -> list[Component]:
    return [
        _select("team", "Team", "All teams"),
        _select("channel", "Channel", "All channels"),
        _select("otype", "Type of case", "All cases"),
        _segments("window", "Window", WINDOWS),
        _segments("span", "Days", SPANS),
    ]


def _select(name: str, title: str, everything: str) -> Component:
    return html.Label(
        [
            html.Span(title, className="hidden-text"),
            html.Select(html.Option(everything, value=""), id=f"f-{name}", **_cards.attrs({"data-filter": name})),
        ],
        className="pick",
        **_cards.attrs({"data-for": name}),
    )


def _segments(name: str, title: str, choices: Sequence[tuple[str, str]]) -> Component:
    buttons = [
        html.Button(text, **_cards.attrs({"data-filter": name, "data-value": value, "aria-pressed": "false"}))
        for value, text in choices
    ]
    return html.Div(
        buttons, className="segments", role="group", **_cards.attrs({"aria-label": title, "data-for": name})
    )


def map_controls() -> Component:
    """The controls of a process map: how much of it, and what its numbers say."""
    slider = html.Label(
        ["Detail", html.Span(className="slot", **_cards.attrs({"data-input": "detail"}))], className="slide"
    )
    return html.Div([slider, _segments("measure", "Numbers on the map", MEASURES)], className="map-controls")


def _page(view: View) -> Component:
    return html.Section(
        [html.H1(view.title, className="hidden-text", tabIndex="-1"), *view.layout()],
        id=f"page-{view.id}",
        className=f"page page-{view.id}",
        hidden=True,
        **_cards.attrs({"data-filters": " ".join(view.filters), "data-title": view.title}),
    )


def _link(view: View) -> Component:
    return html.A(
        [_cards.icon(view.icon), html.Span(view.title)],
        href=view.path,
        **_cards.attrs({"data-view": view.id, "data-path": view.path}),
    )


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper() or "?"


def _role_words(principal: Principal) -> str:
    teams_ = "" if not principal.teams else ", " + ", ".join(sorted(principal.teams))
    return f"{principal.role}{teams_}"


def _load(read: Read, _filters: Filters, now_t: int) -> dict[str, Any]:
    known = fold_small(teams(read))
    return {
        "team": sorted({name for name in known.values() if name != "other teams"}),
        "channel": sorted(filter(None, words(read, "channel").values())),
        "otype": case_types(read),
        "sources": sources(read, now_t),
        "now_t": now_t,
    }


def _render(data: dict[str, Any]) -> Properties:
    found: Properties = {}
    for name, everything in (("team", "All teams"), ("channel", "All channels"), ("otype", "All cases")):
        words = [(word, _cards.type_word(word) + "s" if name == "otype" else word) for word in data[name]]
        found[f"f-{name}"] = {
            "children": [
                html.Option(everything, value=""),
                *(html.Option(text, value=word) for word, text in words),
            ]
        }
    found["completeness"] = {"children": _completeness(data["sources"], data["now_t"])}
    return found


def _completeness(rows: Sequence[SourceRow], now_t: int) -> Component:
    """Whether the picture is whole, in the header of every page."""
    lacking = [row for row in rows if row.health(now_t) != "ok"]
    if not rows:
        return html.A(
            [_cards.icon("alert"), "no sources"],
            href="/sources",
            className="chip amber",
            **_cards.attrs({"data-view": "sources"}),
        )
    if lacking:
        words = f"{len(lacking)} of {len(rows)} sources lag"
        return html.A(
            [_cards.icon("alert"), words],
            href="/sources",
            className="chip amber",
            title=", ".join(row.title for row in lacking),
            **_cards.attrs({"data-view": "sources"}),
        )
    fresh = fresh_t(rows)
    return (
        html.Span(
            ["as of ", _cards.moment(fresh, "clock")],
            className="chip quiet",
            title="Everything up to this moment is known",
        )
        if fresh
        else html.Span()
    )


SHELL = Part("completeness", _load, _render)
"""Every page's first part: the choices of the filters and the state of the sources."""
