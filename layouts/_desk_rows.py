"""The desk's lists: open breaches in any order and grouping, and what is about to become one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from layouts._rows import case_link
from metrics._contract import Filters
from metrics.desk import Row

GROUPS: Final = (("", "None"), ("rule", "Rule"), ("severity", "Severity"), ("team", "Team"), ("channel", "Channel"))
_GROUP_OF: Final[Mapping[str, Callable[[Row], str]]] = {
    "rule": lambda row: row.title,
    "severity": lambda row: row.severity,
    "team": lambda row: row.team or "no team",
    "channel": lambda row: row.channel or "no channel",
}
# Heading, and what it sorts by: the word for now, and the word that clicking it asks for.
_COLUMNS: Final = (
    ("Age", "age"),
    ("Severity", "severity"),
    ("Rule", "rule"),
    ("State", ""),
    ("Customer and case", ""),
    ("Team", "team"),
    ("Person", ""),
)


def breaches(rows: Sequence[Row], filters: Filters, limit: int) -> list[Component]:
    """The table; every row opens the evidence of its activation."""
    if not rows:
        return [_cards.empty("No open breach fits.", "Looked at overdue promises and at breaches in the span.")]
    group = _GROUP_OF.get(filters.group)
    parts = [(name, list(some)) for name, some in groupby(rows, key=group)] if group else [("", list(rows))]
    body: list[Component] = []
    for name, some in parts:
        body += [_heading(name, len(some))] if group else []
        body += [_row(row, filters.asof_t) for row in some]
    caption = html.Caption("Open breaches", className="hidden-text")
    table = html.Table(
        [caption, html.Thead(html.Tr([_head(*c, filters) for c in _COLUMNS])), html.Tbody(body)],
        className="rows desk",
    )
    more = f"The first {limit} are shown; filter by rule, severity, team or channel to see others."
    return [table, *([html.P(more, className="soft foot")] if len(rows) >= limit else [])]


def _head(title: str, by: str, filters: Filters) -> Component:
    if not by:
        return html.Th(title, scope="col")
    now = filters.group or filters.sort or "age"
    is_now = now.removeprefix("-") == by
    # Ages begin with the newest; clicking again turns them round. The other columns have one order.
    target = "-age" if by == "age" and now == "age" else "" if by == "age" else by
    told = {"data-filter": "sort", "data-value": target, "data-for-sort": by}
    order = ("ascending" if now in {"-age", by} and now != "age" else "descending") if is_now else "none"
    mark = html.Span(
        "▲" if order == "ascending" else "▼", className="mark", **_cards.attrs({"aria-hidden": "true"})
    )
    return html.Th(
        html.Button([title, mark if is_now else None], className="sort", **_cards.attrs(told)),
        scope="col",
        **_cards.attrs({"aria-sort": order}),
    )


def _heading(name: str, n: int) -> Component:
    cell = html.Th(
        [html.Span(name, className="strong"), html.Span(f" {n} shown", className="soft")],
        scope="rowgroup",
        colSpan=len(_COLUMNS),
    )
    return html.Tr(cell, className="group")


def _moment(row: Row, asof_t: int, kind: str) -> Component:
    """Told by the browser while it is now, and fixed where it is about a past moment."""
    if not asof_t:
        return _cards.moment(row.at_t, kind)
    ahead = "in " if row.at_t > asof_t else ""
    return html.Span(ahead + _cards.span_words(abs(asof_t - row.at_t)), className="soft")


def _row(row: Row, asof_t: int) -> Component:
    cells: list[Any] = [
        _moment(row, asof_t, "ago"),
        _cards.severity(row.severity),
        html.Span(
            [_cards.chip("review", "tiny") if row.kind == "review" else None, row.title],
            className="two-lines",
            title=f"{row.rule} · {row.title}" + (f" · {row.reason}" if row.reason else ""),
        ),
        html.Span("overdue", className="overdue", title="It can still be done")
        if row.is_open
        else html.Span("for review" if row.kind == "review" else "broken", className="state"),
        _stack(row.case.customer or row.case.name, case_link(row.case)),
        _stack(row.team, html.Span(row.channel, className="channel")),
        html.Span(row.person or ("" if row.case.otype == "contact" else "nobody yet"), className="person"),
    ]
    return html.Tr(
        [html.Td(cell) for cell in cells],
        className="row",
        tabIndex="0",
        **_cards.attrs({"data-open": f"binding:{row.key}"}),
    )


def _stack(above: str, below: Component) -> Component:
    return html.Span([html.Span(above or "\N{NO-BREAK SPACE}"), below], className="stack")


def due(rows: Sequence[Row], asof_t: int) -> list[Component]:
    """What falls due within a day, next first."""
    if not rows:
        return [_cards.empty("Nothing falls due within 24 hours.", "Looked at every pending promise that fits.")]
    body = [
        (
            f"binding:{row.key}",
            [
                _moment(row, asof_t, "due"),
                html.Span(row.title, className="two-lines", title=row.help or row.title),
                _stack(row.case.customer or row.case.name, case_link(row.case)),
            ],
        )
        for row in rows
    ]
    return [_cards.table(("Due", "Rule", "Customer"), body, "What is about to become a breach", "desk-due")]
