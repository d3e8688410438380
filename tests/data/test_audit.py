"""The audit trail: a deed and its record are one, and nothing can be changed in a file without its showing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from data.accounts import create_account, set_active
from data.audit import START, Head, append, entries, head, verify
from data.errors import FixSettings, OurFault
from data.scope import Principal, Role
from data.store import Store
from data.writer import Writer

OFFICER = Principal("omar", "Omar", Role.OFFICER, teams=None)
N = 40


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A closed database with forty records in it."""
    path = tmp_path / "firm.duckdb"
    store = Store.open(path)
    writer = Writer(store)
    writer.start()
    for i in range(N):
        writer.do(lambda con, i=i: append(con, 1_000 + i, OFFICER, "case opened", i, {"view": "é", "n": i}))
    writer.stop()
    store.close()
    return path


def broken_by(path: Path, *statements: str) -> tuple[bool, int | None, str]:
    """What verifying says after somebody has written to the file past us."""
    with duckdb.connect(str(path)) as con:
        for statement in statements:
            con.execute(statement)
    with duckdb.connect(str(path)) as con:
        proof = verify(con)
    return proof.ok, proof.first_bad, proof.why


@pytest.fixture
def writer() -> Iterator[Writer]:
    store = Store.open(":memory:")
    writer = Writer(store, clock=lambda: 77)
    writer.start()
    yield writer
    writer.stop()
    store.close()


def test_a_chain_is_whole_and_each_hash_can_be_computed_by_anybody(file: Path) -> None:
    with duckdb.connect(str(file)) as con:
        proof, rows = verify(con), list(entries(con))
        assert head(con) == proof.head
    assert (proof.ok, proof.n, proof.first_bad, proof.head) == (True, N, None, Head(N, rows[-1].hash))
    assert rows[0].before_hash == START
    assert rows[2][:6] == (3, 1_002, "omar", "officer", "case opened", 2)
    assert json.loads(rows[2].detail) == {"n": 2, "view": "é"}
    for before, row in pairwise(rows):
        text = json.dumps([*row[:7], before.hash], separators=(",", ":"))
        assert row.hash == hashlib.sha256(text.encode("ascii")).hexdigest()


@pytest.mark.parametrize("column", ["at_t = 5", "login = 'eve'", "role = 'system'", "what = 'slept'", "obj = NULL",
                                    "obj = 99", "detail = '{}'", "hash = repeat('a', 64)",
                                    "before_hash = repeat('a', 64)"])
def test_a_changed_column_shows_at_its_record(file: Path, column: str) -> None:
    ok, first_bad, why = broken_by(file, f"UPDATE audit SET {column} WHERE n = 17")
    assert (ok, first_bad) == (False, 17)
    assert "record 17" in why


@pytest.mark.parametrize(("statements", "first_bad", "why"), [
    (["DELETE FROM audit WHERE n = 17"], 17, "is missing"),
    (["DELETE FROM audit WHERE n = 1"], 1, "is missing"),
    (["DELETE FROM audit WHERE n = 17", "UPDATE audit SET n = n - 1 WHERE n > 17"], 17, "does not follow"),
    ([f"DELETE FROM audit WHERE n = {N}"], N, f"{N} were written"),
    (["DELETE FROM audit WHERE n > 30"], 31, f"{N} were written"),
    (["DELETE FROM audit"], 1, f"{N} were written"),
    (["INSERT INTO audit SELECT * FROM audit WHERE n = 17"], 17, "twice"),
    (["INSERT INTO audit SELECT * FROM audit WHERE n = 40"], 40, "twice"),
    (["INSERT INTO audit SELECT 0, * EXCLUDE (n) FROM audit WHERE n = 17"], 41, "is missing while"),
    (["INSERT INTO audit SELECT 9000000, * EXCLUDE (n) FROM audit WHERE n = 40"], 41, "is missing while"),
    (["UPDATE audit SET n = n + 1 WHERE n > 20",
      "INSERT INTO audit SELECT 21, * EXCLUDE (n) FROM audit WHERE n = 20"], 21, "does not follow"),
    (["UPDATE audit SET n = 51 - n WHERE n IN (25, 26)"], 25, "does not follow"),
    (["DELETE FROM setting WHERE name = 'audit_head'"], N, "noted as the last"),
    (["UPDATE setting SET value = 'rubbish' WHERE name = 'audit_head'"], N, "noted as the last"),
])
def test_what_is_taken_out_put_in_or_swapped_shows(file: Path, statements: list[str], first_bad: int,
                                                   why: str) -> None:
    found = broken_by(file, *statements)
    assert found[:2] == (False, first_bad)
    assert why in found[2]


def test_a_forged_tail_shows_against_the_head(file: Path) -> None:
    with duckdb.connect(str(file)) as con:
        noted = verify(con).head
        told = con.execute("SELECT value FROM setting WHERE name = 'audit_head'").fetchall()[0][0]
        con.execute("DELETE FROM audit WHERE n >= 39")
        con.execute("UPDATE setting SET value = (SELECT n || ':' || hash FROM audit WHERE n = 38) "
                    "WHERE name = 'audit_head'")
        append(con, 1, ("eve", "system"), "nothing to see")
        assert verify(con).ok, "who forges the head as well is found only by a head noted elsewhere"
        assert (verify(con, [noted]).ok, verify(con, [noted]).first_bad) == (False, 40)
        append(con, 1, ("eve", "system"), "nothing to see")
        assert verify(con, [Head.parse(told)]).first_bad == 40


