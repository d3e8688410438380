"""Exports hold exactly what the store holds: read again by our own import, and by other people's programs."""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors._import import Importer, Wishes
from data.errors import FixSettings, NotAllowed
from data.event import Change, Event, Link, Ref, micros
from data.page import Page
from data.scope import SYSTEM, Role, Scope
from data.settings import Settings
from data.store import Store
from data.writer import Writer
from metrics import _export_facts, _export_ocel
from metrics._contract import Read
from metrics._export import FORMATS, Wish, export, format_of
from metrics._export_facts import Tally

sys.path.append(str(Path(__file__).parents[1] / "peers"))
import mining

LOGS = Path(__file__).resolve().parents[3] / "shared" / "datasets" / "eventlogs"
NAMES = {"ocel-json": "log.json", "ocel-sqlite": "log.sqlite", "xes": "log.xes.gz", "parquet": "log.parquet",
         "csv": "log.csv"}
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
needs_tools = pytest.mark.skipif(bool(mining.missing()), reason=mining.missing() or "installed")


def public(name: str) -> Path:
    if not (LOGS / name).exists():
        pytest.skip(f"the public log {name} is not on this machine")
    return LOGS / name


def event(name: str, minute: int, activity: str, *objects: Ref, actor: str = "", **attrs: Any) -> Event:
    return Event(name, AT + timedelta(minutes=minute, microseconds=7), activity, objects, actor=actor, team="Sales",
                 channel="email", direction="outbound", attrs=attrs)


def odd_log() -> Page:
    """What is hard to write: names in other letters, quotes, equal but for their case, mixed kinds, shared ids."""
    deal, other, ana = Ref("opportunity", "7", "about"), Ref("ticket", "7"), Ref("person", "ana@firm.example", "by")
    events = [
        event("1", 0, "quote.sent", deal, ana, actor="ana@firm.example", discount=20, Discount=1.5, ok=True),
        event("2", 5, "quote.sent", deal, Ref("opportunity", "8"), discount=2.5,
              note='say "a\\b" <&> \x01 ümlaut\n\t'),
        event("3", 9, "Quote.Sent", deal, Ref("opportunity", "7", "again"), **{'odd "name"/~': 1, "team": "x"}),
        event("4", 9, "object", other, discount="twenty", mixed=1),
        event("5", 3, "map_type", other, mixed="a", empty=None, ocel_id="mine", ocel_time="noon", big=2**70),
        event("6", 60 * 24, "owner.changed", deal, to="ben@firm.example"),
    ]
    changes = [
        Change(Ref("opportunity", "7"), "amount", 10, AT),
        Change(Ref("opportunity", "7"), "amount", 12.5, AT + timedelta(minutes=3)),
        Change(Ref("opportunity", "7"), "Amount", "0012", AT), Change(Ref("opportunity", "7"), "open", True, AT),
        Change(Ref("ticket", "7"), "name", "=cmd()\x02", AT + timedelta(days=2)),
        Change(Ref("account", "idle"), "name", "Nobody GmbH", AT),
    ]
    return Page({}, events, changes=changes, links=[Link(Ref("ticket", "7"), Ref("opportunity", "7"), "follows"),
                                                     Link(Ref("opportunity", "8"), Ref("account", "idle"))])


def filled(*pages: Page) -> Store:
    store = Store.open(":memory:")
    writer = Writer(store)
    writer.start()
    for page in pages:
        writer.put("crm", page)
    writer.stop()
    return store


def imported(path: Path, mapping: Mapping[str, str] | None = None) -> Store:
    store = Store.open(":memory:")
    writer = Writer(store)
    writer.start()
    (result,) = Importer(Settings(), store, writer, Wishes(mapping or {})).run([path])
    writer.stop()
    assert result.state == "live", result
    return store


def counts(store: Store) -> tuple[int, ...]:
    """Events, objects, relations, values and links, the repeated ones once."""
    tables = ("event", "object", "event_object", "(SELECT DISTINCT obj, attribute, value, t FROM object_change)",
              "(SELECT DISTINCT a, b, qualifier FROM object_object)")
    return tuple(store.connection.execute("SELECT count(*) FROM " + t).fetchall()[0][0] for t in tables)


def told(tally: Tally) -> tuple[int, ...]:
    return astuple(tally)[:5]


@pytest.fixture(scope="module")
def odd() -> Iterator[Store]:
    store = filled(odd_log())
    yield store
    store.close()


def read(store: Store) -> Read:
    return Read(store.read, SYSTEM)


