"""Keeps everything derived in line with the events, inside the writer's transaction: facts, flow, bindings, sums.

Touched objects are recomputed from their whole history and the sums moved by the difference, so any order of
arrival, late records and replays end in the same state as computing everything anew (`rebuild`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from data.errors import FrontviewError
from data.ingest import PARTY_TYPES, REFERENCE_TYPES, Delta
from data.settings import Settings
from data.store import Store, now_us
from data.writer import Writer
from metrics._sql import run
from metrics.conformance.decide import Conformance, Words

# What waits for an answer of ours. A call is answered by taking it.
ASKING: Final = ("msg.in", "lead.created", "ticket.created")
SUMS: Final = ("agg_activity", "agg_dfg", "agg_rule", "agg_case", "agg_variant")
DERIVED: Final = ("object_fact", "variant", "binding_open", "binding_done", *SUMS)
_SPAN: Final = (
    "CREATE OR REPLACE TEMP TABLE fresh AS FROM case_event WHERE obj >= $low AND obj < $high",
    "CREATE OR REPLACE TEMP TABLE fresh_watched AS FROM watched WHERE obj >= $low AND obj < $high",
)
_FOLD: Final = "CREATE OR REPLACE TEMP TABLE folded AS SELECT {parts} FROM {table} GROUP BY ALL HAVING {live}"
_SIZE: Final = "SELECT estimated_size FROM duckdb_tables() WHERE table_name = ?"
_CHUNK = 200_000
_EVENTS_A_CHUNK = 2_000_000
# Sums are folded when this many rows have piled up behind the last fold: seldom, and cheap each time.
_FOLD_AT = 200_000
_LOOK_EVERY = 20


@contextmanager
def running(
    settings: Settings, *, create: bool = True, on_fatal: Callable[[FrontviewError], None] | None = None
) -> Iterator[tuple[Store, Writer]]:
    """The store and its writer with the rules of the settings, started, and closed in order whatever happens.

    Raises FixSettings when the file or a rule pack cannot be used, or turns out unusable while it runs.
    """
    folders = [Path(pack) for pack in settings.rules.packs]
    conformance = Conformance(folders, disabled=settings.rules.disable, calendars=list(settings.calendars.values()))
    store = Store.open(settings.store.db, create=create)
    try:
        writer = Writer(store, [Engine(conformance)], on_fatal=on_fatal)
        try:
            writer.start()
            yield store, writer
        except SystemExit:
            # A broken file ends the program from the writer's thread; then its sentence is told below.
            if not writer.fault:
                raise
        finally:
            writer.stop()
    finally:
        store.close()
    if writer.fault:
        raise writer.fault


class Engine:
    """The one decider: see `data.writer.Decider`."""

    def __init__(self, conformance: Conformance | None = None) -> None:
        self.conformance = conformance or Conformance()
        self._params: dict[str, object] = {}
        self._folded: dict[str, int] = {}
        self._commits = 0

    def prepare(self, con: duckdb.DuckDBPyConnection) -> None:
        """Take over the rules as they are now; when they changed, decide all history again."""
        changed = self.conformance.prepare(con)
        self._look_up(con)
        if changed and con.execute("SELECT count(*) FROM (FROM event LIMIT 1)").fetchall()[0][0]:
            self.rejudge(con, now_us())

    def _look_up(self, con: duckdb.DuckDBPyConnection) -> None:
        words = Words(con)
        self._params["asking"] = [words.code("activity", name) for name in ASKING]
        self._types(con)

    def _types(self, con: duckdb.DuckDBPyConnection) -> None:
        rows = con.execute("SELECT code, name FROM term WHERE kind = 'object_type'").fetchall()
        self._params["flow"] = [code for code, name in rows if name not in REFERENCE_TYPES | PARTY_TYPES]
        self._params["party"] = [code for code, name in rows if name in PARTY_TYPES]

    def decide(self, con: duckdb.DuckDBPyConnection, delta: Delta) -> None:
        """Recompute what the batch touched. Reads the temp tables `fresh`, `touched`, `gone`."""
        if delta.new_types:
            self._types(con)
        params = self._params | {"batch": delta.batch, "first_new_seq": delta.first_new_seq, "at_us": delta.at_us}
        run(con, "activity", params)
        run(con, "looked", params)
        self.conformance.mark(con)
        run(con, "passed", params)
        touched = sorted(obj for (obj,) in con.execute("SELECT obj FROM touched").fetchall())
        if touched:
            run(con, "history", _reach(touched, delta))
            con.execute("INSERT INTO watched_event FROM fresh_watched")
            con.execute("DELETE FROM watched_event WHERE seq IN (SELECT seq FROM gone)")
            self._derive(con, params)

    def _derive(self, con: duckdb.DuckDBPyConnection, params: dict[str, object]) -> None:
        run(con, "facts", params)
        run(con, "flow", params)
        self.conformance.decide(con)
        run(con, "keep", params)

    def rejudge(self, con: duckdb.DuckDBPyConnection, at_us: int) -> None:
        """Decide all history by the rules in force now; what was believed before is kept."""
        for _ in self._chunks(con):
            con.execute("CREATE OR REPLACE TEMP TABLE fact_new AS FROM object_fact SEMI JOIN touched USING (obj)")
            self.conformance.decide(con)
            run(con, "keep", {"at_us": at_us})

    def _chunks(self, con: duckdb.DuckDBPyConnection) -> Iterator[int]:
        """Ranges of objects, with `fresh`, `touched`, `gone` and `hist` filled with their whole course."""
        con.execute("CREATE OR REPLACE TEMP TABLE gone (seq BIGINT)")
        self._watch(con)
        last = con.execute("SELECT coalesce(max(obj), 0) FROM object").fetchall()[0][0]
        for low in range(0, last + 1, _CHUNK):
            for statement in _SPAN:
                con.execute(statement, {"low": low, "high": low + _CHUNK})
            con.execute(
                "CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT obj, otype FROM fresh "
                "UNION SELECT DISTINCT obj, otype FROM fresh_watched"
            )
            run(con, "history", {"first_new_obj": 0, "cut": 0, "from_seq": 0})
            yield low
        con.execute("INSERT INTO watched_event FROM watched")
        con.execute("DROP TABLE watched")

    def _watch(self, con: duckdb.DuckDBPyConnection) -> None:
        """Find again what rules look at in the events of contacts: the temp table `watched`."""
        con.execute("DELETE FROM watched_event")
        con.execute("CREATE OR REPLACE TEMP TABLE watched AS FROM watched_event LIMIT 0")
        last = con.execute("SELECT coalesce(max(seq), 0) FROM event").fetchall()[0][0]
        for low in range(0, last + 1, _EVENTS_A_CHUNK):
            run(con, "watch", {"low": low, "high": low + _EVENTS_A_CHUNK, "party": self._params["party"]})
            self.conformance.mark(con)
            con.execute(
                "INSERT INTO watched SELECT h.* EXCLUDE (in_new, pos) FROM hist h SEMI JOIN mark m "
                "ON h.seq = m.seq AND h.obj = m.obj"
            )

    def rebuild(self, con: duckdb.DuckDBPyConnection, at_us: int) -> None:
        """Compute everything derived anew from `case_event`: the back-fill, the recovery and the oracle."""
        for table in DERIVED:
            con.execute("DELETE FROM " + table)
        for _ in self._chunks(con):
            self._derive(con, self._params | {"at_us": at_us})
        con.execute(
            "INSERT INTO agg_activity SELECT t // 3600000000, team, channel, direction, activity, count(*) "
            "FROM event GROUP BY ALL"
        )

    def tidy(self, con: duckdb.DuckDBPyConnection) -> None:
        """Fold sums whose tail of single differences has grown long; looks only now and then."""
        self._commits += 1
        if self._commits % _LOOK_EVERY:
            return
        for table in SUMS:
            rows = con.execute(_SIZE, [table]).fetchall()[0][0]
            folded = self._folded.get(table, 0)
            # The longer a sum is, the dearer its fold, so the tail may grow with it.
            if rows - folded > max(_FOLD_AT, folded // 2):
                self._folded[table] = fold(con, table)


def _reach(touched: Sequence[int], delta: Delta) -> dict[str, object]:
    """How far back the history of touched objects must be read: the oldest twentieth is looked for apart, because
    numbers are given in order of arrival and one old object would otherwise make all of history be read."""
    cut = touched[len(touched) // 20]
    if delta.first_seq(touched[0]) * 2 > delta.first_seq(cut):
        cut = touched[0]
    return {"first_new_obj": delta.first_new_obj, "cut": cut, "from_seq": delta.first_seq(cut)}


def fold(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Put the rows of a sum that share a key together; how many are left."""
    columns: Sequence[str] = [
        name
        for (name,) in con.execute(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [table]
        ).fetchall()
    ]
    summed = {"n", "dt", "dur", "rework"}
    parts = ", ".join(f"sum({name})" if name in summed else name for name in columns)
    live = " OR ".join(f"sum({name}) <> 0" for name in columns if name in summed)
    con.execute(_FOLD.format(parts=parts, table=table, live=live))
    con.execute("DELETE FROM " + table)
    return con.execute("INSERT INTO " + table + " SELECT * FROM folded").fetchall()[0][0]
