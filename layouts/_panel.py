"""What the evidence panel shows of cases, one case, one event's record, and how a figure is computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from layouts._contract import Cases
from metrics._contract import Metric
from metrics._labels import Label
from metrics.case import Binding, Case, CaseRow, Record, Step

VERDICTS = {
    0: ("pending", "pending"),
    1: ("kept", "fulfilled"),
    2: ("broken", "violated"),
    3: ("holding", "holding"),
    4: ("kept", "kept"),
    5: ("unknown", "cannot tell"),
    6: ("waived", "waived"),
}


def case_list(found: Cases, now_t: int) -> list[Component]:
    """The cases behind a figure."""
    head = [
        html.H2(found.title, tabIndex="-1"),
        html.P(["as of ", _cards.moment(now_t, "clock"), f" · {len(found.rows)} shown"], className="soft"),
    ]
    if not found.rows:
        return [*head, _cards.empty("No case is behind this figure now.")]
    return [*head, _rows(found.rows)]


def found(rows: Sequence[CaseRow], text: str) -> list[Component]:
    """What a search found."""
    head = html.H2(f"Found for “{text}”", tabIndex="-1")
    if not rows:
        return [
            head,
            _cards.empty(
                "Nothing in your scope has this in its id or name.",
                "At least two letters are needed. Cases older than the newest 200,000 are found by how their id "
                "begins.",
            ),
        ]
    return [head, _rows(rows)]


def _rows(rows: Sequence[CaseRow]) -> Component:
    return html.Ul(
        [
            html.Li(
                html.Button(
                    [
                        html.Span(
                            [
                                html.Span(_title(r.label), className="strong clip"),
                                _cards.moment(r.t, "ago") if r.t else None,
                            ],
                            className="line",
                        ),
                        html.Span(" · ".join(w for w in (words(r.label), r.note) if w), className="soft clip"),
                    ],
                    **_cards.attrs({"data-open": f"case:{r.label.obj}"}),
                )
            )
            for r in rows
        ],
        className="case-list",
    )


def _title(label: Label) -> str:
    return label.customer or label.name or words(label)


def count(n: int, word: str) -> str:
    """A number of things: 1 event, 2 events."""
    return f"{n:,d} {word}{'' if n == 1 else 's'}"


def words(label: Label) -> str:
    """An object by its type and number."""
    return f"{_cards.type_word(label.otype)} {_cards.short_id(label.otype, label.id)}"


def case(
    found: Case, *, proofs: bool = False, people: Sequence[Component] = (), at_t: int | None = None
) -> list[Component]:
    """One case: what is known of it, what is to be said of its people, the rules it activated (`proofs`: each opens
    its evidence; `at_t`: the moment that tells what is past due), and its course."""
    return [
        html.P(words(found.label), className="soft kicker"),
        html.H2(found.label.name or found.label.customer or words(found.label), tabIndex="-1"),
        pairs(_facts(found)),
        _link("The customer's journey over all channels", f"journey:{found.label.obj}"),
        *people,
        *_bindings(found.bindings, found.label.obj if proofs else None, at_t),
        html.H3(f"Course, {count(len(found.steps), 'event')}" + (" (latest)" if len(found.steps) >= 200 else "")),
        course(found, within=proofs),
        *_known(found.attributes),
    ]


def course(found: Case, *, within: bool = True) -> Component:
    """The events of a case, latest first; `within`: each is opened as an event of this case."""
    if not found.steps:
        return _cards.empty("No event of this object is in your scope.")
    marks = {seq: b for b in found.bindings if b.verdict == 2 for seq in (b.target_seq or b.act_seq,)}
    end = f"/{found.label.obj}" if within else ""
    pairs_ = zip(found.steps, [*found.steps[1:], None], strict=True)
    return html.Ol([_step(step, before, marks, end) for step, before in pairs_], className="course")


def _facts(found: Case) -> list[tuple[str, Any]]:
    fact = found.fact or {}
    facts: list[tuple[str, Any]] = [("Customer", found.label.customer)] if found.label.customer else []
    facts += [
        (title, fact[key])
        for title, key in (("Team", "team"), ("Owner", "actor"), ("Channel", "channel"))
        if fact.get(key)
    ]
    if fact:
        facts.append(("Began", _cards.moment(fact["first_t"], "ago")))
        facts.append(("Ended", _cards.moment(fact["closed_t"], "ago")) if fact["closed_t"] else ("State", "open"))
        if fact["waiting_t"] and not fact["closed_t"]:
            facts.append(("Customer waits", _cards.moment(fact["waiting_t"], "since")))
    return facts


def pairs(told: Iterable[tuple[str, Any]]) -> Component:
    """Names and what they are."""
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in told], className="pairs")


def _bindings(bindings: Sequence[Binding], obj: int | None, at_t: int | None) -> list[Component]:
    if not bindings:
        return []
    return [
        html.H3(f"Rules, {count(len(bindings), 'activation')}"),
        html.Ul([_binding(b, obj, at_t) for b in bindings], className="bindings"),
    ]


def _binding(b: Binding, obj: int | None, at_t: int | None) -> Component:
    tone, word = VERDICTS.get(b.verdict, ("unknown", "cannot tell"))
    if b.verdict == 0 and b.due_t and at_t is not None and b.due_t < at_t:
        # Whether it is broken hangs on how complete the sources are, which its evidence tells.
        tone, word = "unknown", "past due"
    end = f"/{obj}" if obj is not None else ""
    when = None
    if b.verdict == 0 and b.due_t:
        # Evidence may be as of a past moment, which a countdown would not know.
        when = html.Span(["due ", _cards.moment(b.due_t, "full" if end else "due")])
    elif b.decided_t:
        when = html.Span(["decided ", _cards.moment(b.decided_t, "ago")])
    return html.Li(
        [
            html.Span(
                [html.Span(word, className=f"verdict v-{tone}"), html.Span(b.title, className="strong")],
                className="line",
            ),
            html.Span([_cards.severity(b.severity, b.kind), when], className="line soft"),
            html.Span(b.reason, className="why") if b.reason else None,
            html.Span(b.help, className="why") if b.verdict == 0 and b.help else None,
            html.Span(
                [
                    _link("the evidence", f"binding:{b.rule}:{obj}:{b.act_seq}") if obj is not None else None,
                    _link("what began it", f"event:{b.act_seq}{end}"),
                    _link("what decided it", f"event:{b.target_seq}{end}") if b.target_seq else None,
                ],
                className="line",
            ),
        ]
    )


def _link(text: str, opened: str) -> Component:
    return html.Button(text, className="link", **_cards.attrs({"data-open": opened}))


def _step(step: Step, before: Step | None, marks: dict[int, Binding], end: str) -> Component:
    broken = marks.get(step.seq)
    gap = "start" if before is None else f"+{_cards.span_words(step.t - before.t)}"
    by = " · ".join(word for word in (step.actor or step.team, step.channel, step.source) if word)
    return html.Li(
        [
            html.Button(
                [
                    html.Span(
                        [_cards.activity(step.activity, step.direction), html.Span(gap, className="soft")],
                        className="line",
                    ),
                    html.Span([_cards.moment(step.t, "full"), f" · {by}" if by else ""], className="soft"),
                ],
                **_cards.attrs({"data-open": f"event:{step.seq}{end}"}),
            ),
            html.Span([_cards.icon("alert"), f"{broken.title} ({broken.severity})"], className="broken-note")
            if broken
            else None,
        ],
        className="broken" if broken else "",
    )


def _known(attributes: Sequence[tuple[str, str]]) -> list[Component]:
    if not attributes:
        return []
    return [html.Details([html.Summary("What is known of it now"), pairs(attributes)])]


def record(found: Record) -> list[Component]:
    """One event as its source told it."""
    row = found.row
    who = [("Team", row["team"]), ("Person", row["actor"]), ("Channel", row["channel"])]
    return [
        html.P("Event", className="soft kicker"),
        html.H2(_cards.activity(row["activity"], row["direction"]), tabIndex="-1"),
        pairs([("Happened", _cards.moment(row["t"], "full")), *((name, value) for name, value in who if value)]),
        html.H3("Source record"),
        pairs(
            [
                ("Source", f"{row['source_title']} ({row['source']}, {row['connector']})"),
                ("Record", html.Code(row["source_id"])),
                ("Collected", _cards.moment(row["collected_t"], "full")),
                ("Batch", f"{row['batch']:,d}"),
            ]
        ),
        html.H3("Attributes"),
        pairs(found.attributes) if found.attributes else html.P("The source told nothing more.", className="soft"),
        html.P("Metadata and extracted signals only; the text of messages is not kept.", className="soft foot"),
        html.H3("Concerns"),
        html.Ul(
            [
                html.Li(
                    html.Button(
                        [
                            html.Span(label.name or words(label), className="strong clip"),
                            html.Span(" · ".join(w for w in (words(label), role) if w), className="soft clip"),
                        ],
                        **_cards.attrs({"data-open": f"case:{label.obj}"}),
                    )
                )
                for label, role in found.objects
            ],
            className="case-list",
        ),
    ]


def metric(found: Metric) -> list[Component]:
    """How a figure is computed and what it cannot see."""
    return [
        html.P("How this is computed", className="soft kicker"),
        html.H2(found.title, tabIndex="-1"),
        html.P(found.formula),
        html.H3("What it cannot see"),
        html.P(found.blind),
        html.P(
            "Read as worth checking, not as a judgement of anybody; figures of people appear only in groups of "
            "five and more.",
            className="soft foot",
        ),
    ]


def out_of_scope() -> Component:
    """Evidence the viewer may not see, told no differently from evidence that is not there."""
    return _cards.empty("This is not in your scope, or no longer there.")
