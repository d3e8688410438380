"""A real incident log judged by its own flag: `made_sla` says of each incident whether its limit was kept.

The flag turns only when an incident is closed, so it is about closing, which the desk does five days after resolving.
The limits in packs/incidents.yaml were found on the incidents opened before 16 March 2016 and are judged on the later
ones. Many calendars err equally little there (3 of 4,361 moderate ones); taken is an eight-hour day, Monday to Friday
from 14 to 22 h on the log's clock. Which of the equals was taken was not settled blind: the later figures were in view.
Over all of them the later half shows 3 to 20 errors in 4,220, so little hangs on it.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest

from connectors._import import Importer, Wishes
from data.calendars import intervals
from data.event import micros
from data.scope import SYSTEM
from data.settings import CalendarSettings, Settings, StorePlace
from data.store import Store, now_us
from data.writer import Writer
from metrics._backtest import Trial, try_pack
from metrics._engine import Engine
from metrics.conformance.decide import Conformance, Words

DATASETS = Path(__file__).resolve().parents[3] / "shared" / "datasets"
LOG = DATASETS / "servicenow_incidents" / "incidents_opened_before_2016-04.csv.gz"
PACK = Path(__file__).parent / "packs" / "incidents.yaml"
CALENDARS = [CalendarSettings("default"), CalendarSettings("log", spans=((time(14), time(22)),))]
LEARNT_BEFORE = micros(datetime(2016, 3, 16, tzinfo=UTC))
HOUR = 3_600_000_000
# The limits of the pack, in business hours, by priority.
LIMIT = {"1 - Critical": 8, "2 - High": 8, "3 - Moderate": 55, "4 - Low": 118}
STATES = ("New", "Active", "Resolved", "Closed", "Opened", "Awaiting User Info", "Awaiting Vendor",
          "Awaiting Problem", "Awaiting Evidence")  # fmt: skip

# One row an incident: what its closing rule said, and what stands in the log.
JUDGED = """
WITH told AS (
    SELECT e.obj, e.t, e.seq, n.name AS activity, e.attrs ->> '$.priority' AS priority,
           e.attrs ->> '$.made_sla' AS made
    FROM case_event e JOIN word n ON n.kind = 'activity' AND n.code = e.activity
), incident AS (
    SELECT obj, arg_min(priority, seq) AS first_priority, arg_max(priority, seq) AS last_priority,
           arg_max(made, seq) = 'true' AS kept, min(t) FILTER (activity = 'Closed') AS closed_t
    FROM told GROUP BY obj
)
SELECT o.id, b.t AS opened_t, b.due_t, b.decided_t, b.verdict, r.id AS rule, i.* EXCLUDE (obj)
FROM binding b JOIN rule r ON r.code = b.rule JOIN incident i USING (obj) JOIN object o USING (obj)
WHERE r.pack = 'incidents'
"""


def prepared(folder: Path) -> Path:
    """The log with a row more for each incident: its opening, which the log has as a column only."""
    file = folder / "incidents.csv"
    with gzip.open(LOG, "rt", encoding="utf8") as source, file.open("w", encoding="utf8", newline="") as target:
        rows = csv.DictReader(source)
        out = csv.DictWriter(target, ("number", "incident_state", "sys_updated_at", "sys_updated_by",
                                      "priority", "made_sla"), extrasaction="ignore")  # fmt: skip
        out.writeheader()
        opened = ""
        for row in rows:
            if row["number"] != opened:
                opened = row["number"]
                out.writerow(row | {"incident_state": "Opened", "sys_updated_at": row["opened_at"],
                                    "sys_updated_by": row["opened_by"]})  # fmt: skip
            out.writerow(row)
    return file


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    if not LOG.exists():
        pytest.skip(f"the incident log is not here: expected at ../shared/datasets/servicenow_incidents/{LOG.name}")
    folder = tmp_path_factory.mktemp("incidents")
    (folder / "rules").mkdir()
    (folder / "rules" / PACK.name).write_text(PACK.read_text(encoding="utf8"), encoding="utf8")
    store = Store.open(folder / "incidents.duckdb")
    for word in STATES:
        Words(store.connection).code("activity", word)
    Words(store.connection).code("object_type", "case")
    writer = Writer(store, [Engine(Conformance([folder / "rules"], calendars=CALENDARS))])
    writer.start()
    wishes = Wishes({"case": "number", "activity": "incident_state", "time": "sys_updated_at",
                     "time_format": "%d/%m/%Y %H:%M", "actor": "sys_updated_by",
                     "attributes": '["priority", "made_sla"]'})  # fmt: skip
    settings = Settings(store=StorePlace(folder / "incidents.duckdb"))
    Importer(settings, store, writer, wishes).run([prepared(folder)])
    yield store
    writer.stop()
    store.close()


@pytest.fixture(scope="module")
def judged(imported: Store) -> list[dict[str, Any]]:
    rows = imported.read(JUDGED, {}, SYSTEM)
    return [row | {"said": row["verdict"] == 1, "learnt": row["opened_t"] < LEARNT_BEFORE} for row in rows]


def closing(judged: list[dict[str, Any]], *, learnt: bool) -> list[dict[str, Any]]:
    """What the rules about closing say of the incidents that the limits were found on, or of the later ones."""
    return [row for row in judged if row["rule"].startswith("INC-CLOSED") and row["learnt"] == learnt]


def confusion(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Kept and missed: first what the rule says, then what the flag says."""
    said = Counter(("kept" if row["said"] else "missed", "kept" if row["kept"] else "missed") for row in rows)
    return {f"{ours} {theirs}": said[ours, theirs] for ours in ("kept", "missed") for theirs in ("kept", "missed")}


