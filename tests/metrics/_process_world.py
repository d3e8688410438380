"""A seeded front office of deals whose courses are written down beside it, to be read again slowly and plainly."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from data.event import Change, Event, Ref, micros
from data.page import Page
from data.store import Store
from data.writer import Writer
from metrics._engine import Engine

START = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 60
NOW = START + timedelta(days=DAYS)
NOW_T = micros(NOW)
MIDDLE = ("call.out", "meeting.held", "quote.sent", "msg.out", "msg.in", "approval")
REGIONS = ("North", "South", "West")
PEOPLE = {"sales": [f"s{i}@firm.example" for i in range(6)], "service": [f"d{i}@firm.example" for i in range(6)]}


@dataclass(frozen=True)
class Step:
    """One event of a deal."""

    t: int
    activity: str
    team: str
    channel: str
    actor: str


@dataclass(frozen=True)
class Deal:
    """One deal as it was told."""

    id: str
    region: str
    steps: tuple[Step, ...]

    @property
    def ended_t(self) -> int | None:
        """When it was won or lost, None while open."""
        return next((s.t for s in self.steps if s.activity in ("opportunity.won", "opportunity.lost")), None)


def deals(seed: int = 7, count: int = 400) -> list[Deal]:
    """Deals that begin over the whole time; some are never ended, some take the same step twice."""
    dice, found = random.Random(seed), []
    for number in range(count):
        at = START + timedelta(minutes=dice.randrange(DAYS * 1440 - 10))
        team = dice.choice(list(PEOPLE))
        names = ["opportunity.created", *(dice.choice(MIDDLE) for _ in range(dice.randrange(1, 7)))]
        if dice.random() < 0.7:
            names.append(dice.choice(("opportunity.won", "opportunity.lost")))
        steps = []
        for name in names:
            if at >= NOW:
                break
            who = dice.choice(PEOPLE[team])
            steps.append(Step(micros(at), name, team, dice.choice(("email", "phone")), who))
            at += timedelta(minutes=dice.randrange(30, 6 * 1440))
        found.append(Deal(f"crm/D-{number}", dice.choice(REGIONS), tuple(steps)))
    return found


def told(known: list[Deal]) -> tuple[Store, Writer]:
    """A store that holds them, decided."""
    store = Store.open(":memory:")
    writer = Writer(store, [Engine()], clock=lambda: NOW_T)
    writer.start()
    writer.register("crm", "webhook", "CRM", "")
    events, changes = [], []
    for deal in known:
        ref = Ref("opportunity", deal.id)
        begun = datetime.fromtimestamp(deal.steps[0].t / 1e6, UTC)
        changes += [Change(ref, "region", deal.region, begun), Change(ref, "owner", deal.steps[0].actor, begun)]
        events += [
            Event(f"{deal.id}/{place}", datetime.fromtimestamp(s.t / 1e6, UTC), s.activity, [ref], actor=s.actor,
                  team=s.team, channel=s.channel)
            for place, s in enumerate(deal.steps)
        ]
    writer.put("crm", Page({"n": 1}, events=events, changes=changes, watermark=NOW))
    return store, writer
