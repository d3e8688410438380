"""One case: what it is called, its course, the rules it activated, and each event's record at the source."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from metrics._contract import Metric, Read, ask
from metrics._labels import Label, describe
from metrics._words import code, people, words

METRIC = Metric(
    "case",
    "Case",
    "All events that concern the object, in the order of their moments.",
    "Telephone calls, talks and chats that no connected system records.",
)

LONGEST: Final = 200
MOST_FOUND: Final = 40
# How many of the latest objects a search looks through.
_RECENT: Final = 200_000


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case behind a figure, and why it is there."""

    label: Label
    t: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One event in the course of a case."""

    seq: int
    t: int
    activity: str
    channel: str
    direction: int
    actor: str
    team: str
    source: str


@dataclass(frozen=True, slots=True)
class Binding:
    """One rule that was activated for the case. `verdict` as in the store: 0 pending to 6 waived."""

    rule: str
    title: str
    severity: str
    kind: str
    help: str
    act_seq: int
    target_seq: int | None
    t: int
    due_t: int | None
    decided_t: int | None
    verdict: int
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the evidence panel shows of a case. `fact` is None for objects whose course is not followed."""

    label: Label
    fact: dict[str, Any] | None
    attributes: Sequence[tuple[str, str]]
    steps: Sequence[Step]
    bindings: Sequence[Binding]


@dataclass(frozen=True, slots=True)
class Record:
    """One event as its source told it."""

    row: dict[str, Any]
    attributes: Sequence[tuple[str, str]]
    objects: Sequence[tuple[Label, str]]


def to_rows(read: Read, found: Sequence[dict[str, Any]], note: str = "") -> list[CaseRow]:
    """Rows with `obj`, `t` and perhaps `last_activity` as labelled cases."""
    names = describe(read, [row["obj"] for row in found])
    done = words(read, "activity")
    return [
        CaseRow(names[r["obj"]], r["t"], done.get(r.get("last_activity", -1), note))
        for r in found
        if r["obj"] in names
    ]


def case(read: Read, obj: int) -> Case | None:
    """The case, or None when there is none in the viewer's scope."""
    label = describe(read, [obj]).get(obj)
    if label is None:
        return None
    one = {"obj": obj, "objs": [obj]}
    facts = ask(read, "case_fact", one)
    bounds = {key: facts[0][key] for key in ("first_t", "last_t")} if facts else {}
    rows = ask(read, "case_timeline", {**one, "limit": LONGEST, **bounds}) if facts else _records(read, obj)
    people(read, [row["actor"] for row in (*facts, *rows)])
    rules = {r["code"]: r for r in read("SELECT code, id, title, severity, kind, help FROM rule", {})}
    bindings = [
        Binding(
            rules[r["rule"]]["id"],
            rules[r["rule"]]["title"],
            rules[r["rule"]]["severity"],
            rules[r["rule"]]["kind"],
            rules[r["rule"]]["help"],
            r["act_seq"],
            r["target_seq"],
            r["t"],
            r["due_t"],
            r["decided_t"],
            r["verdict"],
            r["reason"],
        )
        for r in ask(read, "case_bindings", one)
        if r["rule"] in rules
    ]
    attributes = [(r["name"], r["value"] or "") for r in ask(read, "case_attributes", one)]
    return Case(
        label, _spelled(read, facts[0]) if facts else None, attributes, [_step(read, r) for r in rows], bindings
    )


def _records(read: Read, obj: int) -> list[dict[str, Any]]:
    return ask(read, "case_records", {"objs": [obj], "limit": LONGEST})


def _step(read: Read, row: dict[str, Any]) -> Step:
    said = _spelled(read, row)
    sources = {r["code"]: r["title"] for r in _sources(read)}
    return Step(
        row["seq"],
        row["t"],
        said["activity"],
        said["channel"],
        row["direction"],
        said["actor"],
        said["team"],
        sources.get(row["source"], ""),
    )


def _sources(read: Read) -> list[dict[str, Any]]:
    if "sources" not in read.memo:
        read.memo["sources"] = read("SELECT code, title FROM source", {})
    return read.memo["sources"]


def _spelled(read: Read, row: dict[str, Any]) -> dict[str, Any]:
    """The row with words in place of codes."""
    kinds = [kind for kind in ("activity", "channel", "team") if kind in row]
    said: dict[str, Any] = {kind: words(read, kind).get(row[kind], "") for kind in kinds}
    person = people(read, [row["actor"]]).get(row["actor"])
    return {**row, **said, "actor": person.name if person else ""}


def record(read: Read, seq: int) -> Record | None:
    """The event's record, or None when it is not in the viewer's scope."""
    # An event is in scope where one of its objects is, and each has one.
    found = ask(read, "record_objects", {"seqs": [seq]})
    rows = ask(read, "record", {"seq": seq, "objs": [row["obj"] for row in found]}) if found else []
    if not rows:
        return None
    attrs = json.loads(rows[0]["attrs"]) if rows[0]["attrs"] else {}
    names = describe(read, [row["obj"] for row in found])
    objects = [(names[r["obj"]], r["qualifier"] or "") for r in found if r["obj"] in names]
    objects.sort(key=lambda one: (one[0].otype, one[0].id))
    return Record(_spelled(read, rows[0]), [(key, _plain(value)) for key, value in attrs.items()], objects)


def find(read: Read, text: str) -> list[CaseRow]:
    """Objects whose id or name holds the text, latest movement first.

    All contacts and accounts are looked through; of others the newest 200,000, and all by the beginning of their id.
    """
    typed = text.strip()
    if len(typed) < 2:
        return []
    params = {
        "typed": typed,
        "text": typed.lower(),
        "floor": ask(read, "numbering", {})[0]["last_obj"] - _RECENT,
        "contact": code(read, "object_type", "contact"),
        "account": code(read, "object_type", "account"),
        "limit": 3 * MOST_FOUND,
    }
    ways = ("find_ids", "find_parties", "find_recent")
    near = sorted({row["obj"] for way in ways for row in ask(read, way, params)})
    if not near:
        return []
    moved = {row["obj"]: row["last_t"] for row in ask(read, "find_moments", {"objs": near})}
    latest = sorted(near, key=lambda obj: (-moved.get(obj, 0), -obj))[:MOST_FOUND]
    return to_rows(read, [{"obj": obj, "t": moved.get(obj, 0)} for obj in latest])


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
