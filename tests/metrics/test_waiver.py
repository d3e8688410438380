"""What a reviewer excuses is waived at once, and stays so however often its case is decided again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from data import reviews
from data.event import Event, Ref
from data.page import Page
from data.scope import SYSTEM, Principal, Role
from data.store import Store, now_us
from data.writer import Writer
from metrics._engine import Engine
from metrics.conformance.decide import Conformance

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
OFFICER = Principal("olga", "Olga", Role.OFFICER, "", None)
SUMS = "SELECT verdict, sum(n) AS n FROM agg_rule GROUP BY verdict HAVING sum(n) <> 0 ORDER BY verdict"


@pytest.fixture
def running() -> Iterator[tuple[Store, Writer, Engine]]:
    store, engine = Store.open(":memory:"), Engine(Conformance())
    writer = Writer(store, [engine])
    writer.start()
    yield store, writer, engine
    writer.stop()
    store.close()


def event(name: str, hours: float, activity: str, actor: str) -> Event:
    return Event(name, START + timedelta(hours=hours), activity, [Ref("ticket", "t1")], actor=actor)


def test_a_known_exception_is_waived_and_stays_so(running: tuple[Store, Writer, Engine]) -> None:
    store, writer, engine = running
    told = [event("a", 0, "credit.created", "ana@firm.example"), event("b", 1, "credit.released", "ana@firm.example")]
    writer.put("desk", Page(cursor={}, events=told))
    before = store.read("SELECT verdict, t, decided_t FROM binding WHERE verdict = 2", {}, SYSTEM)
    assert len(before) == 1
    writer.do(lambda con: reviews.feed(con, now_us(), reviews.Sampling()))
    item = store.connection.cursor().execute("SELECT item FROM review_item").fetchall()[0][0]
    writer.do(lambda con: reviews.claim(con, now_us(), OFFICER, item))
    writer.do(lambda con: reviews.dispose(con, now_us(), OFFICER, item, "known exception", "a test account"))

    def waived() -> list[dict[str, object]]:
        return store.read("SELECT verdict, t, decided_t, reason FROM binding", {}, SYSTEM)

    at_once, sums = waived(), store.read(SUMS, {}, SYSTEM)
    assert [row["verdict"] for row in at_once] == [6]
    assert sums == [{"verdict": 6, "n": 1}]
    assert [row["verdict"] for row in store.read("SELECT verdict FROM binding_past", {}, SYSTEM)] == [2]
    # Another event of the case decides it again, and so does computing everything anew.
    writer.put("desk", Page(cursor={}, events=[event("c", 2, "note.added", "ben@firm.example")]))
    assert waived() == at_once
    writer.do(lambda con: engine.rebuild(con, now_us()))
    assert waived() == at_once
    assert store.read(SUMS, {}, SYSTEM) == sums
