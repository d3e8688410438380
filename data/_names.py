"""What objects are called and whose they are, kept beside their numbers: every page asks for it.

The columns `name`, `firm` and `folded` of `object`, brought up to date for the few that a batch changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import duckdb
import polars as pl

ATTRIBUTES: Final = ("name", "title")
"""The attributes that name an object, best first."""
NEVER_FOUND: Final = ("message", "person")
"""Types of objects that a search does not show."""
_ADD: Final = """INSERT INTO object (obj, otype, okey, id, folded)
    SELECT obj, otype, okey, id, CASE WHEN NOT is_hidden THEN lower(id) END FROM b_object"""
_CALL: Final = """UPDATE object SET name = n.name,
        folded = CASE WHEN folded IS NOT NULL THEN lower(concat_ws(' ', n.name, id)) END
    FROM (SELECT v.obj, coalesce(max(v.value) FILTER (v.attribute = $name),
                                 max(v.value) FILTER (v.attribute = $title)) AS name
          FROM object_now v JOIN (SELECT DISTINCT obj FROM latest WHERE attribute IN ($name, $title)) l ON l.obj = v.obj
          WHERE v.attribute IN ($name, $title) GROUP BY v.obj) n
    WHERE object.obj = n.obj AND object.name IS DISTINCT FROM n.name"""
# Of several accounts a contact belongs to the one that was known first.
_JOIN: Final = """UPDATE object SET firm = f.firm FROM b_firm f
    WHERE object.obj = f.obj AND (object.firm = 0 OR object.firm > f.firm)"""


def add_objects(con: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> None:
    """Append new objects: columns obj, otype, okey, id, is_hidden."""
    con.register("b_object", rows)
    con.execute(_ADD)


def call(con: duckdb.DuckDBPyConnection, codes: Mapping[str, int]) -> None:
    """Name the objects of which the temp table `latest` (obj, attribute) holds a name or title; `codes` are those of
    ATTRIBUTES."""
    con.execute(_CALL, {word: codes[word] for word in ATTRIBUTES})


def join_firms(con: duckdb.DuckDBPyConnection, ends: pl.DataFrame) -> None:
    """Give the contacts of new links (columns a, b, a_type, b_type) their account, and add them to the temp table
    `linked`."""
    of_a = ends.filter(a_type="contact", b_type="account").select(obj="a", firm="b")
    of_b = ends.filter(b_type="contact", a_type="account").select(obj="b", firm="a")
    firms = pl.concat([of_a, of_b]).group_by("obj").agg(pl.col("firm").min())
    if not firms.is_empty():
        con.register("b_firm", firms)
        con.execute(_JOIN)
        con.execute("INSERT INTO linked SELECT obj FROM b_firm")
