"""Tables as logs: what is guessed of their columns, what settings overrule, and what is set aside."""

from __future__ import annotations

import gzip
import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors._eventlog_frames import Reading
from connectors._table import Table
from data.batch import EVENTS, RELATIONS, Frames, concat
from data.errors import FixSettings
from data.event import Aside, micros

PUBLIC = Path(__file__).parents[3] / "shared" / "datasets"
INCIDENTS = "servicenow_incidents/incidents_opened_before_2016-04.csv.gz"


def public(name: str) -> Path:
    """A table of the public collection; the test is skipped where that is not at hand."""
    if not (PUBLIC / name).exists():
        pytest.skip(f"the public table {name} is not in ../shared/datasets")
    return PUBLIC / name


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "log.csv"
    path.write_bytes(text.encode(encoding))
    return path


def table(path: Path, **settings: Any) -> Table:
    return Table(path, "csv", settings)


def read(source: Table, **reading: str) -> tuple[Frames, list[Aside]]:
    batches = list(source.read(Reading(**reading)))
    return concat([batch.frames for batch in batches]), [aside for batch in batches for aside in batch.aside]


def at(*moment: int) -> int:
    return micros(datetime(*moment, tzinfo=UTC))


def test_the_incident_log_is_understood_without_settings() -> None:
    source = table(public(INCIDENTS))
    mapping = source.mapping
    assert (mapping.case, mapping.activity, mapping.time) == ("number", "incident_state", "sys_updated_at")
    assert (mapping.actor, mapping.team, mapping.channel) == ("sys_updated_by", "assignment_group", "contact_type")
    assert mapping.time_formats == {"sys_updated_at": "%d/%m/%Y %H:%M"}
    frames, aside = read(source)
    assert (len(frames.events), frames.relations["id"].n_unique(), aside) == (59_354, 9_202, [])
    assert frames.events["source_id"].n_unique() == 59_354
    assert (frames.events.schema, frames.relations.schema) == (EVENTS, RELATIONS)
    first = frames.events.row(0, named=True)
    assert (first["source_id"], first["t"], first["activity"]) == ("INC0000045#1", at(2016, 2, 29, 1, 23), "New")
    attrs = json.loads(first["attrs"])
    assert (attrs["made_sla"], attrs["reassignment_count"], "cmdb_ci" in attrs) == (True, 0, False)


def test_the_guess_says_its_reasons_and_can_be_confirmed_as_settings() -> None:
    source = table(public(INCIDENTS))
    printed = str(source.mapping)
    assert "8 different values" in printed
    assert "name no time zone: taken as UTC" in printed
    assert 0.5 < source.mapping.confidence < 1
    again = table(public(INCIDENTS), **tomllib.loads(source.mapping.as_toml()))
    assert again.mapping.confidence == 1
    assert read(again)[0].events.head(100).equals(read(source)[0].events.head(100))


def test_start_and_end_of_the_loan_application_steps_are_told_apart() -> None:
    source = table(public("eventlogs/loanapp_train.csv.gz"))
    assert (source.mapping.start, source.mapping.time) == ("start_time", "end_time")
    frames, aside = read(source)
    assert (len(frames.events), frames.relations["id"].n_unique(), aside) == (7_544, 1_000, [])
    assert json.loads(frames.events["attrs"][0])["started_at"] == "2023-02-09T08:00:00Z"
    assert frames.events["t"][0] == at(2023, 2, 9, 8, 5, 4, 420_000)


def test_a_row_of_the_sales_pipeline_is_two_events() -> None:
    source = table(public("maven_crm/sales_pipeline.csv"), objects={"account": "account"},
                   times={"engage_date": "opportunity.created", "close_date": "opportunity.{deal_stage}"})
    frames, aside = read(source, case_type="opportunity", prefix="crm/")
    counts = dict(frames.events["activity"].value_counts().iter_rows())
    assert counts == {"opportunity.created": 8_300, "opportunity.Won": 4_238, "opportunity.Lost": 2_473}
    assert (len(aside), {a.reason for a in aside}) == (500, {"it has no time"})
    assert frames.relations.filter(type="account")["id"].n_unique() == 85
    assert frames.relations.filter(type="opportunity")["id"][0] == "crm/1C1I7A6R"
    assert source.mapping.amount == "close_value"


def test_complaints_with_one_row_each_are_offered_as_several_moments() -> None:
    source = table(public("cfpb_complaints/complaints_2014.csv"))
    assert list(source.mapping.times) == ["Date received", "Date sent to company"]
    assert source.mapping.channel == "Submitted via"
    frames, _ = read(source)
    assert len(frames.events) == 2 * 8_340
    assert frames.events.row(0, named=True)["t"] == at(2014, 11, 13)


def test_tweets_name_no_activity_until_the_settings_do() -> None:
    path = public("twitter_support/twcs_dev.csv.gz")
    with pytest.raises(FixSettings, match="no column can be told to be the activity"):
        table(path)
    source = table(path, case="author_id", activity="inbound is {inbound}", source_id="tweet_id")
    frames, _ = read(source)
    assert len(frames.events) == 2_018
    assert set(frames.events["activity"]) == {"inbound is True", "inbound is False"}
    assert "text" not in source.mapping.attributes
    assert ("left out", "text") in [(c.role, c.column) for c in source.mapping.choices]


