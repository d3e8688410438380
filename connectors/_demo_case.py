"""How the demo's journeys are written down: a scene with its dice and clock, and a case that tells its story.

Times are minutes from the anchor, so that the same seed gives the same story whenever it is opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import exp
from random import Random
from typing import Final, NamedTuple

from connectors._demo_people import OWN_DOMAIN, REPS, SALES, SERVICE, Contact, Firm, Person, Trait
from data.event import Direction, Link, Ref, Scalar

HOUR: Final = 60.0
DAY: Final = 24 * HOUR
ROBOT: Final = f"auto-reply@{OWN_DOMAIN}"
TEAM_OF: Final = {p.id: team for team, people in REPS.items() for p in people} | {ROBOT: ""}
SYSTEM_OF: Final = {"email": "mail", "phone": "phone", "social": "social", "chat": "desk", "web": "crm"}
"""Which system records what passes on a channel."""
_CHANNEL_OF: Final = {"mail": "email"}
_DIRECTION: Final[dict[str, Direction]] = {
    "msg.out": "outbound", "call.out": "outbound", "publish": "outbound", "msg.in": "inbound", "optout": "inbound",
    "objection": "inbound", "reaction.received": "inbound", "follow.received": "inbound",
}


class Fact(NamedTuple):
    """One thing that happened in the simulated world, as its system will tell of it."""

    at: float
    system: str
    activity: str
    objects: tuple[Ref, ...]
    actor: str
    team: str
    channel: str
    direction: Direction
    attrs: dict[str, Scalar] | None
    traits: Sequence[Trait]
    links: Sequence[Link]


class Scene:
    """What all journeys share: the dice, the firm, counters for ids, who opted out, and the facts so far."""

    def __init__(self, rng: Random, firm: Firm, anchor: datetime) -> None:
        self.rng = rng
        self.firm = firm
        self.facts: list[Fact] = []
        self.opted_out: dict[str, tuple[float, float]] = {}  # contact -> from when until when
        self._anchor = anchor
        self._count: Counter[str] = Counter()

    def number(self, kind: str) -> int:
        """The next free number of a kind of record."""
        self._count[kind] += 1
        return 10_000 + self._count[kind]

    def latest(self, kind: str) -> int:
        """The highest number given so far to that kind of record."""
        return 10_000 + self._count[kind]

    def moment(self, at: float) -> str:
        """A time of the simulation as an ISO moment."""
        return (self._anchor + timedelta(minutes=int(at))).isoformat()

    def tell(self, at: float, source: tuple[str, str], objects: tuple[Ref, ...], by: str, **attrs: Scalar) -> None:
        """Something happened outside of any case; `source` is the system and the activity."""
        system, activity = source
        direction = _DIRECTION.get(activity, "internal")
        team = TEAM_OF.get(by, SALES if direction == "outbound" else "")
        self.facts.append(Fact(at, system, activity, objects, by, team, _CHANNEL_OF.get(system, system), direction,
                               attrs or None, (), ()))

    def chance(self, probability: float) -> bool:
        """True as often as the probability says."""
        return self.rng.random() < probability

    def spell(self, median: float, spread: float = 0.7) -> float:
        """A length of time as people produce it: mostly near the median minutes, sometimes many times that."""
        return median * exp(self.rng.gauss(0.0, spread))

    def rep(self, team: str, *, but: str = "") -> Person:
        """Somebody of the team, other than the one named."""
        return self.rng.choice([p for p in REPS[team] if p.id != but])


class Case:
    """A lead, deal or ticket on its way. `wait` moves its clock; the other verbs record what happens then."""

    def __init__(self, scene: Scene, ref: Ref, contact: Contact, at: float) -> None:
        self.scene = scene
        self.ref = ref
        self.contact = contact
        self.at = at
        self.owner = ""
        self.team = SERVICE if ref.type == "ticket" else SALES
        self.home = "desk" if ref.type == "ticket" else "crm"
        self.threads: dict[str, Ref] = {}
        self._known: tuple[Ref, ...] = ()

    # The clock moves forward only through `wait` and `at`, so a story reads from top to bottom as it happened.
    def wait(self, median: float, spread: float = 0.7) -> Case:
        """Time passes: about the median of minutes, drawn as `Scene.spell` does."""
        self.at += self.scene.spell(median, spread)
        return self

    def act(self, activity: str, by: str, *, traits: Sequence[Trait] = (), links: Sequence[Link] = (),
            objects: tuple[Ref, ...] = (), moved: tuple[Scalar, Scalar] | None = None, **attrs: Scalar) -> None:
        """Something is recorded in the case's own system; `moved` is what changed, from and to."""
        channel = "meeting" if activity.startswith("meeting") else self.home
        if moved:
            attrs |= {"from": moved[0], "to": moved[1]}
        self._put(Fact(self.at, self.home, activity, self._refs() + objects, by, TEAM_OF.get(by, self.team),
                       channel, "internal", attrs or None, traits, links))

    def note(self, activity: str, by: str, *, objects: tuple[Ref, ...] = (), **attrs: Scalar) -> None:
        """Something is recorded about the case in the CRM, whichever system the case lives in."""
        self._put(Fact(self.at, "crm", activity, self._refs() + objects, by, TEAM_OF.get(by, self.team), "crm",
                       "internal", attrs or None, (), ()))

    def hear(self, channel: str, **attrs: Scalar) -> None:
        """The customer turns to us on the channel."""
        if channel == "phone":
            attrs |= {"seconds": int(self.scene.spell(240))}
        self._talk(channel, "call.in" if channel == "phone" else "msg.in", self.contact.ref.id, attrs)

    def say(self, channel: str, by: str, **attrs: Scalar) -> None:
        """We turn to the customer on the channel."""
        if channel == "phone":
            purpose = "service" if self.home == "desk" else "sales"
            attrs |= {"seconds": int(self.scene.spell(200)), "purpose": purpose}
        self._talk(channel, "call.out" if channel == "phone" else "msg.out", by, attrs)

    def own(self, person: str, activity: str = "owner.changed") -> None:
        """Somebody becomes responsible."""
        former, self.owner = self.owner, person
        self.act(activity, person, traits=[(self.ref, "owner", person)],
                 moved=(former, person) if activity == "owner.changed" else None)

    def promise(self, channel: str, kind: str, within: float) -> None:
        """We promise an answer, plan it, and mostly keep our word."""
        scene, due = self.scene, self.at + within
        stamp = scene.moment(due)
        self.say(channel, self.owner, promised_at=stamp)
        self.at += 0.05
        # The thread is named as well: it is there that the promise is kept or not.
        self.note("promise.made", self.owner, objects=(self.threads[channel],), due_at=stamp,
                  days=round(within / DAY + 0.4), confidence=0.9, method="planned")
        self.note("task.planned", self.owner, kind=kind, due_on=stamp[:10], due_at=stamp)
        outcome = scene.rng.random()
        if outcome > 0.95:
            return
        # Nine in ten are kept; the others come after the hour that was promised, or never.
        share = scene.rng.uniform(0.3, 0.97) if outcome < 0.89 else scene.rng.uniform(1.1, 2.2)
        self.at += within * share
        self.say(channel, self.owner)
        self.at += 0.4
        self.note("task.done", self.owner, kind=kind)

    def _refs(self) -> tuple[Ref, ...]:
        # One tuple for all facts about the same person: there are a hundred thousand of them.
        if not self._known or self._known[1] is not self.contact.ref:
            self._known = (self.ref, self.contact.ref, self.contact.account.ref)
        return self._known

    def _talk(self, channel: str, activity: str, by: str, attrs: dict[str, Scalar]) -> None:
        thread = self.threads.get(channel)
        links: tuple[Link, ...] = ()
        if thread is None:
            # Each channel begins a conversation of its own; that they are one case is what has to be found out.
            system = SYSTEM_OF[channel]
            thread = Ref("conversation", f"{system}/C-{self.scene.number('conversation')}")
            self.threads[channel] = thread
            links = (Link(thread, self.ref, "about"),)
        inbound = activity.endswith(".in")
        self._put(Fact(self.at, SYSTEM_OF[channel], activity, (thread, *self._refs()), by,
                       self.team if inbound else TEAM_OF.get(by, self.team), channel,
                       "inbound" if inbound else "outbound", attrs or None, (), links))

    def _put(self, fact: Fact) -> None:
        self.scene.facts.append(fact)


def hand_off_outcome(case: Case, channel: str, by: str) -> None:
    """After we passed the customer on: who speaks first? Mostly we do (warm); else they chase, or start again."""
    scene = case.scene
    luck = scene.rng.random()
    if luck < 0.83:
        case.wait(90, 0.9).say(channel, by)
        return
    if luck < 0.90:
        # A chase: the customer asks again where they were. Otherwise a restart: they try another door.
        case.wait(8 * HOUR).hear(channel)
    else:
        other = scene.rng.choice([c for c in ("email", "phone", "chat", "social") if c != channel])
        case.wait(10 * HOUR).hear(other)
        channel = other
    case.wait(60).say(channel, by)
