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
    con: duckdb.DuckDBPyConnection,
    conformance: Conformance,
    party: Sequence[int],
    at_once: int = _OBJECTS_AT_ONCE,
    *,
    whole: bool = True,
) -> Iterator[dict[str, int]]:
    """Ranges of objects (`low`, and `high` without it), with the temp tables `touched` and `hist` filled: with their
    whole course, and then `fresh` and `gone` as well, or with what deciding the rules needs of it.

    `watched_event` is found anew for the rules in force; `party` are the codes of the types it holds.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE gone (seq BIGINT)")
    con.execute("DELETE FROM binding_part")
    _watch(con, conformance, party)
    for low in ranges(con, at_once):
        span = {"low": low, "high": low + at_once}
        if whole:
            for statement in _SPAN:
                con.execute(statement, span)
            con.execute(_TOUCHED)
            run(con, "history", {"first_new_obj": 0, "cut": 0, "from_seq": 0})
        else:
            run(con, "course", {**span, **conformance.course})
        yield span
    con.execute("INSERT INTO watched_event FROM watched")
    con.execute("DROP TABLE watched")


def _watch(con: duckdb.DuckDBPyConnection, conformance: Conformance, party: Sequence[int]) -> None:
    """Find again what rules look at in the events of contacts: the temp table `watched`."""
    con.execute("DELETE FROM watched_event")
    con.execute("CREATE OR REPLACE TEMP TABLE watched AS FROM watched_event LIMIT 0")
    if not conformance.about(party):
        return
    last = con.execute("SELECT coalesce(max(seq), 0) FROM event").fetchall()[0][0]
    for low in range(0, last + 1, _EVENTS_AT_ONCE):
        run(con, "watch", {"low": low, "high": low + _EVENTS_AT_ONCE, "party": party})
        conformance.watch(con)
        con.execute(_KEEP_WATCHED)
