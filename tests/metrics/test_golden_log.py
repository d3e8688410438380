"""The loan log BPI 2012, whole: figures that independent programs agree on, and rules with known counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors._import import Importer
from data.scope import SYSTEM
from data.settings import Settings, StorePlace
from data.store import Store, now_us
from data.writer import Writer
from metrics._backtest import Trial, try_pack
from metrics._engine import Engine
from metrics.conformance.decide import Conformance, Words

LOG = Path(__file__).resolve().parents[3] / "shared" / "datasets" / "eventlogs" / "bpic2012.xes.gz"

# Traces that break each untimed rule, as pm4py and Declare4Py count them; the timed one once every case is closed.
PACK = """pack: loans
title: loan desk
rules:
  - {id: present, title: t, object: case, template: existence, target: {activity: A_SUBMITTED}}
  - {id: absent, title: t, object: case, template: absence, activation: {activity: A_CANCELLED}}
  - {id: answered, title: t, object: case, template: response,
     activation: {activity: O_SENT}, target: {activity: O_SENT_BACK}}
  - {id: before, title: t, object: case, template: precedence,
     activation: {activity: A_ACCEPTED}, target: {activity: A_PREACCEPTED}}
  - {id: either, title: t, object: case, template: not_coexistence,
     activation: {activity: A_APPROVED}, target: {activity: A_DECLINED}}
  - {id: day, title: t, object: case, template: response,
     activation: {activity: A_PREACCEPTED}, target: {activity: A_ACCEPTED}, within: 24 h}
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    if not LOG.exists():
        pytest.skip(f"the loan log is not here: it is expected at ../shared/datasets/eventlogs/{LOG.name}")
    folder = tmp_path_factory.mktemp("loans")
    (folder / "loans.yaml").write_text(PACK, encoding="utf8")
    store = Store.open(folder / "loans.duckdb")
    for word in sorted(set(re.findall(r"[AO]_[A-Z_]+", PACK))):
        Words(store.connection).code("activity", word)
    writer = Writer(store, [Engine(Conformance([folder]))])
    writer.start()
    Importer(Settings(store=StorePlace(folder / "loans.duckdb")), store, writer).run([LOG])
    yield store
    writer.stop()
    store.close()


def one(store: Store, sql: str) -> dict[str, Any]:
    (row,) = store.read(sql, {}, SYSTEM)
    return row


def test_the_map_and_the_variants_are_those_everybody_finds(imported: Store) -> None:
    assert one(imported, "SELECT count(*) AS n FROM event")["n"] == 262_200
    assert one(imported, "SELECT count(*) AS n FROM object_fact")["n"] == 13_087
    arcs = one(
        imported,
        "SELECT count(*) AS arcs, CAST(sum(n) AS BIGINT) AS pairs FROM (SELECT source, target, sum(n) AS n "
        "FROM agg_dfg WHERE source <> 0 AND target <> 0 GROUP BY ALL HAVING sum(n) <> 0)",
    )
    assert arcs == {"arcs": 125, "pairs": 249_113}
    variants = one(
        imported,
        "SELECT count(*) AS n, CAST(sum(n) AS BIGINT) AS cases FROM "
        "(SELECT variant, sum(n) AS n FROM agg_variant GROUP BY variant HAVING sum(n) <> 0)",
    )
    assert variants == {"n": 4_366, "cases": 13_087}
    assert one(imported, "SELECT count(*) AS n FROM variant")["n"] >= 4_366


def test_rules_break_where_independent_programs_say(imported: Store) -> None:
    rows = imported.read(
        "SELECT r.id, count(*) FILTER (verdict = 1) AS fulfilled, count(*) AS activations, "
        "count(DISTINCT obj) FILTER (verdict IN (0, 2)) AS broken, count(*) FILTER (verdict IN (0, 2)) AS n "
        "FROM binding b JOIN rule r ON r.code = b.rule WHERE r.pack = 'loans' GROUP BY r.id",
        {},
        SYSTEM,
    )
    found = {row["id"]: row for row in rows}
    assert (found["present"]["activations"], found["present"]["fulfilled"]) == (13_087, 13_087)
    assert found["absent"]["broken"] == 2_807
    assert found["answered"]["broken"] == 1_929
    assert found["before"]["broken"] == 0
    assert found["either"]["broken"] == 0
    # Nothing in the log says that a case is closed, so what was never answered is still pending here.
    assert (found["day"]["activations"], found["day"]["fulfilled"], found["day"]["n"]) == (7_367, 4_172, 3_195)


def test_with_every_case_closed_the_figures_are_those_of_finished_logs(imported: Store) -> None:
    pack = Path(imported.path).parent / "loans.yaml"
    tried = {one.rule.id: one for one in try_pack(imported, pack, Trial(closed=True), now_us())}
    broken = {name: one.objects["violated"] for name, one in tried.items()}
    assert {name: n for name, n in broken.items() if name != "day"} == {
        "present": 0,
        "absent": 2_807,
        "answered": 1_929,
        "before": 0,
        "either": 0,
    }
    day = tried["day"].counts
    assert (sum(day.values()), day["fulfilled"], day["violated"]) == (7_367, 4_172, 3_195)
    assert {name: one.counts["pending"] + one.counts["holding"] for name, one in tried.items()} == dict.fromkeys(
        tried, 0
    )


def test_what_was_kept_by_difference_equals_computing_it_anew(imported: Store) -> None:
    sums = (
        "SELECT source, target, CAST(sum(n) AS BIGINT) AS n, CAST(sum(dt) AS VARCHAR) AS dt FROM agg_dfg "
        "GROUP BY ALL HAVING sum(n) <> 0 ORDER BY ALL"
    )
    rules = (
        "SELECT rule, verdict, CAST(sum(n) AS BIGINT) AS n FROM agg_rule "
        "GROUP BY ALL HAVING sum(n) <> 0 ORDER BY ALL"
    )
    kept = imported.read(sums, {}, SYSTEM), imported.read(rules, {}, SYSTEM)
    fresh = Engine(Conformance([Path(imported.path).parent]))
    con = imported.connection.cursor()
    fresh.prepare(con)
    con.execute("BEGIN")
    fresh.rebuild(con, 0)
    con.execute("COMMIT")
    con.close()
    assert kept == (imported.read(sums, {}, SYSTEM), imported.read(rules, {}, SYSTEM))
