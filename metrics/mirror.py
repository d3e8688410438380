"""Everything held about the reader: from which source, by which rule, how long, and who looked at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from data.scope import Role, Scope
from metrics._contract import Metric, Read, ask
from metrics._labels import Label, describe
from metrics._words import words

METRIC = Metric(
    "mirror",
    "What is held about me",
    "Rows of the store that name you: events that the sources say were yours or that mention you, cases you took part "
    "in, activations of rules by your work, items of the review queue about them, what the sources say of you, and the "
    "log of who opened a case of yours or an event of yours, from its beginning. Your own looks are not listed.",
    "What the source systems themselves hold; who saw a figure that counts your work among that of at least five "
    "people; reviewers' words. A look by officers who work on a case under its people's names shows when that ends.",
)

LATEST: Final = 12
LOOKS: Final = 25
# What is kept, why, and how long. Nothing is deleted by age yet, so the last column must not promise it.
KEPT: Final = (
    ("Events, cases and rules", "to show what waits, what falls due, and whether promises to customers are kept",
     "as long as the database; what a source takes back stops counting at once"),
    ("What the sources say of you", "to show a name and a team where somebody has to act",
     "the values known now and before, as long as the database"),
    ("Review and disputes", "to prove that findings were looked at by a person", "as long as the database"),
    ("Who looked", "so that you can see it", "as long as the database"),
    ("Text of messages", "only looked through for promises and complaints where that is switched on",
     "never kept"),
)


@dataclass(frozen=True, slots=True)
class Held:
    """Events of one kind from one source."""

    source: str
    connector: str
    activity: str
    n: int
    first_t: int
    last_t: int


@dataclass(frozen=True, slots=True)
class Own:
    """One of the reader's own events; `dispute` is the number of his open or upheld dispute about it, or 0."""

    seq: int
    t: int
    activity: str
    source: str
    case: Label | None
    dispute: int


@dataclass(frozen=True, slots=True)
class Finding:
    """An activation that is broken, overdue or cannot be told; `verdict` as in the store; `dispute` as above."""

    rule: int
    id: str
    title: str
    severity: str
    kind: str
    case: Label | None
    obj: int
    act_seq: int
    t: int
    verdict: int
    reason: str
    dispute: int


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody opened something. `login` and `role` say who, `purpose` from where."""

    at_t: int
    login: str
    role: str
    what: str
    case: Label | None
    purpose: str


@dataclass(frozen=True, slots=True)
class Said:
    """One of the reader's disputes and what became of it: open, withdrawn, upheld or rejected."""

    number: int
    at_t: int
    kind: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class ToSettle:
    """A dispute that waits for an officer; whose it is is not told."""

    number: int
    at_t: int
    kind: str
    title: str
    case: Label | None
    seq: int
    rule_id: str


@dataclass(frozen=True, slots=True)
class Mirror:
    """What the page shows; `looks_total` counts those that are not listed too. `is_nobody`: the account names no
    person, so nothing can be found."""

    is_nobody: bool
    values: Sequence[tuple[str, str, int, int]]
    teams: Sequence[str]
    cases: int
    owned: int
    held: Sequence[Held]
    rules: Sequence[Mapping[str, Any]]
    latest: Sequence[Own]
    findings: Sequence[Finding]
    looks: Sequence[Look]
    looks_total: int
    said: Sequence[Said]


def as_self(read: Read) -> Read:
    """The reader as the person that the account names, whatever the role: what is about oneself is read so."""
    known: Read | None = read.memo.get("self")
    if known is None:
        known = replace(read, scope=Scope(Role.REP, read.scope.actor), memo={})
        read.memo["self"] = known
    return known


