"""Deciding is held against a slow, obvious reading: every short trace, and random ones with ties and gaps."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from data.event import Event, Ref
from data.page import Page
from data.scope import SYSTEM
from data.store import Store
from data.writer import Writer
from metrics._engine import Engine
from metrics.conformance.decide import Conformance, Words
from tests.metrics._reference import Happened, Reading, verdicts

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NAMES = ("pending", "fulfilled", "violated", "holding", "kept", "unknown", "waived")


def rule_yaml(number: int, rule: Reading, where: dict[str, str]) -> str:
    lines = [
        f"  - id: T{number}",
        f"    title: test {number}",
        "    object: case",
        f"    template: {rule.template}",
        f"    activation: {{activity: {rule.activation}{clause(where, 'activation')}}}",
    ]
    if rule.target:
        lines.append(f"    target: {{activity: {rule.target}{clause(where, 'target')}}}")
    if "where" in where:
        lines.append(f'    where: "{where["where"]}"')
    if rule.within_h is not None:
        lines.append(f"    within: {rule.within_h:g} h")
    if rule.grace_h:
        lines.append(f"    grace: {rule.grace_h:g} h")
    if rule.until:
        lines.append(f"    until: {{activity: {rule.until}}}")
    return "\n".join(lines)


def clause(where: dict[str, str], side: str) -> str:
    return f', where: "{where[side]}"' if side in where else ""


def started(folder: Path, rules: Sequence[tuple[Reading, dict[str, str]]]) -> tuple[Store, Writer]:
    body = "\n".join(rule_yaml(i, rule, where) for i, (rule, where) in enumerate(rules))
    (folder / "trial.yaml").write_text(f"pack: trial\ntitle: trial\nrules:\n{body}\n", encoding="utf8")
    store = Store.open(":memory:")
    for word in "abcu":
        Words(store.connection).code("activity", word)
    writer = Writer(store, [Engine(Conformance([folder], disabled=["core"]))])
    writer.start()
    return store, writer


def event(case: str, e: Happened) -> Event:
    return Event(
        f"{case}/{e.name}",
        START + timedelta(hours=e.hour),
        e.activity,
        [Ref("case", case)],
        actor=e.actor,
        attrs=dict(e.attrs),
        order=e.order,
    )


def decided(store: Store) -> dict[tuple[str, str], str]:
    rows = store.read(
        "SELECT r.id AS rule, e.source_id AS record, b.verdict FROM binding b "
        "JOIN rule r ON r.code = b.rule JOIN event e ON e.seq = b.act_seq",
        {},
        SYSTEM,
    )
    return {(row["rule"], row["record"]): NAMES[row["verdict"]] for row in rows}


UNTIMED = [
    Reading("response", "a", "b"),
    Reading("precedence", "a", "b"),
    Reading("not_response", "a", "b"),
    Reading("response", "a", "a"),
    Reading("precedence", "a", "a"),
    Reading("not_response", "a", "a"),
    Reading("response", "a", "b", until="c"),
    Reading("not_response", "a", "b", until="c"),
    Reading("absence", "a"),
    Reading("four_eyes", "a", "b"),
    Reading("response", "b", "c"),
]


def test_every_trace_of_three_symbols_up_to_length_six(tmp_path: Path) -> None:
    store, writer = started(tmp_path, [(rule, {}) for rule in UNTIMED])
    traces = [trace for length in range(1, 7) for trace in product("abc", repeat=length)]
    assert len(traces) == 1092
    kept = {
        f"{i:04}": [
            Happened(str(j), s, float(j), order=j, actor="ana" if j % 2 else "bob") for j, s in enumerate(trace)
        ]
        for i, trace in enumerate(traces)
    }
    writer.put("log", Page(cursor={}, events=[event(case, e) for case, trace in kept.items() for e in trace]))
    found = decided(store)
    wanted = {
        (f"T{n}", f"{case}/{name}"): verdict
        for n, rule in enumerate(UNTIMED)
        for case, trace in kept.items()
        for name, verdict in verdicts(rule, trace).items()
    }
    assert found == wanted
    assert len(wanted) > 20_000
    writer.stop()


def amount_over(limit: float):
    return lambda e: None if e.attrs.get("amount") is None else e.attrs["amount"] > limit


def grew(a: Happened, b: Happened) -> bool | None:
    if a.attrs.get("amount") is None or b.attrs.get("amount") is None:
        return None
    return b.attrs["amount"] > a.attrs["amount"]


GREW = "target.amount > activation.amount"
TIMED: list[tuple[Reading, dict[str, str]]] = [
    (Reading("response", "a", "b", within_h=3), {}),
    (Reading("response", "a", "b", within_h=3, until="u"), {}),
    (Reading("response", "a", "b", until="u"), {}),
    (Reading("response", "a", "b", within_h=4, target_where=amount_over(5)), {"target": "amount > 5"}),
    (Reading("response", "a", "b", within_h=4, activation_where=amount_over(5)), {"activation": "amount > 5"}),
    (Reading("response", "a", "b", within_h=4, until="u", between=grew), {"where": GREW}),
    (Reading("precedence", "a", "b"), {}),
    (Reading("precedence", "a", "b", within_h=2), {}),
    (Reading("precedence", "a", "b", within_h=3, target_where=amount_over(5)), {"target": "amount > 5"}),
    (Reading("precedence", "a", "b", within_h=3, between=grew), {"where": GREW}),
    (Reading("not_response", "a", "b", grace_h=2), {}),
    (Reading("not_response", "a", "b", within_h=4), {}),
    (Reading("not_response", "a", "b", within_h=4, until="u"), {}),
    (Reading("not_response", "a", "b", until="u", target_where=amount_over(5)), {"target": "amount > 5"}),
    (Reading("absence", "a", where=amount_over(5)), {"where": "amount > 5"}),
    (Reading("four_eyes", "a", "b"), {}),
]


def random_trace(dice: random.Random) -> list[Happened]:
    steps = dice.randint(1, 6)
    return [
        Happened(
            str(j),
            dice.choice("aabbcu"),
            float(dice.randint(0, 7)),
            order=dice.choice([None, j, j]),
            actor=dice.choice(["ana", "bob", "ana", ""]),
            attrs={} if dice.random() < 0.25 else {"amount": dice.randint(1, 9)},
        )
        for j in range(steps)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_random_timed_traces_with_data_ties_and_gaps(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    store, writer = started(tmp_path, TIMED)
    traces = {f"{i:03}": random_trace(dice) for i in range(250)}
    events = [event(case, e) for case, trace in traces.items() for e in trace]
    dice.shuffle(events)
    for first in range(0, len(events), 97):
        writer.put("log", Page(cursor={}, events=events[first : first + 97]))
    wanted = {
        (f"T{n}", f"{case}/{name}"): verdict
        for n, (rule, _) in enumerate(TIMED)
        for case, trace in traces.items()
        for name, verdict in verdicts(rule, trace).items()
    }
    found = decided(store)
    wrong = {
        key: (found.get(key), wanted.get(key))
        for key in found.keys() | wanted.keys()
        if found.get(key) != wanted.get(key)
    }
    told = [
        (key, got, [(e.activity, e.hour, e.order, e.actor, e.attrs.get("amount")) for e in traces[key[1][:3]]])
        for key, got in list(wrong.items())[:5]
    ]
    assert not wrong, f"{len(wrong)} of {len(wanted)} differ: {told}"
    assert {"unknown", "waived", "violated", "fulfilled", "kept", "holding", "pending"} <= set(found.values())
    writer.stop()


def test_the_end_of_an_object_decides_what_is_open(tmp_path: Path) -> None:
    store, writer = started(tmp_path, [])
    deal, at = [Ref("opportunity", "o1")], START
    ticket = [Ref("ticket", "t1")]
    (tmp_path / "trial.yaml").write_text(
        """pack: trial
