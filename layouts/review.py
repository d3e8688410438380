"""The officer's review queue: what waits for a judgement, who took it on, what came of it, and how it is kept."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from data.scope import Role
from layouts import _cards, _review_rows
from layouts._contract import Cases, Part, Properties, View
from metrics import _queue, case, review
from metrics._contract import Filters, Read
from metrics.case import CaseRow

SHOWN = 60
_BEHIND = 100
KEYS = "Keys: j and k move, Enter opens, c claims, 1 to 4 close the open item."


def _load_queue(read: Read, filters: Filters, _now_t: int) -> dict[str, Any]:
    return {
        "queue": _queue.queue(read, filters, SHOWN),
        "rules": _queue.rules(read),
        "picked": filters.queue,
        "is_nobody": not read.scope.actor,
    }


def _render_queue(data: dict[str, Any]) -> Properties:
    # Whom the account belongs to is what the rule against reviewing oneself hangs on.
    warning = "Your account names no person in the sources, so items about you cannot be told from others."
    notes = [KEYS, warning] if data["is_nobody"] else [KEYS]
    return {
        "review-queue": {
            "children": [
                *_review_rows.items(data["queue"], data["picked"]),
                *(html.P(n, className="soft foot") for n in notes),
            ]
        },
        "review-rule-pick": {"children": _review_rows.rule_options(data["rules"])},
    }


def _load_health(read: Read, _filters: Filters, now_t: int) -> dict[str, Any]:
    return {"health": review.health(read, now_t), "precision": review.precision(read).values()}


def _render_health(data: dict[str, Any]) -> Properties:
    shown = _review_rows.tiles(data["health"])
    return {**shown, "review-precision": {"children": _review_rows.precision(data["precision"])}}


def layout() -> list[Component]:
    """Four figures on the queue's health, the queue, and how often signals were right."""
    return [
        html.Div(
            [
                _cards.tile("review-open", "To review", "figure:open", "review"),
                _cards.tile("review-age", "Longest waits", "figure:open", "review"),
                _cards.tile("review-done", "Reviewed", "figure:reviewed", "review"),
                _cards.tile("review-hasty", "Closed in under 5 s", "figure:hasty", "review"),
            ],
            className="tiles",
        ),
        html.Div(
            [
                _cards.card(
                    "review-queue",
                    "Review queue",
                    metric="review",
                    steady=True,
                    note=_review_rows.controls(),
                ),
                _cards.card(
                    "review-precision",
                    "How often signals were right",
                    metric="review",
                    steady=True,
                    note="of what officers judged; a signal is no breach until confirmed",
                ),
            ],
            className="grid",
        ),
    ]


def _open(read: Read, filters: Filters, _now_t: int, _word: str) -> Cases:
    found = _queue.queue(read, filters, _BEHIND)
    rows = [CaseRow(entry.case, entry.made_t, entry.title) for entry in found.rows]
    return Cases(f"{_cards.number(found.total)} items to review, gravest and oldest first", rows)


def _reviewed(read: Read, filters: Filters, _now_t: int, _word: str) -> Cases:
    found = _queue.queue(read, Filters(filters.team, filters.channel, rule=filters.rule, queue="closed"), _BEHIND)
    rows = [CaseRow(entry.case, entry.closed_t or 0, f"{entry.title} · {entry.closed}") for entry in found.rows]
    return Cases(f"{_cards.number(found.total)} items reviewed, newest first", rows)


def _hasty(read: Read, _filters: Filters, now_t: int, _word: str) -> Cases:
    rows = [dict(row) for row in review.hasty(read, now_t, _BEHIND)]
    return Cases("Closed in under 5 seconds, newest first", case.to_rows(read, rows, "worth checking"))


VIEW = View(
    id="review",
    title="Review",
    path="/review",
    icon="review",
    roles=frozenset({Role.OFFICER}),
    order=15,
    parts=(
        Part("review-queue", _load_queue, _render_queue),
        Part("review-precision", _load_health, _render_health),
    ),
    layout=layout,
    filters=("team", "channel"),
    evidence={"open": _open, "reviewed": _reviewed, "hasty": _hasty},
)