@pytest.mark.parametrize("form", ["ocel-json", "ocel-sqlite"])
@pytest.mark.parametrize("log", ["ocel20_example.sqlite", "ocel2_logistics_small.sqlite",
                                 "QEL_Inventory_Management.xml.gz", "receipt.xes.gz"])
def test_object_centric_logs_come_back_the_same(tmp_path: Path, log: str, form: str) -> None:
    before = imported(public(log))
    assert told(export(read(before), Wish(form), tmp_path / NAMES[form])) == counts(before)
    after = imported(tmp_path / NAMES[form])
    assert counts(after) == counts(before)
    same = ("SELECT count(*), sum(t), count(DISTINCT activity), min(t), max(t) FROM event",
            "SELECT t.name, count(*) FROM object JOIN term t ON t.kind = 'object_type' AND t.code = otype "
            "GROUP BY ALL ORDER BY ALL",
            "SELECT o.id, t.name, c.value, c.t FROM object_change c JOIN object o USING (obj) JOIN term t "
            "ON t.kind = 'attribute' AND t.code = c.attribute GROUP BY ALL ORDER BY ALL")
    for statement in same:
        assert before.connection.execute(statement).fetchall() == after.connection.execute(statement).fetchall()


@pytest.mark.parametrize("form", ["xes", "parquet", "csv"])
def test_flat_logs_come_back_with_the_same_cases_and_events(tmp_path: Path, form: str) -> None:
    before = imported(public("receipt.xes.gz"))
    file = tmp_path / NAMES[form]
    tally = export(read(before), Wish(form, otypes=("case",)), file)
    assert told(tally)[:3] == counts(before)[:3]
    mapping = {} if form == "xes" else {"case": "case", "activity": "activity", "time": "time", "actor": "actor"}
    after = imported(file, mapping)
    assert counts(after)[:3] == counts(before)[:3]
    course = ("SELECT o.id, list(a.name ORDER BY e.t, e.ord), list(p.name ORDER BY e.t, e.ord), min(e.t) "
              "FROM event e JOIN event_object USING (seq) JOIN object o USING (obj) JOIN term a ON a.kind = 'activity' "
              "AND a.code = e.activity JOIN term p ON p.kind = 'actor' AND p.code = e.actor GROUP BY o.id "
              "ORDER BY o.id")
    one, other = (store.connection.execute(course).fetchall() for store in (before, after))
    assert len(one) == 1_434
    assert one == other


@pytest.mark.peer
@needs_tools
@pytest.mark.parametrize("tool", ["pm4py", "r4pm"])
@pytest.mark.parametrize("form", ["ocel-json", "ocel-sqlite"])
def test_other_programs_read_the_same_object_centric_log(tmp_path: Path, form: str, tool: str) -> None:
    store = imported(public("ocel2_logistics_small.sqlite"))
    events, objects, relations, _, links = told(export(read(store), Wish(form), tmp_path / NAMES[form]))
    assert events == 6_187
    assert mining.ocel(tool, tmp_path / NAMES[form], form.partition("-")[2]) == [events, objects, relations, links]


@pytest.mark.peer
@needs_tools
@pytest.mark.parametrize("form", ["ocel-json", "ocel-sqlite"])
def test_another_program_reads_odd_names_too(tmp_path: Path, odd: Store, form: str) -> None:
    """r4pm only: pm4py leaves out objects without events, and an object that an event names twice."""
    events, objects, relations, _, links = told(export(read(odd), Wish(form), tmp_path / NAMES[form]))
    assert (events, objects, relations, links) == (6, 5, 9, 2)
    assert mining.ocel("r4pm", tmp_path / NAMES[form], form.partition("-")[2]) == [6, 5, 9, 2]


@pytest.mark.peer
@needs_tools
def test_other_programs_read_the_same_xes(tmp_path: Path, odd: Store) -> None:
    store = imported(public("receipt.xes.gz"))
    export(read(store), Wish("xes"), tmp_path / "log.xes.gz")
    assert mining.xes(tmp_path / "log.xes.gz") == [8_577, 1_434]
    export(read(odd), Wish("xes", otypes=("opportunity",)), tmp_path / "odd.xes")
    assert mining.xes(tmp_path / "odd.xes") == [5, 2]


