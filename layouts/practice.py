"""What works here, for the whole firm: practices on the evidence ladder. No figure on this page is about a person."""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component
from dash.html import Div

from data.scope import Role
from layouts import _cards, _practice_rows
from layouts._contract import Cases, Part, Properties, View
from metrics import practice
from metrics._contract import Filters, Read


def _load(read: Read, _filters: Filters, now_t: int) -> dict[str, Any]:
    scope = read.scope
    return {"register": practice.register(read, now_t), "may_try": scope.role is Role.MANAGER and scope.teams is None}


def _render(data: dict[str, Any]) -> Properties:
    found, may_try = data["register"], data["may_try"]
    ours = [card for card in found.cards if card.practice.kind == "ours"]
    signals = [card for card in found.cards if card.practice.kind == "signal"]
    return {
        "practice-basis": {"children": _practice_rows.basis(found)},
        "practice-ours": {"children": _practice_rows.table(ours, may_try=may_try)},
        "practice-signals": {"children": _practice_rows.table(signals, may_try=False)},
    }


def layout() -> list[Component]:
    """What was compared beside the ladder, then what we do, then what customers do."""
    key = _cards.card("practice-ladder", "The evidence ladder", area="a-ladder")
    key.children[1].children = _practice_rows.ladder()
    return [
        Div(
            [
                _cards.card("practice-basis", "What is compared", metric="practice", area="a-basis"),
                key,
                _cards.card("practice-ours", "What we do", metric="practice", steady=True, area="a-ours",
                            note="and what goes with it"),
                _cards.card("practice-signals", "What customers do", metric="practice", steady=True, area="a-signals",
                            note="signs of interest, and never advice"),
            ],
            className="grid practice-grid",
        )
    ]


def _cases(read: Read, _filters: Filters, now_t: int, word: str) -> Cases:
    return Cases("Your deals on which it showed", practice.cases(read, now_t, word))


VIEW = View(
    id="practice",
    title="What works",
    path="/practice",
    icon="ladder",
    roles=frozenset({Role.MANAGER, Role.OFFICER, Role.REP}),
    order=60,
    parts=(Part("practice-basis", _load, _render),),
    layout=layout,
    evidence={"practice": _cases},
)
