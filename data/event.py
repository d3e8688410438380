"""What a fact is: the canonical event, and what else a source can tell about objects.

The model is OCEL 2.0 (https://www.ocel-standard.org): events happen once and concern any number of typed
objects; objects change attributes over time and relate to one another. Names of activities are
`object.verb`, lower case, past tense where English allows (`opportunity.won`, `quote.sent`, `mail.received`);
logs imported from elsewhere keep their own names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from data.errors import SkipRecord

Direction = Literal["inbound", "outbound", "internal"]
Scalar = str | int | float | bool | None

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Ref(NamedTuple):
    """An object as its source knows it: `Ref("opportunity", "crm/1042")`.

    `type` is lower case: account, contact, lead, opportunity, quote, ticket, conversation, message, person
    (someone of the own firm), campaign, case (for logs that say no more), or the source's own word.
    `id` must mean the same object in every source that uses it (an e-mail address for a contact or person);
    ids that are only unique inside one system carry its name as a prefix. `qualifier` is the role in the event.
    """

    type: str
    id: str
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `source_id` names the record for ever: the same id is the same event and is stored once. A record that
    changed is a `Retraction` of the old id and an event with a new one (`"42#v2"`).
    `at` is aware. `actor` is who did it (for people of the firm the id of their `person` object, usually the
    e-mail address); `team` is the own team that did it or, for inbound, that it reached.
    `order` is the position in the source where the source has one: it decides ties in time.
    `attrs` are metadata and extracted signals, never a text body.
    """

    source_id: str
    at: datetime
    activity: str
    objects: Sequence[Ref]
    actor: str = ""
    team: str = ""
    channel: str = ""
    direction: Direction = "internal"
    attrs: Mapping[str, Scalar] = field(default_factory=dict)
    order: int | None = None

    def __post_init__(self) -> None:
        if not self.source_id:
            raise SkipRecord("the record has no id")
        if not self.activity:
            raise SkipRecord(f"record {self.source_id!r} names no activity")
        if not self.objects:
            raise SkipRecord(f"record {self.source_id!r} names no object")
        micros(self.at)


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` on, the object's `attribute` has this value (`stage`, `owner`, `amount`, `name`, `team`, ...)."""

    object: Ref
    attribute: str
    value: Scalar
    at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """Two objects belong together: an opportunity and its account, a contact and its account."""

    a: Ref
    b: Ref
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Retraction:
    """The event with this id did not happen, or not like that. It counts no more and never comes back."""

    source_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Aside:
    """A record that could not be understood, kept with its reason. `excerpt` holds no personal text."""

    source_id: str
    reason: str
    excerpt: str = ""


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC of an aware moment; SkipRecord when it is naive or outside 1970..2100."""
    if at.tzinfo is None:
        raise SkipRecord(f"moment {at.isoformat()} has no time zone")
    if not EPOCH <= at < LATEST:
        raise SkipRecord(f"moment {at.isoformat()} lies outside 1970 to 2100")
    return (at - EPOCH) // _MICROSECOND


def moment(at_us: int) -> datetime:
    """The aware UTC moment of a count of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at_us)
