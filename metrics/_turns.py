"""Keeps the customers' clock: which question was answered when, whoever answered it and in whichever channel.

An answer ends every open question of its case and of the customers it names. Each batch moves only what it changes:
what is ended earlier by a late answer, what a record taken back opens again, and what is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import duckdb

from data.ingest import Delta
from metrics._sql import run

DERIVED: Final = ("ask_open", "ask_done", "reply")
_NO_ENDING: Final = (
    "CREATE OR REPLACE TEMP TABLE ending AS SELECT obj, t, end_ord AS ord, seq, kind FROM ask_done LIMIT 0"
)
_OLDEST: Final = "SELECT min(t) FROM event WHERE seq >= $first_new_seq"


def keep(con: duckdb.DuckDBPyConnection, params: Mapping[str, Any], delta: Delta, *, touched: bool) -> None:
    """Bring the clock into line with a batch; `touched`: some case changed, so `hist` holds its course."""
    since_t = con.execute(_OLDEST, {"first_new_seq": delta.first_new_seq}).fetchall()[0][0]
    run(con, "turns_fresh", params)
    con.execute(_NO_ENDING)
    if touched:
        run(con, "turns_ending", params)
    if delta.retracted:
        run(con, "turns_gone", params)
    run(con, "turns", {"since_t": since_t})


def begin_anew(con: duckdb.DuckDBPyConnection, params: Mapping[str, Any]) -> None:
    """Find all answers again, before the questions of each range of objects."""
    run(con, "replies_anew", params)


def anew(con: duckdb.DuckDBPyConnection, params: Mapping[str, Any]) -> None:
    """The clock of the cases whose whole course is in `hist`, from nothing."""
    run(con, "turns_anew", params)
    con.execute(_NO_ENDING)
    run(con, "turns_ending", params)
    run(con, "turns", {"since_t": 0})
