"""The evidence of one activation: the rule in a sentence, both events side by side, what was believed when."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import _cards, _panel
from metrics.binding import Belief, Evidence, RuleText
from metrics.case import Record

Child = Component | None


def proof(found: Evidence, now_t: int) -> list[Child]:
    """The whole panel, but for what it says of people; `now_t` is the moment that verdicts are judged against."""
    rule, at = found.rule, found.now
    return [
        html.P(f"{rule.id} · {_panel.words(found.case.label)}", className="soft kicker proof"),
        html.H2(rule.title, tabIndex="-1"),
        html.P(
            [verdict(at, now_t, found.certain_t), _cards.severity(rule.severity, rule.kind), *_due(at, now_t)],
            className="line proof-line",
        ),
        html.P(at.reason, className="why") if at.reason else None,
        html.P(rule.sentence, className="sentence"),
        html.P([html.Span("What to do ", className="strong"), rule.help], className="todo") if rule.help else None,
        html.Div([_activation(found), _answer(found, now_t)], className="two"),
        *_history(found),
        html.H3("The rule"),
        _panel.pairs(rule_facts(rule)),
    ]


def verdict(at: Belief, now_t: int, certain_t: int | None) -> Component:
    """The verdict as a word. What time alone has decided counts where the sources are complete up to then."""
    tone, word = _panel.VERDICTS[at.verdict]
    if at.verdict == 0 and at.due_t is not None and at.due_t < now_t:
        is_certain = certain_t is None or at.due_t <= certain_t
        tone, word = ("broken", "overdue, still open") if is_certain else ("unknown", "cannot tell yet")
    elif at.verdict == 3 and at.due_t is not None and at.due_t < now_t:
        tone, word = "kept", "kept"
    return html.Span(word, className=f"verdict v-{tone}")


def _due(at: Belief, now_t: int) -> list[Any]:
    if at.verdict == 0 and at.due_t is not None:
        ahead = at.due_t >= now_t
        return [
            html.Span(
                [
                    "due ",
                    _cards.moment(at.due_t, "full"),
                    " · " if ahead else None,
                    _cards.moment(at.due_t, "due") if ahead else None,
                ],
                className="soft",
            )
        ]
    return [html.Span(["decided ", _cards.moment(at.decided_t, "full")], className="soft")] if at.decided_t else []


def _activation(found: Evidence) -> Component:
    return _event("What began it", found.activation, found)


def _answer(found: Evidence, now_t: int) -> Component:
    at = found.now
    title = "What broke it" if at.verdict == 2 else "What decided it"
    if found.target is not None:
        return _event(title, found.target, found)
    said = "Nothing that the rule looks for has come."
    if at.verdict == 0 and at.due_t is not None:
        said = "No answer has come yet." if at.due_t >= now_t else "No answer came by the due moment."
    elif at.verdict == 4:
        said = "Nothing that the rule forbids came in its time."
    elif at.verdict in (5, 6):
        said = "No single event decides it."
    complete: list[Any] = [
        "Every source that could bring it is complete up to ",
        _cards.moment(found.certain_t, "full"),
    ]
    if found.waits_for:
        complete = [*complete, f"; {found.waits_for} is the last to know."]
    return html.Div(
        [html.H4(title), html.P(said), html.P(complete, className="soft") if found.certain_t else None],
        className="event",
    )


def _event(title: str, record: Record | None, found: Evidence) -> Component:
    if record is None:
        return html.Div(
            [html.H4(title), html.P("The record was taken back by its source.", className="soft")],
            className="event",
        )
    row = record.row
    who = row["actor"] or row["team"]
    opened = f"event:{row['seq']}/{found.case.label.obj}"
    return html.Div(
        [
            html.H4(title),
            html.P(_cards.activity(row["activity"], row["direction"]), className="strong"),
            html.P(_cards.moment(row["t"], "full")),
            html.P(
                " · ".join(
                    word for word in (who, row["team"] if who != row["team"] else "", row["channel"]) if word
                ),
                className="soft",
            ),
            html.P([row["source_title"], " ", html.Code(row["source_id"])], className="soft origin"),
            html.P(["collected ", _cards.moment(row["collected_t"], "full")], className="soft"),
            html.Button("its record", className="link", **_cards.attrs({"data-open": opened})),
        ],
        className="event",
    )


def _history(found: Evidence) -> list[Child]:
    """Every verdict as it was stored, with the interval in which it was believed."""
    rows = []
    for b in found.beliefs:
        tone, word = _panel.VERDICTS[b.verdict]
        span: list[Any] = ["believed since ", _cards.moment(b.believed_t, "full")]
        span += [" until ", _cards.moment(b.until_t, "full")] if b.until_t is not None else []
        why = html.Span(b.reason, className="soft") if b.reason else None
        rows.append(html.Li([html.Span(word, className=f"verdict v-{tone}"), html.Span(span), why]))
    return [html.H3("What was believed, newest first"), html.Ol(rows, className="beliefs")]


def rule_facts(rule: RuleText) -> list[tuple[str, Any]]:
    """Where the rule comes from, where and when it is in force, and when somebody last checked that."""
    source: Any = rule.source or "not stated"
    if rule.url:
        source = html.A(rule.source or rule.url, href=rule.url, target="_blank", rel="noreferrer noopener")
    force = f"from {rule.since}" if rule.since else ""
    force += f" until {rule.until}" if rule.until else ""
    kind = "for review: a hit may be no breach" if rule.kind == "review" else "decided by a fixed condition"
    return [
        ("Source", source),
        ("Jurisdiction", rule.jurisdiction or "not stated"),
        ("In force", force.strip() or "always"),
        ("Last checked", rule.checked or "never"),
        ("Pack", rule.pack),
        ("Kind", kind),
    ]
