"""Which relations may be read through `Store.read`, and which of their rows each role sees.

A statement names plain relations. Each of them is either the table itself (for a reader who may see all of it) or
shadowed by a common table expression that holds only the rows in scope, so a query cannot forget the scope.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from data import _mine_relations, _practice_relations
from data.errors import NotAllowed, OurFault
from data.scope import Role, Scope

TERMS: Final = ("activity", "channel", "object_type", "attribute", "qualifier")
_SHARED: Final = {"rule", "rule_text", "rule_term", "rule_clock", "calendar_open", "activity_source", "lifecycle"}
_BY_OBJECT: Final = {
    "case_event", "event_object", "object", "object_change", "object_now", "object_fact", "case_open",
    "object_team", "object_actor",
    "binding", "binding_open", "binding_done", "binding_past",
    "ask", "ask_open", "ask_done",
}
_BY_TEAM: Final = {"agg_activity", "agg_dfg", "agg_rule", "agg_case"}
# What a person or team answers for now, by its own column and not by who ever took part: figures are made of these,
# and joining the whole history of participation to each of them would cost more than the figure.
_OF_TEAM: Final = {"object_fact", "case_open", "binding_open", "binding_done"}
_WHOLE: Final = {"variant", "agg_variant"}
_CONTENT: Final = _BY_OBJECT | _BY_TEAM | _WHOLE | {"event", "record", "object_object"}
_ADMIN: Final = {"quarantine", "commit_log"}
# What waits for officers' judgement and what they decided: nobody else reads it.
_REVIEW: Final = {"review_item", "review_action", "waiver", "barred_actor", "case_actor", "unmasking"}
# What is the same for everybody who may read it, but for what a role sees otherwise (that is another statement): the
# store remembers it for all. Nothing that tells of cases belongs here.
_COMMON: Final = {*TERMS, *_SHARED, "word", "team", "actor", "source", "rule_watermark", "arrival", "numbering",
                  "commit_log"}
# A relation of objects under this prefix is that relation for the objects $objs only. The store first finds out which
# of them are in scope, which costs less than narrowing the whole relation and then looking for them.
_FEW: Final = "few_"
_TABLE_FUNCTIONS: Final = {"range", "unnest", "generate_series"}
# What a statement may be made of. All else is refused: DuckDB also knows writing inside WITH, and SHOW inside FROM.
_QUERIES: Final = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"}
_FROM_ITEMS: Final = {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EMPTY", "EXPRESSION_LIST", "PIVOT"}
_PARAMETERS: Final = ("scope_teams", "scope_actor", "scope_objs")
_OWN_WITH: Final = re.compile(r"\s*WITH\s+(RECURSIVE\s+)?", re.IGNORECASE)
# They look behind the rows in scope (statistics, plans, settings) or do something.
_FUNCTIONS_NEVER: Final = {"stats", "json_serialize_plan", "current_setting", "getvariable", "write_log", "nextval",
                           "currval", "setval", "sleep_ms", "current_query"}

# Code 0 stands for nobody: a reader without a person or team of his own must not match what has none either.
_MY_TEAMS = "SELECT code FROM main.term WHERE kind = 'team' AND code <> 0 AND list_contains($scope_teams, name)"
_ME = "SELECT code FROM main.term WHERE kind = 'actor' AND code <> 0 AND name = $scope_actor"
_OF_REP: Final = {
    "object_fact": f"actor IN ({_ME})",
    "case_open": f"actor IN ({_ME})",
    "binding_open": f"obj IN (SELECT obj FROM main.object_fact WHERE actor IN ({_ME}))",
}
_DERIVED: Final = {
    **{name: "SELECT code, name FROM main.term WHERE kind = '" + name + "'" for name in TERMS},
    # All dictionaries at once, for readers that remember them; a team comes with the number of its people.
    "word": """SELECT t.kind, t.code, t.name, coalesce(a.people, 0) AS people FROM main.term t
               LEFT JOIN (SELECT team, count(DISTINCT actor) AS people FROM main.team_actor GROUP BY team) a
               ON a.team = t.code AND t.kind = 'team' WHERE t.kind IN ('team', '""" + "', '".join(TERMS) + "')",
    # The number of the newest event, whoever may see it: where a search from the end begins.
    "arrival": "SELECT coalesce(max(seq), 0) AS last_seq FROM main.event",
    # The same of objects: a search begins with the newest.
    "numbering": "SELECT coalesce(max(obj), 0) AS last_obj FROM main.object",
    "team": """SELECT t.code, t.name, coalesce(a.people, 0) AS people FROM main.term t
               LEFT JOIN (SELECT team, count(DISTINCT actor) AS people FROM main.team_actor GROUP BY team) a
               ON a.team = t.code WHERE t.kind = 'team'""",
    "source": """SELECT code, id, connector, title, blind, state, message, since_t, next_t, seen_t, watermark_t,
                 behind, n_new, n_again, n_aside FROM main.source""",
    # How far the sources that could bring a rule's answer are complete: only up to there is an absence certain.
    "rule_watermark": """SELECT r.rule, min(coalesce(s.watermark_t, s.floor_t)) AS watermark_t,
                                arg_min(s.title, coalesce(s.watermark_t, s.floor_t)) AS waits_for
                         FROM (SELECT DISTINCT rule, activity FROM main.rule_term WHERE role = 2) r
                         JOIN main.activity_source a USING (activity)
                         JOIN (SELECT *, CASE WHEN state = 'off' THEN 9000000000000000 ELSE 0 END AS floor_t
                               FROM main.source) s ON s.code = a.source GROUP BY r.rule""",
    "account": "SELECT login, name, role, actor, teams, created_t, active FROM main.account",
    # How messages fare, and not what they say.
    # Those to single people are told of together, or their numbers would tell of each.
    "alert": """SELECT n, CASE WHEN starts_with(channel, 'me.') THEN 'personal messages' ELSE channel END AS channel,
                made_t, count, state, tries, next_t, sent_t, trouble FROM main.alert""",
}
RULE_WATERMARK: Final = _DERIVED["rule_watermark"]
"""How far the absence of each rule's answer is certain, for writers that need it too."""
# Whose work the reader does not judge: his own, and that of everybody he answers to.
_BARRED: Final = """WITH RECURSIVE above AS (
                 SELECT lower($scope_actor) AS name
                 UNION SELECT s.superior FROM main.superior s JOIN above ON s.person = above.name)
             SELECT code FROM main.term WHERE kind = 'actor' AND code <> 0 AND lower(name) IN (FROM above)"""
