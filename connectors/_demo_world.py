"""The demo's world: the same firm seen through five systems, as a pure function of seed, days and anchor.

The world is made hour by hour. Each hour has dice of its own, draws what begins in it, and writes each journey to
its end, days ahead; so once an hour is made, all that happens up to its end is known, and the live part goes on
from the history without a seam. Times are minutes from the anchor; nothing here looks at a clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime, timedelta
from math import cos, exp, pi
from random import Random
from threading import Lock
from typing import Final, Literal, NamedTuple

from connectors._demo_case import DAY, HOUR, Fact, Scene
from connectors._demo_duties import breach, gift, household, passed_on
from connectors._demo_market import courtesy_call, echo, mention, newsletter, post, team_talk
from connectors._demo_people import Firm, Trait
from connectors._demo_sales import lead, repeat_order
from connectors._demo_service import privacy_request, ticket

LAG: Final = {"crm": (2.0, 6.0), "mail": (0.0, 0.0), "phone": (0.0, 1.0), "social": (0.2, 2.0), "desk": (0.0, 0.5)}
"""How many minutes, at least and at most, each system takes to tell of what happened."""
PACE: Final = 8.0
"""Events a minute by day when the rates below hold."""
NEVER_TOLD: Final = {
    "lead.archived", "opportunity.archived", "sale.stopped", "complaint.src_sent", "dsr.ack",
    "individuals.notified", "event.reportable", "report.filed", "promise.kept", "flag.raised", "review.done",
    "record.archived", "record.deleted", "call.recorded", "note.recorded", "doc.delivered", "account.opened",
    "id.obtained", "id.verified", "recommendation", "order.executed", "oba.notice", "oba.signal",
}
"""Activities of the vocabulary that none of its systems tells of."""
# What begins, how many a day at full activity, and the share of that at the very start of the history.
_RATES: Final[tuple[tuple[Callable[[Scene, float], None], float, float], ...]] = (
    (ticket, 440.0, 0.1), (lead, 64.0, 0.4), (repeat_order, 50.0, 0.4), (newsletter, 9.0, 0.1),
    (mention, 150.0, 0.1), (echo, 1000.0, 0.1), (post, 12.0, 0.1), (courtesy_call, 150.0, 0.1),
    (team_talk, 250.0, 0.1), (privacy_request, 2.0, 0.3), (household, 14.0, 0.1), (gift, 2.0, 0.5),
    (passed_on, 1.0, 0.3), (breach, 0.4, 0.5),
)
_RAMP: Final = 12 * DAY
_AGAIN, _FIXED, _BROKEN = 0.004, 0.0012, 0.0008
_CORRECTABLE: Final = frozenset(("call.in", "call.out", "ticket.created", "note.added", "quote.sent", "resolved"))
_FLAWS: Final = ("the date 0102-03-04 lies outside 1970 to 2100", "the field 'contact' is missing",
                 "the activity is '?'", "the field 'created_at' is missing")


class WorldSettings(NamedTuple):
    """What decides everything: the dice, the length of the history, its end, and how busy the time after it is."""

    seed: int
    days: int
    anchor: datetime
    pace: float = PACE

    @property
    def name(self) -> str:
        """The settings in a line: two worlds of the same name are the same."""
        return f"{self.seed}/{self.days}/{self.anchor.isoformat()}/{self.pace:g}"

    def at(self, minute: float) -> datetime:
        """The moment of a minute of the simulation."""
        return self.anchor + timedelta(minutes=minute)


class Delivery(NamedTuple):
    """One record as its system hands it over: at minute `due`, with its number, and what is special about it."""

    due: float
    number: int
    what: Literal["", "corrected", "broken"]
    fact: Fact


class Stream:
    """All that one system tells, in the order in which it tells it. `first` entries have been let go of."""

    def __init__(self) -> None:
        self.first = 0
        self.entries: list[Delivery] = []
        self.waiting: list[Delivery] = []

    # Sorted hour by hour and never again: a position handed out as a cursor must mean the same record for ever.
    def settle(self, until: float) -> None:
        """Nothing new can come before `until`: what is due by then has its place for ever."""
        ready = sorted(d for d in self.waiting if d.due < until)
        self.waiting = [d for d in self.waiting if d.due >= until]
        self.entries += ready

    def forget(self, position: int) -> None:
        """Let go of the entries before the position."""
        del self.entries[: max(0, position - self.first)]
        self.first = max(self.first, position)


class World:
    """Everything that happens, made as far as somebody asks. Safe to share between threads."""

    def __init__(self, settings: WorldSettings) -> None:
        self._settings = settings
        self._hour = -settings.days * 24
        self.start = self._hour * HOUR
        self._lock = Lock()
        firm = Firm(Random(f"{settings.seed}/firm"))
        self._scene = Scene(Random(), firm, settings.anchor)
        self._numbers = dict.fromkeys(LAG, 0)
        self.streams = {system: Stream() for system in LAG}
        self.directory: list[Trait] = firm.directory()

    def due(self, system: str, position: int, until: float, most: int) -> tuple[list[Delivery], int] | None:
        """Up to `most` entries from the position that are due by minute `until`, and how many are due beyond them.

        None when the entries at that position were let go of.
        """
        with self._lock:
            self._make(until)
            stream = self.streams[system]
            if position < stream.first:
                return None
            begin = position - stream.first
            end = bisect_right(stream.entries, until, key=lambda d: d.due)
            batch = stream.entries[begin : min(end, begin + most)]
            return batch, max(0, end - begin - len(batch))

    def next_due(self, system: str, position: int, now: float) -> float:
        """The minute in which the entry at the position falls due; an hour from now when that is not known yet."""
        with self._lock:
            self._make(now + HOUR)
            stream = self.streams[system]
            index = position - stream.first
            return stream.entries[index].due if 0 <= index < len(stream.entries) else now + HOUR

    def forget(self, system: str, position: int) -> None:
        """Nobody will ask for earlier entries of that system again."""
        with self._lock:
            self.streams[system].forget(position)

    def _make(self, until: float) -> None:
        if self._hour * HOUR > until:
            return
        while self._hour * HOUR <= until:
            self._make_hour()
        for stream in self.streams.values():
            stream.settle(self._hour * HOUR)

    def _make_hour(self) -> None:
        scene, begin = self._scene, self._hour * HOUR
        rng = scene.rng
        # Dice of its own make an hour the same however the hours before it were asked for.
        rng.seed(f"{self._settings.seed}/{self._hour}")
        wave = _wave(begin)
        # Only the time after the anchor is sped up or slowed: the history stays the same at any pace.
        pace = self._settings.pace / PACE if begin >= 0 else 1.0
        for story, per_day, floor in _RATES:
            rate = per_day / DAY * wave * pace * _ramp(begin, floor)
            at = begin + rng.expovariate(rate)
            while at < begin + HOUR:
                story(scene, at)
                at += rng.expovariate(rate)
        for fact in scene.facts:
            self._hand_over(fact, rng)
        scene.facts.clear()
        self._hour += 1

    def _hand_over(self, fact: Fact, rng: Random) -> None:
        """As real systems do: late, now and then twice, corrected afterwards, or broken."""
        shortest, longest = LAG[fact.system]
        due = fact.at + shortest + (longest - shortest) * rng.random()
        number = self._number(fact.system)
        waiting = self.streams[fact.system].waiting
        waiting.append(Delivery(due, number, "", fact))
        # A broken record comes besides the good one, so that what is set aside leaves no hole in the story.
        luck = rng.random()
        if luck < _AGAIN:
            waiting.append(Delivery(due + rng.uniform(1, 30), number, "", fact))
        elif luck < _AGAIN + _BROKEN:
            waiting.append(Delivery(due, self._number(fact.system), "broken", fact))
        elif luck < _AGAIN + 12 * _FIXED and fact.activity in _CORRECTABLE:
            # First told with the moment of entry, then taken back and told again with that of the deed.
            waiting[-1] = Delivery(due, number, "", fact._replace(at=fact.at + (due - fact.at) * rng.random()))
            waiting.append(Delivery(due + rng.uniform(10, 240), number, "corrected", fact))

    def _number(self, system: str) -> int:
        self._numbers[system] += 1
        return self._numbers[system]


_WORLDS: Final[dict[WorldSettings, World]] = {}
_WORLDS_LOCK: Final = Lock()
_WORLDS_MOST: Final = 2


def shared_world(settings: WorldSettings, *, instead_of: World | None = None) -> World:
    """The one world that all sources with these settings look at; a fresh one in place of a worn one."""
    with _WORLDS_LOCK:
        world = _WORLDS.get(settings)
        if world is None or world is instead_of:
            if len(_WORLDS) >= _WORLDS_MOST:
                del _WORLDS[next(iter(_WORLDS))]
            world = _WORLDS[settings] = World(settings)
        return world


def flaw(delivery: Delivery) -> str:
    """Why a broken record cannot be understood."""
    return _FLAWS[delivery.number % len(_FLAWS)]


def _wave(at: float) -> float:
    """Busier by day than by night and on weekdays than at weekends; the anchor is a Wednesday morning."""
    day = (at / DAY + 2.4) % 7
    return (1.0 + 0.4 * cos(2 * pi * (at - 2 * HOUR) / DAY)) * (0.6 if day >= 5 else 1.0)


def _ramp(at: float, floor: float) -> float:
    """The firm connects ever more of its work during the history; from the anchor on all of it."""
    return 1.0 if at >= 0 else floor + (1 - floor) * exp(at / _RAMP)
