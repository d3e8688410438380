"""A slow, obvious reading of every template, to hold the SQL against.

Nothing is clever here: every order that events of one moment may have happened in, and everything that a missing
attribute may have been, is tried; a verdict that is not the same in all of these worlds is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from tests.metrics._reference_templates import TEMPLATES
from tests.metrics._reference_world import Happened, Key, Reading, Step, World, in_all_answers, orders

__all__ = ["OBJECT", "Happened", "Reading", "Step", "verdicts", "verdicts_over", "whole_object"]

# The name under which the one binding of a rule about the whole object is told.
OBJECT = ""
_UNARY = ("existence", "at_least", "at_most", "exactly_once")
_NOT_ACTIVATED = "not activated"
# What one of several objects says outweighs what those after it say.
_RANKS = {
    "all": ("violated", "pending", "holding", "fulfilled", "kept", "waived"),
    "any": ("fulfilled", "kept", "pending", "holding", "waived", "violated"),
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
    """The verdict of each activation over all objects it concerns, by the rule's quantifier; courses and ends by
    object. The course of each object has its own order; what an event lacks is filled in once for all of them."""
    rank = _RANKS[rule.quantifier]
    result = {}
    for a in {e.name: e for trace in courses.values() for e in trace}.values():
        about = [name for name, trace in courses.items() if a in trace]
        seen: set[str] = set()
        for choice in product(*(list(orders(courses[name])) for name in about)):

            def read(answers: Mapping[Key, Any], choice: Any = choice, about: Any = about, a: Happened = a) -> str:
                each = {
                    _read(World(rule, order, answers, ends.get(name)), a)
                    for name, order in zip(about, choice, strict=True)
                }
                return _NOT_ACTIVATED if _NOT_ACTIVATED in each else min(each, key=rank.index)

            seen.update(in_all_answers(read))
        if seen != {_NOT_ACTIVATED}:
            result[a.name] = _settled(seen)
    return result