_ACTOR = """SELECT t.code, {key} AS key, {name} AS name, p.team
            FROM main.term t LEFT JOIN (
                SELECT actor, arg_max(value, t) FILTER (attribute = 'name') AS name,
                       arg_max(value, t) FILTER (attribute = 'team') AS team
                FROM main.person GROUP BY actor
            ) p ON p.actor = t.code WHERE t.kind = 'actor'"""
_REAL_NAME = "coalesce(p.name, t.name)"
# An officer tells people apart only within a case. A pseudonym that held everywhere would give somebody away in all
# other cases as soon as one case shows the name, or by what was seen there before.
_SOMEBODY = "CASE WHEN t.code = 0 THEN '' ELSE 'Person' END"
# The people of each case: a pseudonym that holds in it alone, and the name only while two officers have agreed that
# this case be named. The salt is drawn once for each file.
_NAMED = """SELECT obj FROM main.unmasking WHERE agreed_t IS NOT NULL AND until_t > epoch_us(now())"""
_CASE_ACTOR = """SELECT a.obj, t.code, 'Person ' || upper(substr(md5(
                     (SELECT value FROM main.setting WHERE name = 'pseudonym_salt') || a.obj || '/' || t.name), 1, 5)
                     ) AS alias,
                     CASE WHEN a.obj IN ({named}) THEN coalesce((
                         SELECT arg_max(value, p.t) FROM main.person p WHERE p.actor = t.code AND p.attribute = 'name'
                     ), t.name) END AS name
                 FROM main.object_actor a JOIN main.term t ON t.kind = 'actor' AND t.code = a.actor
                 JOIN main.object_fact f ON f.obj = a.obj"""
