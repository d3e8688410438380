"""One item of the review queue in the evidence panel: what it is about, what was done with it, and what can be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from data.reviews import CONFIRMED, DISPOSITIONS, ESCALATE, KNOWN_EXCEPTION, LONGEST_TEXT, NOT_A_BREACH, OF_A_SAMPLE
from layouts import _cards, _panel
from layouts._auth import viewer
from layouts._rows import case_link
from metrics import _queue
from metrics._contract import Read
from metrics._queue import Deed, Entry

WHY: Final = {"breach": "breach", "review": "for review", "sample": "sample"}
LEAVE: Final = "It is about you or somebody you answer to, so another officer reviews it."
_BUTTONS: Final = {
    CONFIRMED: ("Confirm", "It is what the rule says"),
    NOT_A_BREACH: ("Not a breach", "The record or the rule is wrong here; say why"),
    KNOWN_EXCEPTION: ("Known exception", "It is excused, and the rule is waived for it; say by what"),
    ESCALATE: ("Escalate", "It goes to somebody else; say to whom and why"),
}
_OF_A_SAMPLE: Final = {
    CONFIRMED: ("Rightly decided", "Nothing was found to be wrong"),
    ESCALATE: ("Escalate", "Something is wrong here; say what"),
}


def item(read: Read, word: str) -> Any:
    """The panel's content for the item with this number."""
    found = _queue.entry(read, int(word))
    if found is None:
        return _panel.out_of_scope()
    principal = viewer.get()
    return [
        *_head(found),
        html.H3("Your review"),
        html.Div(
            _review(found, principal.login if principal else ""),
            className="review-work",
            id="review-work",
            **_cards.attrs({"data-item": str(found.number)}),
        ),
        html.H3("What was done"),
        *_deeds(_queue.deeds(read, found.number)),
    ]


def verdict(entry: Entry) -> Component:
    """How the item's binding stands now; it may have changed since the item came into the queue."""
    if entry.standing is None:
        return html.Span("withdrawn", className="verdict v-unknown", title="Its record was taken back")
    # Only a rule that cannot be wrong speaks of a violation.
    if entry.kind == "review" and entry.standing.verdict in (0, 2):
        return html.Span("for review", className="verdict v-unknown")
    # A promise that nobody kept is stored as pending; it would not be here if it were not overdue.
    if entry.standing.verdict == 0:
        return html.Span("overdue", className="verdict v-broken")
    tone, word = _panel.VERDICTS[entry.standing.verdict]
    return html.Span(word, className=f"verdict v-{tone}")


def _head(entry: Entry) -> list[Component | None]:
    standing = entry.standing
    facts: list[tuple[str, Any]] = [("In the queue", _cards.moment(entry.made_t, "ago"))]
    if standing:
        facts += [("Begun", _cards.moment(standing.t, "full"))]
        facts += [("Due", _cards.moment(standing.due_t, "full"))] if standing.due_t else []
        facts += [("Decided", _cards.moment(standing.decided_t, "full"))] if standing.decided_t else []
    told = (
        ("Customer", entry.case.customer),
        ("Team", entry.team),
        ("Person", entry.person),
        ("Channel", entry.channel),
        ("Rule", entry.rule),
    )
    reason = standing.reason if standing else "The record it was about was taken back."
    return [
        html.P(f"Item {entry.number} · {WHY[entry.why]}", className="soft kicker"),
        html.H2(entry.title, tabIndex="-1"),
        html.P([_cards.severity(entry.severity, entry.kind), verdict(entry)], className="line review-line"),
        html.P(reason, className="why") if reason else None,
        html.Dl(
            [
                html.Div([html.Dt(name), html.Dd(value)])
                for name, value in [*facts, *((name, value) for name, value in told if value)]
            ],
            className="pairs",
        ),
        html.P(entry.help, className="why") if entry.help else None,
        html.Span(
            [
                _link("the evidence", f"binding:{entry.rule}:{entry.case.obj}:{entry.act_seq}") if standing else None,
                _link("the case", f"case:{entry.case.obj}"),
                _link("what began it", f"event:{entry.act_seq}"),
                _link("what decided it", f"event:{standing.target_seq}")
                if standing and standing.target_seq
                else None,
                case_link(entry.case) if entry.case.otype else None,
            ],
            className="line review-links",
        ),
    ]


def _link(words: str, opened: str) -> Component:
    return html.Button(words, className="link", **_cards.attrs({"data-open": opened}))


def _review(entry: Entry, login: str) -> list[Component]:
    """What this officer can do with the item now."""
    if entry.is_barred:
        return [_cards.amber(f"Not yours to review. {LEAVE}")]
    said = html.P(id="review-said", className="said", role="status")
    if entry.closed:
        told = f"Closed as “{entry.closed}” by {entry.closed_by}, "
        return [
            html.P([told, _cards.moment(entry.closed_t, "full"), "."]),
            *_words("Add a remark"),
            html.Div(_act(("Comment", ""), "comment", entry), className="acts"),
            said,
        ]
    if entry.holder == login:
        fitting = _OF_A_SAMPLE if entry.why == "sample" else _BUTTONS
        keys = [what for what in DISPOSITIONS if entry.why != "sample" or what in OF_A_SAMPLE]
        closing = [_act(fitting[what], what, entry, str(place)) for place, what in enumerate(keys, 1)]
        more = [
            _act(("Comment only", ""), "comment", entry),
            _act(("Release", "Others may claim it"), "release", entry),
        ]
        return [
            *_words("What you found, and why"),
            html.Div(closing, className="acts"),
            html.Div(more, className="acts"),
            said,
        ]
    whose = f"Claimed by {entry.holder}." if entry.holder else "Nobody has claimed it; looking is no review yet."
    claim = (
        [] if entry.holder else [_act(("Claim", "Take it on; others then leave it to you"), "claim", entry, "c")]
    )
    return [
        html.P(whose),
        html.Div(claim, className="acts"),
        *_words("Add a remark"),
        html.Div(_act(("Comment", ""), "comment", entry), className="acts"),
        said,
    ]


def _words(label: str) -> list[Component]:
    return [
        html.Textarea(
            id="review-text",
            rows=3,
            maxLength=LONGEST_TEXT,
            placeholder=label,
            **_cards.attrs({"aria-label": label}),
        )
    ]


def _act(words: tuple[str, str], action: str, entry: Entry, key: str = "") -> Component:
    """A button that posts, with its word and its help; `data-key` is the key that presses it."""
    told = {"data-review": json.dumps({"action": action, "item": entry.number}), "data-key": key}
    if (action in DISPOSITIONS and action != CONFIRMED) or action == "comment":
        told["data-wants"] = "text"
    children = [words[0], html.Kbd(key, **_cards.attrs({"aria-hidden": "true"})) if key else None]
    tone = " main" if action in {"claim", CONFIRMED} else ""
    return html.Button(children, className="small" + tone, title=words[1], **_cards.attrs(told))


def _deeds(done: Sequence[Deed]) -> list[Component]:
    if not done:
        return [html.P("Nothing yet.", className="soft")]
    return [
        html.Ol(
            [
                html.Li(
                    [
                        html.Span(
                            [
                                html.Span(deed.what, className="strong"),
                                f" by {deed.login}, ",
                                _cards.moment(deed.at_t, "full"),
                            ]
                        ),
                        html.P(deed.text, className="words") if deed.text else None,
                    ]
                )
                for deed in done
            ],
            className="deeds",
        )
    ]
