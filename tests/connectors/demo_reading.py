"""Reading the demo firm in tests: under a clock of ours, page by page, and put together as the store would."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from connectors._contract import Opening
from connectors.demo import CONNECTOR, SYSTEMS, Demo
from data.batch import CHANGES, Frames, concat, to_frames
from data.event import Aside, Ref, Retraction, micros
from data.page import Page

ANCHOR = datetime(2026, 5, 6, 9, 30, tzinfo=UTC)
MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock:
    """A clock that stands where it was put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Told:
    """What a source told, whatever the pages it came in."""

    frames: list[Frames] = field(default_factory=list)
    retractions: list[Retraction] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def add(self, page: Page) -> None:
        self.pages.append(page)
        self.retractions += page.retractions
        self.aside += page.aside
        self.frames.append(to_frames(page.events, page.changes, page.links))
        if page.frames:
            self.frames.append(page.frames)

    @property
    def all(self) -> Frames:
        return concat(self.frames)

    def digest(self) -> str:
        facts = self.all
        parts = [facts.events, facts.relations, facts.links, facts.changes.sort(CHANGES.names())]
        text = "".join(part.write_csv() for part in parts) + repr(self.retractions) + repr(self.aside)
        return hashlib.sha256(text.encode()).hexdigest()


def opened(system: str, clock: Clock, **settings: object) -> Demo:
    """One system of the demo firm under a clock of ours."""
    given = {"system": system, "anchor": ANCHOR, "seed": 7, "days": 90, "pace": 8.0, **settings}
    return CONNECTOR.open(Opening(f"demo-{system}", given, now=clock))


def read(system: str, at: datetime, cursor: dict | None = None, **settings: object) -> Told:
    """All that the system tells at that moment."""
    told = Told()
    for page in opened(system, Clock(at), **settings).pull(cursor or {}):
        told.add(page)
    return told


@dataclass
class Happening:
    """One event with its objects, for telling whether a fault is in it."""

    t: int
    activity: str
    actor: str
    channel: str
    attrs: dict
    objects: list[Ref]

    @property
    def inbound(self) -> bool:
        return self.activity in ("msg.in", "call.in")

    @property
    def outbound(self) -> bool:
        return self.activity in ("msg.out", "call.out") and not self.attrs.get("automatic")

    def of(self, kind: str) -> list[Ref]:
        return [ref for ref in self.objects if ref.type == kind]


@dataclass
class Seen:
    """Ninety days and two live ones of all five systems, put together as the store would."""

    told: dict[str, Told]
    happened: list[Happening]
    cases: dict[Ref, list[Happening]]
    until: int

    def pairs(self, kind: str, activity: str) -> Iterator[tuple[Happening, list[Happening]]]:
        """Each such event in cases of that kind, with what came after it there."""
        for ref, events in self.cases.items():
            if ref.type == kind:
                for index, event in enumerate(events):
                    if event.activity == activity:
                        yield event, events[index + 1 :]


@cache
def seen_world() -> Seen:
    """What the tests of content look at, read once."""
    until = ANCHOR + timedelta(days=2)
    told = {system: read(system, until) for system in SYSTEMS}
    happened: list[Happening] = []
    for one in told.values():
        gone = {r.source_id for r in one.retractions}
        events = one.all.events.unique("source_id", keep="first", maintain_order=True)
        refs: dict[str, dict[Ref, None]] = defaultdict(dict)
        for key, *ref in one.all.relations.iter_rows():
            refs[key][Ref(*ref)] = None
        for key, t, activity, actor, _team, channel, _direction, attrs, _order in events.iter_rows():
            if key not in gone:
                happened.append(Happening(t, activity, actor, channel, json.loads(attrs or "{}"), list(refs[key])))
    happened.sort(key=lambda h: h.t)
    cases: dict[Ref, list[Happening]] = defaultdict(list)
    for event in happened:
        for ref in event.objects:
            cases[ref].append(event)
    return Seen(told, happened, cases, micros(until))