_PEOPLE: Final = {"barred_actor": _BARRED, "case_actor": _CASE_ACTOR.replace("{named}", _NAMED)}


def _actor(scope: Scope) -> str:
    if scope.role == Role.OFFICER:
        return _ACTOR.replace("{key}", "''").replace("{name}", _SOMEBODY)
    return _ACTOR.replace("{key}", "t.name").replace("{name}", _REAL_NAME)


# The statements below are composed of names from the closed sets above; values are always bound as parameters.
def _taking_part(relation: str, side: str, mine: str) -> str | None:
    """The rows about objects in which a `side` (team or actor) that is in `mine` took part, else None."""
    what = f"{side} IN ({mine})"
    objects = f"SELECT obj FROM main.object_{side} WHERE {what}"
    if relation in _BY_OBJECT:
        return f"SELECT * FROM main.{relation} WHERE obj IN ({objects})"
    if relation == "object_object":
        return f"SELECT * FROM main.object_object WHERE a IN ({objects})"
    if relation == "record":
        return f"SELECT * FROM main.event WHERE seq IN (SELECT seq FROM main.event_object WHERE obj IN ({objects}))"
    return f"SELECT * FROM main.event WHERE {what}" if relation == "event" else None


def _for_officer(relation: str) -> str | None:
    """People of the firm stay pseudonymous, so what names them is left out: their objects, owners, hand-overs."""
    person = "SELECT code FROM main.term WHERE kind = 'object_type' AND name = 'person'"
    if relation == "object":
        return f"SELECT * FROM main.object WHERE otype NOT IN ({person})"
    if relation in ("object_change", "object_now"):
        owner = "SELECT code FROM main.term WHERE kind = 'attribute' AND name = 'owner'"
        own = f"SELECT obj FROM main.object WHERE otype IN ({person})"
        return f"SELECT * FROM main.{relation} WHERE obj NOT IN ({own}) AND attribute NOT IN ({owner})"
    if relation in ("event", "record", "case_event"):
        over = "SELECT code FROM main.term WHERE kind = 'activity' AND name = 'owner.changed'"
        table = "event" if relation == "record" else relation
        return f"""SELECT * REPLACE (CASE WHEN activity IN ({over}) THEN NULL ELSE attrs END AS attrs)
                   FROM main.{table}"""
    return None


def _rows_in_scope(relation: str, scope: Scope) -> str | None:
    """The rows of a content relation that the scope may see; None for the whole table."""
    if scope.role == Role.OFFICER:
        return _for_officer(relation)
    if scope.role == Role.REP:
        if relation in _OF_REP:
            return f"SELECT * FROM main.{relation} WHERE {_OF_REP[relation]}"
        rows = _taking_part(relation, "actor", _ME)
        if rows is None:
            raise NotAllowed(f"a rep reads no {relation}: it sums over other people's work")
        return rows
    if scope.role not in (Role.MANAGER, Role.SYSTEM):
        raise NotAllowed(f"{scope.role!r} is no role that reads {relation}")
    if scope.teams is None:
        return "SELECT * FROM main.event" if relation == "record" else None
    if relation in _WHOLE:
        raise NotAllowed(f"{relation} is kept for all teams together; this manager sees {len(scope.teams)} of them")
    if relation in _BY_TEAM or relation in _OF_TEAM:
        return f"SELECT * FROM main.{relation} WHERE team IN ({_MY_TEAMS})"
    return _taking_part(relation, "team", _MY_TEAMS)


def _reviewing(relation: str, scope: Scope) -> str | None:
    """The review queue and who took part in a case, for officers; nobody is named but where two agreed to it."""
    if scope.role not in (Role.OFFICER, Role.SYSTEM):
        raise NotAllowed(f"only an officer reads the review queue and the people of a case, so not {relation}")
    if relation in _PEOPLE:
        return _PEOPLE[relation]
    return "SELECT * EXCLUDE (actor) FROM main.review_action" if relation == "review_action" else None


