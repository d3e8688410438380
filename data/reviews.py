"""The review queue: what waits for an officer's judgement, who took it on, and what was done with it.

Everything here runs inside `Writer.do`, so that a deed and its record in the audit trail are stored together. An
item is about one binding. A disposition closes it; opening it alone is no review. Nobody judges an item about
himself or about somebody he answers to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import duckdb

from data.audit import append
from data.catalogue import RULE_WATERMARK
from data.errors import NotAllowed
from data.review_settings import Draw
from data.scope import Principal, Role
from data.settings import Settings

CONFIRMED: Final = "confirmed"
NOT_A_BREACH: Final = "not a breach"
KNOWN_EXCEPTION: Final = "known exception"
ESCALATE: Final = "escalate"
DISPOSITIONS: Final = (CONFIRMED, NOT_A_BREACH, KNOWN_EXCEPTION, ESCALATE)
OF_A_SAMPLE: Final = (CONFIRMED, ESCALATE)
"""What can become of an activation that was drawn as a sample: nothing was found to be broken in it."""
LONGEST_TEXT: Final = 2_000

_FED: Final = "review_fed"
_SECOND: Final = 1_000_000
# A clock that was set back a little must not hide what was decided meanwhile; looking twice adds nothing twice.
_OVERLAP: Final = 600 * _SECOND
# Samples are drawn from present practice, not from all history that an import brings.
_SAMPLE_SPAN: Final = 30 * 86_400 * _SECOND
# Looking into an item again within this time, after a comment above all, is the same look.
_ONE_LOOK: Final = 1_800 * _SECOND


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many percent of the decided activations without a breach are drawn. The first of `draws` that matches
    counts, else `percent`. `class_of` is person -> class; whoever has none counts under the team's name."""

    percent: float = 5.0
    draws: Sequence[Draw] = ()
    class_of: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the settings say of reviewing: the sample, and who answers to whom (person -> superior)."""

    sampling: Sampling = field(default_factory=Sampling)
    superior: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Plan:
        """As the settings say."""
        review, people = settings.review, settings.people
        return cls(Sampling(review.percent, review.sample, people.class_of), people.superior)


@dataclass(frozen=True, slots=True)
class Item:
    """One item as it stands: its binding, why it is in the queue, who claimed it, and its disposition."""

    number: int
    rule: int
    obj: int
    act_seq: int
    why: str
    holder: str
    closed: str


@cache
def _sql(name: str) -> str:
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf8")


def keep_superiors(con: duckdb.DuckDBPyConnection, superior: Mapping[str, str]) -> None:
    """Write down who answers to whom, person -> superior, in place of what was known."""
    con.execute("DELETE FROM superior")
    con.execute("INSERT INTO superior SELECT unnest($people), unnest($above)",
                {"people": [p.lower() for p in superior], "above": [a.lower() for a in superior.values()]})


def feed(con: duckdb.DuckDBPyConnection, at_t: int, sampling: Sampling | None = None) -> int:
    """Put in what has become known since the last time: breaches, signals for review and the sample; how many.

    Reads only bindings that were decided, or whose omission became certain, since then. Doing it again adds
    nothing. `at_t`: now, in microseconds since 1970 UTC.
    """
    sampling = sampling or Sampling()
    rows = con.execute("SELECT value FROM setting WHERE name = ?", [_FED]).fetchall()
    since_t = int(rows[0][0]) - _OVERLAP if rows else -1
    _spread(con, sampling)
    believed_t = con.execute("SELECT max(believed_t) FROM binding_done WHERE believed_t >= ?", [since_t]).fetchall()
    params = {"now_t": at_t, "since_t": since_t, "sample_t": at_t - _SAMPLE_SPAN, "least_t": -1}
    before = con.execute("SELECT count(*) FROM review_item").fetchall()[0][0]
    for statement in _sql("review_feed").replace("{rule_watermark}", RULE_WATERMARK).split(";\n"):
        if "$least_t" in statement:
            params["least_t"] = con.execute("SELECT coalesce(min(before_t), -1) FROM review_now").fetchall()[0][0]
        con.execute(statement, {name: value for name, value in params.items() if "$" + name in statement})
    if believed_t[0][0] is not None:
        con.execute("DELETE FROM setting WHERE name = ?", [_FED])
        con.execute("INSERT INTO setting VALUES (?, ?)", [_FED, str(believed_t[0][0])])
    return con.execute("SELECT count(*) FROM review_item").fetchall()[0][0] - before


def _spread(con: duckdb.DuckDBPyConnection, sampling: Sampling) -> None:
    """The rates and classes as temp tables `review_draw` and `review_class`; the last draw fits everything."""
    draws = [*sampling.draws, Draw(percent=sampling.percent)]
    con.execute("CREATE OR REPLACE TEMP TABLE review_draw AS SELECT unnest($place) AS place, "
                "unnest($rule) AS rule, unnest($class) AS class, unnest($channel) AS channel, "
                "unnest($percent) AS percent",
                {"place": list(range(len(draws))), "rule": [d.rule for d in draws],
                 "class": [d.person_class for d in draws], "channel": [d.channel for d in draws],
                 "percent": [float(d.percent) for d in draws]})
    con.execute("CREATE OR REPLACE TEMP TABLE review_class (person VARCHAR, class VARCHAR)")
    con.execute("INSERT INTO review_class SELECT unnest($people), unnest($classes)",
                {"people": [p.lower() for p in sampling.class_of], "classes": [*sampling.class_of.values()]})


def opened(con: duckdb.DuckDBPyConnection, at_t: int, principal: Principal, number: int) -> Item:
    """Note that an officer looked into an item: no review, but what the time that a review took is counted from.

    The item. NotAllowed for others, and when there is none of this number.
    """
    _officer(principal)
    item = _item(con, number)
    last = con.execute("SELECT max(at_t) FROM review_action WHERE item = ? AND login = ? AND what = 'opened'",
                       [number, principal.login]).fetchall()[0][0]
    if last is None or at_t - last > _ONE_LOOK:
        _act(con, at_t, principal, number, "opened")
    return item


def claim(con: duckdb.DuckDBPyConnection, at_t: int, principal: Principal, number: int) -> None:
    """Take an open item on. NotAllowed when it is closed, somebody else's, or about the reviewer or a superior."""
    item = _to_judge(con, principal, number)
    if item.holder and item.holder != principal.login:
        raise NotAllowed(f"item {number} is claimed by {item.holder}; take another, or ask for it to be released")
    if not item.holder:
        _record(con, at_t, principal, item, "claimed")


