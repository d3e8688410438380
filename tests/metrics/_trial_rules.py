"""The rules that are tried on short traces: every template, with and without time, data, releases and counts."""

from __future__ import annotations

from tests.metrics._reference import Happened, Reading, Step
from tests.metrics._rulebook import Cond

R = Reading
A, B, C = Step("a"), Step("b"), Step("c")


def named(rules: list[Reading]) -> dict[str, Reading]:
    """The rules by name, which is the template and a number."""
    return {f"{rule.template}-{number}": rule for number, rule in enumerate(rules)}


# Nothing here looks at a clock, so that on traces without ties each verdict hangs on the word alone.
UNTIMED = named(
    [
        R("response", "a", "b"),
        R("response", "a", "a"),
        R("response", "a", "b|c"),
        R("response", "a", "b", until="c"),
        R("response", "a", "b", matching="injective"),
        R("response", "a", "a", matching="injective"),
        R("response", "a|c", "b", matching="injective"),
        R("response", "a", "b", matching="injective", until="c"),
        R("chain_response", "a", "b"),
        R("chain_response", "a", "a"),
        R("alternate_response", "a", "b"),
        R("alternate_response", "a", "a"),
        R("alternate_response", "a", "b", until="c"),
        R("existence", "", "b"),
        R("existence", "b"),
        R("existence", "", "b", until="c"),
        R("existence", "a", "b"),
        R("existence", "a", "a"),
        R("existence", "a", "b", until="c"),
        R("at_least", "", "b", count=2),
        R("at_least", "b", count=3),
        R("at_least", "a", "b"),
        R("at_least", "a", "b", count=2),
        R("at_least", "a", "b", count=2, until="c"),
        R("exactly_once", "", "b"),
        R("exactly_once", "b"),
        R("exactly_once", "a", "b"),
        R("exactly_once", "a", "b", until="c"),
        R("sequence", steps=(A, B, C)),
        R("sequence", steps=(A, Step("b", optional=True), C)),
        R("sequence", steps=(Step("c", optional=True), A, B)),
        R("sequence", "a", steps=(A, B, C)),
        R("sequence", "a", steps=(B, C)),
        R("sequence", "a", steps=(B, Step("c", optional=True), Step("a"))),
        R("sequence", "b", steps=(A, B)),
        R("not_response", "a", "b"),
        R("not_response", "a", "a"),
        R("not_response", "a", "b", until="c"),
        R("not_coexistence", "a", "b"),
        R("not_coexistence", "a", "a"),
        R("at_most", "", "b"),
        R("at_most", "b", count=2),
        R("at_most", "a", "b"),
        R("at_most", "a", "b", count=2),
        R("at_most", "a", "b", until="c"),
        R("four_eyes", "a", "b"),
        R("same_actor", "a", "b"),
        R("precedence", "a", "b"),
        R("precedence", "a", "a"),
        R("chain_precedence", "a", "b"),
        R("chain_precedence", "a", "a"),
        R("not_precedence", "a", "b"),
        R("not_precedence", "a", "a"),
        R("absence", "a"),
    ]
)


def _amount(e: Happened) -> int | None:
    return e.attrs.get("amount")


def _over(e: Happened) -> bool | None:
    return None if _amount(e) is None else _amount(e) > 5


def _grew(a: Happened, b: Happened) -> bool | None:
    return None if _amount(a) is None or _amount(b) is None else _amount(b) > _amount(a)


def _others(a: Happened, b: Happened) -> bool | None:
    return a.actor != b.actor if a.actor and b.actor else None


OVER = Cond("amount > 5", _over)
GREW = Cond("target.amount > activation.amount", _grew)
OTHERS = Cond("target.actor != activation.actor", _others)
SAID = Cond("amount is not null and amount + 1 > 4", lambda e: _amount(e) is not None and _amount(e) > 3)
GOLD = Cond("object.grade = 'gold'", lambda e: e.state["grade"] == "gold" if "grade" in e.state else None)
LATER_GOLD = Step("b", where=GOLD)

