"""What a reader may know of himself, and figures without what is disputed: parts of the catalogue.

Each relation below holds only rows about the person of the scope, whatever the role. An administrator reads no
content and so none of it; a reader whose account names no person finds nothing.
"""

from __future__ import annotations

from typing import Final

from data.errors import NotAllowed
from data.scope import Role, Scope

_MINE: Final = "actor = $scope_actor AND $scope_actor <> ''"
_ME: Final = "SELECT code FROM main.term WHERE kind = 'actor' AND code <> 0 AND name = $scope_actor"
_MY_LOGINS: Final = "SELECT login FROM main.account WHERE " + _MINE
_OWNED: Final = f"SELECT obj FROM main.object_fact WHERE actor IN ({_ME})"
_MY_CASES: Final = f"SELECT obj FROM main.object_actor WHERE actor IN ({_ME})"
# The one thing about somebody that is not told at once: that two officers look into a case by name, while they do.
_LOOKED_INTO: Final = """SELECT obj FROM main.unmasking WHERE agreed_t IS NOT NULL AND until_t > epoch_us(now())"""

# What a person has to see to: open cases that are his, and those that nobody has answered for yet and that reached him.
_DAY_CASE: Final = f"""SELECT * FROM main.case_open
                       WHERE actor IN ({_ME}) OR actor = 0 AND obj IN ({_MY_CASES})"""
_OPEN: Final = "withdrawn_t IS NULL AND (settled_t IS NULL OR outcome = 'upheld')"
_BINDINGS: Final = f"SELECT DISTINCT rule, obj, seq FROM main.dispute WHERE kind = 'binding' AND {_OPEN}"
# The same, told otherwise: of two equal parts of a statement the store makes one, keeps it, and then reads all of the
# bindings even where nothing is disputed.
_BINDINGS_TOO: Final = f"""SELECT rule, obj, seq, min(n) AS first_n FROM main.dispute
                           WHERE kind = 'binding' AND {_OPEN} GROUP BY rule, obj, seq"""
_EVENTS: Final = f"SELECT DISTINCT seq FROM main.dispute WHERE kind = 'event' AND {_OPEN}"

_OWN: Final = {
    "day_case": _DAY_CASE,
    "day_party": f"""SELECT o.obj, coalesce(o.name, o.id) AS name FROM main.object o
                     WHERE o.obj IN (SELECT c.party FROM ({_DAY_CASE}) c)""",
    "day_binding": f"""SELECT b.* FROM main.binding_open b SEMI JOIN ({_DAY_CASE}) c ON c.obj = b.obj
                       ANTI JOIN ({_BINDINGS}) d ON d.obj = b.obj AND d.rule = b.rule AND d.seq = b.act_seq""",
    "snooze": f"SELECT item, until_t, at_t FROM main.snooze WHERE {_MINE}",
    "not_mine": f"SELECT item, obj, at_t FROM main.not_mine WHERE {_MINE}",
    "dispute": f"""SELECT n, at_t, kind, rule, obj, seq, what, withdrawn_t, settled_t, outcome FROM main.dispute
                   WHERE {_MINE}""",
    "feed_key": f"SELECT made_t FROM main.feed_key WHERE {_MINE}",
    "nudge_choice": f"SELECT via, zone, morning, before_min, at_most, changed_t FROM main.nudge_choice WHERE {_MINE}",
    "my_account": f"SELECT login, name, role, actor, teams, created_t, active FROM main.account WHERE {_MINE}",
    "my_values": f"SELECT attribute, value, t FROM main.person WHERE actor IN ({_ME})",
    "my_teams": f"""SELECT t.name FROM main.team_actor a JOIN main.term t ON t.kind = 'team' AND t.code = a.team
                    WHERE a.actor IN ({_ME}) AND t.name <> ''""",
    "my_events": f"SELECT * FROM main.event WHERE actor IN ({_ME})",
    "my_mentions": """SELECT x.seq, q.name AS qualifier FROM main.event_object x
                      JOIN main.object o ON o.obj = x.obj AND o.id = $scope_actor AND $scope_actor <> ''
                      JOIN main.term p ON p.kind = 'object_type' AND p.code = o.otype AND p.name = 'person'
                      LEFT JOIN main.term q ON q.kind = 'qualifier' AND q.code = x.qualifier""",
    "my_cases": f"""SELECT a.obj, f.actor IS NOT NULL AND f.actor = a.actor AS is_owner, f.first_t, f.last_t, f.closed_t
                    FROM main.object_actor a LEFT JOIN main.object_fact f USING (obj) WHERE a.actor IN ({_ME})""",
    "my_bindings": f"""SELECT rule, obj, act_seq, t, target_seq, decided_t, due_t, verdict, reason, believed_t
                       FROM main.binding WHERE actor IN ({_ME}) OR obj IN ({_OWNED})""",
    "my_reviews": f"""SELECT i.item, i.rule, i.obj, i.act_seq, i.why, i.made_t, d.at_t AS closed_t, d.what AS closed
                      FROM main.review_item i LEFT JOIN (
                          SELECT item, max(at_t) AS at_t, arg_max(what, n) AS what FROM main.review_action
                          WHERE what IN ('confirmed', 'not a breach', 'known exception', 'escalate') GROUP BY item
                      ) d USING (item)
                      WHERE (i.actor IN ({_ME}) OR i.obj IN ({_OWNED})) AND i.obj NOT IN ({_LOOKED_INTO})""",
    # Of an event the log names the event, but of an officer's look the case it was opened in.
    "viewed": f"""SELECT v.at_t, v.login, v.role, v.what, v.obj, v.purpose FROM main.viewer_log v
                  WHERE CASE WHEN v.what = 'event' AND v.role <> 'officer'
                             THEN v.obj IN (SELECT seq FROM main.event WHERE actor IN ({_ME}))
                             ELSE v.obj IN ({_MY_CASES}) END
                    AND v.login NOT IN ({_MY_LOGINS})
                    AND NOT (v.role = 'officer' AND v.obj IN ({_LOOKED_INTO}))""",
    "my_looks": f"SELECT at_t, what, obj, purpose FROM main.viewer_log WHERE login IN ({_MY_LOGINS})",
    "my_deeds": f"SELECT n, at_t, what, obj FROM main.audit WHERE login IN ({_MY_LOGINS})",
    "my_letters": f"""SELECT n, made_t, sent_t, state, tries, count, trouble FROM main.alert
                      WHERE channel IN (SELECT 'me.' || code FROM ({_ME}))""",
}
RELATIONS: Final = {*_OWN, "disputed"}
"""Relations about the reader himself, and what officers are to settle."""

