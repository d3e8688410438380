"""Every shipped rule is tried on its own examples: the breach must be one, the near miss must not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors._signal_dates import PRECISION as PROMISE_PRECISION
from connectors._signal_words import SIGNALS
from data.errors import FixSettings
from data.event import Event, Ref
from data.page import Page
from data.scope import SYSTEM
from data.store import Store
from data.writer import Writer
from metrics._engine import Engine
from metrics.conformance.decide import Conformance
from metrics.conformance.rules import PACKS, Rule, read_pack, read_packs

SHIPPED = [read_pack(path) for path in sorted(PACKS.glob("*.yaml"))]
RULES = [rule for pack in SHIPPED for rule in pack.rules]
NAMES = ("breach", "near_miss")
UNKNOWN = 5
CATALOGUE = [f"{area}-{number:02}" for area, last in (
    ("MKT", 8), ("PRV", 11), ("CMP", 6), ("REC", 5), ("SUP", 4), ("KYC", 3), ("COR", 6))
    for number in range(1, last + 1)]
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOURS = {"h": 1, "d": 24, "min": 1 / 60}


def value(text: str) -> Any:
    """A number, true or false, or else the text as it stands."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def events(rule: Rule, lines: Sequence[str], case: str) -> list[Event]:
    """`25h msg.out channel=email commercial=true actor=ana` as an event of the rule's object."""
    found = []
    for place, line in enumerate(lines):
        moment, activity, *words = line.split()
        number, unit = re.fullmatch(r"([\d.]+)(\w+)", moment).groups()
        fields: dict[str, Any] = dict(word.split("=", 1) for word in words)
        plain = {key: fields.pop(key) for key in ("actor", "channel") if key in fields}
        attrs = {key: value(text) for key, text in fields.items()}
        at = MONDAY + timedelta(hours=float(number) * HOURS[unit])
        about = [Ref(rule.object, case)]
        found.append(Event(f"{case}/{place}", at, activity, about, attrs=attrs, order=place, **plain))
    return found


@pytest.fixture(scope="module")
def decided() -> Iterator[Mapping[tuple[str, str], list[Mapping[str, Any]]]]:
    """The bindings of every rule over its own examples, by rule and example, with all packs switched on."""
    store = Store.open(":memory:")
    writer = Writer(store, [Engine(Conformance(enabled=[pack.id for pack in SHIPPED]))])
    writer.start()
    told = [event for rule in RULES for name in NAMES
            for event in events(rule, rule.examples[name], f"{rule.id}/{name}")]
    writer.put("examples", Page(cursor={}, events=told))
    rows = store.read(
        "SELECT r.id AS rule, o.id AS object, b.verdict, b.due_t FROM binding b JOIN rule r ON r.code = b.rule "
        "JOIN object o USING (obj) WHERE starts_with(o.id, r.id || '/')", {}, SYSTEM)
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["rule"], row["object"].rpartition("/")[2]), []).append(row)
    yield found
    writer.stop()
    store.close()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_rule_hold(rule: Rule, name: str, decided: Mapping[tuple[str, str], Any]) -> None:
    rows = decided.get((rule.id, name), [])
    late = int((MONDAY + timedelta(days=400)).timestamp() * 1e6)
    broken = [row for row in rows if row["verdict"] == 2 or (row["verdict"] == 0 and row["due_t"] < late)]
    # The near miss of an absence may well be that the rule is not about it at all.
    assert rows or (name == "near_miss" and rule.template == "absence"), f"the {name} does not activate {rule.id}"
    assert bool(broken) == (name == "breach"), f"the {name} of {rule.id} is decided as {rows}"
    assert not [row for row in rows if row["verdict"] == UNKNOWN], f"the {name} of {rule.id} cannot be told"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_where_it_comes_from_and_what_to_do(rule: Rule) -> None:
    assert rule.source.title and re.fullmatch(r"\d{4}-\d\d-\d\d", rule.source.checked)
    assert rule.help.endswith(".")
    # What rests on the law has an address; what is the firm's own may do without.
    assert rule.source.url.startswith("https://") or rule.source.title.startswith("firm p")


def test_the_packs_hold_the_whole_catalogue() -> None:
    path = Path(__file__).parents[2] / "../shared/design/product.md"
    if path.exists():
        listed = re.findall(r"^\| ([A-Z]{3}-\d\d) \|", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert sorted(listed) == sorted(CATALOGUE)
    assert len(CATALOGUE) == 43
    assert set(CATALOGUE) <= {rule.id for rule in RULES}
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_only_the_core_is_on_until_somebody_asks_for_more() -> None:
    assert {pack.id: pack.enabled for pack in SHIPPED} == {
        "california": False, "core": True, "eu-mifid": False, "health": False, "uk-fca": False, "us-bd": False,
        "us-ria": False}
    on = {rule.id for pack in read_packs([], enabled=["health"]) for rule in pack.rules}
    assert {"PRV-10", "PRV-11", "SVC-01"} <= on and "PRV-07" not in on


def test_what_rests_on_a_signal_is_for_review_and_says_how_good_the_signal_is() -> None:
    words = {signal.name: signal.precision for signal in SIGNALS} | {"promise": PROMISE_PRECISION}
    for ids, signal in (("CMP-01", "complaint"), ("COR-06 COR-06W COR-06M", "promise"), ("SUP-04", "promissory"),
                        ("REC-03 REC-03-UK", "off_channel"), ("COR-04", "outside_activity")):
        for rule in (rule for rule in RULES if rule.id in ids.split()):
            assert rule.kind == "review"
            assert rule.source.title.endswith(words[signal]), rule.id
    resting = {"complaint.signal", "promise.made", "flag.raised", "oba.signal"}
    # SUP-01 asks whether flags are looked at, which can be told for certain.
    assert {rule.id for rule in RULES if rule.kind != "review" and rule.activation
            and resting & set(rule.activation.activities)} == {"SUP-01"}


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
