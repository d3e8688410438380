"""A slow, obvious reading of every template, to hold the SQL against.

Nothing is clever here: every order that events of one moment may have happened in, and everything that a missing
attribute may have been, is tried; a verdict that is not the same in all of these worlds is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tests.metrics._reference_templates import TEMPLATES
from tests.metrics._reference_world import Happened, Reading, Step, World, in_all_answers, orders

__all__ = ["OBJECT", "Happened", "Reading", "Step", "verdicts", "verdicts_over", "whole_object"]

# The name under which the one binding of a rule about the whole object is told.
OBJECT = ""
_UNARY = ("existence", "at_least", "at_most", "exactly_once")
_NOT_ACTIVATED = "not activated"
# What one of several objects says outweighs what those after it say.
_RANKS = {
    "all": ("violated", "pending", "unknown", "holding", "fulfilled", "kept", "waived"),
    "any": ("fulfilled", "kept", "unknown", "pending", "holding", "waived", "violated"),
}


def whole_object(rule: Reading) -> Reading | None:
    """The rule as one about the whole object, which has one binding an object; None when it is not such a rule."""
    if not rule.activation:
        return rule
    if rule.template in _UNARY and not rule.target:
        return Reading(
            **{
                **vars(rule),
                "activation": "",
                "target": rule.activation,
                "activation_where": Reading.activation_where,
                "target_where": rule.activation_where,
            }
        )
    return None


def _settled(seen: Iterable[str]) -> str:
    """One verdict for those of all worlds."""
    found = set(seen)
    # A prohibition that may have ended is still not broken; an answer that may have come too late changes
    # nothing about the promise: it stays open, and overdue for whoever looks.
    for open_, closed in (("holding", "kept"), ("pending", "violated")):
        if found == {open_, closed}:
            return open_
    return found.pop() if len(found) == 1 else "unknown"


def _read(world: World, a: Happened | None) -> str:
    if a is not None and not world.is_activation(a):
        return _NOT_ACTIVATED
    return TEMPLATES[world.rule.template](world, a)


def verdicts(rule: Reading, trace: Sequence[Happened], *, end_h: float | None = None) -> dict[str, str]:
    """The verdict of each activation by its name, or of the whole object under OBJECT.

    `end_h` is the hour the object ended, if it did.
    """
    whole = whole_object(rule)
    anchors = [None] if whole else [a for a in trace if a.activity in rule.activation.split("|")]
    ways = list(orders(trace))
    result = {}
    for a in anchors:
        seen: set[str] = set()
        for order in ways:
            seen.update(
                in_all_answers(lambda answers, o=order, a=a: _read(World(whole or rule, o, answers, end_h), a))
            )
        if seen != {_NOT_ACTIVATED}:
            result[OBJECT if a is None else a.name] = _settled(seen)
    return result


def verdicts_over(
    rule: Reading, courses: Mapping[str, Sequence[Happened]], ends: Mapping[str, float]
) -> dict[str, str]:
    """The verdict of each activation over all objects it concerns; courses and ends by object. Each object's verdict is
    settled by itself, an unknown one too; the quantifier then says which of them counts."""
    rank = _RANKS[rule.quantifier]
    each = {name: verdicts(rule, trace, end_h=ends.get(name)) for name, trace in courses.items()}
    names = {name for told in each.values() for name in told}
    return {name: min((told[name] for told in each.values() if name in told), key=rank.index) for name in names}