class Check(NamedTuple):
    """A statement that tells which of a few objects ($objs) somebody ($who) takes part in."""

    statement: str
    who: list[str]


def taking_part(scope: Scope) -> Check | None:
    """How to find out which of a few objects are in scope; None where all are."""
    if scope.role in (Role.OFFICER, Role.SYSTEM) or (scope.role == Role.MANAGER and scope.teams is None):
        return None
    side, who = ("actor", [scope.actor]) if scope.role == Role.REP else ("team", sorted(scope.teams or ()))
    mine = f"SELECT code FROM main.term WHERE kind = '{side}' AND code <> 0 AND list_contains($who, name)"
    return Check(f"""SELECT DISTINCT p.obj FROM main.object_{side} p
                     JOIN (SELECT unnest($objs) AS obj) few USING (obj) WHERE p.{side} IN ({mine})""", who)


def _few(name: str, scope: Scope) -> str | None:
    """The rows of a relation about the objects that the store found in scope; None for another name."""
    relation = name.removeprefix(_FEW)
    if relation == name or relation not in _BY_OBJECT | {"case_actor", "record"}:
        return None
    whole = _definition(relation, scope)
    if relation == "record":
        rows = f"({whole})" if scope.role == Role.OFFICER else "main.event"
        return f"""SELECT few.* FROM {rows} few
                   SEMI JOIN main.event_object x ON x.seq = few.seq AND list_contains($scope_objs, x.obj)"""
    if whole and relation == "case_actor":
        # Narrowed before pseudonyms are made: these cost more than the search.
        return whole.replace(" JOIN ", " JOIN (SELECT unnest($scope_objs) AS obj) those ON those.obj = a.obj JOIN ", 1)
    if relation in _BY_OBJECT - _OF_TEAM and taking_part(scope):
        whole = None
    rows = f"({whole})" if whole else f"main.{relation}"
    return f"SELECT few.* FROM {rows} few JOIN (SELECT unnest($scope_objs) AS obj) those USING (obj)"


def _elsewhere(relation: str, scope: Scope) -> str | None:
    """The rows of relations that other modules describe, which is never a whole table; None for another name."""
    for module in (_mine_relations, _practice_relations):
        if relation in module.RELATIONS:
            return module.definition(relation, scope)
    return None


def _definition(relation: str, scope: Scope, *, disputes: bool = True) -> str | None:
    if relation in _SHARED | _REVIEW:
        return _reviewing(relation, scope) if relation in _REVIEW else None
    if relation == "actor":
        if scope.role == Role.ADMINISTRATOR:
            raise NotAllowed("an administrator reads no content")
        return _actor(scope)
    if relation == "account" and scope.role not in (Role.ADMINISTRATOR, Role.SYSTEM):
        raise NotAllowed("only an administrator reads the list of accounts")
    if relation == "alert" and scope.role not in (Role.ADMINISTRATOR, Role.OFFICER, Role.SYSTEM):
        raise NotAllowed("only an administrator or an officer reads how alerts fare")
    if relation in _DERIVED:
        return _DERIVED[relation]
    if relation in _ADMIN:
        # Cursors and what was set aside come word for word from the sources; an officer looks into the latter.
        if relation == "commit_log":
            return "SELECT * EXCLUDE (cursor) FROM main.commit_log"
        whole = scope.role in (Role.OFFICER, Role.SYSTEM)
        return None if whole else "SELECT * EXCLUDE (source_id, excerpt) FROM main.quarantine"
    if relation not in _CONTENT:
        raise NotAllowed(f"{relation!r} is not a relation that can be read")
    if scope.role == Role.ADMINISTRATOR:
        raise NotAllowed(f"an administrator reads no content, so not {relation}")
    rows = _rows_in_scope(relation, scope)
    return _mine_relations.undisputed(relation, rows, scope, _MY_TEAMS) if disputes else rows


def _fold(name: str) -> str:
    """A name as DuckDB compares it: case makes no difference, in ASCII."""
    return name.lower() if name.isascii() else name


