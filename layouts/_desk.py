"""The desk's frame: the tools above the lists, the banner of a past moment, and the cases behind its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from layouts._contract import Cases
from layouts._desk_rows import GROUPS
from metrics import desk
from metrics._contract import Filters, Read
from metrics._marks import marks, settled
from metrics.breaches import SEVERITIES
from metrics.case import CaseRow
from metrics.desk import What

_TITLES: Mapping[What, str] = {
    "open": "Open breaches, newest first",
    "due": "Falls due within 24 hours",
    "unknown": "Cannot tell",
}


def tools() -> Component:
    """Rule, severity, grouping and the past moment to look at; all of them live in the address."""
    severities = [html.Option("All severities", value=""), *(html.Option(word, value=word) for word in SEVERITIES)]
    groups = [
        html.Button(text, **_cards.attrs({"data-filter": "group", "data-value": value, "aria-pressed": "false"}))
        for value, text in GROUPS
    ]
    return html.Div(
        [
            _pick("rule", "Rule", [html.Option("All rules", value="")]),
            _pick("severity", "Severity", severities),
            html.Span("Group by", className="soft"),
            html.Div(groups, className="segments", role="group", **_cards.attrs({"aria-label": "Group by"})),
            # The input is put in by script: Dash has no plain ones.
            html.Div(className="slot asof", **_cards.attrs({"data-form": "asof"})),
        ],
        className="tools",
        role="group",
        **_cards.attrs({"aria-label": "What the desk shows"}),
    )


def _pick(name: str, title: str, options: Sequence[Component]) -> Component:
    chosen = html.Select(list(options), id=f"desk-{name}", **_cards.attrs({"data-filter": name}))
    return html.Label([html.Span(title, className="hidden-text"), chosen], className="pick")


def rule_options(read: Read) -> list[tuple[str, str]]:
    """Id and title of every active rule, by id."""
    return sorted((row["id"], row["title"]) for row in marks(read, Filters()).rows.values())


def options(rules: Sequence[tuple[str, str]]) -> list[Component]:
    """The choices of the rule control."""
    return [html.Option("All rules", value=""), *(html.Option(f"{id_} {title}", value=id_) for id_, title in rules)]


def then(asof_t: int, first_t: int | None) -> list[Component]:
    """The banner of a past moment; nothing for now."""
    if not asof_t:
        return []
    back = html.Button("Back to now", className="small", **_cards.attrs({"data-filter": "asof", "data-value": ""}))
    told: list[Any] = [html.Strong(["As believed on ", _cards.moment(asof_t, "full"), ", not now. "])]
    if first_t is None or first_t > asof_t:
        told += ["Nothing had been collected by then"]
        told += ["; the first records came on ", _cards.moment(first_t, "full"), "."] if first_t else ["."]
    else:
        told += ["Names of customers, the rules and which source brings what are as they are today."]
    return [html.Div([_cards.icon("clock"), html.Span(told), back], className="note amber then", role="status")]


def opened(what: What) -> Any:
    """The function that gives the cases behind a figure."""

    def cases(read: Read, filters: Filters, now_t: int, rule: str) -> Cases:
        wanted = replace(settled(filters, now_t), rule=rule or filters.rule)
        found = desk.rows(read, wanted, now_t, what, limit=100)
        title = f"{found[0].title}: {_TITLES[what].lower()}" if rule and found else _TITLES[what]
        return Cases(title, [CaseRow(row.case, row.at_t, _note(row, what)) for row in found])

    return cases


def _note(row: desk.Row, what: What) -> str:
    state = "overdue" if row.is_open else "for review" if row.kind == "review" else "broken"
    return f"{row.title} · {'due' if what == 'due' else 'cannot tell' if what == 'unknown' else state}"
