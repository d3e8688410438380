"""Complaints that a regulator sent on to companies, judged by its own flag: timely response, yes or no.

The file says what a company answered and not when. An answer that never came in time stands there in words; of all
others only the moment would tell, so they must be unknown, and never fulfilled because nothing speaks against them.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors._import import Importer, Wishes
from data.event import micros
from data.scope import SYSTEM
from data.settings import Settings, StorePlace
from data.store import Store, now_us
from data.writer import Writer
from metrics._backtest import Trial, try_pack
from metrics._engine import Engine
from metrics.conformance.decide import Conformance, Words

FILE = Path(__file__).resolve().parents[3] / "shared/datasets/cfpb_complaints/complaints_2014.csv"
PACK = Path(__file__).parent / "packs" / "complaints.yaml"
VERDICT = {1: "fulfilled", 2: "violated", 4: "kept", 5: "unknown"}
SAID = """SELECT o.id, r.id AS rule, b.verdict, b.reason, b.t, b.due_t, b.decided_t FROM binding b
    JOIN rule r ON r.code = b.rule JOIN object o USING (obj) WHERE r.pack = 'complaints'"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    if not FILE.exists():
        pytest.skip(f"the complaints are not here: expected at ../shared/datasets/cfpb_complaints/{FILE.name}")
    folder = tmp_path_factory.mktemp("complaints")
    (folder / "rules").mkdir()
    (folder / "rules" / PACK.name).write_text(PACK.read_text(encoding="utf8"), encoding="utf8")
    # The connector keeps a column's own name; conditions want one word.
    with FILE.open(encoding="utf8", newline="") as source:
        head, rest = source.readline(), source.read()
    with (folder / "complaints.csv").open("w", encoding="utf8", newline="") as out:
        out.write(head.replace("Company response", "company_response").replace("Timely response?", "timely") + rest)
    store = Store.open(folder / "complaints.duckdb")
    for word in ("received", "sent"):
        Words(store.connection).code("activity", word)
    Words(store.connection).code("object_type", "case")
    writer = Writer(store, [Engine(Conformance([folder / "rules"]))])
    writer.start()
    wishes = Wishes({"case": "Complaint ID", "time_format": "%m/%d/%Y", "channel": "Submitted via",
                     "times": '{ "Date received" = "received", "Date sent to company" = "sent" }',
                     "attributes": '["company_response", "timely"]'})  # fmt: skip
    settings = Settings(store=StorePlace(folder / "complaints.duckdb"))
    Importer(settings, store, writer, wishes).run([folder / "complaints.csv"])
    yield store
    writer.stop()
    store.close()


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, str]]:
    """The file as the csv module reads it, by complaint."""
    if not FILE.exists():
        pytest.skip(f"the complaints are not here: expected at ../shared/datasets/cfpb_complaints/{FILE.name}")
    with FILE.open(encoding="utf8", newline="") as source:
        return {row["Complaint ID"]: row for row in csv.DictReader(source)}


def key(name: str) -> str:
    """The number of a complaint without what the source puts before it."""
    return name.rpartition(":")[2]


def test_what_is_told_as_untimely_is_flagged_and_nothing_else_is_decided(
    imported: Store, rows: dict[str, dict[str, str]]
) -> None:
    told = imported.read(SAID + " AND r.id = 'CMP-ANSWERED'", {}, SYSTEM)
    seen = Counter((VERDICT[row["verdict"]], rows[key(row["id"])]["Timely response?"]) for row in told)
    assert seen == {("violated", "No"): 97, ("unknown", "No"): 64, ("unknown", "Yes"): 8_179}
    left = [rows[key(row["id"])]["Company response"] for row in told if row["verdict"] == 5]
    late = Counter(
        rows[key(row["id"])]["Company response"]
        for row in told
        if row["verdict"] == 5 and rows[key(row["id"])]["Timely response?"] == "No"
    )
    assert late == {"Closed with explanation": 31, "In progress": 23, "Closed with non-monetary relief": 6, "Closed": 4}
    assert "Untimely response" not in left
    assert {row["reason"] for row in told if row["verdict"] == 5} == {"an attribute of a possible answer is missing"}


def test_sending_on_is_counted_as_the_dates_say(imported: Store, rows: dict[str, dict[str, str]]) -> None:
    told = imported.read(SAID + " AND r.id = 'CMP-SENT'", {}, SYSTEM)

    def day(row: dict[str, str], column: str) -> datetime:
        return datetime.strptime(row[column], "%m/%d/%Y").replace(tzinfo=UTC)

    lags = {name: day(row, "Date sent to company") - day(row, "Date received") for name, row in rows.items()}
    late = {name for name, lag in lags.items() if lag > timedelta(days=15)}
    assert {key(row["id"]) for row in told if row["verdict"] == 2} == late
    assert Counter(VERDICT[row["verdict"]] for row in told) == {"fulfilled": 8_340 - len(late), "violated": len(late)}
    on_time = next(row for row in told if lags[key(row["id"])] == timedelta(days=15))
    assert on_time["verdict"] == 1 and on_time["due_t"] == on_time["decided_t"], "the last day is still in time"
    assert on_time["t"] == micros(day(rows[key(on_time["id"])], "Date received"))


def test_a_trial_says_the_same_and_never_shows_a_rate_that_rests_on_the_unknown(imported: Store) -> None:
    tried = {one.rule.id: one for one in try_pack(imported, PACK, Trial(closed=True), now_us())}
    answered = tried["CMP-ANSWERED"]
    assert (answered.counts["violated"], answered.counts["unknown"], answered.counts["kept"]) == (97, 8_243, 0)
    assert {name: one.against and one.against["changed"] for name, one in tried.items()} == dict.fromkeys(tried, 0)
