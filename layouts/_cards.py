"""The small pieces every page is made of: cards, tiles, tables, moments, severities, empty and error states.

Moments are sent as `data-t` and told by the browser ("3 min", "in 12 min"), so a figure that only grows older needs
no new frame. Whatever carries `data-open` opens the evidence panel.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from data.vocabulary import label as activity_label

SHAPES = {"critical": "octagon", "high": "triangle", "medium": "diamond", "low": "disc"}
TYPE_WORDS = {
    "opportunity": "Deal",
    "ticket": "Ticket",
    "lead": "Lead",
    "conversation": "Thread",
    "case": "Case",
    "contact": "Contact",
    "account": "Account",
    "quote": "Quote",
    "campaign": "Campaign",
    "person": "Colleague",
}
Child = Component | str | None


def attrs(words: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes whose names are no Python words (`data-open`, `aria-label`)."""
    return dict(words)


def number(n: float) -> str:
    """Full digits below 100,000, then k and M."""
    if abs(n) < 100_000:
        return f"{n:,.0f}"
    return f"{n / 1_000:,.0f}k" if abs(n) < 1_000_000 else f"{n / 1_000_000:,.1f}M"


def span_words(us: float) -> str:
    """A length of time in one or two units."""
    seconds = us / 1_000_000
    for unit, size, limit in (("s", 1, 90), ("min", 60, 5400), ("h", 3600, 172_800)):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def type_word(otype: str) -> str:
    """A type of object as people call it."""
    return TYPE_WORDS.get(otype, otype[:1].upper() + otype[1:])


def short_id(otype: str, id_: str) -> str:
    """An object's id without the system's prefix where it has one."""
    return id_ if otype in {"contact", "person"} else id_.rsplit("/", 1)[-1]


def icon(name: str) -> Component:
    """A decorative icon; its shape comes from the style sheet."""
    return html.Span(className=f"icon i-{name}", **attrs({"aria-hidden": "true"}))