@pytest.mark.parametrize("form", ["ocel-json", "ocel-sqlite"])
def test_odd_names_and_values_survive(tmp_path: Path, odd: Store, form: str) -> None:
    tally = export(read(odd), Wish(form), tmp_path / NAMES[form])
    assert told(tally) == counts(odd)
    after = imported(tmp_path / NAMES[form])
    assert counts(after) == counts(odd)
    rows = after.connection.execute("SELECT source_id, attrs, t FROM event ORDER BY source_id").fetchall()
    attrs = [json.loads(text) for _, text, _ in rows]
    assert [row[0] for row in rows] == [f"crm/{n}" for n in range(1, 7)]
    assert rows[0][2] == micros(AT) + 7, "to the microsecond"
    # SQLite knows no truth values, and takes Discount and discount for one name.
    names = ("Discount", "discount") if form == "ocel-json" else ("Discount", "discount_2")
    assert [attrs[0][name] for name in (*names, "ok", "actor")] == [1.5, 20.0, True, "ana@firm.example"]
    assert attrs[1]["note"] == 'say "a\\b" <&> \x01 ümlaut\n\t'
    assert attrs[2]['odd "name"/~'] == 1
    assert attrs[2]["attr:team"] == "x"
    assert attrs[2]["team"] == "Sales"
    ids = {row[0] for row in after.connection.execute("SELECT id FROM object").fetchall()}
    assert ids == {"opportunity:7", "ticket:7", "8", "ana@firm.example", "idle"}


def test_the_declared_kinds_fit_the_values(tmp_path: Path, odd: Store) -> None:
    export(read(odd), Wish(), tmp_path / "log.json")
    log = json.loads((tmp_path / "log.json").read_text())
    types = (*log["eventTypes"], *log["objectTypes"])
    kinds = {one["name"]: {a["name"]: a["type"] for a in one["attributes"]} for one in types}
    assert (kinds["quote.sent"]["discount"], kinds["quote.sent"]["Discount"]) == ("float", "float")
    assert (kinds["quote.sent"]["ok"], kinds["object"]["mixed"], kinds["map_type"]["mixed"]) == (
        "boolean", "integer", "string")
    assert kinds["opportunity"] == {"amount": "float", "Amount": "string", "open": "boolean"}
    fitting = {"string": str, "integer": int, "float": float, "boolean": bool}
    for item in (*log["events"], *log["objects"]):
        for attribute in item["attributes"]:
            assert type(attribute["value"]) is fitting[kinds[item["type"]][attribute["name"]]], attribute
    assert log["events"][0]["time"] == "2026-03-02T09:00:00.000007Z"


def test_a_wish_takes_a_case_a_type_or_a_time(tmp_path: Path, odd: Store) -> None:
    file = tmp_path / "log.json"

    def wished(**fields: Any) -> tuple[set[str], set[str]]:
        tally = export(read(odd), Wish(**fields), file)
        log = json.loads(file.read_text())
        assert told(tally)[:2] == (len(log["events"]), len(log["objects"]))
        known = {item["id"] for item in log["objects"]}
        for item in (*log["events"], *log["objects"]):
            assert {r["objectId"] for r in item["relationships"]} <= known, "nothing dangles"
        return {e["id"][4:] for e in log["events"]}, known

    assert wished(case="8") == ({"2"}, {"opportunity:7", "8"})
    assert wished(case="7")[0] == {"1", "2", "3", "4", "5", "6"}, "the id stands for two things"
    assert wished(case="7", otypes=("ticket",)) == ({"4", "5"}, {"ticket:7"})
    assert wished(otypes=("ticket", "account")) == ({"4", "5"}, {"ticket:7", "idle"})
    at = [micros(AT + timedelta(minutes=m)) + 7 for m in (3, 9)]
    assert wished(since_t=at[0], until_t=at[1])[0] == {"2", "5"}
    assert wished(since_t=at[1])[0] == {"3", "4", "6"}
    assert wished(until_t=1) == (set(), set())


