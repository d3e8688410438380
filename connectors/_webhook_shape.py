"""The JSON that a sender posts, read strictly: what is misspelt or out of shape is refused with its name.

A reader takes one item and gives the fact, or raises SkipRecord with the reason and, where there is one, the
nearest known name. Nothing here guesses: a field that nobody reads would be lost in silence.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final, cast, get_args

from connectors._contract import Opening
from data.errors import SkipRecord
from data.event import Change, Direction, Event, Link, Ref, Retraction, Scalar, micros

ENVELOPE: Final = ("events", "changes", "links", "retractions")
_EVENT: Final = ("id", "at", "activity", "objects", "actor", "team", "channel", "direction", "attrs", "order")
_LONGEST_VALUE: Final = 500
_LONGEST_NAME: Final = 1_000


def parsed(body: bytes) -> Any:
    """The JSON of a body; SkipRecord when it is none, NaN and Infinity included."""
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        return json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise SkipRecord(f"the body is not JSON ({len(body)} bytes); send an event or a list of them") from error


def lists(payload: Any) -> Mapping[str, list[Any]]:
    """The items by kind, whichever of the three forms the body has."""
    if isinstance(payload, list):
        return {"events": payload}
    if not isinstance(payload, Mapping):
        raise SkipRecord("the body is neither an event nor a list of events")
    if "activity" in payload or not set(payload) & set(ENVELOPE):
        return {"events": [payload]}
    for name, items in payload.items():
        if name not in ENVELOPE:
            raise SkipRecord(f"the body has no field {name[:40]!r}; {nearest(name, ENVELOPE)}")
        if not isinstance(items, list):
            raise SkipRecord(f"{name!r} must be a list")
    return payload


def event(item: Mapping[str, Any], opening: Opening) -> Event:
    """One event. Without an id it is known by its content, so that a delivery may be repeated."""
    _only(item, _EVENT, "an event")
    actor = _name(item, "actor", required=False)
    direction = _name(item, "direction", required=False) or "internal"
    if direction not in get_args(Direction):
        raise SkipRecord(f"direction {direction[:40]!r} is not one of {', '.join(get_args(Direction))}")
    objects, order = item.get("objects"), item.get("order")
    if not isinstance(objects, list):
        raise SkipRecord("an event needs 'objects', a list of {type, id, qualifier}")
    if order is not None and (not isinstance(order, int) or isinstance(order, bool) or abs(order) >= 2**63):
        raise SkipRecord("order must be a whole number below 2^63")
    team = _name(item, "team", required=False) or str(opening.settings.get("team") or opening.teams.get(actor, ""))
    return Event(identity(item), _at(item), _name(item, "activity"), [ref(o) for o in objects], actor=actor,
                 team=team, channel=_name(item, "channel", required=False), direction=cast(Direction, direction),
                 attrs=_attrs(item.get("attrs", {})), order=order)


def change(item: Mapping[str, Any], _opening: Opening) -> Change:
    """From a moment on an attribute of an object has a value."""
    _only(item, ("object", "attribute", "value", "at"), "a change")
    if "value" not in item:
        raise SkipRecord("a change needs 'value' (null for none)")
    return Change(ref(item.get("object")), _name(item, "attribute"), _scalar("value", item["value"]), _at(item))


def link(item: Mapping[str, Any], _opening: Opening) -> Link:
    """Two objects belong together."""
    _only(item, ("a", "b", "qualifier"), "a link")
    return Link(ref(item.get("a")), ref(item.get("b")), _name(item, "qualifier", required=False))


def retraction(item: Mapping[str, Any], _opening: Opening) -> Retraction:
    """An event did not happen."""
    _only(item, ("id", "reason"), "a retraction")
    return Retraction(_name(item, "id"), _name(item, "reason"))


def ref(value: Any) -> Ref:
    """An object: {"type": "contact", "id": "ada@example.com", "qualifier": "from"}."""
    if not isinstance(value, Mapping):
        raise SkipRecord("an object is written as {type, id, qualifier}")
    _only(value, ("type", "id", "qualifier"), "an object")
    kind = _name(value, "type")
    if kind != kind.lower():
        raise SkipRecord(f"object type {kind[:40]!r} must be in lower case")
    return Ref(kind, _name(value, "id"), _name(value, "qualifier", required=False))


def identity(item: Any) -> str:
    """The sender's id, or the hash of the item where it gives none; SkipRecord for text that is no Unicode."""
    if isinstance(item, Mapping) and item.get("id") not in (None, ""):
        return _name(item, "id")
    try:
        content = json.dumps(item, sort_keys=True, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise SkipRecord("a text in the item is not valid Unicode") from error
    return "sha256:" + hashlib.sha256(content).hexdigest()[:32]


def nearest(name: str, known: Collection[str]) -> str:
    """A hint at the name that was probably meant."""
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"


def _only(item: Mapping[str, Any], known: Collection[str], what: str) -> None:
    for field in item:
        if field not in known:
            raise SkipRecord(f"{what} has no field {field[:40]!r}; {nearest(field, known)}")


def _name(item: Mapping[str, Any], field: str, *, required: bool = True) -> str:
    """A short text; whole numbers are taken for ids. "" where it may be missing."""
    value = item.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value):
        raise SkipRecord(f"{field!r} is missing or not a text")
    if len(value) > _LONGEST_NAME:
        raise SkipRecord(f"{field!r} has {len(value)} characters; at most {_LONGEST_NAME} are taken")
    return _unicode(field, value)


def _at(item: Mapping[str, Any]) -> datetime:
    value = item.get("at")
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None:
        raise SkipRecord("'at' is missing or not a moment such as 2026-11-22T09:30:00+01:00")
    micros(at)
    return at


def _attrs(value: Any) -> dict[str, Scalar]:
    if not isinstance(value, Mapping):
        raise SkipRecord("'attrs' must be an object of names and plain values")
    return {_unicode("attrs", name): _scalar(name, found) for name, found in value.items()}


def _scalar(name: str, value: Any) -> Scalar:
    """A text, number, truth value or null. Long texts are refused: metadata is kept here, and no messages."""
    if isinstance(value, str):
        if len(value) > _LONGEST_VALUE:
            raise SkipRecord(f"{name[:40]!r} has {len(value)} characters; send metadata, not texts "
                             f"(at most {_LONGEST_VALUE})")
        return _unicode(name, value)
    if value is not None and not isinstance(value, (bool, int, float)):
        raise SkipRecord(f"{name[:40]!r} holds a list or an object; only plain values are kept")
    # 1e999 is sound JSON and becomes infinite, which is not; the store counts in 64 bits.
    if value is not None and not abs(value) < 2**63:
        raise SkipRecord(f"{name[:40]!r} is larger than 2^63; send it as a text")
    return value


def _unicode(name: str, value: str) -> str:
    """The text, if the store can hold it: half of a surrogate pair would spoil the whole page."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise SkipRecord(f"{name[:40]!r} is not valid Unicode") from error
    return value
