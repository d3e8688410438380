"""Discovery on two public logs: the figures that independent programs find, from sums and by following the cases."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors._import import Importer
from data.scope import SYSTEM
from data.settings import Settings, StorePlace
from data.store import Store, now_us
from data.writer import Writer
from metrics import _discovery, variants
from metrics._contract import Filters, Read
from metrics._engine import Engine
from tests.peers import mining

HERE = Path(__file__).parent
LOGS = HERE.parents[2] / "shared" / "datasets" / "eventlogs"
INVENTORY, LOANS = LOGS / "QEL_Inventory_Management.xml.gz", LOGS / "bpic2012.xes.gz"
# What r4pm 0.6.2 counts (_arcs_by_r4pm.py): arcs, variants and objects of each type.
GOLDEN: dict[str, dict[str, Any]] = json.loads((HERE / "qel_arcs.json").read_text(encoding="utf8"))


def imported(log: Path, folder: Path) -> Iterator[Store]:
    if not log.exists():
        pytest.skip(f"the public log {log.name} is not in ../shared/datasets/eventlogs")
    store = Store.open(folder / "log.duckdb")
    writer = Writer(store, [Engine()])
    writer.start()
    Importer(Settings(store=StorePlace(folder / "log.duckdb")), store, writer).run([log])
    yield store
    writer.stop()
    store.close()


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    yield from imported(INVENTORY, tmp_path_factory.mktemp("inventory"))


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    yield from imported(LOANS, tmp_path_factory.mktemp("loans"))


def arcs(store: Store, pick: str) -> tuple[_discovery.Map, dict[str, int]]:
    found = _discovery.discovered(Read(store.read, SYSTEM), Filters(span="all", pick=pick), now_us())
    return found, {arc.key: arc.n for arc in found.arcs if arc.source and arc.target}


@pytest.mark.parametrize("otype", sorted(GOLDEN))
def test_object_centric_arcs_are_those_that_r4pm_counts(inventory: Store, otype: str) -> None:
    golden, pick = GOLDEN[otype], f"type:{otype.lower()}"
    summed, from_sums = arcs(inventory, pick)
    assert summed.cases is None
    assert from_sums == golden["arcs"]
    followed, one_by_one = arcs(inventory, f"{pick};state:open")
    assert followed.cases is not None
    assert followed.cases.total == golden["objects"]
    assert one_by_one == golden["arcs"]
    filters = Filters(span="all", pick=pick)
    assert variants.variants(Read(inventory.read, SYSTEM), filters, now_us()).count == golden["variants"]


def test_several_types_together_are_each_of_them_apart(inventory: Store) -> None:
    _, together = arcs(inventory, ";".join(f"type:{otype.lower()}" for otype in GOLDEN))
    assert together == {f"{otype.lower()}|{key}": n for otype, one in GOLDEN.items() for key, n in one["arcs"].items()}


@pytest.mark.peer
@pytest.mark.skipif(bool(mining.missing()), reason=mining.missing())
@pytest.mark.skipif(not INVENTORY.exists(), reason="the public log is not in ../shared/datasets/eventlogs")
def test_the_golden_figures_are_what_r4pm_says_today(tmp_path: Path) -> None:
    plain = tmp_path / "log.xml"
    with gzip.open(INVENTORY) as packed, plain.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    program = [str(mining.PYTHON), str(HERE / "_arcs_by_r4pm.py"), str(plain)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == GOLDEN


def test_the_loan_log_has_the_arcs_pairs_and_variants_that_everybody_finds(loans: Store) -> None:
    summed, from_sums = arcs(loans, "")
    assert (len(from_sums), sum(from_sums.values())) == (125, 249_113)
    followed, one_by_one = arcs(loans, "state:open")
    assert followed.cases is not None
    assert not followed.cases.is_sample
    assert one_by_one == from_sums
    times = {arc.key: arc.mean_us for arc in summed.arcs}
    assert {arc.key: arc.mean_us for arc in followed.arcs} == pytest.approx(times)
    found = variants.variants(Read(loans.read, SYSTEM), Filters(span="all"), now_us())
    assert (found.count, found.total) == (4_366, 13_087)


def test_a_path_filter_splits_the_loan_log_into_two_whole_halves(loans: Store) -> None:
    passed, through = arcs(loans, "via:A_PREACCEPTED")
    left, around = arcs(loans, "not:A_PREACCEPTED")
    whole = arcs(loans, "")[1]
    assert passed.cases is not None
    assert left.cases is not None
    # 7,367 applications were pre-accepted, each once.
    assert (passed.cases.total, left.cases.total) == (7_367, 13_087 - 7_367)
    assert {key: through.get(key, 0) + around.get(key, 0) for key in whole} == whole
