"""Variants and times of the chosen cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import _cards, _map
from layouts._contract import Cases, Part, Properties
from layouts._process_map import share_bar
from metrics import throughput, variants
from metrics._contract import Filters, Read
from metrics._km import Quantile
from metrics.throughput import Stay, Times
from metrics.variants import Variant, Variants

VARIANTS, TIMES = "process-variants", "process-times"
_STEPS_SHOWN = 14


def only(tab: str, home: str, load: Any, render: Any) -> Part:
    """A part that computes only while its tab is chosen."""

    def loaded(read: Read, filters: Filters, now_t: int) -> Any:
        return load(read, filters, now_t) if filters.tab == tab else None

    def rendered(data: Any) -> Properties:
        return {home: {"children": _cards.skeleton(6) if data is None else render(data)}}

    return Part(home, loaded, rendered)


def _variants(found: Variants) -> list[Component]:
    if not found.rows:
        return [_cards.empty("No case fits in this span.", "Take a condition away or choose more days.")]
    shown = sum(row.n for row in found.rows)
    lead = (
        f"{_cards.number(found.total)} cases went {_cards.number(found.count)} ways; the {len(found.rows)} most "
        f"frequent are {100 * shown / found.total:.0f}% of them."
    )
    rows = [(f"figure:variant:{row.key}", _cells(row, found.total)) for row in found.rows]
    heads = ("Course", ">Cases", ">Share", ">Ended", ">Median time", ">Ended won", ">Repeats")
    return [html.P(lead, className="soft lead"), _cards.table(heads, rows, "Variants, most frequent first", "ways")]


def _cells(row: Variant, total: int) -> list[Any]:
    return [
        _course(row.steps),
        _cards.number(row.n),
        share_bar(row.n / total),
        f"{100 * row.closed / row.n:.0f}%",
        "–" if row.median_us is None else _cards.span_words(row.median_us),
        f"{100 * row.won / row.closed:.0f}%" if row.won else "–",
        str(row.rework) if row.rework else "–",
    ]


def _course(steps: Sequence[str]) -> Component:
    seen: set[str] = set()
    marks: list[Component] = []
    for name in steps[:_STEPS_SHOWN]:
        marks.append(html.Span(_map.name_of(name), className="step again" if name in seen else "step"))
        seen.add(name)
    if len(steps) > _STEPS_SHOWN:
        marks.append(html.Span(f"+{len(steps) - _STEPS_SHOWN}", className="soft"))
    return html.Span(marks, className="way")


def _times(found: Times) -> list[Component]:
    if not found.whole.n:
        return [_cards.empty("No chosen case began in this span.", "Choose more days.")]
    within = [
        (f"within {_cards.span_words(mark)}", f"{100 * share:.0f}%") for mark, share in found.within if share > 0
    ]
    sample = "" if found.followed == found.total else f", an even sample of {_cards.number(found.total)}"
    lead = f"{_cards.number(found.whole.n)} cases that began in the span{sample}; {found.whole.open} are still open"
    ended = "; ended " + ", ".join(f"{words} {share}" for words, share in within) if within else ""
    whole = _table("Case", [("Whole case", found.whole, "figure:arc:")], "Whole cases")
    steps = [(f"After {_map.name_of(stay.name)}", stay, f"figure:arc:{stay.name}>*") for stay in found.steps]
    stages = [(stay.name, stay, "") for stay in found.stages]
    parts: list[Component] = [html.P(lead + ended + ".", className="soft lead"), whole]
    if steps:
        parts += [html.H3("Until the next step"), _table("Step", steps, "Time until the next step, longest first")]
    if stages:
        parts += [html.H3("In a stage"), _table("Stage", stages, "Time in a stage, longest first")]
    return parts


def _table(head: str, rows: Sequence[tuple[str, Stay, str]], caption: str) -> Component:
    heads = (head, ">Watched", ">Still open", ">Median", ">95 % interval", ">9 in 10 by")
    return _cards.table(heads, [(opened, [name, *_stay(stay)]) for name, stay, opened in rows], caption)


def _stay(stay: Stay) -> list[str]:
    counts = [_cards.number(stay.n), _cards.number(stay.open)]
    return [*counts, reached(stay.median), interval(stay.median), reached(stay.p90)]


def reached(time: Quantile) -> str:
    """A quantile of time in words."""
    return "not reached" if time.value is None else _cards.span_words(time.value)


def interval(time: Quantile) -> str:
    """Its interval in words."""
    if time.low is None:
        return "–"
    return f"{_cards.span_words(time.low)} to {'?' if time.high is None else _cards.span_words(time.high)}"


def variant_cases(read: Read, filters: Filters, now_t: int, key: str) -> Cases:
    """Cases that went one way."""
    return Cases("Cases of this variant, latest movement first", variants.cases(read, filters, now_t, key))


PARTS = (
    only("variants", VARIANTS, variants.variants, _variants),
    only("times", TIMES, throughput.times, _times),
)
"""The parts of both tabs."""
