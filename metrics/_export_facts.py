"""What an export writes: events with the objects they concern, and objects with what became known of them.

Everything is read through the scope of whoever asks, in portions, so that memory does not grow with the log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from data.errors import FixSettings
from data.event import moment
from metrics._contract import Read, ask
from metrics._words import people, words

FOREVER: Final = 1 << 62
PORTION: Final = 20_000
OWN: Final = ("actor", "team", "channel", "direction")
"""What every event may have beside its attributes; an attribute of such a name is written as `attr:NAME`."""
_DIRECTIONS: Final = ("internal", "inbound", "outbound")
_KINDS: Final = {"BOOLEAN": "boolean", "UBIGINT": "integer", "BIGINT": "integer", "DOUBLE": "float"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be exported: one case by its id (or some by their numbers, `objs`), objects of these types only,
    events from a moment on and before another (microseconds since 1970 UTC); everything where nothing is said.
    `format` as in `FORMATS`."""

    format: str = "ocel-json"
    case: str = ""
    otypes: tuple[str, ...] = ()
    since_t: int = 0
    until_t: int = FOREVER
    objs: tuple[int, ...] = ()

    @property
    def few(self) -> bool:
        """Whether it names cases."""
        return bool(self.case or self.objs)


@dataclass(frozen=True, slots=True)
class Relation:
    """An object that an event concerns, or that another object is linked to. `id` is unique among all types."""

    obj: int
    otype: str
    id: str
    qualifier: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One event. `attrs` holds its own attributes and what `OWN` names, without empty ones."""

    seq: int
    id: str
    t: int
    order: int
    activity: str
    source: str
    source_id: str
    attrs: dict[str, Any]
    relations: Sequence[Relation]


@dataclass(frozen=True, slots=True)
class Thing:
    """One object, the changes of its attributes (name, value, moment) in order, and its links."""

    obj: int
    otype: str
    id: str
    changes: Sequence[tuple[str, Any, int]]
    links: Sequence[Relation]


@dataclass(slots=True)
class Tally:
    """How much was written."""

    events: int = 0
    objects: int = 0
    relations: int = 0
    changes: int = 0
    links: int = 0
    seen: set[int] = field(default_factory=set, repr=False)

    def take(self, facts: Iterable[Fact]) -> None:
        """Count events, and note which objects they concern."""
        for fact in facts:
            self.events += 1
            self.relations += len(fact.relations)
            self.seen.update(relation.obj for relation in fact.relations)

    def take_things(self, things: Iterable[Thing]) -> None:
        """Count objects."""
        for thing in things:
            self.objects += 1
            self.changes += len(thing.changes)
            self.links += len(thing.links)

    def __str__(self) -> str:
        return (f"{self.events:,} events, {self.objects:,} objects, {self.relations:,} relations, "
                f"{self.changes:,} attribute values, {self.links:,} links")


class Facts:
    """The facts that fit a wish. Raises FixSettings when the case or a type does not exist in the scope.

    `shown`: what people are called, by their codes, where it is not what the scope says.
    """

    def __init__(self, read: Read, wish: Wish, shown: Mapping[int, str] | None = None) -> None:
        self.read, self.wish, self.shown = read, wish, shown
        self.types = words(read, "object_type")
        known = {name: code for code, name in self.types.items() if name}
        if unknown := [name for name in wish.otypes if name not in known]:
            raise FixSettings(f"there are no objects of the type {unknown[0]!r}; choose among "
                              f"{', '.join(sorted(known)) or 'none: nothing has been collected yet'}")
        self.otypes = [known[name] for name in wish.otypes] or list(known.values())
        self.found = read("SELECT obj, otype FROM object WHERE id = $id", {"id": wish.case}) if wish.case else []
        self.cases = [*(row["obj"] for row in self.found), *wish.objs]
        if wish.case and not self.cases:
            raise FixSettings(f"there is no case {wish.case!r}; give its id as the source writes it")
        self.sources = {r["code"]: r["id"] for r in read("SELECT code, id FROM source", {})}
        self.span = {"since": wish.since_t, "until": wish.until_t, "otypes": self.otypes, "cases": self.cases}

    def case_types(self) -> list[str]:
        """The types of what has the wished case's id."""
        return sorted({self.types[row["otype"]] for row in self.found})

    @property
    def partial(self) -> bool:
        """Whether only the objects that exported events concern belong to the export."""
        return self.wish.few or self.wish.since_t > 0 or self.wish.until_t < FOREVER

    @cached_property
    def twins(self) -> frozenset[str]:
        """Ids that are used for objects of several types; OCEL wants them to differ."""
        return frozenset(r["id"] for r in ask(self.read, "export_twins", {}))

    @cached_property
    def case_seqs(self) -> Sequence[int]:
        """The numbers of the wished cases' events."""
        return [r["seq"] for r in ask(self.read, "export_of_cases", self.span)]

    def events(self) -> Iterator[list[Fact]]:
        """Portions of the events, in the order in which they arrived; none without an object."""
        if self.wish.few:
            for start in range(0, len(self.case_seqs), PORTION):
                yield self.some(self.case_seqs[start:start + PORTION])
            return
        last = self.read("SELECT last_seq FROM arrival", {})[0]["last_seq"]
        for low in range(0, last + 1, PORTION):
            yield self._between(low, low + PORTION, {"few": False, "seqs": []})

    def by_object(self) -> Iterator[list[tuple[str, str, list[Fact]]]]:
        """Portions of (type, id, events in order) for each object of the wished types that has events."""
        for low, high in self._spans():
            rows = ask(self.read, "export_of_objects", self.span | {"low": low, "high": high,
                                                                    "few": self.wish.few})
            wanted = {r["obj"] for r in rows}
            courses: dict[int, tuple[str, str, list[Fact]]] = {}
            for fact in self.some(sorted({r["seq"] for r in rows})):
                for one in {r.obj: r for r in fact.relations if r.obj in wanted}.values():
                    courses.setdefault(one.obj, (one.otype, one.id, []))[2].append(fact)
            for _, _, course in courses.values():
                course.sort(key=lambda fact: (fact.t, fact.order, fact.seq))
            yield [courses[obj] for obj in sorted(courses)]

    def some(self, seqs: Sequence[int]) -> list[Fact]:
        """The events of these numbers that the wish fits."""
        if not seqs:
            return []
        return self._between(seqs[0], seqs[-1] + 1, {"few": True, "seqs": list(seqs)})

    def things(self, among: set[int]) -> Iterator[list[Thing]]:
        """Portions of the objects: of all, or of those in `among` where the export is partial."""
        chosen = sorted(among) if self.partial else []
        last = self.read("SELECT coalesce(max(obj), 0) AS n FROM object", {})[0]["n"]
        for low in range(0, len(chosen) if self.partial else last + 1, PORTION):
            objs = chosen[low:low + PORTION]
            edge = (objs[0], objs[-1] + 1) if self.partial else (low, low + PORTION)
            yield self._things({"low": edge[0], "high": edge[1], "few": self.partial, "objs": objs}, among)

    def few(self, objs: Sequence[int]) -> list[Thing]:
        """These objects, without links."""
        if not objs:
            return []
        return self._things({"low": objs[0], "high": objs[-1] + 1, "few": True, "objs": list(objs)}, set())

    def kinds(self) -> dict[str, dict[str, str]]:
        """Activity -> attribute -> string, integer, float or boolean; what every event may have comes first."""
        few = {"few": self.wish.few, "seqs": self.case_seqs if self.wish.few else []}
        activities = words(self.read, "activity")
        found: dict[str, dict[str, str]] = {}
        for row in ask(self.read, "export_kinds", self.span | few):
            told = {_KINDS.get(kind, "string") for kind in row["kinds"] if kind != "NULL"}
            kind = "float" if told == {"integer", "float"} else told.pop() if len(told) == 1 else "string"
            own = found.setdefault(activities[row["activity"]], dict.fromkeys(OWN, "string"))
            own[_own(row["name"])] = kind
        return found

    def values(self) -> dict[str, dict[str, str]]:
        """Object type -> attribute -> string, integer, float or boolean."""
        names = words(self.read, "attribute")
        found: dict[str, dict[str, str]] = {}
        for row in ask(self.read, "export_values", self.span):
            kind = ("integer" if row["whole"] else "float" if row["number"] else
                    "boolean" if row["truth"] else "string")
            found.setdefault(self.types[row["otype"]], {})[names[row["attribute"]]] = kind
        return found

    def _spans(self) -> Iterator[tuple[int, int]]:
        """Ranges of object numbers with about a portion of relations each."""
        low, total = 0, 0
        for row in ask(self.read, "export_spans", self.span):
            total += row["n"]
            if total >= PORTION:
                yield low, 500 * (row["span"] + 1)
                low, total = 500 * (row["span"] + 1), 0
        if total:
            yield low, 1 << 31

    def _between(self, low: int, high: int, few: dict[str, Any]) -> list[Fact]:
        params = self.span | few | {"low": low, "high": high}
        rows = ask(self.read, "export_events", params)
        if not rows:
            return []
        concerned: dict[int, list[Relation]] = {}
        for r in ask(self.read, "export_relations", params):
            concerned.setdefault(r["seq"], []).append(self._relation(r))
        who = self._people({r["actor"] for r in rows})
        return [self._fact(r, who.get(r["actor"], ""), concerned[r["seq"]]) for r in rows if r["seq"] in concerned]

    def _people(self, codes: set[int]) -> Mapping[int, str]:
        if self.shown is not None:
            return self.shown
        return {code: person.key for code, person in people(self.read, codes).items()}

    def _fact(self, row: dict[str, Any], actor: str, relations: Sequence[Relation]) -> Fact:
        own = (actor, words(self.read, "team").get(row["team"], ""),
               words(self.read, "channel").get(row["channel"], ""), _DIRECTIONS[row["direction"]])
        given = json.loads(row["attrs"]) if row["attrs"] else {}
        attrs = {name: value for name, value in zip(OWN, own, strict=True) if value}
        attrs |= {_own(name): value for name, value in given.items() if value is not None}
        source = self.sources.get(row["source"], "")
        activity = words(self.read, "activity")[row["activity"]]
        return Fact(row["seq"], f"{source}/{row['source_id']}", row["t"], row["ord"], activity, source,
                    row["source_id"], attrs, relations)

    def _relation(self, row: dict[str, Any]) -> Relation:
        otype = self.types[row["otype"]]
        return Relation(row["obj"] if "obj" in row else row["b"], otype, self._id(otype, row["id"]),
                        words(self.read, "qualifier").get(row["qualifier"], ""))

    def _id(self, otype: str, id_: str) -> str:
        return f"{otype}:{id_}" if id_ in self.twins else id_

    def _things(self, span: dict[str, Any], among: set[int]) -> list[Thing]:
        params, names = self.span | span, words(self.read, "attribute")
        changes: dict[int, list[tuple[str, Any, int]]] = {}
        for r in ask(self.read, "export_changes", params):
            changes.setdefault(r["obj"], []).append((names[r["attribute"]], r["value"], r["t"]))
        links: dict[int, list[Relation]] = {}
        for r in ask(self.read, "export_links", params):
            if not self.partial or r["b"] in among:
                links.setdefault(r["a"], []).append(self._relation(r))
        return [Thing(r["obj"], self.types[r["otype"]], self._id(self.types[r["otype"]], r["id"]),
                      changes.get(r["obj"], ()), links.get(r["obj"], ()))
                for r in ask(self.read, "export_objects", params)]


def iso(at_us: int) -> str:
    """A moment in UTC to the microsecond, as every reader understands it."""
    return f"{moment(at_us):%Y-%m-%dT%H:%M:%S.%f}Z"


def plain(value: Any, kind: str) -> Any:
    """An event's value as the declared kind; lists and tables are written as JSON."""
    if kind == "string":
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return float(value) if kind == "float" else value


def read_as(text: str, kind: str) -> Any:
    """An object's value, which the store keeps as text, as the declared kind."""
    if kind == "boolean":
        return text == "true"
    return int(text) if kind == "integer" else float(text) if kind == "float" else text


def _own(name: str) -> str:
    return f"attr:{name}" if name.lower() in OWN else name
