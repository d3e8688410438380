"""The items of the review queue: what each is about, how its binding stands now, and what was done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from data.reviews import DISPOSITIONS
from metrics._contract import Filters, Read, ask
from metrics._labels import Label, describe
from metrics._persons import aliases
from metrics._words import codes, words

CLOSED: Final = "closed"
_ANY: Final = -1
_NO_RULE: Final = "a rule that is switched off now"


@dataclass(frozen=True, slots=True)
class Standing:
    """How the binding of an item stands now; an item whose binding is no longer there has none."""

    verdict: int
    reason: str
    t: int
    due_t: int | None
    decided_t: int | None
    target_seq: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One item. `why`: breach, review or sample; `person`: whose work it is, under the pseudonym of that case;
    `is_barred`: the reader, or somebody the reader answers to, is in it. `closed` is empty while it is open."""

    number: int
    case: Label
    rule: str
    title: str
    severity: str
    kind: str
    help: str
    why: str
    made_t: int
    team: str
    channel: str
    person: str
    act_seq: int
    holder: str
    closed: str
    closed_by: str
    closed_t: int | None
    standing: Standing | None
    is_barred: bool


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did with an item, and the words that went with it."""

    at_t: int
    login: str
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Queue:
    """The first of all items that match, and how many there are."""

    total: int
    rows: Sequence[Entry]


def queue(read: Read, filters: Filters, limit: int) -> Queue:
    """Items that match the filters: open ones gravest and oldest first, or closed ones newest first."""
    rows = _ask(read, filters, _ANY, limit)
    return Queue(rows[0]["total"] if rows else 0, _entries(read, rows))


def entry(read: Read, number: int) -> Entry | None:
    """One item, or None when there is none of this number."""
    found = _entries(read, _ask(read, Filters(), number, 1))
    return found[0] if found else None


def deeds(read: Read, number: int) -> list[Deed]:
    """What was done with an item, in order."""
    return [Deed(**row) for row in ask(read, "review_deeds", {"item": number})]


def rules(read: Read) -> list[tuple[str, str, int]]:
    """Id, title and number of open items of each rule that has any."""
    return [(r["id"], r["title"], r["n"]) for r in ask(read, "review_rules", {"closing": list(DISPOSITIONS)})]


def _ask(read: Read, filters: Filters, number: int, limit: int) -> list[dict[str, Any]]:
    is_closed = filters.queue == CLOSED
    return ask(
        read,
        "review_items",
        {
            **codes(read, filters),
            "item": number,
            "is_closed": is_closed,
            "why": "" if is_closed else filters.queue,
            "rule": filters.rule,
            "closing": list(DISPOSITIONS),
            "limit": limit,
        },
    )


def _entries(read: Read, rows: Sequence[Mapping[str, Any]]) -> list[Entry]:
    objs = sorted({row["obj"] for row in rows})
    names, who = describe(read, objs), aliases(read, objs)
    bindings = {
        (b["rule"], b["obj"], b["act_seq"]): Standing(
            b["verdict"], b["reason"], b["t"], b["due_t"], b["decided_t"], b["target_seq"]
        )
        for b in (ask(read, "review_bindings", {"objs": objs}) if objs else [])
    }
    standings = [bindings.get((row["rule"], row["obj"], row["act_seq"])) for row in rows]
    barred = _barred(read, rows, standings)
    channels, teams = words(read, "channel"), words(read, "team")
    found = []
    for row, standing in zip(rows, standings, strict=True):
        found.append(
            Entry(
                number=row["item"],
                case=names.get(row["obj"]) or Label(row["obj"], "", "", "", ""),
                rule=row["id"] or "",
                title=row["title"] or _NO_RULE,
                severity=row["severity"] or "low",
                kind=row["kind"] or "",
                help=row["help"] or "",
                why=row["why"],
                made_t=row["made_t"],
                team=teams.get(row["team"], ""),
                channel=channels.get(row["channel"], ""),
                person=who.get((row["obj"], row["actor"]), ""),
                act_seq=row["act_seq"],
                holder=row["holder"] or "",
                closed=row["closed"] or "",
                closed_by=row["closed_by"] or "",
                closed_t=row["closed_t"],
                standing=standing,
                is_barred=row["item"] in barred,
            )
        )
    return found


def _barred(read: Read, rows: Sequence[Mapping[str, Any]], standings: Sequence[Standing | None]) -> set[int]:
    """Numbers of the items that the reader must leave to others."""
    if not rows or not read.scope.actor:
        return set()
    doing = {row["item"]: {row["act_seq"]} for row in rows}
    for row, standing in zip(rows, standings, strict=True):
        if standing and standing.target_seq:
            doing[row["item"]].add(standing.target_seq)
    seqs = sorted(set().union(*doing.values()))
    told = ask(read, "review_barred", {"actors": sorted({row["actor"] for row in rows}), "seqs": seqs})
    actors, events = {r["code"] for r in told if r["code"]}, {r["seq"] for r in told if r["seq"]}
    return {row["item"] for row in rows if row["actor"] in actors or doing[row["item"]] & events}
