"""A front office whose clock the test moves, with personal words in it that must never leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from data.alert_settings import AlertSettings
from data.event import Change, Event, Link, Ref
from data.page import Page
from data.store import Store
from data.writer import Writer
from metrics._engine import Engine
from metrics.conformance.decide import Conformance

START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
# Names, addresses and subjects as sources bring them. Every one holds one of the words below.
ANA, BEN, ZOE = "ana.quill@firm.example", "ben.quill@firm.example", "zoe.quartz@customer.example"
PERSONAL = ("quill", "quartz", "divorce", "@firm.example", "@customer.example")
BASE = "https://frontview.firm.example"


def engine() -> Engine:
    """Decides by the rules of tests/metrics/alert_pack alone."""
    return Engine(Conformance([Path(__file__).parent / "alert_pack"], disabled=["core"]))


@dataclass
class Desk:
    """Store, writer with the rules that are shipped, and a clock in whole minutes after START."""

    path: Path | str = ":memory:"
    minutes: float = 0
    sent: int = 0
    store: Store = field(init=False)
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Begin, or begin again after `close`."""
        self.store = Store.open(self.path)
        self.writer = Writer(self.store, [engine()], clock=lambda: self.now_t)
        self.writer.start()
        self.writer.register("desk", "webhook", "Service desk", "Tickets are missing.")
        self.writer.report("desk", "live")

    def close(self) -> None:
        """End."""
        self.writer.stop()
        self.store.close()

    @property
    def now_t(self) -> int:
        """The moment in microseconds."""
        return int(self.at().timestamp() * 1_000_000)

    def at(self, before: float = 0) -> datetime:
        """So many minutes before now."""
        return START + timedelta(minutes=self.minutes - before)

    def put(self, *events: Event, changes: tuple[Change, ...] = (), links: tuple[Link, ...] = (),
            complete: bool = True) -> None:
        """Store events; the source is then known to be complete up to now, unless told otherwise."""
        self.sent += 1
        self.writer.put("desk", Page({"n": self.sent}, events=events, changes=changes, links=links,
                                     watermark=self.at() if complete else None))

    def wait(self, minutes: float, *, complete: bool = True) -> None:
        """Let time pass; the source stays complete unless told otherwise."""
        self.minutes += minutes
        if complete:
            self.put()

    def event(self, activity: str, ref: Ref, *, actor: str = ANA, team: str = "North", ago: float = 0) -> Event:
        """An event about an object and its customer, with a subject that is nobody's business."""
        self.sent += 1
        return Event(f"{activity}-{self.sent}", self.at(ago), activity, [ref, Ref("contact", ZOE)], actor=actor,
                     team=team, channel="email", direction="inbound" if activity.endswith(".in") else "internal",
                     attrs={"subject": "About my divorce"})

    def ask(self, name: str, team: str = "North", ago: float = 0) -> None:
        """A customer writes: T-ANSWER wants an answer within four hours, and nudges an hour before."""
        ref = Ref("conversation", f"mail/{name}/{ZOE}")
        self.put(self.event("msg.in", ref, actor=ZOE, team=team, ago=ago),
                 changes=(Change(ref, "title", "About my divorce", self.at(ago)),
                          Change(ref, "owner", ANA, self.at(ago)),
                          Change(Ref("contact", ZOE), "name", "Zoe Quartz", self.at(ago))))

    def answer(self, name: str, team: str = "North") -> None:
        """We answer."""
        self.put(self.event("msg.out", Ref("conversation", f"mail/{name}/{ZOE}"), team=team))

    def credit(self, name: str, team: str = "North", ago: float = 0) -> None:
        """Ana releases the credit that she made: T-CREDIT is broken at once."""
        ref = Ref("ticket", f"desk/{name}")
        self.put(self.event("credit.created", ref, team=team, ago=ago + 0.5),
                 self.event("credit.released", ref, team=team, ago=ago), complete=not ago)

    def number(self, name: str) -> int:
        """Our own number of a ticket or conversation."""
        rows = self.store.connection.cursor().execute(
            "SELECT obj FROM object WHERE id = ? OR id LIKE ?", [f"desk/{name}", f"mail/{name}/%"]).fetchall()
        found: int = rows[0][0]
        return found


def officer(**keys: object) -> AlertSettings:
    """A channel of the officer that gathers for five minutes."""
    return AlertSettings(**{"id": "desk", "to": "webhook", "role": "officer", **keys})  # type: ignore[arg-type]


def manager(*teams: str, **keys: object) -> AlertSettings:
    """A channel of a manager of these teams."""
    return officer(**{"id": "team", "role": "manager", "teams": teams, **keys})