# Whoever settles needs to know what is disputed, and not by whom.
_TO_SETTLE: Final = """SELECT n, at_t, kind, rule, obj, seq, what, settled_t, outcome FROM main.dispute
                      WHERE withdrawn_t IS NULL"""
_MINUS: Final = {
    "agg_rule": f"""SELECT CAST(b.t // 86400000000 AS INTEGER) AS day, b.team, b.channel, b.rule, b.verdict,
                           CAST(-1 AS BIGINT) AS n
                    FROM ({_BINDINGS_TOO}) d JOIN main.binding b
                    ON d.obj = b.obj AND d.rule = b.rule AND d.seq = b.act_seq""",
    "agg_activity": f"""SELECT CAST(e.t // 3600000000 AS INTEGER) AS hour, e.team, e.channel, e.direction, e.activity,
                               CAST(-1 AS BIGINT) AS n
                        FROM main.event e SEMI JOIN ({_EVENTS}) d ON d.seq = e.seq""",
}
_LISTS: Final = {"binding_open", "binding_done"}


def definition(relation: str, scope: Scope) -> str:
    """The rows of one of RELATIONS. NotAllowed for whoever may not read it."""
    if relation == "disputed":
        if scope.role not in (Role.OFFICER, Role.SYSTEM):
            raise NotAllowed("only an officer settles disputes, so nobody else reads what is disputed")
        return _TO_SETTLE
    if scope.role is Role.ADMINISTRATOR:
        raise NotAllowed(f"an administrator reads no content, so not {relation}")
    return _OWN[relation]


def undisputed(relation: str, rows: str | None, scope: Scope, teams: str) -> str | None:
    """What `rows` (None: the whole table) leaves without what is disputed; `teams` finds the scope's own teams.

    Sums are put right when they are read: what is disputed is looked up as it stands and taken off. So they agree
    with the bindings whenever these are decided again, and nothing has to be undone when a dispute ends.
    """
    if relation in _LISTS:
        return f"""SELECT b.* FROM ({rows or 'FROM main.' + relation}) b ANTI JOIN ({_BINDINGS}) d
                   ON d.obj = b.obj AND d.rule = b.rule AND d.seq = b.act_seq"""
    if relation in _MINUS:
        every = scope.teams is None or scope.role is Role.OFFICER
        only = "" if every else f" WHERE m.team IN ({teams})"
        return f"{rows or 'SELECT * FROM main.' + relation} UNION ALL SELECT m.* FROM ({_MINUS[relation]}) m{only}"
    return rows
