"""Names in a case need two officers, show in that case alone, end by themselves, and every step is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data import audit, unmask
from data.errors import FixSettings, NotAllowed
from data.event import Change, Event, Ref
from data.page import Page
from data.scope import SYSTEM, Principal, Role, Scope
from data.store import Store, now_us
from data.writer import Writer
from tests.metrics._facts import running

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANNA, BEN = "anna@firm.example", "ben@firm.example"
OLGA, OMAR = (Principal(login, login.title(), Role.OFFICER, teams=None) for login in ("olga", "omar"))
OTHERS = [Principal(str(role), "Else", role, ANNA, None) for role in (Role.MANAGER, Role.REP, Role.ADMINISTRATOR)]
OFFICER = Scope(Role.OFFICER, teams=None)
REASON = "Several customers complain about the same answer"
NAMES = "SELECT o.id, c.alias, c.name FROM case_actor AS c JOIN object AS o ON o.obj = c.obj ORDER BY o.id, c.alias"


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store.open(":memory:")
    yield made
    made.close()


@pytest.fixture
def writer(store: Store) -> Iterator[Writer]:
    """Two tickets in which Anna and Ben work; only Anna's own name is known."""
    made, _ = running(store)
    events = [
        Event(
            f"{case}-{who}",
            START + timedelta(minutes=n),
            "msg.out",
            [Ref("ticket", case), Ref("contact", "c@x.example")],
            actor=who,
            team="service",
            direction="outbound",
        )
        for n, (case, who) in enumerate((("T-1", ANNA), ("T-1", BEN), ("T-2", ANNA), ("T-2", BEN)))
    ]
    made.put("desk", Page({"n": 1}, events, [Change(Ref("person", ANNA), "name", "Anna Adler", START)]))
    yield made
    made.stop()


def number(store: Store, case: str) -> int:
    return store.read("SELECT obj FROM object WHERE id = $id", {"id": case}, SYSTEM)[0]["obj"]


def agreed(writer: Writer, obj: int, at_t: int) -> int:
    """A request that was asked and agreed to at a moment."""
    made = writer.do(lambda con: unmask.ask(con, at_t, OMAR, obj, REASON))
    writer.do(lambda con: unmask.agree(con, at_t, OLGA, made))
    return made


def told(store: Store, case: str) -> set[Any]:
    return {row["name"] for row in store.read(NAMES, {}, OFFICER) if row["id"] == case}


def test_the_same_person_has_another_pseudonym_in_every_case(store: Store, writer: Writer) -> None:
    rows = store.read(NAMES, {}, OFFICER)
    assert {row["id"] for row in rows} == {"T-1", "T-2"}, (
        "a contact is met in many cases, so nobody is told apart there"
    )
    assert len({row["alias"] for row in rows}) == 4
    assert all(row["alias"].startswith("Person ") and row["name"] is None for row in rows)
    assert store.read("SELECT DISTINCT key, name FROM actor WHERE code > 0", {}, OFFICER) == [
        {"key": "", "name": "Person"}
    ]


def test_names_show_in_the_case_two_agreed_on_and_nowhere_else(store: Store, writer: Writer) -> None:
    before = store.read(NAMES, {}, OFFICER)
    asked = writer.do(lambda con: unmask.ask(con, now_us(), OMAR, number(store, "T-1"), REASON))
    assert store.read(NAMES, {}, OFFICER) == before, "asking alone names nobody"
    until_t = writer.do(lambda con: unmask.agree(con, now_us(), OLGA, asked))
    assert told(store, "T-1") == {"Anna Adler", BEN}
    assert told(store, "T-2") == {None}
    assert [row["alias"] for row in store.read(NAMES, {}, OFFICER)] == [row["alias"] for row in before]
    assert abs(until_t - now_us() - unmask.NAMED_US) < unmask.DAY_US
    writer.do(lambda con: unmask.close(con, now_us(), OMAR, asked))
    assert store.read(NAMES, {}, OFFICER) == before


def test_names_end_by_themselves_after_seven_days(store: Store, writer: Writer) -> None:
    agreed(writer, number(store, "T-1"), now_us() - unmask.NAMED_US - 1_000_000)
    agreed(writer, number(store, "T-2"), now_us() - unmask.NAMED_US + unmask.DAY_US)
    assert (told(store, "T-1"), told(store, "T-2")) == ({None}, {"Anna Adler", BEN})


