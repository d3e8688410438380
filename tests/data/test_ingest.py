"""From pages to rows: latest values whatever the order of arrival, links and objects once, frames like events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from typing import Any

import pytest

from data.batch import to_frames
from data.event import Change, Event, Link, Ref, Retraction, Scalar
from data.ingest import key64
from data.page import Page
from data.scope import SYSTEM
from data.store import Store
from data.writer import Writer

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEAL = Ref("opportunity", "crm/1")


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store.open(":memory:")
    yield store
    store.close()


@pytest.fixture
def writer(store: Store) -> Iterator[Writer]:
    writer = Writer(store)
    writer.start()
    yield writer
    writer.stop()


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in store.read(sql, {}, SYSTEM)]


def change(value: Scalar, hour: int, attribute: str = "stage") -> Change:
    return Change(DEAL, attribute, value, AT + timedelta(hours=hour))


NOW = "SELECT a.name, n.value FROM object_now n JOIN attribute a ON a.code = n.attribute ORDER BY a.name"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_latest_value_holds_whatever_came_last(store: Store, writer: Writer, order: tuple[int, ...]) -> None:
    told = [change("new", 0), change("offer", 2), change("won", 5), change(7, 1, "amount")]
    for place in order:
        writer.put("crm", Page({}, changes=[told[place]]))
    writer.put("crm", Page({}, changes=[told[0], told[2]]))
    assert rows(store, NOW) == [("amount", "7"), ("stage", "won")]
    assert rows(store, "SELECT count(*) FROM object_change") == [(4,)], "the same change is stored once"


def test_values_of_one_moment_and_empty_values_are_decided_alike_in_both_orders(
    store: Store, writer: Writer
) -> None:
    writer.put("crm", Page({}, changes=[change("a", 0), change("b", 0), change(None, 0, "owner")]))
    writer.put("crm", Page({}, changes=[change("b", 0, "second")]))
    writer.put("crm", Page({}, changes=[change("a", 0, "second"), change("x", -1, "owner")]))
    assert rows(store, NOW) == [("owner", None), ("second", "b"), ("stage", "b")]


def test_values_are_kept_as_text(store: Store, writer: Writer) -> None:
    writer.put("crm", Page({}, changes=[change(True, 0, "a"), change(1.5, 0, "b"), change("1", 0, "c")]))
    assert rows(store, NOW) == [("a", "true"), ("b", "1.5"), ("c", "1")]


def test_objects_and_links_are_stored_once(store: Store, writer: Writer) -> None:
    link = Link(DEAL, Ref("account", "acme"), "of")
    for _ in range(3):
        writer.put("crm", Page({}, links=[link, link]))
    writer.put(
        "crm",
        Page(
            {},
            [Event("1", AT, "quote.sent", [DEAL, Ref("account", "acme"), Ref("account", "crm/1")])],
            links=[Link(DEAL, Ref("account", "acme"), "by")],
        ),
    )
    assert rows(store, "SELECT count(*) FROM object_object") == [(2,)]
    assert rows(store, "SELECT id FROM object ORDER BY id, otype") == [("acme",), ("crm/1",), ("crm/1",)]


def test_an_instant_is_the_same_in_every_notation(store: Store, writer: Writer) -> None:
    east, west = timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-8))
    for zone in (UTC, east, west):
        writer.put("mail", Page({}, [Event("1", AT.astimezone(zone), "msg.in", [DEAL])]))
    assert rows(store, "SELECT t FROM event") == [(int(AT.timestamp()) * 1_000_000,)]


def test_frames_and_events_are_the_same_facts(store: Store, writer: Writer) -> None:
    events = [Event(str(i), AT + timedelta(minutes=i), "msg.in", [DEAL], attrs={"ä": i}) for i in range(5)]
    frames = to_frames(events[:3], [change("won", 0)], [Link(DEAL, Ref("account", "acme"))])
    assert writer.put("crm", Page({}, events[2:], frames=frames)).n_new == 5
    assert writer.put("crm", Page({}, events)).n_new == 0
    assert rows(store, "SELECT attrs FROM event ORDER BY t")[4] == ('{"ä": 4}',)
    assert rows(store, NOW) == [("stage", "won")]


@pytest.mark.parametrize(
    "page",
    [
        Page({}),
        Page({}, retractions=[Retraction("1", "deleted")]),
        Page({}, changes=[change("x", 0)]),
        Page({}, links=[Link(DEAL, Ref("account", "acme"))]),
        Page({}, frames=to_frames([])),
        Page({}, [Event("2", AT, "msg.in", [Ref("account", "acme")])]),
    ],
)
def test_every_kind_of_page_may_come_alone_and_leaves_the_types_of_columns_as_they_are(
    store: Store, writer: Writer, page: Page
) -> None:
    writer.put("crm", Page({}, [Event("1", AT, "msg.in", [DEAL])]))
    writer.put("crm", page)
    found = writer.do(
        lambda con: con.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'case_event' ORDER BY 1"
        ).fetchall()
    )
    assert found == writer.do(
        lambda con: con.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'fresh' ORDER BY 1"
        ).fetchall()
    )


def test_keys_are_the_same_on_every_machine() -> None:
    # These stand in files: other values would make every known record new again.
    assert (key64(""), key64("crm\0" + "1")) == (-5426141060434712860, 6536757457244327095)
    assert (
        -(1 << 63) <= min(key64(str(i)) for i in range(100)) < 0 < max(key64(str(i)) for i in range(100)) < 1 << 63
    )


def test_names_with_any_letters_survive(store: Store, writer: Writer) -> None:
    odd = ["x'; DROP TABLE event; --", "日本語", "a\tb", "\U0001f600", " lead and trail "]
    writer.put(
        "crm",
        Page(
            {},
            [Event(name, AT, name, [Ref("case", name, name)], actor=name, team=name, channel=name) for name in odd],
        ),
    )
    assert sorted(rows(store, "SELECT source_id FROM event")) == sorted((name,) for name in odd)
    assert sorted(rows(store, "SELECT name FROM activity WHERE code > 0")) == sorted((name,) for name in odd)
    assert sorted(rows(store, "SELECT id FROM object")) == sorted((name,) for name in odd)