def moment(t: int | None, kind: str = "ago") -> Component:
    """A moment that the browser tells: `ago`, `due` (countdown), `clock` or `date`."""
    if t is None:
        return html.Span("not known", className="soft")
    return html.Time(className=f"t-{kind}", **attrs({"data-t": str(t // 1000), "data-kind": kind}))


def severity(word: str, kind: str = "violation") -> Component:
    """A severity as colour, shape and word; what may be wrong says 'for review'."""
    note = html.Span(" for review", className="soft") if kind == "review" else None
    return html.Span(
        [html.Span(className=f"shape {SHAPES.get(word, 'disc')}", **attrs({"aria-hidden": "true"})), word, note],
        className=f"sev sev-{word}",
    )


def activity(name: str, direction: int = 0) -> Component:
    """An activity's label, with an arrow for in and out."""
    arrow = {1: ("in", "arrow-in"), 2: ("out", "arrow-out")}.get(direction)
    mark = html.Span(className=f"icon i-{arrow[1]} dir-{arrow[0]}", title=f"{arrow[0]}bound") if arrow else None
    return html.Span([mark, html.Span(activity_label(name), className="act")], className="activity")


def channel(name: str) -> Component:
    """A channel's name."""
    return html.Span(name or "–", className="channel")


def change(now: float, before: float) -> Component:
    """The change against before, grey because neither way is good in itself."""
    if not before:
        return html.Span("new" if now else "no change", className="change")
    percent = round(100 * (now - before) / before)
    if not percent:
        return html.Span("no change", className="change")
    word, mark = ("up", "▲") if percent > 0 else ("down", "▼")
    return html.Span(
        [
            html.Span(mark, **attrs({"aria-hidden": "true"})),
            html.Span(f"{word} ", className="hidden-text"),
            f" {abs(percent)}%",
        ],
        className="change",
    )


def draw(kind: str, data: Any, label: str, class_name: str = "") -> Component:
    """A picture drawn by script from data; `label` says in words what it shows."""
    return html.Div(
        className=f"draw {class_name}",
        role="img",
        **attrs(
            {
                "data-draw": kind,
                "data-data": json.dumps(data, ensure_ascii=False, separators=(",", ":")),
                "aria-label": label,
            }
        ),
    )


def tile(id_: str, title: str, open_: str, metric: str) -> Component:
    """The frame of a tile; its body is filled by the stream."""
    return html.Section(
        [
            html.Div([html.H2(title, className="tile-title"), explain(metric)], className="card-head"),
            html.Div(id=id_, className="tile-body", children=skeleton(2)),
        ],
        className="card tile",
        **attrs({"data-open": open_, "data-pointer": "1"}),
    )


def shows(
    open_: str, figure: str, below: Sequence[Child], *, beside: Child = None, spark: Component | None = None
) -> dict[str, Any]:
    """What a tile shows: the figure as a button that opens evidence, a word beside, a line below, a sparkline."""
    button = html.Button(figure, className="figure", **attrs({"data-open": open_}))
    row = html.Div([button, html.Span(beside, className="beside")], className="figure-row")
    return {"children": [row, html.Div(list(below), className="below"), spark]}


def card(
    id_: str, title: str, *, metric: str = "", note: Child = None, steady: bool = False, area: str = ""
) -> Component:
    """The frame of a card with a skeleton. `steady`: rows do not move while pointer or focus is inside."""
    extra: dict[str, Any] = {"data-steady": "1"} if steady else {}
    head = [
        html.H2(title),
        html.Span(note, className="card-note") if note else None,
        explain(metric) if metric else None,
    ]
    return html.Section(
        [
            html.Div(head, className="card-head"),
            html.Div(id=id_, className="card-body", children=skeleton(6), **extra),
        ],
        className=f"card {area}",
        **attrs({"aria-label": title}),
    )


def explain(metric: str) -> Component:
    """The button that opens how a figure is computed and what it cannot see."""
    return html.Button(
        "?",
        className="explain",
        title="How this is computed, and what it cannot see",
        **attrs({"data-open": f"metric:{metric}", "aria-label": "How this is computed"}),
    )


def table(
    columns: Sequence[str], rows: Iterable[tuple[str, Sequence[Any]]], caption: str, class_name: str = ""
) -> Component:
    """A table whose rows open evidence: (what to open, cells). A column `>Name` is flush right."""
    heads = [html.Th(c.lstrip(">"), scope="col", className="right" if c.startswith(">") else "") for c in columns]
    body = []
    for open_, cells in rows:
        more: dict[str, Any] = {"data-open": open_, "tabIndex": "0"} if open_ else {}
        tds = [
            html.Td(cell, className="right" if c.startswith(">") else "")
            for c, cell in zip(columns, cells, strict=True)
        ]
        body.append(html.Tr(tds, className="row" if open_ else "", **more))
    return html.Table(
        [html.Caption(caption, className="hidden-text"), html.Thead(html.Tr(heads)), html.Tbody(body)],
        className=f"rows {class_name}",
    )


def empty(text: str, more: str = "") -> Component:
    """Nothing to show: what was looked for."""
    return html.Div(
        [icon("empty"), html.P(text), html.P(more, className="soft") if more else None], className="empty"
    )


def trouble(text: str) -> Component:
    """An error that stays in its card."""
    return html.Div(
        [icon("alert"), html.P("This part cannot be shown."), html.P(text, className="soft")],
        className="empty trouble",
        role="alert",
    )


def amber(children: Any) -> Component:
    """A note that part of the picture is missing; never green."""
    return html.P([icon("alert"), html.Span(children)], className="note amber")


def skeleton(rows: int) -> list[Component]:
    """Grey bars until the first frame."""
    return [html.Div(className="bone", **attrs({"aria-hidden": "true"})) for _ in range(rows)]


def chip(text: str, tone: str = "") -> Component:
    """A small word in a box."""
    return html.Span(text, className=f"chip {tone}")
