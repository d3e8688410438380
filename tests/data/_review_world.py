"""A firm with a few breaches, decided by rules, and officers who review them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from data import reviews
from data.event import Event, Ref
from data.page import Page
from data.reviews import Sampling
from data.scope import Principal, Role
from data.store import Store
from data.writer import Writer
from metrics._contract import Read
from metrics._engine import Engine
from metrics.conformance.decide import Conformance

T = TypeVar("T")
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
ANNA, BEN, CARLA = "anna@firm.example", "ben@firm.example", "carla@firm.example"
TEAMS = {ANNA: "sales", BEN: "sales", CARLA: "service"}
OMAR = Principal("omar", "Omar", Role.OFFICER, "omar@firm.example", None)
OLGA = Principal("olga", "Olga", Role.OFFICER, "olga@firm.example", None)
OFFICER_ANNA = Principal("anna", "Anna", Role.OFFICER, ANNA, None)
NOTHING_DRAWN = Sampling(0)


@dataclass
class Firm:
    """A store whose clock stands where the test puts it."""

    store: Store = field(default_factory=lambda: Store.open(":memory:"))
    now: datetime = NOW
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        rules = Conformance([Path(__file__).parent / "review_pack"], disabled={"core"})
        self.writer = Writer(self.store, [Engine(rules)], clock=lambda: self.now_t)
        self.writer.start()
        self.writer.register("mail", "webhook", "Mail", "")

    @property
    def now_t(self) -> int:
        """Microseconds since 1970 UTC."""
        return int(self.now.timestamp() * 1_000_000)

    def put(self, *events: Event, complete: datetime | None = None) -> None:
        """What a source tells, complete up to a moment, usually now."""
        self.writer.put("mail", Page({"n": 1}, events=list(events), watermark=complete or self.now))

    def feed(self, sampling: Sampling = NOTHING_DRAWN) -> int:
        """Fill the queue."""
        return self.writer.do(lambda con: reviews.feed(con, self.now_t, sampling))

    def do(self, deed: Callable[..., T], who: Principal, number: int, *words: str) -> T:
        """What an officer does with an item."""
        return self.writer.do(lambda con: deed(con, self.now_t, who, number, *words))

    def close(self, number: int, what: str, text: str = "", who: Principal = OMAR) -> None:
        """An officer claims an item and closes it."""
        self.do(reviews.claim, who, number)
        self.do(reviews.dispose, who, number, what, text)

    def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        """What stands in the tables."""
        return self.writer.do(lambda con: con.execute(sql, params).fetchall())

    def items(self) -> list[tuple[int, str, str, str]]:
        """Number, rule, case and why of each item."""
        return self.rows("SELECT i.item, r.name, o.id, i.why FROM review_item i JOIN object o USING (obj) "
                         "JOIN term r ON r.kind = 'rule' AND r.code = i.rule ORDER BY i.item")

    def read(self, who: Principal = OMAR) -> Read:
        """Reading as somebody."""
        return Read(self.store.read, who.scope)

    def end(self) -> None:
        """Close what was opened."""
        self.writer.stop()
        self.store.close()

    def asked(self, case: str, hours_ago: float, channel: str = "email") -> Event:
        """A customer writes."""
        return Event(f"in-{case}-{hours_ago}", self.now - timedelta(hours=hours_ago), "msg.in",
                     [Ref("conversation", case)], channel=channel, direction="inbound", team="sales")

    def answered(self, case: str, hours_ago: float, actor: str = ANNA, channel: str = "email") -> Event:
        """Somebody of the firm answers."""
        return Event(f"out-{case}-{hours_ago}", self.now - timedelta(hours=hours_ago), "msg.out",
                     [Ref("conversation", case)], actor=actor, team=TEAMS[actor], channel=channel,
                     direction="outbound")

    def late(self, case: str, actor: str = ANNA) -> None:
        """A customer was answered after six hours and not after four: TST-01 is violated."""
        self.put(self.asked(case, 10), self.answered(case, 4, actor))

    def prompt(self, *cases: str, actor: str = ANNA, channel: str = "email") -> None:
        """Customers were answered after an hour: fulfilled."""
        self.put(*(event for case in cases for event in (self.asked(case, 5, channel),
                                                         self.answered(case, 4, actor, channel))))

    def followed_up(self, case: str, actor: str) -> None:
        """A quote was followed up on the next day: TST-02 is fulfilled, and it is this person's work."""
        deal = [Ref("opportunity", case)]
        for activity, hours in (("quote.sent", 60), ("call.out", 36)):
            self.put(Event(f"{activity}-{case}", self.now - timedelta(hours=hours), activity, deal, actor=actor,
                           team=TEAMS[actor], channel="crm", direction="outbound"))

    def signal(self, case: str) -> None:
        """A customer sounded dissatisfied and the ticket ended without more: TST-03, which is for review."""
        ticket = [Ref("ticket", case)]
        self.put(Event(f"signal-{case}", self.now - timedelta(hours=9), "complaint.signal", ticket, team="service",
                       channel="email"),
                 Event(f"done-{case}", self.now - timedelta(hours=8), "resolved", ticket, actor=CARLA, team="service",
                       channel="desk"))
