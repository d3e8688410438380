"""The batches that the killed writer writes: what is in each, and what must be there after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from data.event import Aside, Change, Event, Link, Ref, Retraction
from data.page import Page

SOURCES = ("mail", "desk")
EACH = 8
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
ACTIVITIES = ("msg.in", "msg.out", "transfer", "quote.sent", "msg.in", "complaint.signal", "msg.out", "resolved")


def event(source: str, number: int, place: int) -> Event:
    """Event `place` of batch `number`; a few batches share their cases, so courses grow while processes die."""
    kind = "ticket" if source == "desk" else "conversation"
    case = Ref(kind, f"{source}/{number // 3}-{place % 2}")
    actor = f"p{place % 3}@firm.example"
    activity = ACTIVITIES[(number + place) % EACH]
    return Event(
        f"{number}-{place}",
        START + timedelta(minutes=30 * number + 7 * place),
        activity,
        [case, Ref("contact", f"c{number // 3}@client.example"), Ref("person", actor, "by")],
        actor=actor,
        team="service",
        channel="email",
        direction="inbound" if activity == "msg.in" else "outbound",
    )


def page(source: str, number: int) -> Page:
    """Batch `number`: new events, one that the last batch brought already, one taken back, one taken back before it
    comes, a change, a link and a record set aside."""
    case = event(source, number, 0).objects[0]
    return Page(
        {"n": number},
        events=[*(event(source, number, place) for place in range(EACH)), event(source, number - 1, 0)]
        if number > 1
        else [event(source, number, place) for place in range(EACH)],
        retractions=[Retraction(f"{number - 1}-1", "deleted"), Retraction(f"{number + 1}-2", "deleted")],
        changes=[Change(case, "stage", number, START + timedelta(minutes=number))],
        links=[Link(case, Ref("account", f"{source}/{number}"), "of")],
        aside=[Aside(f"{number}-x", "names no object")],
    )


def remaining(last: int) -> set[str]:
    """The events of a source that must be there once batches 1 to `last` are."""
    came = {f"{number}-{place}" for number in range(1, last + 1) for place in range(EACH)}
    return (
        came
        - {f"{number - 1}-1" for number in range(1, last + 1)}
        - {f"{number + 1}-2" for number in range(1, last + 1)}
    )
