"""Walks over the whole course of all objects, some at a time: for back-fills, rebuilding and trying rules out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import duckdb

from metrics._sql import run
from metrics.conformance.decide import Conformance

_OBJECTS_AT_ONCE: Final = 200_000
_EVENTS_AT_ONCE: Final = 2_000_000
_SPAN: Final = (
    "CREATE OR REPLACE TEMP TABLE fresh AS FROM case_event WHERE obj >= $low AND obj < $high",
    "CREATE OR REPLACE TEMP TABLE fresh_watched AS FROM watched WHERE obj >= $low AND obj < $high",
)
_TOUCHED: Final = """CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT obj, otype FROM fresh
    UNION SELECT DISTINCT obj, otype FROM fresh_watched"""
_KEEP_WATCHED: Final = """INSERT INTO watched SELECT h.* EXCLUDE (in_new, pos) FROM hist h SEMI JOIN mark m
    ON h.seq = m.seq AND h.obj = m.obj"""


def ranges(con: duckdb.DuckDBPyConnection, at_once: int = _OBJECTS_AT_ONCE) -> range:
    """The first numbers of ranges of `at_once` objects that together hold all of them."""
    last = con.execute("SELECT coalesce(max(obj), 0) FROM object").fetchall()[0][0]
    return range(0, last + 1, at_once)


def courses(
    con: duckdb.DuckDBPyConnection, conformance: Conformance, party: Sequence[int], at_once: int = _OBJECTS_AT_ONCE
) -> Iterator[int]:
    """Ranges of objects, with the temp tables `fresh`, `touched`, `gone` and `hist` filled with their whole course.

    `watched_event` is found anew for the rules in force; `party` are the codes of the types it holds.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE gone (seq BIGINT)")
    con.execute("DELETE FROM binding_part")
    _watch(con, conformance, party)
    for low in ranges(con, at_once):
        for statement in _SPAN:
            con.execute(statement, {"low": low, "high": low + at_once})
        con.execute(_TOUCHED)
        run(con, "history", {"first_new_obj": 0, "cut": 0, "from_seq": 0})
        yield low
    con.execute("INSERT INTO watched_event FROM watched")
    con.execute("DROP TABLE watched")


def _watch(con: duckdb.DuckDBPyConnection, conformance: Conformance, party: Sequence[int]) -> None:
    """Find again what rules look at in the events of contacts: the temp table `watched`."""
    con.execute("DELETE FROM watched_event")
    con.execute("CREATE OR REPLACE TEMP TABLE watched AS FROM watched_event LIMIT 0")
    last = con.execute("SELECT coalesce(max(seq), 0) FROM event").fetchall()[0][0]
    for low in range(0, last + 1, _EVENTS_AT_ONCE):
        run(con, "watch", {"low": low, "high": low + _EVENTS_AT_ONCE, "party": party})
        conformance.watch(con)
        con.execute(_KEEP_WATCHED)
