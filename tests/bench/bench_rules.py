"""What deciding rules costs, against Declare4Py and pm4py: the same rules on the same events, in one run.

    python tests/bench/bench_rules.py [--rounds 5] [--events 1e7] [--folder DIR] [--quick]

(a) one timed response, (b) eight untimed constraints, both over the loan log BPI 2012 (262,200 events), (c) the eight
over the log put four times side by side (1,048,800). Each program runs in a process of its own and reads the log before
the clock starts; reading is reported apart. CPU is of all threads, the least of the rounds. Ours is a whole back-test
(`try_pack`): reading the pack, compiling, deciding every binding, counting, and drawing the samples it shows. The
yardsticks say which traces break a rule. All must find the same broken traces, or the bench ends with an error.
(d) every pack switched on over ten million events: how long deciding all of that history takes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from _report import ROOT, room, save, table

sys.path.insert(0, str(ROOT / "tests" / "peers"))
import yardsticks

LOG = ROOT.parent / "shared" / "datasets" / "eventlogs" / "bpic2012.xes.gz"
COPIES = 4

TIMED = """pack: timed
title: a promise with a deadline
rules:
  - {id: day, title: t, object: case, template: response, within: 24 h,
     activation: {activity: A_PREACCEPTED}, target: {activity: A_ACCEPTED}}
"""
EIGHT = """pack: eight
title: eight constraints
rules:
  - {id: existence, title: t, object: case, template: existence, target: {activity: A_SUBMITTED}}
  - {id: absence, title: t, object: case, template: absence, activation: {activity: A_CANCELLED}}
  - {id: once, title: t, object: case, template: exactly_once, target: {activity: A_SUBMITTED}}
  - {id: response, title: t, object: case, template: response,
     activation: {activity: O_SENT}, target: {activity: O_SENT_BACK}}
  - {id: precedence, title: t, object: case, template: precedence,
     activation: {activity: A_ACCEPTED}, target: {activity: A_PREACCEPTED}}
  - {id: not_coexistence, title: t, object: case, template: not_coexistence,
     activation: {activity: A_APPROVED}, target: {activity: A_DECLINED}}
  - {id: chain_response, title: t, object: case, template: chain_response,
     activation: {activity: A_SUBMITTED}, target: {activity: A_PARTLYSUBMITTED}}
  - {id: responded_existence, title: t, object: case, template: existence,
     activation: {activity: A_ACCEPTED}, target: {activity: A_PREACCEPTED}}
"""
PACKS = {"timed": TIMED, "eight": EIGHT}
EVENTS = 262_200

# Declare4Py has no checker for not-coexistence, so it does seven of the eight.
DECLARE4PY = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
from Declare4Py.D4PyEventLog import D4PyEventLog
from Declare4Py.ProcessMiningTasks.ConformanceChecking.MPDeclareAnalyzer import MPDeclareAnalyzer
from Declare4Py.ProcessModels.DeclareModel import DeclareModel
RULES = {"timed": {"day": "Response[A_PREACCEPTED, A_ACCEPTED] | | |0,24,h"}, "eight": {
    "existence": "Existence1[A_SUBMITTED] | |", "absence": "Absence1[A_CANCELLED] | |",
    "once": "Exactly1[A_SUBMITTED] | |", "response": "Response[O_SENT, O_SENT_BACK] | | |",
    "precedence": "Precedence[A_PREACCEPTED, A_ACCEPTED] | | |",
    "chain_response": "Chain Response[A_SUBMITTED, A_PARTLYSUBMITTED] | | |",
    "responded_existence": "Responded Existence[A_ACCEPTED, A_PREACCEPTED] | | |"}}[sys.argv[2]]
began = time.process_time()
log = D4PyEventLog(case_name="case:concept:name")
log.parse_xes_log(sys.argv[1])
read = time.process_time() - began
names = sorted({name for line in RULES.values() for name in line[line.index("[") + 1 : line.index("]")].split(", ")})
model = DeclareModel().parse_from_string("\\n".join(["activity " + name for name in names] + list(RULES.values())))
spent = []
for _ in range(int(sys.argv[3])):
    began = time.process_time()
    found = MPDeclareAnalyzer(log, model, True).run()
    spent.append(time.process_time() - began)
state = found.get_metric("state")
broken = {rule: int((state[line] == 0).sum()) for rule, line in RULES.items()}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"read": read, "spent": spent, "broken": broken, "peak_mb": peak}))
"""
PM4PY = """
import json, resource, sys, time, warnings
from collections import Counter
warnings.simplefilter("ignore")
import pm4py
from pm4py.algo.conformance.declare import algorithm
rule = {"support": 1.0, "confidence": 1.0}
MODEL = {"existence": {"A_SUBMITTED": rule}, "absence": {"A_CANCELLED": rule}, "exactly_one": {"A_SUBMITTED": rule},
    "response": {("O_SENT", "O_SENT_BACK"): rule}, "precedence": {("A_PREACCEPTED", "A_ACCEPTED"): rule},
    "noncoexistence": {("A_APPROVED", "A_DECLINED"): rule},
    "chainresponse": {("A_SUBMITTED", "A_PARTLYSUBMITTED"): rule},
    "responded_existence": {("A_ACCEPTED", "A_PREACCEPTED"): rule}}
OURS = {"exactly_one": "once", "noncoexistence": "not_coexistence", "chainresponse": "chain_response"}
began = time.process_time()
log = pm4py.read_xes(sys.argv[1])
read = time.process_time() - began
spent = []
for _ in range(int(sys.argv[3])):
    began = time.process_time()
    found = algorithm.apply(log, MODEL)
    spent.append(time.process_time() - began)
seen = Counter(kind for one in found for kind in {deviation[0] for deviation in one["deviations"]})
broken = {OURS.get(kind, kind): seen[kind] for kind in MODEL}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"read": read, "spent": spent, "broken": broken, "peak_mb": peak}))
"""
PROGRAMS = {"Declare4Py": DECLARE4PY, "pm4py": PM4PY}


