"""What a rule and a trace are in plain Python, and one world: one order of the events, one filling-in of gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, permutations, product
from typing import Any

FOREVER = float("inf")
Key = tuple[str, ...]


@dataclass(frozen=True)
class Happened:
    """One event of a trace: hours since the start, the place in a numbered source (or None).

    `state` holds the attributes of its object as they were at that moment.
    """

    name: str
    activity: str
    hour: float
    source: str = "log"
    order: int | None = None
    actor: str = ""
    attrs: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)


Condition = Callable[[Happened], bool | None]
Between = Callable[[Happened, Happened], bool | None]


def always(_: Happened) -> bool:
    """The condition of a pattern that has none."""
    return True


@dataclass(frozen=True)
class Step:
    """One step of a sequence."""

    activity: str
    optional: bool = False
    where: Condition = always


@dataclass(frozen=True)
class Reading:
    """A rule as plain Python. Conditions answer None where an attribute is missing; `b|c` is b or c."""

    template: str
    activation: str = ""
    target: str = ""
    activation_where: Condition = always
    target_where: Condition = always
    between: Between | None = None
    where: Condition | None = None
    within_h: float | None = None
    grace_h: float = 0.0
    until: str = ""
    until_where: Condition = always
    count: int = 1
    steps: tuple[Step, ...] = ()
    sum_of: str = ""
    limit: float = 0.0
    matching: str = "shared"
    quantifier: str = "each"


class Ask(Exception):
    """Something is missing that the reading needs: go on once with each of the answers it may have had."""

    def __init__(self, key: Key, options: Sequence[object]) -> None:
        super().__init__(key)
        self.key, self.options = key, options


@dataclass(frozen=True)
class World:
    """One object in one world. `end_h` is the hour in which it ended, if it did."""

    rule: Reading
    order: Sequence[Happened]
    answers: Mapping[Key, Any]
    end_h: float | None = None

    def filled(self, key: Key, given: Any, options: Sequence[object] = (True, False)) -> Any:
        """What was recorded, or what this world says in its place. Raises Ask when it says nothing yet."""
        if given is not None:
            return given
        if key not in self.answers:
            raise Ask(key, options)
        return self.answers[key]

    def is_activation(self, e: Happened) -> bool:
        """Whether e activates the rule."""
        return e.activity in self.rule.activation.split("|") and self.filled(
            ("activation", e.name), self.rule.activation_where(e)
        )

    def is_target(self, a: Happened | None, e: Happened) -> bool:
        """Whether e is a target of a, which it never is of itself; for a rule about the whole object a is None."""
        if e is a or e.activity not in self.rule.target.split("|"):
            return False
        if not self.filled(("target", e.name), self.rule.target_where(e)):
            return False
        if a is None or self.rule.between is None:
            return True
        return bool(self.filled(("between", a.name, e.name), self.rule.between(a, e)))

    def is_until(self, e: Happened) -> bool:
        """Whether e releases."""
        return e.activity in self.rule.until.split("|") and self.filled(("until", e.name), self.rule.until_where(e))

    def is_step(self, number: int, e: Happened) -> bool:
        """Whether e is the step of this number, counted from 0."""
        step = self.rule.steps[number]
        return e.activity in step.activity.split("|") and self.filled(("step", str(number), e.name), step.where(e))

    def is_bad(self, a: Happened) -> bool:
        """Whether what the rule forbids about the activation itself is so."""
        return bool(self.filled(("where", a.name), self.rule.where(a) if self.rule.where else True))

    def actor(self, e: Happened) -> str:
        """Who did it; somebody who is not named may be one of the others or a stranger."""
        known = sorted({other.actor for other in self.order} - {""})
        return str(self.filled(("actor", e.name), e.actor or None, [*known, "a stranger", "another stranger"]))

    def amount(self, e: Happened) -> float:
        """The attribute that is summed; a missing one may be anything."""
        return float(self.filled(("amount", e.name), e.attrs.get(self.rule.sum_of), (-1e9, 1e9)))

    def after(self, a: Happened | None) -> Sequence[Happened]:
        """What happened after a, or all of it."""
        return self.order if a is None else self.order[self.order.index(a) + 1 :]

    def before(self, a: Happened) -> Sequence[Happened]:
        """What happened before a."""
        return self.order[: self.order.index(a)]

    def window(self) -> float:
        """`within` in hours."""
        return FOREVER if self.rule.within_h is None else self.rule.within_h

    def due(self, a: Happened | None) -> float:
        """The last hour that is still in time."""
        return (self.order[0] if a is None else a).hour + self.window()

    def closed(self, a: Happened | None) -> bool:
        """Whether the object ended, and not already before a."""
        return self.end_h is not None and self.end_h >= (self.order[0] if a is None else a).hour


def orders(trace: Sequence[Happened]) -> Iterator[Sequence[Happened]]:
    """Every order the events may have happened in: ties are open unless one source numbered all of them."""
    choices = []
    for _, same in groupby(sorted(trace, key=lambda e: e.hour), key=lambda e: e.hour):
        events = list(same)
        numbered = len({e.source for e in events}) == 1 and all(e.order is not None for e in events)
        ways = [list(way) for way in permutations(events)]
        if numbered:
            ways = [way for way in ways if [e.order for e in way] == sorted(e.order for e in events)]
        choices.append(ways)
    for choice in product(*choices):
        yield [event for group in choice for event in group]


def in_all_answers(read: Callable[[Mapping[Key, Any]], str]) -> Iterator[str]:
    """What `read` says for every way in which the gaps that it meets can be filled."""
    waiting: list[Mapping[Key, Any]] = [{}]
    while waiting:
        answers = waiting.pop()
        try:
            yield read(answers)
        except Ask as ask:
            waiting += [{**answers, ask.key: option} for option in ask.options]
