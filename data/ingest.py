"""From pages to rows: code the words, drop what is known already, number what is new, and append it.

Works on whole batches in columns. Hashes are computed here and not by DuckDB, whose hash() may change between
versions while ours are in the file for good.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

import duckdb
import polars as pl

from data import _names
from data.batch import Frames, concat, to_frames
from data.page import Page

DIRECTIONS: Final = {"internal": 0, "inbound": 1, "outbound": 2}
# Objects that others turn around: known and linked, but their own course is not followed as a case.
REFERENCE_TYPES: Final = frozenset({"account", "person", "message", "product", "campaign", "quote"})
# Objects that rules look at, but that have no course of their own.
PARTY_TYPES: Final = frozenset({"contact"})
KINDS: Final = ("activity", "channel", "team", "actor", "object_type", "attribute", "qualifier", "rule")
_OBJECTS_REMEMBERED: Final = 400_000


def key64(text: str) -> int:
    """A stable signed 64-bit key of a text. At 50 million records two of them share one with p < 1e-4, and a
    clash does harm only between records of the same microsecond."""
    return int.from_bytes(blake2b(text.encode("utf8", "replace"), digest_size=8).digest(), "little", signed=True)


def event_key(source: str, source_id: str) -> int:
    """The key of a record: made of names, so that it does not depend on the order in which sources came."""
    return key64(f"{source}\0{source_id}")


@dataclass(slots=True)
class Delta:
    """What a batch changed, for deciders and for the commit log: temp tables `fresh` (new case events), `touched`
    (obj, otype), `gone` (seq of retracted events) are there in the transaction."""

    batch: int
    at_us: int
    first_new_seq: int
    first_new_obj: int
    first_seq: Callable[[int], int]
    new_types: bool = False
    n_new: dict[int, int] = field(default_factory=dict)
    touched: int = 0
    retracted: int = 0


class Memory:
    """The codes and object numbers known so far. Changes of a transaction are kept only once it is committed."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.reload()

    def reload(self) -> None:
        """Forget everything and read it from the file again: after a rollback."""
        con = self.con
        self.codes: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
        for kind, code, name in con.execute("SELECT kind, code, name FROM term").fetchall():
            self.codes[kind][name] = code
        self.objects: dict[int, int] = {}
        self.sources = dict(con.execute("SELECT id, code FROM source").fetchall())
        self.activity_source = set(con.execute("SELECT activity, source FROM activity_source").fetchall())
        self.team_actor = set(con.execute("SELECT team, actor FROM team_actor").fetchall())

        def one(sql: str) -> int:
            return con.execute(sql).fetchall()[0][0]

        self.next_seq = 1 + max(
            one("SELECT coalesce(max(seq), 0) FROM event"), one("SELECT coalesce(max(seq), 0) FROM event_retracted")
        )
        self.next_obj = 1 + one("SELECT coalesce(max(obj), 0) FROM object")
        self.next_batch = 1 + one("SELECT coalesce(max(batch), 0) FROM commit_log")
        self.marks = con.execute("SELECT first_obj, first_seq FROM batch_mark ORDER BY batch").fetchall()

    def first_seq(self, obj: int) -> int:
        """A number that no event of the object lies below; close to its first event."""
        place = bisect_right(self.marks, (obj, 1 << 62))
        return self.marks[place - 1][1] if place else 0

    def mark_batch(self, batch: int, first_seq: int, first_obj: int) -> None:
        """Note where a batch begins."""
        self.con.execute("INSERT INTO batch_mark VALUES (?, ?, ?)", [batch, first_seq, first_obj])
        self.marks.append((first_obj, first_seq))

    def code(self, kind: str, names: Iterable[str]) -> dict[str, int]:
        """The code of each word; new ones are numbered and stored. Code 0 is the empty word."""
        known = self.codes[kind]
        new = [name for name in dict.fromkeys(names) if name not in known and name != ""]
        if new:
            first = 1 + max(known.values(), default=0)
            rows = [(kind, first + i, name) for i, name in enumerate(new)]
            self.con.executemany("INSERT INTO term VALUES (?, ?, ?)", rows)
            known.update((name, code) for _, code, name in rows)
        if "" not in known:
            self.con.execute("INSERT INTO term VALUES (?, 0, '')", [kind])
            known[""] = 0
        return known

    def coded(self, kind: str, column: pl.Series) -> pl.Series:
        """A column of words as a column of codes."""
        if column.is_empty():
            return pl.Series(column.name, [], pl.Int32)
        words = column.unique().to_list()
        known = self.code(kind, words)
        return column.replace_strict({word: known[word] for word in words}, return_dtype=pl.Int32)

    def source_code(self, source: str) -> int:
        """The code of a source; a source nobody registered is registered with what is known of it."""
        if source not in self.sources:
            code = 1 + max(self.sources.values(), default=0)
            self.con.execute(
                "INSERT INTO source VALUES (?, ?, '', ?, '', 'starting', '', 0, "
                "NULL, NULL, NULL, NULL, 0, 0, 0, '')",
                [code, source, source],
            )
            self.sources[source] = code
        return self.sources[source]

    def numbered(self, refs: pl.DataFrame) -> pl.DataFrame:
        """Columns `type`, `id` extended by `otype` and `obj`; unknown objects are numbered and stored."""
        if refs.is_empty():
            return refs.with_columns(otype=pl.lit(0, pl.Int32), obj=pl.lit(0, pl.Int32))
        unique = refs.select("type", "id").unique(maintain_order=True)
        keys = [key64(f"{t}\0{i}") for t, i in unique.iter_rows()]
        unique = unique.with_columns(
            pl.Series("okey", keys, pl.Int64), self.coded("object_type", unique["type"]).alias("otype")
        )
        self._look_up(unique)
        missing = unique.filter(pl.Series([k not in self.objects for k in keys], dtype=pl.Boolean))
        if not missing.is_empty():
            rows = missing.select(
                pl.int_range(self.next_obj, self.next_obj + len(missing), dtype=pl.Int32).alias("obj"),
                *("otype", "okey", "id"),
                pl.col("type").is_in(_names.NEVER_FOUND).alias("is_hidden"),
            )
            _names.add_objects(self.con, rows)
            self.objects.update(zip(rows["okey"].to_list(), rows["obj"].to_list(), strict=True))
            self.next_obj += len(rows)
        numbers = pl.Series("obj", [self.objects[k] for k in keys], pl.Int32)
        return refs.join(
            unique.select("type", "id", "otype").with_columns(numbers),
            on=["type", "id"],
            how="left",
            maintain_order="left",
        )

    def _look_up(self, unique: pl.DataFrame) -> None:
        """Bring the numbers of objects that are in the file but not remembered."""
        if len(self.objects) > _OBJECTS_REMEMBERED:
            keep = list(self.objects.items())[_OBJECTS_REMEMBERED // 2 :]
            self.objects = dict(keep)
        asked = unique.filter(pl.Series([k not in self.objects for k in unique["okey"]], dtype=pl.Boolean))
        if asked.is_empty() or self.next_obj == 1:
            return
        self.con.register("b_key", asked.select("okey"))
        found = self.con.execute("SELECT o.okey, o.obj FROM object o SEMI JOIN b_key USING (okey)").fetchall()
        self.objects.update(found)


def join_pages(parts: Sequence[tuple[str, Page]], memory: Memory) -> Frames:
    """All facts of several pages as frames, with the code of the source in a further column `source`."""
    frames = []
    for source, page in parts:
        code = pl.lit(memory.source_code(source), pl.Int32).alias("source")
        own = [to_frames(page.events, page.changes, page.links)] + ([page.frames] if page.frames else [])
        frames += [
            Frames(
                f.events.with_columns(code), f.relations.with_columns(code), f.changes.with_columns(code), f.links
            )
            for f in own
        ]
    return concat(frames)


def new_events(con: duckdb.DuckDBPyConnection, memory: Memory, found: pl.DataFrame) -> pl.DataFrame:
    """The events of a batch that are not in the file yet, coded and numbered in order of arrival."""
    names = {code: source for source, code in memory.sources.items()}
    keys = [event_key(names[s], i) for s, i in found.select("source", "source_id").iter_rows()]
    found = found.with_columns(pl.Series("ekey", keys, pl.Int64)).unique("ekey", keep="first", maintain_order=True)
    con.register("b_event", found.select("t", "ekey"))
    known = con.execute(
        "SELECT ekey FROM event SEMI JOIN b_event USING (t, ekey) WHERE t BETWEEN $low AND $high "
        "UNION ALL SELECT ekey FROM retraction SEMI JOIN b_event USING (ekey)",
        {"low": found["t"].min(), "high": found["t"].max()},
    ).fetchall()
    if known:
        found = found.filter(~pl.col("ekey").is_in([k for (k,) in known]))
    coded = found.with_columns(
        memory.coded("activity", found["activity"]).alias("activity"),
        memory.coded("channel", found["channel"]).alias("channel"),
        memory.coded("team", found["team"]).alias("team"),
        memory.coded("actor", found["actor"]).alias("actor"),
        found["direction"].replace_strict(DIRECTIONS, return_dtype=pl.UInt8).alias("direction"),
        # Without a position in the source the order of equal moments is fixed by the key, and marked as a guess.
        pl.when(pl.col("ord").is_null())
        .then(-1 - (pl.col("ekey") & 0x3FFFFFFFFFFFFFFF))
        .otherwise("ord")
        .alias("ord"),
        pl.int_range(memory.next_seq, memory.next_seq + len(found), dtype=pl.Int64).alias("seq"),
    )
    memory.next_seq += len(coded)
    return coded


def append_facts(con: duckdb.DuckDBPyConnection, memory: Memory, frames: Frames, batch: int) -> pl.DataFrame:
    """Append new events, relations, changes and links; returns the new events with their codes and `seq`.

    Leaves the temp tables `fresh` (rows for case_event), `fresh_party` (the same of contacts) and `access`
    (obj, team, actor) behind.
    """
    events = new_events(con, memory, frames.events)
    relations = frames.relations.join(events.select("source", "source_id", "seq"), on=["source", "source_id"])
    relations = memory.numbered(relations).with_columns(
        memory.coded("qualifier", relations["qualifier"]).alias("qualifier")
    )
    con.register("b_event", events)
    con.register("b_relation", relations.select("seq", "obj", "qualifier"))
    con.execute(
        "INSERT INTO event SELECT seq, source, ekey, source_id, t, ord, activity, channel, direction, actor, "
        "team, attrs, $batch FROM b_event ORDER BY seq",
        {"batch": batch},
    )
    con.execute("INSERT INTO event_object SELECT seq, obj, qualifier FROM b_relation")
    followed = relations.filter(~pl.col("type").is_in(list(REFERENCE_TYPES))).unique(
        ["seq", "obj"], maintain_order=True
    )
    con.register(
        "b_followed",
        followed.select("seq", "obj", "otype", pl.col("type").is_in(list(PARTY_TYPES)).alias("is_party")),
    )
    con.register("b_party", _parties(relations))
    for table, condition in (("fresh", "NOT is_party"), ("fresh_party", "is_party")):
        con.execute(
            "CREATE OR REPLACE TEMP TABLE " + table + " AS SELECT e.seq, f.obj, f.otype, e.t, e.ord, e.source, "
            "e.activity, e.channel, e.direction, e.actor, e.team, coalesce(p.party, 0) AS party, e.attrs "
            "FROM b_followed f JOIN b_event e USING (seq) LEFT JOIN b_party p USING (seq) "
            "WHERE " + condition + " ORDER BY e.seq"
        )
    people = relations.filter(pl.col("type") == "person")
    own = people.select("seq", memory.coded("actor", people["id"]).alias("person"))
    con.register("b_person", own)
    con.register("b_nobody", people.select("obj").unique())
    # Somebody of the firm took part if he did it (not inbound) or is named in it as a person.
    con.execute(
        "CREATE OR REPLACE TEMP TABLE access AS "
        "WITH new AS (SELECT r.obj, e.* FROM b_relation r JOIN b_event e USING (seq) "
        "WHERE r.obj NOT IN (SELECT obj FROM b_nobody)) "
        "SELECT DISTINCT obj, team, actor FROM new WHERE direction <> 1 "
        "UNION SELECT obj, team, 0 FROM new WHERE direction = 1 AND team <> 0 "
        "UNION SELECT f.obj, f.team, p.person FROM new f JOIN b_person p USING (seq)"
    )
    _remember_pairs(con, memory, events)
    _append_changes(con, memory, frames, batch)
    _append_links(con, memory, frames, batch)
    return events


def _parties(relations: pl.DataFrame) -> pl.DataFrame:
    """Whom each event concerns outside: its account, or else its contact; of several the first by id."""
    return (
        relations.filter(pl.col("type").is_in(["account", "contact"]))
        .sort("type", "id")
        .unique("seq", keep="first", maintain_order=True)
        .select("seq", party="obj")
    )


def _remember_pairs(con: duckdb.DuckDBPyConnection, memory: Memory, events: pl.DataFrame) -> None:
    """Which source brings which activity, and who works in which team: tiny tables that only grow."""
    brought = set(events.select("activity", "source").unique().iter_rows()) - memory.activity_source
    working = set(events.filter(pl.col("direction") != 1).select("team", "actor").unique().iter_rows())
    for table, pairs, known in (
        ("activity_source", brought, memory.activity_source),
        ("team_actor", working - memory.team_actor, memory.team_actor),
    ):
        if pairs:
            con.executemany("INSERT INTO " + table + " VALUES (?, ?)", sorted(pairs))
            known.update(pairs)


def _append_changes(con: duckdb.DuckDBPyConnection, memory: Memory, frames: Frames, batch: int) -> None:
    """Append attribute changes that are not there yet (left in the temp table `changed`), and bring the latest
    values up to date."""
    if frames.changes.is_empty():
        con.execute("CREATE OR REPLACE TEMP TABLE changed (obj INTEGER, code INTEGER)")
        return
    rows = memory.numbered(frames.changes.unique(maintain_order=True))
    rows = rows.with_columns(memory.coded("attribute", rows["attribute"]).alias("code"))
    con.register("b_change", rows.select("obj", "code", "value", "t", "source"))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE changed AS SELECT b.* FROM b_change b ANTI JOIN "
        "(SELECT c.* FROM object_change c SEMI JOIN b_change b ON c.obj = b.obj) c ON b.obj = c.obj "
        "AND b.code = c.attribute AND b.t = c.t AND b.value IS NOT DISTINCT FROM c.value"
    )
    con.execute(
        "INSERT INTO object_change SELECT obj, code, value, t, source, $batch FROM changed", {"batch": batch}
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE latest AS SELECT obj, attribute, "
        "arg_max_null(value, (t, coalesce(value, ''))) AS value, max(t) AS t FROM ("
        "SELECT obj, code AS attribute, value, t FROM changed UNION ALL "
        "SELECT n.* FROM object_now n SEMI JOIN changed c ON n.obj = c.obj AND n.attribute = c.code) "
        "GROUP BY obj, attribute"
    )
    con.execute(
        "DELETE FROM object_now USING latest l WHERE object_now.obj = l.obj AND object_now.attribute = l.attribute"
    )
    con.execute("INSERT INTO object_now SELECT obj, attribute, value, t FROM latest")
    if rows["attribute"].is_in(_names.ATTRIBUTES).any():
        _names.call(con, memory.code("attribute", _names.ATTRIBUTES))
    people = rows.filter((pl.col("type") == "person") & pl.col("attribute").is_in(["name", "team"]))
    if not people.is_empty():
        con.register(
            "b_people", people.select(memory.coded("actor", people["id"]).alias("actor"), "attribute", "value", "t")
        )
        con.execute("INSERT INTO person SELECT * FROM b_people EXCEPT SELECT * FROM person")
    owners = rows.filter((pl.col("attribute") == "owner") & pl.col("value").is_not_null())
    if not owners.is_empty():
        con.register("b_owner", owners.select("obj", memory.coded("actor", owners["value"]).alias("actor")))
        con.execute("INSERT INTO access SELECT DISTINCT obj, 0, actor FROM b_owner")


def _append_links(con: duckdb.DuckDBPyConnection, memory: Memory, frames: Frames, batch: int) -> None:
    """Append relations between objects that are not there yet; leaves the temp table `linked` (obj) behind."""
    con.execute("CREATE OR REPLACE TEMP TABLE linked (obj INTEGER)")
    if frames.links.is_empty():
        return
    links = frames.links.unique(maintain_order=True)
    a = memory.numbered(links.select(type="a_type", id="a_id"))
    b = memory.numbered(links.select(type="b_type", id="b_id"))
    ends = links.select("a_type", "b_type", a=a["obj"], b=b["obj"])
    qualifier = memory.coded("qualifier", links["qualifier"])
    con.register("b_link", ends.select("a", "b", qualifier.alias("qualifier")))
    con.execute(
        "INSERT INTO object_object SELECT l.*, $batch FROM b_link l ANTI JOIN object_object o "
        "ON l.a = o.a AND l.b = o.b AND l.qualifier = o.qualifier",
        {"batch": batch},
    )
    _names.join_firms(con, ends)
