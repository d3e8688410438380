"""Conformance by rule: small charts with the numbers and the coverage they rest on, and one rule's panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import _cards, _panel
from layouts._contract import Part, Properties
from layouts._desk_proof import rule_facts
from metrics._contract import Filters, Read
from metrics._marks import marks, settled
from metrics.binding import RuleText
from metrics.breaches import SEVERITIES
from metrics.coverage import Bringer, Coverage, coverage
from metrics.rates import FEWEST, Counts, RuleRate, rates, wilson

_COLUMNS = (
    "Severity",
    "Rule",
    "Coverage",
    ">Conformance",
    "Over time",
    ">Activations",
    ">Violated",
    ">Pending",
    ">Unknown",
)
_HEALTH = {"ok": "ok", "late": "late", "blind": "blind"}


def table(
    rows: Sequence[RuleRate], covered: Mapping[str, Coverage], out: Sequence[tuple[str, str, str]]
) -> list[Component]:
    """All rules with their figures, then those that no source can feed (id, title, severity), without."""
    if not rows and not out:
        return [_cards.empty("No rule fits these filters.", "Take a filter away above.")]
    body: list[tuple[str, list[Any]]] = [(f"rule:{r.id}", _cells(r, covered.get(r.id))) for r in rows]
    body += [(f"rule:{id_}", _left_out(id_, title, severity, covered[id_])) for id_, title, severity in out]
    return [_cards.table(_COLUMNS, body, "Conformance by rule", "rates")]


def _cells(row: RuleRate, covered: Coverage | None) -> list[Any]:
    total = row.total
    return [
        _cards.severity(row.severity),
        _title(row.id, row.title, row.kind),
        badge(covered),
        _rate(total),
        _chart(row, "rates"),
        _number(total.activations),
        html.Span(
            _number(total.violated),
            title=f"{_cards.number(total.overdue)} of them are overdue and still open" if total.overdue else "",
        ),
        _number(total.pending),
        html.Span(_number(total.unknown), className="unknown" if total.unknown else "soft"),
    ]


def _left_out(id_: str, title: str, severity: str, covered: Coverage) -> list[Any]:
    none = html.Span("–", className="soft")
    said = html.Span(covered.says(), className="soft wrap")
    return [_cards.severity(severity), _title(id_, title, ""), badge(covered), none, said, none, none, none, none]


def _title(id_: str, title: str, kind: str) -> Component:
    review = _cards.chip("review", "tiny") if kind == "review" else None
    return html.Span([review, html.Span(title)], title=f"{id_} · {title}")


def _number(n: int) -> Component:
    return html.Span(_cards.number(n), className="" if n else "soft")


def _rate(total: Counts) -> Component:
    if total.rate is None:
        told = f"{total.decided} decided; a rate needs {FEWEST}"
        return html.Span("too few" if total.decided else "none decided", className="soft", title=told)
    low, high = wilson(total.met, total.decided)
    return html.Span(
        [
            html.Span(f"{100 * total.rate:.1f}%", className="strong"),
            html.Span(f" {100 * low:.0f}–{100 * high:.0f}", className="soft"),
        ],
        title=f"{_cards.number(total.met)} of {_cards.number(total.decided)} decided ones; the interval is 95 %",
    )


def _chart(row: RuleRate, kind: str) -> Component:
    """Script draws it: [first day, days a step, [met, violated, pending, unknown] for each step]."""
    steps = [[c.met, c.violated, c.pending, c.unknown] for c in row.steps]
    total = row.total
    said = (
        f"{row.title}: {total.met} met, {total.violated} violated, {total.pending} pending, {total.unknown} unknown"
    )
    data = {"first": row.first_day, "days": row.step_days, "steps": steps}
    return _cards.draw(kind, data, said, "rates-big" if kind == "rates-big" else "rates-small")


def badge(covered: Coverage | None) -> Component:
    """Whether the sources that bring a rule's events are there and well."""
    if covered is None or not covered.is_measured:
        return html.Span(
            [html.Span(className="shape triangle"), "no source"],
            className="health none",
            title=covered.says() if covered else "",
        )
    n = len(covered.bringers)
    words = f"{n} source{'' if n == 1 else 's'}"
    ill = [b for b in covered.bringers if b.health != "ok"]
    if ill:
        verb = "blind" if covered.health == "blind" else "late"
        words = f"{ill[0].title} {verb}" if len(ill) == 1 else f"{len(ill)} of {n} {verb}"
    shape = {"ok": "disc", "late": "diamond", "blind": "triangle"}[covered.health]
    return html.Span(
        [
            html.Span(className=f"shape {shape}", **_cards.attrs({"aria-hidden": "true"})),
            html.Span(words, className="clip"),
        ],
        className=f"health {_HEALTH[covered.health]}",
        title=", ".join(f"{b.title}: {b.state}" for b in covered.bringers),
    )


