"""Logs with one case a row or trace: XES (IEEE 1849), CSV and Parquet, written portion by portion."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TextIO
from xml.sax.saxutils import quoteattr

import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import FixSettings
from data.ingest import PARTY_TYPES, REFERENCE_TYPES
from metrics._export_facts import OWN, Fact, Facts, Tally, iso, plain

_XES_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/>
<date key="time:timestamp" value="1970-01-01T00:00:00Z"/></global>
<classifier name="Activity" keys="concept:name"/>
"""
# What XML 1.0 cannot hold, however it is written.
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XES_NAMES: Final = {"actor": "org:resource", "team": "org:group"}
_XES_TAKEN: Final = frozenset({
    "concept:name", "time:timestamp", "identity:id", "org:resource", "org:group", "source", "source_id"})
_ARROW: Final = {"string": pa.string(), "integer": pa.int64(), "float": pa.float64(), "boolean": pa.bool_()}


def case_type(facts: Facts) -> str:
    """The type of objects that stand for cases: the one wished, that of the case wished, or the only one followed.

    FixSettings when that leaves a choice.
    """
    if len(facts.wish.otypes) == 1:
        return facts.wish.otypes[0]
    if len(of_case := facts.case_types()) == 1:
        return of_case[0]
    if facts.wish.otypes:
        raise FixSettings(f"an {facts.wish.format} log has cases of one type; name one of "
                          f"{', '.join(facts.wish.otypes)} with --otype")
    apart = REFERENCE_TYPES | PARTY_TYPES
    rows = facts.read("SELECT DISTINCT t.name FROM object AS o JOIN object_type AS t ON t.code = o.otype", {})
    followed = sorted(r["name"] for r in rows if r["name"] not in apart)
    if len(followed) != 1:
        raise FixSettings(f"an {facts.wish.format} log has cases of one type; choose it with --otype: "
                          f"{', '.join(followed) or 'there are none yet'}")
    return followed[0]


def write_xes(facts: Facts, path: Path) -> Tally:
    """One trace for each case; packed where the name asks for it. What is known of a case last stands with it."""
    tally = Tally()
    with _text(path) as file:
        file.write(_XES_HEAD)
        for portion in facts.by_object():
            latest = _latest(facts, portion)
            for _, id_, course in portion:
                tally.take(course)
                told = [_tag(name, value) for name, value in latest.get(id_, {}).items() if name != "concept:name"]
                file.write("".join(["<trace>\n", _tag("concept:name", id_), *told]))
                file.writelines(_event(fact) for fact in course)
                file.write("</trace>\n")
                tally.objects += 1
        file.write("</log>\n")
    return tally


def _latest(facts: Facts, portion: Iterable[tuple[str, str, list[Fact]]]) -> dict[str, dict[str, str]]:
    """Id -> attribute -> its last value."""
    known = {r.id: r.obj for _, id_, course in portion for r in course[0].relations if r.id == id_}
    things = facts.few(sorted(known.values()))
    return {thing.id: {name: value for name, value, _ in thing.changes} for thing in things}


def _text(path: Path) -> TextIO:
    if path.name.endswith(".gz"):
        return gzip.open(path, "wt", encoding="utf-8", compresslevel=6)
    return path.open("w", encoding="utf-8")


def _event(fact: Fact) -> str:
    said = [_tag("concept:name", fact.activity), f'<date key="time:timestamp" value="{iso(fact.t)}"/>\n']
    for name, value in fact.attrs.items():
        key = _XES_NAMES.get(name, f"attr:{name}" if name in _XES_TAKEN else name)
        said.append(_tag(key, value))
    said += [_tag("source", fact.source), _tag("source_id", fact.source_id)]
    return "<event>\n" + "".join(said) + "</event>\n"


def _tag(key: str, value: Any) -> str:
    if isinstance(value, bool):
        kind, text = "boolean", "true" if value else "false"
    elif isinstance(value, int) and abs(value) < 1 << 63:
        kind, text = "int", str(value)
    elif isinstance(value, float):
        kind, text = "float", repr(value)
    else:
        kind, text = "string", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"<{kind} key={_xml(key)} value={_xml(text)}/>\n"


def _xml(text: str) -> str:
    return quoteattr(_NO_XML.sub("�", text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def rows(facts: Facts, tally: Tally) -> Iterator[list[dict[str, Any]]]:
    """Portions of rows for a table. Where one type is wished (or only one is there with a case) one row for each
    event and case, else one row for each event, with its objects as JSON in one column."""
    if not facts.wish.otypes:
        for portion in facts.events():
            tally.take(portion)
            yield [_row(fact) | {"objects": _objects(fact)} for fact in portion]
        return
    case_type(facts)
    for courses in facts.by_object():
        for _, _, course in courses:
            tally.take(course)
        tally.objects += len(courses)
        yield [{"case": id_} | _row(fact) for _, id_, course in courses for fact in course]


def columns(facts: Facts) -> dict[str, str]:
    """The columns of a table and their kinds; attributes that are of one kind in every activity keep it."""
    told: dict[str, set[str]] = {}
    for attributes in facts.kinds().values():
        for name, kind in attributes.items():
            told.setdefault(name, set()).add(kind)
    lead = ("case",) if facts.wish.otypes else ()
    tail = () if facts.wish.otypes else ("objects",)
    known = dict.fromkeys((*lead, "event_id", "activity", "time", *OWN, "source", *tail), "string")
    taken = {name.lower() for name in known}
    for name in sorted(set(told) - set(OWN)):
        kinds = told[name]
        known[f"attr:{name}" if name.lower() in taken else name] = kinds.pop() if len(kinds) == 1 else "string"
    return known


def write_csv(facts: Facts, path: Path) -> Tally:
    """A table as text in UTF-8, moments in UTC."""
    tally, known = Tally(), columns(facts)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(known), restval="")
        writer.writeheader()
        for portion in rows(facts, tally):
            writer.writerows({name: _cell(value) for name, value in _fitted(row, known).items()} for row in portion)
    return tally


def write_parquet(facts: Facts, path: Path) -> Tally:
    """A table in columns; `time` is a moment in UTC to the microsecond."""
    tally, known = Tally(), columns(facts)
    schema = pa.schema([(name, pa.timestamp("us", "UTC") if name == "time" else _ARROW[kind])
                        for name, kind in known.items()])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for portion in rows(facts, tally):
            fitted = [_fitted(row, known) for row in portion]
            for row, told in zip(portion, fitted, strict=True):
                told["time"] = row["t"]
            writer.write_table(pa.table({name: pa.array([row.get(name) for row in fitted], schema.field(name).type)
                                         for name in known}, schema))
    return tally


def _row(fact: Fact) -> dict[str, Any]:
    return {"event_id": fact.id, "activity": fact.activity, "time": iso(fact.t), "source": fact.source,
            "t": fact.t, "attrs": fact.attrs}


def _fitted(row: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """The row with its attributes in columns of their own."""
    told = {name: row[name] for name in known if name in row and name != "attrs"}
    for name, value in row["attrs"].items():
        column = name if name in OWN or (name in known and name not in row) else f"attr:{name}"
        told[column] = plain(value, known[column])
    return told


def _cell(value: Any) -> Any:
    return ("true" if value else "false") if isinstance(value, bool) else value


def _objects(fact: Fact) -> str:
    return json.dumps([{"type": r.otype, "id": r.id, "qualifier": r.qualifier} for r in fact.relations],
                      ensure_ascii=False)
