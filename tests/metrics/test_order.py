"""The order, the portions and the repetitions in which a history arrives make no difference to what is derived."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from data.event import Retraction
from data.page import Page
from data.store import Store
from tests.metrics._facts import Delivery, differences, elsewhere, history, pages, running, snapshot

Snapshot = dict[str, list[tuple[Any, ...]]]


def derived(told: Sequence[Delivery], size: int) -> Snapshot:
    """What stands in a fresh file once the facts came in pages of this size; checked against computing it anew."""
    store = Store.open(":memory:")
    writer, engine = running(store)
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


@pytest.fixture(scope="module", params=[1, 2])
def told(request: pytest.FixtureRequest) -> list[Delivery]:
    return history(request.param)


def test_one_fact_at_a_time_makes_no_difference() -> None:
    told = history(3, 30)
    assert differences(derived(told, len(told)), derived(told, 1)) == []


@pytest.fixture(scope="module")
def expected(told: list[Delivery]) -> Snapshot:
    return derived(told, len(told))


def test_the_history_is_worth_testing(expected: Snapshot) -> None:
    verdicts = {row[7] for row in expected["binding"]}
    assert verdicts >= {0, 1, 2, 3, 4, 5}, "a verdict never occurs"
    assert {row[0] for row in expected["binding"]} >= {"SVC-01", "SLS-02", "COR-01", "COR-02", "MKT-01"}
    assert any(row[12] for row in expected["object_fact"]) and any(row[13] for row in expected["object_fact"])
    assert all(expected[table] for table in expected)
    assert {row[7] for row in expected["ask"]} == {None, 1, 2, 3}, "a question is never answered, elsewhere, or closed"


@pytest.mark.parametrize("size", [19, 50])
def test_portions_make_no_difference(told: list[Delivery], expected: Snapshot, size: int) -> None:
    assert differences(expected, derived(told, size)) == []


@pytest.mark.parametrize(("seed", "size"), [(11, 15), (12, 40), (13, 1000)])
def test_order_repetition_and_time_zones_make_no_difference(
    told: list[Delivery], expected: Snapshot, seed: int, size: int
) -> None:
    dice = random.Random(seed)
    shuffled = [(source, elsewhere(dice, fact)) for source, fact in told + dice.sample(told, len(told) // 2)]
    dice.shuffle(shuffled)
    assert differences(expected, derived(shuffled, size)) == []


def test_backwards_so_that_each_retraction_comes_before_its_event(told: list[Delivery], expected: Snapshot) -> None:
    backwards = list(reversed(told))
    assert any(isinstance(fact, Retraction) for _, fact in backwards)
    assert differences(expected, derived(backwards, 25)) == []


def test_several_pages_in_one_commit_make_no_difference(told: list[Delivery], expected: Snapshot) -> None:
    store = Store.open(":memory:")
    writer, _ = running(store)
    gate, held = threading.Event(), threading.Event()

    def hold(_: Any) -> None:
        held.set()
        assert gate.wait(60)

    # While one small write holds the writer up, pages of all sources queue, so that it commits them together.
    holder = threading.Thread(target=writer.do, args=(hold,))
    holder.start()
    assert held.wait(60)
    receipts = []

    def put(source: str, page: Page) -> None:
        receipts.append(writer.put(source, page))

    callers = [threading.Thread(target=put, args=part) for part in pages(told, 10)]
    for caller in callers:
        caller.start()
    while writer._jobs.qsize() < len(callers):
        threading.Event().wait(0.01)
    gate.set()
    for caller in [holder, *callers]:
        caller.join()
    found = writer.do(snapshot)
    writer.stop()
    store.close()
    assert len(receipts) == len(callers) and len({receipt.batch for receipt in receipts}) == 1
    assert differences(expected, found) == []
