"""A rep shares an insight of his private coaching with his manager, and takes it back.

Both run inside `Writer.do`, so that the deed and its record in the audit trail are stored together. What is shared is
the figures as the rep saw them, and not a way to look further; once taken back they are gone. Who reads the rows is
decided in `data._practice_relations`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import duckdb

from data.audit import append
from data.errors import FixSettings, NotAllowed
from data.scope import Principal, Role

_LONGEST: Final = 4_000
# The team that the directory names; where no directory was read, the one team in which the person was seen to work.
_TEAM: Final = """
    SELECT coalesce((SELECT arg_max(p.value, p.t) FROM person p WHERE p.actor = me.code AND p.attribute = 'team'),
                    (SELECT CASE WHEN count(DISTINCT t.name) = 1 THEN max(t.name) END FROM team_actor a
                     JOIN term t ON t.kind = 'team' AND t.code = a.team AND t.code <> 0 WHERE a.actor = me.code), '')
    FROM term me WHERE me.kind = 'actor' AND me.code <> 0 AND me.name = ?"""


def share(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, insight: str, told: Mapping[str, Any]) -> str:
    """Show the manager an insight as it stands, in place of what was shared of it before; who sees it from now on.

    `told`: the figures, as JSON values. That is the person's superior where one is known, else the managers of the
    person's team. NotAllowed for anybody but a rep; FixSettings where neither a superior nor a team is known.
    """
    _rep(who)
    to_person, team = _whom(con, who.actor)
    if not to_person and not team:
        raise FixSettings("nobody is known as your manager: no superior and no team of yours stand in the settings or "
                          "the sources; ask an administrator to name your team under [teams]")
    words = json.dumps(dict(told), sort_keys=True, allow_nan=False)
    if len(words) > _LONGEST:
        raise ValueError(f"an insight of {len(words)} letters")
    con.execute("DELETE FROM shared_insight WHERE actor = ? AND insight = ?", [who.actor, insight])
    con.execute("INSERT INTO shared_insight VALUES (?, ?, ?, ?, ?, ?, ?)",
                [who.actor, who.name, insight, team, to_person, words, at_t])
    # That it was shared is on record; the figures are not, or taking them back would leave them there.
    append(con, at_t, who, "coaching: insight shared", None, {"insight": insight})
    return to_person or f"the managers of {team}"


def unshare(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, insight: str) -> None:
    """Take back what was shared of an insight: nobody but the rep sees it any more. Nothing happens where nothing was.

    NotAllowed for anybody but a rep.
    """
    _rep(who)
    gone = con.execute("DELETE FROM shared_insight WHERE actor = ? AND insight = ? RETURNING insight",
                       [who.actor, insight]).fetchall()
    if gone:
        append(con, at_t, who, "coaching: insight taken back", None, {"insight": insight})


def _rep(who: Principal) -> None:
    if who.role is not Role.REP or not who.actor:
        raise NotAllowed("only a rep shares insights, and only those of the own coaching")


def _whom(con: duckdb.DuckDBPyConnection, actor: str) -> tuple[str, str]:
    above = con.execute("SELECT superior FROM superior WHERE person = lower(?)", [actor]).fetchall()
    team = con.execute(_TEAM, [actor]).fetchall()
    return (above[0][0] if above else ""), (team[0][0] if team else "")
