"""Names on the pages are those of now: what is remembered is forgotten once a commit changes it, and not before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from data.event import Change, Event, Link, Ref
from data.page import Page
from data.scope import SYSTEM, Role, Scope
from data.store import Store
from data.writer import Writer
from metrics._contract import Read
from metrics._labels import Label, describe
from tests.metrics._facts import ANNA, BEN, START, running

EVERYTHING = Scope(Role.MANAGER, teams=None)
ANNAS = Scope(Role.REP, ANNA, frozenset())
CASE, NINA, ACME = Ref("conversation", "t1"), Ref("contact", "c1"), Ref("account", "acme")


def said(number: int, who: str) -> Event:
    at = START + timedelta(hours=number)
    return Event(str(number), at, "msg.out", [CASE, NINA], actor=who, team="sales", direction="outbound")


@pytest.fixture
def told() -> Iterator[tuple[Store, Writer]]:
    store = Store.open(":memory:")
    writer, _ = running(store)
    writer.put("desk", Page({"at": 1}, [said(1, BEN)], [Change(NINA, "name", "Nina Moreau", START)]))
    yield store, writer
    writer.stop()
    store.close()


def put(writer: Writer, *, events: list[Event] | None = None, changes: list[Change] | None = None,
        links: list[Link] | None = None) -> None:
    writer.put("desk", Page({"at": 2}, events or [], changes or [], links or []))


def number(store: Store, thing: Ref) -> int:
    found: int = store.read("SELECT obj FROM object WHERE id = $id", {"id": thing.id}, SYSTEM)[0]["obj"]
    return found


def label(read: Read, store: Store, thing: Ref) -> Label | None:
    obj = number(store, thing)
    return describe(read, [obj]).get(obj)


def test_a_case_is_called_after_its_customer_as_that_is_called_now(told: tuple[Store, Writer]) -> None:
    store, writer = told
    read = Read.of(store, EVERYTHING)
    before = label(read, store, CASE)
    assert before is not None and before.customer == "Nina Moreau"
    put(writer, changes=[Change(NINA, "name", "Nina Adler", START + timedelta(days=1))])
    renamed = label(read, store, CASE)
    assert renamed is not None and renamed.customer == "Nina Adler"
    put(writer, links=[Link(ACME, NINA)])
    linked = label(read, store, CASE)
    assert linked is not None and linked.customer == "acme"
    put(writer, changes=[Change(ACME, "name", "Acme Ltd", START)])
    named = label(read, store, CASE)
    assert named is not None and named.customer == "Acme Ltd"


def test_what_did_not_change_is_not_read_again(told: tuple[Store, Writer]) -> None:
    store, writer = told
    asked: list[Any] = []

    def reading(sql: str, params: Mapping[str, Any], scope: Scope) -> list[dict[str, Any]]:
        if "few_object" in sql:
            asked.append(params["objs"])
        return store.read(sql, params, scope)

    read = Read(reading, EVERYTHING, news=store.news)
    label(read, store, CASE)
    n_first = len(asked)
    other = Event("9", START, "msg.in", [Ref("conversation", "t9")], direction="inbound")
    put(writer, events=[other])
    label(read, store, CASE)
    assert n_first and len(asked) == n_first
    put(writer, changes=[Change(NINA, "name", "Nina Adler", START + timedelta(days=1))])
    label(read, store, CASE)
    assert len(asked) > n_first


def test_a_case_is_named_for_whoever_takes_part_from_then_on(told: tuple[Store, Writer]) -> None:
    store, writer = told
    read = Read.of(store, ANNAS)
    assert label(read, store, CASE) is None
    put(writer, events=[said(2, ANNA)])
    seen = label(read, store, CASE)
    assert seen is not None and seen.id == "t1"


def test_more_commits_than_are_remembered_forget_all(told: tuple[Store, Writer]) -> None:
    store, writer = told
    seen, _ = store.news(-1)
    put(writer, changes=[Change(NINA, "name", "Nina Adler", START + timedelta(days=1))])
    assert store.news(seen) == (seen + 1, frozenset({number(store, NINA)}))
    assert store.news(seen + 1) == (seen + 1, frozenset())
    assert store.news(-1) == (seen + 1, None)
    store.announce(seen + 2)
    assert store.news(seen) == (seen + 2, None)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_names_and_firms_do_not_depend_on_the_order_of_arrival(order: tuple[int, ...]) -> None:
    store = Store.open(":memory:")
    writer, _ = running(store)
    later = START + timedelta(days=1)
    pages: list[dict[str, Any]] = [
        {"events": [said(1, ANNA)]},
        {"changes": [Change(NINA, "title", "Dr", START), Change(NINA, "name", "Nina Möller", later)]},
        {"changes": [Change(NINA, "name", "Nina Moreau", START), Change(CASE, "title", "Price", START)]},
        {"links": [Link(NINA, ACME), Link(CASE, ACME)]},
    ]
    for place in order:
        put(writer, **pages[place])
    con = store.connection.cursor()
    rows = con.execute("SELECT o.id, o.name, f.id, o.folded FROM object o LEFT JOIN object f ON f.obj = o.firm "
                       "ORDER BY o.id").fetchall()
    assert rows == [
        ("acme", None, None, "acme"), ("c1", "Nina Möller", "acme", "nina möller c1"),
        ("t1", "Price", None, "price t1"),
    ]
    writer.stop()
    store.close()
