"""What people say is wrong about what is held of them, and what becomes of it.

Everything here runs inside `Writer.do`, so that a deed and its record in the audit trail are stored together. Nobody
has to give a reason. What is disputed counts in no figure (`data._mine_relations.undisputed`) until it is withdrawn
or an officer, who must not be the person nor answer to him, has rejected it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import duckdb

from data.audit import append
from data.errors import FixSettings, NotAllowed
from data.scope import Principal, Role

BINDING: Final = "binding"
EVENT: Final = "event"
VALUE: Final = "value"
UPHELD: Final = "upheld"
REJECTED: Final = "rejected"
OUTCOMES: Final = (UPHELD, REJECTED)
_ME: Final = "SELECT code FROM term WHERE kind = 'actor' AND code <> 0 AND name = ?"
_ROW: Final = "SELECT actor, obj, withdrawn_t, settled_t FROM dispute WHERE n = ?"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is disputed: an activation of a rule (rule, obj, seq), an event (seq) or a value (what: its attribute)."""

    kind: str
    rule: int = 0
    obj: int = 0
    seq: int = 0
    what: str = ""


def dispute(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, subject: Subject) -> int:
    """Note that somebody says this is wrong; the dispute's number, that of the open one if it was said before.

    NotAllowed when it is not about the person, or the account names nobody.
    """
    person(who)
    obj = _about(con, who, subject)
    key = [subject.kind, subject.rule, obj, subject.seq, subject.what]
    same = con.execute("SELECT n FROM dispute WHERE actor = ? AND kind = ? AND rule = ? AND obj = ? AND seq = ? "
                       "AND what = ? AND withdrawn_t IS NULL", [who.actor, *key]).fetchall()
    if same:
        return int(same[0][0])
    number = int(con.execute("SELECT 1 + coalesce(max(n), 0) FROM dispute").fetchall()[0][0])
    con.execute("INSERT INTO dispute VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, '', '')",
                [number, at_t, who.login, who.actor, *key])
    append(con, at_t, who, "disputed", obj or None,
           {"dispute": number, "kind": subject.kind, "rule": subject.rule, "seq": subject.seq})
    return number


def withdraw(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, number: int) -> None:
    """Take an own dispute back. NotAllowed for others; FixSettings when it is over already."""
    actor, obj, withdrawn_t, settled_t = _row(con, number)
    if actor != who.actor or not who.actor:
        raise NotAllowed(f"dispute {number} is not yours to take back")
    if withdrawn_t is not None or settled_t is not None:
        raise FixSettings(f"dispute {number} is over already; load the page again")
    con.execute("UPDATE dispute SET withdrawn_t = ? WHERE n = ?", [at_t, number])
    append(con, at_t, who, "dispute withdrawn", obj or None, {"dispute": number})


def settle(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, number: int, outcome: str) -> None:
    """Uphold a dispute (it stays out of every figure) or reject it (it counts again).

    NotAllowed for anybody but an officer, and where it is the officer's own or that of somebody he answers to.
    """
    if who.role is not Role.OFFICER:
        raise NotAllowed(f"a {who.role.value} settles no dispute; that is for officers")
    if outcome not in OUTCOMES:
        raise FixSettings(f"a dispute cannot end as {outcome[:40]!r}; choose one of {', '.join(OUTCOMES)}")
    actor, obj, withdrawn_t, settled_t = _row(con, number)
    if withdrawn_t is not None or settled_t is not None:
        raise FixSettings(f"dispute {number} is over already; load the page again")
    if actor.lower() in _above(con, who):
        raise NotAllowed(f"dispute {number} is about you or somebody you answer to; another officer settles it")
    con.execute("UPDATE dispute SET settled_t = ?, settled_by = ?, outcome = ? WHERE n = ?",
                [at_t, who.login, outcome, number])
    append(con, at_t, who, f"dispute {outcome}", obj or None, {"dispute": number})


def person(who: Principal) -> str:
    """The id of the person; NotAllowed where the account names nobody."""
    if not who.actor or who.role is Role.ADMINISTRATOR:
        raise NotAllowed("your account names no person in the sources, so nothing here is about you; an administrator "
                         "can name one")
    return who.actor


def _about(con: duckdb.DuckDBPyConnection, who: Principal, subject: Subject) -> int:
    """The case that the subject belongs to (0: none), once it is found to be about the person."""
    if subject.kind == BINDING:
        rows = con.execute("SELECT b.obj FROM binding b WHERE b.rule = ? AND b.obj = ? AND b.act_seq = ? AND ("
                           "b.actor IN (" + _ME + ") OR b.obj IN (SELECT obj FROM object_actor WHERE actor IN ("
                           + _ME + ")))",
                           [subject.rule, subject.obj, subject.seq, who.actor, who.actor]).fetchall()
    elif subject.kind == EVENT:
        rows = con.execute("SELECT coalesce(min(x.obj), 0) FROM event e LEFT JOIN event_object x USING (seq) "
                           "WHERE e.seq = ? AND e.actor IN (" + _ME + ") GROUP BY e.seq",
                           [subject.seq, who.actor]).fetchall()
    elif subject.kind == VALUE:
        rows = con.execute("SELECT 0 FROM person WHERE attribute = ? AND actor IN (" + _ME + ") LIMIT 1",
                           [subject.what, who.actor]).fetchall()
    else:
        rows = []
    if not rows:
        raise NotAllowed("only what is held about you can be disputed; open it on the page “What is held about me”")
    return int(rows[0][0])


def _row(con: duckdb.DuckDBPyConnection, number: int) -> tuple[Any, ...]:
    rows = con.execute(_ROW, [number]).fetchall()
    if not rows:
        raise FixSettings(f"there is no dispute {number}; load the page again")
    return rows[0]


def _above(con: duckdb.DuckDBPyConnection, who: Principal) -> set[str]:
    """The officer and everybody he answers to, in small letters."""
    found = {name.lower() for name in (who.actor, who.login) if name}
    superior = dict(con.execute("SELECT person, superior FROM superior").fetchall())
    new = found
    while new := {superior[name] for name in new if name in superior} - found:
        found |= new
    return found
