"""How one look at Odoo makes facts: the page they are gathered on, and what every event of a lead has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from connectors._contract import Cursor, Page
from connectors._odoo_known import Known, Lead, Then, moment
from data.errors import SkipRecord
from data.event import Aside, Change, Direction, Event, Link, Ref, Scalar

_Fact = TypeVar("_Fact", Event, Change, Link)
RANKS: Final = 16
"""Room for the order of what happens within one message: `message * RANKS + rank`."""
_DIRECTION: Mapping[str, Direction] = {"msg.in": "inbound", "msg.out": "outbound"}


@dataclass(slots=True)
class Facts:
    """The facts of one page, how many records it had, and the id of the last one."""

    count: int = 0
    last: int = 0
    events: list[Event] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)

    def each(self, model: str, rows: Iterable[Any], read: Callable[[Any], None]) -> Facts:
        """Read every record; one that cannot be understood is kept aside and does no harm to the others."""
        for row in rows:
            number = row["id"] if isinstance(row, dict) else row.id
            self.count, self.last = self.count + 1, max(self.last, number)
            try:
                read(row)
            except (SkipRecord, ValueError, KeyError, TypeError) as error:
                reason = str(error) if isinstance(error, SkipRecord) else f"cannot be read ({type(error).__name__})"
                self.aside.append(Aside(f"{model}/{number}", reason))
        return self


class Recent:
    """What the last look told, so that the next one, which reaches back, does not say it again.

    Only a look that goes on where a complete one ended relies on it: what a broken one told may not be stored.
    """

    def __init__(self) -> None:
        self._ended: Cursor = {}
        self._told: set[int] = set()
        self._telling: set[int] = set()

    def begin(self, cursor: Cursor) -> None:
        """A look starts from this cursor."""
        self._telling = set()
        if cursor != self._ended:
            self._told = set()

    def new(self, page: Page, *, keep: bool = True) -> Page:
        """The page without what was told already. With `keep` the next look will not tell it again."""
        if keep:
            facts = (*page.events, *page.changes, *page.links)
            self._telling.update(hash(repr(fact)) for fact in facts)
        return replace(page, events=self._untold(page.events), changes=self._untold(page.changes),
                       links=self._untold(page.links))

    def end(self, cursor: Cursor) -> None:
        """The look is complete."""
        self._ended, self._told, self._telling = dict(cursor), self._telling, set()

    def _untold(self, some: Sequence[_Fact]) -> list[_Fact]:
        return [one for one in some if hash(repr(one)) not in self._told]


@dataclass(frozen=True, slots=True)
class Told:
    """What a record says of an event: who, when, with whom. `inside`: whether the actor belongs to the firm."""

    source_id: str
    then: Then
    actor: str
    order: int
    attrs: Mapping[str, Scalar] = field(default_factory=dict)
    more: Sequence[Ref] = ()
    channel: str = "crm"
    inside: bool = True


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the source. What was created before `since` has been told; `now` is the server's clock.
    `signals`: whether the texts of messages are read and looked through."""

    known: Known
    subjects: bool
    since: datetime
    now: datetime
    signals: bool = False

    def event(self, lead: Lead, activity: str, told: Told) -> Event:
        """An event of a lead: with its account and contact, who did it, and its sales team."""
        objects = [Ref(lead.kind(told.then), lead.own_id), *lead.objects, *told.more]
        if told.actor and told.inside:
            objects.append(Ref("person", told.actor, "from" if activity.startswith("msg.") else "actor"))
        attrs = {name: value for name, value in told.attrs.items() if value is not None}
        team = self.known.team(lead, told.then, told.actor)
        return Event(told.source_id, told.then.at, activity, list(dict.fromkeys(objects)), told.actor, team,
                     told.channel, _DIRECTION.get(activity, "internal"), attrs, told.order)


def when(value: Any) -> datetime:
    """A moment that a record must have."""
    at = moment(value)
    if at is None:
        raise SkipRecord("the record has no date")
    return at


def name_of(reference: Any) -> str:
    """The name in a reference to a record, or ""."""
    return str(reference[1]) if reference else ""
