"""Hand-offs, effort, solutions and links of made-up customers whose story is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data.event import Change, Event, Link, Ref, micros
from data.page import Page
from data.scope import SYSTEM, Role, Scope
from data.store import Store
from data.writer import Writer
from metrics import journey, replies, restarts, turns
from metrics._contract import Filters, Read
from metrics._engine import Engine

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW_T = micros(START + timedelta(days=40))
DAY = 24
FILTERS = Filters(span="90d")
PEOPLE = [f"{name}@firm.example" for name in ("ana", "ben", "carl", "dora", "emil")]


class Tale:
    """Writes a customer's story down, an hour at a time: each has a ticket and a thread for each channel."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.links: list[Link] = []

    def tell(self, who: str, hour: float, activity: str, channel: str = "email", **more: Any) -> None:
        ticket, thread = more.pop("ticket", who), more.pop("thread", f"{who}-{channel}")
        objects = [Ref("ticket", f"desk/{ticket}"), Ref("contact", f"{who}@client.example")]
        said = activity in ("msg.in", "msg.out", "call.in", "call.out")
        if said:
            objects.append(Ref("conversation", f"mail/{thread}"))
        direction: Any = "internal" if not said else "inbound" if activity.endswith("in") else "outbound"
        number = len(self.events)
        actor, team = ("", "Service") if direction == "inbound" else (PEOPLE[number % 5], more.pop("team", "Service"))
        self.events.append(
            Event(str(number), START + timedelta(hours=hour), activity, objects, actor=actor, team=team,
                  channel=channel if said else "desk", direction=direction, attrs=more)
        )  # fmt: skip


def told() -> Tale:
    tale = Tale()
    # Handed on at the second hour. Whoever speaks first then decides.
    for who in ("warm", "again", "moved", "chase", "silent", "late", "machine", "young", "other"):
        begin = 38 * DAY if who == "young" else 0
        tale.tell(who, begin, "msg.in")
        tale.tell(who, begin + 1, "msg.out")
        tale.tell(who, begin + 2, "transfer", **{"from": "Service", "to": "Sales"})
    tale.tell("warm", 3, "msg.out", team="Sales")
    tale.tell("warm", 4, "msg.in")
    tale.tell("again", 5, "call.in", "phone")
    tale.tell("again", 6, "msg.out")
    tale.tell("moved", 7, "msg.in", thread="moved-second")
    tale.tell("chase", 8, "msg.in")
    tale.tell("late", 2 + 7 * DAY + 0.5, "msg.in")
    tale.tell("machine", 3, "msg.out", automatic=True)
    tale.tell("machine", 9, "msg.in")
    tale.tell("other", 10, "msg.in", "phone", ticket="other-2", thread="other-2")
    # A referral to the telephone; the customer does as told, and has to tell it all again.
    tale.tell("referred", 0, "msg.in", "chat")
    tale.tell("referred", 1, "referral", to_channel="phone")
    tale.tell("referred", 2, "call.in", "phone")
    return tale


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    made = kept(told().events)
    yield made
    made.close()


def kept(events: Sequence[Event], links: Sequence[Link] = (), changes: Sequence[Change] = ()) -> Store:
    store = Store.open(":memory:")
    writer = Writer(store, [Engine()])
    writer.start()
    backwards, size = list(reversed(events)), len(events) // 5 + 1
    for low in range(0, len(backwards), size):
        writer.put("desk", Page({"n": low}, events=backwards[low : low + size]))
    writer.put("desk", Page({"n": -1}, links=list(links), changes=list(changes)))
    writer.stop()
    return store


def reading(store: Store, scope: Scope = SYSTEM) -> Read:
    return Read(store.read, scope)


def test_each_hand_off_meets_its_known_outcome(store: Store) -> None:
    names = {"restart": {"again", "moved", "referred"}, "warm": {"warm"}, "chase": {"chase", "machine"},
             "unknown": {"silent", "late", "other"}, "young": {"young"}, "elsewhere": {"other"}}  # fmt: skip
    for outcome, expected in names.items():
        rows = restarts.cases(reading(store), FILTERS, NOW_T, outcome)
        assert {row.label.id.removeprefix("desk/") for row in rows} == expected, outcome


