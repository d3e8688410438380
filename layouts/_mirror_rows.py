"""The tables of what is held about the reader, and of disputes that officers settle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from data.vocabulary import label as activity_label
from layouts import _cards, _rows
from layouts._rep_rows import deed
from metrics.mirror import KEPT, Finding, Held, Look, Mirror, Own, Said, ToSettle

_KINDS = 14
_VIOLATED = 2
_WRONG = "This is wrong: mark it, and leave it out of figures until it is settled"
_VERDICTS = {0: "overdue", 2: "broken", 5: "cannot tell"}
_LOOKS = {"case": "opened the case", "event": "opened an event", "binding": "opened the evidence"}


def nobody() -> list[Component]:
    """For an account that names no person in the sources."""
    return [_cards.empty("Your account names no person in the sources.",
                         "So no event can be told to be yours. An administrator can name the person of an account.")]


def looks(found: Mirror) -> list[Component]:
    """Who looked, latest first."""
    if not found.looks:
        return [_cards.empty("Nobody has opened a case or event of yours.", "Every look since the beginning is kept.")]
    rows = [(_opens(look), _look(look)) for look in found.looks]
    more = found.looks_total - len(rows)
    columns = ("When", "Who", "Role", "What", "Case", "From where")
    table = _cards.table(columns, rows, "Who looked, latest first", "looks")
    return [table, *([html.P(f"{more:,} earlier looks are in the download.", className="soft foot")] if more else [])]


def _opens(look: Look) -> str:
    return f"case:{look.case.obj}" if look.case else ""


def _look(look: Look) -> list[Any]:
    return [
        _cards.moment(look.at_t, "ago"),
        html.Span(look.login, className="strong clip"),
        look.role,
        _LOOKS.get(look.what, look.what),
        _rows.case_link(look.case) if look.case else html.Span("an event", className="soft"),
        html.Span(look.purpose, className="clip", title=look.purpose),
    ]


def findings(rows: Sequence[Finding]) -> list[Component]:
    """What rules say of the reader's work and is not plainly good."""
    if not rows:
        return [_cards.empty("No rule says anything against your work.", "Looked at every activation by your events.")]
    table = [
        (
            f"case:{r.obj}" if r.case else "",
            [
                _cards.moment(r.t, "ago"),
                _cards.severity(r.severity),
                html.Span(f"{r.id} {r.title}", className="strong clip", title=r.reason or r.title),
                html.Span(_state(r), className="state"),
                _rows.case_link(r.case) if r.case else "",
                _mark(r.dispute) or deed("Dispute", _WRONG, action="dispute", kind="binding", rule=r.rule, obj=r.obj,
                                         seq=r.act_seq),
            ],
        )
        for r in rows
    ]
    return [_cards.table(("When", "Severity", "Rule", "State", "Case", "Say"), table, "Findings", "findings")]


def _state(row: Finding) -> str:
    # Only a rule that needs no judgement says that something was broken.
    if row.kind == "review" and row.verdict == _VIOLATED:
        return "for review"
    return _VERDICTS.get(row.verdict, "")


def _mark(dispute: int) -> Component | None:
    return _cards.chip("disputed", "amber tiny") if dispute else None


def latest(rows: Sequence[Own]) -> list[Component]:
    """The reader's own latest events, each with its source."""
    if not rows:
        return [_cards.empty("No event is recorded as yours.", "Looked at every event of every source.")]
    table = [
        (
            f"event:{r.seq}",
            [
                _cards.moment(r.t, "ago"),
                activity_label(r.activity),
                html.Span(r.source, className="clip"),
                _rows.case_link(r.case) if r.case else "",
                _mark(r.dispute) or deed("Dispute", "This was not me, or did not happen so: " + _WRONG.lower(),
                                         action="dispute", kind="event", seq=r.seq),
            ],
        )
        for r in rows
    ]
    return [_cards.table(("When", "What", "Source", "Case", "Say"), table, "My latest events", "own")]


