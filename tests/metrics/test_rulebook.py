"""Rules that change while the program runs: taken over, written down, or refused without losing those in force."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.audit import verify
from data.event import Event, Ref
from data.page import Page
from data.scope import SYSTEM
from data.store import Store
from data.writer import Writer
from metrics import _rulebook
from metrics._engine import Engine
from metrics._rulebook import watching
from metrics.conformance.decide import Conformance

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PACK = """pack: mine
title: mine
rules:
  - {{id: MINE-1, title: t, object: ticket, template: response, activation: {{activity: ticket.created}},
      target: {{activity: {target}}}, within: {within}}}
"""


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Store, Writer]]:
    monkeypatch.setattr(_rulebook, "LOOK_EVERY_SECONDS", 0.2)
    (tmp_path / "mine.yaml").write_text(PACK.format(target="msg.out", within="2 h"), encoding="utf8")
    store = Store.open(":memory:")
    writer = Writer(store, [Engine(Conformance([tmp_path], disabled=["core"]))])
    writer.start()
    about = [Ref("ticket", "t1")]
    events = [
        Event("a", START, "ticket.created", about),
        Event("b", START + timedelta(hours=3), "msg.out", about),
    ]
    writer.put("desk", Page(cursor={}, events=events))
    yield tmp_path / "mine.yaml", store, writer
    writer.stop()
    store.close()


def verdict(store: Store) -> int:
    return store.read("SELECT verdict FROM binding", {}, SYSTEM)[0]["verdict"]


def until(true: Callable[[], bool]) -> bool:
    for _ in range(300):
        if true():
            return True
        time.sleep(0.1)
    return False


def trouble(store: Store) -> str:
    rows = store.connection.cursor().execute("SELECT value FROM setting WHERE name = 'rules_trouble'").fetchall()
    return rows[0][0] if rows else ""


def test_a_changed_pack_is_taken_over_and_the_change_is_on_record(running: tuple[Path, Store, Writer]) -> None:
    pack, store, writer = running
    assert verdict(store) == 2
    with watching(writer, [pack.parent]):
        pack.write_text(PACK.format(target="msg.out", within="4 h"), encoding="utf8")
        assert until(lambda: verdict(store) == 1)
    con = store.connection.cursor()
    texts = con.execute("SELECT id, until_t IS NULL FROM rule_text ORDER BY from_t").fetchall()
    assert texts == [("MINE-1", False), ("MINE-1", True)]
    told = con.execute("SELECT what, detail FROM audit ORDER BY n").fetchall()
    assert [what for what, _ in told] == ["rules changed", "rules changed"]
    assert '"changed":["MINE-1"]' in told[1][1]
    assert verify(con).ok
    past = store.read("SELECT verdict FROM binding_past", {}, SYSTEM)
    assert [row["verdict"] for row in past] == [2]


def test_a_pack_that_is_not_understood_leaves_the_rules_in_force(running: tuple[Path, Store, Writer]) -> None:
    pack, store, writer = running
    with watching(writer, [pack.parent]):
        pack.write_text(PACK.format(target="msg.uot", within="4 h"), encoding="utf8")
        assert until(lambda: "did you mean 'msg.out'" in trouble(store))
        assert verdict(store) == 2
        # The program goes on deciding by the rules it has, and takes the mended file.
        writer.put("desk", Page(cursor={}, events=[Event("c", START, "ticket.created", [Ref("ticket", "t2")])]))
        pack.write_text(PACK.format(target="msg.out", within="5 h"), encoding="utf8")
        assert until(lambda: not trouble(store) and {1} <= {
            row["verdict"] for row in store.read("SELECT verdict FROM binding", {}, SYSTEM)})


def test_other_calendars_decide_again(tmp_path: Path) -> None:
    store = Store.open(":memory:")
    engine = Engine(Conformance(disabled=["core"]))
    writer = Writer(store, [engine])
    writer.start()
    con = store.connection.cursor()
    assert not engine.conformance.prepare(con)
    engine.conformance.calendars = [*engine.conformance.calendars, engine.conformance.calendars[0]][:1]
    assert not engine.conformance.prepare(con)
    con.execute("UPDATE setting SET value = 'something else' WHERE name = 'calendars'")
    assert engine.conformance.prepare(con)
    writer.stop()
    store.close()
