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
from metrics import _turns
from metrics._courses import courses
from metrics._sql import run
from metrics.conformance.decide import Conformance, Words

# What waits for an answer of ours. A call is answered by taking it.
ASKING: Final = ("msg.in", "lead.created", "ticket.created")
SUMS: Final = ("agg_activity", "agg_dfg", "agg_rule", "agg_case", "agg_variant")
DERIVED: Final = ("object_fact", "case_open", "variant", "binding_open", "binding_done", *_turns.DERIVED, *SUMS)
# An attribute that some condition reads has changed: its object is decided again even where nothing happened.
_CHANGED: Final = """INSERT INTO touched SELECT DISTINCT c.obj, o.otype FROM changed c JOIN object o USING (obj)
    WHERE list_contains($attributes, c.code) AND c.obj NOT IN (SELECT obj FROM touched)"""
_ALL_JOINT: Final = (
    "DELETE FROM bind_new",
    "CREATE OR REPLACE TEMP TABLE joint AS SELECT DISTINCT rule, act_seq FROM binding_part "
    "UNION SELECT rule, act_seq FROM binding SEMI JOIN joint_rule USING (rule)",
    "DELETE FROM touched",
)
_FOLD: Final = "CREATE OR REPLACE TEMP TABLE folded AS SELECT {parts} FROM {table} GROUP BY ALL HAVING {live}"
_SIZE: Final = "SELECT estimated_size FROM duckdb_tables() WHERE table_name = ?"
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
    rules = settings.rules
    conformance = Conformance(
        folders, enabled=rules.enable, disabled=rules.disable, calendars=list(settings.calendars.values())
    )
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
        self._party: Sequence[int] = ()
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
        self._params["sender"] = words.code("qualifier", "from")
        self._types(con)

    def _types(self, con: duckdb.DuckDBPyConnection) -> None:
        rows = con.execute("SELECT code, name FROM term WHERE kind = 'object_type'").fetchall()
        self._params["flow"] = [code for code, name in rows if name not in REFERENCE_TYPES | PARTY_TYPES]
        self._party = [code for code, name in rows if name in PARTY_TYPES]

    def decide(self, con: duckdb.DuckDBPyConnection, delta: Delta) -> None:
        """Recompute what the batch touched. Reads the temp tables `fresh`, `touched`, `gone`."""
        if delta.new_types:
            self._types(con)
        params = self._params | {"batch": delta.batch, "first_new_seq": delta.first_new_seq, "at_us": delta.at_us}
        run(con, "activity", params)
        run(con, "looked", params)
        self.conformance.watch(con)
        run(con, "passed", params)
        if self.conformance.attributes:
            con.execute(_CHANGED, {"attributes": list(self.conformance.attributes)})
        touched = sorted(obj for (obj,) in con.execute("SELECT obj FROM touched").fetchall())
        if touched:
            run(con, "history", _reach(touched, delta))
            con.execute("INSERT INTO watched_event FROM fresh_watched")
            con.execute("DELETE FROM watched_event WHERE seq IN (SELECT seq FROM gone)")
            self._derive(con, params)
        _turns.keep(con, params, delta, touched=bool(touched))

    def _derive(self, con: duckdb.DuckDBPyConnection, params: dict[str, object], *, joint: bool = True) -> None:
        run(con, "facts", params)
        run(con, "flow", params)
        self._judge(con, params, joint=joint)

    def _judge(self, con: duckdb.DuckDBPyConnection, params: dict[str, object], *, joint: bool = True) -> None:
        """Decide the bindings of `hist` and bring the stored ones into line."""
        self.conformance.decide(con)
        if self.conformance.joint and joint:
            run(con, "joint", {})
        if con.execute("SELECT 1 FROM waiver LIMIT 1").fetchall():
            run(con, "waive", {})
        run(con, "old_joint" if self.conformance.joint else "old", {})
        run(con, "keep", params)

    def rejudge(self, con: duckdb.DuckDBPyConnection, at_us: int) -> None:
        """Decide all history by the rules in force now; what was believed before is kept."""
        for _ in courses(con, self.conformance, self._party, whole=False):
            con.execute("CREATE OR REPLACE TEMP TABLE fact_new AS FROM object_fact SEMI JOIN touched USING (obj)")
            self._judge(con, {"at_us": at_us}, joint=False)
        self._join_all(con, at_us)

    def _join_all(self, con: duckdb.DuckDBPyConnection, at_us: int) -> None:
        """Put together what all objects say for rules that ask for all or any of an activation's objects."""
        if self.conformance.joint:
            for statement in _ALL_JOINT:
                con.execute(statement)
            run(con, "joint", {})
            run(con, "old_joint", {})
            run(con, "keep", {"at_us": at_us})

    def rebuild(self, con: duckdb.DuckDBPyConnection, at_us: int) -> None:
        """Compute everything derived anew from `case_event`: the back-fill, the recovery and the oracle."""
        for table in DERIVED:
            con.execute("DELETE FROM " + table)
        params = self._params | {"at_us": at_us, "party": self._party}
        _turns.begin_anew(con, params)
        for _ in courses(con, self.conformance, self._party):
            self._derive(con, params, joint=False)
            _turns.anew(con, params)
        self._join_all(con, at_us)
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
