"""What the demo firm owes by law and by its own rules: households with choices, gifts, lists, a data breach."""

from __future__ import annotations

from typing import Final

from connectors._demo_case import DAY, HOUR, TEAM_OF, Fact, Scene
from connectors._demo_people import OWN_DOMAIN, SALES, SALES_REPS, SERVICE_MANAGER
from data.event import Ref, Scalar

_MARKETING: Final = f"marketing@{OWN_DOMAIN}"
_GIFTED: Final = 20
"""Gifts go to the same few contacts again and again, which is how a limit a year is reached."""


def household(scene: Scene, at: float) -> None:
    """A private customer agrees to offers, gets mail, texts and a call, and may think better of it."""
    home = Ref("contact", f"home{scene.number('household')}@household.example")
    if scene.chance(0.985):
        scene.tell(at, ("crm", "consent.given"), (home,), home.id, purpose="offers")
    at += scene.spell(HOUR)
    scene.tell(at, ("mail", "msg.out"), (home,), _MARKETING, commercial=True, unsub=True, postal=True,
               individual=True)
    at += scene.spell(DAY, 0.3)
    _call(scene, at, home)
    for _ in range(scene.rng.randint(1, 3)):
        at += scene.spell(2 * DAY, 0.3)
        _text(scene, at, home, topic="offers")
    second_thoughts = scene.rng.random()
    if second_thoughts < 0.12:
        _stop_texts(scene, at + scene.spell(10), home)
    elif second_thoughts < 0.18:
        scene.tell(at + HOUR, ("phone", "optout"), (home,), home.id, scope="phone")
        if scene.chance(0.08):
            _call(scene, at + scene.spell(25 * DAY, 0.1), home)
    elif second_thoughts < 0.24:
        scene.tell(at + HOUR, ("crm", "consent.withdrawn"), (home,), home.id, purpose="offers")
        purpose = "offers" if scene.chance(0.1) else "delivery"
        scene.tell(at + scene.spell(2 * DAY), ("crm", "data.used"), (home,), "", basis="consent", purpose=purpose)


def gift(scene: Scene, at: float) -> None:
    """A sales rep gives a customer something."""
    contact = scene.rng.choice(scene.firm.contacts[:_GIFTED])
    scene.tell(at, ("crm", "gift.given"), (contact.ref, contact.account.ref), scene.rng.choice(SALES_REPS).id,
               value=round(scene.spell(18, 0.5)), personal=scene.chance(0.1))


def passed_on(scene: Scene, at: float) -> None:
    """A list of addresses goes to an agency. Who opted out should not be in it; now and then somebody is."""
    chosen = [contact for contact in scene.rng.sample(scene.firm.contacts, 25)
              if contact.ref.id not in scene.opted_out or scene.chance(0.15)]
    scene.tell(at, ("crm", "list.exported"), tuple(contact.ref for contact in chosen), _MARKETING,
               purpose="campaign")


def breach(scene: Scene, at: float) -> None:
    """Personal data went astray; the authority is to hear of it within 72 hours, unless the risk is unlikely."""
    about = (Ref("case", f"desk/B-{scene.number('breach')}"),)
    risk = scene.rng.choice(("unlikely", "likely", "likely", "high"))
    scene.tell(at, ("desk", "breach.aware"), about, SERVICE_MANAGER.id, risk=risk)
    if risk != "unlikely":
        scene.tell(at + scene.spell(40 * HOUR, 0.4), ("desk", "breach.notified"), about, SERVICE_MANAGER.id)


def _stop_texts(scene: Scene, at: float, home: Ref) -> None:
    scene.tell(at, ("phone", "optout"), (home,), home.id, scope="sms", topic="offers")
    for number in range(2 if scene.chance(0.06) else 1):
        _text(scene, at + 1 + 3 * number, home, confirms_optout=True, topic="offers")
    # A text about a delivery is on another topic; one about offers comes from a list that was copied too early.
    topic = "offers" if scene.chance(0.07) else "delivery"
    _text(scene, at + scene.spell(25 * DAY, 0.1), home, topic=topic)


def _text(scene: Scene, at: float, home: Ref, **attrs: Scalar) -> None:
    scene.facts.append(Fact(at, "phone", "msg.out", (home,), _MARKETING, TEAM_OF.get(_MARKETING, SALES), "sms",
                            "outbound", attrs, (), ()))


def _call(scene: Scene, at: float, home: Ref) -> None:
    """A sales call, nearly always at a decent hour and to a number that may be called."""
    hour = scene.rng.uniform(21.1, 21.6) if scene.chance(0.02) else scene.rng.uniform(9, 20)
    scene.tell(at, ("phone", "call.out"), (home,), scene.rng.choice(SALES_REPS).id, seconds=int(scene.spell(120)),
               purpose="sales", consumer=True, callee_hour=round(hour, 1), registry=scene.chance(0.015),
               list_age_days=scene.rng.randint(0, 33) if scene.chance(0.1) else 5)
