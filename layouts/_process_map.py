"""The process map of the chosen cases, with breaches and steps that lead back, and where the time goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import _cards, _map, _shell
from layouts._contract import Cases, Part, Properties
from metrics import _discovery
from metrics._contract import Filters, Read
from metrics._discovery import Map
from metrics._selection import CUSTOMER, Picked
from metrics.process import Arc, Flow

HOME, STEPS = "process-map", "process-steps"
_ROWS = 60
# Of a step taken by this share to somewhere the case had been before it is said that it leads back.
_BACK = 0.5


def part() -> Part:
    """The part that shows the map and the table; only where its tab is chosen."""
    return Part(HOME, _load, _render)


def _load(read: Read, filters: Filters, now_t: int) -> dict[str, Any] | None:
    if filters.tab:
        return None
    found = _discovery.discovered(read, filters, now_t)
    arcs = _map.sticky(read.scope, filters, Flow(found.types[0] if found.types else "case", found.arcs))
    return {"map": found, "arcs": arcs, "filters": filters}


def _render(data: dict[str, Any] | None) -> Properties:
    if data is None:
        return {HOME: {"children": _cards.skeleton(8)}, f"{HOME}-note": {"children": ""}, STEPS: {"children": ""}}
    found: Map = data["map"]
    kinds = list(found.types) if len(found.types) > 1 else []
    marks = {key: sum(rules.values()) for key, rules in found.broken.items()}
    back = [arc.key for arc in found.arcs if _leads_back(arc, found.arcs)]
    more = {"marks": marks, "back": back, **({"kinds": kinds} if kinds else {})}
    picture = _map.drawing((found.arcs, data["arcs"]), data["filters"], 4, more)
    return {
        HOME: {"children": [*([_legend(kinds)] if kinds else []), *picture]},
        f"{HOME}-note": {"children": _note(found, data)},
        STEPS: {"children": _table(found)},
    }


def _note(found: Map, data: dict[str, Any]) -> str:
    days = dict(_shell.SPANS)[data["filters"].span].lower()
    parts = f"{len(data['arcs'])} of {len(found.arcs)} steps"
    if found.cases is None:
        return f"{_type_words(found.types)} · {days} · {parts}"
    return f"{_type_words(found.types)} that moved: {days} · {followed_words(found.cases)} · {parts}"


def followed_words(cases: Picked) -> str:
    """How many cases are followed, and of how many where it is a sample."""
    if cases.is_sample:
        return f"an even sample of {_cards.number(len(cases.objs))} of {_cards.number(cases.total)} cases"
    return f"{_cards.number(cases.total)} whole cases"


def _type_words(types: Sequence[str]) -> str:
    return ", ".join("Customers" if name == CUSTOMER else f"{_cards.type_word(name)}s" for name in types)


def _legend(kinds: Sequence[str]) -> Component:
    entries = [
        html.Span([html.I(className=f"k{place}"), _type_words([kind])], className="kind")
        for place, kind in enumerate(kinds, 1)
    ]
    note = html.Span("an event of two types counts for each", className="soft")
    return html.Div([*entries, note], className="kinds")


def _leads_back(arc: Arc, arcs: Sequence[Arc]) -> bool:
    """Known where cases were followed; of sums only that a step repeats its own activity can be told."""
    if arc.back is None:
        return bool(arc.source) and arc.source == arc.target
    return bool(arc.source and arc.target) and arc.back >= _BACK * arc.n


def _table(found: Map) -> Component:
    inner = [arc for arc in found.arcs if arc.source and arc.target]
    if not inner:
        return _cards.empty("No case took two steps in this span.")
    whole = sum(arc.wait_us for arc in inner) or 1.0
    is_followed = inner[0].back is not None
    times = [">Median", ">9 in 10"] if is_followed else [">Mean"]
    heads = ["Step", ">Count", *times, ">Of all time", *([">Back"] if is_followed else [])]
    rows = []
    for arc in sorted(inner, key=lambda a: (-a.wait_us, a.key))[:_ROWS]:
        cells: list[Any] = [f"{_map.name_of(arc.source)} → {_map.name_of(arc.target)}", _cards.number(arc.n)]
        told = (arc.p50_us, arc.p90_us) if is_followed else (arc.mean_us,)
        cells += ["–" if t is None else _cards.span_words(t) for t in told]
        cells.append(f"{100 * arc.wait_us / whole:.0f}%")
        if is_followed:
            cells.append(f"{100 * (arc.back or 0) / arc.n:.0f}%" if arc.back else "–")
        rows.append((f"figure:arc:{arc.key}", cells))
    table = _cards.table(heads, rows, "Steps, where most time is spent first", "walks")
    return html.Div([table, *_breaches(found)])


def share_bar(share: float) -> Component:
    """A share as a bar and a number."""
    fill = html.Span(className="bar-fill", style={"width": f"{100 * min(1.0, share):.0f}%"})
    return html.Span([html.Span(fill, className="bar"), html.Span(f"{100 * share:.0f}%", className="bar-n")],
                     className="bar-cell")


def _breaches(found: Map) -> list[Component]:
    listed = [(n, title, key) for key, rules in found.broken.items() for title, n in rules.items()]
    if not listed:
        return [html.P("No rule was broken on these steps in the span.", className="soft lead")]
    rows = []
    for n, title, key in sorted(listed, key=lambda row: (-row[0], row[1], row[2]))[:12]:
        source, _, target = key.rpartition("|")[2].partition(">")
        step = f"{_map.name_of(source, _map.START)} → {_map.name_of(target, _map.END)}"
        rows.append((f"figure:arc:{key}", [title, step, _cards.number(n)]))
    note = html.P(
        f"Of the latest {_cards.number(_discovery.LATEST_BREACHES)} breaches in the span: on the step that followed "
        "what began the rule, or led to it where the rule looks back.",
        className="soft foot",
    )
    table = _cards.table(("Rule", "Step", ">Breaches"), rows, "Breaches by step", "walks")
    return [html.H3("Breaches on the way"), table, note]


def cases(read: Read, filters: Filters, now_t: int, arc: str) -> Cases:
    """Recent cases of the selection that took the step; without one those that moved latest."""
    if not arc:
        return Cases("Chosen cases that moved latest", _discovery.latest(read, filters, now_t))
    source, _, target = arc.rpartition("|")[2].partition(">")
    names = (_map.name_of(source, _map.START), _map.name_of(target, _map.END))
    title = f"Cases with {names[0]}" if target == "*" else f"{names[0]} → {names[1]}"
    return Cases(title, _discovery.arc_cases(read, filters, now_t, arc))