def test_routes_rates_and_bounds(store: Store) -> None:
    found = restarts.restarts(reading(store), FILTERS, NOW_T)
    routes = {route.key: route for route in found.routes}
    assert set(routes) == {"other teams>other teams", "chat>phone"}
    whole = found.all
    assert (whole.warm, whole.restart, whole.chase, whole.unknown, whole.young, whole.elsewhere) == (1, 3, 2, 3, 1, 1)
    assert whole.bounds == (3 / 9, 6 / 9)
    assert whole.rate is None, "six decided hand-offs say nothing yet"
    assert whole.delay_us == 3 * 3600 * 1e6, "the middle of one, three and five hours"
    phone = restarts.cases(reading(store), FILTERS, NOW_T, "restart|chat>phone")
    assert [row.label.id for row in phone] == ["desk/referred"]


def test_a_small_team_is_no_route_of_its_own(store: Store) -> None:
    """Sales has one person here, so its routes are told as those of other teams."""
    keys = {route.key for route in restarts.restarts(reading(store), FILTERS, NOW_T).routes}
    assert not any("Sales" in key for key in keys)


def test_an_answer_on_the_telephone_ends_the_wait_for_a_mail() -> None:
    tale = Tale()
    tale.tell("ida", 0, "msg.in")
    tale.tell("ida", 1, "msg.in", "social", ticket="ida-2")
    tale.tell("jon", 2, "msg.in")
    tale.tell("kim", 0, "msg.in")
    tale.tell("kim", 3, "transfer", **{"from": "Service", "to": "Sales"})
    before = turns.turns(reading(kept(tale.events)), FILTERS, NOW_T - 38 * DAY * 3600 * 1_000_000)
    waits = {turn.customer: turn for turn in before.rows}
    assert set(waits) == {"ida@client.example", "jon@client.example", "kim@client.example"}
    assert (waits["ida@client.example"].asked, waits["ida@client.example"].channels) == (2, 2)
    kim = waits["kim@client.example"]
    assert kim.since_t == micros(START), "handing on does not start the customer's clock again"
    assert (kim.hops, kim.team_t) == (1, micros(START + timedelta(hours=3)))
    assert kim.due_t is not None and kim.promise
    tale.tell("ida", 4, "call.out", "phone", ticket="ida-3", thread="ida-3")
    after = turns.turns(reading(kept(tale.events)), FILTERS, NOW_T - 38 * DAY * 3600 * 1_000_000)
    assert {turn.customer for turn in after.rows} == {"jon@client.example", "kim@client.example"}


def test_a_mailing_and_a_receipt_answer_nobody() -> None:
    tale = Tale()
    for who, more in (("ann", {"automatic": True}), ("bob", {"commercial": True}), ("cat", {})):
        tale.tell(who, 0, "msg.in")
        tale.tell(who, 1, "msg.out", **more)
    found = turns.turns(reading(kept(tale.events)), FILTERS, micros(START + timedelta(hours=5)))
    assert {turn.customer for turn in found.rows} == {"ann@client.example", "bob@client.example"}


def test_what_was_solved_stays_solved_or_not() -> None:
    tale = Tale()
    for who in ("good", "reopened", "asked", "elsewhere", "slow", "fresh"):
        begin = 35 * DAY if who == "fresh" else 0
        tale.tell(who, begin, "msg.in")
        tale.tell(who, begin + 1, "msg.out")
        tale.tell(who, begin + 2, "resolved")
    tale.tell("reopened", 3 * DAY, "reopened")
    tale.tell("asked", 2 + 7 * DAY, "msg.in", "chat")
    tale.tell("elsewhere", 4 * DAY, "msg.in", "social", ticket="elsewhere-2", thread="elsewhere-2")
    tale.tell("slow", 3 + 7 * DAY, "msg.in")
    store = kept(tale.events)
    found = replies.resolution(reading(store), FILTERS, NOW_T)
    assert (found.held, found.back, found.elsewhere, found.young) == (2, 2, 1, 1)
    back = replies.resolved_cases(reading(store), FILTERS, NOW_T, "back")
    assert {row.label.id for row in back} == {"desk/reopened", "desk/asked"}


