"""The connector for exported logs: which files it takes, what it says of them, and how an import resumes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors._contract import Opening
from connectors.eventlog import CONNECTOR, EventLogSource, describe, sniff
from data.errors import CursorExpired, FixSettings

PUBLIC = Path(__file__).parents[3] / "shared" / "datasets"
ROWS = "case,activity,time\n1,call,2024-05-01T10:00:00Z\n1,end,2024-05-01T11:00:00Z\n2,call,2024-05-02T10:00:00Z\n"


def public(name: str) -> Path:
    """A file of the public collection; the test is skipped where that is not at hand."""
    if not (PUBLIC / name).exists():
        pytest.skip(f"the public file {name} is not in ../shared/datasets")
    return PUBLIC / name


def source(path: Path, teams: dict[str, str] | None = None, **settings: Any) -> EventLogSource:
    defaults = {s.name: s.default for s in CONNECTOR.settings}
    return EventLogSource(Opening("log", defaults | {"path": str(path)} | settings, teams=teams or {}))


@pytest.mark.parametrize(("name", "kind", "events"), [
    ("eventlogs/bpic2012.xes.gz", "xes", 262_200), ("eventlogs/QEL_Inventory_Management.xml.gz", "ocel-xml", 3_622),
    ("eventlogs/ocel20_example.sqlite", "ocel-sqlite", 13),
    ("eventlogs/ocel2_logistics_small.sqlite", "ocel-sqlite", 8_727),
    ("eventlogs/loanapp_train.csv.gz", "csv", 7_544), ("maven_crm/sales_pipeline.csv", "csv", 8_800),
])
def test_a_file_is_described_before_it_is_imported(name: str, kind: str, events: int) -> None:
    found = describe(public(name))
    assert (found.format, found.events, found.bytes) == (kind, events, public(name).stat().st_size)
    assert (found.mapping is None) == (kind != "csv")


def test_the_content_and_not_the_name_says_the_format(tmp_path: Path) -> None:
    misnamed = tmp_path / "log.csv"
    misnamed.write_bytes(public("eventlogs/receipt.xes.gz").read_bytes())
    assert sniff(misnamed) == "xes"
    columns = tmp_path / "log.txt"
    pl.DataFrame({"a": [1]}).write_parquet(columns)
    assert sniff(columns) == "parquet"
    columns.write_text('{"objectTypes": [], "eventTypes": [], "events": [], "objects": []}', encoding="utf-8")
    assert sniff(columns) == "ocel-json"


@pytest.mark.parametrize("content", [
    b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"<html><body>,</body></html>", b"just words\nand more",
    b'{"name": "settings"}', b"SQLite format 3\0 and no more"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert sniff(path) is None
    with pytest.raises(FixSettings, match="is no event log that can be read; name one in XES"):
        describe(path)
    assert "is no event log" in source(path).check()[0]


def test_a_missing_file_and_a_folder_are_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(FixSettings, match="does not exist; check the path"):
        describe(tmp_path / "nothing.xes")
    with pytest.raises(FixSettings, match="is a folder"):
        list(source(tmp_path).pull({}))


def test_an_import_resumes_after_the_last_stored_page() -> None:
    pages = list(source(public("eventlogs/bpic2012.xes.gz")).pull({}))
    stored = pages[4]
    rest = list(source(public("eventlogs/bpic2012.xes.gz")).pull(stored.cursor))
    assert [page.cursor for page in rest] == [page.cursor for page in pages[5:]]
    assert sum(len(page.frames.events) for page in [*pages[:5], *rest] if page.frames) == 262_200
    assert list(source(public("eventlogs/bpic2012.xes.gz")).pull(pages[-1].cursor)) == []


def test_a_table_that_grew_is_read_from_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    # Past the first 64 kilobytes, by which the file is recognised, it may grow.
    path.write_text(ROWS + "".join(f"{n},call,2024-05-03T10:00:00Z\n" for n in range(9_000)), encoding="utf-8")
    opened = source(path)
    (page,) = opened.pull({})
    assert opened.wait(0.01) is False
    with path.open("a", encoding="utf-8") as file:
        file.write("9,end,2024-05-04T10:00:00Z\n")
    assert opened.wait(0.01) is True
    (more,) = opened.pull(page.cursor)
    assert more.frames is not None
    assert more.frames.events["source_id"].to_list() == ["9#2"]
    opened.close()
    assert opened.wait(5) is False


def test_another_file_at_the_same_path_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(ROWS, encoding="utf-8")
    (page,) = source(path).pull({})
    path.write_text(ROWS.replace("call", "mail"), encoding="utf-8")
    with pytest.raises(CursorExpired):
        list(source(path).pull(page.cursor))


def test_people_are_put_into_their_teams(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("case,activity,time,resource\n1,call,2024-05-01T10:00:00Z,ann\n1,end,2024-05-01T11:00:00Z,bob\n",
                    encoding="utf-8")
    (page,) = source(path, {"ann": "North"}).pull({})
    assert page.frames is not None
    assert page.frames.events["team"].to_list() == ["North", ""]


def test_an_unknown_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FixSettings, match="zone 'Mars/Base' is no time zone"):
        source(tmp_path / "log.csv", zone="Mars/Base")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file; run the tests as another user")
def test_a_file_that_may_not_be_read_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(ROWS, encoding="utf-8")
    path.chmod(0)
    with pytest.raises(FixSettings, match="may not be read"):
        list(source(path).pull({}))
