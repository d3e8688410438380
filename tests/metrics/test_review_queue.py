"""What officers see of the review queue, and the queue's own figures, counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from data import reviews
from data.reviews import Sampling
from metrics import review
from metrics._contract import HOUR, SECOND, Filters
from metrics._queue import Queue, deeds, entry, queue, rules
from metrics.review import FEWEST, wilson
from tests.data._review_world import ANNA, BEN, CARLA, OFFICER_ANNA, OLGA, OMAR, Firm


@pytest.fixture
def firm() -> Iterator[Firm]:
    made = Firm()
    yield made
    made.end()


def cases(found: Queue) -> list[str]:
    return [row.case.id for row in found.rows]


def test_open_items_come_gravest_first_and_samples_last(firm: Firm) -> None:
    firm.prompt("quick")
    firm.feed(Sampling(100))
    firm.now += timedelta(minutes=1)
    firm.late("slow")
    firm.signal("desk/T-1")
    firm.feed()
    found = queue(firm.read(), Filters(), 10)
    assert (found.total, cases(found)) == (3, ["desk/T-1", "slow", "quick"])
    signal, breach, sample = found.rows
    assert [row.why for row in found.rows] == ["review", "breach", "sample"]
    assert [row.standing.verdict for row in found.rows if row.standing] == [2, 2, 1]
    assert (signal.severity, signal.kind, breach.severity, breach.rule) == ("high", "review", "medium", "TST-01")
    assert sample.made_t == breach.made_t - 60 * SECOND
    assert queue(firm.read(), Filters(), 2).total == 3
    assert len(queue(firm.read(), Filters(), 2).rows) == 2


def test_filters_choose_kind_rule_team_and_channel(firm: Firm) -> None:
    firm.late("slow")
    firm.signal("desk/T-1")
    firm.feed()
    found = {name: cases(queue(firm.read(), filters, 10)) for name, filters in {
        "breach": Filters(queue="breach"), "review": Filters(queue="review"), "sample": Filters(queue="sample"),
        "rule": Filters(rule="TST-01"), "both": Filters(rule="TST-01", queue="review"),
        "team": Filters(team="sales"), "nobody": Filters(team="no such team"),
        "channel": Filters(channel="email", queue="breach"), "closed": Filters(queue="closed")}.items()}
    assert found == {"breach": ["slow"], "review": ["desk/T-1"], "sample": [], "rule": ["slow"], "both": [],
                     "team": ["slow"], "nobody": [], "channel": ["slow"], "closed": []}
    assert [(rule, n) for rule, _, n in rules(firm.read())] == [("TST-01", 1), ("TST-03", 1)]


def test_an_item_tells_who_holds_it_and_then_what_came_of_it(firm: Firm) -> None:
    firm.late("slow")
    firm.feed()
    assert [row.holder for row in queue(firm.read(), Filters(), 10).rows] == [""]
    firm.do(reviews.claim, OMAR, 1)
    assert [row.holder for row in queue(firm.read(), Filters(), 10).rows] == ["omar"]
    firm.do(reviews.release, OMAR, 1)
    firm.do(reviews.claim, OLGA, 1)
    firm.do(reviews.dispose, OLGA, 1, "not a breach", "A holiday.")
    assert queue(firm.read(), Filters(), 10).total == 0
    (closed,) = queue(firm.read(), Filters(queue="closed"), 10).rows
    assert (closed.closed, closed.closed_by, closed.closed_t) == ("not a breach", "olga", firm.now_t)
    assert [(deed.login, deed.what, deed.text) for deed in deeds(firm.read(), 1)] == [
        ("omar", "claimed", ""), ("omar", "released", ""), ("olga", "claimed", ""),
        ("olga", "not a breach", "A holiday.")]
    assert entry(firm.read(), 1) == closed
    assert entry(firm.read(), 2) is None


def test_own_items_and_a_superiors_are_marked(firm: Firm) -> None:
    firm.late("annas", ANNA)
    firm.late("bens", BEN)
    firm.feed()

    def barred(who: reviews.Principal) -> list[str]:
        return [row.case.id for row in queue(firm.read(who), Filters(), 10).rows if row.is_barred]

    assert (barred(OFFICER_ANNA), barred(OMAR)) == (["annas"], [])
    firm.writer.do(lambda con: reviews.keep_superiors(con, {OMAR.actor: CARLA, CARLA: BEN, BEN: CARLA}))
    assert (barred(OFFICER_ANNA), barred(OMAR)) == (["annas"], ["bens"])
    marked = entry(firm.read(OMAR), 2)
    assert marked is not None and marked.is_barred and "@" not in marked.person


def test_an_item_whose_record_was_taken_back_stays_to_be_closed(firm: Firm) -> None:
    from data.event import Retraction
    from data.page import Page
    firm.late("slow")
    firm.feed()
    gone = [Retraction("in-slow-10", "wrong"), Retraction("out-slow-4", "wrong")]
    firm.writer.put("mail", Page({"n": 2}, retractions=gone, watermark=firm.now))
    (row,) = queue(firm.read(), Filters(), 10).rows
    assert row.standing is None
    firm.close(1, "not a breach", "The record was wrong.")


def test_health_counts_ages_reviews_and_haste(firm: Firm) -> None:
    empty = review.health(firm.read(), firm.now_t)
    assert (empty.open, empty.half_us, empty.most_us, empty.closed, empty.made) == (0, None, None, 0, 0)
    for n in range(4):
        firm.late(f"slow-{n}")
    firm.feed()
    # Opened and closed after four seconds; after five; closed unopened; opened by another, so unopened too.
    firm.do(reviews.opened, OMAR, 1)
    firm.do(reviews.opened, OMAR, 2)
    firm.do(reviews.opened, OLGA, 4)
    firm.now += timedelta(seconds=4)
    firm.close(1, "confirmed")
    firm.now += timedelta(seconds=1)
    firm.close(2, "confirmed")
    firm.close(3, "confirmed", who=OLGA)
    firm.close(4, "confirmed")
    firm.prompt("quick")
    firm.now += timedelta(hours=2)
    firm.late("slow-9")
    firm.feed(Sampling(100))
    firm.now += timedelta(hours=1)
    found = review.health(firm.read(), firm.now_t)
    assert (found.open, found.half_us, found.most_us) == (2, HOUR, HOUR)
    assert (found.closed, found.reviewers, found.hasty, found.made, found.sampled) == (4, 2, 3, 6, 1)
    assert not found.is_stamped, "four reviews say nothing yet"
    assert [row["t"] for row in review.hasty(firm.read(), firm.now_t, 10)] == [
        firm.now_t - 3 * HOUR, firm.now_t - 3 * HOUR, firm.now_t - 3 * HOUR - SECOND]
    firm.now += timedelta(days=31)
    later = review.health(firm.read(), firm.now_t)
    assert (later.open, later.closed, later.made) == (2, 0, 0)


def test_a_queue_that_is_stamped_is_said_to_be(firm: Firm) -> None:
    for n in range(FEWEST):
        firm.late(f"slow-{n}")
    firm.feed()
    for n in range(1, FEWEST + 1):
        firm.do(reviews.opened, OMAR, n)
    firm.now += timedelta(seconds=30)
    for n in range(3, FEWEST + 1):
        firm.close(n, "confirmed")
    for n in (1, 2):
        firm.now += timedelta(hours=1)
        firm.do(reviews.opened, OMAR, n)
        firm.close(n, "confirmed")
        assert not review.health(firm.read(), firm.now_t).is_stamped, "a fifth is not above a fifth"
    firm.late("slow-x")
    firm.feed()
    firm.close(FEWEST + 1, "confirmed")
    assert review.health(firm.read(), firm.now_t).is_stamped


def test_precision_of_signals_needs_ten_judgements(firm: Firm) -> None:
    for n in range(FEWEST + 2):
        firm.signal(f"desk/T-{n}")
    firm.late("slow")
    firm.feed()
    signals = [number for number, _, _, why in firm.items() if why == "review"]
    assert len(signals) == FEWEST + 2
    firm.close(next(number for number, *_, why in firm.items() if why == "breach"), "confirmed")
    for number in signals[: FEWEST - 2]:
        firm.close(number, "confirmed")
    firm.close(signals[FEWEST - 2], "not a breach", "Praise.")
    firm.close(signals[FEWEST - 1], "escalate", "To Olga.")
    found = review.precision(firm.read())
    assert "TST-01" not in found, "a rule that is certain needs no precision"
    assert (found["TST-03"].judged, found["TST-03"].share, found["TST-03"].interval) == (9, None, None)
    firm.close(signals[FEWEST], "not a breach", "Praise.")
    after = review.precision(firm.read())["TST-03"]
    assert (after.hits, after.misses, after.share) == (8, 2, 0.8)
    assert after.interval == wilson(8, 10)


@pytest.mark.parametrize(("hits", "n", "low", "high"), [
    # Computed by hand from the formula with z = 1.96.
    (0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (8, 10, 0.4902, 0.9433), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0),
])
def test_wilsons_interval(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == pytest.approx((low, high), abs=1e-4)
