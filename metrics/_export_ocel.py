"""Object-centric logs (OCEL 2.0) as JSON and as SQLite, written portion by portion."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TextIO

from metrics._export_facts import OWN, Fact, Facts, Relation, Tally, Thing, iso, plain, read_as

Kinds = Mapping[str, Mapping[str, str]]
_ALWAYS: Final = dict.fromkeys(OWN, "string")
_UNCHANGED: Final = "1970-01-01T00:00:00.000000Z"
_COLUMN: Final = {"string": "TEXT", "integer": "INTEGER", "float": "REAL", "boolean": "BOOLEAN"}
_TABLES: Final = (
    "CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT NOT NULL)",
    "CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT NOT NULL)",
    "CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT, "
    "PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier))",
    "CREATE TABLE object_object (ocel_source_id TEXT, ocel_target_id TEXT, ocel_qualifier TEXT, "
    "PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier))",
    "CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT NOT NULL)",
    "CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT NOT NULL)",
)


def write_json(facts: Facts, path: Path) -> Tally:
    """The log as JSON. The types stand at its end, when it is known which of them it holds."""
    tally, kinds, values = Tally(), facts.kinds(), facts.values()
    activities: set[str] = set()
    types: set[str] = set()
    with path.open("w", encoding="utf-8") as file:
        file.write('{"events": [')
        portions = _counted(facts.events(), tally.take, activities)
        _listed(file, (_event(fact, kinds) for portion in portions for fact in portion))
        file.write('],\n"objects": [')
        portions = _counted(facts.things(tally.seen), tally.take_things, types)
        _listed(file, (_object(thing, values) for portion in portions for thing in portion))
        file.write('],\n"eventTypes": [')
        _listed(file, (_declared(name, kinds.get(name) or _ALWAYS) for name in sorted(activities)))
        file.write('],\n"objectTypes": [')
        _listed(file, (_declared(name, values.get(name, {})) for name in sorted(types)))
        file.write("]}\n")
    return tally


def _counted(portions: Iterable[list[Any]], count: Callable[[list[Any]], None],
             names: set[str]) -> Iterable[list[Any]]:
    """The portions, each counted and its types noted on the way."""
    for portion in portions:
        count(portion)
        names.update(one.activity if isinstance(one, Fact) else one.otype for one in portion)
        yield portion


def _listed(file: TextIO, items: Iterable[Any]) -> None:
    mark = "\n"
    for item in items:
        file.write(mark + json.dumps(item, ensure_ascii=True))
        mark = ",\n"


def _declared(name: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "attributes": [{"name": n, "type": kind} for n, kind in attributes.items()]}


def _related(relations: Iterable[Relation]) -> list[dict[str, str]]:
    return [{"objectId": r.id, "qualifier": r.qualifier} for r in relations]


def _event(fact: Fact, kinds: Kinds) -> dict[str, Any]:
    own = kinds.get(fact.activity, _ALWAYS)
    attributes = [{"name": name, "value": plain(value, own.get(name, "string"))}
                  for name, value in fact.attrs.items()]
    return {"id": fact.id, "type": fact.activity, "time": iso(fact.t), "attributes": attributes,
            "relationships": _related(fact.relations)}


def _object(thing: Thing, values: Kinds) -> dict[str, Any]:
    own = values.get(thing.otype, {})
    attributes = [{"name": name, "time": iso(t), "value": read_as(text, own.get(name, "string"))}
                  for name, text, t in thing.changes]
    return {"id": thing.id, "type": thing.otype, "attributes": attributes, "relationships": _related(thing.links)}


def write_sqlite(facts: Facts, path: Path) -> Tally:
    """The log as an SQLite database."""
    tally = Tally()
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA synchronous = OFF")
        base.execute("PRAGMA journal_mode = OFF")
        for statement in _TABLES:
            base.execute(statement)
        events = _Details(base, "event", facts.kinds())
        for portion in facts.events():
            tally.take(portion)
            _write_events(base, events, portion)
        objects = _Details(base, "object", facts.values())
        for things in facts.things(tally.seen):
            tally.take_things(things)
            _write_objects(base, objects, things)
        base.commit()
    return tally


def _write_events(base: sqlite3.Connection, details: _Details, portion: Iterable[Fact]) -> None:
    for fact in portion:
        base.execute("INSERT INTO event VALUES (?, ?)", (fact.id, fact.activity))
        base.executemany("INSERT INTO event_object VALUES (?, ?, ?)",
                         {(fact.id, r.id, r.qualifier) for r in fact.relations})
        own = details.kinds.get(fact.activity, _ALWAYS)
        values = {name: plain(value, own[name]) for name, value in fact.attrs.items()}
        details.add(fact.activity, (fact.id, iso(fact.t)), values)


def _write_objects(base: sqlite3.Connection, details: _Details, things: Iterable[Thing]) -> None:
    for thing in things:
        base.execute("INSERT INTO object VALUES (?, ?)", (thing.id, thing.otype))
        base.executemany("INSERT INTO object_object VALUES (?, ?, ?)",
                         {(thing.id, r.id, r.qualifier) for r in thing.links})
        own = details.kinds.get(thing.otype, {})
        first: dict[str, Any] = {}
        later = []
        for name, text, t in thing.changes:
            value = read_as(text, own.get(name, "string"))
            if t == thing.changes[0][2] and name not in first:
                first[name] = value
            else:
                later.append((name, value, t))
        begun = iso(thing.changes[0][2]) if thing.changes else _UNCHANGED
        # The row that names no changed field tells of all attributes as they were at first.
        details.add(thing.otype, (thing.id, begun, None), first)
        for name, value, t in later:
            details.add(thing.otype, (thing.id, iso(t), details.column(thing.otype, name)), {name: value})


class _Details:
    """The tables with the details of each type, made when the first one of the type comes.

    SQLite tells names apart without regard to case, and types and attributes may have any, so each gets a name of
    its own.
    """

    def __init__(self, base: sqlite3.Connection, side: str, kinds: Kinds) -> None:
        self.base, self.side, self.kinds = base, side, kinds
        self.fixed = ("ocel_id", "ocel_time") if side == "event" else ("ocel_id", "ocel_time", "ocel_changed_field")
        self.tables: dict[str, str] = {}
        self.suffixes: set[str] = set()
        self.columns: dict[str, dict[str, str]] = {}

    def column(self, kind: str, name: str) -> str:
        """The column of an attribute."""
        self._made(kind)
        return self.columns[kind][name]

    def add(self, kind: str, fixed: tuple[Any, ...], values: Mapping[str, Any]) -> None:
        """One row of details."""
        table = self._made(kind)
        names = [*self.fixed, *(self.columns[kind][name] for name in values)]
        listed, places = ", ".join(map(_quoted, names)), ", ".join("?" * len(names))
        self.base.execute("INSERT INTO " + table + " (" + listed + ") VALUES (" + places + ")",
                          (*fixed, *values.values()))

    def _made(self, kind: str) -> str:
        if kind in self.tables:
            return self.tables[kind]
        # event_object and the maps are tables of the format itself.
        suffix = _apart(re.sub(r"\W+", "_", kind), {"object", "map_type", *self.suffixes})
        self.suffixes.add(suffix.lower())
        table = self.tables[kind] = _quoted(f"{self.side}_{suffix}")
        attributes = self.kinds.get(kind) or (_ALWAYS if self.side == "event" else {})
        found: dict[str, str] = {}
        for name in attributes:
            found[name] = _apart(name, {word.lower() for word in (*self.fixed, *found.values())})
        self.columns[kind] = found
        declared = [*(f"{name} {'TIMESTAMP' if name == 'ocel_time' else 'TEXT'}" for name in self.fixed),
                    *(f"{_quoted(found[name])} {_COLUMN[how]}" for name, how in attributes.items())]
        self.base.execute("CREATE TABLE " + table + " (" + ", ".join(declared) + ")")
        self.base.execute("INSERT INTO " + f"{self.side}_map_type" + " VALUES (?, ?)", (kind, suffix))
        return table


def _apart(word: str, taken: Container[str]) -> str:
    """The word, with a number behind it where it is taken in any case of letters."""
    number, found = 1, word
    while found.lower() in taken:
        number += 1
        found = f"{word}_{number}"
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\x00", "") + '"'
