"""Trials of tips: while one goes on, a coin decides for each new deal whether its rep is offered the tip.

Because the coin knows nothing of the deal, what differs afterwards between the two halves is what the tip does. Both
run inside `Writer.do`, so that the deed and its record in the audit trail are stored together.
"""

from __future__ import annotations

import secrets

import duckdb

from data.audit import append
from data.errors import FixSettings, NotAllowed
from data.scope import Principal, Role


def start(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, practice: str) -> None:
    """Begin to offer a practice's tip on half of the deals that begin from now on.

    NotAllowed for anybody but a manager of every team, as it concerns the whole firm. FixSettings when it goes on
    already.
    """
    _manager(who)
    if con.execute("SELECT 1 FROM tip_trial WHERE practice = ? AND until_t IS NULL", [practice]).fetchall():
        raise FixSettings(f"a trial of {practice!r} goes on already; end it before you start another")
    con.execute("INSERT INTO tip_trial VALUES (?, ?, ?, NULL, ?)", [practice, secrets.token_hex(8), at_t, who.login])
    append(con, at_t, who, "tip trial started", None, {"practice": practice})


def stop(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, practice: str) -> None:
    """End the trial that goes on; what began in it goes on counting. FixSettings when there is none."""
    _manager(who)
    ended = con.execute("UPDATE tip_trial SET until_t = ? WHERE practice = ? AND until_t IS NULL RETURNING practice",
                        [at_t, practice]).fetchall()
    if not ended:
        raise FixSettings(f"no trial of {practice!r} goes on; load the page again")
    append(con, at_t, who, "tip trial ended", None, {"practice": practice})


def _manager(who: Principal) -> None:
    if who.role is not Role.MANAGER or who.teams is not None:
        raise NotAllowed("only a manager of every team starts and ends trials of tips")
