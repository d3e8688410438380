"""Who reads what: each persona over a known history, and statements that try to get out of their scope."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data.accounts import create_account
from data.catalogue import scoped
from data.errors import NotAllowed, OurFault
from data.event import Aside, Change, Event, Link, Ref
from data.page import Page
from data.scope import SYSTEM, Principal, Role, Scope
from data.store import Store
from data.writer import Writer
from tests.data._escapes import ESCAPES
from tests.metrics._facts import running

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANNA, CARLA = "anna@firm.example", "carla@firm.example"
REP = Scope(Role.REP, ANNA)
NOBODY = Scope(Role.REP, "")
MANAGER = Scope(Role.MANAGER, "boss@firm.example", frozenset({"sales"}))
EVERYTHING = Scope(Role.MANAGER, "boss@firm.example", None)
OFFICER = Scope(Role.OFFICER)
ADMINISTRATOR = Scope(Role.ADMINISTRATOR)
NARROW = [REP, NOBODY, MANAGER, ADMINISTRATOR]

CONTENT = [
    "event",
    "record",
    "case_event",
    "event_object",
    "object",
    "object_change",
    "object_now",
    "object_object",
    "object_fact",
    "case_open",
    "object_team",
    "object_actor",
    "binding",
    "binding_open",
    "binding_done",
    "binding_past",
    "ask",
    "ask_open",
    "ask_done",
    "variant",
    "agg_activity",
    "agg_dfg",
    "agg_rule",
    "agg_case",
    "agg_variant",
]
SUMS = ["variant", "agg_activity", "agg_dfg", "agg_rule", "agg_case", "agg_variant"]
# What each file holds besides: nobody reads it, or not as it stands there.
HIDDEN = [
    "reply",
    "term",
    "person",
    "setting",
    "viewer_log",
    "retraction",
    "event_retracted",
    "team_actor",
    "schema_step",
]


def event(number: int, case: str, activity: str, **more: Any) -> Event:
    return Event(
        str(number),
        START + timedelta(minutes=number),
        activity,
        [Ref("conversation", case)],
        channel="email",
        **more,
    )


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """Two conversations of sales (Anna answers in one, Ben in the other), one of service that Carla answers."""
    store = Store.open(":memory:")
    writer, _ = running(store)
    fill(writer)
    yield store
    writer.stop()
    store.close()


def fill(writer: Writer) -> None:
    events = [
        event(1, "annas", "msg.in", team="sales", direction="inbound"),
        event(2, "annas", "msg.out", actor=ANNA, team="sales", direction="outbound"),
        event(3, "bens", "msg.in", team="sales", direction="inbound"),
        event(4, "bens", "msg.out", actor="ben@firm.example", team="sales", direction="outbound"),
        event(5, "carlas", "msg.in", team="service", direction="inbound"),
        event(6, "carlas", "msg.out", actor=CARLA, team="service", direction="outbound"),
        event(7, "carlas", "owner.changed", actor=CARLA, team="service", attrs={"from": CARLA, "to": ANNA}),
        event(8, "nobodys", "msg.in", direction="inbound"),
    ]
    changes = [
        Change(Ref("conversation", case), "subject", f"about {case}", START) for case in ("annas", "bens", "carlas")
    ]
    changes += [
        Change(Ref("person", ANNA), "name", "Anna Adler", START),
        Change(Ref("person", ANNA), "team", "sales", START),
        Change(Ref("conversation", "bens"), "owner", "ben@firm.example", START),
    ]
    writer.put(
        "mail",
        Page(
            {"token": "cursor-secret"},
            events,
            changes,
            [Link(Ref("conversation", "carlas"), Ref("account", "acme"))],
            aside=[Aside("9", "names no object", "excerpt-secret")],
        ),
    )
    create_account(writer, Principal("ann", "Ann", Role.ADMINISTRATOR), "password-secret")
    writer.note_view(Principal("ann", "Ann", Role.ADMINISTRATOR), "viewed-secret")
    writer.do(lambda con: con.execute("INSERT INTO setting VALUES ('session_secret', 'setting-secret')") and None)


def values(store: Store, sql: str, scope: Scope) -> set[Any]:
    return {
        str(value) if isinstance(value, list) else value
        for row in store.read(sql, {}, scope)
        for value in row.values()
    }


def cases(store: Store, relation: str, scope: Scope) -> set[str]:
    """The conversations that a relation with `obj` tells of, by number, so that only this relation narrows."""
    names = {row["obj"]: row["id"] for row in store.read("SELECT obj, id FROM object", {}, SYSTEM)}
    return {names[row["obj"]] for row in store.read(f"SELECT obj FROM {relation}", {}, scope)}


@pytest.mark.parametrize(
    "relation",
    [
        "case_event",
        "event_object",
        "object",
        "object_change",
        "object_now",
        "object_fact",
        "case_open",
        "object_team",
        "object_actor",
        "binding",
        "binding_done",
        "ask",
        "ask_done",
    ],
)
def test_what_a_relation_of_cases_shows_to_whom(store: Store, relation: str) -> None:
    everything = cases(store, relation, SYSTEM)
    assert {"annas", "bens", "carlas"} <= everything
    assert cases(store, relation, REP) == {"annas"}
    assert cases(store, relation, NOBODY) == set()
    assert cases(store, relation, MANAGER) == {"annas", "bens"}
    assert cases(store, relation, EVERYTHING) == everything
    assert cases(store, relation, OFFICER) == everything - {ANNA}
    with pytest.raises(NotAllowed):
        store.read(f"SELECT * FROM {relation}", {}, ADMINISTRATOR)


def test_what_events_show_to_whom(store: Store) -> None:
    ids = {
        scope: values(store, "SELECT source_id FROM event", scope)
        for scope in (REP, NOBODY, MANAGER, EVERYTHING, OFFICER)
    }
    assert ids == {
        REP: {"2"},
        NOBODY: set(),
        MANAGER: {"1", "2", "3", "4"},
        EVERYTHING: set("12345678"),
        OFFICER: set("12345678"),
    }
    records = {
        scope: values(store, "SELECT source_id FROM record", scope) for scope in (REP, NOBODY, MANAGER, OFFICER)
    }
    assert records == {REP: {"1", "2"}, NOBODY: set(), MANAGER: {"1", "2", "3", "4"}, OFFICER: set("12345678")}


def test_sums_show_nothing_of_other_teams(store: Store) -> None:
    service = values(store, "SELECT code FROM team WHERE name = 'service'", SYSTEM)
    for relation in ("agg_activity", "agg_dfg", "agg_rule", "agg_case"):
        assert service & values(store, f"SELECT team FROM {relation}", SYSTEM), relation
        assert not service & values(store, f"SELECT team FROM {relation}", MANAGER), relation
    for scope, forbidden in (
        (REP, SUMS),
        (NOBODY, SUMS),
        (MANAGER, ["variant", "agg_variant"]),
        (ADMINISTRATOR, CONTENT),
    ):
        for relation in forbidden:
            with pytest.raises(NotAllowed):
                store.read(f"SELECT * FROM {relation}", {}, scope)
    for relation in CONTENT:
        store.read(f"SELECT * FROM {relation}", {}, EVERYTHING)


def test_links_between_objects_follow_the_first_of_them(store: Store) -> None:
    assert [len(store.read("SELECT a FROM object_object", {}, scope)) for scope in (REP, MANAGER, EVERYTHING)] == [
        0,
        0,
        1,
    ]


def test_an_officer_meets_own_people_under_pseudonyms_only(store: Store) -> None:
    told = {
        str(value)
        for relation in [*CONTENT, "actor"]
        for value in values(store, f"SELECT * FROM {relation}", OFFICER)
    }
    assert not [text for text in told for person in (ANNA, CARLA, "ben@firm", "Anna") if person in text]
    names = values(store, "SELECT name FROM actor WHERE code > 0", OFFICER)
    # They are told apart only within a case, by a pseudonym of their own: see test_unmask.
    assert names == {"Person"}
    assert "Anna Adler" in values(store, "SELECT name FROM actor", MANAGER)


def test_an_administrator_reads_sources_and_accounts_without_content(store: Store) -> None:
    assert values(store, "SELECT login FROM account", ADMINISTRATOR) == {"ann"}
    assert values(store, "SELECT reason FROM quarantine", ADMINISTRATOR) == {"names no object"}
    assert values(store, "SELECT n_new FROM commit_log", ADMINISTRATOR) == {8}
    with pytest.raises(NotAllowed):
        store.read("SELECT * FROM actor", {}, ADMINISTRATOR)
    for scope in (REP, MANAGER, EVERYTHING, OFFICER):
        with pytest.raises(NotAllowed):
            store.read("SELECT * FROM account", {}, scope)


@pytest.mark.parametrize("scope", [REP, MANAGER, EVERYTHING, OFFICER, ADMINISTRATOR])
def test_secrets_are_in_no_relation(store: Store, scope: Scope) -> None:
    told = []
    for relation in [*CONTENT, *HIDDEN, "source", "account", "commit_log", "quarantine", "actor", "rule", "team"]:
        try:
            told.append(repr(store.read(f"SELECT * FROM {relation}", {}, scope)))
        except NotAllowed:
            continue
    text = " ".join(told)
    for secret in ("cursor-secret", "setting-secret", "viewed-secret", "argon2"):
        assert secret not in text
    assert ("excerpt-secret" in text) is (scope is OFFICER)


def test_there_is_no_default_scope(store: Store) -> None:
    with pytest.raises(TypeError):
        store.read("SELECT * FROM event", {})  # type: ignore[call-arg]
    for nobody in (None, "manager", Principal("ann", "Ann", Role.MANAGER, teams=None)):
        with pytest.raises(TypeError):
            store.read("SELECT * FROM event", {}, nobody)  # type: ignore[arg-type]
    for role in ("visitor", "administrator"):
        with pytest.raises(NotAllowed):
            store.read("SELECT * FROM event", {}, Scope(role, teams=None))  # type: ignore[arg-type]


OTHERS = (
    "carla",
    "setting-secret",
    "viewed-secret",
    "cursor-secret",
    "excerpt-secret",
    "argon2",
    "0001_facts",
    "root:",
)


@pytest.mark.parametrize("sql", ESCAPES)
def test_no_statement_gets_out_of_its_scope(store: Store, sql: str) -> None:
    before = store.connection.execute(
        "SELECT (SELECT count(*) FROM setting), (SELECT count(*) FROM event)"
    ).fetchall()
    for scope in NARROW:
        theirs = {"objs": ALL, "scope_objs": ALL} if "few_" in sql else {}
        try:
            rows = store.read(
                sql, {"scope_actor": CARLA, "scope_teams": ["service"], "table": "setting", **theirs}, scope
            )
        except (NotAllowed, OurFault):
            try:
                rows = store.read(sql, {}, scope)
            except (NotAllowed, OurFault):
                continue
        told = repr(rows).lower()
        assert not [word for word in OTHERS if word in told], f"{scope.role} read {told[:200]}"
        assert '"5"' not in told and "'source_id': '5'" not in told
    assert (
        store.connection.execute("SELECT (SELECT count(*) FROM setting), (SELECT count(*) FROM event)").fetchall()
        == before
    )


ALL = list(range(1, 200))
FEW = ["case_event", "event_object", "object", "object_change", "object_now", "object_fact", "case_open", "object_team",
       "object_actor", "binding", "binding_open", "binding_done", "binding_past"]


@pytest.mark.parametrize("relation", [*FEW, "record"])
def test_a_relation_of_a_few_objects_shows_what_the_whole_one_does(store: Store, relation: str) -> None:
    def rows(named: str, scope: Scope, params: dict[str, Any]) -> list[str]:
        return sorted(map(repr, store.read(f"SELECT * FROM {named}", params, scope)))

    for scope in (REP, NOBODY, MANAGER, EVERYTHING, OFFICER, SYSTEM):
        whole = rows(relation, scope, {})
        assert rows(f"few_{relation}", scope, {"objs": ALL, "scope_objs": ALL}) == whole, scope.role
        assert rows(f"few_{relation}", scope, {"objs": []}) == []
    with pytest.raises(NotAllowed):
        store.read(f"SELECT * FROM few_{relation}", {"objs": ALL}, ADMINISTRATOR)
    with pytest.raises(OurFault):
        store.read(f"SELECT * FROM few_{relation}", {}, REP)


def test_only_what_tells_of_no_case_is_remembered_for_everybody(store: Store) -> None:
    def is_common(sql: str, scope: Scope) -> bool:
        return scoped(sql, scope, store._parse).is_common

    content = [*CONTENT, *(f"few_{relation}" for relation in (*FEW, "record"))]
    for scope in (REP, MANAGER, EVERYTHING, OFFICER, SYSTEM):
        for relation in content:
            for sql in (f"SELECT * FROM {relation}", f"SELECT count(*) FROM team, {relation}",
                        f"WITH team AS (SELECT * FROM {relation}) SELECT * FROM team"):
                try:
                    assert not is_common(sql, scope), sql
                except NotAllowed:
                    continue
        for relation in ("word", "source", "rule", "actor"):
            assert is_common(f"SELECT * FROM {relation}", scope)
    for relation in ("review_item", "case_actor", "barred_actor", "unmasking", "quarantine", "account"):
        assert not is_common(f"SELECT * FROM {relation}", SYSTEM)
    told = [store.read(f"SELECT * FROM {relation}", {}, scope) for relation in ("object", "actor") for scope in
            (EVERYTHING, REP, OFFICER, EVERYTHING)]
    assert told[0] == told[3] != told[1] and told[4] == told[7] != told[6]
    assert "Anna Adler" not in repr(told[6])


def test_what_everybody_sees_alike_is_read_again_once_it_changed() -> None:
    store = Store.open(":memory:")
    writer, _ = running(store)
    fill(writer)
    rows = store.read("SELECT name FROM activity", {}, REP)
    rows[0]["name"] = "spoilt by a reader"
    assert "spoilt by a reader" not in values(store, "SELECT name FROM activity", OFFICER)
    assert "walked.in" not in values(store, "SELECT name FROM activity", REP)
    writer.put("mail", Page({"token": "2"}, [event(9, "annas", "walked.in", direction="inbound")]))
    assert "walked.in" in values(store, "SELECT name FROM activity", REP)
    writer.report("mail", "failed", "no answer")
    assert values(store, "SELECT state FROM source", MANAGER) == {"failed"}
    writer.stop()
    store.close()


def test_who_takes_part_later_reads_the_few_from_then_on() -> None:
    store = Store.open(":memory:")
    writer, _ = running(store)
    fill(writer)
    objs = [row["obj"] for row in store.read("SELECT obj FROM object WHERE id = 'bens'", {}, SYSTEM)]

    def seen(scope: Scope) -> set[Any]:
        return {row["id"] for row in store.read("SELECT id FROM few_object", {"objs": objs}, scope)}

    assert seen(REP) == set() and seen(MANAGER) == {"bens"}
    writer.put("mail", Page({"token": "2"}, [event(9, "bens", "msg.out", actor=ANNA, team="sales")]))
    assert seen(REP) == {"bens"} and seen(NOBODY) == set()
    writer.stop()
    store.close()


def test_parameters_of_the_caller_do_not_widen_the_scope(store: Store) -> None:
    rows = store.read("SELECT source_id FROM event WHERE seq > $low", {"low": 0, "scope_actor": CARLA}, REP)
    assert [row["source_id"] for row in rows] == ["2"]


def test_honest_statements_of_every_form_are_read(store: Store) -> None:
    for sql in (
        "SELECT count(*) AS n FROM EVENT",
        "WITH mine AS (SELECT * FROM event) SELECT count(*) AS n FROM MINE",
        "with mine as (from event) select count(*) as n from mine",
        "FROM event SELECT count(*) AS n",
        "SELECT count(*) AS n FROM (VALUES (1)) v, LATERAL (SELECT * FROM event)",
        "-- one\nSELECT count(*) AS n FROM event",
        "WITH RECURSIVE r AS (SELECT 1 AS k UNION ALL SELECT k + 1 FROM r WHERE k < 1) "
        "SELECT count(*) AS n FROM event, r",
    ):
        assert store.read(sql, {}, REP) == [{"n": 1}], sql