def release(con: duckdb.DuckDBPyConnection, at_t: int, principal: Principal, number: int) -> None:
    """Give a claimed item back. NotAllowed unless it is the reviewer's own claim."""
    _record(con, at_t, principal, _mine(con, principal, number), "released")


def comment(con: duckdb.DuckDBPyConnection, at_t: int, principal: Principal, number: int, text: str) -> None:
    """Add a remark to an item, closed ones too. NotAllowed without words, or when it is about the reviewer."""
    _officer(principal)
    item = _item(con, number)
    _impartial(con, principal, item)
    if not text.strip():
        raise NotAllowed("the comment is empty; write what you found")
    _record(con, at_t, principal, item, "comment", _fit(text))


def dispose(con: duckdb.DuckDBPyConnection, at_t: int, principal: Principal, number: int, what: str,
            text: str = "") -> None:
    """Close an item that the reviewer has claimed: `what` is one of DISPOSITIONS, `text` says why.

    A known exception waives the binding. NotAllowed where a reason is needed and not given.
    """
    text = _fit(text)
    item = _mine(con, principal, number)
    fitting = OF_A_SAMPLE if item.why == "sample" else DISPOSITIONS
    if what not in fitting:
        raise NotAllowed(f"item {number} cannot be closed as {what!r}; choose one of: {', '.join(fitting)}")
    if what != CONFIRMED and not text:
        raise NotAllowed(f"{what!r} needs a reason; write it, then close the item again")
    _record(con, at_t, principal, item, what, text)
    if what == KNOWN_EXCEPTION:
        binding = [item.rule, item.obj, item.act_seq]
        con.execute("DELETE FROM waiver WHERE rule = ? AND obj = ? AND act_seq = ?", binding)
        con.execute("INSERT INTO waiver VALUES (?, ?, ?, ?, ?, ?)", [*binding, text, principal.login, at_t])
        _excuse(con, item, at_t)


