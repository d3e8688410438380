"""The record against reality: each contradiction on a deal of its own, and the share of value that is current."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from _risk_world import ANNA, MANAGER, NOW_T, World, at

from data.event import Link, Ref
from data.store import Store
from metrics import record
from metrics._contract import Filters, Read


def _world() -> World:
    world = World()
    world.calm(world.deal("calm", amount=60_000))
    world.calm(world.deal("past", amount=10_000, close=2))
    world.calm(world.deal("today", amount=0, close=0))
    ref = world.calm(world.deal("pushed", amount=10_000))
    for _ in range(2):
        world.do(ref, 5, "closedate.changed", **{"from": "2026-04-01", "to": "2026-04-08"})
    ref = world.calm(world.deal("once", amount=None))
    world.do(ref, 5, "closedate.changed", **{"from": "2026-04-01", "to": "2026-04-30"})
    for name, days in (("quiet", 15.0), ("fresh", 13.0)):
        ref = world.deal(name, amount=10_000, days=30)
        world.do(ref, 30, "opportunity.created")
        world.do(ref, days, "msg.in", by=f"c-{name}@client.example")
    ref = world.deal("dark", amount=10_000, days=40)
    world.do(ref, 40, "msg.in", by="c-dark@client.example")
    world.do(ref, 5, "stage.changed", **{"from": "Qualified", "to": "Proposal"})
    world.do(ref, 4, "msg.in", by="c-dark@client.example")
    ref = world.calm(world.deal("slipped", amount=10_000))
    world.do(ref, 9, "task.planned", due_at=at(2).isoformat())
    ref = world.calm(world.deal("done", amount=10_000))
    world.do(ref, 9, "task.planned", due_at=at(2).isoformat())
    world.do(ref, 1, "task.done")
    world.links.append(Link(Ref("opportunity", "done"), Ref("contact", "second@client.example"), "contact"))
    ref = world.deal("strange", amount=10_000)
    world.do(ref, 9, "opportunity.created")
    world.do(ref, 1, "msg.out")
    world.links = [link for link in world.links if link.a.id != "calm"]
    world.links.append(Link(Ref("opportunity", "calm"), Ref("contact", "c-calm@client.example"), "contact"))
    return world


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    made, writer = _world().open()
    yield made
    writer.stop()
    made.close()


@pytest.fixture(scope="module")
def found(store: Store) -> record.Records:
    return record.records(Read(store.read, MANAGER), Filters(), NOW_T)


def test_each_deal_shows_its_contradiction_and_no_other(found: record.Records) -> None:
    gaps = {row.label.id: [gap.check.id for gap in row.gaps] for row in found.rows}
    assert gaps == {"past": ["past"], "pushed": ["pushed"], "quiet": ["stage"], "dark": ["dark"], "slipped": ["step"],
                    "strange": ["contacts"]}


def test_the_share_is_value_whose_record_is_current(found: record.Records) -> None:
    assert found.value == 60_000 + 8 * 10_000
    assert found.current_value == 60_000 + 2 * 10_000
    assert found.share == pytest.approx(80 / 140)
    assert (found.deals, found.current, found.valueless) == (11, 5, 2)


def test_a_contradiction_says_both_sides(found: record.Records) -> None:
    told = {row.label.id: (row.gaps[0].says, row.gaps[0].seen) for row in found.rows}
    assert told["quiet"] == ("stage Proposal", "no talk for 15 d")
    assert told["pushed"] == ("a close date to come", "moved later 2 times, 14 d in all")
    assert told["slipped"] == ("a step planned", "let slip 2 d ago")


def test_counts_and_values_by_kind(found: record.Records) -> None:
    assert found.by_check["past"] == (1, 10_000)
    assert found.by_check["owner"] == (0, 0)


def test_order_and_choice(found: record.Records) -> None:
    by_time = record.chosen(found, Filters(sort="left"))
    assert by_time[0].label.id == "past"
    assert [row.label.id for row in record.chosen(found, Filters(rule="dark"))] == ["dark"]
    assert len(record.chosen(found, Filters(rule="K01"))) == len(found.rows)


def test_a_deal_without_anybody_is_ownerless() -> None:
    world = World()
    ref = world.deal("nobody", owner=None)
    world.do(ref, 2, "msg.in", by="c-nobody@client.example")
    held = world.deal("held", owner=ANNA)
    world.do(held, 2, "msg.in", by="c-held@client.example")
    store, writer = world.open()
    found = record.records(Read(store.read, MANAGER), Filters(), NOW_T)
    assert {row.label.id: [gap.check.id for gap in row.gaps] for row in found.rows} == {"nobody": ["owner"]}
    writer.stop()
    store.close()


def test_no_deals_have_no_share() -> None:
    store, writer = World().open()
    found = record.records(Read(store.read, MANAGER), Filters(), NOW_T)
    assert (found.deals, found.share, list(found.rows)) == (0, None, [])
    writer.stop()
    store.close()
