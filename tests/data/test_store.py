"""The file: made once, brought up to date step by step, refused when it is newer, let go of when closed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

import data.store as store_module
from data.errors import FixSettings, NotAllowed, OurFault
from data.event import Change, Event, Ref
from data.page import Page
from data.scope import SYSTEM, Role, Scope
from data.store import Store
from data.writer import Writer
from tests.metrics._facts import running

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def steps(file: Path) -> list[str]:
    with duckdb.connect(str(file)) as con:
        return [name for (name,) in con.execute("SELECT name FROM schema_step ORDER BY rowid").fetchall()]


def test_schema_steps_are_applied_once_and_in_order(tmp_path: Path) -> None:
    file = tmp_path / "deeper" / "f.duckdb"
    for _ in range(3):
        Store.open(file).close()
    assert steps(file) == sorted(step.name for step in store_module.SCHEMA.glob("*.sql"))


def test_a_further_step_is_applied_to_a_file_that_has_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, schema = tmp_path / "f.duckdb", tmp_path / "schema"
    schema.mkdir()
    for step in store_module.SCHEMA.glob("*.sql"):
        (schema / step.name).write_text(step.read_text(encoding="utf8"), encoding="utf8")
    store = Store.open(file)
    writer = Writer(store)
    writer.start()
    writer.put("mail", Page({"n": 1}, [Event("1", AT, "msg.in", [Ref("case", "a")])]))
    writer.stop()
    store.close()
    monkeypatch.setattr(store_module, "SCHEMA", schema)
    (schema / "9998_more.sql").write_text("ALTER TABLE event ADD COLUMN more VARCHAR; CREATE TABLE extra (a INT);")
    (schema / "9999_broken.sql").write_text("CREATE TABLE half (a INT); CREATE TABLE event (a INT);")
    with pytest.raises(FixSettings):
        Store.open(file)
    assert steps(file)[-1] == "9998_more.sql"
    (schema / "9999_broken.sql").unlink()
    store = Store.open(file)
    tables = {name for (name,) in store.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert "extra" in tables and "half" not in tables, "a broken step leaves nothing behind"
    assert store.cursor("mail") == {"n": 1} and store.version == 1
    store.close()


def test_a_file_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "f.duckdb"
    Store.open(file).close()
    with duckdb.connect(str(file)) as con:
        con.execute("INSERT INTO schema_step VALUES ('9999_of_tomorrow.sql')")
    before = file.read_bytes()
    with pytest.raises(FixSettings, match=r"newer Frontview \(step 9999_of_tomorrow.sql\); update the program"):
        Store.open(file)
    assert file.read_bytes() == before


def test_a_closed_store_lets_go_of_the_file_whatever_threads_read_it(tmp_path: Path) -> None:
    file = tmp_path / "f.duckdb"
    store = Store.open(file)
    writer = Writer(store)
    writer.start()
    readers = [threading.Thread(target=store.read, args=("SELECT 1", {}, SYSTEM)) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    writer.stop()
    store.close()
    # DuckDB shares one instance for a path within a process: another configuration is taken only when all let go.
    duckdb.connect(str(file), config={"threads": 1, "access_mode": "READ_ONLY"}).close()


def test_the_version_goes_on_after_a_restart(tmp_path: Path) -> None:
    for expected in (1, 2, 3):
        store = Store.open(tmp_path / "f.duckdb")
        writer = Writer(store)
        writer.start()
        assert store.version == expected - 1
        assert writer.put("mail", Page({"n": expected})).batch == expected
        store.announce(1)
        assert store.version == expected, "an old announcement does not turn the version back"
        writer.stop()
        store.close()


def test_reading_tells_what_is_wrong_with_a_statement() -> None:
    store = Store.open(":memory:")
    with pytest.raises(NotAllowed, match="only a single SELECT"):
        store.read("SELEKT 1", {}, SYSTEM)
    with pytest.raises(OurFault, match="no_such_column"):
        store.read("SELECT no_such_column FROM event", {}, SYSTEM)
    assert store.read("SELECT $word AS word", {"word": "x'; DROP TABLE event"}, SYSTEM) == [
        {"word": "x'; DROP TABLE event"}
    ]
    store.close()


def test_pseudonyms_are_stable_in_a_file_and_differ_between_files(tmp_path: Path) -> None:
    def names(file: Path) -> list[str]:
        store = Store.open(file)
        writer, _ = running(store)
        writer.put(
            "mail",
            Page(
                {},
                [
                    Event(who, AT, "msg.out", [Ref("case", "a")], actor=who, direction="outbound")
                    for who in ("anna", "ben")
                ],
            ),
        )
        rows = store.read("SELECT alias FROM case_actor ORDER BY code", {}, Scope(Role.OFFICER))
        writer.stop()
        store.close()
        return [row["alias"] for row in rows]

    first = names(tmp_path / "one.duckdb")
    assert len(set(first)) == 2 and names(tmp_path / "one.duckdb") == first
    assert not set(first) & set(names(tmp_path / "two.duckdb"))


def test_people_are_called_by_the_latest_name_they_had() -> None:
    store = Store.open(":memory:")
    writer = Writer(store)
    writer.start()
    anna = Ref("person", "anna@firm.example")
    writer.put(
        "crm",
        Page(
            {},
            [Event("1", AT, "msg.out", [Ref("case", "a")], actor=anna.id, direction="outbound")],
            [Change(anna, "name", "Anna Adler", AT.replace(hour=12))],
        ),
    )
    writer.put("crm", Page({}, changes=[Change(anna, "name", "Anna Berg", AT), Change(anna, "team", "sales", AT)]))
    rows = store.read("SELECT key, name, team FROM actor WHERE code > 0", {}, SYSTEM)
    assert rows == [{"key": "anna@firm.example", "name": "Anna Adler", "team": "sales"}]
    writer.stop()
    store.close()
