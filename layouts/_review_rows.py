"""The tables and tiles of the review queue's page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from layouts._contract import Properties
from layouts._review_panel import LEAVE, WHY, verdict
from layouts._rows import case_link
from metrics._queue import Entry, Queue
from metrics.review import DAYS, FEWEST, Health, Precision

CHOICES = {"": "All", "breach": "Breaches", "review": "For review", "sample": "Samples", "closed": "Closed"}
_NOT_PRESSED = {"aria-pressed": "false"}
_EMPTY = {
    "": ("Nothing waits for a review.", "Breaches, signals for review and samples come in by themselves."),
    "breach": ("No breach waits for a review.", "Looked at every breach under the filters."),
    "review": ("No signal waits for a review.", "Signals come from rules that may be wrong."),
    "sample": ("No sample waits for a review.", "The settings say how many of a hundred are drawn."),
    "closed": ("Nothing has been reviewed yet.", "An item is reviewed once somebody closes it with a disposition."),
}


def tiles(health: Health) -> Properties:
    """The queue's own health: what waits, for how long, how much is reviewed, and how hastily."""
    number, open_ = _cards.number, health.open
    half = "nothing waits" if health.half_us is None else f"half wait over {_cards.span_words(health.half_us)}"
    oldest = _cards.span_words(health.most_us) if health.most_us is not None else "–"
    drawn = f"{100 * health.sampled / health.made:.0f}% of the new ones" if health.made else "none of the new ones"
    who = f"{health.reviewers} reviewer" + ("" if health.reviewers == 1 else "s")
    pace = f"{health.closed / DAYS:.1f} a day by {who}" if health.closed else f"none in the last {DAYS} days"
    share = f"{100 * health.hasty / health.closed:.0f}%" if health.closed else "–"
    stamped = _cards.chip("worth checking", "amber") if health.is_stamped else None
    return {
        "review-open": _cards.shows(
            "figure:open",
            number(open_),
            [f"samples are {drawn}"],
            beside=half,
        ),
        "review-age": _cards.shows(
            "figure:open", oldest, ["19 of 20 wait no longer" if open_ else "nothing waits"]
        ),
        "review-done": _cards.shows(
            "figure:reviewed", number(health.closed), [pace], beside=f"in {DAYS} days" if health.closed else None
        ),
        "review-hasty": _cards.shows(
            "figure:hasty",
            share,
            [f"{number(health.hasty)} of {number(health.closed)} reviews" if health.closed else "no review yet"],
            beside=stamped,
        ),
    }


def items(found: Queue, picked: str) -> list[Component]:
    """The items, each opening its evidence."""
    if not found.rows:
        return [_cards.empty(*_EMPTY[picked])]
    is_closed = picked == "closed"
    body = [(f"item:{entry.number}", _cells(entry, is_closed=is_closed)) for entry in found.rows]
    columns = (
        "When" if is_closed else "Waits",
        "Severity",
        "Rule",
        "Why",
        "Now",
        "Customer",
        "Case",
        "Team",
        "Outcome" if is_closed else "Claimed by",
    )
    words = "Reviewed items, newest first" if is_closed else "Items to review, gravest and oldest first"
    left = found.total - len(found.rows)
    more = f"{_cards.number(left)} more; choose a rule, a team or a kind above." if left else ""
    return [_cards.table(columns, body, words, "review"), html.P(more, className="soft foot" if more else "")]


def _cells(entry: Entry, *, is_closed: bool) -> list[Any]:
    return [
        _cards.moment(entry.closed_t if is_closed else entry.made_t, "ago" if is_closed else "since"),
        _cards.severity(entry.severity),
        html.Span(entry.title, className="strong clip", title=f"{entry.rule} · {entry.title}"),
        html.Span(WHY[entry.why], className="soft"),
        verdict(entry),
        html.Span(entry.case.customer or entry.case.name, className="clip"),
        case_link(entry.case),
        entry.team,
        _outcome(entry) if is_closed else _holder(entry),
    ]


def _outcome(entry: Entry) -> Component:
    return html.Span(f"{entry.closed}, {entry.closed_by}", className="clip", title=entry.closed_by)


def _holder(entry: Entry) -> Component:
    if entry.is_barred:
        return html.Span("not yours to review", className="unknown clip", title=LEAVE)
    return html.Span(entry.holder or "nobody yet", className="clip" if entry.holder else "soft")


def precision(found: Iterable[Precision]) -> list[Component]:
    """How often each rule that only raises signals was right."""
    body = [
        (
            "",
            [
                html.Span(p.title, className="clip", title=p.rule),
                _cards.severity(p.severity),
                _share(p),
                _cards.number(p.hits),
                _cards.number(p.misses),
            ],
        )
        for p in found
    ]
    if not body:
        return [_cards.empty("No rule that only raises signals is switched on.")]
    columns = ("Rule", "Severity", "Right", ">Confirmed", ">Not a breach")
    return [_cards.table(columns, body, "How often signals were right", "precision")]


def _share(p: Precision) -> Component:
    if p.share is None or p.interval is None:
        return html.Span(f"not measured: {p.judged} of {FEWEST} judged", className="soft")
    low, high = p.interval
    interval = html.Span(f"({100 * low:.0f} to {100 * high:.0f})", className="soft")
    return html.Span([f"{100 * p.share:.0f}% ", interval])


def rule_options(rules: Sequence[tuple[str, str, int]]) -> list[Component]:
    """The choices of the rule filter, with how many items of each wait."""
    return [
        html.Option("All rules", value=""),
        *(html.Option(f"{id_} · {title} ({_cards.number(n)})", value=id_) for id_, title, n in rules),
    ]


def controls() -> Component:
    """Which items are shown: of which kind, of which rule."""
    buttons = [
        html.Button(text, **_cards.attrs({"data-filter": "queue", "data-value": value, **_NOT_PRESSED}))
        for value, text in CHOICES.items()
    ]
    pick = html.Select(
        html.Option("All rules", value=""),
        id="review-rule-pick",
        **_cards.attrs({"data-filter": "rule", "aria-label": "Rule"}),
    )
    return html.Div(
        [
            html.Div(buttons, className="segments", role="group", **_cards.attrs({"aria-label": "Items"})),
            html.Label(pick, className="pick"),
        ],
        className="review-controls",
    )
