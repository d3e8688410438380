"""Facts in columns: the shape in which they enter the store, whatever shape the connector had them in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from data.event import Change, Event, Link, Scalar, micros

EVENTS = pl.Schema({
    "source_id": pl.String, "t": pl.Int64, "activity": pl.String, "actor": pl.String, "team": pl.String,
    "channel": pl.String, "direction": pl.String, "attrs": pl.String, "ord": pl.Int64,
})
RELATIONS = pl.Schema({"source_id": pl.String, "type": pl.String, "id": pl.String, "qualifier": pl.String})
CHANGES = pl.Schema({
    "type": pl.String, "id": pl.String, "attribute": pl.String, "value": pl.String, "t": pl.Int64,
})
LINKS = pl.Schema({
    "a_type": pl.String, "a_id": pl.String, "b_type": pl.String, "b_id": pl.String, "qualifier": pl.String,
})


@dataclass(frozen=True, slots=True)
class Frames:
    """The facts of one page in columns; the schemas above are exact (column order too).

    `t` is microseconds since 1970 UTC within 1970..2100, `attrs` a JSON object as text or null when there are
    none, `ord` the position in the source or null. Text columns of `events` but attrs are never null (use ""),
    `direction` is inbound, outbound or internal. Every event has at least one relation.
    """

    events: pl.DataFrame
    relations: pl.DataFrame
    changes: pl.DataFrame
    links: pl.DataFrame


def text(value: Scalar) -> str | None:
    """A scalar as the store keeps it: plain text, true/false for booleans, None for nothing."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def to_frames(events: Sequence[Event], changes: Sequence[Change] = (), links: Sequence[Link] = ()) -> Frames:
    """The same facts in columns."""
    event_rows = [
        (e.source_id, micros(e.at), e.activity, e.actor, e.team, e.channel, e.direction,
         json.dumps(dict(e.attrs), ensure_ascii=False) if e.attrs else None, e.order)
        for e in events
    ]
    relation_rows = [(e.source_id, *ref) for e in events for ref in e.objects]
    change_rows = [(c.object.type, c.object.id, c.attribute, text(c.value), micros(c.at)) for c in changes]
    link_rows = [(n.a.type, n.a.id, n.b.type, n.b.id, n.qualifier) for n in links]
    return Frames(
        pl.DataFrame(event_rows, EVENTS, orient="row"),
        pl.DataFrame(relation_rows, RELATIONS, orient="row"),
        pl.DataFrame(change_rows, CHANGES, orient="row"),
        pl.DataFrame(link_rows, LINKS, orient="row"),
    )


def concat(parts: Sequence[Frames]) -> Frames:
    """Several pages' facts as one."""
    return Frames(
        pl.concat([p.events for p in parts]),
        pl.concat([p.relations for p in parts]),
        pl.concat([p.changes for p in parts]),
        pl.concat([p.links for p in parts]),
    )