def ours(log: Path, pack: str, rounds: int) -> dict[str, Any]:
    """Import the log into a store beside it, then try the pack on it."""
    from connectors._import import Importer
    from data.settings import Settings, StorePlace
    from data.store import Store, now_us
    from data.writer import Writer
    from metrics._backtest import Trial, try_pack
    from metrics._engine import Engine

    file, path = log.parent / f"{pack}.duckdb", log.parent / f"{pack}.yaml"
    path.write_text(PACKS[pack], encoding="utf8")
    store = Store.open(file)
    writer = Writer(store, [Engine()])
    writer.start()
    began = time.process_time()
    Importer(Settings(store=StorePlace(file)), store, writer).run([log])
    read, spent = time.process_time() - began, []
    for _ in range(rounds):
        began = time.process_time()
        tried = try_pack(store, path, Trial(closed=True), now_us())
        spent.append(time.process_time() - began)
    broken = {one.rule.id: one.objects["violated"] for one in tried}
    writer.stop()
    store.close()
    return {"read": read, "spent": spent, "broken": broken}


def peak_of_trial(log: Path, pack: str) -> float:
    """Megabytes that a process takes which only tries the pack on the store that is there."""
    from data.store import Store, now_us
    from metrics._backtest import Trial, try_pack

    store = Store.open(log.parent / f"{pack}.duckdb")
    try_pack(store, log.parent / f"{pack}.yaml", Trial(closed=True), now_us())
    store.close()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def replicated(target: Path, copies: int) -> Path:
    """The log with each trace so many times, under case ids of its own."""
    text = gzip.decompress(LOG.read_bytes()).decode("utf8")
    head, mark, rest = text.partition("<trace>")
    body, end, tail = (mark + rest).rpartition("</trace>")
    traces = body + end
    with gzip.open(target, "wt", encoding="utf8", compresslevel=1) as out:
        out.write(head)
        for copy in range(copies):
            # The id is the trace's first concept:name; those of events come after the first <event>.
            parts = traces.split("<trace>")
            for part in parts[1:]:
                own, event, events = part.partition("<event>")
                own = own.replace('key="concept:name" value="', f'key="concept:name" value="{copy}-', 1)
                out.write("<trace>" + own + event + events)
        out.write(tail)
    return target


