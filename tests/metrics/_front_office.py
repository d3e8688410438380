"""A front office whose every event a test puts there, so that each figure has an answer known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from data.event import Change, Direction, Event, Link, Ref, Scalar
from data.page import Page
from data.scope import Principal, Role, Scope
from data.store import Store
from data.writer import Writer
from metrics._contract import Read
from metrics._engine import Engine

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
NOW_T = int(NOW.timestamp() * 1_000_000)
MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
ANNA, BEN, CARLA = "anna@firm.example", "ben@firm.example", "carla@firm.example"
TEAM_OF = {ANNA: "North", BEN: "North", CARLA: "South"}
REP = Principal("anna", "Anna", Role.REP, ANNA)
OTHER_REP = Principal("ben", "Ben", Role.REP, BEN)
MANAGER = Principal("maya", "Maya", Role.MANAGER, "maya@firm.example", frozenset({"North"}))
OTHER_MANAGER = Principal("sam", "Sam", Role.MANAGER, "sam@firm.example", frozenset({"South"}))
OFFICER = Principal("omar", "Omar", Role.OFFICER, "", None)
ADMINISTRATOR = Principal("ada", "Ada", Role.ADMINISTRATOR, "", None)
_INBOUND = ("msg.in", "call.in")
_OUTBOUND = ("msg.out", "call.out")


@dataclass
class Office:
    """A store, and events that wait to be put into it together."""

    store: Store = field(default_factory=lambda: Store.open(":memory:"))
    now_t: int = NOW_T
    writer: Writer = field(init=False)
    events: list[Event] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    n: int = 0

    def __post_init__(self) -> None:
        self.writer = Writer(self.store, [Engine()], clock=lambda: self.now_t)
        self.writer.start()
        self.writer.register("crm", "webhook", "CRM", "")

    def says(self, case: Ref, days_ago: float, activity: str, actor: str = ANNA, *, channel: str = "email",
             about: Sequence[Ref] = (), **attrs: Scalar) -> None:
        """One event of a case, so many days before NOW; what comes from customers has the actor given as theirs."""
        self.n += 1
        direction: Direction = ("inbound" if activity in _INBOUND else "outbound" if activity in _OUTBOUND
                                else "internal")
        self.events.append(Event(f"e{self.n}", NOW - timedelta(days=days_ago), activity, [case, *about], actor=actor,
                                 team=TEAM_OF.get(actor, "North"), channel=channel, direction=direction, attrs=attrs,
                                 order=self.n))

    def knows(self, case: Ref, **traits: Scalar) -> None:
        """Attributes of a case, long known."""
        self.changes += [Change(case, name, value, NOW - timedelta(days=900)) for name, value in traits.items()]

    def put(self, links: Sequence[Link] = ()) -> None:
        """Store what waits; everything up to NOW is known."""
        self.writer.put("crm", Page({"n": self.n}, events=self.events, changes=self.changes, links=list(links),
                                    watermark=NOW))
        self.events, self.changes = [], []

    def read(self, who: Principal | Scope = REP) -> Read:
        """Reading as somebody, who remembers nothing."""
        return Read.of(self.store, who.scope if isinstance(who, Principal) else who)

    def end(self) -> None:
        """Close what was opened."""
        self.writer.stop()
        self.store.close()


def deal(number: int) -> Ref:
    """A deal."""
    return Ref("opportunity", f"crm/O-{number}")
