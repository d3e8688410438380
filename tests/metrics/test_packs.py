"""Every shipped rule is tried on its own examples: the breach must be one, the near miss must not."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from data.errors import FixSettings
from data.event import Event, Ref
from data.page import Page
from data.scope import SYSTEM
from data.store import Store
from data.writer import Writer
from metrics._engine import Engine
from metrics.conformance.decide import Conformance
from metrics.conformance.rules import PACKS, Rule, read_pack, read_packs

RULES = [rule for path in sorted(PACKS.glob("*.yaml")) for rule in read_pack(path)]
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOURS = {"h": 1, "d": 24, "min": 1 / 60}


def events(rule: Rule, lines: Sequence[str], case: str) -> list[Event]:
    """`25h msg.out channel=email commercial=true actor=ana` as an event of the rule's object."""
    found = []
    for place, line in enumerate(lines):
        moment, activity, *words = line.split()
        number, unit = re.fullmatch(r"([\d.]+)(\w+)", moment).groups()
        fields: dict[str, Any] = dict(word.split("=", 1) for word in words)
        plain = {key: fields.pop(key) for key in ("actor", "channel") if key in fields}
        attrs = {key: json.loads(value) for key, value in fields.items()}
        at = MONDAY + timedelta(hours=float(number) * HOURS[unit])
        about = [Ref(rule.object, case)]
        found.append(Event(f"{case}/{place}", at, activity, about, attrs=attrs, order=place, **plain))
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_examples_of_a_rule_hold(rule: Rule) -> None:
    store = Store.open(":memory:")
    writer = Writer(store, [Engine(Conformance())])
    writer.start()
    late = int((MONDAY + timedelta(days=400)).timestamp() * 1e6)
    for name in ("breach", "near_miss"):
        writer.put("examples", Page(cursor={}, events=events(rule, rule.examples[name], name)))
        rows = store.read(
            "SELECT b.verdict, b.due_t FROM binding b JOIN rule r ON r.code = b.rule JOIN object o USING (obj) "
            "WHERE r.id = $rule AND o.id = $name", {"rule": rule.id, "name": name}, SYSTEM)
        broken = [row for row in rows if row["verdict"] == 2 or (row["verdict"] == 0 and row["due_t"] < late)]
        assert rows, f"the {name} of {rule.id} does not even activate it"
        assert bool(broken) == (name == "breach"), f"the {name} of {rule.id} is decided as {rows}"
    writer.stop()
    store.close()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_where_it_comes_from_and_what_to_do(rule: Rule) -> None:
    assert rule.source.title and re.fullmatch(r"\d{4}-\d\d-\d\d", rule.source.checked)
    assert rule.help.endswith(".")


def spoilt(tmp_path: Path, **change: Any) -> Path:
    raw = {"id": "X-1", "title": "t", "object": "ticket", "template": "response", "within": "4 h",
           "activation": {"activity": "msg.in"}, "target": {"activity": "msg.out"}} | change
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"pack": "mine", "title": "t", "rules": [raw]}), encoding="utf8")
    return path


@pytest.mark.parametrize(("change", "told"), [
    ({"activation": {"activity": "msg.inn"}}, "did you mean 'msg.in'"),
    ({"object": "tiket"}, "did you mean 'ticket'"),
    ({"template": "respond"}, "did you mean 'response'"),
    ({"witin": "4 h"}, "did you mean 'within'"),
    ({"within": "four hours"}, "write for example 24 h"),
    ({"where": "target.amount >"}, "line 1, column"),
    ({"where": "tagret.amount > 1"}, "'tagret' is no event of a rule"),
    ({"severity": "huge"}, "severity 'huge' is unknown"),
    ({"target": None}, "needs a target"),
    ({"effective": {"from": "soon"}}, "'soon' is no day"),
])
def test_what_is_not_understood_is_refused_usefully(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    with pytest.raises(FixSettings, match=re.escape(told)):
        read_pack(spoilt(tmp_path, **change))


def test_two_rules_of_one_name_and_unknown_ones_to_switch_off_are_refused(tmp_path: Path) -> None:
    spoilt(tmp_path, id="SVC-01")
    with pytest.raises(FixSettings, match="stands in pack core and again in mine"):
        read_packs([tmp_path])
    with pytest.raises(FixSettings, match="did you mean 'SVC-01'"):
        read_packs([], disabled=["SVC-1"])