def _relation(node: Mapping[str, Any], hidden: frozenset[str], tables: set[str]) -> None:
    """Note the relation that a FROM item names, unless a common table expression in sight has that name."""
    kind = node["type"]
    if kind not in _FROM_ITEMS:
        raise NotAllowed(f"a FROM item of the kind {kind!r} cannot be read; name a relation")
    if kind == "BASE_TABLE":
        if node.get("schema_name") or node.get("catalog_name"):
            raise NotAllowed(f"relation {node['table_name']!r} must be named without schema or catalogue")
        tables |= {_fold(node["table_name"])} - hidden
    elif kind == "TABLE_FUNCTION":
        called = node["function"].get("function_name", "")
        if called not in _TABLE_FUNCTIONS:
            raise NotAllowed(f"table function {called!r} cannot be read")


def _walk(node: Any, hidden: frozenset[str], tables: set[str]) -> None:
    """Collect the relations a parsed statement reads. `hidden` are the common table expressions in sight, exactly
    as DuckDB sees them: one is in sight of those after it and of its owner, and of itself only where it recurs."""
    if isinstance(node, list):
        for item in node:
            _walk(item, hidden, tables)
    if not isinstance(node, dict):
        return
    kind = str(node.get("type", ""))
    if kind.endswith("_NODE") and kind not in _QUERIES:
        raise NotAllowed(f"only a SELECT can be read, and this holds a part of the kind {kind!r}")
    if "sample" in node and not kind.endswith("_NODE"):
        _relation(node, hidden, tables)
    if _fold(str(node.get("function_name", ""))) in _FUNCTIONS_NEVER:
        raise NotAllowed(f"function {node['function_name']!r} looks behind the rows in scope; leave it out")
    for entry in (node.get("cte_map") or {}).get("map", ()):
        if (name := _fold(entry["key"])) in _CONTENT | _ADMIN | {"actor"}:
            raise OurFault(f"a common table expression hides the relation {name!r}; give it another name")
        _walk(entry["value"], hidden, tables)
        hidden |= {name}
    for key, value in node.items():
        if key != "cte_map":
            recurs = kind == "RECURSIVE_CTE_NODE" and key == "right"
            _walk(value, hidden | {_fold(node["cte_name"])} if recurs else hidden, tables)


class Narrowed(NamedTuple):
    """A statement with every relation narrowed to a scope, and the scope parameters it needs. `is_common`: its answer
    is the same for everybody for whom it reads so."""

    statement: str
    needs: frozenset[str]
    is_common: bool


@lru_cache(maxsize=2048)
def scoped(sql: str, scope: Scope, parse: Callable[[str], str], *, disputes: bool = True) -> Narrowed:
    """The statement as this scope may read it.

    `parse` turns SQL into DuckDB's JSON tree. Raises NotAllowed for anything but one SELECT over relations that
    the role may read.
    """
    tree = json.loads(parse(sql))
    if tree.get("error") or len(tree.get("statements", ())) != 1:
        raise NotAllowed(f"only a single SELECT can be read: {tree.get('error_message', 'several statements')}")
    tables: set[str] = set()
    _walk(tree["statements"], frozenset(), tables)
    ways = (_few, _elsewhere, partial(_definition, disputes=disputes))
    parts = [(name, next(filter(None, (way(name, scope) for way in ways)), None)) for name in sorted(tables)]
    shadows = [f"{name} AS NOT MATERIALIZED ({body})" for name, body in parts if body]
    needs = frozenset(p for p in _PARAMETERS if any("$" + p in s for s in shadows))
    is_common = bool(tables) and tables <= _COMMON and not needs
    if not shadows:
        return Narrowed(sql, needs, is_common)
    shadowing = ", ".join(shadows)
    own = _OWN_WITH.match(sql)
    if own:
        return Narrowed(f"WITH {own[1] or ''}{shadowing}, {sql[own.end():]}", needs, is_common)
    return Narrowed(f"WITH {shadowing} {sql}", needs, is_common)