def test_nobody_agrees_to_his_own_request_and_only_officers_to_any(store: Store, writer: Writer) -> None:
    obj = number(store, "T-1")
    asked = writer.do(lambda con: unmask.ask(con, now_us(), OMAR, obj, REASON))
    with pytest.raises(NotAllowed, match="another officer must agree"):
        writer.do(lambda con: unmask.agree(con, now_us(), OMAR, asked))
    for other in OTHERS:
        for deed in (
            lambda con, who=other: unmask.ask(con, now_us(), who, number(store, "T-2"), REASON),
            lambda con, who=other: unmask.agree(con, now_us(), who, asked),
            lambda con, who=other: unmask.close(con, now_us(), who, asked),
        ):
            with pytest.raises(NotAllowed, match="for officers"):
                writer.do(deed)
    assert told(store, "T-1") == {None}


@pytest.mark.parametrize(
    "scope", [Scope(Role.MANAGER, teams=None), Scope(Role.REP, ANNA), Scope(Role.ADMINISTRATOR)]
)
def test_nobody_else_reads_pseudonyms_or_requests(store: Store, writer: Writer, scope: Scope) -> None:
    for relation in ("case_actor", "unmasking"):
        with pytest.raises(NotAllowed):
            store.read(f"SELECT * FROM {relation}", {}, scope)


def test_what_does_not_fit_is_refused_with_the_remedy(store: Store, writer: Writer) -> None:
    obj, now = number(store, "T-1"), now_us()
    with pytest.raises(FixSettings, match="the reason has 5 characters"):
        writer.do(lambda con: unmask.ask(con, now, OMAR, obj, " short"))
    with pytest.raises(FixSettings, match="is no case"):
        writer.do(lambda con: unmask.ask(con, now, OMAR, number(store, "c@x.example"), REASON))
    asked = writer.do(lambda con: unmask.ask(con, now, OMAR, obj, REASON))
    with pytest.raises(FixSettings, match="open or in force"):
        writer.do(lambda con: unmask.ask(con, now, OLGA, obj, REASON))
    with pytest.raises(FixSettings, match="is not open any more"):
        writer.do(lambda con: unmask.agree(con, now + unmask.WAITS_US, OLGA, asked))
    writer.do(lambda con: unmask.close(con, now, OLGA, asked))
    with pytest.raises(FixSettings, match="is not open any more"):
        writer.do(lambda con: unmask.agree(con, now, OLGA, asked))
    with pytest.raises(FixSettings, match="has ended already"):
        writer.do(lambda con: unmask.close(con, now, OMAR, asked))
    with pytest.raises(FixSettings, match="no request 99"):
        writer.do(lambda con: unmask.agree(con, now, OLGA, 99))


def test_every_step_is_in_the_trail_without_the_words_of_the_reason(store: Store, writer: Writer) -> None:
    obj = number(store, "T-1")
    asked = agreed(writer, obj, now_us())
    writer.do(lambda con: unmask.note_look(con, now_us(), OLGA, obj, ("case", obj, "Compliance: a test")))
    writer.do(lambda con: unmask.close(con, now_us(), OMAR, asked))
    rows = writer.do(lambda con: [row for row in audit.entries(con) if row.obj == obj])
    assert [(row.login, row.what, row.obj) for row in rows] == [
        ("omar", "names asked for", obj),
        ("olga", "names agreed to", obj),
        ("olga", "names seen", obj),
        ("omar", "names hidden", obj),
    ]
    assert not [row for row in rows if REASON in row.detail or ANNA in row.detail]
    assert {json.loads(row.detail).get("request", asked) for row in rows} == {asked}
    assert writer.do(audit.verify).ok
    assert writer.do(lambda con: con.execute("SELECT login, what, obj FROM viewer_log").fetchall()) == [
        ("olga", "case", obj)
    ]


def test_declined_and_withdrawn_requests_are_told_apart(store: Store, writer: Writer) -> None:
    obj = number(store, "T-1")
    for who in (OLGA, OMAR):
        asked = writer.do(lambda con: unmask.ask(con, now_us(), OMAR, obj, REASON))
        writer.do(lambda con, who=who, asked=asked: unmask.close(con, now_us(), who, asked))
    rows = writer.do(lambda con: [row for row in audit.entries(con) if row.obj == obj])
    assert [row.what for row in rows][1::2] == ["request for names declined", "request for names withdrawn"]
