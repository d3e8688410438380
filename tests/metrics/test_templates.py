"""Every template is held against the slow reading: on every short trace, and on random ones with data and gaps."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from metrics.conformance import rules as language
from tests.metrics._reference import Happened, Reading, Step, verdicts_over
from tests.metrics._rulebook import (
    BACK,
    ENDING,
    Cond,
    about_whole,
    change,
    decided,
    end_of,
    event,
    opened,
    put,
    report,
    states,
    wanted,
)

R = Reading
A, B, C = Step("a"), Step("b"), Step("c")


def _named(rules: list[Reading]) -> dict[str, Reading]:
    return {f"{rule.template}-{number}": rule for number, rule in enumerate(rules)}


# Nothing here looks at a clock, so that on traces without ties each verdict hangs on the word alone.
UNTIMED = _named(
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


def test_every_template_is_tried() -> None:
    assert {rule.template for rule in (UNTIMED | TIMED).values()} == set(language.TEMPLATES)


def test_every_trace_of_three_symbols_up_to_length_six(tmp_path: Path) -> None:
    words = [word for length in range(1, 7) for word in product("abc", repeat=length)]
    assert len(words) == 1092
    traces = {}
    for word in words:
        told = [Happened(str(j), s, float(j), order=j, actor="ana" if j % 2 else "bob") for j, s in enumerate(word)]
        name = "".join(word)
        traces[name] = told
        traces[f"{name}."] = [*told, Happened("end", ENDING, float(len(told)), order=len(told))]
    store, writer = opened(tmp_path, UNTIMED)
    put(writer, [event(case, e) for case, trace in traces.items() for e in trace])
    expected = wanted(UNTIMED, traces)
    wrong = report(UNTIMED, traces, decided(store, about_whole(UNTIMED)), expected)
    assert not wrong, wrong
    assert len(expected) > 190_000
    writer.stop()


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

TIMED = _named(
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


def random_trace(dice: random.Random, longest: int = 6) -> list[Happened]:
    """A few events in eight hours, many of them in one moment, and now and then the end of the object."""
    trace = [
        Happened(
            str(j),
            dice.choice("aaabbbcu"),
            float(dice.randint(0, 7)),
            order=dice.choice([None, j, j]),
            actor=dice.choice(["ana", "bob", "ana", ""]),
            attrs={} if dice.random() < 0.2 else {"amount": dice.randint(1, 9)},
        )
        for j in range(dice.randint(1, longest))
    ]
    if dice.random() < 0.4:
        end = float(dice.randint(0, 9))
        trace.append(Happened("end", ENDING, end, order=dice.choice([None, 9])))
        if dice.random() < 0.2:
            trace.append(Happened("back", BACK, end + dice.randint(1, 2)))
    return trace


@pytest.mark.parametrize("seed", range(4))
def test_random_timed_traces_with_data_ties_and_gaps(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    traces, changes = {}, []
    for i in range(300):
        told = random_trace(dice)
        moves = [(float(dice.randint(0, 5)) + j / 8, "grade", dice.choice(["gold", "tin"])) for j in range(2)]
        moves = moves[: dice.randint(0, 2)]
        traces[f"{i:03}"] = states(told, moves)
        changes += [change(f"{i:03}", *move) for move in moves]
    events = [event(case, e) for case, trace in traces.items() for e in trace]
    # Some records come twice, in another page or in the same one.
    events += dice.sample(events, len(events) // 4)
    dice.shuffle(events)
    dice.shuffle(changes)
    store, writer = opened(tmp_path, TIMED)
    put(writer, events, 211, changes)
    found, expected = decided(store, about_whole(TIMED)), wanted(TIMED, traces)
    wrong = report(TIMED, traces, found, expected)
    assert not wrong, wrong
    assert {"unknown", "waived", "violated", "fulfilled", "kept", "holding", "pending"} <= set(found.values())
    assert len(expected) > 20_000
    writer.stop()


OVER_OBJECTS = _named(
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


def test_one_activation_over_several_objects(tmp_path: Path) -> None:
    dice = random.Random(7)
    rules, expected, traces, events = OVER_OBJECTS, {}, {}, []
    for i in range(400):
        group = f"{i:03}"
        own = {
            f"{group}{side}": [replace(e, name=f"{side}{e.name}") for e in random_trace(dice, 4)] for side in "xy"
        }
        first, second = own
        shared = [e for e in own[first] if e.activity in "abu" and dice.random() < 0.6]
        courses = {first: own[first], second: [*own[second], *shared]}
        ends = {name: end for name, trace in courses.items() if (end := end_of(trace)) is not None}
        for name, trace in own.items():
            events += [event(name, e, *([second] if e in shared else [])) for e in trace]
        traces[group] = [*own[first], *own[second]]
        expected |= {
            (rule, group, about): verdict
            for rule, reading in rules.items()
            for about, verdict in verdicts_over(reading, courses, ends).items()
        }
    dice.shuffle(events)
    store, writer = opened(tmp_path, rules)
    put(writer, events, 500)
    found = {(rule, ticket[:3], name): verdict for (rule, ticket, name), verdict in decided(store, []).items()}
    wrong = report(rules, traces, found, expected)
    assert not wrong, wrong
    assert {"unknown", "waived", "violated", "fulfilled", "kept", "holding", "pending"} <= set(found.values())
    writer.stop()
