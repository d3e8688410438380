"""Comparison of two groups of cases, and what goes with slow or broken ones."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import _cards, _map
from layouts._contract import Cases
from layouts._process_tabs import interval, only, reached
from metrics import causes, compare
from metrics._bh import Difference
from metrics._contract import Filters, Read
from metrics.causes import Cause, Causes
from metrics.compare import ArcDifference, Comparison, Side

COMPARE, CAUSES = "process-compare", "process-causes"
_ROWS = 20
_KINDS = {"activity": "had", "team": "began with team", "channel": "began by", "weekday": "began on a",
          "hour": "began at hour (UTC)"}


def _load_compare(read: Read, filters: Filters, now_t: int) -> tuple[Filters, Comparison]:
    return filters, compare.compared(read, filters, now_t)


def _compare(data: tuple[Filters, Comparison]) -> list[Component]:
    filters, found = data
    if not found.left.total or not found.right.total:
        return [
            _cards.empty(
                "There is nothing to compare: one side has no case.",
                "The time before needs a span of days; choose one, or set the cases against other ones.",
            )
        ]
    names = ("Chosen cases", _against(filters))
    heads = ("", f">{names[0]}", f">{names[1]}", ">Difference", ">95 % interval")
    rows = [("figure:arc:" if place == 0 else "", row) for place, row in enumerate(_whole(found))]
    parts: list[Component] = [_cards.table(heads, rows, "Both sides")]
    held = [arc for arc in found.arcs if arc.holds]
    parts.append(html.H3("Steps that differ"))
    if not held:
        few = "too few cases on one side (30 are needed)"
        why = f"{found.looked} steps were compared" if found.looked else few
        parts.append(html.P(f"None for certain: {why}.", className="soft lead"))
        return parts
    lead = f"{len(held)} of {found.looked} steps compared differ by more than chance (5 % false ones at most)."
    parts.append(html.P(lead, className="soft lead"))
    rows = [(f"figure:arc:{arc.arc}", _arc(arc)) for arc in held[:_ROWS]]
    heads = ("Step", *heads[1:])
    parts.append(_cards.table(heads, rows, "Share of cases that took a step, on both sides"))
    return parts


def _against(filters: Filters) -> str:
    kind, _, word = filters.versus.partition("=")
    return {"": "The time before", "before": "The time before", "rest": "All other cases"}.get(
        filters.versus, f"{_cards.type_word(kind)} {word}" if word else "Other cases"
    )


def _whole(found: Comparison) -> list[list[Any]]:
    left, right = found.left, found.right
    times = [f"{reached(s.time.median)} ({interval(s.time.median)})" for s in (left, right)]
    return [
        ["Cases", *(_cards.number(s.total) for s in (left, right)), "", ""],
        ["Ended", *(f"{100 * s.closed / s.total:.0f}%" for s in (left, right)), "", ""],
        ["Median time of those begun", *times, "", ""],
        ["Broke a rule", *_counts(left, right, "broken"), *_difference(found.broken)],
        ["Repeat a step", *_counts(left, right, "rework"), *_difference(found.rework)],
    ]


def _counts(left: Side, right: Side, what: str) -> list[str]:
    return [f"{100 * getattr(s, what) / max(1, s.followed):.1f}% of {_cards.number(s.followed)}" for s in (left, right)]


def _arc(arc: ArcDifference) -> list[Any]:
    source, _, target = arc.arc.partition(">")
    share = arc.share
    return [
        f"{_map.name_of(source, _map.START)} → {_map.name_of(target, _map.END)}",
        f"{100 * share.k1 / share.n1:.1f}%",
        f"{100 * share.k0 / share.n0:.1f}%",
        *_difference(share),
    ]


def _difference(share: Difference | None) -> list[str]:
    if share is None:
        return ["too few", "–"]
    return [f"{100 * share.value:+.1f} points", f"{100 * share.low:+.1f} to {100 * share.high:+.1f}"]


def _load_causes(read: Read, filters: Filters, now_t: int) -> Causes:
    return causes.causes(read, filters, now_t, causes.BROKEN if filters.group == causes.BROKEN else causes.SLOW)


def _causes(found: Causes) -> list[Component]:
    slow = f"took longer than {_cards.span_words(found.threshold_us)}"
    word = "broke a rule" if found.outcome == causes.BROKEN else slow
    lead = f"{_cards.number(found.bad)} of {_cards.number(found.judged)} judged cases {word}"
    young = f"; {_cards.number(found.young)} cannot be judged yet" if found.young else ""
    sample = "; an even sample of all" if found.is_sample else ""
    opened = html.Button("see them", className="link", **_cards.attrs({"data-open": f"figure:bad:{found.outcome}"}))
    parts: list[Component] = [html.P([f"{lead}{young}{sample}. ", opened], className="soft lead")]
    if not found.rows:
        why = (
            "Too few cases have turned out one way or the other (10 of each are needed)."
            if not found.looked
            else f"{found.looked} things known early on were compared; none goes with it for certain."
        )
        return [*parts, _cards.empty("Nothing to tell.", why)]
    heads = ("Cases that", ">With it", ">Without", ">Difference", ">95 % interval", ">Cases with it")
    rows = [(f"figure:bad:{found.outcome}|{cause.factor.key}", _cause(cause)) for cause in found.rows[:_ROWS]]
    foot = html.P(
        f"{found.looked} things known early on were compared; at most one in twenty of those shown is there by chance. "
        "They go with the outcome; whether they cause it, this cannot tell.",
        className="soft foot",
    )
    return [*parts, _cards.table(heads, rows, "What goes with it, the greatest difference first"), foot]


def _cause(cause: Cause) -> list[Any]:
    factor, share = cause.factor, cause.share
    value = _map.name_of(factor.value) if factor.kind == "activity" else factor.value
    words = f"{_KINDS[factor.kind]} {value}" if factor.kind in _KINDS else f"{factor.name}: {value}"
    return [
        words,
        f"{100 * share.k1 / share.n1:.0f}%",
        f"{100 * share.k0 / share.n0:.0f}%",
        *_difference(share),
        _cards.number(share.n1),
    ]


def bad_cases(read: Read, filters: Filters, now_t: int, word: str) -> Cases:
    """The slow or broken cases, or with `|factor` those that had it early on."""
    outcome, mark, factor = word.partition("|")
    title = "Cases that broke a rule" if outcome == causes.BROKEN else "Slow cases, the longest first"
    if mark:
        title = f"{title.partition(',')[0]} with {factor.rpartition('|')[2]}"
    return Cases(title, causes.cases(read, filters, now_t, word))


PARTS = (
    only("compare", COMPARE, _load_compare, _compare),
    only("causes", CAUSES, _load_causes, _causes),
)
"""The parts of both tabs."""