def test_one_late_day_decides_the_order_of_day_and_month(tmp_path: Path) -> None:
    rows = "".join(f"{n % 9},step {n % 3},{n % 12 + 1:02}/05/2024 10:00\n" for n in range(5_000))
    day_first = table(written(tmp_path, f"case,activity,time\n{rows}1,end,13/05/2024 10:00\n"))
    assert day_first.mapping.time_formats["time"] == "%d/%m/%Y %H:%M"
    month_first = table(written(tmp_path, f"case,activity,time\n{rows}1,end,05/13/2024 10:00\n"))
    assert month_first.mapping.time_formats["time"] == "%m/%d/%Y %H:%M"
    with pytest.raises(FixSettings, match=r"day or month first .* no value decides it; write time_format"):
        table(written(tmp_path, f"case,activity,time\n{rows}"))
    told = table(written(tmp_path, f"case,activity,time\n{rows}"), time_format="%m/%d/%Y %H:%M")
    assert read(told)[0].events["t"][1] == at(2024, 2, 5, 10)


def test_rows_without_case_activity_or_time_are_set_aside(tmp_path: Path) -> None:
    path = written(tmp_path, (
        "case,activity,time,n\n1,call,2024-05-01 10:00:00,007\n?,call,2024-05-01 10:00:00,1\n"
        "1,NULL,2024-05-01 10:00:00,1\n"
        "1,call,,1\n1,call,N/A,1\n1,call,whenever,1\n1,end,2024-05-02 10:00:00,2\n"
        + "".join(f"2,call,2024-06-01 10:00:{n:02},3\n" for n in range(40))))
    frames, aside = read(table(path))
    assert len(frames.events) == 42
    assert json.loads(frames.events["attrs"][0]) == {"n": "007"}
    assert [(a.source_id, a.reason) for a in aside] == [
        ("1#3", "it has no time"), ("1#4", "it has no time"), ("row 2", "it names no case"),
        ("1#2", "it names no activity"), ("1#5", "its time 'whenever' cannot be read")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators_are_found_out(tmp_path: Path, encoding: str, separator: str) -> None:
    lines = ["case,activity,time,Größe", "1,Anfrage geprüft,2024-05-01T10:00:00Z,5",
             "1,Ende,2024-05-01T11:00:00Z,6", "2,Ende,2024-05-01T12:00:00Z,7"]
    frames, _ = read(table(written(tmp_path, "\n".join(lines).replace(",", separator), encoding)))
    assert frames.events["activity"].to_list() == ["Anfrage geprüft", "Ende", "Ende"]
    assert json.loads(frames.events["attrs"][0]) == {"Größe": 5}


@pytest.mark.parametrize(("written_as", "meant"), [
    ("2024-05-01T10:00:00+02:00", (2024, 5, 1, 8)), ("2024-05-01T10:00:00Z", (2024, 5, 1, 10)),
    ("2024-05-01 10:00:00.5", (2024, 5, 1, 8, 0, 0, 500_000)), ("1714557600", (2024, 5, 1, 10)),
    ("1714557600000", (2024, 5, 1, 10)), ("Wed May 01 10:00:00 +0000 2024", (2024, 5, 1, 10)),
    ("31.05.2024 10:00", (2024, 5, 31, 8)), ("5/31/2024 1:05 PM", (2024, 5, 31, 11, 5)),
    ("2024/05/31", (2024, 5, 30, 22)),
])
def test_moments_are_read_in_many_shapes(tmp_path: Path, written_as: str, meant: tuple[int, ...]) -> None:
    path = written(tmp_path, f"case,activity,time\n1,call,{written_as}\n1,end,{written_as}\n")
    assert read(table(path, zone="Europe/Zurich"))[0].events["t"][0] == at(*meant)


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    pl.DataFrame({
        "case": [1, 1, 2], "activity": ["a", "b", "a"], "n": [1.5, float("nan"), None],
        "time": pl.Series(["2024-05-01 10:00", "2024-05-01 11:00", None]).str.to_datetime("%Y-%m-%d %H:%M"),
    }).write_parquet(path)
    frames, aside = read(Table(path, "parquet", {"zone": "Europe/Zurich"}))
    assert frames.events["t"].to_list() == [at(2024, 5, 1, 8), at(2024, 5, 1, 9)]
    assert frames.events["attrs"].to_list() == ['{"n": 1.5}', None]
    assert frames.relations["id"].to_list() == ["1", "1"]
    assert [a.reason for a in aside] == ["it has no time"]
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(FixSettings, match="damaged Parquet"):
        Table(path, "parquet", {})


def test_a_cut_off_table_is_read_up_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(public("eventlogs/loanapp_train.csv.gz").read_bytes()[:60_000])
    source, events = table(path), 0
    with pytest.raises(FixSettings, match="cut off") as said:
        for batch in source.read(Reading()):
            events += len(batch.frames.events)
    assert events > 2_000
    assert f"The {events:,} rows before that were read" in str(said.value)


@pytest.mark.parametrize(("settings", "said"), [
    ({"case": "nubmer"}, "'nubmer' is not a column of the table; choose one of number"),
    ({"source_id": "number"}, "does not tell events apart"),
    ({"time": "category"}, "holds no moments that can be read"),
])
def test_wrong_settings_are_answered_with_a_remedy(settings: dict[str, str], said: str) -> None:
    with pytest.raises(FixSettings, match=said):
        read(table(public(INCIDENTS), **settings))


def test_pages_resume_after_the_last_one(tmp_path: Path) -> None:
    path = tmp_path / "log.csv.gz"
    rows = "".join(f"{n // 7},step {n % 7},2024-05-01T10:00:00Z\n" for n in range(45_000))
    path.write_bytes(gzip.compress(f"case,activity,time\n{rows}".encode()))
    pages = list(table(path).read(Reading()))
    assert [(len(p.frames.events), p.position, p.behind) for p in pages] == [
        (20_000, 20_000, 25_000), (20_000, 40_000, 5_000), (5_000, 45_000, 0)]
    (rest,) = table(path).read(Reading(), 40_000)
    assert rest.frames.events.equals(pages[2].frames.events)
