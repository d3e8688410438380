"""The relations behind practice cards and coaching: what everybody may know of all deals, and what is one rep's own.

`firm_*` tell the courses of all deals without customer, name, text or person: pages show sums of them only. `own_*`
exist for the rep whose cases they are and for nobody else, so that coaching cannot be read in another scope.
"""

from __future__ import annotations

from typing import Final

from data.errors import NotAllowed
from data.scope import Role, Scope

_ME = "SELECT code FROM main.term WHERE kind = 'actor' AND code <> 0 AND name = $scope_actor"
_DEAL = "(SELECT code FROM main.term WHERE kind = 'object_type' AND name = 'opportunity')"
# People are told apart by a number that no dictionary knows and that is another one in each file.
_SOMEBODY = """CASE WHEN e.actor = 0 THEN 0 ELSE CAST(hash(e.actor, (
                   SELECT value FROM main.setting WHERE name = 'pseudonym_salt')) >> 1 AS BIGINT) END"""
_TOUCH = "is_answer(e.direction, e.attrs)"

_FIRM: Final = {
    "firm_deal": f"""SELECT f.obj, f.first_t, f.closed_t, coalesce(n.segment, '') AS segment,
                            coalesce(n.source, '') AS source, try_cast(n.amount AS DOUBLE) AS amount
                     FROM main.object_fact f LEFT JOIN (
                         SELECT v.obj, max(v.value) FILTER (a.name = 'segment') AS segment,
                                max(v.value) FILTER (a.name = 'source') AS source,
                                max(v.value) FILTER (a.name = 'amount') AS amount
                         FROM main.object_now v JOIN main.term a ON a.kind = 'attribute' AND a.code = v.attribute
                         WHERE a.name IN ('segment', 'source', 'amount') GROUP BY v.obj) n USING (obj)
                     WHERE f.otype = {_DEAL}""",
    "firm_step": f"""SELECT e.obj, e.seq, e.t, e.ord, a.name AS activity, e.direction, e.channel,
                            {_TOUCH} AS is_touch, {_SOMEBODY} AS who
                     FROM main.case_event e JOIN main.term a ON a.kind = 'activity' AND a.code = e.activity
                     WHERE e.otype = {_DEAL}""",
    "tip_trial": "SELECT practice, salt, from_t, until_t FROM main.tip_trial",
}
_ENDS = "SELECT activity FROM main.lifecycle WHERE ends"
# A case is a rep's while he answers for it, and for good when he ended it: a won deal that went on to Service is still
# his win.
_MINE = f"""SELECT obj FROM main.object_fact WHERE actor IN ({_ME})
            UNION SELECT obj FROM main.case_event WHERE actor IN ({_ME}) AND activity IN ({_ENDS})"""
_OWN: Final = {
    "own_case": f"""SELECT f.obj, o.name AS otype, f.first_t, f.last_t, f.closed_t,
                           f.closed_t IS NOT NULL AND coalesce(w.is_won, false) AS won
                    FROM main.object_fact f JOIN main.term o ON o.kind = 'object_type' AND o.code = f.otype
                    LEFT JOIN (SELECT e.obj, arg_max(a.name = 'opportunity.won', (e.t, e.ord, e.seq)) AS is_won
                               FROM main.case_event e JOIN main.term a ON a.kind = 'activity' AND a.code = e.activity
                               WHERE a.name IN ('opportunity.won', 'opportunity.lost', 'opportunity.archived')
                               AND e.obj IN ({_MINE}) GROUP BY e.obj) w USING (obj)
                    WHERE f.obj IN ({_MINE})""",
    "own_step": f"""SELECT e.obj, e.seq, e.t, e.ord, a.name AS activity, e.direction, e.channel, e.actor AS who,
                           e.actor IN ({_ME}) AS is_mine, e.party, e.attrs, {_TOUCH} AS is_touch
                    FROM main.case_event e JOIN main.term a ON a.kind = 'activity' AND a.code = e.activity
                    WHERE e.obj IN ({_MINE})""",
    "own_ask": f"""SELECT a.* FROM main.ask a JOIN main.object_fact f USING (obj)
                   WHERE a.obj IN ({_MINE}) AND (f.actor IN ({_ME}) OR a.t <= f.closed_t)""",
    "own_binding": f"""SELECT b.*, r.id AS rule_id, r.title FROM main.binding b JOIN main.rule r ON r.code = b.rule
                       WHERE b.obj IN ({_MINE})""",
}
_SHARED: Final = "shared_insight"
RELATIONS: Final = frozenset({*_FIRM, *_OWN, _SHARED})


def definition(relation: str, scope: Scope) -> str:
    """The rows of one of RELATIONS that the scope may see. NotAllowed where it sees none."""
    if relation in _FIRM:
        if scope.role is Role.ADMINISTRATOR:
            raise NotAllowed(f"an administrator reads no content, so not {relation}")
        return _FIRM[relation]
    if relation in _OWN:
        # Not even whoever holds the file is an exception: no command of ours tells of somebody's coaching.
        if scope.role is not Role.REP:
            raise NotAllowed(f"{relation} is a rep's own; a manager reads what a rep shares, and nobody else anything")
        return _OWN[relation]
    return _shared(scope)


def _shared(scope: Scope) -> str:
    rows = "SELECT actor, name, insight, team, to_person, told, at_t FROM main.shared_insight"
    if scope.role is Role.REP:
        return f"{rows} WHERE actor <> '' AND actor = $scope_actor"
    if scope.role is not Role.MANAGER:
        raise NotAllowed("only the rep who shared an insight and the manager it is for read it")
    teams = "true" if scope.teams is None else "list_contains($scope_teams, team)"
    return f"{rows} WHERE CASE WHEN to_person = '' THEN {teams} ELSE lower(to_person) = lower($scope_actor) END"
