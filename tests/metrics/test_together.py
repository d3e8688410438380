"""What a page finds at one moment is named together, is not shown a moment later, and a search leaves nothing out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from data.event import Change, Event, Ref
from data.page import Page
from data.scope import Role, Scope
from data.store import Store
from data.writer import Writer
from metrics import breaches, case, live, mine, waiting
from metrics._contract import DAY, Filters, Read
from tests.metrics._facts import ANNA, BEN, START, running

NOW_T = int((START + timedelta(hours=30)).timestamp() * 1_000_000)
EVERYTHING = Scope(Role.MANAGER, teams=None)
ANNAS = Scope(Role.REP, ANNA, frozenset())


def asked(number: int, owner: str, hours: float) -> list[Event]:
    """A conversation that its owner answered once, and about which the customer then asked again."""
    about = [Ref("conversation", f"t{number}"), Ref("contact", f"c{number}")]
    moment = START + timedelta(hours=hours)
    return [
        Event(
            f"{number}-a", moment, "msg.out", about, actor=owner, team="sales", channel="email", direction="outbound"
        ),
        Event(
            f"{number}-b", moment + timedelta(hours=1), "msg.in", about, team="sales", channel="email",
            direction="inbound",
        ),
    ]


@pytest.fixture
def told() -> Iterator[tuple[Store, Writer]]:
    store = Store.open(":memory:")
    writer, _ = running(store)
    events = [one for number in range(60) for one in asked(number, BEN if number % 2 else ANNA, number / 10)]
    changes = [Change(Ref("contact", f"c{number}"), "name", f"Nina Moreau {number}", START) for number in range(60)]
    changes.append(Change(Ref("account", "acme"), "name", "Acme", START))
    writer.put("desk", Page({"at": 1}, events, changes))
    yield store, writer
    writer.stop()
    store.close()


def test_a_later_moment_shows_what_came_meanwhile(told: tuple[Store, Writer]) -> None:
    store, writer = told
    read = Read(store.read, EVERYTHING)
    live.pulse(read, Filters(), NOW_T)
    assert waiting.waiting(read, Filters(), NOW_T).total == 60
    answer = Event(
        "0-c", START + timedelta(hours=2), "msg.out", [Ref("conversation", "t0"), Ref("contact", "c0")],
        actor=ANNA, team="sales", channel="email", direction="outbound",
    )
    writer.put("desk", Page({"at": 2}, [answer]))
    live.pulse(read, Filters(), NOW_T + 1)
    assert waiting.waiting(read, Filters(), NOW_T + 1).total == 59
    newest = live.feed(read, Filters(), NOW_T + 1)[0]
    assert newest.activity == "msg.out" and newest.about is not None and newest.about.id == "t0"


def test_fewer_and_more_rows_are_those_of_one_order(told: tuple[Store, Writer]) -> None:
    read = Read(told[0].read, EVERYTHING)
    few, many = (waiting.waiting(read, Filters(), NOW_T, limit=n).rows for n in (3, 30))
    assert len(few) == 3 and len(many) == 30 and few == many[:3]
    assert few[0].case.id == "t0" and few[0].customer == "Nina Moreau 0" and few[0].owner


def test_names_are_looked_up_once_for_the_tables_of_a_page(told: tuple[Store, Writer]) -> None:
    store, said = told[0], []

    def reading(sql: str, params: object, scope: Scope) -> list[dict[str, object]]:
        said.append(sql)
        return store.read(sql, params, scope)  # type: ignore[arg-type]

    read = Read(reading, ANNAS)
    breaches.own(read, NOW_T, soon_us=3 * DAY, limit=10)
    waits = waiting.waiting(read, Filters(), NOW_T, limit=10, owner=ANNA)
    own = mine.items(read, limit=14)
    assert waits.total == own.total == 30 and len(own.rows) == 14
    assert sum("FROM few_object" in sql for sql in said) == 1
    assert len({sql for sql in said if "case_open" in sql}) == sum("case_open" in sql for sql in said)


def test_what_a_rep_owns_is_only_his(told: tuple[Store, Writer]) -> None:
    store = told[0]
    owner = {row["obj"]: row["actor"] for row in store.read("SELECT obj, actor FROM object_fact", {}, EVERYTHING)}
    seen = {row["obj"] for row in store.read("SELECT obj FROM binding_open", {}, ANNAS)}
    anna = store.read("SELECT code FROM actor WHERE key = $key", {"key": ANNA}, EVERYTHING)[0]["code"]
    everybodys = {row["obj"] for row in store.read("SELECT obj FROM binding_open", {}, EVERYTHING)}
    assert seen and seen == {obj for obj in everybodys if owner.get(obj) == anna} and seen < everybodys


def test_a_search_finds_customers_of_any_age_and_cases_by_the_beginning_of_their_id(
    told: tuple[Store, Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Read(told[0].read, EVERYTHING)
    assert len(case.find(read, "moreau")) == case.MOST_FOUND
    monkeypatch.setattr(case, "_RECENT", 1)
    assert [row.label.name for row in case.find(read, "ACME")] == ["Acme"]
    assert {row.label.id for row in case.find(read, "moreau 7")} == {"c7"}
    assert {row.label.id for row in case.find(read, "c5")} == {"c5", *(f"c5{n}" for n in range(10))}
    assert "t5" in {row.label.id for row in case.find(read, "t5")}
    assert case.find(read, "zzyzx") == [] and case.find(read, "c") == []
