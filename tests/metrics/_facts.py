"""Small front-office histories, ways to deliver them, and what is derived from them in names instead of codes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb

from data.event import Change, Event, Link, Ref, Retraction, Scalar
from data.page import Page
from data.store import Store
from data.writer import Writer
from metrics._engine import Engine
from metrics.conformance.decide import Conformance

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
Fact = Event | Retraction | Change | Link
Delivery = tuple[str, Fact]

ANNA, BEN, CARLA, DORA = "anna@firm.example", "ben@firm.example", "carla@firm.example", "dora@firm.example"
TEAMS = {ANNA: "sales", BEN: "sales", CARLA: "service", DORA: "service"}
ACTS = {
    "mail": (
        "conversation",
        ("msg.in", "msg.in", "msg.out", "msg.out", "optout", "objection", "consent.given", "resolved"),
    ),
    "crm": (
        "opportunity",
        (
            "opportunity.created",
            "quote.sent",
            "quote.sent",
            "approval",
            "stage.changed",
            "msg.out",
            "meeting.held",
            "opportunity.won",
            "opportunity.lost",
            "reopened",
        ),
    ),
    "desk": (
        "ticket",
        (
            "ticket.created",
            "msg.in",
            "msg.out",
            "transfer",
            "referral",
            "complaint.signal",
            "complaint.logged",
            "triage.dismissed",
            "complaint.ack",
            "credit.created",
            "credit.released",
            "resolved",
            "reopened",
            "ticket.closed",
        ),
    ),
}
INBOUND = {"msg.in", "optout", "objection", "consent.given", "complaint.signal"}
OUTBOUND = {"msg.out", "quote.sent", "complaint.ack", "referral"}


def attributes(dice: random.Random, activity: str) -> dict[str, Scalar]:
    """Attributes that rules look at; now and then they are missing."""
    if dice.random() < 0.2:
        return {}
    if activity in ("quote.sent", "approval"):
        return {"discount": dice.choice((5, 10, 20, 30))}
    if activity == "msg.out":
        return {
            "commercial": dice.random() < 0.5,
            "unsub": dice.random() < 0.7,
            "postal": True,
            "automatic": dice.random() < 0.2,
        }
    return {"amount": dice.randrange(1, 9) * 100}


def event(dice: random.Random, source: str, number: int, source_id: str) -> Event:
    """One event of a source, about one of its cases and one of a few contacts that occur in many cases."""
    kind, activities = ACTS[source]
    activity = dice.choice(activities)
    actor = dice.choice(list(TEAMS))
    objects = [Ref(kind, f"{source}/{dice.randrange(9)}"), Ref("contact", f"c{dice.randrange(4)}@client.example")]
    if dice.random() < 0.3:
        objects.append(Ref("person", dice.choice(list(TEAMS)), "cc"))
    if dice.random() < 0.3:
        objects.append(Ref("account", "acme"))
    inbound = activity in INBOUND
    if number % 5 == 0:
        objects.append(Ref("contact", f"c{number % 4}@client.example", "from" if inbound else "cc"))
    # Some events stand on the half hour, so that many share their moment with another one.
    step = dice.choice((1, 1, 30))
    at = START + timedelta(minutes=step * dice.randrange(7 * 1440 // step))
    return Event(
        source_id,
        at,
        activity,
        objects,
        actor="" if inbound else actor,
        team=TEAMS[actor],
        channel=dice.choice(("email", "phone", "")),
        direction="inbound" if inbound else "outbound" if activity in OUTBOUND else "internal",
        attrs=attributes(dice, activity),
        order=number if source == "crm" else None,
    )


def history(seed: int, size: int = 80) -> list[Delivery]:
    """All that three sources tell, in the order of telling: events, retractions, corrections, changes, links."""
    dice, told = random.Random(seed), list[Delivery]()
    for number in range(size):
        source = dice.choice(list(ACTS))
        first = event(dice, source, number, str(number))
        told.append((source, first))
        fate = dice.random()
        if fate < 0.2:
            told.append((source, Retraction(first.source_id, "deleted" if fate < 0.1 else "changed")))
        if 0.1 <= fate < 0.2:
            told.append((source, event(dice, source, number, f"{number}#v2")))
        if dice.random() < 0.2:
            ticket = Ref(ACTS[source][0], f"{source}/{dice.randrange(9)}")
            told.append((source, Change(ticket, "owner", dice.choice(list(TEAMS)), first.at)))
            told.append((source, Link(ticket, Ref("account", "acme"), "of")))
    told.append(("desk", Retraction("never-came", "deleted")))
    return told + [("mail", fact) for fact in quiet()]


def quiet() -> list[Fact]:
    """Customers of one case each, after all others: two questions nobody answers, one that is answered twice, the first
    answer being taken back, and one whose ticket is resolved without an answer."""

    def told(number: str, hour: int, activity: str, case: Ref) -> Event:
        objects, at = (case, Ref("contact", f"{case.id}@client.example")), START + timedelta(days=8, hours=hour)
        if activity == "resolved":
            return Event(number, at, activity, objects)
        return Event(number, at, activity, objects, direction="inbound" if activity in INBOUND else "outbound")

    waits, twice = Ref("conversation", "mail/waits"), Ref("conversation", "mail/twice")
    solved = Ref("ticket", "mail/solved")
    return [
        told("q1", 0, "msg.in", waits),
        told("q2", 1, "msg.in", waits),
        told("q3", 0, "msg.in", twice),
        told("q4", 1, "msg.out", twice),
        told("q5", 2, "msg.out", twice),
        Retraction("q4", "deleted"),
        told("q6", 0, "msg.in", solved),
        told("q7", 1, "resolved", solved),
    ]


def elsewhere(dice: random.Random, fact: Fact) -> Fact:
    """The same fact with its moment written in another time zone."""
    if not isinstance(fact, Event):
        return fact
    zone = timezone(timedelta(minutes=dice.choice((-480, -30, 0, 60, 345, 720))))
    return Event(
        fact.source_id,
        fact.at.astimezone(zone),
        fact.activity,
        fact.objects,
        fact.actor,
        fact.team,
        fact.channel,
        fact.direction,
        fact.attrs,
        fact.order,
    )


def pages(told: Sequence[Delivery], size: int) -> Iterator[tuple[str, Page]]:
    """The facts in pages of up to `size` of one source after the other, in the given order."""
    for low in range(0, len(told), size):
        part = told[low : low + size]
        for source in dict.fromkeys(source for source, _ in part):
            own = [fact for name, fact in part if name == source]
            yield (
                source,
                Page(
                    {"at": low},
                    events=[f for f in own if isinstance(f, Event)],
                    changes=[f for f in own if isinstance(f, Change)],
                    links=[f for f in own if isinstance(f, Link)],
                    retractions=[f for f in own if isinstance(f, Retraction)],
                ),
            )


def running(store: Store, folders: Sequence[Path] = ()) -> tuple[Writer, Engine]:
    """A started writer with the engine and the rules that are shipped, and those of further folders."""
    engine = Engine(Conformance(folders))
    writer = Writer(store, [engine])
    writer.start()
    return writer, engine


# Each derived table with what stands in its columns; columns that are not named here are left out.
_PLAIN = ""
_SHAPE = {
    "object_fact": {
        "obj": "obj",
        "first_t": _PLAIN,
        "last_t": _PLAIN,
        "n": _PLAIN,
        "last_activity": "activity",
        "last_direction": _PLAIN,
        "channel": "channel",
        "team": "team",
        "actor": "actor",
        "otype": "object_type",
        "variant": "variant",
        "rework": _PLAIN,
        "closed_t": _PLAIN,
        "waiting_t": _PLAIN,
    },
    "case_open": {"obj": "obj", "last_t": _PLAIN, "team": "team", "actor": "actor", "waiting_t": _PLAIN},
    "ask": {
        "seq": "event",
        "obj": "obj",
        "customer": "obj",
        "t": _PLAIN,
        "channel": "channel",
        "team": "team",
        "ended_t": _PLAIN,
        "kind": _PLAIN,
        "end_seq": "event",
    },
    "ask_open": {"seq": "event", "obj": "obj", "customer": "obj", "t": _PLAIN},
    "reply": {"customer": "obj", "t": _PLAIN, "seq": "event"},
    "binding": {
        "rule": "rule",
        "obj": "obj",
        "act_seq": "event",
        "t": _PLAIN,
        "target_seq": "event",
        "decided_t": _PLAIN,
        "due_t": _PLAIN,
        "verdict": _PLAIN,
        "reason": _PLAIN,
        "team": "team",
        "channel": "channel",
        "actor": "actor",
    },
    "agg_activity": {
        "hour": _PLAIN,
        "team": "team",
        "channel": "channel",
        "direction": _PLAIN,
        "activity": "activity",
    },
    "agg_dfg": {
        "day": _PLAIN,
        "team": "team",
        "channel": "channel",
        "otype": "object_type",
        "source": "activity",
        "target": "activity",
    },
    "agg_rule": {"day": _PLAIN, "team": "team", "channel": "channel", "rule": "rule", "verdict": _PLAIN},
    "agg_case": {
        "day": _PLAIN,
        "team": "team",
        "channel": "channel",
        "otype": "object_type",
        "closed": _PLAIN,
        "bucket": _PLAIN,
    },
    "agg_variant": {"otype": "object_type", "variant": "variant"},
    "object_now": {"obj": "obj", "attribute": "attribute", "value": _PLAIN, "t": _PLAIN},
    "object_object": {"a": "obj", "b": "obj", "qualifier": "qualifier"},
}
_SUMS = {
    "agg_activity": ("n",),
    "agg_dfg": ("n", "dt"),
    "agg_rule": ("n",),
    "agg_case": ("n", "dur", "rework"),
    "agg_variant": ("n",),
}


def _names(con: duckdb.DuckDBPyConnection) -> dict[str, dict[Any, Any]]:
    """What each kind of number stands for."""
    names: dict[str, dict[Any, Any]] = {
        kind: {0: ""}
        for kind in ("activity", "channel", "team", "actor", "rule", "object_type", "attribute", "qualifier")
    }
    for kind, code, name in con.execute("SELECT kind, code, name FROM term").fetchall():
        names[kind][code] = name
    names["obj"] = {
        obj: f"{names['object_type'][otype]} {name}"
        for obj, otype, name in con.execute("SELECT obj, otype, id FROM object").fetchall()
    }
    names["event"] = {None: None} | {
        seq: f"{source} {name}"
        for seq, source, name in con.execute(
            "SELECT seq, s.id, source_id FROM event JOIN source s ON s.code = event.source"
        ).fetchall()
    }
    names["variant"] = {None: None} | {
        hashed: " > ".join(names["activity"][code] for code in codes)
        for hashed, codes in con.execute("SELECT variant, activities FROM variant").fetchall()
    }
    return names


def snapshot(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """All that is derived, in names, sorted, sums folded: equal for equal histories whatever the numbers are.

    Raises KeyError where something refers to a record that is not (or no more) there.
    """
    names, found = _names(con), {}
    for table, columns in _SHAPE.items():
        sums = _SUMS.get(table, ())
        picked = ", ".join([*columns, *(f"sum({name})" for name in sums)])
        kept = " GROUP BY ALL HAVING " + " OR ".join(f"sum({name}) <> 0" for name in sums) if sums else ""
        rows = con.execute(f"SELECT {picked} FROM {table}{kept}").fetchall()
        kinds = [*columns.values(), *(_PLAIN for _ in sums)]
        for kind, value in ((k, v) for row in rows for k, v in zip(kinds, row, strict=True) if k):
            if value not in names[kind]:
                raise KeyError(f"{table} refers to {kind} {value}, which is not there")
        found[table] = sorted(
            (
                tuple(names[kind][value] if kind else value for kind, value in zip(kinds, row, strict=True))
                for row in rows
            ),
            key=repr,
        )
    return found


def differences(one: dict[str, list[tuple[Any, ...]]], other: dict[str, list[tuple[Any, ...]]]) -> list[str]:
    """The rows that only one of two snapshots has, as lines for a failing test; empty when they are equal."""
    lines = []
    for table, rows_of_one in one.items():
        for mark, rows in (
            ("-", [r for r in rows_of_one if r not in other[table]]),
            ("+", [r for r in other[table] if r not in rows_of_one]),
        ):
            lines += [f"{mark} {table} {row}" for row in rows]
        if len(rows_of_one) != len(other[table]):
            lines.append(f"{table}: {len(rows_of_one)} and {len(other[table])} rows")
    return lines
