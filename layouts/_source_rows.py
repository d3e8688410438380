"""Tables of the sources page: every source, what is missing, what was set aside, and whether alerts arrive."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from metrics.alerts import ChannelRow
from metrics.sources import AsideRow, SourceRow

TONES = {"ok": ("ok", "disc"), "late": ("lags", "diamond"), "blind": ("blind", "triangle")}


def every(rows: Sequence[SourceRow], now_t: int) -> list[Component]:
    """Every source with its state, freshness and counts."""
    if not rows:
        return [
            _cards.empty(
                "No source is connected.", "Name one under [sources.<id>] in frontview.toml and start again."
            )
        ]
    body = [
        (
            "",
            [
                _state(row, now_t),
                html.Span(row.title or row.id, className="strong"),
                row.connector,
                _cards.moment(row.watermark_t or row.seen_t, "clock"),
                _cards.moment(row.watermark_t or row.seen_t, "ago"),
                _cards.number(row.n_hour),
                _cards.number(row.n_new),
                _cards.number(row.n_again),
                _cards.number(row.n_aside),
                html.Span(row.message, className="soft clip", title=row.message),
            ],
        )
        for row in rows
    ]
    columns = (
        "State",
        "Source",
        "Kind",
        "Known up to",
        "Age",
        ">Last hour",
        ">Stored",
        ">Known before",
        ">Set aside",
        "Message",
    )
    return [_cards.table(columns, body, "Sources", "sources")]


def _state(row: SourceRow, now_t: int) -> Component:
    health = row.health(now_t)
    word, shape = TONES[health]
    said = row.state if health != "ok" else "live"
    return html.Span(
        [
            html.Span(className=f"shape {shape}", **_cards.attrs({"aria-hidden": "true"})),
            said if health == "ok" else f"{word}: {said}",
        ],
        className=f"health {health}",
    )


def lacking(found: Sequence[SourceRow], now_t: int) -> list[Component]:
    """What the picture lacks, one amber note for each source that lags or is blind."""
    if not found:
        return [html.P("Every source is live; nothing is known to be missing.", className="lead")]
    return [
        _cards.amber(
            [
                html.Strong(row.title or row.id),
                f" {TONES[row.health(now_t)][0]}. ",
                row.blind or "What it would tell is missing.",
                f" {row.message}" if row.message else "",
                *([" Next attempt ", _cards.moment(row.next_t, "due"), "."] if row.next_t else []),
            ]
        )
        for row in found
    ]


def aside(found: Sequence[AsideRow], *, is_rep: bool) -> list[Component]:
    """Records set aside, by reason."""
    if is_rep:
        return [_cards.empty("Records set aside are looked after by an administrator.")]
    if not found:
        return [
            _cards.empty(
                "No record was set aside.", "Records that cannot be understood are kept here with the reason."
            )
        ]
    rows = [
        (
            "",
            [
                row.source,
                html.Span(row.reason, className="wrap"),
                _cards.number(row.n),
                _cards.moment(row.last_t, "ago"),
            ],
        )
        for row in found
    ]
    return [_cards.table(("Source", "Reason", ">Records", "Latest"), rows, "Records set aside, by reason")]


def alerts(found: Sequence[ChannelRow] | None) -> list[Component]:
    """Alert channels with what was sent, waits and failed; None for those who do not look after them."""
    if found is None:
        return [_cards.empty("Alerts are looked after by an administrator and the officers.")]
    if not found:
        return [_cards.empty("No alert has been sent yet.", "A channel is a table [alerts.<id>] in the settings.")]
    rows = [
        (
            "",
            [
                _fares(row),
                html.Span(row.channel, className="strong"),
                _cards.moment(row.sent_t, "ago") if row.sent_t else html.Span("never", className="soft"),
                _cards.number(row.sent),
                _cards.number(row.waiting),
                _cards.moment(row.next_t, "due") if row.waiting and row.trouble else "",
                _cards.number(row.failed),
                html.Span(row.trouble, className="wrap soft"),
            ],
        )
        for row in found
    ]
    columns = ("State", "Channel", "Last sent", ">Sent in 30 days", ">Waiting", "Next attempt",
               ">Failed in 30 days", "Reason")
    return [_cards.table(columns, rows, "Alert channels", "sources")]


def _fares(row: ChannelRow) -> Component:
    if row.ok:
        health, word = "ok", "arrives"
    elif row.waiting or row.arrived_in_part:
        health, word = "late", "waits" if row.waiting else "in part"
    else:
        health, word = "blind", "failed"
    shape = html.Span(className=f"shape {TONES[health][1]}", **_cards.attrs({"aria-hidden": "true"}))
    return html.Span([shape, word], className=f"health {health}")