def test_what_a_case_asks_of_its_customer() -> None:
    tale = Tale()
    for hour, activity, channel in ((0, "msg.in", "email"), (1, "msg.in", "email"), (2, "msg.in", "chat"),
                                    (4, "msg.out", "email"), (5, "transfer", ""), (6, "call.in", "phone"),
                                    (7, "msg.in", "email"), (9, "msg.out", "email")):  # fmt: skip
        tale.tell("eva", hour, activity, channel)
    tale.tell("fay", 0, "msg.in")
    store = kept(tale.events)
    found = journey.effort(reading(store), FILTERS, micros(START + timedelta(hours=10)))
    eva = found.rows[0]
    assert found.n == 2 and eva.case.id == "desk/eva"
    assert (eva.contacts, eva.channels, eva.repeats, eva.hops) == (5, 3, 2, 1)
    assert eva.wait_us == (4 + 2) * 3600 * 1_000_000
    assert found.rows[1].wait_us == 10 * 3600 * 1_000_000, "an open wait counts as long as it has lasted"
    way = journey.way(reading(store), eva.case.obj, NOW_T)
    assert way is not None and way.label.id == "eva@client.example"
    assert [stop.channel for stop in reversed(way.stops)][:3] == ["email", "email", "chat"]
    assert len(way.stops) == 8 and [issue.contacts for issue in way.issues] == [5]
    assert {stop.case.id for stop in way.stops if stop.case} == {"desk/eva"}


def test_how_soon_social_talk_reaches_a_case() -> None:
    events, links = [], []

    def talk(name: str, hour: float, *more: Ref) -> None:
        objects = [Ref("conversation", f"social/{name}"), Ref("contact", f"{name}@x.example"), *more]
        events.append(Event(f"{name}{hour}", START + timedelta(hours=hour), "msg.in", objects, channel="social",
                            direction="inbound", team="Social"))  # fmt: skip

    for name, after in (("hour", 1), ("day", 20), ("later", 50)):
        talk(name, 0)
        talk(name, after, Ref("ticket", f"desk/{name}"))
    talk("related", 0)
    talk("alone", 0)
    talk("fresh", 40 * DAY - 2)
    events.append(Event("t", START, "ticket.created", [Ref("ticket", "desk/r")]))
    links.append(Link(Ref("conversation", "social/related"), Ref("ticket", "desk/r"), "about"))
    found = journey.linkage(reading(kept(events, links)), FILTERS, NOW_T)
    assert (found.hour, found.day, found.later, found.related, found.never, found.young) == (1, 2, 1, 1, 1, 1)


def test_the_mix_of_channels_and_how_it_moves() -> None:
    tale = Tale()
    for day in range(40):
        for number in range(10):
            is_chat = number < (2 if day < 20 else 6)
            tale.tell(f"m{number}", day * DAY + number, "msg.in", "chat" if is_chat else "email")
    store = kept(tale.events)
    found = {share.channel: share for share in journey.mix(reading(store), Filters(span="30d"), NOW_T)}
    assert sum(share.share for share in found.values()) == pytest.approx(1)
    assert found["chat"].n + found["email"].n == sum(sum(share.steps) for share in found.values())
    chat = found["chat"]
    assert chat.trend is not None and chat.trend_interval[0] > 0, "chat clearly gained"
    assert chat.interval[0] < chat.share < chat.interval[1]
    assert found["email"].trend == pytest.approx(-chat.trend)


def test_a_rep_and_a_manager_of_another_team_see_only_their_own() -> None:
    tale = Tale()
    tale.tell("gus", 0, "msg.in")
    tale.tell("hal", 0, "msg.in", ticket="hal")
    tale.events.append(Event("own", START + timedelta(hours=1), "note.added", [Ref("ticket", "desk/hal")],
                             actor=PEOPLE[0], team="Sales"))  # fmt: skip
    store, at_t = kept(tale.events), micros(START + timedelta(hours=5))
    seen = {}
    sales = Scope(Role.MANAGER, "", frozenset({"Sales"}))
    for scope in (SYSTEM, Scope(Role.REP, PEOPLE[0]), Scope(Role.REP, "nobody"), sales):
        # A rep takes part in hal's case and a manager sees what is their team's now.
        seen[scope] = {turn.case.id for turn in turns.turns(reading(store, scope), FILTERS, at_t).rows}
    assert list(seen.values()) == [{"desk/gus", "desk/hal"}, {"desk/hal"}, set(), {"desk/hal"}]
