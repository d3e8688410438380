"""How long every page takes to load from stores of a million and ten million events, for each role and its filters.

    python tests/bench/bench_views.py [--events 1e6 10e6 ...] [--rounds 20] [--db FILE] [--quick]

A load is everything a page reads for one frame, the frame around it included; each is measured with nothing
remembered (codes, names and labels looked up anew) and as a running server does it (these remembered). Evidence is
what opens behind a click. Statements of slow loads are shown one by one. Wanted: 50 ms at ten million events.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from _report import machine, room, save, spread, table
from _world import build

import layouts
from data.errors import FrontviewError
from data.plugins import discover
from data.scope import SYSTEM, Role, Scope
from data.store import Store
from layouts._contract import View
from layouts._evidence import OPENERS
from layouts._shell import SHELL
from metrics._contract import DAY, Filters, Read, statement

WANTED_MS = 50.0
ENOUGH_SECONDS = 10.0
REP = "rep7@firm.example"
VIEWERS: Mapping[str, Scope] = {
    "manager": Scope(Role.MANAGER, teams=None),
    "manager, one team": Scope(Role.MANAGER, teams=frozenset({"Service"})),
    "officer": Scope(Role.OFFICER, teams=None),
    "rep": Scope(Role.REP, REP, frozenset()),
}
DAILY = Filters()
# What people set besides the defaults; a page only gets those filters that it listens to.
CHOICES: Mapping[str, Filters] = {
    "": DAILY,
    "team": replace(DAILY, team="Service"),
    "channel": replace(DAILY, channel="email"),
    "type": replace(DAILY, otype="opportunity"),
    "team, channel, type": replace(DAILY, team="Service", channel="email", otype="ticket"),
    "window 24 h": replace(DAILY, window="24h"),
    "span 90 days": replace(DAILY, span="90d"),
    "span all": replace(DAILY, span="all"),
    "span all, channel": replace(DAILY, span="all", channel="email"),
}
# What is asked of the process page alone: a filtered map, its other parts, several types of case together.
_THROUGH = "via:quote.sent;not:msg.in;longer:1d"
PROCESS: Mapping[str, Filters] = {
    "two types": replace(DAILY, span="90d", pick="type:opportunity;type:ticket"),
    "customers": replace(DAILY, span="90d", pick="type:*customer"),
    "filtered": replace(DAILY, span="30d", pick=_THROUGH),
    "filtered, span all": replace(DAILY, span="all", pick=_THROUGH),
    "filtered, an attribute": replace(DAILY, span="all", pick="is:stage=opportunity.won"),
    **{tab: replace(DAILY, span="90d", tab=tab) for tab in ("variants", "times", "compare", "causes")},
    **{f"{tab}, filtered": replace(DAILY, span="90d", tab=tab, pick=_THROUGH)
       for tab in ("variants", "times", "compare", "causes")},
}
_LISTENS = {"team": "team", "channel": "channel", "type": "otype", "window": "window", "span": "span"}


@dataclass
class Watch:
    """`Store.read`, timed: milliseconds by statement. `errors` counts cards that could not be loaded."""

    store: Store
    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def read(self, sql: str, params: Mapping[str, Any], scope: Scope) -> list[dict[str, Any]]:
        begun = time.perf_counter()
        try:
            return self.store.read(sql, params, scope)
        finally:
            self.spent[_called(sql)].append((time.perf_counter() - begun) * 1000)


def _called(sql: str, known: dict[str, str] = {}) -> str:  # noqa: B006 -- the names of the statements, read once
    if not known:
        folder = Path(statement.__wrapped__.__code__.co_filename).parent / "sql"
        for file in folder.glob("*.sql"):
            known[statement(file.stem)[0]] = file.stem
    return known.get(sql) or " ".join(sql.split())[:60]


@dataclass(frozen=True)
class Case:
    """One thing that is measured: who looks at what."""

    viewer: str
    what: str
    how: str
    work: Callable[[Read, int], Any]
    is_evidence: bool = False


def page_cases(views: Mapping[str, View]) -> Iterator[Case]:
    """Every page for everybody who may open it, under all filters that it listens to."""
    for viewer, scope in VIEWERS.items():
        for view in sorted((v for v in views.values() if scope.role in v.roles), key=lambda v: v.order):
            for how, filters in CHOICES.items():
                asked = {word for long, word in _LISTENS.items() if long in how}
                if asked <= set(view.filters):
                    yield Case(viewer, view.title, how, _load(view, filters))
            if view.id == "process":
                yield from (Case(viewer, view.title, how, _load(view, filters)) for how, filters in PROCESS.items())


def _load(view: View, filters: Filters) -> Callable[[Read, int], Any]:
    return lambda read, now_t: [part.load(read, filters, now_t) for part in (SHELL, *view.parts)]


def evidence_cases(views: Mapping[str, View], words: Mapping[str, str]) -> Iterator[Case]:
    """The lists behind every figure, and what opens from them: a case, a long one, a record, a search."""
    for viewer, scope in VIEWERS.items():
        for view in sorted((v for v in views.values() if scope.role in v.roles), key=lambda v: v.order):
            for figure, find in view.evidence.items():
                work = _behind(find, words.get(figure, ""))
                yield Case(viewer, view.title, f"behind {figure}", work, True)
        for kind in ("case", "customer", "event", "find", "find, nothing"):
            opener = OPENERS["case" if kind == "customer" else kind.partition(",")[0]]
            yield Case(viewer, "evidence", kind, _open(opener, words[f"{viewer}: {kind}"]), True)


def _behind(find: Callable[..., Any], word: str) -> Callable[[Read, int], Any]:
    wide = replace(DAILY, window="24h", span="30d")
    return lambda read, now_t: find(read, wide, now_t, word)


def _open(opener: Callable[[Read, str], Any], word: str) -> Callable[[Read, int], Any]:
    return lambda read, _now_t: opener(read, word)


def words_of(store: Store) -> dict[str, str]:
    """What is clicked: the rule with most breaches, the busiest step, a usual case, a long one, a record."""
    def first(sql: str, scope: Scope = SYSTEM) -> dict[str, Any]:
        return store.read(sql, {}, scope)[0]

    rule = first("SELECT r.id FROM binding AS b JOIN rule AS r ON r.code = b.rule WHERE b.verdict = 2 "
                 "GROUP BY r.id ORDER BY count(*) DESC LIMIT 1")["id"]
    arc = first("SELECT a.name || '>' || b.name AS arc FROM agg_dfg AS d JOIN activity AS a ON a.code = d.source "
                "JOIN activity AS b ON b.code = d.target JOIN object_type AS o ON o.code = d.otype "
                "WHERE o.name = 'opportunity' AND d.source > 0 AND d.target > 0 "
                "GROUP BY ALL ORDER BY sum(d.n) DESC LIMIT 1")["arc"]
    words = {"rule": rule, "arc": arc}
    for viewer, scope in VIEWERS.items():
        case = first("SELECT obj FROM object_fact ORDER BY n <> 7, last_t DESC LIMIT 1", scope)["obj"]
        customer = first("SELECT e.obj FROM event_object AS e JOIN object AS o USING (obj) "
                         "JOIN object_type AS k ON k.code = o.otype WHERE k.name = 'contact' "
                         "GROUP BY e.obj ORDER BY count(*) DESC LIMIT 1", scope)["obj"]
        seq = store.read("SELECT max(seq) AS seq FROM case_event WHERE obj = $obj", {"obj": case}, scope)[0]["seq"]
        words |= {f"{viewer}: case": str(case), f"{viewer}: customer": str(customer), f"{viewer}: event": str(seq),
                  f"{viewer}: find": "Moreau", f"{viewer}: find, nothing": "zzyzx"}
    return words


def measured(store: Store, case: Case, rounds: int, moments: Iterator[int]) -> dict[str, Any]:
    """One row: wall and CPU of loads that remember nothing, wall of those that do, and the statements."""
    watch, scope = Watch(store), VIEWERS[case.viewer]
    row: dict[str, Any] = {"viewer": case.viewer, "page": case.what, "with": case.how}
    try:
        # The first load prepares the statements for the scope, as the first viewer after a start does.
        begun = time.perf_counter()
        case.work(Read(watch.read, scope, news=store.news), next(moments))
        row["first"] = (time.perf_counter() - begun) * 1000
        watch.spent.clear()
        walls, cpus = _rounds(case, lambda: Read(watch.read, scope, news=store.news), rounds, moments)
    except FrontviewError as error:
        return {**row, "error": str(error)}
    parts = {name: {"n": len(ms) / len(walls), **spread(ms)} for name, ms in watch.spent.items()}
    kept = Read.of(store, scope)
    case.work(kept, next(moments))
    again, _ = _rounds(case, lambda: kept, rounds, moments)
    slow = max(parts, key=lambda name: parts[name]["n"] * parts[name]["p50"], default="")
    return {**row, "loads": len(walls), **spread(walls), "cpu": spread(cpus)["p50"], "kept": spread(again)["p50"],
            "kept_p95": spread(again)["p95"], "slowest": slow, "statements": parts}


def _rounds(
    case: Case, read: Callable[[], Read], rounds: int, moments: Iterator[int]
) -> tuple[list[float], list[float]]:
    """Wall and CPU milliseconds of the loads; three at least, and no more once ten seconds are over."""
    walls: list[float] = []
    cpus: list[float] = []
    ends = time.monotonic() + ENOUGH_SECONDS
    while len(walls) < min(3, rounds) or (len(walls) < rounds and time.monotonic() < ends):
        wall, cpu = _timed(case, read(), next(moments))
        walls.append(wall)
        cpus.append(cpu)
    return walls, cpus


def _timed(case: Case, read: Read, now_t: int) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    case.work(read, now_t)
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def at_size(n_events: int, options: argparse.Namespace) -> dict[str, Any]:
    """Everything at one size: built in a folder of its own, or read from the database that was named."""
    if options.db and options.db.exists():
        return _of_file(options.db, options.rounds, 0.0)
    with room(n_events, options.folder) as folder:
        path = options.db or folder / "views.duckdb"
        begun = time.perf_counter()
        store, writer, _ = build(path, n_events, 0)
        writer.stop()
        store.close()
        del store, writer
        gc.collect()
        return _of_file(path, options.rounds, time.perf_counter() - begun)


def _of_file(path: Path, rounds: int, build_seconds: float) -> dict[str, Any]:
    store = Store.open(path, create=False)
    try:
        held = store.read("SELECT count(*) AS n, max(t) AS t, min(t) AS first_t FROM event", {}, SYSTEM)[0]
        views: dict[str, View] = discover(layouts, "VIEW")
        # Each load is a moment later than the one before, so that nothing remembered for a moment serves twice.
        moments = count(held["t"] + 1, 1000)
        cases = [*page_cases(views), *evidence_cases(views, words_of(store))]
        rows = []
        for case in cases:
            rows.append({**measured(store, case, rounds, moments), "evidence": case.is_evidence})
            if sys.stderr.isatty():
                print(f"{len(rows)} of {len(cases)}: {case.viewer}, {case.what} {case.how}", file=sys.stderr)
        facts = store.read("SELECT count(*) FILTER (closed_t IS NULL) AS open, count(waiting_t) AS waiting, "
                           "count(*) AS cases FROM object_fact", {}, SYSTEM)[0]
    finally:
        store.close()
    return {"events": held["n"], "days": (held["t"] - held["first_t"]) // DAY, "file_mb": path.stat().st_size / 1e6,
            "build_seconds": build_seconds, "rounds": rounds, **facts, "rows": rows}


COLUMNS = {"viewer": "viewer", "page": "page", "with": "with", "p50": "p50 ms", "p95": "p95", "min": "min",
           "cpu": "CPU ms", "kept": "kept p50", "kept_p95": "p95", "slowest": "slowest statement"}


def show(found: Mapping[str, Any]) -> None:
    """The tables of one size."""
    print(f"\n{found['events']:,d} events of {found['days']} days, {found['cases']:,d} cases and contacts, "
          f"{found['open']:,d} open, {found['waiting']:,d} waiting; file {found['file_mb']:,.0f} MB, built in "
          f"{found['build_seconds']:,.0f} s; {found['rounds']} loads each, fewer where "
          f"{ENOUGH_SECONDS:.0f} s were not enough\n")
    rows: Sequence[Mapping[str, Any]] = found["rows"]
    table([row for row in rows if not row["evidence"]], COLUMNS)
    print("\nevidence")
    table([row for row in rows if row["evidence"]], COLUMNS)
    for row in rows:
        if "error" in row:
            print(f"\nnot loaded: {row['viewer']}, {row['page']} {row['with']}: {row['error']}")
    slow = [row for row in rows if row.get("p50", 0) > WANTED_MS]
    print(f"\n{len(slow)} of {len(rows)} over {WANTED_MS:.0f} ms" + ("; their statements:" if slow else ""))
    lines: dict[str, dict[str, Any]] = {}
    for row in slow:
        for name, ms in row["statements"].items():
            if ms["p50"] * ms["n"] > 5 and ms["p50"] > lines.get(name, {"p50": 0})["p50"]:
                lines[name] = {"statement": name, "worst": f"{row['viewer']}, {row['page']} {row['with']}", **ms}
    if lines:
        table(sorted(lines.values(), key=lambda line: -line["p50"]),
              {"statement": "statement", "n": "a load", "p50": "p50 ms", "p95": "p95", "min": "min",
               "worst": "slowest for"})


def main() -> None:
    """Measure, print the tables, and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=float, nargs="+", default=[1e6, 10e6])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="where to build; needs some 0.5 GB for each million events")
    parser.add_argument("--db", type=Path, help="measure this database, or build it here and keep it")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true", help="20,000 events and 3 loads: does it run at all")
    options = parser.parse_args()
    if options.quick:
        options.events, options.rounds = [20_000], 3
    about = machine()
    print(f"{about['cpu']}, {about['cores']} cores, load {about['load'][0]}, process {os.getpid()}")
    sizes = []
    for n_events in options.events[:1] if options.db else options.events:
        sizes.append(at_size(int(n_events), options))
        show(sizes[-1])
    save("views", {"wanted_ms": WANTED_MS, "sizes": sizes}, options.json)


if __name__ == "__main__":
    main()
