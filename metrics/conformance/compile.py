"""From typed rules to what the statements of metrics/sql/ join with: terms, clocks, and numbered conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from metrics.conformance.condition import Compiler, Tree
from metrics.conformance.rules import Pattern, Rule

ACTIVATION, TARGET, UNTIL = 1, 2, 3
_MARK = """CREATE OR REPLACE TEMP TABLE mark AS
SELECT * EXCLUDE (cond) FROM (
    SELECT r.rule, r.role, r.cond, h.obj, h.seq, h.t, h.pos, h.actor, h.team, h.channel, h.direction, h.activity,
           h.attrs, {sure} AS sure
    FROM hist h JOIN rule_term r ON h.otype = r.otype AND h.activity = r.activity
    WHERE h.in_new AND h.t >= r.from_t AND h.t < r.to_t
) WHERE sure IS DISTINCT FROM FALSE"""


@dataclass(slots=True)
class Compiled:
    """All rules as data: `terms` and `clocks` are rows of rule_term and rule_clock, `mark` and `between` SQL."""

    terms: list[tuple[int, int, int, int, int, int, int]] = field(default_factory=list)
    clocks: list[tuple[int, str, int, int, int, int, int, str]] = field(default_factory=list)
    mark: str = ""
    mark_params: Mapping[str, object] = field(default_factory=dict)
    between: str = ""
    between_params: Mapping[str, object] = field(default_factory=dict)


def _cases(column: str, conditions: Sequence[str]) -> str:
    """One expression that evaluates, for each row, only the condition its rule names (0: none)."""
    whens = " ".join(f"WHEN {number} THEN {condition}" for number, condition in enumerate(conditions, 1))
    return f"CASE {column} WHEN 0 THEN TRUE {whens} END" if whens else "TRUE"


def compile_rules(rules: Sequence[tuple[int, Rule]], code: Callable[[str, str], int]) -> Compiled:
    """Everything that deciding these numbered rules needs. `code(kind, word)` is the stored code of a word."""
    compiled = Compiled()
    row, pair = (
        Compiler(code, {"activation": "h", "target": "h"}),
        Compiler(code, {"activation": "activation", "target": "target"}),
    )
    conditions: list[str] = []
    between: list[str] = []

    def number(tree: Tree | None, into: list[str], compiler: Compiler) -> int:
        if tree is None:
            return 0
        into.append(compiler.sql(tree))
        return len(into)

    def add(rule_code: int, rule: Rule, role: int, pattern: Pattern | None) -> None:
        if pattern is None:
            return
        cond = number(pattern.where, conditions, row)
        # Only activations are bound to the days on which the rule is in force; answers may come later.
        span = (rule.from_us, rule.to_us) if role == ACTIVATION else (0, 2**62)
        compiled.terms += [
            (rule_code, role, code("object_type", rule.object), code("activity", activity), cond, *span)
            for activity in pattern.activities
        ]

    for rule_code, rule in rules:
        add(rule_code, rule, ACTIVATION, rule.activation)
        add(rule_code, rule, UNTIL, rule.until)
        absent = rule.template == "absence"
        add(rule_code, rule, TARGET, Pattern(rule.activation.activities, rule.where) if absent else rule.target)
        corr = 0 if absent else number(rule.where, between, pair)
        if rule.template == "four_eyes" and corr == 0:
            between.append("TRUE")
            corr = len(between)
        compiled.clocks.append(
            (
                rule_code,
                rule.template,
                corr,
                rule.within.unit,
                rule.within.n,
                rule.grace.unit,
                rule.grace.n,
                rule.calendar,
            )
        )
    compiled.mark, compiled.mark_params = _MARK.replace("{sure}", _cases("r.cond", conditions)), row.params
    compiled.between, compiled.between_params = _cases("activation.corr", between), pair.params
    return compiled
