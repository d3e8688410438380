"""What objects are called and whose they are, for the few that are shown; remembered, as names seldom change."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from metrics._contract import Read, ask
from metrics._words import UNKNOWN, code, words

_FRESH_SECONDS: Final = 60.0
_REMEMBERED: Final = 20_000
# The attributes that name an object, best first.
_NAMES: Final = ("name", "title")


@dataclass(frozen=True, slots=True)
class Label:
    """How an object is shown; `customer` is the account or contact it belongs to, empty when none is known."""

    obj: int
    otype: str
    id: str
    name: str
    customer: str


def describe(read: Read, objs: Iterable[int | None]) -> dict[int, Label]:
    """Labels of a few objects; those out of scope are missing."""
    at, known = read.memo.get("labels", (0.0, {}))
    if time.monotonic() - at > _FRESH_SECONDS or len(known) > _REMEMBERED:
        known = {}
        read.memo["labels"] = (time.monotonic(), known)
    missing = sorted({obj for obj in objs if obj is not None} - known.keys())
    if missing:
        known.update(_look_up(read, missing))
    return known


def _look_up(read: Read, objs: Sequence[int]) -> dict[int, Label]:
    near = _customers(read, objs)
    everybody = sorted({*objs, *near.values()})
    types = words(read, "object_type")
    things = {
        r["obj"]: (types.get(r["otype"], ""), r["id"]) for r in ask(read, "label_objects", {"objs": everybody})
    }
    names: dict[int, str] = {}
    for attribute in reversed(_NAMES):
        params = {"objs": everybody, "attribute": code(read, "attribute", attribute)}
        names.update({r["obj"]: r["value"] or "" for r in ask(read, "label_names", params)})
    found = {}
    for obj in objs:
        if obj not in things:
            continue
        otype, id_ = things[obj]
        whose = near.get(obj)
        customer = names.get(whose) or things.get(whose, ("", ""))[1] if whose is not None else ""
        found[obj] = Label(obj, otype, id_, names.get(obj, ""), customer)
    return found


def _customers(read: Read, objs: Sequence[int]) -> dict[int, int]:
    """Object -> the account it is linked to, else the contact, else the contact of its latest event."""
    kinds = {"account": code(read, "object_type", "account"), "contact": code(read, "object_type", "contact")}
    rows = ask(read, "label_links", {"objs": list(objs), **kinds})
    near = {r["obj"]: r["other"] for r in rows}
    lonely = [obj for obj in objs if obj not in near]
    if lonely:
        near.update({r["obj"]: r["other"] for r in ask(read, "label_events", {"objs": lonely, **kinds})})
    return _firms(read, near, kinds)


def _firms(read: Read, near: dict[int, int], kinds: dict[str, int]) -> dict[int, int]:
    """The same with a contact's account in place of the contact, where there is one."""
    rows = ask(
        read, "label_links", {"objs": sorted(set(near.values())), "account": kinds["account"], "contact": UNKNOWN}
    )
    firm = {r["obj"]: r["other"] for r in rows}
    return {obj: firm.get(whose, whose) for obj, whose in near.items()}
