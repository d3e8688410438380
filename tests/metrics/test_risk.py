"""Each indicator on a history whose answer is known: one that shows it, and one that just misses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from _risk_world import ANNA, BEN, NOW, NOW_T, World, at, board, signs

from data.event import Change, Event, Link, Ref
from data.store import Store
from metrics import risk
from metrics._contract import DAY, Filters, Read
from metrics._risk_kit import ENOUGH, History, Mark

Story = Callable[[World, str], None]


def _talk(world: World, ref: Ref, *steps: tuple[float, str]) -> None:
    for days, activity in steps:
        world.do(ref, days, activity, by=f"c-{ref.id}@client.example" if activity.endswith(".in") else ANNA)


def ghosted(last_out: float) -> Story:
    def tell(world: World, name: str) -> None:
        ref = world.calm(world.deal(name, days=40), days=40, skip=("talk",))
        _talk(world, ref, (30, "msg.out"), (29, "msg.in"), (last_out, "msg.out"), (2, "msg.out"))

    return tell


def silent(days: float) -> Story:
    def tell(world: World, name: str) -> None:
        ref = world.calm(world.deal(name, days=40), days=40, skip=("talk", "next", "stage"))
        world.do(ref, days + 0.5, "msg.in", by=f"c-{name}@client.example")
        world.do(ref, days, "msg.out")

    return tell


def people(n: int) -> Story:
    def tell(world: World, name: str) -> None:
        ref = world.calm(world.deal(name), skip=("talk",))
        for number in range(n):
            world.do(ref, 3 + number, "msg.in", by=f"c{number}-{name}@client.example")

    return tell


def step(days_ahead: float) -> Story:
    def tell(world: World, name: str) -> None:
        ref = world.calm(world.deal(name), skip=("next",))
        world.do(ref, 2, "task.planned", due_at=at(-days_ahead).isoformat())

    return tell


def stage_for(days: float) -> Story:
    def tell(world: World, name: str) -> None:
        ref = world.calm(world.deal(name, days=40), days=40, skip=("stage",))
        world.do(ref, days, "stage.changed", **{"from": "Qualified", "to": "Proposal"})

    return tell


def pushed(*spans: int) -> Story:
    def tell(world: World, name: str) -> None:
        ref = world.calm(world.deal(name))
        day = 0
        for span in spans:
            moved = {"from": at(-day).date().isoformat(), "to": at(-day - span).date().isoformat()}
            world.do(ref, 5, "closedate.changed", **moved)
            day += span

    return tell


def path(*stages: str) -> Story:
    def tell(world: World, name: str) -> None:
        ref = world.calm(world.deal(name), skip=("stage",))
        for place, (before, after) in enumerate(pairwise(stages)):
            world.do(ref, 9 - place, "stage.changed", **{"from": before, "to": after})

    return tell


def closes(days_ago: float) -> Story:
    return lambda world, name: world.calm(world.deal(name, close=days_ago)) and None


def unpriced(days: float) -> Story:
    return lambda world, name: world.calm(world.deal(name, days=days), days=days, skip=("price",)) and None


def champion(silent_days: float) -> Story:
    def tell(world: World, name: str) -> None:
        ref = world.calm(world.deal(name, days=40), days=40, skip=("talk",))
        for number in range(4):
            world.do(ref, silent_days + 4 * number, "msg.in", by=f"c-{name}@client.example")
        world.do(ref, 1, "msg.in", by=f"c2-{name}@client.example")
        world.do(ref, 0.9, "msg.out")

    return tell


def reciprocity(new_in: int) -> Story:
    def tell(world: World, name: str) -> None:
        ref = world.calm(world.deal(name, days=45), days=45, skip=("talk",))
        for number in range(10):
            world.do(ref, 16 + number, "msg.in" if number % 2 else "msg.out",
                     by=f"c-{name}@client.example" if number % 2 else ANNA)
        for number in range(8):
            theirs = number < new_in
            world.do(ref, 1 + number, "msg.in" if theirs else "msg.out",
                     by=f"c-{name}@client.example" if theirs else ANNA)

    return tell


def latencies(last_hours: float) -> Story:
    def tell(world: World, name: str) -> None:
        ref = world.calm(world.deal(name, days=45), days=45, skip=("talk",))
        for number in range(16):
            hours = last_hours if number < 5 else 10
            world.do(ref, 1 + 2 * number, "msg.in", by=f"c-{name}@client.example")
            world.do(ref, 1 + 2 * number + hours / 24, "msg.out")

    return tell


def ownerless(waits: float) -> Story:
    def tell(world: World, name: str) -> None:
        world.do(Ref("ticket", name), waits, "msg.in", by=f"c-{name}@client.example")

    return tell


def suppressed(consents: bool) -> Story:
    def tell(world: World, name: str) -> None:
        world.calm(world.deal(name))
        contact = Ref("contact", f"c-{name}@client.example")
        for days, activity in ((8.0, "optout"), *(((4.0, "consent.given"),) if consents else ())):
            world.events.append(Event(f"{name}-{activity}", at(days), activity, [contact], actor=contact.id,
                                      direction="inbound"))

    return tell


def dark(last_talk: float) -> Story:
    def tell(world: World, name: str) -> None:
        ref = world.calm(world.deal(name, days=40), days=40, skip=("talk", "stage", "price"))
        world.do(ref, 39, "msg.in", by=f"c-{name}@client.example")
        world.do(ref, 3 + last_talk, "msg.out")
        world.do(ref, 3, "stage.changed", **{"from": "Qualified", "to": "Proposal"})

    return tell


def quotes(*steps: float | str) -> Story:
    """Discounts in order; `a12` is an approval of 12."""

    def tell(world: World, name: str) -> None:
        ref = world.calm(world.deal(name), skip=("price",))
        for place, one in enumerate(steps):
            is_approval = isinstance(one, str)
            discount = float(one[1:]) if isinstance(one, str) else one
            world.do(ref, 15 - place, "approval" if is_approval else "quote.sent", discount=discount)

    return tell


def transfers(n: int, *, answered: bool) -> Story:
    def tell(world: World, name: str) -> None:
        ref = Ref("ticket", name)
        world.do(ref, 6, "ticket.created")
        for number in range(n):
            world.do(ref, 5 - number, "transfer", **{"from": "Sales", "to": "Service"})
            if answered:
                world.do(ref, 4.5 - number, "msg.out")

    return tell


def channels(*names: str, spread: float = 1) -> Story:
    def tell(world: World, name: str) -> None:
        ref = Ref("ticket", name)
        world.do(ref, 20, "ticket.created")
        for place, channel in enumerate(names):
            world.do(ref, 1 + place * spread, "msg.in", by=f"c-{name}@client.example", channel=channel)
        world.do(ref, 0.9, "msg.out")

    return tell


def legal(days: float) -> Story:
    def tell(world: World, name: str) -> None:
        contact = Ref("contact", name)
        told = {"type": "access", "regime": "gdpr"}
        world.events.append(Event(f"{name}-dsr", at(days), "dsr.received", [contact], actor=ANNA, attrs=told))

    return tell


# Indicator, what shows it, and what just misses it.
STORIES: list[tuple[str, Story, Story]] = [
    ("K01", ghosted(14.5), ghosted(13.5)),
    ("K02", silent(14.2), silent(13.8)),
    ("K03", people(1), people(2)),
    ("K04", step(-0.5), step(0.5)),
    ("K05", stage_for(21.5), stage_for(20.5)),
    ("K06", pushed(7, 7), pushed(14)),
    ("K06b", pushed(31), pushed(30)),
    ("K07", path("New", "Qualified", "Proposal", "Qualified"), path("New", "Qualified", "Proposal", "Negotiation")),
    ("K08", closes(1), closes(0)),
    ("K09", unpriced(30.5), unpriced(29.5)),
    ("K10", champion(12.5), champion(11.5)),
    ("K11", reciprocity(2), reciprocity(3)),
    ("K12", latencies(20.5), latencies(19.5)),
    ("K14", ownerless(2.5), ownerless(1.5)),
    ("K16", transfers(3, answered=False), transfers(3, answered=True)),
    ("K17", channels("email", "phone", "chat"), channels("email", "phone", "chat", spread=4)),
    ("K19", legal(26), legal(20)),
    ("K20", suppressed(False), suppressed(True)),
    ("K21", dark(14.2), dark(13.8)),
    ("K23", quotes(5, 8, 12), quotes(5, 8, "a12", 12)),
    ("K23b", quotes(12, "a12"), quotes("a12", 12)),
]


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    world = World()
    for name, hit, miss in STORIES:
        hit(world, f"{name}-hit")
        miss(world, f"{name}-miss")
    world.calm(world.deal("calm"))
    made, writer = world.open()
    yield made
    writer.stop()
    made.close()


@pytest.fixture(scope="module")
def found(store: Store) -> risk.Board:
    return board(store)


@pytest.mark.parametrize("name", [name for name, _, _ in STORIES])
def test_an_indicator_shows_its_hit_and_not_its_near_miss(found: risk.Board, name: str) -> None:
    told = signs(found)
    assert name in told.get(f"{name}-hit", {})
    assert name not in told.get(f"{name}-miss", {})


def test_a_calm_deal_is_not_on_the_board(found: risk.Board) -> None:
    assert "calm" not in signs(found)


def test_reasons_name_their_value(found: risk.Board) -> None:
    told = signs(found)
    assert told["K02-hit"]["K02"] == "nothing was said either way for 14 d"
    assert told["K06-hit"]["K06"] == "the close date moved to a later day 2 times"
    assert told["K23-hit"]["K23"].startswith("3 quotes, each deeper")


def test_the_board_is_sorted_by_value_or_by_time_left(found: risk.Board) -> None:
    by_value = risk.chosen(found, Filters())
    by_time = risk.chosen(found, Filters(sort="left"))
    worths, moments = [item.worth or 0 for item in by_value], [item.left_t for item in by_time if item.left_t]
    assert worths == sorted(worths, reverse=True)
    assert moments == sorted(moments)
    assert [item.left_t is None for item in by_time] == sorted(item.left_t is None for item in by_time)


def test_an_indicator_and_a_kind_can_be_asked_for(found: risk.Board) -> None:
    ghosts = risk.chosen(found, Filters(rule="K01"))
    assert ghosts
    assert all("K01" in {sign.indicator.id for sign in item.signs} for item in ghosts)
    assert {item.on for item in risk.chosen(found, Filters(group="case"))} == {"case"}
    assert len(risk.chosen(found, Filters(rule="no such", group="team"))) == len(found.items)


def test_counts_agree_with_the_items(found: risk.Board) -> None:
    for standing in found.standings:
        name = standing.indicator.id
        shown = sum(any(sign.indicator.id == name for sign in item.signs) for item in found.items)
        assert standing.hits == shown, name
        assert standing.hits <= standing.looked, name


def test_what_no_source_brings_is_told(found: risk.Board) -> None:
    lacking = {s.indicator.id: s.lacking for s in found.standings}
    assert lacking["K25"] == "“Flag raised”"
    assert lacking["K02"] == ""


def test_what_no_source_brings_is_not_missing() -> None:
    world = World()
    ref = world.deal("bare", days=40)
    world.do(ref, 40, "opportunity.created")
    world.do(ref, 1, "msg.out")
    store, writer = world.open()
    found = board(store)
    assert not {"K04", "K09"} & set(signs(found).get("bare", {}))
    assert {s.indicator.id: s.looked for s in found.standings}["K04"] == 0
    writer.stop()
    store.close()


def test_chances_are_silent_and_so_is_the_expected_loss(found: risk.Board) -> None:
    assert not any(one.is_shown for one in found.forecasts)
    assert all("not enough yet" in one.silence for one in found.forecasts)
    assert found.expected_loss() is None


def test_a_board_is_kept_for_a_minute(store: Store) -> None:
    read = Read(store.read, board.__defaults__[0])  # type: ignore[index]
    first = risk.board(read, Filters(), NOW_T)
    assert risk.board(read, Filters(), NOW_T + 59_000_000) is first
    assert risk.board(read, Filters(), NOW_T + 60_000_000).made_t == NOW_T + 60_000_000


def test_thresholds_come_from_the_segment_from_thirty_on() -> None:
    key = ("gap", "SMB", "")
    few, enough = ({key: (n, 5.0 * DAY)} for n in (ENOUGH - 1, ENOUGH))
    assert History(few, [], NOW_T).mark(key, 14.0 * DAY, "P90") == Mark(14.0 * DAY)
    assert History(enough, [], NOW_T).mark(key, 14.0 * DAY, "P90") == Mark(5.0 * DAY, ENOUGH, "P90")


def test_won_deals_set_the_threshold_of_their_segment_only() -> None:
    world = World()
    for number in range(31):
        ref = world.deal(f"won-{number}", days=60, segment="SMB")
        world.do(ref, 60, "opportunity.created", stage="New")
        for day in (60, 55, 50, 45):
            world.do(ref, day - 0.1, "msg.out")
        world.do(ref, 40, "opportunity.won")
    for name, segment in (("small", "SMB"), ("large", "Enterprise")):
        ref = world.deal(name, days=30, segment=segment)
        world.do(ref, 30, "opportunity.created", stage="New")
        world.do(ref, 8, "msg.out")
    store, writer = world.open()
    found = {item.label.id: item for item in board(store).items if item.label}
    mark = next(sign.mark for sign in found["small"].signs if sign.indicator.id == "K02")
    assert mark.n == 31 * 3
    assert mark.limit == pytest.approx(5 * DAY, rel=0.01)
    assert "K02" not in signs(board(store)).get("large", {})
    writer.stop()
    store.close()


def test_talk_is_borrowed_from_the_customer_where_the_deal_has_none() -> None:
    world = World()
    for name in ("talked", "mute"):
        ref = world.deal(name, days=30)
        world.do(ref, 30, "opportunity.created")
        world.do(ref, 29, "task.planned", due_at=at(-3).isoformat())
        world.do(Ref("conversation", f"mail-{name}"), 2 if name == "talked" else 20, "msg.in",
                 by=f"c-{name}@client.example", account=f"acme-{name}")
    store, writer = world.open()
    told = signs(board(store))
    assert "K02" in told["mute"]
    assert "K02" not in told.get("talked", {})
    writer.stop()
    store.close()


def test_a_thread_of_somebodys_ticket_is_not_ownerless() -> None:
    world = World()
    for name in ("tied", "lone"):
        world.do(Ref("conversation", name), 4, "msg.in", by=f"c-{name}@client.example")
    world.do(Ref("ticket", "t"), 4, "ticket.assigned", by=BEN)
    world.links.append(Link(Ref("conversation", "tied"), Ref("ticket", "t"), "about"))
    world.changes.append(Change(Ref("ticket", "t"), "owner", BEN, NOW))
    store, writer = world.open()
    told = signs(board(store))
    assert "K14" in told["lone"]
    assert "tied" not in told
    writer.stop()
    store.close()
