"""Order of arrival, portions, repetitions and time zones make no difference to what any template decides."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from data.event import Event
from data.store import Store
from metrics.conformance import rules as language
from tests.metrics._facts import Delivery, differences, elsewhere, history, pages, running, snapshot

Snapshot = dict[str, list[tuple[object, ...]]]

# Tickets and conversations come from sources that number nothing, deals from one that numbers everything.
RULES = """
{object: ticket, template: response, activation: msg.in, target: msg.out, within: 9 h, matching: injective}
{object: ticket, template: response, activation: msg.in, target: msg.out, until: resolved, matching: injective}
{object: ticket, template: response, activation: "*object.owner = 'anna@firm.example'", target: msg.out}
{object: opportunity, template: response, activation: quote.sent, target: meeting.held, until: stage.changed}
{object: ticket, template: chain_response, activation: msg.in, target: msg.out, within: 2 d}
{object: opportunity, template: chain_response, activation: quote.sent, target: approval}
{object: ticket, template: alternate_response, activation: msg.in, target: msg.out, until: resolved}
{object: conversation, template: alternate_response, activation: msg.in, target: msg.out, within: 1 d}
{object: ticket, template: existence, target: msg.out, within: 2 d}
{object: ticket, template: existence, activation: msg.in, target: ticket.created, within: 2 d}
{object: opportunity, template: at_least, target: quote.sent, count: 2}
{object: ticket, template: at_least, activation: msg.in, target: msg.out, count: 2, within: 3 d}
{object: ticket, template: at_most, target: transfer}
{object: ticket, template: at_most, activation: ticket.created, target: transfer, within: 3 d, until: resolved}
{object: ticket, template: exactly_once, target: ticket.created}
{object: ticket, template: exactly_once, activation: msg.in, target: msg.out, within: 2 d, until: resolved}
{object: ticket, template: repeat_every, activation: msg.in, target: msg.out, within: 1 d, until: resolved}
{object: opportunity, template: repeat_every, activation: quote.sent, target: msg.out, within: 2 d}
{object: opportunity, template: sequence, steps: [opportunity.created, quote.sent, opportunity.won], within: 5 d}
{object: ticket, template: sequence, activation: msg.in, steps: [msg.in, "transfer?", msg.out]}
{object: ticket, template: not_coexistence, activation: triage.dismissed, target: complaint.logged}
{object: ticket, template: same_actor, activation: msg.out, target: transfer}
{object: ticket, template: chain_precedence, activation: msg.out, target: msg.in}
{object: opportunity, template: chain_precedence, activation: quote.sent, target: approval, within: 1 d}
{object: ticket, template: not_precedence, activation: msg.out, target: complaint.signal, within: 2 d}
{object: ticket, template: sum_at_most, activation: credit.created, sum: amount, limit: 900, within: 3 d}
{object: contact, template: sum_at_most, activation: credit.created, sum: amount, limit: 900, within: 3 d}
{object: contact, template: repeat_every, activation: msg.in, target: msg.out, within: 1 d}
{object: contact, template: response, activation: msg.in, target: msg.out, within: 9 h, quantifier: all}
{object: contact, template: response, activation: msg.in, target: msg.out, within: 9 h, quantifier: any}
{object: contact, template: precedence, activation: msg.out, target: optout, where: "target.channel = 'email'"}
"""


def _pattern(text: str) -> dict[str, object]:
    """`msg.in`, `*condition` for any message in that meets it, or `msg.in?` for a step that may be left out."""
    if text.startswith("*"):
        return {"activity": "msg.in", "where": text[1:]}
    return {"activity": text.rstrip("?")} | ({"optional": True} if text.endswith("?") else {})


def _entry(number: int, line: str) -> dict[str, object]:
    raw = yaml.safe_load(line)
    patterns = {side: _pattern(raw[side]) for side in ("activation", "target", "until") if side in raw}
    steps = {"steps": [_pattern(step) for step in raw["steps"]]} if "steps" in raw else {}
    return {"id": f"{raw['template']}-{number}", "title": line} | raw | patterns | steps


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("packs")
    entries = [_entry(number, line) for number, line in enumerate(RULES.strip().splitlines())]
    missing = set(language.TEMPLATES) - {str(entry["template"]) for entry in entries}
    assert missing <= {"absence", "not_response", "four_eyes"}, "the shipped rules have only these"
    pack = {"pack": "orders", "title": "orders", "rules": entries}
    (place / "orders.yaml").write_text(yaml.safe_dump(pack, sort_keys=False), encoding="utf8")
    return place


def derived(told: Sequence[Delivery], size: int, folder: Path) -> Snapshot:
    """What stands in a fresh file once the facts came in pages of this size; checked against computing it anew."""
    store = Store.open(":memory:")
    writer, engine = running(store, [folder])
    try:
        for source, page in pages(told, size):
            writer.put(source, page)
        found = writer.do(snapshot)
        writer.do(lambda con: engine.rebuild(con, 0))
        assert differences(found, writer.do(snapshot)) == [], "step by step and anew differ"
    finally:
        writer.stop()
        store.close()
    return found


# Activities that no rule here looks at, told as others, so that short courses have much to decide.
INSTEAD = {
    "referral": "msg.in",
    "complaint.ack": "msg.out",
    "complaint.signal": "msg.in",
    "ticket.closed": "msg.out",
    "credit.released": "credit.created",
    "complaint.logged": "transfer",
    "opportunity.lost": "quote.sent",
    "consent.given": "msg.in",
}


def dense(seed: int, size: int) -> list[Delivery]:
    """A history in which the rules above have much to do."""
    return [
        (
            source,
            replace(fact, activity=INSTEAD.get(fact.activity, fact.activity)) if isinstance(fact, Event) else fact,
        )
        for source, fact in history(seed, size)
    ]


@pytest.fixture(scope="module")
def told() -> list[Delivery]:
    return dense(5, 150)


def test_one_fact_at_a_time_makes_no_difference(folder: Path) -> None:
    told = dense(6, 40)
    assert differences(derived(told, len(told), folder), derived(told, 1, folder)) == []


@pytest.fixture(scope="module")
def expected(told: list[Delivery], folder: Path) -> Snapshot:
    return derived(told, len(told), folder)


def test_the_history_is_worth_testing(expected: Snapshot) -> None:
    seen = {(str(row[0]).rsplit("-", 1)[0], row[7]) for row in expected["binding"]}
    assert {template for template, _ in seen} >= set(language.TEMPLATES) - {"absence", "not_response", "four_eyes"}
    assert {verdict for _, verdict in seen} == {0, 1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("size", [29])
def test_portions_make_no_difference(told: list[Delivery], expected: Snapshot, folder: Path, size: int) -> None:
    assert differences(expected, derived(told, size, folder)) == []


@pytest.mark.parametrize(("seed", "size"), [(21, 30), (22, 1000)])
def test_order_repetition_and_time_zones_make_no_difference(
    told: list[Delivery], expected: Snapshot, folder: Path, seed: int, size: int
) -> None:
    dice = random.Random(seed)
    shuffled = [(source, elsewhere(dice, fact)) for source, fact in told + dice.sample(told, len(told) // 2)]
    dice.shuffle(shuffled)
    assert differences(expected, derived(shuffled, size, folder)) == []


def test_backwards_makes_no_difference(told: list[Delivery], expected: Snapshot, folder: Path) -> None:
    assert differences(expected, derived(list(reversed(told)), 40, folder)) == []


def test_what_is_told_later_decides_only_with_what_it_tells(
    told: list[Delivery], expected: Snapshot, folder: Path
) -> None:
    """Leaving out what was taken back in the end gives the same, so nothing of it is left behind."""
    gone = {
        (source, fact.source_id)
        for source, fact in told
        if not isinstance(fact, Event) and hasattr(fact, "source_id")
    }
    kept = [
        (source, fact)
        for source, fact in told
        if not (isinstance(fact, Event) and (source, fact.source_id) in gone)
    ]
    assert len(kept) < len(told)
    assert differences({"binding": expected["binding"]}, {"binding": derived(kept, 40, folder)["binding"]}) == []
