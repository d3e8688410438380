"""From typed rules to what the statements of metrics/sql/ join with: terms, clocks, and numbered conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from metrics.conformance.condition import Compiler, Tree, fields
from metrics.conformance.deadline import BUSINESS
from metrics.conformance.rules import Pattern, Rule
from metrics.conformance.templates import TEMPLATES

ACTIVATION, TARGET, UNTIL, STEP = 1, 2, 3, 10
# Of an event that several rules look at there is one row a rule and role. sure is NULL where an attribute is missing.
_MARK: Final = """CREATE OR REPLACE TEMP TABLE mark AS
SELECT * EXCLUDE (cond) FROM (
    SELECT r.rule, r.role, r.cond, h.obj, h.seq, h.t, h.pos, h.actor, h.team, h.channel, h.direction, h.activity,
           h.attrs, {value} AS value, {sure} AS sure{carried}
    FROM {course} h JOIN rule_term r ON h.otype = r.otype AND h.activity = r.activity{attributes}
    WHERE h.in_new AND h.t >= r.from_t AND h.t < r.to_t{begun}
) WHERE sure IS DISTINCT FROM FALSE"""
# A rule without an activation holds from the first event of the object on; its term names activity 0.
_BEGUN: Final = """
    UNION ALL
    SELECT r.rule, r.role, 0, h.obj, h.seq, h.t, h.pos, h.actor, h.team, h.channel, h.direction, h.activity,
           h.attrs, NULL, TRUE{nothing}
    FROM (SELECT * FROM {course} WHERE in_new QUALIFY row_number() OVER (PARTITION BY obj ORDER BY t, ord) = 1) h
    JOIN rule_term r ON h.otype = r.otype AND r.activity = 0 WHERE h.t >= r.from_t AND h.t < r.to_t"""
# Of two values told for one moment nobody knows which came first; the greater one counts, in every order of arrival.
_ATTRIBUTE: Final = """
    ASOF LEFT JOIN (
        SELECT obj, t, max(value) AS o{i} FROM object_change SEMI JOIN (SELECT obj FROM {course}) USING (obj)
        WHERE attribute = $oa{i} GROUP BY obj, t
    ) x{i} ON h.obj = x{i}.obj AND h.t >= x{i}.t"""


@dataclass(slots=True)
class Compiled:
    """All rules as data: `terms` and `clocks` are rows of rule_term and rule_clock, the rest SQL with parameters.

    `mark` finds the events rules look at; `watch` does so before an object's attributes can be known. `looks` are the
    ways of deciding that some rule needs, `by_calendar` whether one counts business time, `whole` the types of objects
    of which some rule needs every event, `reads_attrs` whether one reads what events carry, `attributes` the codes of
    object attributes that conditions read.
    """

    terms: list[tuple[int, int, int, int, int, int, int]] = field(default_factory=list)
    clocks: list[tuple[object, ...]] = field(default_factory=list)
    mark: str = ""
    watch: str = ""
    mark_params: Mapping[str, object] = field(default_factory=dict)
    watch_params: Mapping[str, object] = field(default_factory=dict)
    between: str = ""
    between_params: Mapping[str, object] = field(default_factory=dict)
    looks: frozenset[str] = frozenset()
    by_calendar: bool = False
    whole: Sequence[int] = ()
    reads_attrs: bool = False
    attributes: Sequence[int] = ()


def _cases(column: str, conditions: Sequence[str], other: str) -> str:
    """One expression that evaluates, for each row, only what its rule names (0: nothing)."""
    whens = " ".join(f"WHEN {number} THEN {condition}" for number, condition in enumerate(conditions, 1))
    return f"CASE {column} WHEN 0 THEN {other} {whens} END" if whens else other


class _Terms:
    """Collects the patterns of rules with their numbered conditions."""

    def __init__(self, code: Callable[[str, str], int]) -> None:
        self.code = code
        self.attributes: list[str] = []
        self.row = Compiler(code, {"activation": "h", "target": "h", "object": ""}, self.attributes)
        self.pair = Compiler(
            code, {"activation": "activation", "target": "target", "object": "activation."}, self.attributes
        )
        self.trees: list[Tree] = []
        self.between: list[str] = []
        self.rows: list[tuple[int, int, int, int, int, int, int]] = []

    def add(self, number: int, rule: Rule, role: int, pattern: Pattern | None) -> None:
        """The rows of one pattern; only activations are bound to the days on which the rule is in force."""
        if pattern is None and role != ACTIVATION:
            return
        span = (rule.from_us, rule.to_us) if role == ACTIVATION else (0, 2**62)
        cond = 0
        if pattern is not None and pattern.where is not None:
            self.trees.append(pattern.where)
            cond = len(self.trees)
        activities = [self.code("activity", name) for name in pattern.activities] if pattern else [0]
        kind = self.code("object_type", rule.object)
        self.rows += [(number, role, kind, activity, cond, *span) for activity in activities]

    def corr(self, rule: Rule) -> int:
        """The number of the condition between the two events; 0 is none."""
        if rule.template == "absence":
            return 0
        if rule.where is not None:
            self.between.append(self.pair.sql(rule.where))
        elif rule.template in ("four_eyes", "same_actor"):
            self.between.append("TRUE")
        else:
            return 0
        return len(self.between)


def compile_rules(rules: Sequence[tuple[int, Rule]], code: Callable[[str, str], int]) -> Compiled:
    """Everything that deciding these numbered rules needs. `code(kind, word)` is the stored code of a word."""
    terms, found, sums = _Terms(code), Compiled(), dict[int, str]()
    for number, rule in rules:
        terms.add(number, rule, ACTIVATION, rule.activation)
        terms.add(number, rule, UNTIL, rule.until)
        terms.add(number, rule, TARGET, _target(rule))
        for place, (pattern, _) in enumerate(rule.steps):
            terms.add(number, rule, STEP + place, pattern)
        if rule.sum:
            sums[number] = rule.sum
        found.clocks.append(_clock(number, rule, terms.corr(rule)))
    found.terms = terms.rows
    found.looks = frozenset(str(clock[2]) for clock in found.clocks) | {
        word for word, asked in (("quantifier", any(rule.quantifier != "each" for _, rule in rules)),) if asked
    }
    found.between, found.between_params = _cases("activation.corr", terms.between, "TRUE"), terms.pair.params
    found.by_calendar = any({rule.within.unit, rule.grace.unit} & BUSINESS for _, rule in rules)
    found.whole = sorted({code("object_type", rule.object) for _, rule in rules if _needs_all(rule)})
    found.reads_attrs = bool(terms.trees or terms.between or sums)
    anchored = any(rule.activation is None for _, rule in rules)
    found.mark, found.mark_params = _mark(terms, terms.trees, sums, anchored=anchored)
    if terms.attributes:
        blind = [None if any(f.side == "object" for f in fields(tree)) else tree for tree in terms.trees]
        found.watch, found.watch_params = _mark(_Terms(code), blind, {}, anchored=False)
        found.attributes = [code("attribute", name) for name in terms.attributes]
    else:
        found.watch, found.watch_params = found.mark, found.mark_params
    return found


def _needs_all(rule: Rule) -> bool:
    """The very next event may be any, and so may the first, from which a rule without an activation holds."""
    return rule.activation is None or rule.template in ("chain_response", "chain_precedence")


def _target(rule: Rule) -> Pattern | None:
    if rule.template == "absence":
        assert rule.activation is not None
        return Pattern(rule.activation.activities, rule.where)
    return rule.target


def _clock(number: int, rule: Rule, corr: int) -> tuple[object, ...]:
    optional = sum(1 << place for place, (_, may_miss) in enumerate(rule.steps) if may_miss)
    look = "match" if rule.injective else TEMPLATES[rule.template].look
    if look == "near" and rule.template in ("precedence", "not_precedence") and rule.until is not None:
        # What lies before is undone by what came after it: the same race, run backwards.
        look = "race"
    spans = (rule.within.unit, rule.within.n, rule.grace.unit, rule.grace.n, rule.calendar)
    counts = (rule.count, rule.limit, optional, len(rule.steps), rule.activation is None, rule.injective)
    return (number, rule.template, look, corr, *spans, *counts, rule.quantifier)


def _mark(
    terms: _Terms, trees: Sequence[Tree | None], sums: Mapping[int, str], *, anchored: bool
) -> tuple[str, Mapping[str, object]]:
    conditions = ["TRUE" if tree is None else terms.row.sql(tree) for tree in trees]
    params = terms.row.params
    value = "CAST(NULL AS DOUBLE)"
    if sums:
        whens = []
        for number, name in sums.items():
            params[f"s{number}"] = f'$."{name}"'
            whens.append(f"WHEN {number} THEN try_cast(json_extract_string(h.attrs, $s{number}) AS DOUBLE)")
        value = f"CASE r.rule {' '.join(whens)} END"
    for i, name in enumerate(terms.attributes):
        params[f"oa{i}"] = terms.code("attribute", name)
    several = range(len(terms.attributes))
    course = "hist"
    sql = _MARK.format(
        value=value,
        sure=_cases("r.cond", conditions, "TRUE"),
        carried="".join(f", o{i}" for i in several),
        attributes="".join(_ATTRIBUTE.format(i=i, course=course) for i in several),
        begun=_BEGUN.format(course=course, nothing=", NULL" * len(several)) if anchored else "",
        course=course,
    )
    return sql, params
