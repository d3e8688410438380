"""A small front office in which each deal or case shows one indicator, or just misses it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from data.event import Change, Event, Link, Ref, Scalar
from data.page import Page
from data.scope import Role, Scope
from data.store import Store
from data.writer import Writer
from metrics import risk
from metrics._contract import Filters, Read
from metrics._engine import Engine

# A Wednesday: two working days ago is Monday, ten are two weeks.
NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)
NOW_T = int(NOW.timestamp()) * 1_000_000
ANNA, BEN, DORA = "anna@firm.example", "ben@firm.example", "dora@firm.example"
TEAM = {ANNA: "Sales", BEN: "Sales", DORA: "Service"}
MANAGER = Scope(Role.MANAGER, teams=None)


def at(days: float) -> datetime:
    """So many days before NOW; negative ones are to come."""
    return NOW - timedelta(days=days)


@dataclass
class World:
    """Collects what happened; `open` puts it into a real store."""

    events: list[Event] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def do(self, ref: Ref, days: float, activity: str, by: str = ANNA, **attrs: Scalar) -> None:
        """Something of ours happened with the object; names of customers begin with `c`."""
        theirs = activity in {"msg.in", "call.in", "optout"}
        channel = str(attrs.pop("channel", "email"))
        direction = "inbound" if theirs else "outbound" if activity in {"msg.out", "call.out"} else "internal"
        team = str(attrs.pop("team", TEAM.get(by, "Sales")))
        customer = Ref("account", str(attrs.pop("account", f"acme-{ref.id}")))
        objects = [ref, customer, *([Ref("contact", by)] if theirs else [])]
        number = f"{ref.id}/{len(self.events)}"
        self.events.append(Event(number, at(days), activity, objects, actor=by, team=team,
                                 channel=channel, direction=direction, attrs=attrs))  # type: ignore[arg-type]

    def deal(self, name: str, *, days: float = 20, amount: float = 20_000, close: float = -40, **said: Any) -> Ref:
        """An open deal that shows nothing: talked about, with a price, a next step and a close date to come."""
        ref = Ref("opportunity", name)
        traits = {"stage": "Proposal", "amount": amount, "close_date": at(close).date().isoformat(), "owner": ANNA,
                  "segment": "SMB"} | said
        self.changes += [Change(ref, key, value, at(days)) for key, value in traits.items() if value is not None]
        contact = Ref("contact", f"c-{name}@client.example")
        self.links.append(Link(ref, contact, "contact"))
        return ref

    def calm(self, ref: Ref, *, days: float = 20, skip: Iterable[str] = ()) -> Ref:
        """What every quiet deal has, less what is skipped."""
        steps: dict[str, Any] = {
            "created": (days, "opportunity.created", {"amount": 20_000, "stage": "Qualified"}),
            "price": (days - 1, "quote.sent", {"discount": 5}),
            "stage": (3, "stage.changed", {"from": "Qualified", "to": "Proposal"}),
            "next": (1, "meeting.scheduled", {"starts_at": at(-5).isoformat(), "external": True}),
        }
        for word, (when, activity, attrs) in steps.items():
            if word not in skip:
                self.do(ref, when, activity, **attrs)
        if "talk" not in skip:
            # From the first day on, so that no step is ever without contact.
            for step in range(int(days * 2), 1, -3):
                who = f"c-{ref.id}@client.example" if step % 2 else f"c2-{ref.id}@client.example"
                self.do(ref, step / 2 + 0.02, "msg.out")
                self.do(ref, step / 2, "msg.in", by=who)
            self.do(ref, 0.5, "msg.in", by=f"c-{ref.id}@client.example")
            self.do(ref, 0.45, "msg.in", by=f"c2-{ref.id}@client.example")
            self.do(ref, 0.4, "msg.out")
        return ref

    def open(self) -> tuple[Store, Writer]:
        """A store that knows all of it."""
        store = Store.open(":memory:")
        writer = Writer(store, [Engine()], clock=lambda: NOW_T)
        writer.start()
        writer.register("crm", "webhook", "CRM", "")
        page = Page({"n": 1}, events=self.events, changes=self.changes, links=self.links, watermark=NOW)
        writer.put("crm", page)
        writer.report("crm", "live")
        return store, writer


def board(store: Store, scope: Scope = MANAGER, filters: Filters | None = None) -> risk.Board:
    """The board of a scope at NOW."""
    return risk.board(Read(store.read, scope), filters or Filters(), NOW_T)


def signs(found: risk.Board) -> dict[str, dict[str, str]]:
    """Id of the object (or key of the queue) -> indicator -> reason."""
    told: dict[str, dict[str, str]] = {}
    for item in found.items:
        name = item.label.id if item.label else item.key
        told.setdefault(name, {}).update({sign.indicator.id: sign.reason for sign in item.signs})
    return told
