"""XES logs: what is read, in which order, and what is said of logs that are written in another way or damaged."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from connectors._eventlog_frames import Batch, Reading
from connectors._eventlog_tags import Malformed, _parse, _split, read_tags
from connectors._xes import count_xes, read_xes
from data.batch import CHANGES, EVENTS, LINKS, RELATIONS, Frames, concat
from data.errors import FixSettings

LOGS = Path(__file__).parents[3] / "shared" / "datasets" / "eventlogs"
HEAD = ('<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1.0">\n'
        '<string key="concept:name" value="a log"/>\n')


def public(name: str) -> Path:
    """A log of the public collection; the test is skipped where that is not at hand."""
    if not (LOGS / name).exists():
        pytest.skip(f"the public log {name} is not in ../shared/datasets/eventlogs")
    return LOGS / name


def written(folder: Path, body: str, name: str = "log.xes") -> Path:
    path = folder / name
    path.write_text(HEAD + body + "\n</log>\n", encoding="utf-8")
    return path


def event(activity: str, at: str = "2024-05-01T10:00:00.000+02:00", more: str = "") -> str:
    return (f'<event>\n<string key="concept:name" value="{activity}"/>\n<date key="time:timestamp" value="{at}"/>\n'
            f"{more}</event>\n")


def trace(name: str, *events: str, more: str = "") -> str:
    return f'<trace>\n<string key="concept:name" value="{name}"/>\n{more}' + "".join(events) + "</trace>\n"


def facts(path: Path, **reading: str) -> Frames:
    return concat([batch.frames for batch in read_xes(path, Reading(**reading))])


def cases(frames: Frames) -> pl.DataFrame:
    return frames.events.join(frames.relations, on="source_id").sort("id", "t", "ord")


@pytest.fixture(scope="module")
def bpic2012() -> list[Batch]:
    return list(read_xes(public("bpic2012.xes.gz"), Reading()))


def test_the_dutch_bank_has_its_known_figures(bpic2012: list[Batch]) -> None:
    frames = concat([batch.frames for batch in bpic2012])
    ordered = cases(frames)
    variants = ordered.group_by("id", maintain_order=True).agg(pl.col("activity"))["activity"]
    following = ordered.select("activity", to=pl.col("activity").shift(-1).over("id")).drop_nulls()

    assert len(frames.events) == 262_200
    assert len(variants) == 13_087
    assert variants.n_unique() == 4_366
    assert len(following) == 249_113
    assert following.n_unique() == 125
    assert sum(len(batch.aside) for batch in bpic2012) == 0


def test_its_facts_have_the_columns_of_the_store(bpic2012: list[Batch]) -> None:
    for batch in bpic2012:
        frames = batch.frames
        assert (frames.events.schema, frames.relations.schema) == (EVENTS, RELATIONS)
        assert (frames.changes.schema, frames.links.schema) == (CHANGES, LINKS)
        assert sum(frames.events.drop("attrs").null_count().row(0)) == 0
    frames = concat([batch.frames for batch in bpic2012])
    assert frames.events["source_id"].n_unique() == 262_200
    assert frames.events["ord"].to_list() == list(range(262_200))
    assert frames.events["actor"].ne("").sum() == 244_190
    assert json.loads(frames.events["attrs"][0]) == {"lifecycle:transition": "COMPLETE"}
    assert frames.changes.filter(pl.col("attribute") == "AMOUNT_REQ").shape[0] == 13_087
    assert frames.changes.filter(id="173688", attribute="AMOUNT_REQ").row(0)[3:] == ("20000", 1_317_422_324_546_000)


def test_an_interrupted_import_goes_on_after_the_last_page(bpic2012: list[Batch]) -> None:
    last = bpic2012[-3]
    rest = list(read_xes(public("bpic2012.xes.gz"), Reading(), last.position))
    assert [batch.position for batch in rest] == [batch.position for batch in bpic2012[-2:]]
    assert rest[0].frames.events.equals(bpic2012[-2].frames.events)
    assert rest[-1].behind == 0
    assert all(10_000 < len(batch.frames.events) < 40_000 for batch in bpic2012)


@pytest.mark.parametrize(("name", "events", "traces"), [("receipt.xes.gz", 8_577, 1_434),
                                                       ("teleclaims.xes.gz", 46_138, 3_512)])
def test_other_public_logs_are_complete(name: str, events: int, traces: int) -> None:
    frames = facts(public(name))
    assert len(frames.events) == events == count_xes(public(name))
    assert frames.relations["id"].n_unique() == traces


def test_the_quick_reader_and_the_xml_parser_agree() -> None:
    text = gzip.decompress(public("receipt.xes.gz").read_bytes()).decode()
    stretch = text[text.index("<trace>"): text.rindex("</trace>") + len("</trace>")]
    quick, parsed = _split(stretch), _parse(stretch)
    assert quick is not None
    assert quick.rows.select(parsed.rows.columns).equals(parsed.rows)
    assert quick.owners.equals(parsed.owners, check_names=False)
    assert quick.traces == parsed.traces


def test_kinds_of_attributes_become_json_kinds(tmp_path: Path) -> None:
    more = ('<int key="n" value="7"/><float key="x" value="2.50"/><boolean key="b" value="True"/>'
            '<float key="odd" value="NaN"/><string key="s" value="a &quot;b&quot; &amp; \\ &#228;"/>')
    frames = facts(written(tmp_path, trace("1", event("call", more=more))))
    assert json.loads(frames.events["attrs"][0]) == {"n": 7, "x": 2.5, "b": True, "odd": "NaN", "s": 'a "b" & \\ ä'}


def test_logs_written_in_another_way_mean_the_same(tmp_path: Path) -> None:
    plain = written(tmp_path, trace("1", event("call"), event("answer")))
    other = written(tmp_path, (
        "<trace><string value='1' key='concept:name'/><!-- a \"remark\" -->"
        "<event><date key='time:timestamp' value='2024-05-01T08:00:00Z'/>"
        "<string key='concept:name' value='call'/></event>"
        "<event><string key='concept:name' value='answer'></string>"
        "<date key='time:timestamp' value='2024-05-01T10:00:00+02:00'/></event></trace>"), "other.xes")
    assert facts(other).events.equals(facts(plain).events)
    assert facts(other).relations.equals(facts(plain).relations)


def test_nested_attributes_are_kept_under_their_path(tmp_path: Path) -> None:
    more = '<string key="offer" value="A"><int key="amount" value="5"/></string>'
    frames = facts(written(tmp_path, trace("1", event("call", more=more))))
    assert json.loads(frames.events["attrs"][0]) == {"offer": "A", "offer/amount": 5}


def test_events_that_cannot_be_understood_are_set_aside_with_the_reason(tmp_path: Path) -> None:
    path = written(tmp_path, trace(
        "1", event("call"), event("late", "yesterday"), event("old", "1869-01-01T00:00:00Z"),
        '<event><date key="time:timestamp" value="2024-05-01T10:00:00Z"/></event>', "<event></event>") + trace("2"))
    (batch,) = read_xes(path, Reading())
    assert batch.frames.events["activity"].to_list() == ["call"]
    assert [(aside.source_id, aside.reason) for aside in batch.aside] == [
        ("1#2", "its time 'yesterday' cannot be read"),
        ("1#3", "its time '1869-01-01T00:00:00Z' lies outside 1970 to 2100"),
        ("1#4", "it names no activity"), ("1#5", "it names no activity"), ("2", "the case has no events")]


def test_two_traces_of_one_name_are_one_case_with_distinct_events(tmp_path: Path) -> None:
    body = trace("1", event("call")) + trace("2", event("call")) + trace("1", event("end"))
    frames = facts(written(tmp_path, body))
    assert frames.events["source_id"].to_list() == ["1#1", "2#1", "1#2"]


def test_moments_without_a_zone_are_taken_in_the_zone_of_the_settings(tmp_path: Path) -> None:
    path = written(tmp_path, trace("1", event("call", "2024-05-01T10:00:00")))
    assert facts(path, zone="Europe/Zurich").events["t"][0] == facts(path).events["t"][0] - 2 * 3_600_000_000


def test_prefix_and_type_of_the_cases_can_be_chosen(tmp_path: Path) -> None:
    path = written(tmp_path, trace("1", event("call"), more='<int key="amount" value="5"/>\n'))
    frames = facts(path, prefix="loans/", case_type="opportunity")
    assert frames.relations.row(0)[1:] == ("opportunity", "loans/1", "")
    assert frames.changes.row(0)[:4] == ("opportunity", "loans/1", "amount", "5")


def kept_until_damage(path: Path) -> tuple[int, str]:
    """How many events come before the damage, and what is said of it."""
    events = 0
    with pytest.raises(FixSettings) as said:
        for batch in read_xes(path, Reading()):
            events += len(batch.frames.events)
    return events, str(said.value)


def test_a_cut_off_archive_is_read_up_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "cut.xes.gz"
    path.write_bytes(public("receipt.xes.gz").read_bytes()[:150_000])
    events, said = kept_until_damage(path)
    assert 4_000 < events < 8_577
    assert f"The {events:,} events before that were read" in said
    assert "cut off" in said and "150,000" in said


def test_broken_xml_is_read_up_to_the_broken_case_and_the_line_is_said(tmp_path: Path) -> None:
    good = "".join(trace(str(n), event("call")) for n in range(5))
    path = written(tmp_path, good + trace("5", "<event>\n<string key=oops/>\n</event>\n") + good)
    line = path.read_text(encoding="utf-8").splitlines().index("<string key=oops/>") + 1
    assert kept_until_damage(path)[0] == 5
    assert f"is broken at line {line}" in kept_until_damage(path)[1]


def test_a_log_that_ends_in_the_middle_of_a_case_says_so(tmp_path: Path) -> None:
    path = tmp_path / "half.xes"
    path.write_text(HEAD + trace("1", event("call")) + "<trace><string key=\"concept:na", encoding="utf-8")
    assert kept_until_damage(path) == (
        1, "half.xes ends before its log does: it is cut off. The 1 events before that were read; have the log "
           "exported again to get the rest")


@pytest.mark.parametrize("broken", ["<trace><event></trace>", "<trace></event></trace>", '<trace><int key="a"/>'])
def test_what_is_not_well_formed_is_never_read_quietly(broken: str) -> None:
    with pytest.raises(Malformed):
        read_tags(broken)
