"""Indicators of customers, queues and sources, the chance to miss a promise, and who sees what of all this."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from _risk_world import ANNA, BEN, DORA, MANAGER, NOW, NOW_T, World, at, board, signs

from data.errors import NotAllowed
from data.event import Aside, Event, Ref
from data.page import Page
from data.scope import Role, Scope
from data.store import Store
from data.writer import Writer
from metrics import record, risk
from metrics._contract import DAY, HOUR, Filters, Read
from metrics._engine import Engine
from metrics._risk_cases import Queue, miss_chance
from metrics._risk_kit import Item


def told(world: World) -> dict[str, dict[str, str]]:
    """What the board of a world shows, by object or queue."""
    store, writer = world.open()
    found = signs(board(store))
    writer.stop()
    store.close()
    return found


@pytest.mark.parametrize(("annas", "is_hit"), [(9, True), (7, False)])
def test_a_customer_that_rests_on_one_of_us(annas: int, is_hit: bool) -> None:
    world = World()
    ref = world.calm(world.deal("big", amount=50_000), skip=("talk",))
    for number in range(10):
        world.do(ref, 1 + number, "msg.out", by=ANNA if number < annas else BEN)
    world.do(ref, 1, "msg.in", by="c@client.example")
    assert ("K13" in told(world).get("acme-big", {})) is is_hit


def test_a_small_customer_may_rest_on_one_of_us() -> None:
    world = World()
    ref = world.calm(world.deal("small", amount=9_000), skip=("talk",))
    for number in range(10):
        world.do(ref, 1 + number, "msg.out")
    world.do(ref, 1, "msg.in", by="c@client.example")
    assert "K13" not in told(world).get("acme-small", {})


@pytest.mark.parametrize(("this_week", "is_hit"), [(1, True), (3, False)])
def test_captured_talk_that_collapses_while_a_deal_moves(this_week: int, is_hit: bool) -> None:
    world = World()
    ref = world.calm(world.deal("moving", days=95), days=95, skip=("talk",))
    for week in range(13):
        for number in range(this_week if week == 0 else 3):
            world.do(ref, 7 * week + 1 + number, "msg.out")
    found = told(world).get("acme-moving", {})
    assert ("K22" in found) is is_hit


@pytest.mark.parametrize(("signal", "is_hit"), [("off_channel", True), ("gifts", False)])
def test_signs_of_talk_off_the_approved_channels(signal: str, is_hit: bool) -> None:
    world = World()
    ref = world.calm(world.deal("odd"))
    world.do(ref, 3, "flag.raised", signal=signal)
    assert ("K22b" in told(world).get("acme-odd", {})) is is_hit


def _route(world: World, target: str, n: int, restarts: int) -> None:
    for number in range(n):
        ref = Ref("ticket", f"{target}-{number}")
        customer = f"c-{target}-{number}@client.example"
        world.do(ref, 12, "msg.in", by=customer)
        world.do(ref, 11, "transfer", **{"from": "Sales", "to": target})
        if number < restarts:
            world.do(ref, 10, "msg.in", by=customer, channel="phone")
        world.do(ref, 9, "msg.out", by=BEN)
        world.do(ref, 8, "resolved", by=BEN)


def test_a_route_on_which_customers_begin_again() -> None:
    world = World()
    _route(world, "Service", 30, 20)
    _route(world, "Social", 30, 6)
    _route(world, "Legal", 19, 19)
    _route(world, "Billing", 60, 3)
    found = told(world)
    assert found["route:transfer:Sales:Service"]["K15"].startswith("20 of 30 customers began again elsewhere")
    assert "route:transfer:Sales:Social" not in found
    assert "route:transfer:Sales:Legal" not in found, "too few to tell"


def test_a_chase_in_the_same_channel_is_no_restart() -> None:
    world = World()
    _route(world, "Social", 30, 0)
    for number in range(30):
        ref = Ref("ticket", f"chase-{number}")
        world.do(ref, 12, "msg.in", by=f"c-{number}@client.example")
        world.do(ref, 11, "transfer", **{"from": "Sales", "to": "Service"})
        world.do(ref, 10, "msg.in", by=f"c-{number}@client.example")
    assert not any(name.startswith("route:") for name in told(world))


@pytest.mark.parametrize(("deep_at_the_end", "is_hit"), [(True, True), (False, False)])
def test_discounts_at_a_quarters_end(deep_at_the_end: bool, is_hit: bool) -> None:
    world = World()
    for number in range(52):
        # 65 days before 4 March is 29 December; the others lie in the middle of a quarter.
        days, is_deep = (65.0, deep_at_the_end) if number < 12 else (90.0 + number / 10, False)
        ref = world.deal(f"won-{number}", days=days + 20)
        world.do(ref, days + 20, "opportunity.created")
        world.do(ref, days + 5, "quote.sent", discount=30 + number if is_deep else 5 + number % 5)
        world.do(ref, days, "opportunity.won")
    assert ("K24" in told(world).get("closes", {})) is is_hit


@pytest.mark.parametrize(("age", "is_hit"), [(8, True), (3, False)])
def test_flags_that_lie_open(age: float, is_hit: bool) -> None:
    world = World()
    for number in range(5):
        world.do(Ref("conversation", f"f{number}"), age, "flag.raised", signal="gifts")
    assert any("K25" in one for one in told(world).values()) is is_hit


@pytest.mark.parametrize(("hasty", "is_hit"), [(5, True), (3, False)])
def test_reviews_that_take_seconds(hasty: int, is_hit: bool) -> None:
    world = World()
    for number in range(20):
        ref = Ref("conversation", f"f{number}")
        world.do(ref, 3, "flag.raised", signal="gifts")
        world.do(ref, 3 - (3 if number < hasty else 300) / 86_400, "review.done", by=DORA)
    assert any("K25b" in one for one in told(world).values()) is is_hit


def source_signs(page: Page, clock: Sequence[int]) -> set[str]:
    """The indicators that a source shows after pages delivered at some moments."""
    store = Store.open(":memory:")
    now = list(clock)
    writer = Writer(store, [Engine()], clock=lambda: now[0])
    writer.start()
    writer.register("crm", "webhook", "CRM", "")
    while now:
        events = [Event(f"{one.source_id}-{len(now)}", one.at, one.activity, one.objects) for one in page.events]
        writer.put("crm", Page({"n": len(now)}, events=events, aside=page.aside, watermark=page.watermark))
        if len(now) == 1:
            break
        now.pop(0)
    found = signs(board(store)).get("source:crm", {})
    writer.stop()
    store.close()
    return set(found)


def _page(n: int, n_aside: int, watermark_hours: float = 0.1) -> Page:
    events = [Event(f"e{i}", at(30), "note.added", [Ref("ticket", f"t{i}")]) for i in range(n)]
    aside = [Aside(f"a{i}", "broken") for i in range(n_aside)]
    return Page({"n": 1}, events=events, aside=aside, watermark=NOW - timedelta(hours=watermark_hours))


@pytest.mark.parametrize(("n", "is_hit"), [(150, True), (300, False)])
def test_capture_loss(n: int, is_hit: bool) -> None:
    assert ("K26" in source_signs(_page(n, 1), [NOW_T - HOUR])) is is_hit


@pytest.mark.parametrize(("hours", "is_hit"), [(6.5, True), (5.5, False)])
def test_a_source_that_lags(hours: float, is_hit: bool) -> None:
    assert ("K26b" in source_signs(_page(3, 0, hours), [NOW_T - HOUR])) is is_hit


@pytest.mark.parametrize(("last_day", "is_hit"), [(2, True), (1, False)])
def test_a_source_that_falls_silent(last_day: int, is_hit: bool) -> None:
    days = [NOW_T - day * DAY for day in range(8, last_day - 1, -1)]
    assert ("K26c" in source_signs(_page(25, 0), days)) is is_hit


def test_the_chance_to_miss_a_promise_agrees_with_counting() -> None:
    dice = random.Random(5)
    waited = [dice.randrange(1, 40) for _ in range(200)]
    met = [dice.random() < 0.6 for _ in waited]
    queue = Queue.of(waited, met)
    for after in (0, 1, 7, 20, 39, 50):
        left = 1.0
        for moment in sorted({w for w, m in zip(waited, met, strict=True) if m and w <= after}):
            at_risk = sum(w >= moment for w in waited)
            left *= 1 - sum(m and w == moment for w, m in zip(waited, met, strict=True)) / at_risk
        assert queue.unanswered(after) == pytest.approx(left)


def test_no_chance_is_told_from_few() -> None:
    promise = {"t": 0, "due_t": 10}
    assert miss_chance(Queue.of([5] * 29, [False] * 29), promise, 5) is None
    assert miss_chance(Queue.of([5] * 30, [False] * 30), promise, 5) == 1.0
    assert miss_chance(None, promise, 5) is None


@pytest.mark.parametrize(("hours", "is_hit"), [(3.5, True), (0.5, False)])
def test_a_promise_that_will_likely_be_missed(hours: float, is_hit: bool) -> None:
    """In the past nearly all were answered in the first hour or never: whoever has waited for long will wait on."""
    world = World()
    for number in range(60):
        ref = Ref("conversation", f"old-{number}")
        world.do(ref, 10, "msg.in", by=f"c{number}@client.example")
        world.do(ref, 10 - (1 if number < 45 else 30) / 24, "msg.out")
        world.do(ref, 8, "resolved")
    world.do(Ref("conversation", "now"), hours / 24, "msg.in", by="c@client.example")
    found = told(world).get("now", {})
    assert ("K18" in found) is is_hit


def _two_teams() -> World:
    world = World()
    for name, who in (("annas", ANNA), ("doras", DORA)):
        ref = world.deal(name, days=30, owner=who)
        world.do(ref, 30, "opportunity.created", by=who)
        world.do(ref, 20, "msg.out", by=who)
        world.do(Ref("ticket", f"ticket-{name}"), 20, "ticket.created", by=who)
        for number in range(3):
            world.do(Ref("ticket", f"ticket-{name}"), 19 - number, "transfer", by=who)
    return world


SERVICE = Scope(Role.MANAGER, teams=frozenset({"Service"}))
PERSONAS = (
    (MANAGER, {"annas", "doras", "ticket-annas", "ticket-doras"}),
    (SERVICE, {"doras", "ticket-doras"}),
    (Scope(Role.REP, actor=ANNA), {"annas", "ticket-annas"}),
    (Scope(Role.OFFICER, teams=None), {"annas", "doras", "ticket-annas", "ticket-doras"}),
)


@pytest.mark.parametrize(("scope", "expected"), PERSONAS, ids=lambda x: x.role if isinstance(x, Scope) else "")
def test_each_persona_sees_their_own_risks(scope: Scope, expected: set[str]) -> None:
    store, writer = _two_teams().open()
    read = Read(store.read, scope)
    items: Sequence[Item] = risk.board(read, Filters(), NOW_T).items
    shown = {item.label.id for item in items if item.label and item.on in {"deal", "case"}}
    assert shown == expected
    deals = {row.label.id for row in record.records(read, Filters(), NOW_T).rows}
    assert deals == {name for name in expected if not name.startswith("ticket")}
    if scope.role is Role.OFFICER:
        assert {item.owner for item in items} <= {"", "Person"}
    writer.stop()
    store.close()


def test_an_administrator_sees_no_risk() -> None:
    store, writer = _two_teams().open()
    read = Read(store.read, Scope(Role.ADMINISTRATOR, teams=None))
    for ask in (risk.board, record.records):
        with pytest.raises(NotAllowed):
            ask(read, Filters(), NOW_T)
    writer.stop()
    store.close()


def test_a_team_can_be_asked_for() -> None:
    store, writer = _two_teams().open()
    found = risk.board(Read(store.read, MANAGER), Filters(team="Sales"), NOW_T)
    assert {item.label.id for item in found.items if item.label and item.on == "deal"} == {"annas"}
    writer.stop()
    store.close()