def held(rows: Sequence[Held]) -> list[Component]:
    """How much of what kind, from where and since when."""
    if not rows:
        return [_cards.empty("No source has told of any event of yours.")]
    table = [
        ("", [f"{r.source} ({r.connector})", activity_label(r.activity), _cards.number(r.n),
              _cards.moment(r.first_t, "date"), _cards.moment(r.last_t, "date")])
        for r in rows[:_KINDS]
    ]
    columns = ("Source", "What", ">Events", "First", "Latest")
    shown: list[Component] = [_cards.table(columns, table, "What is held, by source", "held")]
    if rest := rows[_KINDS:]:
        n = _cards.number(sum(r.n for r in rest))
        text = f"And {n} events of {len(rest)} other kinds; all are in the download."
        shown.append(html.P(text, className="soft foot"))
    return shown


def rules(found: Mirror) -> list[Component]:
    """By which rules the reader's work was looked at, and what came of it."""
    if not found.rules:
        return [_cards.empty("No rule was activated by your work.")]
    table = [
        ("", [_cards.severity(r["severity"]),
              html.Span([_cards.chip("review", "tiny") if r["kind"] == "review" else None, f"{r['id']} {r['title']}"],
                        className="clip", title=r["title"]),
              *(_cards.number(r[name]) for name in ("n", "pending", "kept", "violated", "other"))])
        for r in found.rules
    ]
    columns = ("Severity", "Rule", ">Times", ">Pending", ">Kept", ">Broken", ">Other")
    return [_cards.table(columns, table, "Rules about my work", "my-rules")]


def about(found: Mirror) -> list[Component]:
    """What the sources say of the reader, and how long everything is kept and why."""
    told = [
        html.Li([html.Span(name, className="soft"), " ", html.Span(value, className="strong"), " ",
                 _mark(dispute) or deed("Dispute", _WRONG, action="dispute", kind="value", what=name)])
        for name, value, _, dispute in found.values
    ]
    teams = ", ".join(found.teams) or "no team"
    cases = f"You took part in {_cards.number(found.cases)} cases and own {_cards.number(found.owned)}; {teams}."
    kept = [("", [html.Span(what, className="strong wrap"), html.Span(why, className="wrap"),
                  html.Span(long, className="wrap")]) for what, why, long in KEPT]
    return [
        html.P(cases, className="lead"),
        html.Ul(told, className="aside-list"),
        _cards.table(("What is kept", "Why", "How long"), kept, "What is kept, why, and how long", "kept"),
        html.P([html.A("Download all of it (JSON)", href="/mirror/data.json", download="", className="button")],
               className="foot"),
    ]


def said(rows: Sequence[Said]) -> list[Component]:
    """The reader's disputes and what became of them."""
    if not rows:
        return [_cards.empty("You have disputed nothing.", "One click marks what is wrong; no reason is asked for.")]
    table = [
        ("", [_cards.moment(r.at_t, "ago"), html.Span(r.title, className="clip"),
              html.Span(r.state, className="state"),
              deed("Take back", "Take the dispute back", action="withdraw", dispute=r.number)
              if r.state == "open" else ""])
        for r in rows
    ]
    return [_cards.table(("When", "What", "State", "Say"), table, "My disputes", "said-list")]


def to_settle(rows: Sequence[ToSettle]) -> list[Component]:
    """What officers are to settle; whose it is stays untold."""
    if not rows:
        return [_cards.empty("No dispute waits for you.", "People can dispute what is held about them in one click.")]
    table = [
        (
            _evidence(r),
            [
                _cards.moment(r.at_t, "ago"),
                html.Span(r.title, className="strong clip"),
                _rows.case_link(r.case) if r.case else "",
                html.Span(
                    [
                        deed("Uphold", "It is wrong: it stays out of every figure", action="settle", dispute=r.number,
                             outcome="upheld"),
                        deed("Reject", "It is right: it counts again", action="settle", dispute=r.number,
                             outcome="rejected"),
                    ],
                    className="say",
                ),
            ],
        )
        for r in rows
    ]
    return [_cards.table(("Since", "What", "Case", "Settle"), table, "Disputes to settle", "settle")]


def _evidence(row: ToSettle) -> str:
    if row.case is None:
        return ""
    obj = row.case.obj
    return f"binding:{row.rule_id}:{obj}:{row.seq}" if row.kind == "binding" else f"event:{row.seq}/{obj}"
