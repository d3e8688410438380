"""Journey: which channels customers use, what cases ask of them, and whether social talk reaches a case."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards
from layouts._contract import Cases, Part, Properties, View
from layouts._rows import case_link
from layouts._service_rows import between, percent
from metrics import journey
from metrics._contract import Filters, Read
from metrics.journey import Effort, Issue, Linkage, Share


def _load_effort(read: Read, filters: Filters, now_t: int) -> Any:
    return journey.effort(read, filters, now_t)


def _render_effort(found: Effort) -> Properties:
    return {"journey-effort": {"children": _effort(found)}}


def _effort(found: Effort) -> list[Component]:
    if not found.n:
        return [_cards.empty("No customer wrote about a case in the span.", "Choose more days in the header.")]
    head = html.P(
        [
            html.Strong(_cards.number(found.n)),
            f" cases: half ask for {found.contacts:.0f} messages or calls of the customer, one in "
            f"ten for {found.contacts_most:.0f} or more; {percent(found.several)} take several channels, "
            f"in {percent(found.again)} "
            f"the customer writes again before an answer, {percent(found.passed)} are handed off. Waited in all: half ",
            _cards.span_words(found.wait_us),
            ", one in ten ",
            _cards.span_words(found.wait_most),
            " or more.",
        ],
        className="lead",
    )
    columns = ("Customer", "Case", ">Contacts", ">Channels", ">Again", ">Hand-offs", ">Waited", ">Began")
    body = [(f"case:{row.case.obj}", _issue(row)) for row in found.rows]
    return [
        head,
        _cards.table(columns, body, "Cases that ask most of their customer", "effort"),
        html.Button("Open more", className="more", **_cards.attrs({"data-open": "figure:effort"})),
    ]


def _issue(row: Issue) -> list[Any]:
    link = html.Button(
        row.customer,
        className="link clip",
        title="The whole journey of this customer",
        **_cards.attrs({"data-open": f"journey:{row.whose}"}),
    )
    counts = [
        html.Span(str(n), className="" if n else "soft") for n in (row.contacts, row.channels, row.repeats, row.hops)
    ]
    return [link, case_link(row.case), *counts, _cards.span_words(row.wait_us), _cards.moment(row.t, "ago")]


def _load_mix(read: Read, filters: Filters, now_t: int) -> Any:
    return journey.mix(read, filters, now_t)


def _render_mix(found: list[Share]) -> Properties:
    if not found:
        return {
            "journey-mix": {
                "children": [_cards.empty("Nothing was said in the span.", "Choose more days in the header.")]
            }
        }
    body = [("", _share(row)) for row in found]
    total = sum(row.n for row in found)
    note = (
        f"n = {_cards.number(total)} messages and calls, in and out. Moved: the span's later half less its earlier one."
    )
    table = _cards.table(
        ("Channel", ">Share", ">Count", ">Moved, points", "By day or week"), body, "Channel mix", "mix"
    )
    return {"journey-mix": {"children": [table, html.P(note, className="soft foot")]}}


def _share(row: Share) -> list[Any]:
    spark = _cards.draw(
        "spark", list(row.steps), f"{row.channel}: {min(row.steps)} to {max(row.steps)} a step", "spark"
    )
    share = html.Span([html.Strong(percent(row.share)), html.Span(f" ({between(row.interval)})", className="soft")])
    return [row.channel, share, _cards.number(row.n), _moved(row), spark]


def _moved(row: Share) -> Component:
    if row.trend is None:
        return html.Span("too few", className="soft")
    low, high = row.trend_interval
    sure = low > 0 or high < 0
    words = f"{100 * row.trend:+.1f}"
    return html.Span(
        [
            html.Span(words, className="strong" if sure else "soft"),
            html.Span(f" ({100 * low:+.1f} to {100 * high:+.1f})", className="soft"),
        ]
    )


def _load_links(read: Read, filters: Filters, now_t: int) -> Any:
    return journey.linkage(read, filters, now_t)


def _render_links(found: Linkage) -> Properties:
    if not found.n:
        young = f"{found.young} are not a day old." if found.young else "No source brought a social conversation."
        return {
            "journey-links": {"children": [_cards.empty("No social conversation in the span is old enough.", young)]}
        }
    rows = [
        ("hour", "Tied to a case within an hour", found.hour),
        ("day", "Within a day", found.day),
        ("later", "Later", found.later),
        ("related", "By a relation whose moment is not known", found.related),
        ("never", "Not tied to any case", found.never),
    ]
    body = [(f"figure:links:{key}", [words, _cards.number(n), _of(n, found.n)]) for key, words, n in rows]
    bounds = (found.day / found.n, (found.day + found.related) / found.n)
    note = (
        f"n = {_cards.number(found.n)}; within a day: {between(bounds)}, as relations may have come in time. "
        f"{_cards.number(found.young)} are not a day old and not counted."
    )
    table = _cards.table(
        ("Social conversations", ">Count", ">Share"), body, "Social conversations tied to a case", "links"
    )
    return {"journey-links": {"children": [table, html.P(note, className="soft foot")]}}


def _of(n: int, total: int) -> Component:
    return html.Span(
        [html.Strong(percent(n / total)), html.Span(f" ({between(journey.wilson(n, total))})", className="soft")]
    )


def layout() -> list[Component]:
    """What cases ask of customers above, channels and links below."""
    return [
        html.Div(
            [
                _cards.card(
                    "journey-effort", "What cases ask of customers", metric="journey", steady=True, area="a-effort"
                ),
                _cards.card("journey-mix", "Channel mix", metric="journey", area="a-mix"),
                _cards.card("journey-links", "Does social talk reach a case?", metric="journey", area="a-links"),
            ],
            className="grid journey-grid",
        )
    ]


def _heavy(read: Read, filters: Filters, now_t: int, _word: str) -> Cases:
    return Cases("Cases that asked most of their customer", journey.effort_cases(read, filters, now_t))


def _linked(read: Read, filters: Filters, now_t: int, fate: str) -> Cases:
    titles = {
        "hour": "Tied within an hour",
        "day": "Tied within a day",
        "later": "Tied later",
        "related": "Tied by a relation",
    }
    return Cases(
        titles.get(fate, "Social conversations not tied to a case"), journey.link_cases(read, filters, now_t, fate)
    )


VIEW = View(
    id="journey",
    title="Journey",
    path="/journey",
    icon="flow",
    roles=frozenset({Role.MANAGER}),
    order=32,
    parts=(
        Part("journey-effort", _load_effort, _render_effort),
        Part("journey-mix", _load_mix, _render_mix),
        Part("journey-links", _load_links, _render_links),
    ),
    layout=layout,
    filters=("team", "channel", "span"),
    evidence={"effort": _heavy, "links": _linked},
)
