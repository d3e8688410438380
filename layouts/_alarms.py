"""What needs somebody on the live page: who waits, which rules are broken, and what falls due next."""

from __future__ import annotations

from typing import Any

from layouts import _cards, _rows
from layouts._contract import Part, Properties
from layouts._pulse import WORDS
from metrics import breaches, live, waiting
from metrics._contract import Filters, Read
from metrics.breaches import Since


def _load_waits(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    return {"waiting": waiting.waiting(read, filters, now_t, limit=7), "pulse": live.pulse(read, filters, now_t)}


def _render_waits(data: dict[str, Any]) -> Properties:
    found = data["waiting"]
    below: list[Any] = (
        ["oldest ", _cards.moment(found.oldest_t, "since")] if found.total else ["every customer has an answer"]
    )
    return {
        "live-waiting": _cards.shows(
            "figure:waiting",
            _cards.number(found.total),
            below,
            beside=f"half of them over {_cards.span_words(found.median_us)}" if found.total else None,
            spark=_cards.draw("spark", data["pulse"].inbound.counts, "What customers sent over the window"),
        ),
        "live-waits": {"children": _rows.waits(found)},
    }


def _load_rules(read: Read, filters: Filters, now_t: int) -> dict[str, Any]:
    found = breaches.standing(read, filters, now_t, Since.window(filters, now_t), n_due=6)
    return {"rules": found.rules, "next": found.due, "series": found.line, "span": WORDS[filters.window]}


def _render_rules(data: dict[str, Any]) -> Properties:
    rules = data["rules"]
    total, overdue, due = (sum(getattr(r, name) for r in rules) for name in ("breaches", "overdue", "due"))
    worst = breaches.worst(rules)
    return {
        "live-breaches": _cards.shows(
            "figure:breaches",
            _cards.number(total),
            [f"{_cards.number(overdue)} still open · {_cards.number(due)} due in 24 h"],
            beside=_cards.severity(worst) if worst else None,
            spark=_cards.draw("spark", data["series"].counts, "Breaches over the window"),
        ),
        "live-rules": {"children": _rows.rules(rules, data["span"])},
        "live-next": {"children": _rows.due(data["next"])},
    }


WAITS = Part("live-waits", _load_waits, _render_waits)
RULES = Part("live-rules", _load_rules, _render_rules)