def rule(text: RuleText, rate: RuleRate | None, covered: Coverage | None) -> list[Component | None]:
    """One rule's panel: its sentence and source, its figures over time, and who brings its events."""
    return [
        html.P(text.id, className="soft kicker proof"),
        html.H2(text.title, tabIndex="-1"),
        html.P([_cards.severity(text.severity, text.kind), badge(covered)], className="line proof-line"),
        html.P(text.sentence, className="sentence"),
        html.P([html.Span("What to do ", className="strong"), text.help], className="todo") if text.help else None,
        *(
            _figures(rate)
            if rate
            else [_cards.amber(f"Not in the figures: {covered.says() if covered else 'no source'}.")]
        ),
        html.H3(["Coverage ", _cards.explain("coverage")]),
        _sources(covered.bringers)
        if covered and covered.bringers
        else _cards.empty("No source brings its events."),
        html.H3("The rule"),
        _panel.pairs(rule_facts(text)),
        html.Button("its breaches", className="link", **_cards.attrs({"data-open": f"figure:rule:{text.id}"})),
    ]


def _figures(rate: RuleRate) -> list[Component]:
    total = rate.total
    told = [
        ("Conformance", _rate(total)),
        ("Activations", _cards.number(total.activations)),
        ("Met", _cards.number(total.met)),
        ("Violated", _cards.number(total.violated)),
        *([("Of these still open", _cards.number(total.overdue))] if total.overdue else []),
        ("Pending", _cards.number(total.pending)),
        ("Unknown", _cards.number(total.unknown)),
        *([("Waived", _cards.number(total.waived))] if total.waived else []),
    ]
    step = {1: "day", 7: "week"}.get(rate.step_days, f"{rate.step_days} days")
    return [
        html.H3([f"By {step} of activation ", _cards.explain("rates")]),
        _chart(rate, "rates-big"),
        html.Ul(
            [
                html.Li(word, className=f"key {tone}")
                for word, tone in (
                    ("met", "met"),
                    ("violated", "violated"),
                    ("unknown", "unknown-part"),
                    ("pending", "pending-part"),
                )
            ],
            className="keys",
        ),
        _panel.pairs(told),
    ]


def _sources(bringers: Sequence[Bringer]) -> Component:
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(
                        [
                            html.Span(b.title, className="strong"),
                            html.Span(b.state, className=f"health {b.health}"),
                        ],
                        className="line",
                    ),
                    html.Span(["known up to ", _cards.moment(b.watermark_t, "full")], className="soft"),
                    html.Span(", ".join(b.activities), className="soft"),
                ]
            )
            for b in bringers
        ],
        className="bringers",
    )


def _load_rates(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    filters = settled(filters, now_t)
    covered = coverage(read, now_t)
    shown = marks(read, filters)
    out = [shown.rows[code] for code in shown.shown if not covered[shown.rows[code]["id"]].is_measured]
    return {
        "rates": rates(read, filters, now_t),
        "covered": covered,
        "out": sorted(((row["id"], row["title"], row["severity"]) for row in out), key=_gravest),
    }


def _gravest(row: tuple[str, str, str]) -> tuple[int, str]:
    return SEVERITIES.index(row[2]), row[0]


def _render_rates(data: dict[str, Any]) -> Properties:
    met, violated = (sum(getattr(r.total, name) for r in data["rates"]) for name in ("met", "violated"))
    rate = f"{100 * met / (met + violated):.1f}%" if met + violated >= FEWEST else "too few"
    told = f"{_cards.number(met)} met, {_cards.number(violated)} violated"
    return {
        "compliance-rate": _cards.shows("figure:breaches", rate, [told]),
        "compliance-rates": {"children": table(data["rates"], data["covered"], data["out"])},
    }


PART = Part("compliance-rates", _load_rates, _render_rates)