title: trial
rules:
  - {id: follow, title: t, object: opportunity, template: response, activation: {activity: quote.sent},
     target: {activity: call.out}, within: 9 d}
  - {id: quiet, title: t, object: ticket, template: not_response, activation: {activity: transfer},
     target: {activity: msg.in}, within: 9 d}
""",
        encoding="utf8",
    )
    writer.refresh()

    def put(*events: Event) -> None:
        writer.put("log", Page(cursor={}, events=list(events)))

    put(Event("1", at, "quote.sent", deal), Event("2", at, "transfer", ticket))
    assert decided(store) == {("follow", "1"): "pending", ("quiet", "2"): "holding"}
    put(
        Event("3", at + timedelta(days=1), "opportunity.lost", deal),
        Event("4", at + timedelta(days=1), "resolved", ticket),
    )
    assert decided(store) == {("follow", "1"): "violated", ("quiet", "2"): "kept"}
    put(Event("5", at + timedelta(days=2), "reopened", deal))
    assert decided(store)[("follow", "1")] == "pending"
    put(Event("6", at + timedelta(hours=2), "call.out", deal))
    assert decided(store)[("follow", "1")] == "fulfilled"
    past = store.read(
        "SELECT verdict FROM binding_past p JOIN rule r ON r.code = p.rule WHERE r.id = 'follow' "
        "ORDER BY until_t, believed_t",
        {},
        SYSTEM,
    )
    assert sorted(NAMES[row["verdict"]] for row in past) == ["pending", "pending", "violated"]
    writer.stop()