def _excuse(con: duckdb.DuckDBPyConnection, item: Item, at_t: int) -> None:
    """Waive the binding now, with what was believed before kept; the waiver keeps it so."""
    params = {"rule": item.rule, "obj": item.obj, "act_seq": item.act_seq, "at": at_t}
    for statement in _sql("review_waive").split(";\n"):
        if statement.strip():
            con.execute(statement, {name: value for name, value in params.items() if f"${name}" in statement})


def find(con: duckdb.DuckDBPyConnection, number: int) -> Item | None:
    """The item as it stands, or None when there is none of this number."""
    rows = con.execute("SELECT rule, obj, act_seq, why FROM review_item WHERE item = ?", [number]).fetchall()
    if not rows:
        return None
    holder = closed = ""
    for login, what in con.execute("SELECT login, what FROM review_action WHERE item = ? ORDER BY n",
                                   [number]).fetchall():
        if what in {"claimed", "released"}:
            holder = login if what == "claimed" else ""
        elif what in DISPOSITIONS:
            closed = what
    rule, obj, act_seq, why = rows[0]
    return Item(number, rule, obj, act_seq, why, holder, closed)


def _officer(principal: Principal) -> None:
    if principal.role is not Role.OFFICER:
        raise NotAllowed(f"{principal.login} is no officer; only officers work on the review queue")


def _item(con: duckdb.DuckDBPyConnection, number: int) -> Item:
    item = find(con, number)
    if item is None:
        raise NotAllowed(f"there is no item {number} in the review queue; load the page again")
    return item


def _to_judge(con: duckdb.DuckDBPyConnection, principal: Principal, number: int) -> Item:
    """An open item that this officer may judge."""
    _officer(principal)
    item = _item(con, number)
    if item.closed:
        raise NotAllowed(f"item {number} is closed already, as {item.closed!r}")
    _impartial(con, principal, item)
    return item


def _mine(con: duckdb.DuckDBPyConnection, principal: Principal, number: int) -> Item:
    item = _to_judge(con, principal, number)
    if item.holder != principal.login:
        whose = f"claimed by {item.holder}" if item.holder else "not claimed yet"
        raise NotAllowed(f"item {number} is {whose}; claim it before you work on it")
    return item


def _impartial(con: duckdb.DuckDBPyConnection, principal: Principal, item: Item) -> None:
    """Refuse who is in the item himself, or answers to somebody who is, over any number of steps."""
    above = {name.lower() for name in (principal.actor, principal.login) if name}
    superior = dict(con.execute("SELECT person, superior FROM superior").fetchall())
    new = above
    while new := {superior[name] for name in new if name in superior} - above:
        above |= new
    subjects = con.execute(_sql("review_subjects"),
                           {"rule": item.rule, "obj": item.obj, "act_seq": item.act_seq}).fetchall()
    if above & {name for (name,) in subjects}:
        # Which of the two would name somebody whom the officer knows by a pseudonym only.
        raise NotAllowed(f"item {item.number} is about you or somebody you answer to; another officer reviews it")


def _fit(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        raise NotAllowed(f"the text has {len(text):,} characters; say it in {LONGEST_TEXT:,}")
    return text


def _record(con: duckdb.DuckDBPyConnection, at_t: int, principal: Principal, item: Item, what: str,
            text: str = "") -> None:
    """Store a deed, and in the audit trail that it was done; of its words only the hash stands there."""
    place = _act(con, at_t, principal, item.number, what, text)
    detail: dict[str, Any] = {"item": item.number, "action": place, "rule": item.rule, "act_seq": item.act_seq}
    if text:
        detail["text_sha256"] = sha256(text.encode()).hexdigest()
    append(con, at_t, principal, f"review: {what}", item.obj, detail)


def _act(con: duckdb.DuckDBPyConnection, at_t: int, principal: Principal, number: int, what: str,
         text: str = "") -> int:
    row = [number, at_t, principal.login, principal.actor, what, text]
    return con.execute("INSERT INTO review_action SELECT coalesce(max(n), 0) + 1, ?, ?, ?, ?, ?, ? "
                       "FROM review_action RETURNING n", row).fetchall()[0][0]
