"""Object-centric logs in their three formats: the published figures, and what becomes of dangling references."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from connectors._eventlog_file import sniff
from connectors._eventlog_frames import Reading
from connectors._ocel import read_ocel
from data.batch import CHANGES, EVENTS, LINKS, RELATIONS, Frames, concat
from data.errors import FixSettings
from data.event import Aside

LOGS = Path(__file__).parents[3] / "shared" / "datasets" / "eventlogs"
ORDER = {
    "objectTypes": [{"name": "Order", "attributes": [{"name": "amount", "type": "float"}]}],
    "eventTypes": [{"name": "Place Order", "attributes": [{"name": "rush", "type": "boolean"}]}],
    "events": [
        {"id": "e1", "type": "Place Order", "time": "2024-05-01T08:00:00Z",
         "attributes": [{"name": "rush", "value": "true"}, {"name": "lines", "value": 3}],
         "relationships": [{"objectId": "o1", "qualifier": "placed"}, {"objectId": "c1", "qualifier": "buyer"},
                           {"objectId": "ghost", "qualifier": "lost"}]},
        {"id": "e2", "type": "Haunt", "time": "2024-05-01T09:00:00Z", "relationships": [{"objectId": "ghost"}]},
        {"id": "e3", "type": "Wait", "time": "soon", "relationships": [{"objectId": "o1", "qualifier": ""}]},
        {"id": "e1", "type": "Place Order", "time": "2024-05-01T08:00:00Z", "relationships": []},
    ],
    "objects": [
        {"id": "o1", "type": "Order",
         "attributes": [{"name": "amount", "time": "1970-01-01T00:00:00Z", "value": 10.5},
                        {"name": "amount", "time": "2024-05-02T00:00:00Z", "value": "12"}],
         "relationships": [{"objectId": "c1", "qualifier": "of"}, {"objectId": "ghost", "qualifier": "of"}]},
        {"id": "c1", "type": "Customer"},
    ],
}


def public(name: str) -> Path:
    """A log of the public collection; the test is skipped where that is not at hand."""
    if not (LOGS / name).exists():
        pytest.skip(f"the public log {name} is not in ../shared/datasets/eventlogs")
    return LOGS / name


def read(path: Path) -> tuple[Frames, list[Aside]]:
    batches = list(read_ocel(path, sniff(path) or "", Reading()))
    return concat([batch.frames for batch in batches]), [aside for batch in batches for aside in batch.aside]


def objects(frames: Frames) -> pl.DataFrame:
    sides = [frames.links.select(type=f"{side}_type", id=f"{side}_id") for side in "ab"]
    return pl.concat([frames.relations.select("type", "id"), frames.changes.select("type", "id"), *sides]).unique()


def test_the_inventory_log_is_complete() -> None:
    frames, aside = read(public("QEL_Inventory_Management.xml.gz"))
    assert len(frames.events) == frames.events["source_id"].n_unique() == 3_622
    assert len(objects(frames)) == 2_727
    assert objects(frames)["type"].n_unique() == 9
    assert aside == []
    assert set(frames.relations["qualifier"]) == {""}
    assert (frames.events.schema, frames.relations.schema) == (EVENTS, RELATIONS)
    assert (frames.changes.schema, frames.links.schema) == (CHANGES, LINKS)


def test_the_standards_own_example_reads_as_it_is_printed_in_the_standard() -> None:
    frames, aside = read(public("ocel20_example.sqlite"))
    assert (len(frames.events), len(objects(frames)), len(frames.relations), len(frames.links)) == (13, 9, 20, 7)
    assert aside == []
    changed = frames.changes.filter(id="PO1", attribute="po_quantity").sort("t")
    assert changed["value"].to_list() == ["500", "600"]
    creation = frames.events.filter(source_id="e1").row(0, named=True)
    assert creation["activity"] == "Create Purchase Requisition"
    assert json.loads(creation["attrs"]) == {"pr_creator": "Mike"}
    assert creation["t"] == 1_641_740_400_000_000
    assert frames.relations.filter(source_id="e1").row(0) == (
        "e1", "purchase requisition", "PR1", "Regular placement of PR")


def test_each_dangling_reference_of_the_logistics_log_is_accounted_for() -> None:
    path = public("ocel2_logistics_small.sqlite")
    frames, aside = read(path)
    base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    kept = base.execute(
        "SELECT count(DISTINCT ocel_event_id) FROM event_object JOIN object ON ocel_object_id = ocel_id")
    sound = base.execute("SELECT count(*) FROM event_object WHERE ocel_object_id IN (SELECT ocel_id FROM object)")
    bare = sum("concerns no object" in a.reason for a in aside)
    partly = [a for a in aside if "are not in the log's list" in a.reason]

    assert len(frames.events) == kept.fetchone()[0]
    assert len(frames.events) + bare == 8_727
    assert len(frames.relations) == sound.fetchone()[0]
    assert bare == len(partly) == 2_540
    assert partly[0].reason == "1 of its 3 objects are not in the log's list"
    assert set(frames.relations["source_id"]) == set(frames.events["source_id"])
    base.close()


def test_the_good_part_of_a_json_log_is_kept_and_the_rest_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps(ORDER), encoding="utf-8")
    frames, aside = read(path)
    assert frames.events["source_id"].to_list() == ["e1"]
    assert json.loads(frames.events["attrs"][0]) == {"rush": True, "lines": 3}
    assert frames.relations.rows() == [("e1", "order", "o1", "placed"), ("e1", "customer", "c1", "buyer")]
    assert frames.changes.select("attribute", "value").rows() == [("amount", "10.5"), ("amount", "12")]
    assert frames.links.rows() == [("order", "o1", "customer", "c1", "of")]
    assert Counter(a.source_id for a in aside) == {"e1": 2, "e2": 1, "e3": 1, "o1 -> ghost": 1}
    assert {a.reason for a in aside if a.source_id == "e1"} == {
        "another event has the same id", "1 of its 3 objects are not in the log's list"}


def test_xml_and_json_of_one_log_give_the_same_facts(tmp_path: Path) -> None:
    as_xml, as_json = tmp_path / "log.xml", tmp_path / "log.json"
    as_xml.write_text(
        '<log><object-types/><event-types><event-type name="Call"><attributes><attribute name="n" type="integer"/>'
        '</attributes></event-type></event-types><objects><object id="o" type="Deal"><attributes>'
        '<attribute name="stage" time="2024-05-01T08:00:00Z">won &amp; done</attribute></attributes><objects>'
        '<relationship object-id="o" qualifier="self"/></objects></object></objects><events>'
        '<event id="e" type="Call" time="2024-05-01T08:00:00Z"><attributes><attribute name="n">4</attribute>'
        '</attributes><objects><relationship object-id="o" qualifier="about"/></objects></event></events></log>',
        encoding="utf-8")
    as_json.write_text(json.dumps({
        "eventTypes": [{"name": "Call", "attributes": [{"name": "n", "type": "integer"}]}], "objectTypes": [],
        "objects": [{"id": "o", "type": "Deal", "relationships": [{"objectId": "o", "qualifier": "self"}],
                     "attributes": [{"name": "stage", "time": "2024-05-01T08:00:00Z", "value": "won & done"}]}],
        "events": [{"id": "e", "type": "Call", "time": "2024-05-01T08:00:00Z",
                    "attributes": [{"name": "n", "value": 4}],
                    "relationships": [{"objectId": "o", "qualifier": "about"}]}],
    }), encoding="utf-8")
    one, other = read(as_xml)[0], read(as_json)[0]
    assert len(one.events) == 1
    for part in ("events", "relations", "changes", "links"):
        assert getattr(one, part).equals(getattr(other, part))


def test_pages_resume_where_the_last_one_ended(tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    stamp = "2024-05-01T08:00:00Z"
    path.write_text(json.dumps({
        "objectTypes": [], "eventTypes": [], "objects": [{"id": "o", "type": "Deal"}],
        "events": [{"id": f"e{n}", "type": "Call", "time": stamp, "relationships": [{"objectId": "o"}]}
                   for n in range(45_000)],
    }), encoding="utf-8")
    pages = list(read_ocel(path, "ocel-json", Reading()))
    assert [(len(p.frames.events), p.position, p.behind) for p in pages] == [
        (20_000, 20_000, 25_000), (20_000, 40_000, 5_000), (5_000, 45_000, 0)]
    (rest,) = read_ocel(path, "ocel-json", Reading(), 40_000)
    assert rest.frames.events.equals(pages[2].frames.events)


def test_a_broken_log_says_where_and_keeps_what_came_before(tmp_path: Path) -> None:
    lines = gzip.decompress(public("QEL_Inventory_Management.xml.gz").read_bytes()).decode().splitlines()
    lines[20_000] = "<event id=>"
    path = tmp_path / "broken.xml"
    path.write_text("\n".join(lines), encoding="utf-8")
    events = 0
    with pytest.raises(FixSettings, match="is broken at line 20,001") as said:
        for batch in read_ocel(path, "ocel-xml", Reading()):
            events += len(batch.frames.events)
    assert events > 500
    assert f"The {events:,} events before that were read" in str(said.value)


def test_json_that_is_cut_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text(json.dumps(ORDER)[:700], encoding="utf-8")
    with pytest.raises(FixSettings, match="is not sound JSON"):
        list(read_ocel(path, "ocel-json", Reading()))


def test_a_damaged_database_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "damaged.sqlite"
    whole = public("ocel2_logistics_small.sqlite").read_bytes()
    path.write_bytes(whole[:200_000])
    with pytest.raises(FixSettings, match="damaged or incomplete as a database"):
        list(read_ocel(path, "ocel-sqlite", Reading()))
