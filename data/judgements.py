"""What officers said of hits that the rule lab drew: a real breach, or not one.

Everything here runs inside `Writer.do`, so that a judgement and its record in the audit trail are stored together.
A judgement is about one text of a rule: whoever changes the text judges anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import duckdb

from data.audit import append
from data.errors import NotAllowed
from data.scope import Principal, Role

_WHICH: Final = "rule = ? AND digest = ? AND obj = ? AND source = ? AND source_id = ?"


class Hit(NamedTuple):
    """One hit: a rule by its id and the digest of its text, the object, and the record that activated the rule."""

    rule: str
    digest: str
    obj: int
    source: str
    source_id: str


def judge(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, hit: Hit, is_breach: bool | None) -> None:
    """Store what `who` says of the hit in place of what was said before; None takes it back.

    NotAllowed for anybody but an officer. `at_t`: microseconds since 1970 UTC.
    """
    if who.role is not Role.OFFICER:
        raise NotAllowed("only officers judge the hits of a rule")
    con.execute("DELETE FROM judgement WHERE " + _WHICH, list(hit))
    if is_breach is not None:
        con.execute("INSERT INTO judgement VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [*hit, is_breach, who.login, at_t])
    # The record is named by its number: what a source calls it may hold an address.
    seq = con.execute("SELECT e.seq FROM event e JOIN source s ON s.code = e.source WHERE s.id = ? AND e.source_id = ?",
                      [hit.source, hit.source_id]).fetchall()
    append(con, at_t, who, "rule lab: hit judged", hit.obj, {
        "rule": hit.rule, "digest": hit.digest, "act_seq": seq[0][0] if seq else None, "is_breach": is_breach})


def judged(con: duckdb.DuckDBPyConnection, texts: Mapping[str, str]) -> dict[Hit, bool]:
    """What was said of the hits of these texts (id of the rule -> digest)."""
    rows = con.execute("SELECT j.rule, j.digest, j.obj, j.source, j.source_id, j.is_breach FROM judgement j "
                       "JOIN (SELECT unnest($rules) AS rule, unnest($digests) AS digest) USING (rule, digest)",
                       {"rules": list(texts), "digests": list(texts.values())}).fetchall()
    return {Hit(*row[:5]): row[5] for row in rows}
