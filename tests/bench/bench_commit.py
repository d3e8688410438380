"""How a batch's cost grows with what is stored: decide, aggregate and commit 1,000 events at 1 and 10 million.

    python tests/bench/bench_commit.py [--events 1e6,1e7,5e7] [--batches 60] [--packs all] [--quick]

Each size runs in a process of its own, on the same machine in the same run. CPU is of all threads of the process,
from handing a page to the writer until it is committed and decided. The floor is the same rows appended to one bare
DuckDB table in transactions of the same size: what storing alone costs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import polars as pl
from _report import ROOT, machine, quantile, room, save, table
from _world import build, page_of

from metrics.conformance.decide import Conformance

PACKS = ROOT / "metrics" / "packs"
BATCH = 1_000
BIG, BIG_COMMITS = 20_000, 10


def measure(n_events: int, n_batches: int, packs: str) -> dict[str, object]:
    """The figures at one size."""
    with room(n_events, None) as folder:
        path = folder / "bench.duckdb"
        begun = time.monotonic()
        conformance = Conformance(enabled=[file.stem for file in PACKS.glob("*.yaml")] if packs == "all" else ())
        store, writer, held = build(path, n_events, n_batches * BATCH + BIG * BIG_COMMITS, conformance=conformance)
        built = time.monotonic() - begun
        cpu, wall = [], []
        for number in range(n_batches):
            page = page_of(held.slice(number * BATCH, BATCH), number)
            at_cpu, at = time.process_time(), time.perf_counter()
            writer.put("bench", page)
            cpu.append(time.process_time() - at_cpu)
            wall.append(time.perf_counter() - at)
        rest = held.slice(n_batches * BATCH)
        at = time.perf_counter()
        for number in range(BIG_COMMITS):
            writer.put("bench", page_of(rest.slice(number * BIG, BIG), number))
        sustained = BIG * BIG_COMMITS / (time.perf_counter() - at)
        floor = floor_cpu(folder / "floor.duckdb", held, n_batches)
        writer.stop()
        store.close()
        return {
            "events": n_events, "rules": len(conformance.rules),
            "cpu_ms_p50": 1e3 * statistics.median(cpu), "cpu_ms_p95": 1e3 * quantile(cpu, 0.95),
            "wall_ms_p50": 1e3 * statistics.median(wall), "wall_ms_p95": 1e3 * quantile(wall, 0.95),
            "sustained_events_per_s": sustained, "floor_cpu_ms_p50": floor, "build_s": built,
            "file_mb": path.stat().st_size / 2**20 if path.exists() else None,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def floor_cpu(path: Path, held: pl.DataFrame, n_batches: int) -> float:
    """Median CPU milliseconds to append a batch to a bare table and commit."""
    con = duckdb.connect(str(path))
    first = held.head(BATCH)
    con.register("rows", first)
    con.execute("CREATE TABLE bare AS SELECT * FROM rows LIMIT 0")
    spent = []
    for number in range(n_batches):
        con.register("rows", held.slice(number * BATCH, BATCH))
        at = time.process_time()
        con.execute("BEGIN")
        con.execute("INSERT INTO bare SELECT * FROM rows")
        con.execute("COMMIT")
        spent.append(time.process_time() - at)
    con.close()
    return 1e3 * statistics.median(spent)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", default="1e6,1e7")
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--packs", choices=("core", "all"), default="core", help="which packs are switched on")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke run")
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(int(args.one), args.batches, args.packs)), flush=True)
        # Connections that threads still hold make DuckDB complain at exit; the figures are out.
        os._exit(0)
    sizes = "2e4,1e5" if args.quick else args.events
    batches = 8 if args.quick else args.batches
    rows = []
    for size in sizes.split(","):
        done = subprocess.run([sys.executable, __file__, "--one", size, "--batches", str(batches),
                               "--packs", args.packs], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stderr)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        rows[-1]["cpu_to_first_size"] = rows[-1]["cpu_ms_p50"] / rows[0]["cpu_ms_p50"]
        rows[-1]["cpu_to_floor"] = rows[-1]["cpu_ms_p50"] / rows[-1]["floor_cpu_ms_p50"]
    result = {"machine": machine(), "batch": BATCH, "packs": args.packs, "rows": rows}
    table(rows, {
        "events": "events stored", "rules": "rules", "cpu_ms_p50": "CPU ms p50", "cpu_ms_p95": "p95",
        "wall_ms_p50": "wall ms p50", "wall_ms_p95": "p95", "cpu_to_first_size": "CPU to first",
        "cpu_to_floor": "CPU to floor", "sustained_events_per_s": "events/s", "peak_mb": "peak MB",
        "file_mb": "file MB", "build_s": "build s"})
    save("commit" if args.packs == "core" else "commit-all", result)


if __name__ == "__main__":
    main()
