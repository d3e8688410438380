"""What each persona reads of himself: his own rows, nobody else's, and an administrator none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from data import disputes, own_choices
from data._mine_relations import RELATIONS
from data.accounts import create_account
from data.disputes import Subject
from data.errors import FixSettings, NotAllowed
from data.own_choices import Choice
from data.scope import SYSTEM, Principal, Role, Scope
from data.store import Store
from data.writer import Writer
from tests.data.test_scope import ANNA, CARLA, fill
from tests.metrics._facts import running

ann = Principal("anna", "Anna", Role.REP, ANNA)
carl = Principal("carla", "Carla", Role.REP, CARLA)
PEOPLE = {
    "rep": Scope(Role.REP, ANNA), "manager": Scope(Role.MANAGER, ANNA, frozenset({"sales"})),
    "every team": Scope(Role.MANAGER, ANNA, None), "officer": Scope(Role.OFFICER, ANNA, None),
}
OTHERS = {
    "rep": Scope(Role.REP, "dora@firm.example"), "nobody": Scope(Role.REP, ""),
    "manager": Scope(Role.MANAGER, "", None), "officer": Scope(Role.OFFICER, "", None), "system": SYSTEM,
}
OWN = sorted(RELATIONS - {"disputed"})
# Rows that the world below makes for Anna in each relation; those about work are counted from the store instead.
MADE = {"snooze": 1, "not_mine": 1, "dispute": 1, "feed_key": 1, "nudge_choice": 1, "my_account": 1, "my_letters": 1,
        "my_reviews": 1, "my_looks": 1, "viewed": 2}


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Store, Writer]]:
    store = Store.open(":memory:")
    writer, _ = running(store)
    fill(writer)
    for who in (ann, carl):
        create_account(writer, who, "a long enough password")
        writer.do(lambda con, who=who: everything(con, who))
    yield store, writer
    writer.stop()
    store.close()


def everything(con: duckdb.DuckDBPyConnection, who: Principal) -> None:
    """A row of each kind for one person; both look at each other's case."""
    seq = 2 if who is ann else 6
    case = con.execute("SELECT obj FROM object WHERE id = ?", ["annas" if who is ann else "carlas"]).fetchall()[0][0]
    other = con.execute("SELECT obj FROM object WHERE id = ?", ["carlas" if who is ann else "annas"]).fetchall()[0][0]
    code = con.execute("SELECT code FROM term WHERE kind = 'actor' AND name = ?", [who.actor]).fetchall()[0][0]
    own_choices.snooze(con, 1, who, "a", 5)
    own_choices.disown(con, 1, who, "b", case)
    own_choices.renew_feed(con, 1, who)
    own_choices.choose(con, 1, who, Choice("mail"))
    event = con.execute("SELECT seq FROM event WHERE source_id = ?", [str(seq)]).fetchall()[0][0]
    disputes.dispute(con, 1, who, Subject("event", seq=event))
    con.execute("INSERT INTO alert VALUES (?, ?, 1, 1, 's', 'secret body', 'sent', 1, NULL, 1, '')",
                [code, f"me.{code}"])
    con.execute("INSERT INTO review_item VALUES (?, 1, ?, 1, 'breach', 1, 0, 0, ?)", [code, case, code])
    for obj, what in ((case, "case"), (other, "case")):
        con.execute("INSERT INTO viewer_log VALUES (1, ?, 'rep', ?, ?, 'p')", ["dora", what, obj])
    con.execute("INSERT INTO viewer_log VALUES (1, ?, 'rep', 'case', ?, 'p')", [who.login, case])


def read(store: Store, relation: str, scope: Scope) -> list[dict[str, Any]]:
    return store.read(f"SELECT * FROM {relation}", {}, scope)


@pytest.mark.parametrize("relation", OWN)
def test_a_relation_holds_ones_own_rows_whatever_the_role(world: tuple[Store, Writer], relation: str) -> None:
    store, _ = world
    told = {name: read(store, relation, scope) for name, scope in PEOPLE.items()}
    assert told["rep"] or relation in {"my_bindings", "my_mentions", "day_binding", "day_party"}
    assert all(sorted(map(repr, rows)) == sorted(map(repr, told["rep"])) for rows in told.values())
    if relation in MADE:
        assert len(told["rep"]) == MADE[relation]
    for name, scope in OTHERS.items():
        assert read(store, relation, scope) == [], name
    with pytest.raises(NotAllowed):
        read(store, relation, Scope(Role.ADMINISTRATOR, ANNA))


def test_no_relation_tells_a_word_of_somebody_else(world: tuple[Store, Writer]) -> None:
    store, _ = world
    for relation in OWN:
        text = repr(read(store, relation, PEOPLE["rep"]))
        assert "carla" not in text.replace("'id': 'carlas'", "") or relation in {"my_events"}, relation
        assert "secret body" not in text and "digest" not in text


def test_only_officers_read_what_is_to_be_settled_and_not_whose_it_is(world: tuple[Store, Writer]) -> None:
    store, _ = world
    rows = read(store, "disputed", PEOPLE["officer"])
    assert [row["n"] for row in rows] == [1, 2] and not {"actor", "login"} & rows[0].keys()
    for scope in (PEOPLE["rep"], PEOPLE["manager"], PEOPLE["every team"], Scope(Role.ADMINISTRATOR)):
        with pytest.raises(NotAllowed):
            read(store, "disputed", scope)


def test_messages_to_people_show_in_the_list_of_alerts_as_one(world: tuple[Store, Writer]) -> None:
    rows = read(world[0], "alert", Scope(Role.ADMINISTRATOR))
    assert {row["channel"] for row in rows} == {"personal messages"} and len(rows) == 2


def test_tables_themselves_stay_hidden(world: tuple[Store, Writer]) -> None:
    for statement in ("SELECT * FROM main.feed_key", "SELECT digest FROM feed_key", "SELECT login FROM dispute",
                      "SELECT actor FROM snooze", "SELECT body FROM my_letters", "SELECT * FROM viewer_log"):
        with pytest.raises(Exception, match=r"cannot be read|not found|without schema|not a relation|query failed"):
            world[0].read(statement, {}, PEOPLE["rep"])


@pytest.mark.parametrize("choice", [
    Choice("pigeon"), Choice(zone="Mars/Olympus"), Choice(morning=1440), Choice(morning=-2), Choice(before_min=-1),
    Choice(before_min=1441), Choice(at_most=0), Choice(at_most=51)])
def test_a_choice_that_cannot_be_meant_is_refused(world: tuple[Store, Writer], choice: Choice) -> None:
    with pytest.raises(FixSettings):
        world[1].do(lambda con: own_choices.choose(con, 1, ann, choice))


def test_accounts_that_are_nobody_choose_nothing(world: tuple[Store, Writer]) -> None:
    for who in (Principal("x", "X", Role.MANAGER, "", None), Principal("y", "Y", Role.ADMINISTRATOR, ANNA)):
        with pytest.raises(NotAllowed, match="names no person"):
            world[1].do(lambda con, who=who: own_choices.renew_feed(con, 1, who))
