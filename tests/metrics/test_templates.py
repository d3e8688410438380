"""Every template is held against the slow reading: on every short trace, and on random ones with data and gaps."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from data.event import micros
from data.scope import SYSTEM
from metrics._backtest import Trial, try_pack
from metrics.conformance import rules as language
from tests.metrics._reference import Happened, Reading, Step, verdicts, verdicts_over
from tests.metrics._rulebook import (
    BACK,
    ENDING,
    START,
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
    write_pack,
)
from tests.metrics._trial_rules import OVER_OBJECTS, TIMED, UNTIMED, named


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


@pytest.mark.parametrize("rules", [UNTIMED, TIMED], ids=["untimed", "timed"])
def test_a_back_test_may_close_every_object_at_its_last_event(tmp_path: Path, rules: dict[str, Reading]) -> None:
    dice = random.Random(17)
    traces = {f"{i:03}": random_trace(dice) for i in range(150)}
    store, writer = opened(tmp_path, {"any": Reading("absence", "a")})
    put(writer, [event(case, e) for case, trace in traces.items() for e in trace])
    pack = tmp_path / "closing.yaml"
    write_pack(pack, rules)
    found = {
        one.rule.id: {verdict: n for verdict, n in one.counts.items() if n}
        for one in try_pack(store, pack, Trial(closed=True), micros(START + timedelta(days=9)))
    }
    expected = {
        name: Counter(
            verdict
            for trace in traces.values()
            for verdict in verdicts(rule, trace, end_h=max(e.hour for e in trace)).values()
        )
        for name, rule in rules.items()
    }
    assert {name: found[name] for name in rules if found[name] != expected[name]} == {
        name: dict(expected[name]) for name in rules if found[name] != expected[name]
    }
    writer.stop()


def test_what_is_open_says_until_when(tmp_path: Path) -> None:
    rules = named(
        [
            Reading("response", "a", "b", within_h=5),
            Reading("repeat_every", "a", "c", within_h=4),
            Reading("at_least", "", "b", count=3, within_h=9),
            Reading("sequence", "c", within_h=7, steps=(Step("a"), Step("b"))),
            Reading("response", "a", "b"),
        ]
    )
    store, writer = opened(tmp_path, rules)
    trace = [Happened("0", "a", 1.0), Happened("1", "c", 4.0), Happened("2", "c", 6.0)]
    put(writer, [event("case", e) for e in trace])
    rows = store.read(
        "SELECT r.id AS rule, max(b.due_t) AS due_t FROM binding b JOIN rule r ON r.code = b.rule GROUP BY r.id",
        {},
        SYSTEM,
    )
    hours = {row["rule"]: row["due_t"] and (row["due_t"] - micros(START)) / 3_600_000_000 for row in rows}
    assert hours == {"response-0": 6, "repeat_every-1": 10, "at_least-2": 10, "sequence-3": 13, "response-4": None}
    writer.stop()


def test_one_activation_over_several_objects(tmp_path: Path) -> None:
    dice = random.Random(7)
    rules, expected, traces, events = OVER_OBJECTS, {}, {}, []
    for i in range(400):
        group = f"{i:03}"
        own = {f"{group}{side}": [replace(e, name=f"{side}{e.name}") for e in random_trace(dice, 4)] for side in "xy"}
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
