"""The one writer: receipts, what is stored once, what a failing page harms, and what callers are told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from data.errors import OurFault, RetryLater, SkipRecord
from data.event import Aside, Event, Ref, Retraction, micros
from data.ingest import Delta
from data.page import Page
from data.scope import SYSTEM
from data.store import Store
from data.writer import Receipt, Writer

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def event(name: str, minute: int = 0) -> Event:
    return Event(name, START + timedelta(minutes=minute), "msg.in", [Ref("conversation", "c1")])


class Picky:
    """A decider that cannot decide a record named `bad`, and one named `sick` breaks a promise of its own."""

    def prepare(self, con: duckdb.DuckDBPyConnection) -> None:
        pass

    def decide(self, con: duckdb.DuckDBPyConnection, delta: Delta) -> None:
        names = {name for (name,) in con.execute("SELECT source_id FROM b_event").fetchall()}
        if "bad" in names:
            raise ValueError("this record is bad")
        if "sick" in names:
            raise SkipRecord("this record is sick")

    def tidy(self, con: duckdb.DuckDBPyConnection) -> None:
        pass


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store.open(":memory:")
    yield store
    store.close()


@pytest.fixture
def writer(store: Store) -> Iterator[Writer]:
    writer = Writer(store, [Picky()], clock=lambda: micros(START))
    writer.start()
    yield writer
    writer.stop()


def one(store: Store, sql: str) -> Any:
    return next(iter(store.read(sql, {}, SYSTEM)[0].values()))


def together(writer: Writer, *jobs: tuple[str, Page]) -> list[Any]:
    """Put pages while the writer is held up, so that it finds all at once; receipts or errors in their order."""
    gate, held, results = threading.Event(), threading.Event(), [None] * len(jobs)

    def hold(_: Any) -> None:
        held.set()
        assert gate.wait(60)

    def put(place: int, source: str, page: Page) -> None:
        try:
            results[place] = writer.put(source, page)  # type: ignore[call-overload]
        except Exception as error:
            results[place] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=writer.do, args=(hold,))]
    threads[0].start()
    assert held.wait(60)
    for place, (source, page) in enumerate(jobs):
        threads.append(threading.Thread(target=put, args=(place, source, page)))
        threads[-1].start()
        while writer._jobs.qsize() <= place:
            threading.Event().wait(0.005)
    gate.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "somebody waits for ever"
    return results


def test_a_receipt_says_what_became_of_the_page(writer: Writer) -> None:
    assert writer.put("mail", Page({"n": 1}, [event("1"), event("2"), event("2")])) == Receipt(1, 3, 2, 1, 0)
    assert writer.put("mail", Page({"n": 2}, [event("2"), event("3")])) == Receipt(2, 2, 1, 1, 0)
    assert writer.put("desk", Page({}, [event("2")])) == Receipt(3, 1, 1, 0, 0), "ids belong to their source"
    assert writer.put("mail", Page({"n": 3})) == Receipt(4, 0, 0, 0, 0)


def test_what_was_taken_back_stays_away_whichever_came_first(store: Store, writer: Writer) -> None:
    writer.put("mail", Page({}, [event("1")]))
    writer.put("mail", Page({}, retractions=[Retraction("1", "deleted"), Retraction("2", "deleted")]))
    assert writer.put("mail", Page({}, [event("1"), event("2"), event("2#v2")])).n_new == 1
    both = Page({}, [event("4")], retractions=[Retraction("4", "deleted")])
    assert (writer.put("mail", both).n_in, writer.put("mail", both).n_new) == (1, 0)
    assert [row["source_id"] for row in store.read("SELECT source_id FROM event", {}, SYSTEM)] == ["2#v2"]
    assert one(store, "SELECT count(*) FROM case_event") == 1


def test_what_is_set_aside_is_kept_and_counted_once(store: Store, writer: Writer) -> None:
    aside = [
        Aside("7", "names no object"),
        Aside("7", "names no object"),
        Aside("7", "has no time zone"),
        Aside("8", "no id"),
    ]
    assert writer.put("mail", Page({}, aside=aside)).n_aside == 3
    assert writer.put("mail", Page({}, aside=aside[:1])).n_aside == 0
    assert writer.put("desk", Page({}, aside=aside[:1])).n_aside == 1
    assert one(store, "SELECT count(*) FROM quarantine") == 4
    assert one(store, "SELECT n_aside FROM source WHERE id = 'mail'") == 3


def test_the_row_of_a_source_moves_forward_only(store: Store, writer: Writer) -> None:
    def row() -> dict[str, Any]:
        return store.read("SELECT n_new, n_again, watermark_t, behind FROM source WHERE id = 'mail'", {}, SYSTEM)[0]

    later = START + timedelta(hours=1)
    writer.put("mail", Page({"n": 1}, [event("1")], watermark=later, behind=5))
    assert row() == {"n_new": 1, "n_again": 0, "watermark_t": micros(later), "behind": 5}
    writer.put("mail", Page({"n": 2}, [event("1")], watermark=START, behind=0))
    assert row() == {"n_new": 1, "n_again": 1, "watermark_t": micros(later), "behind": 0}
    writer.put("mail", Page({"n": 3}))
    assert row()["watermark_t"] == micros(later)
    assert store.cursor("mail") == {"n": 3} and store.cursor("desk") == {}


def test_a_failing_page_harms_only_itself(store: Store, writer: Writer) -> None:
    for bad, family in (("bad", OurFault), ("sick", SkipRecord)):
        with pytest.raises(family):
            writer.put("mail", Page({"n": 9}, [event(bad)]))
    assert store.cursor("mail") == {} and one(store, "SELECT count(*) FROM event") == 0
    assert writer.put("mail", Page({"n": 1}, [event("1")])) == Receipt(1, 1, 1, 0, 0)


def test_pages_taken_together_are_told_apart_when_one_fails(store: Store, writer: Writer) -> None:
    results = together(
        writer,
        ("mail", Page({"n": 1}, [event("1")])),
        ("desk", Page({"n": 1}, [event("bad")])),
        ("crm", Page({"n": 1}, [event("1")])),
    )
    assert [type(result) for result in results] == [Receipt, OurFault, Receipt]
    assert [store.cursor(source) for source in ("mail", "desk", "crm")] == [{"n": 1}, {}, {"n": 1}]
    assert one(store, "SELECT count(*) FROM event") == 2


def test_pages_that_wait_are_committed_together_each_with_its_own_receipt(store: Store, writer: Writer) -> None:
    results = together(
        writer,
        ("mail", Page({"n": 1}, [event("1"), event("2")])),
        ("desk", Page({"n": 1}, [event("1")])),
        ("mail", Page({"n": 2}, [event("2"), event("3")])),
    )
    assert {result.batch for result in results} == {1}
    assert [result.n_in for result in results] == [2, 1, 2] and sum(result.n_new for result in results) == 4
    assert store.cursor("mail") == {"n": 2} and store.version == 1
    assert one(store, "SELECT count(*) FROM commit_log") == 3


def test_put_returns_only_once_the_page_is_stored(store: Store, writer: Writer) -> None:
    gate, held, done = threading.Event(), threading.Event(), threading.Event()

    def hold(_: Any) -> None:
        held.set()
        assert gate.wait(60)

    def put() -> None:
        writer.put("mail", Page({"n": 1}, [event("1")]))
        done.set()

    holder, putter = threading.Thread(target=writer.do, args=(hold,)), threading.Thread(target=put)
    holder.start()
    assert held.wait(60)
    putter.start()
    assert not done.wait(0.2), "the writer is held up, so nothing can be stored yet"
    gate.set()
    assert done.wait(60)
    assert store.cursor("mail") == {"n": 1}
    holder.join()
    putter.join()


def test_nobody_waits_for_a_writer_that_has_ended(store: Store) -> None:
    writer = Writer(store)
    writer.start()
    writer.put("mail", Page({"n": 1}))
    writer.stop()
    with pytest.raises(RetryLater, match="ending"):
        writer.put("mail", Page({"n": 2}))
    writer.stop()
    assert store.cursor("mail") == {"n": 1}


def test_a_failing_small_write_is_undone_and_told(store: Store, writer: Writer) -> None:
    def half(con: duckdb.DuckDBPyConnection) -> None:
        con.execute("INSERT INTO setting VALUES ('half', 'x')")
        raise SkipRecord("changed my mind")

    with pytest.raises(SkipRecord):
        writer.do(half)
    assert writer.do(lambda con: con.execute("SELECT count(*) FROM setting WHERE name = 'half'").fetchall()) == [
        (0,)
    ]


def test_the_state_of_a_source_keeps_its_moment_until_it_changes(store: Store) -> None:
    ticks = iter(range(100, 200))
    writer = Writer(store, clock=lambda: next(ticks))
    writer.start()
    writer.register("mail", "imap", "Our mail", "sees no calls")
    states = []
    for state, message in (("live", ""), ("live", "all well"), ("failed", "no password"), ("live", "")):
        writer.report("mail", state, message)
        states.append(store.read("SELECT state, message, since_t FROM source", {}, SYSTEM)[0])
    assert [row["since_t"] for row in states] == [100, 100, 102, 103]
    assert states[1]["message"] == "all well" and states[2]["state"] == "failed"
    assert one(store, "SELECT title FROM source") == "Our mail"
    writer.stop()


def test_listeners_hear_of_each_commit_and_can_do_no_harm(store: Store, writer: Writer) -> None:
    heard: list[int] = []
    leave = store.subscribe(heard.append)
    writer.put("mail", Page({}, [event("1")]))
    writer.put("mail", Page({}, [event("2")]))
    assert heard == [1, 2] and store.version == 2
    leave()
    leave()

    def broken(_: int) -> None:
        raise ValueError("I cannot hear")

    store.subscribe(broken)
    assert writer.put("mail", Page({"n": 3}, [event("3")])).n_new == 1
    assert store.version == 3 and heard == [1, 2] and store.cursor("mail") == {"n": 3}