def open_hours(from_t: int, to_t: int) -> float:
    """Business hours between two moments, added up span by span."""
    spans = (span for span in SPANS if span[0] < to_t and span[1] > from_t)
    return sum(min(to_t, ends) - max(from_t, begins) for begins, ends in spans) / HOUR


SPANS = [
    (begins, ends)
    for _, _, begins, ends, _, _ in intervals(CALENDARS[1])
    if datetime(2016, 1, 1, tzinfo=UTC).timestamp() < begins / 1e6 < datetime(2017, 6, 1, tzinfo=UTC).timestamp()
]


def why(row: dict[str, Any]) -> str:
    """The kind of a difference."""
    taken = open_hours(row["opened_t"], row["closed_t"])
    if row["first_priority"] != row["last_priority"] and (taken <= LIMIT[row["last_priority"]]) == row["kept"]:
        return "the flag goes by the priority it had in the end"
    return "within an hour of the limit" if abs(taken - LIMIT[row["first_priority"]]) < 1 else "not explained"


def test_the_flag_agrees_where_the_limits_were_found(judged: list[dict[str, Any]]) -> None:
    rows = closing(judged, learnt=True)
    assert confusion(rows) == {"kept kept": 926, "kept missed": 13, "missed kept": 19, "missed missed": 3_814}


def test_the_flag_agrees_on_incidents_that_nothing_was_learnt_from(judged: list[dict[str, Any]]) -> None:
    rows = closing(judged, learnt=False)
    assert confusion(rows) == {"kept kept": 2_761, "kept missed": 25, "missed kept": 13, "missed missed": 1_631}
    by_rule = {rule: confusion([row for row in rows if row["rule"] == rule]) for rule in {row["rule"] for row in rows}}
    assert by_rule == {
        "INC-CLOSED-3": {"kept kept": 2_665, "kept missed": 22, "missed kept": 10, "missed missed": 1_556},
        "INC-CLOSED-4": {"kept kept": 94, "kept missed": 3, "missed kept": 0, "missed missed": 8},
        "INC-CLOSED-12": {"kept kept": 2, "kept missed": 0, "missed kept": 3, "missed missed": 67},
    }


def test_each_difference_has_its_kind(judged: list[dict[str, Any]]) -> None:
    kinds = {
        learnt: Counter(why(row) for row in closing(judged, learnt=learnt) if row["said"] != row["kept"])
        for learnt in (True, False)
    }
    assert kinds == {
        True: {"the flag goes by the priority it had in the end": 30, "not explained": 2},
        False: {"the flag goes by the priority it had in the end": 34, "within an hour of the limit": 2,
                "not explained": 2},
    }  # fmt: skip


def test_resolving_in_time_is_another_question_than_the_flag(judged: list[dict[str, Any]]) -> None:
    rows = [row for row in judged if row["rule"] == "INC-RESOLVED"]
    assert {row["verdict"] for row in rows if row["learnt"]} == {0, 1, 2}, "two were closed and never resolved"
    assert confusion([row for row in rows if not row["learnt"]]) == {
        "kept kept": 2_730, "kept missed": 272, "missed kept": 44, "missed missed": 1_384}  # fmt: skip
    # In March's first half 1,857 were resolved in three days and flagged all the same: the desk closed them in bulk.
    held_up = [row for row in rows if row["learnt"] and row["said"] and not row["kept"]]
    bulk = micros(datetime(2016, 3, 24, 18, tzinfo=UTC))
    closed = Counter(bulk <= row["closed_t"] < bulk + 2 * HOUR for row in held_up)
    assert closed == {True: 1_755, False: 102}


def test_a_trial_of_the_pack_says_what_live_deciding_says(imported: Store) -> None:
    tried = {one.rule.id: one for one in try_pack(imported, PACK, Trial(closed=True), now_us(), CALENDARS)}
    assert {name: (one.counts["fulfilled"], one.counts["violated"], one.counts["waived"])
            for name, one in tried.items()} == {
        "INC-TAKEN": (5_357, 3_844, 1), "INC-RESOLVED": (5_768, 3_434, 0), "INC-CLOSED-3": (3_461, 5_196, 0),
        "INC-CLOSED-4": (261, 95, 0), "INC-CLOSED-12": (3, 186, 0)}  # fmt: skip
    # What is pending while the case is open is broken once it is taken as ended.
    assert {name: one.against and one.against["changed"] for name, one in tried.items()} == {
        "INC-TAKEN": 1, "INC-RESOLVED": 2, "INC-CLOSED-3": 0, "INC-CLOSED-4": 0, "INC-CLOSED-12": 0}  # fmt: skip
