"""A slow, obvious reading of the five templates, to hold the SQL against.

Nothing is clever here: every order that events of one moment may have happened in, and every truth value that a
missing attribute may have had, is tried; a verdict that is not the same in all of these worlds is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, permutations, product

Missing = None


@dataclass(frozen=True)
class Happened:
    """One event of a trace: hours since the start, the place in a numbered source (or None)."""

    name: str
    activity: str
    hour: float
    source: str = "log"
    order: int | None = None
    actor: str = ""
    attrs: Mapping[str, object] = field(default_factory=dict)


Condition = Callable[[Happened], bool | None]


@dataclass(frozen=True)
class Reading:
    """A rule as plain Python. Conditions answer None where an attribute is missing."""

    template: str
    activation: str
    target: str = ""
    activation_where: Condition = lambda e: True
    target_where: Condition = lambda e: True
    between: Callable[[Happened, Happened], bool | None] | None = None
    where: Condition | None = None
    within_h: float | None = None
    grace_h: float = 0.0
    until: str = ""


def orders(trace: Sequence[Happened]) -> Iterator[Sequence[Happened]]:
    """Every order the events may have happened in: ties are open unless one source numbered all of them."""
    groups = []
    for _, same in groupby(sorted(trace, key=lambda e: e.hour), key=lambda e: e.hour):
        events = list(same)
        numbered = len({e.source for e in events}) == 1 and all(e.order is not None for e in events)
        groups.append(
            [sorted(events, key=lambda e: e.order)] if numbered else [list(p) for p in permutations(events)]
        )
    for choice in product(*groups):
        yield [event for group in choice for event in group]


def worlds(rule: Reading, trace: Sequence[Happened]) -> Iterator[tuple[Sequence[Happened], Callable[..., bool]]]:
    """Every order with every filling-in of what is missing."""
    asked: list[tuple[object, ...]] = []
    for a in trace:
        for b in trace:
            if rule.activation == a.activity and b.activity == rule.target and a is not b:
                both = (rule.target_where(b), rule.between(a, b) if rule.between else True)
                if None in both and False not in both:
                    asked.append((a.name, b.name))
        if rule.where and a.activity == rule.activation and rule.where(a) is None:
            asked.append((a.name,))
    for order in orders(trace):
        for values in product((True, False), repeat=len(asked)):
            filled = dict(zip(asked, values, strict=True))

            def fits(
                a: Happened, b: Happened | None = None, filled: Mapping[tuple[object, ...], bool] = filled
            ) -> bool:
                key = (a.name,) if b is None else (a.name, b.name)
                if key in filled:
                    return filled[key]
                if b is None:
                    return bool(rule.where(a)) if rule.where else True
                return bool(rule.target_where(b)) and (bool(rule.between(a, b)) if rule.between else True)

            yield order, fits


def read_one(
    rule: Reading, order: Sequence[Happened], fits: Callable[..., bool], a: Happened, *, end_h: float | None
) -> str:
    """The verdict of one activation in one world, read from the definition."""
    at = order.index(a)
    later, earlier = order[at + 1 :], order[:at]
    due = a.hour + rule.within_h if rule.within_h is not None else float("inf")
    targets = [e for e in later if e.activity == rule.target and fits(a, e)]
    if rule.template == "absence":
        return "violated" if fits(a) else "kept"
    if rule.template == "precedence":
        window = rule.within_h if rule.within_h is not None else float("inf")
        found = [e for e in earlier if e.activity == rule.target and fits(a, e) and e.hour >= a.hour - window]
        return "fulfilled" if found else "violated"
    if rule.template == "four_eyes":
        others = [e for e in order if e is not a and e.activity == rule.target and fits(a, e)]
        if any(e.actor == a.actor for e in others):
            return "violated"
        return "fulfilled" if others else "holding" if end_h is None else "kept"
    released = [e for e in later if rule.until and e.activity == rule.until and e.hour <= due]
    if rule.template == "response":
        hits = [e for e in targets if e.hour <= due]
        if hits and not (released and order.index(released[0]) < order.index(hits[0])):
            return "fulfilled"
        if released:
            return "waived"
        return "violated" if targets or end_h is not None else "pending"
    hits = [e for e in targets if (e.hour > a.hour + rule.grace_h or rule.grace_h == 0) and e.hour <= due]
    if hits and not (released and order.index(released[0]) < order.index(hits[0])):
        return "violated"
    return "kept" if released or end_h is not None else "holding"


def verdicts(rule: Reading, trace: Sequence[Happened], *, end_h: float | None = None) -> dict[str, str]:
    """The verdict of each activation by its name; `end_h` is the hour the object ended, if it did."""
    result: dict[str, str] = {}
    for a in trace:
        if a.activity != rule.activation or rule.activation_where(a) is False:
            continue
        if rule.activation_where(a) is None:
            result[a.name] = "unknown"
            continue
        if rule.template == "four_eyes" and (missing := _actors_missing(rule, a, trace)):
            result[a.name] = missing
            continue
        seen = {read_one(rule, order, fits, a, end_h=end_h) for order, fits in worlds(rule, trace)}
        # A prohibition that may have ended is still not broken; an answer that may have come too late changes
        # nothing about the promise: it stays open, and overdue for whoever looks.
        for open_, closed in (("holding", "kept"), ("pending", "violated")):
            if seen == {open_, closed}:
                seen = {open_}
        result[a.name] = seen.pop() if len(seen) == 1 else "unknown"
    return result


def _actors_missing(rule: Reading, a: Happened, trace: Sequence[Happened]) -> str:
    """Four eyes where somebody's name is missing: broken if a known pair breaks it, else nobody can tell."""
    others = [e for e in trace if e is not a and e.activity == rule.target and rule.target_where(e) is not False]
    certain = [e for e in others if rule.target_where(e)]
    if not others or (a.actor and all(e.actor for e in others)):
        return ""
    return "violated" if a.actor and any(e.actor == a.actor for e in certain) else "unknown"
