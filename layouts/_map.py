"""The process map: placed once for each topology, drawn by script, which then changes only numbers.

What was shown stays shown while it exists, so nothing jumps when a count passes another.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Scope
from data.vocabulary import label as activity_label
from layouts import _cards, _shell
from layouts._contract import Cases, Part, Properties
from layouts._place import place
from metrics import process
from metrics._contract import Filters, Read
from metrics.process import Arc, Flow, chosen, visits

START, END = "▸ start", "■ end"
_KEPT = 200
_shown: OrderedDict[tuple[Scope, Filters], frozenset[str]] = OrderedDict()
_lock = Lock()


def card(id_: str, title: str, class_name: str = "") -> Component:
    """The card of a map with its controls."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2(title),
                    html.Span(id=f"{id_}-note", className="card-note"),
                    _shell.map_controls(),
                    _cards.explain("process"),
                ],
                className="card-head",
            ),
            html.Div(id=id_, className="card-body map-body", children=_cards.skeleton(8)),
        ],
        className=f"card {class_name}",
        **_cards.attrs({"aria-label": title}),
    )


def part(home: str, *, table: str = "", columns: int = 3) -> Part:
    """The part that shows the map in `home`, a few activities to a row, and in `table` its arcs as rows."""

    def load(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
        flow = process.flow(read, filters, now_t)
        return {"flow": flow, "arcs": sticky(read.scope, filters, flow), "filters": filters}

    def render(data: dict[str, Any]) -> Properties:
        flow, arcs, filters = data["flow"], data["arcs"], data["filters"]
        days = dict(_shell.SPANS)[filters.span].lower()
        found: Properties = {
            home: {"children": _drawing(flow, arcs, filters, columns)},
            f"{home}-note": {
                "children": f"{_cards.type_word(flow.otype)}s · {days} · {len(arcs)} of {len(flow.arcs)} steps"
            },
        }
        if table:
            found[table] = {"children": _table(flow.arcs)}
        return found

    return Part(home, load, render)


def cases(read: Read, filters: Filters, now_t: int, arc: str) -> Cases:
    """Recent cases that took the step."""
    source, _, target = arc.partition(">")
    title = f"Cases with {name_of(source)}" if target == "*" else f"{name_of(source, START)} → {name_of(target, END)}"
    return Cases(title, process.arc_cases(read, filters, now_t, arc))


def sticky(scope: Scope, filters: Filters, flow: Flow) -> list[Arc]:
    """The arcs worth drawing; what this reader was shown stays."""
    key = (scope, filters)
    with _lock:
        arcs = chosen(flow.arcs, filters.detail, _shown.get(key, frozenset()))
        _shown[key] = frozenset(arc.key for arc in arcs)
        _shown.move_to_end(key)
        while len(_shown) > _KEPT:
            _shown.popitem(last=False)
    return arcs


def _drawing(flow: Flow, arcs: Sequence[Arc], filters: Filters, columns: int) -> list[Component]:
    return drawing((flow.arcs, arcs), filters, columns, {})


def drawing(
    found: tuple[Sequence[Arc], Sequence[Arc]], filters: Filters, columns: int, more: dict[str, Any]
) -> list[Component]:
    """The picture of (all arcs, those worth drawing); `more` is what else the script is told: `marks` (breaches by
    arc), `back` (arcs that mostly lead back), `kinds` (types of case, each in a colour of its own)."""
    everything, arcs = found
    if not arcs:
        return [_cards.empty("No case has moved in this span.", "Choose more days or another type of case.")]
    placed = place(arcs, columns)
    if placed is None:
        return [
            _cards.amber("The map needs Graphviz (the program dot) on the server; here are its steps."),
            _table(arcs),
        ]
    counts = visits(everything)
    data = {
        **placed,
        "measure": filters.measure,
        "visits": {name: counts.get(name, 0) for name in {n for a in arcs for n in (a.source, a.target)} if name},
        "flow": {arc.key: [arc.n, _cards.span_words(arc.mean_us), arc.wait_us / 1e6] for arc in arcs},
        **more,
    }
    words = "; ".join(f"{name_of(a.source, START)} to {name_of(a.target, END)}: {a.n}" for a in arcs[:12])
    # No role "img" here: the map has buttons of its own.
    return [
        html.Div(
            className="draw map",
            role="group",
            **_cards.attrs(
                {
                    "data-draw": "map",
                    "data-data": json.dumps(data, ensure_ascii=False, separators=(",", ":")),
                    "aria-label": f"Process map. {words}",
                }
            ),
        )
    ]


def _table(arcs: Sequence[Arc]) -> Component:
    rows = [
        (
            f"figure:arc:{a.key}",
            [
                name_of(a.source, START),
                name_of(a.target, END),
                _cards.number(a.n),
                _cards.span_words(a.mean_us) if a.source and a.target else "–",
            ],
        )
        for a in arcs[:60]
    ]
    return _cards.table(("From", "To", ">Count", ">Mean time"), rows, "Steps, most frequent first")


def name_of(activity: str, empty: str = "") -> str:
    """An activity's label, or the word for the start or the end."""
    return activity_label(activity) if activity else empty