def test_a_table_without_a_type_has_one_row_an_event(tmp_path: Path, odd: Store) -> None:
    export(read(odd), Wish("csv"), tmp_path / "log.csv")
    export(read(odd), Wish("parquet"), tmp_path / "log.parquet")
    with (tmp_path / "log.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["event_id"] for row in rows] == [f"crm/{n}" for n in range(1, 7)]
    assert json.loads(rows[1]["objects"]) == [{"type": "opportunity", "id": "opportunity:7", "qualifier": "about"},
                                              {"type": "opportunity", "id": "8", "qualifier": ""}]
    assert (rows[0]["ok"], rows[0]["actor"], rows[2]["attr:team"]) == ("true", "ana@firm.example", "x")
    frame = pl.read_parquet(tmp_path / "log.parquet")
    assert frame["time"].dtype == pl.Datetime("us", "UTC")
    assert frame["time"][0] == AT + timedelta(microseconds=7)
    assert frame["ok"].to_list() == [True, None, None, None, None, None]
    assert frame["note"][1] == rows[1]["note"]


def test_xes_says_what_xml_cannot_hold_with_another_sign(tmp_path: Path, odd: Store) -> None:
    export(read(odd), Wish("xes", otypes=("opportunity",)), tmp_path / "log.xes.gz")
    with gzip.open(tmp_path / "log.xes.gz", "rt", encoding="utf-8") as file:
        text = file.read()
    assert "\x01" not in text and "� ümlaut&#10;&#9;" in text
    assert counts(imported(tmp_path / "log.xes.gz"))[:3] == (5, 2, 5)


def test_each_reader_exports_what_is_in_scope(tmp_path: Path, odd: Store) -> None:
    def exported(scope: Scope) -> str:
        export(Read(odd.read, scope), Wish(), tmp_path / "log.json")
        return (tmp_path / "log.json").read_text()

    for_officer = exported(Scope(Role.OFFICER, teams=None))
    assert "ana@firm.example" not in for_officer and "ben@firm.example" not in for_officer
    assert '"crm/1"' in for_officer and '"about"' in for_officer
    assert json.loads(exported(Scope(Role.REP, actor="ana@firm.example")))["events"][0]["id"] == "crm/1"
    assert json.loads(exported(Scope(Role.REP, actor="eve@firm.example")))["events"] == []
    assert json.loads(exported(Scope(Role.MANAGER, teams=frozenset({"Service"}))))["events"] == []
    with pytest.raises(NotAllowed):
        exported(Scope(Role.ADMINISTRATOR))


@pytest.mark.parametrize(("wish", "said"), [
    (Wish(case="nine"), "there is no case 'nine'"), (Wish(otypes=("tickets",)), "choose among account, opportunity"),
    (Wish("xes"), "choose it with --otype: opportunity, ticket"),
    (Wish("csv", otypes=("ticket", "opportunity")), "cases of one type"),
])
def test_a_wish_that_does_not_fit_is_refused_and_leaves_nothing(tmp_path: Path, odd: Store, wish: Wish,
                                                                said: str) -> None:
    with pytest.raises(FixSettings, match=said):
        export(read(odd), wish, tmp_path / "log.any")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMATS)
def test_what_breaks_off_leaves_the_old_file_and_no_other(tmp_path: Path, odd: Store, form: str,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / NAMES[form]
    file.write_text("the last one")
    calls = []

    def failing(at_us: int) -> str:
        calls.append(at_us)
        if len(calls) > 3:
            raise OSError(28, "No space left on device")
        return "2026-03-02T09:00:00Z"

    monkeypatch.setattr(_export_facts, "iso", failing)
    for module in ("_export_ocel", "_export_flat"):
        monkeypatch.setattr(sys.modules[f"metrics.{module}"], "iso", failing)
    with pytest.raises(FixSettings, match="No space left"):
        export(read(odd), Wish(form, otypes=("opportunity",)), file)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [(file.name, "the last one")]


def test_places_that_cannot_be_written_are_named(tmp_path: Path, odd: Store) -> None:
    for place in (tmp_path, tmp_path / "nowhere" / "log.json"):
        with pytest.raises(FixSettings, match="folder"):
            export(read(odd), Wish(), place)
    assert [format_of(Path(name)) for name in NAMES.values()] == list(NAMES)
    with pytest.raises(FixSettings, match="--format"):
        format_of(Path("log.xlsx"))


def test_many_portions_make_one_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = imported(public("ocel2_logistics_small.sqlite"))
    monkeypatch.setattr(_export_facts, "PORTION", 700)
    for form in ("ocel-json", "ocel-sqlite"):
        assert told(export(read(store), Wish(form), tmp_path / NAMES[form])) == counts(store)
        assert counts(imported(tmp_path / NAMES[form])) == counts(store)
    whole = store.connection.execute(
        "SELECT count(*), count(DISTINCT obj) FROM (SELECT DISTINCT seq, obj FROM event_object) "
        "JOIN object USING (obj) JOIN term t ON t.code = otype AND t.kind = 'object_type' "
        "WHERE t.name = 'container'").fetchall()[0]
    tally = export(read(store), Wish("xes", otypes=("container",)), tmp_path / "log.xes")
    assert (tally.events, tally.objects) == whole
    assert _export_ocel.write_json in FORMATS.values()
