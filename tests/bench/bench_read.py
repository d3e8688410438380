"""How fast an XES log is read, beside the public readers, in one run on one machine.

    python tests/bench/bench_read.py [LOG] [--rounds 3] [--json FILE] [--no-install]

Each reader runs in a process of its own, in turns, so that all of them meet the same other load. CPU seconds count
the reading alone, without start and imports; memory is the peak of the whole process. The public readers are
installed into an environment of their own outside the project (pm4py is AGPL and never part of the product).
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOG = ROOT.parent / "shared" / "datasets" / "eventlogs" / "bpic2012.xes.gz"
ELSEWHERE = Path.home() / ".cache" / "frontview-tests" / "readers"
PACKAGES = ("r4pm==0.6.2", "rustxes==0.2.11", "polars==2.1.0", "pyarrow", "pandas", "pm4py==2.7.23.11")

_FRAME = """
import json, resource, sys, time
{setup}
begun, clock = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
{read}
ended, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - clock
cpu = ended.ru_utime - begun.ru_utime + ended.ru_stime - begun.ru_stime
print(json.dumps(dict(events=events, cpu=cpu, wall=wall, peak_mb=ended.ru_maxrss / 1024)))
"""
_OURS = ("import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
         "from connectors._contract import Opening; from connectors.eventlog import EventLogSource",
         "source = EventLogSource(Opening('bench', {'path': sys.argv[1]}))\n"
         "events = sum(len(page.frames.events) for page in source.pull({}))")
READERS = {
    "frontview: frames of the store": _OURS,
    "r4pm: parsed, kept inside it": ("import r4pm", "r4pm.import_item('EventLog', sys.argv[1]); events = None"),
    "r4pm: data frame": ("import r4pm", "events = len(r4pm.df.import_xes(sys.argv[1])[0])"),
    "rustxes: data frame": ("import rustxes", "events = len(rustxes.import_xes(sys.argv[1])[0])"),
    "pm4py: data frame": ("import warnings; warnings.simplefilter('ignore'); import pm4py",
                          "events = len(pm4py.read_xes(sys.argv[1]))"),
}


def installed() -> None:
    """The public readers in an environment of their own; one that cannot be had is left out of the table."""
    if not (ELSEWHERE / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(ELSEWHERE)], check=True)
    for package in PACKAGES:
        subprocess.run([str(ELSEWHERE / "bin" / "python"), "-m", "pip", "install", "--quiet", package], check=False,
                       capture_output=True)


def measured(reader: str, log: Path) -> dict[str, float] | str:
    """Events, CPU and wall seconds and peak megabytes of one reading; what went wrong where there are none."""
    python = sys.executable if reader.startswith("frontview") else str(ELSEWHERE / "bin" / "python")
    setup, read = READERS[reader]
    try:
        ran = subprocess.run([python, "-c", _FRAME.format(setup=setup, read=read), str(log), str(ROOT)],
                             capture_output=True, text=True, timeout=600, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    return json.loads(ran.stdout.splitlines()[-1]) if ran.returncode == 0 else ran.stderr.strip().splitlines()[-1]


def compared(log: Path, rounds: int) -> list[dict[str, object]]:
    """One row per reader: the best round in CPU seconds, the median of all rounds, and the ratio to ours."""
    runs: dict[str, list[dict[str, float]]] = {}
    for _ in range(rounds):
        for reader in READERS:
            one = measured(reader, log)
            if isinstance(one, str):
                print(f"left out this time: {reader}: {one}", file=sys.stderr)
            else:
                runs.setdefault(reader, []).append(one)
    ours = min(one["cpu"] for one in runs[next(iter(READERS))])
    rows: list[dict[str, object]] = []
    for reader, all_of_it in runs.items():
        best = min(all_of_it, key=lambda one: one["cpu"])
        rows.append({"reader": reader, "rounds": len(all_of_it), **best, "ratio": best["cpu"] / ours,
                     "cpu_median": statistics.median(one["cpu"] for one in all_of_it)})
    return rows


def main() -> None:
    """Measure, print the table, and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("log", nargs="?", type=Path, default=LOG)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "out" / "read.json")
    parser.add_argument("--no-install", action="store_true", help="use the readers that are installed already")
    chosen = parser.parse_args()
    if not chosen.log.exists():
        sys.exit(f"{chosen.log} is not there; name an XES log")
    if not chosen.no_install:
        installed()
    rows = compared(chosen.log, chosen.rounds)
    print(f"{chosen.log.name}, {chosen.rounds} rounds, {platform.machine()}, Python {platform.python_version()}\n")
    print(f"{'reader':<32}{'events':>9}{'CPU s':>8}{'median':>8}{'wall s':>8}{'peak MB':>9}{'CPU to ours':>13}")
    for row in rows:
        print(f"{row['reader']:<32}{row['events'] or '':>9}{row['cpu']:>8.2f}{row['cpu_median']:>8.2f}"
              f"{row['wall']:>8.2f}{row['peak_mb']:>9.0f}{row['ratio']:>12.2f}x")
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps({"log": chosen.log.name, "readers": rows}, indent=2), encoding="utf-8")
    print(f"\nas JSON: {chosen.json}")


if __name__ == "__main__":
    main()
