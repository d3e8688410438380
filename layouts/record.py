"""Where the CRM says something that the captured activity contradicts, and how much of the pipeline is current."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _risk_rows
from layouts._contract import Cases, Part, Properties, View
from layouts._rows import case_link
from metrics import record
from metrics._contract import Filters, Read
from metrics.case import CaseRow
from metrics.record import CHECKS, DealRow, Records

LIMIT = 40
_MOST = 200


def _load(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    found = record.records(read, filters, now_t)
    return {"found": found, "rows": record.chosen(found, filters)}


def _render(data: dict[str, Any]) -> Properties:
    found, number = data["found"], _cards.number
    share = "not known" if found.share is None else f"{100 * found.share:.0f} %"
    n_dark, dark = found.by_check["dark"]
    n_moved = found.by_check["past"][0] + found.by_check["pushed"][0]
    unowned = found.by_check["owner"][0]
    valueless = f"; {number(found.valueless)} without an amount" if found.valueless else ""
    return {
        "record-share": _cards.shows(
            "figure:stale", share, [f"{number(found.current_value)} of {number(found.value)}; "
                                    f"{number(found.current)} of {number(found.deals)} deals"]),
        "record-dates": _cards.shows("figure:dates", number(n_moved), ["passed or pushed, some both"]),
        "record-dark": _cards.shows("figure:check:dark", number(n_dark), [f"worth {number(dark)}, for review"]),
        "record-owner": _cards.shows("figure:check:owner", number(unowned), [f"of {number(found.deals)} open"
                                                                             f"{valueless}"]),
        "record-age": {"children": [html.Span("computed "), _cards.moment(found.made_t, "ago")]},
        "record-deals": {"children": _deals(data["rows"], found)},
        "record-checks": {"children": _checks(found)},
    }


def _deals(rows: list[DealRow], found: Records) -> list[Component]:
    if not found.deals:
        return [_cards.empty("No open deal is known.", "Looked at those that moved in the last 180 days.")]
    if not rows:
        return [_cards.empty("No record is contradicted.", f"Looked at {_cards.number(found.deals)} open deals.")]
    body: list[tuple[str, list[Any]]] = []
    for row in rows[:LIMIT]:
        who = html.Span([html.Span(row.label.customer or row.label.name, className="strong"), case_link(row.label)],
                        className="stack")
        first = row.gaps[0]
        names = [html.Span(gap.check.title, className="chip tiny" + (" review" if gap.check.is_review else ""),
                           title=f"{gap.says}: {gap.seen}") for gap in row.gaps]
        said = html.Span(first.says, className="two-lines")
        seen = html.Span([html.Span(names), html.Span(first.seen, className="soft two-lines")], className="stack")
        close = html.Span("no date", className="soft") if row.close_t is None else _cards.moment(row.close_t, "due")
        body.append((f"case:{row.label.obj}", [
            who, said, seen, "–" if row.amount is None else _cards.number(row.amount), close,
            html.Span(row.owner or "nobody yet", className="clip" if row.owner else "soft")]))
    columns = ("Customer and deal", "The record says", "What was seen", ">Amount", "Closes", "Owner")
    told = [_cards.table(columns, body, "Records that are contradicted", "record-deals")]
    if len(rows) > LIMIT:
        told.append(html.P(f"The first {LIMIT} of {_cards.number(len(rows))}.", className="soft foot"))
    return told


def _checks(found: Records) -> list[Component]:
    rows: list[tuple[str, list[Any]]] = []
    for check in CHECKS:
        n, value = found.by_check[check.id]
        review = _cards.chip("review", "tiny") if check.is_review else None
        share = f"{100 * value / found.value:.0f} %" if found.value else "–"
        rows.append((f"figure:check:{check.id}",
                     [html.Span([review, check.title]), _cards.number(n), _cards.number(value), share]))
    note = "A deal may be in several; shares are of the value of all open deals."
    return [_cards.table(("What does not agree", ">Deals", ">Value", ">Share"), rows, "Contradictions", "record-list"),
            html.P(note, className="soft foot")]


def layout() -> list[Component]:
    """Four figures, then the contradicted deals beside the kinds of contradiction."""
    return [
        html.Div(
            [
                _cards.tile("record-share", "Pipeline value with a current record", "figure:stale", "record"),
                _cards.tile("record-dates", "Close dates that do not hold", "figure:dates", "record"),
                _cards.tile("record-dark", "Dark progress", "figure:check:dark", "record"),
                _cards.tile("record-owner", "Without an owner", "figure:check:owner", "record"),
            ],
            className="tiles",
        ),
        html.Div([html.Span("Sort by", className="soft"), _risk_rows.sorting()], className="tools", role="group",
                 **_cards.attrs({"aria-label": "Order of the list"})),
        html.Div(
            [
                _cards.card("record-deals", "Records that reality contradicts", metric="record",
                            note=html.Span("computed", id="record-age"), steady=True),
                _cards.card("record-checks", "What does not agree", metric="record", steady=True),
            ],
            className="columns risk-columns",
        ),
    ]


def _cases(title: str, rows: list[DealRow], wanted: set[str]) -> Cases:
    found = [(row, [gap for gap in row.gaps if not wanted or gap.check.id in wanted]) for row in rows]
    return Cases(title, [CaseRow(row.label, row.talk_t or 0, "; ".join(f"{gap.says}: {gap.seen}" for gap in gaps))
                         for row, gaps in found if gaps][:_MOST])


def _stale(read: Read, filters: Filters, now_t: int, _word: str) -> Cases:
    return _cases("Records that reality contradicts", list(record.records(read, filters, now_t).rows), set())


def _dates(read: Read, filters: Filters, now_t: int, _word: str) -> Cases:
    rows = list(record.records(read, filters, now_t).rows)
    return _cases("Close dates passed or pushed", rows, {"past", "pushed"})


def _check(read: Read, filters: Filters, now_t: int, word: str) -> Cases:
    title = next((check.title for check in CHECKS if check.id == word), "Contradictions")
    return _cases(title, list(record.records(read, filters, now_t).rows), {word} - {""})


VIEW = View(
    id="record",
    title="Record",
    path="/record",
    icon="ledger",
    roles=frozenset({Role.MANAGER}),
    order=34,
    parts=(Part("record-deals", _load, _render),),
    layout=layout,
    filters=("team", "channel"),
    evidence={"stale": _stale, "dates": _dates, "check": _check},
)