@pytest.mark.parametrize("damage", [
    ["DELETE FROM setting WHERE name = 'audit_head'"],
    ["DELETE FROM audit WHERE n > 35"],
    ["DELETE FROM setting WHERE name = 'audit_head'", "DELETE FROM audit WHERE n > 35"],
    ["UPDATE setting SET value = '' WHERE name = 'audit_head'", "DELETE FROM audit"],
])
def test_later_records_do_not_mend_a_broken_chain(file: Path, damage: list[str]) -> None:
    with duckdb.connect(str(file)) as con:
        for statement in damage:
            con.execute(statement)
        append(con, 1, OFFICER, "case opened")
        append(con, 1, OFFICER, "case opened")
        assert not verify(con).ok


def test_a_deed_that_fails_leaves_no_record_and_a_record_that_fails_no_deed(writer: Writer) -> None:
    def deed(con: duckdb.DuckDBPyConnection) -> None:
        append(con, 1, OFFICER, "case opened")
        raise FixSettings("no")

    def record(con: duckdb.DuckDBPyConnection) -> None:
        con.execute("INSERT INTO setting VALUES ('deed', 'done')")
        append(con, 1, OFFICER, "case opened", detail={"n": float("nan")})

    with pytest.raises(FixSettings):
        writer.do(deed)
    with pytest.raises(OurFault):
        writer.do(record)
    assert writer.do(lambda con: con.execute("SELECT count(*) FROM audit").fetchall()) == [(0,)]
    assert writer.do(lambda con: con.execute("FROM setting WHERE name = 'deed'").fetchall()) == []
    proof = writer.do(verify)
    assert (proof.ok, proof.n, proof.head) == (True, 0, Head(0, START))


def test_any_text_can_stand_in_the_detail(writer: Writer) -> None:
    detail = {"odd": "\x00 \ud800 \u2028 \" \\", "list": [1, 2.5, None, True]}
    writer.do(lambda con: append(con, 1, OFFICER, "noted", detail=detail))
    assert writer.do(verify).ok
    assert json.loads(writer.do(lambda con: list(entries(con)))[0].detail) == detail


def test_accounts_that_are_made_or_shut_out_are_recorded_once(writer: Writer) -> None:
    ben = Principal("Ben", "Ben", Role.MANAGER, teams=frozenset({"Sales"}))
    create_account(writer, ben, "long enough", by=OFFICER)
    set_active(writer, "ben", active=False, by=OFFICER)
    set_active(writer, "ben", active=False, by=OFFICER)
    set_active(writer, "ben", active=True)
    with pytest.raises(FixSettings):
        set_active(writer, "nobody", active=True)
    with pytest.raises(FixSettings):
        create_account(writer, Principal("ben", "Ben", Role.REP), "long enough")
    rows = writer.do(lambda con: list(entries(con)))
    assert [(row.login, row.role, row.what, json.loads(row.detail)) for row in rows] == [
        ("omar", "officer", "account made", {"login": "ben", "role": "manager", "teams": ["Sales"]}),
        ("omar", "officer", "account shut out", {"login": "ben"}),
        ("command line", "system", "account let in", {"login": "ben"}),
    ]
    assert writer.do(lambda con: list(entries(con, since_t=78))) == rows[:1]
    assert "long enough" not in str(rows)
    assert writer.do(verify).ok


@pytest.mark.parametrize("text", ["", "5", "5:abc", "x:" + START, "-1:" + START, "5:" + "G" * 64])
def test_a_head_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FixSettings, match="no head of an audit trail"):
        Head.parse(text)


def test_more_records_than_one_page(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "long.duckdb")
    con = store.connection
    con.execute("BEGIN")
    one = append(con, 1, OFFICER, "case opened")
    con.execute("COMMIT")
    rows, before = [], one
    for n in range(2, 45_001):
        fields = [n, 1, "omar", "officer", "case opened", None, "{}", before.hash]
        text = json.dumps(fields, separators=(",", ":"))
        before = Head(n, hashlib.sha256(text.encode()).hexdigest())
        rows.append((*fields, before.hash))
    frame = {name: [row[i] for row in rows] for i, name in enumerate(
        ("n", "at_t", "login", "role", "what", "obj", "detail", "before_hash", "hash"))}
    con.execute("INSERT INTO audit SELECT " + ", ".join(f"unnest(${name})" for name in frame), frame)
    con.execute("UPDATE setting SET value = ? WHERE name = 'audit_head'", [str(before)])
    assert (verify(con).ok, verify(con).n) == (True, 45_000)
    assert sum(1 for _ in entries(con)) == 45_000
    con.execute("INSERT INTO audit SELECT * FROM audit WHERE n = 20000")
    assert (verify(con).ok, verify(con).first_bad) == (False, 20_000)
    store.close()
