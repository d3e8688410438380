"""Naming the people of one case: an officer asks with a reason, another officer agrees, and it ends by itself.

All of these run inside `Writer.do`, so that the deed and its record in the audit trail are stored together. Who may
read a name is decided in `data.catalogue` (`case_actor`), from the rows written here.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import duckdb

from data.audit import append
from data.errors import FixSettings, NotAllowed
from data.scope import Principal, Role

DAY_US: Final = 86_400_000_000
NAMED_US: Final = 7 * DAY_US
"""How long names show once the second officer has agreed."""
WAITS_US: Final = 7 * DAY_US
"""How long a request waits for the second officer before it lapses."""
SHORTEST_REASON: Final = 10
LONGEST_REASON: Final = 500

_ROW: Final = "SELECT obj, asked_t, asked_by, agreed_t, until_t FROM unmasking WHERE n = ?"
_LIVE: Final = """SELECT n FROM unmasking WHERE obj = $obj AND CASE
                  WHEN agreed_t IS NULL THEN until_t IS NULL AND asked_t > $now - $waits ELSE until_t > $now END"""


def ask(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, obj: int, reason: str) -> int:
    """Ask for the names in a case; the request's number.

    NotAllowed for anybody but an officer. FixSettings when the reason is too short or too long, when there is no
    such case, or when a request for it is open or in force already.
    """
    _officer(who)
    reason = " ".join(reason.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise FixSettings(f"the reason has {len(reason)} characters; "
                          f"say in {SHORTEST_REASON} to {LONGEST_REASON} why the names are needed")
    if not con.execute("SELECT 1 FROM object_fact WHERE obj = ?", [obj]).fetchall():
        raise FixSettings(f"object {obj} is no case whose people could be named; open the case and ask there")
    if live := con.execute(_LIVE, {"obj": obj, "now": at_t, "waits": WAITS_US}).fetchall():
        raise FixSettings(f"request {live[0][0]} for this case is open or in force already; load the case again")
    number = con.execute("SELECT 1 + coalesce(max(n), 0) FROM unmasking").fetchall()[0][0]
    con.execute("INSERT INTO unmasking VALUES (?, ?, ?, ?, ?, NULL, NULL, NULL)",
                [number, obj, at_t, who.login, reason])
    # The reason may name somebody, so the trail holds what proves it and not the words.
    append(con, at_t, who, "names asked for", obj,
           {"request": number, "reason_sha256": sha256(reason.encode()).hexdigest()})
    return number


def agree(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, number: int) -> int:
    """Agree to another officer's request; until when names show. NotAllowed for whoever asked."""
    _officer(who)
    obj, asked_t, asked_by, agreed_t, until_t = _request(con, number)
    if asked_by == who.login:
        raise NotAllowed(f"request {number} is your own; another officer must agree to it")
    if agreed_t is not None or until_t is not None or asked_t <= at_t - WAITS_US:
        raise FixSettings(f"request {number} is not open any more; load the case again")
    until_t = at_t + NAMED_US
    con.execute("UPDATE unmasking SET agreed_t = ?, agreed_by = ?, until_t = ? WHERE n = ?",
                [at_t, who.login, until_t, number])
    append(con, at_t, who, "names agreed to", obj, {"request": number, "asked_by": asked_by, "until_t": until_t})
    return until_t


def close(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, number: int) -> None:
    """Withdraw or decline an open request, or end one in force: any officer may hide names, at any time."""
    _officer(who)
    obj, _, asked_by, agreed_t, until_t = _request(con, number)
    if until_t is not None and until_t <= at_t:
        raise FixSettings(f"request {number} has ended already; load the case again")
    con.execute("UPDATE unmasking SET until_t = ? WHERE n = ?", [at_t, number])
    what = "names hidden" if agreed_t is not None else (
        "request for names withdrawn" if asked_by == who.login else "request for names declined")
    append(con, at_t, who, what, obj, {"request": number})


def note_look(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, obj: int, seen: tuple[str, int, str]
              ) -> None:
    """Write down that somebody looked at a case whose people are named, in the trail and in the viewer log.

    `seen`: what was opened (case, binding, event), its number, and the purpose.
    """
    what, number, purpose = seen
    con.execute("INSERT INTO viewer_log VALUES (?, ?, ?, ?, ?, ?)",
                [at_t, who.login, who.role.value, what, number, purpose])
    append(con, at_t, who, "names seen", obj, {"opened": what, "number": number})


def _officer(who: Principal) -> None:
    if who.role is not Role.OFFICER:
        raise NotAllowed(f"a {who.role.value} neither asks for names nor agrees to it; that is for officers")


def _request(con: duckdb.DuckDBPyConnection, number: int) -> tuple[Any, ...]:
    rows = con.execute(_ROW, [number]).fetchall()
    if not rows:
        raise FixSettings(f"there is no request {number}; load the case again")
    return rows[0]
