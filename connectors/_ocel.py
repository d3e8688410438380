"""Reads object-centric logs (OCEL 2.0): JSON, XML and SQLite into the same five tables, and these into pages."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

import polars as pl

from connectors._eventlog_file import Pieces, open_sqlite
from connectors._eventlog_frames import PAGE_EVENTS, Batch, Reading, asides, events_frame, frames, reason
from connectors._eventlog_time import LATEST_US, iso_micros
from data.batch import LINKS, RELATIONS
from data.errors import FixSettings
from data.event import Aside

_NO_QUALIFIER = ("nan", "None", "null")
_ROWS = {
    "events": ("source_id", "activity", "raw_time", "attrs"), "objects": ("id", "type"),
    "references": ("source_id", "id", "qualifier"), "values": ("id", "attribute", "value", "raw_time"),
    "links": ("a_id", "b_id", "qualifier"),
}


@dataclass(slots=True)
class Tables:
    """A log as it is written: rows of text in the columns that _ROWS names. `damage` says why it ended early."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    objects: list[tuple[Any, ...]] = field(default_factory=list)
    references: list[tuple[Any, ...]] = field(default_factory=list)
    values: list[tuple[Any, ...]] = field(default_factory=list)
    links: list[tuple[Any, ...]] = field(default_factory=list)
    damage: str = ""

    def frame(self, name: str) -> pl.DataFrame:
        """One of the tables in columns."""
        return pl.DataFrame(getattr(self, name), dict.fromkeys(_ROWS[name], pl.String), orient="row")


def read_ocel(path: Path, kind: str, reading: Reading, position: int = 0) -> Iterator[Batch]:
    """Pages of the log from the record after `position` on; kind is ocel-json, ocel-xml or ocel-sqlite.

    A reference to an object that the log does not list is set aside and the rest of its event kept; an event
    that is left without any object is set aside itself. Each page takes the next 20,000 of the events, of the
    objects' values and of the links.
    """
    tables = load(path, kind)
    facts = _Facts(tables, reading)
    for start in range(position, facts.length, PAGE_EVENTS):
        yield facts.page(start)
    if tables.damage:
        raise FixSettings(f"{path.name} {tables.damage}. The {len(tables.events):,} events before that were read; "
                          "have the log exported again to get the rest")


def load(path: Path, kind: str) -> Tables:
    """The tables of a log in one of the three formats. Raises FixSettings when it cannot be read at all."""
    return {"ocel-json": _from_json, "ocel-xml": _from_xml, "ocel-sqlite": _from_sqlite}[kind](path)


