"""What a trial found, as rows: one a rule, the hits drawn of one of them, and how to switch the rules on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from data.judgements import Hit
from layouts import _cards
from layouts._lab_work import Attempt, Desk
from layouts._rows import case_link
from metrics._backtest import EVER, SAMPLED, VERDICTS, Tried
from metrics._bench import Switch
from metrics._labels import Label
from metrics.conformance.templates import TEMPLATES
from metrics.lab import Precision, hit_of, precision
from metrics.review import FEWEST

_COLUMNS: Final = ("Rule", ">Activations", *(f">{word.capitalize()}" for word in VERDICTS), ">Conformance", ">Load",
                   "Against present", "Precision")
_CLOSED: Final = "every object taken as ended at its last event"


def state(attempt: Attempt | None) -> list[Component]:
    """Where the trial stands: waiting, how far it is, what became of it."""
    if attempt is None:
        return [html.P("Nothing stored changes by a trial; it only reads.", className="soft")]
    if attempt.state == "running":
        done, total = attempt.progress.done, max(1, attempt.progress.total)
        bar = html.Progress(value=str(done), max=str(total), **_cards.attrs({"aria-label": "Parts done"}))
        return [html.P([bar, f" {done} of {total} parts"], className="lab-going")]
    told = {
        "waiting": "Waits until another trial is through; one runs at a time.",
        "stopped": "Stopped. Nothing was stored; try again when you like.",
        "done": "",
    }.get(attempt.state)
    if attempt.state == "failed":
        return [_cards.trouble(attempt.trouble)]
    if attempt.state == "done":
        return [html.P(_basis(attempt), className="soft")]
    return [html.P(told)]


def _basis(attempt: Attempt) -> list[Any]:
    since_t, until_t = attempt.wish.since_t, attempt.wish.until_t
    said: list[Any] = ["As of ", _cards.moment(attempt.at_t, "full"), ": "]
    spans = [(" since ", since_t, EVER[0]), (" before ", until_t, EVER[1])]
    parts: list[Any] = [part for word, t, ever in spans if t != ever for part in (word, _cards.moment(t, "date"))]
    said += ["activations", *(parts or [" of all history"])]
    return [*said, f", {_CLOSED}." if attempt.wish.closed else "."]


def table(desk: Desk) -> list[Component]:
    """One row a rule; a row opens its hits."""
    attempt = desk.attempt
    if attempt is None:
        return [_cards.empty("No rules have been tried yet.", "Choose a pack or write one, then press Try it.")]
    if attempt.state in {"waiting", "running"}:
        return _cards.skeleton(4)
    if attempt.state != "done":
        return [_cards.empty("There is no result.", "The trial did not come to its end.")]
    if not attempt.found:
        return [_cards.empty("The pack holds no rules.")]
    heads = [html.Th(name.lstrip(">"), scope="col", className="right" * name.startswith(">")) for name in _COLUMNS]
    rows = [_row(tried, desk) for tried in attempt.found]
    caption = html.Caption("What each rule would have said", className="hidden-text")
    found = html.Table([caption, html.Thead(html.Tr(heads)), html.Tbody(rows)], className="rows lab-found")
    note = ("Load: violated ones for each reviewer on a day with an activation. Against present: the version in force. "
            "A row shows the hits drawn of its rule.")
    return [found, html.P(note, className="soft foot")]


def _row(tried: Tried, desk: Desk) -> Component:
    rule, is_picked = tried.rule, desk.picked is not None and desk.picked.rule.id == tried.rule.id
    cells: list[Any] = [
        [
            html.Span([rule.id, " · ", html.Span(rule.title, className="strong")], className="lab-rule"),
            *_coverage(tried),
        ],
        _cards.number(sum(tried.counts.values())),
        *(_count(tried, verdict) for verdict in VERDICTS),
        _conformance(tried),
        f"{tried.load:,.2f}" if tried.counts["violated"] else html.Span("0", className="soft"),
        _against(tried),
        _brief(precision(tried, desk.said)) if tried.hits else html.Span("no hit", className="soft"),
    ]
    tds = [html.Td(cell, className="right" * name.startswith(">")) for name, cell in zip(_COLUMNS, cells, strict=True)]
    return html.Tr(tds, className="row open" if is_picked else "row", tabIndex="0", **_cards.attrs({
        "data-rule": rule.id, "aria-label": f"{rule.id}, {len(tried.hits)} hits drawn"}))


def _count(tried: Tried, verdict: str) -> Component:
    n = tried.counts[verdict]
    tone = "soft" if not n else {"violated": "overdue", "unknown": "unknown"}.get(verdict, "")
    return html.Span(_cards.number(n), className=tone)


def _coverage(tried: Tried) -> list[Component]:
    if not tried.missing:
        return []
    return [html.Span(["no source has brought ", ", ".join(tried.missing)], className="unknown lab-missing")]


def _conformance(tried: Tried) -> Component:
    if tried.conformance is None:
        return html.Span("not measured", className="unknown" if tried.missing else "soft")
    return html.Span(f"{100 * tried.conformance:.1f}%")


def _against(tried: Tried) -> Component:
    if tried.against is None:
        return html.Span("not in force", className="soft")
    words = [f"{_cards.number(n)} {word}" for word in ("new", "gone", "changed") if (n := tried.against[word])]
    return html.Span(", ".join(words) if words else "the same", className="" if words else "soft")


def _brief(found: Precision) -> Component:
    if found.share is None:
        return html.Span(f"{found.judged} of {FEWEST} judged", className="soft", title="not measured yet")
    low, high = found.interval
    interval = html.Span(f" ({100 * low:.0f} to {100 * high:.0f})", className="soft")
    return html.Span([f"{100 * found.share:.0f}%", interval], title=f"{found.judged} judged")


def share(found: Precision) -> Component:
    """A precision with its interval, or that it is not measured yet."""
    if found.share is None:
        return html.Span(f"not measured yet: {found.judged} of {FEWEST} judged", className="soft")
    low, high = found.interval
    interval = html.Span(f"({100 * low:.0f} to {100 * high:.0f}), {found.judged} judged", className="soft")
    return html.Span([f"{100 * found.share:.0f}% ", interval])


def hits(desk: Desk) -> list[Component]:
    """The hits drawn of the picked rule, each to be judged."""
    tried = desk.picked
    if tried is None:
        return [_cards.empty("No rule is picked.", "Pick one above to see its hits and judge them.")]
    rule = tried.rule
    head = html.P([html.Span(f"{rule.id} · {rule.title}", className="strong"), " · precision ",
                   share(precision(tried, desk.said))], className="lab-head")
    if not tried.hits:
        return [head, _cards.empty("This rule was violated by nothing in the span.")]
    total = tried.counts["violated"]
    word = "for review" if rule.kind == "review" else "violated"
    note = f"{len(tried.hits)} of {_cards.number(total)} {word}, drawn by a fixed lot: {SAMPLED} at most"
    rows = [_hit(tried, hit, desk.said, desk.labels) for hit in tried.hits]
    columns = ("Case", "Customer", "Begun", "Why", "Is it a real breach?")
    heads = [html.Th(name, scope="col") for name in columns]
    caption = html.Caption("Hits to judge", className="hidden-text")
    body = html.Table([caption, html.Thead(html.Tr(heads)), html.Tbody(rows)], className="rows lab-hits")
    return [head, html.P(note, className="soft"), body]


def _hit(tried: Tried, hit: Mapping[str, Any], said: Mapping[Hit, bool], labels: Mapping[int, Label]) -> Component:
    label, answer = labels.get(hit["obj"]), said.get(hit_of(tried, hit))
    began = html.Button(_cards.moment(hit["t"], "full"), className="link", title="What began it",
                        **_cards.attrs({"data-open": f"event:{hit['act_seq']}/{hit['obj']}"}))
    cells = [
        case_link(label) if label else html.Span("not in your scope", className="soft"),
        html.Span((label.customer or label.name) if label else "", className="clip"),
        html.Span([began, html.Span(["due ", _cards.moment(hit["due_t"], "full")], className="soft")
                   if hit["due_t"] else None], className="stack"),
        html.Span(hit["reason"] or "violated", className="clip", title=hit["reason"]),
        html.Span([_answer(tried, hit, "A real breach", (True, answer)),
                   _answer(tried, hit, "Not one", (False, answer))], className="acts"),
    ]
    return html.Tr([html.Td(cell) for cell in cells], className="row", tabIndex="0",
                   **_cards.attrs({"data-open": f"case:{hit['obj']}"}))


def _answer(tried: Tried, hit: Mapping[str, Any], words: str, told: tuple[bool, bool | None]) -> Component:
    """A button that judges; pressed again it takes the judgement back."""
    says, answer = told
    is_given = answer is says
    form = {"action": "judge", "rule": tried.rule.id, "obj": hit["obj"], "act_seq": hit["act_seq"],
            "is_breach": None if is_given else says}
    return html.Button(words, className="small", title="Take it back" if is_given else "", **_cards.attrs({
        "data-lab": json.dumps(form), "aria-pressed": str(is_given).lower()}))


def switch(found: Switch | None) -> list[Component]:
    """How what was tried comes into force."""
    if found is None:
        return [_cards.empty("Try rules first.", "Then this says how to switch them on.")]
    code = html.Pre(html.Code(found.settings), tabIndex="0", **_cards.attrs({"aria-label": "For frontview.toml"}))
    return [html.P(found.todo), code] if found.settings else [html.P(found.todo)]


def templates() -> list[Component]:
    """What the language knows: the templates, each with what it asks for and the keys it takes."""
    told: Sequence[Component] = [
        html.Div([html.Dt(html.Code(name)), html.Dd([one.meaning, html.Span(_keys(name), className="soft")])])
        for name, one in TEMPLATES.items()
    ]
    return [html.Dl(told, className="lab-templates")]


def _keys(name: str) -> str:
    words = sorted({*TEMPLATES[name].needs, *TEMPLATES[name].takes} - {"activation"})
    return f" · {', '.join(words)}" if words else ""
