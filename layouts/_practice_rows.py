"""Practices as rows: where each stands on the evidence ladder, what it goes with, and on how many deals that rests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from metrics._effect import Effect, e_value
from metrics.practice import RUNGS, Card, Register, Trial

_COLUMNS: Final = ("Practice", "Evidence", ">Won per 100 deals", "", ">Compared", ">Unseen cause", "Tip by coin")
_WIDEST: Final = 0.5
"""Differences beyond 50 points end at the edge of the picture."""
_MEANS: Final = dict(zip(RUNGS, (
    "somebody elsewhere says so", "done here", "goes with it here when like is compared with like",
    "and again on the newest third of the deals", "and a coin decided who got the tip"), strict=True))


def basis(found: Register) -> list[Component]:
    """What was compared, or why nothing can be."""
    n = _cards.number
    facts = html.P([
        html.Span(f"{n(found.compared)} deals", className="strong"),
        f" of {n(found.deals)} are compared: old enough for their result to be known ({n(found.aged)}) and still open "
        f"at their landmark, {_days(found.landmark_days)} after their first event. The result is looked for up to "
        f"{_days(found.horizon_days)} after it. {n(found.ended)} deals have ended, {n(found.won)} of them won."])
    if found.trouble:
        return [_cards.amber(found.trouble), facts]
    return [facts, html.P("A practice goes with a result; that it brings it about only a tip given by coin can show. "
                          "No figure here is about a person.", className="soft foot")]


def _days(span: tuple[int, int]) -> str:
    return f"{span[0]} days" if span[0] == span[1] else f"{span[0]} to {span[1]} days"


def ladder() -> list[Component]:
    """What the steps of the ladder mean."""
    steps = [html.Li([_rung(rung), html.Span(_MEANS[rung], className="soft")]) for rung in RUNGS]
    return [html.Ol(steps, className="ladder-key")]


def table(cards: Sequence[Card], *, may_try: bool) -> list[Component]:
    """One row a practice; a row opens the reader's own deals on which it showed."""
    if not cards:
        return [_cards.empty("No practice is on the register.")]
    rows = [(f"figure:practice:{card.practice.id}", _cells(card, may_try=may_try)) for card in cards]
    return [_cards.table(_COLUMNS, rows, "Practices, highest on the evidence ladder first", "practices")]


def _cells(card: Card, *, may_try: bool) -> list[Any]:
    return [_name(card), _standing(card), _value(card), _picture(card), _compared(card.found), _unseen(card),
            _tip(card, may_try=may_try)]


def _name(card: Card) -> Component:
    said = f"Said elsewhere: {card.practice.claimed}." if card.practice.claimed else ""
    why = html.Span(card.why, className="soft wrap") if card.why else None
    does = f"{card.practice.does[:1].upper()}{card.practice.does[1:]}."
    return html.Span([html.Span(card.practice.title, className="strong"), why], className="stack",
                     title=f"{does} {said}".strip())


def _standing(card: Card) -> Component:
    # The first step is a claim: what nobody claims and nobody was seen to do stands on none.
    is_on_none = card.rung == RUNGS[0] and not card.practice.claimed
    return html.Span("not seen", className="soft") if is_on_none else _rung(card.rung)


def _rung(rung: str) -> Component:
    at = RUNGS.index(rung)
    dots = [html.I(className="on" if step <= at else "") for step in range(len(RUNGS))]
    return html.Span([html.Span(dots, className="dots", **_cards.attrs({"aria-hidden": "true"})), rung],
                     className=f"rung rung-{rung}", title=_MEANS[rung])


def _value(card: Card) -> Component:
    found = card.found
    if found is None or found.value is None:
        return html.Span("–", className="soft")
    interval = html.Span(f" ({100 * found.low:+.1f} to {100 * found.high:+.1f})", className="soft")
    return html.Span([html.Span(f"{100 * found.value:+.1f}", className="strong" if card.is_claim else ""), interval],
                     title=f"p after all looks: {card.q:.3f}")


def _picture(card: Card) -> Component:
    """The interval over the zero line, on the older deals and below it on the newest."""
    pairs = [(one, word) for one, word in ((card.found, ""), (card.again, "again")) if one and one.value is not None]
    if not card.found or not pairs:
        return html.Span()
    bars = [html.Span(className=f"range {word}".strip(),
                      style={"left": f"{_at(one.low):.1f}%", "right": f"{100 - _at(one.high):.1f}%"})
            for one, word in pairs]
    words = "; ".join(f"{word or 'older deals'}: {100 * one.low:+.1f} to {100 * one.high:+.1f}" for one, word in pairs)
    return html.Span([*(html.Span(bar, className="lane") for bar in bars)], className="ranges", role="img",
                     **_cards.attrs({"aria-label": f"Won per 100 deals, {words}"}))


def _at(value: float) -> float:
    return 50 + 50 * max(-1.0, min(1.0, value / _WIDEST))


def _compared(found: Effect | None) -> Component:
    if found is None:
        return html.Span("–", className="soft")
    n, words = _cards.number, "deals with it and without it, within the same kind, size and rep"
    return html.Span([f"{n(found.with_it.deals)} / {n(found.without.deals)}",
                      html.Span(f" {100 * found.informed:.0f}%", className="soft")],
                     title=f"{words}; {100 * found.informed:.0f}% of all tell something")


def _unseen(card: Card) -> Component:
    if card.found is None or not card.is_claim:
        return html.Span("–", className="soft")
    least = e_value(card.found, of_limit=True)
    title = ("How strongly something unseen would have to go with both the practice and winning, as a ratio, to "
             f"explain the difference away; {least:.1f} to bring the interval to zero")
    return html.Span(f"× {e_value(card.found):.1f}", title=title)


def _tip(card: Card, *, may_try: bool) -> Component:
    told = _trial(card.trial) if card.trial else None
    if card.practice.kind == "signal":
        return html.Span("a sign, no advice", className="soft")
    is_on = card.trial is not None and card.trial.is_on
    if not may_try:
        return html.Span([told or html.Span("not tried", className="soft")])
    work = {"to": "/practice", "action": "stop" if is_on else "start", "practice": card.practice.id}
    word = "End" if is_on else "Try it"
    button = html.Button(word, className="small", **_cards.attrs({
        "data-work": json.dumps(work), "aria-label": f"{word}: tip {card.practice.title}"}))
    return html.Span([told, button], className="tip-cell")


def _trial(trial: Trial) -> Component:
    since = [_cards.moment(trial.from_t, "date")]
    if trial.effect is None or trial.effect.value is None:
        return html.Span(["on since " if trial.is_on else "ended, began ", *since], className="soft", title=trial.why)
    effect = trial.effect
    return html.Span(f"{100 * (effect.value or 0):+.1f} ({100 * effect.low:+.1f} to {100 * effect.high:+.1f})",
                     title="Won per 100 deals: tip offered less tip withheld, whether it was followed or not")