class _Facts:
    """The log in the store's columns, with what had to be set aside."""

    def __init__(self, tables: Tables, reading: Reading) -> None:
        types = tables.frame("objects").drop_nulls().unique("id", keep="first", maintain_order=True)
        self.types = types.with_columns(pl.col("type").str.to_lowercase())
        self.reading = reading
        events = self._events(tables.frame("events"))
        self.relations, dangling = self._relations(tables.frame("references"), events)
        concerned = pl.col("source_id").is_in(self.relations["source_id"].unique().implode())
        bare = pl.when(~concerned).then(pl.lit("it concerns no object that the log lists"))
        events = events.with_columns(reason=pl.coalesce("reason", bare))
        self.events = events.filter(pl.col("reason").is_null())
        self.relations = self.relations.filter(pl.col("source_id").is_in(self.events["source_id"].implode()))
        self.aside = asides(events.filter(pl.col("reason").is_not_null())) + dangling
        self.changes = self._changes(tables.frame("values"))
        self.links = self._links(tables.frame("links"))
        self.length = max(len(events), len(self.changes), len(self.links), 1 if self.aside else 0)

    def page(self, start: int) -> Batch:
        """The facts from `start` on. What was set aside comes with the first page."""
        end = start + PAGE_EVENTS
        events = self.events.filter(pl.col("ord").is_between(start, end, closed="left"))
        relations = self.relations.filter(pl.col("source_id").is_in(events["source_id"].implode()))
        return Batch(
            frames(events_frame(events, self.reading), relations, self.changes[start:end], self.links[start:end]),
            self.aside if start == 0 else (), min(end, self.length), max(0, self.length - end))

    def _events(self, rows: pl.DataFrame) -> pl.DataFrame:
        rows = rows.with_columns(
            iso_micros(rows["raw_time"], self.reading.zone).alias("t"),
            activity=pl.col("activity").replace("", None),
            case=pl.col("source_id"), ord=pl.int_range(pl.len(), dtype=pl.Int64))
        repeated = pl.when(~pl.col("source_id").is_first_distinct()).then(pl.lit("another event has the same id"))
        rows = rows.with_columns(reason=pl.coalesce(repeated, reason(case="id")))
        return rows.with_columns(pl.col("source_id").fill_null(pl.format("event {}", pl.col("ord") + 1)))

    def _relations(self, rows: pl.DataFrame, events: pl.DataFrame) -> tuple[pl.DataFrame, list[Aside]]:
        rows = rows.with_columns(_qualifier()).unique(maintain_order=True)
        known = rows.join(self.types, on="id", how="left", maintain_order="left").with_columns(
            has_event=pl.col("source_id").is_in(events["source_id"].implode()))
        per_event = known.group_by("source_id", maintain_order=True).agg(
            pl.col("type").is_null().sum().alias("dangling"), pl.len().alias("n"), pl.col("has_event").first())
        lost = per_event.filter(pl.col("has_event") & pl.col("dangling").is_between(1, pl.col("n") - 1)).select(
            "source_id", reason=pl.format("{} of its {} objects are not in the log's list", "dangling", "n"))
        strays = per_event.filter(~pl.col("has_event")).select(
            "source_id", reason=pl.format("{} objects refer to this event, which the log does not have", "n"))
        good = known.filter(pl.col("has_event") & pl.col("type").is_not_null())
        return self._prefixed(good, "id").select(*RELATIONS), asides(lost) + asides(strays)

    def _changes(self, rows: pl.DataFrame) -> pl.DataFrame:
        rows = rows.drop_nulls("value").join(self.types, on="id", how="left", maintain_order="left")
        rows = rows.with_columns(iso_micros(rows["raw_time"], self.reading.zone).alias("t"))
        why = (
            pl.when(pl.col("type").is_null()).then(pl.lit("it is not in the log's list of objects"))
            .when(pl.col("t").is_null() | (pl.col("t") < 0) | (pl.col("t") >= LATEST_US))
            .then(pl.format("a value of {} has no readable time within 1970 to 2100", "attribute")))
        rows = rows.with_columns(reason=why, source_id=pl.col("id"))
        self.aside += asides(rows.filter(pl.col("reason").is_not_null()))
        return self._prefixed(rows.filter(pl.col("reason").is_null()), "id")

    def _links(self, rows: pl.DataFrame) -> pl.DataFrame:
        joined = rows.with_columns(_qualifier())
        for side in ("a", "b"):
            named = self.types.rename({"id": f"{side}_id", "type": f"{side}_type"})
            joined = joined.join(named, on=f"{side}_id", how="left", maintain_order="left")
        lost = pl.col("a_type").is_null() | pl.col("b_type").is_null()
        unknown = joined.filter(lost).select(
            source_id=pl.concat_str("a_id", pl.lit(" -> "), "b_id"),
            reason=pl.lit("one of the two linked objects is not in the log's list of objects"))
        self.aside += asides(unknown)
        return self._prefixed(joined.filter(~lost), "a_id", "b_id").select(*LINKS).unique(maintain_order=True)

    def _prefixed(self, rows: pl.DataFrame, *ids: str) -> pl.DataFrame:
        return rows.with_columns((pl.lit(self.reading.prefix) + pl.col(i)).alias(i) for i in ids)


def _qualifier() -> pl.Expr:
    return pl.col("qualifier").replace(_NO_QUALIFIER, "").fill_null("")


def _attrs(pairs: dict[str, Any]) -> str | None:
    return json.dumps(pairs, ensure_ascii=False, default=str) if pairs else None


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


_NUMBERS = {"integer": int, "int": int, "float": float, "double": float, "real": float}


def _typed(value: Any, kind: str) -> Any:
    """The value as its declared type; as it is written where it does not fit."""
    if not isinstance(value, str):
        return value
    if kind in {"boolean", "bool"} and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    try:
        number = _NUMBERS[kind](value) if kind in _NUMBERS else value
    except ValueError:
        return value
    return value if isinstance(number, float) and not math.isfinite(number) else number


def _from_json(path: Path) -> Tables:
    pieces = Pieces(path)
    try:
        log = json.loads(pieces.all())
    except ValueError as error:
        fact = pieces.damage or f"is not sound JSON ({error})"
        raise FixSettings(f"{path.name} {fact}; nothing could be read, have the log exported again") from error
    tables = Tables()
    kinds = {(t.get("name"), a.get("name")): a.get("type", "") for t in log.get("eventTypes", ())
             for a in t.get("attributes", ())}
    for event in log.get("events", ()):
        name, key = event.get("type"), event.get("id")
        attrs = {a["name"]: _typed(a.get("value"), kinds.get((name, a["name"]), ""))
                 for a in event.get("attributes") or ()}
        tables.events.append((key, name, event.get("time"), _attrs(attrs)))
        tables.references += [(key, *_related(r)) for r in event.get("relationships") or ()]
    for item in log.get("objects", ()):
        key = item.get("id")
        tables.objects.append((key, item.get("type")))
        tables.values += [(key, a.get("name"), _text(a.get("value")), a.get("time"))
                          for a in item.get("attributes") or ()]
        tables.links += [(key, *_related(r)) for r in item.get("relationships") or ()]
    return tables


