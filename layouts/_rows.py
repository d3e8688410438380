"""Tables that several pages show (waits, rules, what falls due, breaches, the feed) and the cases behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from metrics._labels import Label
from metrics.breaches import Item, RuleRow
from metrics.live import FeedRow
from metrics.waiting import Waiting


def case_link(label: Label) -> Component:
    """A case as people call it: its type and number, and its name where it has one."""
    number = "" if label.otype == "contact" else f" {_cards.short_id(label.otype, label.id)}"
    words = f"{_cards.type_word(label.otype)}{number}"
    return html.Span(words, className="case", title=label.name or label.id)


def waits(found: Waiting, *, is_own: bool = False) -> list[Component]:
    """Who waits, longest first; without the owner where that is always the reader."""
    if not found.rows:
        return [
            _cards.empty(
                "No customer waits for an answer.", "Looked at every open case with an unanswered message."
            )
        ]
    rows: list[tuple[str, list[Any]]] = []
    for w in found.rows:
        cells = [html.Span(w.customer, className="strong clip"), case_link(w.case), _cards.channel(w.channel)]
        cells += [] if is_own else [_owner(w.owner)]
        rows.append((f"case:{w.case.obj}", [*cells, _cards.moment(w.since_t, "since")]))
    columns = ("Customer", "Case", "Channel", *(() if is_own else ("Owner",)), ">Waiting")
    table = _cards.table(columns, rows, "Customers waiting, longest first", "waits")
    return [table, _more(found.total, len(rows), "figure:waiting")]


def _owner(name: str) -> Component:
    return html.Span(name or "nobody yet", className="clip" if name else "soft")


def rules(rows: Sequence[RuleRow], span: str) -> list[Component]:
    """Rules with something to look at; `span` says since when broken ones count."""
    if not rows:
        return [
            _cards.empty("No rule is switched on.", "Rules come from packs; an administrator switches them on.")
        ]
    loud = [r for r in rows if r.breaches or r.due or r.unknown]
    if not loud:
        return [
            _cards.empty(
                f"No breach in the last {span}, and nothing due within 24 hours.", f"{len(rows)} rules are watched."
            )
        ]
    most = max(r.breaches for r in loud) or 1
    body = [
        (
            f"figure:rule:{r.id}",
            [
                _cards.severity(r.severity),
                _rule(r),
                _bar(r.breaches, most, r.severity),
                _cards.number(r.overdue),
                _cards.number(r.due),
                _cannot_tell(r.unknown),
            ],
        )
        for r in loud
    ]
    columns = ("Severity", "Rule", ">Breaches", ">Overdue", ">Due 24 h", ">Unclear")
    return [_cards.table(columns, body, f"Rules; breaches in the last {span}", "rules")]


def _rule(rule: RuleRow) -> Component:
    review = _cards.chip("review", "tiny") if rule.kind == "review" else None
    return html.Span([review, html.Span(rule.title)], title=f"{rule.id} · {rule.title}")


def _bar(n: int, most: int, severity: str) -> Component:
    fill = html.Span(className=f"bar-fill sev-{severity}", style={"width": f"{100 * n / most:.0f}%"})
    return html.Span(
        [
            html.Span(fill, className="bar", **_cards.attrs({"aria-hidden": "true"})),
            html.Span(_cards.number(n), className="bar-n"),
        ],
        className="bar-cell",
    )


def _cannot_tell(n: int) -> Component:
    return html.Span(
        _cards.number(n), className="unknown" if n else "soft", title="A needed source is late or blind"
    )


def due(items: Sequence[Item], *, is_own: bool = False) -> list[Component]:
    """What falls due next, with a countdown; without the owner where that is always the reader."""
    if not items:
        return [_cards.empty("Nothing falls due soon.", "Looked at every pending promise in this scope.")]
    rows: list[tuple[str, list[Any]]] = []
    for i in items:
        cells = [
            _cards.moment(i.due_t or i.at_t, "due"),
            html.Span(i.title, className="strong clip", title=i.help or i.title),
            html.Span(i.case.customer or i.case.name, className="clip"),
            case_link(i.case),
        ]
        rows.append((f"case:{i.case.obj}", [*cells, *([] if is_own else [_owner(i.owner)])]))
    columns = ("Due", "Rule", "Customer", "Case", *(() if is_own else ("Owner",)))
    return [_cards.table(columns, rows, "Promises that fall due next", "due")]


def broken(items: Sequence[Item], empty: str) -> list[Component]:
    """Broken and overdue ones, newest first."""
    if not items:
        return [_cards.empty(empty)]
    rows = [
        (
            f"case:{i.case.obj}",
            [
                _cards.moment(i.at_t, "ago"),
                _cards.severity(i.severity, i.kind),
                html.Span(i.title, className="strong clip", title=i.reason or i.title),
                _state(i),
                html.Span(i.case.customer or i.case.name, className="clip"),
                case_link(i.case),
                i.team or "",
                html.Span(i.owner, className="clip"),
            ],
        )
        for i in items
    ]
    columns = ("When", "Severity", "Rule", "State", "Customer", "Case", "Team", "Person")
    return [_cards.table(columns, rows, "Breaches, newest first", "broken")]


def _state(item: Item) -> Component:
    if item.verdict == 5:
        return html.Span("cannot tell", className="unknown", title=item.reason)
    return html.Span("overdue, still open" if item.is_overdue else "broken", className="state")


def feed(rows: Sequence[FeedRow]) -> list[Component]:
    """The latest activity."""
    if not rows:
        return [
            _cards.empty("Nothing has been collected yet.", "As soon as a source tells of something it shows here.")
        ]
    body = [
        (
            f"event:{r.seq}",
            [
                _cards.moment(r.t, "ago"),
                _cards.activity(r.activity, r.direction),
                _cards.channel(r.channel),
                html.Span(r.about.customer or r.about.name or r.about.id if r.about else "", className="clip"),
                case_link(r.about) if r.about else "",
                r.team,
            ],
        )
        for r in rows
    ]
    return [
        _cards.table(("When", "Activity", "Channel", "Customer", "Case", "Team"), body, "Latest activity", "feed")
    ]


def _more(total: int, shown: int, open_: str) -> Component:
    if total <= shown:
        return html.Span()
    return html.Button(f"Show all {_cards.number(total)}", className="more", **_cards.attrs({"data-open": open_}))