TIMED = named(
    [
        R("response", "a", "b", within_h=3),
        R("response", "a", "b", within_h=3, until="u"),
        R("response", "a", "b", until="u"),
        R("response", "a", "b", within_h=4, target_where=OVER),
        R("response", "a", "b", within_h=4, activation_where=OVER),
        R("response", "a", "b", within_h=4, until="u", between=GREW),
        R("response", "a", "b", within_h=4, between=OTHERS, target_where=SAID),
        R("response", "a", "b", within_h=4, activation_where=GOLD),
        R("response", "a", "b", target_where=GOLD),
        R("response", "a", "b", within_h=4, until="u", until_where=OVER),
        R("response", "a", "b", within_h=3, matching="injective"),
        R("response", "a", "b", within_h=3, matching="injective", until="u"),
        R("response", "a", "b", within_h=4, matching="injective", target_where=OVER),
        R("response", "a", "b", within_h=4, matching="injective", activation_where=OVER),
        R("response", "a", "b", matching="injective", between=GREW),
        R("chain_response", "a", "b", within_h=2),
        R("chain_response", "a", "b", target_where=OVER),
        R("chain_response", "a", "b", within_h=3, between=GREW),
        R("alternate_response", "a", "b", within_h=3),
        R("alternate_response", "a", "b", within_h=4, until="u"),
        R("alternate_response", "a", "b", activation_where=OVER),
        R("alternate_response", "a", "b", target_where=OVER, until="u"),
        R("alternate_response", "a", "b", within_h=4, between=GREW),
        R("existence", "", "b", within_h=3),
        R("existence", "", "b", within_h=4, until="u"),
        R("existence", "b", activation_where=OVER),
        R("existence", "a", "b", within_h=2),
        R("existence", "a", "b", within_h=3, until="u", between=GREW),
        R("at_least", "", "b", count=2, within_h=4),
        R("at_least", "", "b", count=2, target_where=OVER),
        R("at_least", "a", "b", count=2, within_h=4),
        R("at_least", "a", "b", count=2, within_h=5, until="u", between=GREW),
        R("exactly_once", "", "b", within_h=4),
        R("exactly_once", "a", "b", within_h=3),
        R("exactly_once", "a", "b", within_h=4, until="u"),
        R("exactly_once", "a", "b", target_where=OVER),
        R("repeat_every", "a", "b", within_h=2),
        R("repeat_every", "a", "b", within_h=2, until="u"),
        R("repeat_every", "a", "a", within_h=3),
        R("repeat_every", "a", "b", within_h=2, target_where=OVER),
        R("repeat_every", "a", "b", within_h=3, until="u", between=GREW),
        R("sequence", within_h=4, steps=(A, B)),
        R("sequence", within_h=5, steps=(A, Step("b", optional=True), Step("u"))),
        R("sequence", "a", within_h=4, steps=(A, B, C)),
        R("sequence", "a", steps=(LATER_GOLD, Step("u", optional=True), C)),
        R("sequence", "a", within_h=5, steps=(Step("b", where=OVER), C)),
        R("not_response", "a", "b", grace_h=2),
        R("not_response", "a", "b", within_h=4),
        R("not_response", "a", "b", within_h=5, grace_h=1, until="u"),
        R("not_response", "a", "b", until="u", target_where=OVER),
        R("not_response", "a", "b", between=OTHERS),
        R("not_coexistence", "a", "b", target_where=OVER),
        R("not_coexistence", "a", "b", between=GREW),
        R("at_most", "", "b", within_h=4),
        R("at_most", "b", activation_where=OVER),
        R("at_most", "a", "b", within_h=3),
        R("at_most", "a", "b", within_h=4, until="u", target_where=OVER),
        R("at_most", "a", "b|c", count=2, between=OTHERS),
        R("four_eyes", "a", "b"),
        R("four_eyes", "a", "b", target_where=OVER),
        R("same_actor", "a", "b"),
        R("same_actor", "a", "b", target_where=OVER),
        R("precedence", "a", "b", within_h=2),
        R("precedence", "a", "b", within_h=3, target_where=OVER),
        R("precedence", "a", "b", within_h=3, between=GREW),
        R("precedence", "a", "b", activation_where=GOLD),
        R("chain_precedence", "a", "b"),
        R("chain_precedence", "a", "b", within_h=2),
        R("chain_precedence", "a", "b", between=GREW),
        R("not_precedence", "a", "b", within_h=2),
        R("not_precedence", "a", "b", target_where=OVER),
        R("not_precedence", "a", "b", within_h=3, between=OTHERS),
        R("absence", "a", where=OVER),
        R("absence", "a", activation_where=SAID, where=GOLD),
        R("sum_at_most", "a", within_h=3, sum_of="amount", limit=8),
        R("sum_at_most", "a|b", sum_of="amount", limit=15),
        R("sum_at_most", "a", within_h=4, sum_of="amount", limit=8, activation_where=OVER),
    ]
)

OVER_OBJECTS = named(
    [
        R(template, "a", "b", quantifier=quantifier, **more)
        for quantifier in ("all", "any")
        for template, more in (
            ("response", {"within_h": 3.0}),
            ("response", {"until": "u", "within_h": 5.0}),
            ("response", {"within_h": 5.0, "target_where": OVER}),
            ("precedence", {"within_h": 4.0}),
            ("not_response", {"until": "u"}),
        )
    ]
)