def told(words: Sequence[str]) -> dict[str, Any]:
    """What a program that was run says in its last line."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def row(what: str, program: str, found: dict[str, Any], events: int) -> dict[str, Any]:
    """A line of the table."""
    return {"what": what, "program": program, "events": events, "rules": len(found["broken"]),
            "cpu_s": min(found["spent"]), "read_s": found["read"], "peak_mb": found["peak_mb"],
            "broken": found["broken"]}


def compared(what: str, log: Path, pack: str, rounds: int, copies: int) -> list[dict[str, Any]]:
    """All programs that can, on one log; ends the bench where they find different traces broken."""
    mine = told([sys.executable, __file__, "--ours", str(log), "--pack", pack, "--rounds", str(rounds)])
    # Importing takes memory that trying does not, so a process that only tries tells how much that takes.
    mine |= told([sys.executable, __file__, "--peak", str(log), "--pack", pack])
    rows = [row(what, "Frontview", mine, EVENTS * copies)]
    for name, script in PROGRAMS.items():
        if (name == "pm4py" and pack == "timed") or (name == "Declare4Py" and copies > 1):
            continue
        file = log.parent / f"check_{name}.py"
        file.write_text(script, encoding="utf8")
        found = told([str(yardsticks.PYTHON), str(file), str(log), pack, str(rounds)])
        own = mine["broken"]
        different = {rule: (n, own[rule]) for rule, n in found["broken"].items() if n != own[rule]}
        if different:
            sys.exit(f"{name} and Frontview find different traces broken: {different}")
        rows.append(row(what, name, found, EVENTS * copies))
        rows[-1]["to_ours"] = rows[-1]["cpu_s"] / rows[0]["cpu_s"]
    return rows


def against_yardsticks(folder: Path, rounds: int, *, quick: bool) -> list[dict[str, Any]]:
    """The table of (a), (b) and (c)."""
    once = folder / LOG.name
    once.symlink_to(LOG)
    rows = compared("(a) timed response", once, "timed", rounds, 1)
    rows += compared("(b) eight constraints", once, "eight", rounds, 1)
    if not quick:
        (folder / "large").mkdir()
        large = replicated(folder / "large" / "loans.xes.gz", COPIES)
        rows += compared("(c) eight, a million events", large, "eight", rounds, COPIES)
    return rows


def all_packs() -> list[str]:
    """The names of every pack that comes with the program."""
    return sorted(file.stem for file in (ROOT / "metrics" / "packs").glob("*.yaml"))


def build_world(path: Path, n_events: int) -> dict[str, Any]:
    """A world with the core pack decided, and left in its file."""
    from _world import build

    store, writer, _ = build(path, n_events, 0)
    writer.stop()
    store.close()
    return {}


def backfill(path: Path) -> dict[str, Any]:
    """Switch every pack on, over all history."""
    from data.store import Store
    from metrics._engine import Engine
    from metrics.conformance.decide import Conformance

    store = Store.open(path)
    engine, con = Engine(Conformance(enabled=all_packs())), store.connection.cursor()
    at_cpu, at = time.process_time(), time.perf_counter()
    con.execute("BEGIN")
    engine.prepare(con)
    con.execute("COMMIT")
    spent = {"cpu_s": time.process_time() - at_cpu, "wall_s": time.perf_counter() - at}
    (n_rules, n_bindings), = con.execute("SELECT count(DISTINCT rule), count(*) FROM binding").fetchall()
    con.close()
    store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**spent, "rules": len(engine.conformance.rules), "rules_met": n_rules, "bindings": n_bindings,
            "peak_mb": peak}


def backfilled(n_events: int, folder: Path | None) -> dict[str, Any]:
    """(d) at so many events, in processes of their own: one builds, the next switches the packs on."""
    with room(n_events, folder) as place:
        path = place / "world.duckdb"
        told([sys.executable, __file__, "--build", str(path), "--events", str(n_events)])
        return {"events": n_events, **told([sys.executable, __file__, "--backfill", str(path)])}


def part(args: argparse.Namespace) -> dict[str, Any] | None:
    """What a process that the bench started for one thing found; None in the bench itself."""
    works: dict[str, Callable[[], dict[str, Any]]] = {
        "ours": lambda: ours(args.ours, args.pack, args.rounds),
        "peak": lambda: {"peak_mb": peak_of_trial(args.peak, args.pack)},
        "build": lambda: build_world(args.build, int(args.events)),
        "backfill": lambda: backfill(args.backfill),
    }
    return next((work() for name, work in works.items() if getattr(args, name)), None)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=float, default=1e7, help="events that all packs are switched on over; 0: none")
    parser.add_argument("--folder", type=Path, help="where the databases are put meanwhile")
    parser.add_argument("--quick", action="store_true", help="sizes of a smoke run")
    parser.add_argument("--pack", help=argparse.SUPPRESS)
    for name in ("--ours", "--peak", "--build", "--backfill"):
        parser.add_argument(name, type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    found = part(args)
    if found is not None:
        print(json.dumps(found), flush=True)
        # Connections that threads still hold make DuckDB complain at exit; the figures are out.
        os._exit(0)
    result: dict[str, Any] = {}
    why = yardsticks.lacking() or ("" if LOG.exists() else f"the loan log is not here: {LOG}")
    if why:
        print(f"left out (a) to (c): {why}")
    else:
        with room(2e6, args.folder) as place:
            result["yardsticks"] = against_yardsticks(place, 2 if args.quick else args.rounds, quick=args.quick)
        table(result["yardsticks"], {"what": "what", "program": "program", "events": "events", "rules": "rules",
                                     "cpu_s": "CPU s", "to_ours": "times ours", "read_s": "reading CPU s",
                                     "peak_mb": "peak MB"})
    n_events = int(2e5 if args.quick else args.events)
    if n_events:
        result["all_packs"] = backfilled(n_events, args.folder)
        print()
        table([result["all_packs"]], {"events": "events", "rules": "rules", "rules_met": "with bindings",
                                      "bindings": "bindings", "cpu_s": "CPU s", "wall_s": "wall s",
                                      "peak_mb": "peak MB"})
    save("rules", result)


if __name__ == "__main__":
    main()
