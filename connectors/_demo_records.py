"""The demo's deliveries as facts of a page: in columns when there are many, one by one when there are few."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from connectors._demo_case import Fact
from connectors._demo_people import Trait
from connectors._demo_world import Delivery, flaw
from data.batch import CHANGES, EVENTS, LINKS, RELATIONS, Frames, text
from data.event import Aside, Change, Event, Retraction, micros
from data.page import Cursor, Page

_encode = json.JSONEncoder(ensure_ascii=False).encode
# Up to this many records are handed over one by one, as a live system would.
_FEW = 200


def to_page(deliveries: Sequence[Delivery], anchor: datetime, cursor: Cursor) -> Page:
    """A page of these deliveries, without watermark."""
    facts = [d for d in deliveries if d.what != "broken"]
    retractions = [Retraction(str(d.number), "the moment was corrected") for d in facts if d.what == "corrected"]
    aside = [Aside(f"{d.number}", flaw(d), f"record {d.number}") for d in deliveries if d.what == "broken"]
    if len(facts) > _FEW:
        return Page(cursor, frames=_frames(facts, anchor), retractions=retractions, aside=aside)
    events = [_event(d, anchor) for d in facts]
    changes = [Change(*trait, event.at) for d, event in zip(facts, events, strict=True) for trait in d.fact.traits]
    links = [link for d in facts for link in d.fact.links]
    return Page(cursor, events, changes, links, retractions, aside)


def directory(traits: Sequence[Trait], at: datetime) -> list[Change]:
    """What is known about people and accounts from the first day on."""
    return [Change(*trait, at) for trait in traits]


def _source_id(delivery: Delivery) -> str:
    return f"{delivery.number}#v2" if delivery.what == "corrected" else str(delivery.number)


def _event(delivery: Delivery, anchor: datetime) -> Event:
    fact = delivery.fact
    at = anchor + timedelta(microseconds=round(fact.at * 60e6))
    return Event(_source_id(delivery), at, fact.activity, fact.objects, fact.actor, fact.team, fact.channel,
                 fact.direction, fact.attrs or {}, delivery.number)


def _frames(deliveries: Sequence[Delivery], anchor: datetime) -> Frames:
    # Columns all the way: a row for each fact would be a hundred thousand short-lived tuples, and twice the time.
    zero = micros(anchor)
    facts = [d.fact for d in deliveries]
    keys = [_source_id(d) for d in deliveries]
    times = [zero + round(fact.at * 60e6) for fact in facts]
    numbers = [d.number for d in deliveries]
    return Frames(_event_table(facts, keys, times, numbers), _relation_table(facts, keys),
                  _change_table(facts, times), _link_table(facts))


def _event_table(facts: Sequence[Fact], keys: list[str], times: list[int], numbers: list[int]) -> pl.DataFrame:
    return _table(
        EVENTS, keys, times, [f.activity for f in facts], [f.actor for f in facts], [f.team for f in facts],
        [f.channel for f in facts], [f.direction for f in facts],
        [_encode(f.attrs) if f.attrs else None for f in facts], numbers,
    )


def _relation_table(facts: Sequence[Fact], keys: list[str]) -> pl.DataFrame:
    refs = [ref for f in facts for ref in f.objects]
    repeated = [key for key, f in zip(keys, facts, strict=True) for _ in f.objects]
    return _table(RELATIONS, repeated, [r.type for r in refs], [r.id for r in refs], [r.qualifier for r in refs])


def _change_table(facts: Sequence[Fact], times: list[int]) -> pl.DataFrame:
    traits = [trait for f in facts for trait in f.traits]
    repeated = [t for t, f in zip(times, facts, strict=True) for _ in f.traits]
    return _table(CHANGES, [ref.type for ref, _, _ in traits], [ref.id for ref, _, _ in traits],
                  [name for _, name, _ in traits], [text(value) for _, _, value in traits], repeated)


def _link_table(facts: Sequence[Fact]) -> pl.DataFrame:
    links = [link for f in facts for link in f.links]
    return _table(LINKS, [n.a.type for n in links], [n.a.id for n in links], [n.b.type for n in links],
                  [n.b.id for n in links], [n.qualifier for n in links])


def _table(schema: pl.Schema, *columns: Sequence[Any]) -> pl.DataFrame:
    return pl.DataFrame([pl.Series(name, column, dtype) for (name, dtype), column in
                         zip(schema.items(), columns, strict=True)])