def mirror(read: Read, now_t: int) -> Mirror:
    """What is held about the reader."""
    if not read.scope.actor or read.scope.role is Role.ADMINISTRATOR:
        return Mirror(True, [], [], 0, 0, [], [], [], [], [], 0, [])
    me = as_self(read)
    said = me("SELECT * FROM dispute ORDER BY n DESC", {})
    standing = {_subject(row): row["n"] for row in said if _stands(row)}
    latest, broken = ask(me, "me_latest", {"limit": LATEST}), ask(me, "me_broken", {"limit": LATEST, "now_t": now_t})
    looks = ask(me, "me_viewed", {"limit": LOOKS})
    names = describe(me, [row["obj"] for row in (*latest, *broken, *looks, *said)])
    acts = words(me, "activity")
    (cases,) = me("SELECT count(*) AS n, count(*) FILTER (is_owner) AS owned FROM my_cases", {})
    return Mirror(
        is_nobody=False,
        values=[(r["attribute"], r["value"] or "", r["t"], standing.get(("value", 0, 0, 0, r["attribute"]), 0))
                for r in ask(me, "me_values", {})],
        teams=sorted(r["name"] for r in me("SELECT name FROM my_teams", {})),
        cases=cases["n"], owned=cases["owned"],
        held=[Held(**{**r, "activity": acts.get(r["activity"], "")}) for r in ask(me, "me_events", {})],
        rules=ask(me, "me_rules", {}),
        latest=[Own(r["seq"], r["t"], acts.get(r["activity"], ""), r["source"], names.get(r["obj"]),
                    next((n for (kind, _, _, seq, _), n in standing.items() if (kind, seq) == ("event", r["seq"])), 0))
                for r in latest],
        findings=[_finding(r, names, standing) for r in broken],
        looks=[Look(r["at_t"], r["login"], r["role"], r["what"], names.get(r["obj"]), r["purpose"]) for r in looks],
        looks_total=looks[0]["total"] if looks else 0,
        said=[Said(r["n"], r["at_t"], r["kind"], _title(me, r), _state(r)) for r in said],
    )


def told_how(read: Read) -> dict[str, Any]:
    """How the reader chose to be told (`chosen`), since when a calendar address holds (`feed`, microseconds), and what
    became of the last message (`last`: waiting, sent, failed); None where there is none."""
    rows = read("SELECT * FROM nudge_choice", {})
    feed = read("SELECT made_t FROM feed_key", {})
    letters = read("SELECT state FROM my_letters ORDER BY n DESC LIMIT 1", {})
    return {"chosen": rows[0] if rows else None, "feed": feed[0]["made_t"] if feed else None,
            "last": letters[0]["state"] if letters else None}


def to_settle(read: Read) -> list[ToSettle]:
    """What officers have to settle, oldest first. NotAllowed for others."""
    rows = read("SELECT * FROM disputed WHERE settled_t IS NULL ORDER BY n", {})
    names = describe(read, [row["obj"] for row in rows])
    ids = {row["code"]: row["id"] for row in read("SELECT code, id FROM rule", {})} if rows else {}
    return [ToSettle(r["n"], r["at_t"], r["kind"], _title(read, r), names.get(r["obj"]), r["seq"],
                     ids.get(r["rule"], "")) for r in rows]


def _subject(row: Mapping[str, Any]) -> tuple[str, int, int, int, str]:
    return row["kind"], row["rule"], row["obj"], row["seq"], row["what"]


def _stands(row: Mapping[str, Any]) -> bool:
    return row["withdrawn_t"] is None and (row["settled_t"] is None or row["outcome"] == "upheld")


def _state(row: Mapping[str, Any]) -> str:
    return "withdrawn" if row["withdrawn_t"] is not None else row["outcome"] or "open"


def _title(read: Read, row: Mapping[str, Any]) -> str:
    if row["kind"] == "binding":
        rules = read("SELECT id, title FROM rule WHERE code = $rule", {"rule": row["rule"]})
        return f"{rules[0]['id']} {rules[0]['title']}" if rules else "a rule that is switched off now"
    return f"what is recorded as {row['what']}" if row["kind"] == "value" else "an event recorded under a name"


def _finding(row: Mapping[str, Any], names: Mapping[int, Label], standing: Mapping[Any, int]) -> Finding:
    key = ("binding", row["rule"], row["obj"], row["act_seq"], "")
    told = {name: row[name] for name in ("rule", "id", "title", "severity", "kind", "obj", "act_seq", "t", "verdict",
                                         "reason")}
    return Finding(**told, case=names.get(row["obj"]), dispute=standing.get(key, 0))
