"""The pulse of the live page: two tiles and two charts of what moves now against a moment ago."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from layouts._contract import Part, Properties
from metrics import live, process
from metrics._contract import Filters, Read

WORDS = {"15m": "15 minutes", "1h": "hour", "8h": "8 hours", "24h": "24 hours"}


def _load(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    return {
        "pulse": live.pulse(read, filters, now_t),
        "filters": filters,
        "open": live.open_cases(read, filters, now_t, [t for t in process.case_types(read) if t != "contact"]),
    }


def _render(data: dict[str, Any]) -> Properties:
    pulse, filters, open_ = data["pulse"], data["filters"], data["open"]
    minutes = filters.window_us / 60_000_000
    span = WORDS[filters.window]
    lines = {"since": pulse.since_t // 1000, "now": pulse.now_t // 1000}
    opened = open_.now - open_.before
    return {
        "live-activities": _cards.shows(
            "figure:activities",
            _cards.number(pulse.total),
            [f"{pulse.total / minutes:,.1f} a minute in the last {span}"],
            beside=_cards.change(pulse.total, pulse.before),
            spark=_cards.draw("spark", pulse.all.counts, f"Activity over the last {span}"),
        ),
        "live-open": _cards.shows(
            "figure:open",
            _cards.number(open_.now),
            [f"{opened:+,d} in the last {span}"],
            beside=_cards.change(open_.now, open_.before),
            spark=_cards.draw("spark", open_.line.counts, f"Open cases over the last {span}"),
        ),
        "live-teams": {
            "children": _chart(lines, pulse.by_team, "Activity by team")
            + (
                [html.P("Teams of fewer than five people are shown together.", className="soft foot")]
                if pulse.is_folded
                else []
            )
        },
        "live-channels": {"children": _chart(lines, pulse.by_channel, "Activity by channel")},
    }


def _chart(span: dict[str, int], lines: Any, title: str) -> list[Component]:
    if not any(sum(line.counts) for line in lines):
        return [
            _cards.empty("Nothing happened in this window.", "Choose a longer one above, or take a filter away.")
        ]
    words = ", ".join(f"{line.name} {sum(line.counts)}" for line in lines)
    series = [{"name": line.name, "counts": list(line.counts)} for line in lines]
    return [_cards.draw("lines", {**span, "series": series}, f"{title}: {words}", "chart")]


PART = Part("live-teams", _load, _render)
