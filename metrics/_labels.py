"""What objects are called and whose they are, for the few that are shown; remembered until a commit changes them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from metrics._contract import Read, ask
from metrics._words import words

_FRESH_SECONDS: Final = 60.0
_REMEMBERED: Final = 20_000


@dataclass(frozen=True, slots=True)
class Label:
    """How an object is shown; `customer` is the account or contact it belongs to, empty when none is known, and
    `owner` the code of whoever answers for it, or 0."""

    obj: int
    otype: str
    id: str
    name: str
    customer: str
    owner: int = 0


@dataclass(frozen=True, slots=True)
class _Known:
    """What a reader remembers. `leans`: object -> those whose change shows in its label. An answer is never taken out
    of `labels`: whoever works with it now keeps it, and the next one gets another dictionary."""

    version: int = -1
    since: float = 0.0
    labels: dict[int, Label] = field(default_factory=dict)
    leans: dict[int, tuple[int, ...]] = field(default_factory=dict)


def describe(read: Read, objs: Iterable[int | None]) -> dict[int, Label]:
    """Labels of a few objects; those out of scope are missing."""
    known = _fresh(read)
    missing = sorted({obj for obj in objs if obj is not None} - known.leans.keys())
    if missing:
        labels, leans = _look_up(read, missing)
        known.labels.update(labels)
        known.leans.update(leans)
    return known.labels


def _fresh(read: Read) -> _Known:
    """What is remembered and still holds."""
    known: _Known = read.memo.get("labels") or _Known()
    version, changed = read.news(known.version) if read.news else (-1, frozenset())
    is_old = read.news is None and time.monotonic() - known.since > _FRESH_SECONDS
    if changed is None or is_old or len(known.leans) > _REMEMBERED:
        known = _Known(version, time.monotonic())
    elif version != known.version:
        # What is out of a narrow scope may have come into it, and nobody tells.
        kept = {
            obj: on
            for obj, on in known.leans.items()
            if obj not in changed and changed.isdisjoint(on) and (obj in known.labels or not read.is_narrow)
        }
        known = _Known(version, known.since, {obj: known.labels[obj] for obj in kept if obj in known.labels}, kept)
    read.memo["labels"] = known
    return known


def _look_up(read: Read, objs: Sequence[int]) -> tuple[dict[int, Label], dict[int, tuple[int, ...]]]:
    """Small statements after each other, each narrowed by what the one before it found: the store then reads only
    where these numbers lie, while one statement for all of it would read everything."""
    facts = {r["obj"]: r for r in ask(read, "label_parties", {"objs": objs})}
    whose = {obj: r["party"] for obj, r in facts.items() if r["party"]}
    things = _objects(read, {*objs, *whose.values()})
    things |= _objects(read, {r["firm"] for r in things.values() if r["firm"]} - things.keys())
    types = words(read, "object_type")
    labels: dict[int, Label] = {}
    leans: dict[int, tuple[int, ...]] = {}
    for obj in objs:
        party = whose.get(obj, obj)
        firm = things[party]["firm"] if party in things else 0
        leans[obj] = (party, firm)
        if obj in things:
            otype, owner = types.get(things[obj]["otype"], ""), facts[obj]["actor"] if obj in facts else 0
            customer = _called(things, firm) or ("" if party == obj else _called(things, party))
            labels[obj] = Label(obj, otype, things[obj]["id"], things[obj]["name"] or "", customer, owner)
    return labels, leans


def _objects(read: Read, objs: set[int]) -> dict[int, dict[str, Any]]:
    return {r["obj"]: r for r in ask(read, "label_objects", {"objs": sorted(objs)})} if objs else {}


def _called(things: Mapping[int, Mapping[str, Any]], obj: int) -> str:
    thing = things.get(obj)
    return "" if thing is None else thing["name"] or thing["id"]