def _related(given: dict[str, Any]) -> tuple[Any, Any]:
    return given.get("objectId"), given.get("qualifier")


class _XmlReader:
    """Fills the tables while a parser walks through the log; an event or object counts when it is complete."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.kinds: dict[tuple[str, str], str] = {}
        self.declared = ""
        self.item: dict[str, str] = {}
        self.is_event = False
        self.values: list[tuple[str, str, str | None]] = []
        self.related: list[tuple[str | None, str | None]] = []
        self.attribute: dict[str, str] | None = None
        self.text = ""

    def start(self, name: str, given: dict[str, str]) -> None:
        """An element begins."""
        if name in {"event-type", "object-type"}:
            self.declared = f"{name}:{given.get('name', '')}"
        elif name in {"event", "object"} and "id" in given:
            self.item, self.is_event, self.values, self.related = given, name == "event", [], []
        elif name == "attribute" and not self.item:
            self.kinds[self.declared, given.get("name", "")] = given.get("type", "")
        elif name == "attribute":
            self.attribute, self.text = given, ""
        elif name in {"relationship", "relobj"} and self.item:
            self.related.append((given.get("object-id"), given.get("qualifier")))

    def data(self, text: str) -> None:
        """Text inside an element."""
        if self.attribute is not None:
            self.text += text

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "attribute" and self.attribute is not None:
            self.values.append((self.attribute.get("name", ""), self.text, self.attribute.get("time")))
            self.attribute = None
        elif name == ("event" if self.is_event else "object") and self.item:
            self._finish()
            self.item = {}

    def _finish(self) -> None:
        key, kind = self.item["id"], self.item.get("type", "")
        if self.is_event:
            attrs = {n: _typed(v, self.kinds.get((f"event-type:{kind}", n), "")) for n, v, _ in self.values}
            self.tables.events.append((key, kind, self.item.get("time"), _attrs(attrs)))
            self.tables.references += [(key, *r) for r in self.related]
            return
        self.tables.objects.append((key, kind))
        self.tables.values += [(key, *v) for v in self.values]
        self.tables.links += [(key, *r) for r in self.related]


def _from_xml(path: Path) -> Tables:
    reader, pieces = _XmlReader(), Pieces(path)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.data
    tables = reader.tables
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        tables.damage = pieces.damage or f"is broken at line {error.lineno:,} ({expat.ErrorString(error.code)})"
    return tables


def _from_sqlite(path: Path) -> Tables:
    tables = Tables()
    try:
        with closing(open_sqlite(path)) as base:
            _fill_from(base, tables)
    except sqlite3.DatabaseError as error:
        tables.damage = f"is damaged or incomplete as a database ({error})"
    return tables


def _fill_from(base: sqlite3.Connection, tables: Tables) -> None:
    tables.objects += base.execute("SELECT ocel_id, ocel_type FROM object").fetchall()
    tables.references += base.execute(
        "SELECT ocel_event_id, ocel_object_id, ocel_qualifier FROM event_object").fetchall()
    tables.links += base.execute(
        "SELECT ocel_source_id, ocel_target_id, ocel_qualifier FROM object_object").fetchall()
    details: dict[str, tuple[Any, str | None]] = {}
    for row in _rows_of(base, "event"):
        key, at = row.pop("ocel_id"), row.pop("ocel_time", None)
        details[key] = (at, _attrs({name: value for name, value in row.items() if value is not None}))
    for key, name in base.execute("SELECT ocel_id, ocel_type FROM event ORDER BY rowid"):
        tables.events.append((key, name, *details.get(key, (None, None))))
    for row in _rows_of(base, "object"):
        key, at, changed = row.pop("ocel_id"), row.pop("ocel_time", None), row.pop("ocel_changed_field", None)
        # A row that names a changed field tells of that one only; the first row of an object of all.
        named = row if changed is None else {str(changed): row.get(str(changed))}
        tables.values += [(key, name, _text(value), at) for name, value in named.items()]


def _rows_of(base: sqlite3.Connection, kind: str) -> Iterator[dict[str, Any]]:
    """The rows of every table that holds the details of one type of events or objects."""
    # Nothing but table names comes from the file; they are looked up in its own list and quoted.
    maps = base.execute("SELECT ocel_type_map FROM " + f"{kind}_map_type").fetchall()
    present = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
    for (suffix,) in maps:
        table = f"{kind}_{suffix}"
        if table not in present:
            continue
        found = base.execute('SELECT * FROM "' + table.replace('"', '""') + '"')
        names = [column[0] for column in found.description]
        for row in found:
            yield dict(zip(names, row, strict=True))
