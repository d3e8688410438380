"""A rep's insights as rows: the last 90 days, before them, on the own won deals; and what is shared of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from layouts._rows import case_link
from metrics._insights import NOT_TOLD
from metrics._labels import Label
from metrics._register import Practice
from metrics.coaching import Figure, Shared, Told

_COLUMNS: Final = ("Insight", ">Last 90 days", ">Before", ">On my won deals", "Change", "Manager")
_CHANGES: Final = {
    "better": ("▲ better", "better"), "worse": ("▼ less good", "worse"), "other": ("changed", ""),
    "the same": ("no clear change", "soft"), "": ("cannot tell yet", "soft"),
}


def table(found: Sequence[Told], shared: Collection[str]) -> list[Component]:
    """Insights with something to tell first; a row opens its cases. `shared`: ids of what the manager sees."""
    rows = sorted(found, key=lambda told: told.recent.value is None)
    body = [(f"figure:insight:{told.insight.id}", [
        _name(told), _figure(told, told.recent), _figure(told, told.before), _figure(told, told.on_won), _change(told),
        _share(told, told.insight.id in shared)]) for told in rows]
    return [_cards.table(_COLUMNS, body, "My insights against my own past and my won deals", "coaching")]


def now(found: Sequence[Told], shared: Collection[str]) -> list[Component]:
    """What to look at now: each with its number, which opens the cases."""
    items = [html.Li([
        html.Button(_cards.number(told.count), className="figure",
                    **_cards.attrs({"data-open": f"figure:insight:{told.insight.id}"})),
        html.Span([html.Span(told.insight.title, className="strong"),
                   html.Span(told.insight.definition, className="soft")], className="stack wrap"),
        _share(told, told.insight.id in shared)]) for told in found]
    return [html.Ul(items, className="coach-now")]


def _name(told: Told) -> Component:
    said = f" Said elsewhere: {told.insight.claimed}" if told.insight.claimed else ""
    return html.Span([html.Span(told.insight.title, className="strong"),
                      html.Span(told.insight.definition, className="soft wrap")], className="stack", title=said.strip())


def _figure(told: Told, figure: Figure) -> Component:
    if figure.value is None:
        lacking = told.insight.minimum - figure.n
        words = f"{lacking} more needed" if lacking > 0 else "most still go on"
        return html.Span(words, className="soft", title=f"{figure.n} so far; told from {told.insight.minimum} on")
    low, high = (_say(told, end) for end in (figure.low, figure.high))
    return html.Span([html.Span(_say(told, figure.value), className="strong"),
                      html.Span(f"{low} to {high}, n {_cards.number(figure.n)}", className="soft")], className="stack",
                     title="95 % interval, and the number of observations it rests on")


def _say(told: Told, value: float | None) -> str:
    if value is None:
        return "not reached"
    return f"{100 * value:.0f}%" if told.insight.kind == "share" else _cards.span_words(value)


def _change(told: Told) -> Component:
    words, tone = _CHANGES[told.change]
    return html.Span(words, className=f"coach-change {tone}")


def _share(told: Told, is_shared: bool) -> Component:
    work = {"to": "/coaching", "action": "unshare" if is_shared else "share", "insight": told.insight.id}
    title = "Your manager sees it until you take it back" if is_shared else "Your manager sees the figures only"
    if not is_shared and told.insight.kind != "now" and told.recent.value is None:
        return html.Span("private", className="soft")
    word = "Take back" if is_shared else "Share"
    state = _cards.chip("shared", "tiny") if is_shared else None
    return html.Span([state, html.Button(word, className="small", title=title, **_cards.attrs({
        "data-work": json.dumps(work), "aria-label": f"{word}: {told.insight.title}"}))], className="tip-cell")


def tips(found: Sequence[tuple[int, Practice]], labels: Mapping[int, Label]) -> list[Component]:
    """Tips that the coin offers on the reader's young deals."""
    rows = [(f"case:{obj}", [html.Span(f"{practice.does[:1].upper()}{practice.does[1:]}", className="strong"),
                             html.Span(labels[obj].customer or labels[obj].name, className="clip"),
                             case_link(labels[obj])])
            for obj, practice in found if obj in labels]
    if not rows:
        return [_cards.empty("No tip is offered on your deals.", "Tips are tried on half of the new deals, by coin; "
                             "following one is up to you.")]
    return [_cards.table(("Tip", "Customer", "Deal"), rows, "Tips on my deals")]


def not_told() -> list[Component]:
    """Insights that cannot be told, each with the reason."""
    return [html.Ul([html.Li([html.Span(title, className="strong"), html.Span(why, className="soft")])
                     for _, title, why in NOT_TOLD], className="coach-not")]


def for_manager(found: Sequence[Shared]) -> list[Component]:
    """What people chose to share with the reader; by person, in no order of merit."""
    if not found:
        return [_cards.empty("Nobody shares an insight with you now.", "Coaching is private; people share what they "
                             "want to talk about, and may take it back.")]
    columns = ("Person", "Insight", ">Last 90 days", ">Before", ">On won deals", "Shared")
    rows: list[tuple[str, list[Any]]] = [("", [
        html.Span(one.name, className="strong"), _name(one.told), *_three(one.told), _cards.moment(one.at_t, "ago")])
        for one in found]
    return [_cards.table(columns, rows, "Shared with me", "coaching shared")]


def _three(told: Told) -> list[Component]:
    if told.insight.kind == "now":
        return [html.Span(_cards.number(told.count), className="strong"), html.Span(), html.Span()]
    return [_figure(told, figure) for figure in (told.recent, told.before, told.on_won)]
