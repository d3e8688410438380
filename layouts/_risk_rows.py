"""What the risk page is made of: the board, the indicators, and the chances with how well they proved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from layouts._rows import case_link
from metrics._predict import Bin
from metrics._risk_kit import Item, Sign, spelled
from metrics._risk_odds import Forecast
from metrics.risk import KINDS, Board, Standing

_KIND: Final = {on: title.rstrip("s") for on, title in KINDS}
_SHOWN: Final = 3
SORTS: Final = (("", "Value at stake"), ("left", "Time left"))


def tools(options: str) -> Component:
    """Order, kind of item and indicator; all of them live in the address. `options`: id of the list of indicators."""
    pick = html.Select(html.Option("All indicators", value=""), id=options, **_cards.attrs({"data-filter": "rule"}))
    return html.Div(
        [
            html.Span("Sort by", className="soft"),
            sorting(),
            segments("group", "Show", (("", "All"), *KINDS)),
            html.Label([html.Span("Indicator", className="hidden-text"), pick], className="pick"),
        ],
        className="tools",
        role="group",
        **_cards.attrs({"aria-label": "What the board shows"}),
    )


def sorting() -> Component:
    """By value at stake or by time left."""
    return segments("sort", "Sort by", SORTS)


def segments(name: str, title: str, choices: Sequence[tuple[str, str]]) -> Component:
    """Buttons of which one is pressed."""
    buttons = [
        html.Button(text, **_cards.attrs({"data-filter": name, "data-value": value, "aria-pressed": "false"}))
        for value, text in choices
    ]
    return html.Div(buttons, className="segments", role="group", **_cards.attrs({"aria-label": title}))


def options(found: Board) -> list[Component]:
    """The choices of the indicator control: those that found something."""
    return [
        html.Option("All indicators", value=""),
        *(html.Option(f"{s.indicator.id} {s.indicator.title} ({s.hits})", value=s.indicator.id)
          for s in found.standings if s.hits),
    ]


def board(items: Sequence[Item], found: Board, limit: int) -> list[Component]:
    """The table of what is worth checking; each row opens its case, each sign why it is there."""
    if not items:
        looked = f"{_cards.number(found.open_deals)} open deals and {_cards.number(found.open_cases)} open cases"
        return [_cards.empty("Nothing that fits is worth checking now.", f"Looked at {looked}.")]
    rows = [(_opens(item), _cells(item, found)) for item in items[:limit]]
    columns = ("Customer and item", "Why it is worth checking", ">Value at stake", "Time left", ">Chance", "Owner")
    told = [_cards.table(columns, rows, "Worth checking", "risk-board")]
    if len(items) > limit:
        told.append(html.P(f"The first {limit} of {_cards.number(len(items))}; choose a kind or an indicator to see "
                           "others.", className="soft foot"))
    if found.left_out:
        told.append(html.P(f"{_cards.number(found.left_out)} open items that moved least lately were not looked at.",
                           className="soft foot"))
    return told


def _opens(item: Item) -> str:
    return f"case:{item.label.obj}" if item.label else f"figure:queue:{item.key}"


def _cells(item: Item, found: Board) -> list[Any]:
    kind: Any = html.Span(_KIND[item.on], className="case")
    if item.label and item.on != "customer":
        kind = case_link(item.label)
    who = html.Span([html.Span(item.title, className="strong"), kind], className="stack")
    worth = "–" if not item.worth else _cards.number(item.worth)
    left: Any = html.Span("no date", className="soft") if item.left_t is None else _cards.moment(item.left_t, "due")
    return [who, _signs(item), worth, left, _chance(item, found),
            html.Span(_owner(item), className="clip" if item.owner else "soft")]


def _owner(item: Item) -> str:
    return item.owner or (item.team or "–" if item.on in {"queue", "customer"} else "nobody yet")


def _chance(item: Item, found: Board) -> Any:
    obj = item.label.obj if item.label else -1
    if item.on == "deal" and found.won.is_shown and obj in found.won.chances:
        over = f", over within 14 d {_percent(found.over.chances[obj])}" if obj in found.over.chances else ""
        return html.Span(f"win {_percent(found.won.chances[obj])}", title=f"Chance that it is won{over}")
    if item.on == "case" and found.broken.is_shown and obj in found.broken.chances:
        return html.Span(f"breach {_percent(found.broken.chances[obj])}", title="Chance that a promise is broken")
    return html.Span("–", className="soft", title="No chance may be told; the card of chances says why")


def _percent(share: float) -> str:
    """A chance in whole percent; never certain."""
    return f"{min(99, max(1, round(100 * share)))} %"


def _signs(item: Item) -> Component:
    """Each sign as a button, and the reason of the first in words."""
    buttons: list[Any] = [
        html.Button(
            sign.indicator.title,
            className="chip tiny sign" + (" review" if sign.indicator.is_review else ""),
            title=explained(sign),
            **_cards.attrs({"data-open": f"figure:sign:{item.key}/{sign.indicator.id}"}),
        )
        for sign in item.signs[:_SHOWN]
    ]
    more = len(item.signs) - _SHOWN
    if more > 0:
        rest = "; ".join(sign.indicator.title for sign in item.signs[_SHOWN:])
        buttons.append(html.Span(f"+{more}", className="soft", title=rest))
    first = item.signs[0]
    review = "for review: " if first.indicator.is_review else ""
    reason = html.Span(review + first.reason, className="soft two-lines")
    return html.Span([html.Span(buttons), reason], className="stack")


def explained(sign: Sign) -> str:
    """Why, against which threshold and on how many it rests, and what the indicator cannot see."""
    one = sign.indicator
    word = "under" if one.below else "from"
    rests = f"{sign.mark.of}, n = {sign.mark.n:,}" if sign.mark.n else sign.mark.of
    return (f"{one.id} {one.title}{' (for review)' if one.is_review else ''}: {sign.reason}. Value "
            f"{spelled(sign.value, one.unit)}, worth checking {word} {spelled(sign.mark.limit, one.unit)} ({rests}). "
            f"Cannot see: {one.blind[0].lower()}{one.blind[1:]}")


def indicators(found: Sequence[Standing]) -> list[Component]:
    """Every indicator: what it found among how many, what its thresholds rest on, and what it cannot see."""
    rows: list[tuple[str, list[Any]]] = []
    for one in sorted(found, key=lambda s: (not s.hits, s.indicator.id)):
        about = one.indicator
        review = _cards.chip("review", "tiny") if about.is_review else None
        name = html.Span([review, f"{about.id} {about.title}"], title=about.blind)
        note = f"no source brings {one.lacking}" if one.lacking else one.told
        told = html.Span([name, html.Span(note, className="unknown" if one.lacking else "soft")], className="stack")
        cells = [told, html.Span("–", className="soft") if one.lacking else _cards.number(one.hits),
                 _cards.number(one.looked)]
        rows.append((f"figure:indicator:{about.id}", cells))
    return [_cards.table(("Indicator and its thresholds", ">Found", ">Looked at"), rows, "Indicators", "risk-list")]


def forecasts(found: Sequence[Forecast]) -> list[Component]:
    """Each chance with how it proved on later cases, or why none is shown."""
    return [html.Div([_forecast(one) for one in found], className="odds")]


def _forecast(one: Forecast) -> Component:
    q = one.quality
    if q is None:
        return html.Section([html.H3(one.title), html.P(f"No chance is shown: {one.silence}.", className="soft")])
    measured = (f"judged on {_cards.number(q.n)} later looks after {_cards.number(q.n_learnt)}: AUC {q.auc:.2f}, "
                f"Brier {q.brier:.3f} (plain share {q.plain_brier:.3f}), calibration error {q.error:.3f}")
    if one.silence:
        words: list[Any] = [html.P(f"No chance is shown: {one.silence}."),
                            html.P(measured, className="soft")]
        return html.Section([html.H3(one.title), *words])
    return html.Section([html.H3(one.title), html.P(measured, className="soft"), _plot(q.bins)])


def _plot(bins: Sequence[Bin]) -> Component:
    """Told chance (across) against what came true (up); on the diagonal they agree."""
    dots = [
        html.Span(
            className="odds-dot",
            title=f"told {_percent(one.told)}, true {100 * one.true:.0f} % of {one.n}",
            style={"left": f"{100 * one.told:.1f}%", "bottom": f"{100 * one.true:.1f}%"},
        )
        for one in bins
    ]
    label = "Reliability: " + "; ".join(f"told {_percent(b.told)}, true {100 * b.true:.0f} % of {b.n}" for b in bins)
    box = html.Div([html.Span(className="odds-line"), *dots], className="odds-box", role="img",
                   **_cards.attrs({"aria-label": label}))
    axes = [html.Span("came true", className="odds-up soft"), html.Span("0", className="odds-0 soft"),
            html.Span("chance told", className="odds-x soft"), html.Span("100 %", className="odds-1 soft")]
    return html.Div([box, *axes], className="odds-plot")
