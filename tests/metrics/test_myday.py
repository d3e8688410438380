"""My day in a real store: what is on the list, in which order, why, and that it goes by itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layouts"))

import mine_world
from live_world import NORTH, NOW, NOW_T, SOURCE, World
from mine_world import NORA, SAM

from data.event import Event, Ref
from data.own_choices import disown, snooze
from data.page import Page
from data.scope import Role, Scope
from metrics import myday
from metrics._contract import DAY, HOUR, Read
from metrics.myday import Day, Todo, without_names


@pytest.fixture
def world() -> Iterator[World]:
    made = mine_world.make()
    yield made
    made.close()


def today(world: World, person: Scope = NORA.scope) -> Day:
    return myday.day(Read(world.store.read, person), NOW_T)


def kinds(found: Day) -> list[tuple[str, str]]:
    return [(one.kind, one.case.id.rsplit("/", 1)[-1]) for one in found.rows]


def one_of(found: Day, kind: str, case: str = "") -> Todo:
    return next(one for one in found.rows if one.kind == kind and one.case.id.endswith(case))


def test_one_list_by_time_left_and_then_by_value(world: World) -> None:
    found = today(world)
    assert kinds(found) == [
        ("rule", "late"), ("promise", "D-promised"), ("rule", "soon"), ("meeting", "D-met"), ("wait", "T-2"),
        ("touch", "D-silent")]
    assert [one.left(NOW_T) for one in found.rows] == [0, 2, 2, 3, 3, 5]
    assert found.late(NOW_T) == 1 and found.within(NOW_T, DAY) == 3
    promise, reply, meeting, silent = (one_of(found, *what) for what in (
        ("promise",), ("rule", "soon"), ("meeting",), ("touch",)))
    assert promise.due_t == NOW_T + 2 * HOUR and promise.worth == 900
    assert reply.what.startswith("Reply to ") and reply.why.startswith("SVC-01") and reply.due_t == NOW_T + 3 * HOUR
    assert meeting.due_t == NOW_T + 21 * HOUR and meeting.worth == 70_000
    assert silent.due_t is None and "20 days" in silent.why


def test_value_decides_between_items_with_the_same_time_left(world: World) -> None:
    ref = Ref("opportunity", "crm/D-big")
    world.writer.put(SOURCE, Page({"big": 1}, [
        mine_world.event("big-0", 100, "opportunity.created", ref),
        mine_world.event("big-1", 90, "promise.made", ref, confidence=0.9, days=0,
                         due_at=mine_world.at(-150).isoformat())],
        [mine_world.Change(ref, "owner", NORTH[0], mine_world.at(100)),
         mine_world.Change(ref, "amount", 8_000, mine_world.at(100))], watermark=NOW))
    assert kinds(today(world))[1:3] == [("promise", "D-big"), ("promise", "D-promised")]


@pytest.mark.parametrize(("gone", "events"), [
    (("rule", "soon"), [mine_world.event("x", 0, "msg.out", Ref("conversation", "mail/soon"))]),
    (("promise", "D-promised"), [mine_world.event("x", 0, "call.out", Ref("opportunity", "crm/D-promised"))]),
    (("promise", "D-promised"), [mine_world.event("x", 0, "promise.kept", Ref("opportunity", "crm/D-promised"))]),
    (("meeting", "D-met"), [mine_world.event("x", 0, "meeting.scheduled", Ref("opportunity", "crm/D-met"))]),
    (("meeting", "D-met"), [mine_world.event("x", 0, "opportunity.won", Ref("opportunity", "crm/D-met"))]),
    (("touch", "D-silent"), [mine_world.event("x", 0, "task.planned", Ref("opportunity", "crm/D-silent"))]),
])
def test_an_item_goes_when_the_work_is_done_elsewhere(world: World, gone: tuple[str, str], events: list[Event]) -> None:
    before = kinds(today(world))
    assert gone in before
    world.writer.put(SOURCE, Page({"x": 1}, events, watermark=NOW))
    after = kinds(today(world))
    assert gone not in after and set(before) - set(after) == {gone}


def test_another_person_has_another_day_and_a_person_nobody_knows_none(world: World) -> None:
    assert kinds(today(world, SAM.scope)) == [("rule", "sams"), ("wait", "T-3")]
    for nobody in (Scope(Role.REP, ""), Scope(Role.REP, "new@firm.example")):
        assert kinds(today(world, nobody)) == []


def test_a_late_one_is_not_certain_while_its_source_is_behind(world: World) -> None:
    assert one_of(today(world), "rule", "late").is_sure
    con = world.store.connection.cursor()
    con.execute("UPDATE source SET watermark_t = ?", [NOW_T - 5 * HOUR])
    world.store.forget()
    assert not one_of(today(world), "rule", "late").is_sure


def test_put_off_and_not_mine_leave_the_list_and_come_back(world: World) -> None:
    reply = one_of(today(world), "rule", "soon")
    world.writer.do(lambda con: snooze(con, NOW_T, NORA, reply.key, NOW_T + HOUR))
    found = today(world)
    assert ("rule", "soon") not in kinds(found) and [(one.key, t) for one, t in found.snoozed] == [
        (reply.key, NOW_T + HOUR)]
    later = myday.day(Read(world.store.read, NORA.scope), NOW_T + HOUR)
    assert reply.key in [one.key for one in later.rows] and not later.snoozed
    world.writer.do(lambda con: disown(con, NOW_T, NORA, reply.key, reply.case.obj))
    assert [one.key for one in today(world).disowned] == [reply.key]
    assert kinds(today(world, SAM.scope)) == [("rule", "sams"), ("wait", "T-3")]


def test_what_is_told_outside_names_nobody(world: World) -> None:
    for one in today(world).rows:
        assert "@" not in without_names(one) and "customer.example" not in without_names(one)
        assert str(one.case.obj) in without_names(one)
