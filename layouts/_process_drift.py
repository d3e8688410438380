"""The calm notice above the process when a figure has left its pattern of the week."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from layouts._contract import Cases, Part, Properties
from layouts._map import name_of
from metrics import drift
from metrics._contract import Filters, Read
from metrics.drift import Drift, Drifts

HOME = "process-drift"
_SHOWN = 2
_DIRECTIONS = {"in": "What comes in", "out": "What goes out", "internal": "Work inside"}


def _render(found: Drifts) -> Properties:
    if found.rows:
        shown = [_notice(row) for row in found.rows[:_SHOWN]]
        more = len(found.rows) - len(shown)
        lead = html.Span([_cards.icon("alert"), "Out of the usual pattern of the week:"], className="drift-lead")
        rest = html.Span(f"and {more} more", className="soft") if more else None
        return {HOME: {"children": [lead, *shown, rest, _cards.explain("drift")]}}
    if not found.looked or found.weeks < drift.FEWEST_WEEKS:
        said = "Too little history to tell a pattern of the week; four weeks are needed."
    else:
        said = f"{found.looked} figures are within their pattern of the week ({found.weeks} weeks)."
    return {HOME: {"children": [html.Span(said, className="soft"), _cards.explain("drift")]}}


def _notice(row: Drift) -> Component:
    what = name_of(row.activity) if row.activity else _DIRECTIONS.get(row.direction, "Activity")
    burst = "a burst of " if row.kind == "burst" else ""
    said = f"{what}: {burst}{row.per_hour:.0f} an hour, usually {row.usual:.0f}"
    return html.Button(
        [html.Span(said, className="strong"), html.Span(["since ", _cards.moment(row.since_t, "date")])],
        className="chip drift",
        **_cards.attrs({"data-open": f"figure:drift:{row.key}"}),
    )


def cases(read: Read, filters: Filters, now_t: int, key: str) -> Cases:
    """The cases behind a figure that left its pattern."""
    return Cases("Cases behind the change, latest first", drift.cases(read, filters, now_t, key))


PART = Part(HOME, drift.drift, _render)
"""The notice."""
