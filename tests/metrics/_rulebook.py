"""Readings written down as a pack, tried on traces in a real file, and what comes out compared with the reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from data.event import Change, Event, Ref
from data.page import Page
from data.scope import SYSTEM
from data.store import Store
from data.writer import Writer
from metrics._engine import Engine
from metrics.conformance.decide import Conformance, Words
from tests.metrics._reference import OBJECT, Happened, Reading, verdicts, whole_object

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NAMES = ("pending", "fulfilled", "violated", "holding", "kept", "unknown", "waived")
ENDING, BACK = "resolved", "reopened"
Verdicts = dict[tuple[str, str, str], str]


@dataclass(frozen=True)
class Cond:
    """A condition twice: as a pack says it, and as plain Python that answers None where an attribute is missing."""

    text: str
    holds: Callable[..., bool | None]

    def __call__(self, *events: Happened) -> bool | None:
        """Whether it holds."""
        return self.holds(*events)


def _pattern(activity: str, where: object) -> dict[str, Any]:
    names = activity.split("|")
    return {"activity": names if len(names) > 1 else names[0]} | (
        {"where": where.text} if isinstance(where, Cond) else {}
    )


def entry(name: str, rule: Reading) -> dict[str, Any]:
    """The rule as an entry of a pack."""
    raw: dict[str, Any] = {"id": name, "title": name, "object": "ticket", "template": rule.template}
    if rule.activation:
        raw["activation"] = _pattern(rule.activation, rule.activation_where)
    if rule.target:
        raw["target"] = _pattern(rule.target, rule.target_where)
    if rule.until:
        raw["until"] = _pattern(rule.until, rule.until_where)
    if where := rule.between or rule.where:
        raw["where"] = where.text if isinstance(where, Cond) else ""
    if rule.within_h is not None:
        raw["within"] = f"{rule.within_h:g} h"
    if rule.grace_h:
        raw["grace"] = f"{rule.grace_h:g} h"
    if rule.steps:
        raw["steps"] = [_pattern(s.activity, s.where) | ({"optional": True} if s.optional else {}) for s in rule.steps]
    if rule.sum_of:
        raw |= {"sum": rule.sum_of, "limit": rule.limit}
    changed = {"count": 1, "matching": "shared", "quantifier": "each"}
    return raw | {key: getattr(rule, key) for key, usual in changed.items() if getattr(rule, key) != usual}


def write_pack(path: Path, rules: Mapping[str, Reading]) -> None:
    """The rules as a pack in this file."""
    pack = {"pack": path.stem, "title": "t", "rules": [entry(name, rule) for name, rule in rules.items()]}
    path.write_text(yaml.safe_dump(pack, sort_keys=False), encoding="utf8")


def opened(folder: Path, rules: Mapping[str, Reading]) -> tuple[Store, Writer]:
    """A running store that decides these rules and no others."""
    write_pack(folder / "trial.yaml", rules)
    store = Store.open(":memory:")
    for word in "abcdu":
        Words(store.connection).code("activity", word)
    shipped = sorted({path.stem for path in (Path(__file__).parents[2] / "metrics" / "packs").glob("*.yaml")})
    writer = Writer(store, [Engine(Conformance([folder], disabled=shipped))])
    writer.start()
    return store, writer


def event(case: str, e: Happened, *more: str) -> Event:
    """The event of a trace as a source tells it, about this ticket and perhaps more of them."""
    return Event(
        f"{case}/{e.name}",
        START + timedelta(hours=e.hour),
        e.activity,
        [Ref("ticket", name) for name in (case, *more)],
        actor=e.actor,
        attrs=dict(e.attrs),
        order=e.order,
    )


def end_of(trace: Sequence[Happened]) -> float | None:
    """The hour in which the object ended, if it did and did not come back; nobody ends and comes back at once."""
    turns = sorted((e.hour, e.activity) for e in trace if e.activity in (ENDING, BACK))
    return turns[-1][0] if turns and turns[-1][1] == ENDING else None


def states(trace: Sequence[Happened], changes: Sequence[tuple[float, str, Any]]) -> list[Happened]:
    """The events with the attributes that their object had at that moment; from its hour on a change holds."""
    return [replace(e, state={name: value for hour, name, value in sorted(changes) if hour <= e.hour}) for e in trace]


def change(case: str, hour: float, attribute: str, value: Any) -> Change:
    """A change of the ticket as a source tells it."""
    return Change(Ref("ticket", case), attribute, value, START + timedelta(hours=hour))


def put(writer: Writer, events: Sequence[Event], size: int = 100_000, changes: Sequence[Change] = ()) -> None:
    """Deliver in pages of this size; what has no source of its own comes from `log`."""
    if changes:
        writer.put("log", Page(cursor={}, events=[], changes=list(changes)))
    for low in range(0, len(events), size):
        writer.put("log", Page(cursor={}, events=list(events[low : low + size])))


def decided(store: Store, whole: Sequence[str]) -> Verdicts:
    """All verdicts by rule, ticket and name of the activation; of rules about whole objects under OBJECT."""
    rows = store.read(
        "SELECT r.id AS rule, o.id AS ticket, e.source_id AS record, b.verdict FROM binding b "
        "JOIN rule r ON r.code = b.rule JOIN object o USING (obj) LEFT JOIN event e ON e.seq = b.act_seq",
        {},
        SYSTEM,
    )
    found: Verdicts = {}
    for row in rows:
        name = OBJECT if row["rule"] in whole else str(row["record"]).partition("/")[2]
        key = (row["rule"], row["ticket"], name)
        assert key not in found, f"{key} has two bindings"
        found[key] = NAMES[row["verdict"]]
    return found


def about_whole(rules: Mapping[str, Reading]) -> list[str]:
    """The names of the rules that have one binding an object."""
    return [name for name, rule in rules.items() if whole_object(rule)]


def wanted(rules: Mapping[str, Reading], traces: Mapping[str, Sequence[Happened]]) -> Verdicts:
    """What the slow reading says of every rule on every trace."""
    return {
        (name, case, about): verdict
        for name, rule in rules.items()
        for case, trace in traces.items()
        for about, verdict in verdicts(rule, trace, end_h=end_of(trace)).items()
    }


def _told(e: Happened) -> str:
    parts = [f"{e.hour:g}h {e.activity}", f"#{e.order}" if e.order is not None else "", e.actor]
    parts += [f"{key}={value}" for key, value in (*e.attrs.items(), *e.state.items())]
    return f"{e.name}: " + " ".join(part for part in parts if part)


def report(
    rules: Mapping[str, Reading], traces: Mapping[str, Sequence[Happened]], found: Verdicts, expected: Verdicts
) -> str:
    """Where the two differ, a line for each rule with its shortest trace; empty when they agree."""
    wrong = [key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)]
    lines = []
    for name in rules:
        own = sorted((key for key in wrong if key[0] == name), key=lambda key: (len(traces[key[1]]), key))
        if own:
            key = own[0]
            trace = "; ".join(_told(e) for e in sorted(traces[key[1]], key=lambda e: e.hour))
            both = f"decided {found.get(key)}, read {expected.get(key)}"
            lines.append(f"{name} {entry(name, rules[name])}: {len(own)} differ, as {key[2]!r} of [{trace}]: {both}")
    return "\n".join(lines)
