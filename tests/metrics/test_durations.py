"""Kaplan-Meier and the intervals: known cases, a direct reading of the definition, and how often intervals hold."""

from __future__ import annotations

import random
from fractions import Fraction
from math import exp, log
from statistics import median

import pytest

from metrics._km import kaplan_meier
from metrics.journey import difference
from metrics.review import wilson

# Weeks of remission of 21 leukaemia patients under 6-MP (Freireich 1963): those that ended, and those that went on.
ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
GOES_ON = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def test_a_textbook_curve() -> None:
    curve = kaplan_meier([(w, True, 1) for w in ENDED] + [(w, False, 1) for w in GOES_ON])
    told = {at: round(share, 4) for at, share, _ in curve.steps}
    assert told == {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
    assert (curve.n, curve.ended) == (21, 9)
    half = curve.quantile(0.5)
    # survfit(conf.type = "log-log") of R says median 23, from 13, no upper end.
    assert (half.value, half.low, half.high) == (23, 13, None)
    assert curve.quantile(0.9).value is None, "nine tenths are never over while we look"
    assert (curve.left(5.9), curve.left(6), curve.left(1000)) == pytest.approx((1, 18 / 21, 0.4482), abs=1e-4)


def test_without_open_ones_it_is_the_plain_share() -> None:
    dice = random.Random(3)
    lengths = sorted(dice.randrange(60) for _ in range(301))
    curve = kaplan_meier([(length, True, 1) for length in lengths])
    assert curve.quantile(0.5).value == median(lengths)
    for at in range(60):
        assert curve.left(at) == pytest.approx(sum(length > at for length in lengths) / 301)


def test_against_the_definition_in_fractions() -> None:
    dice = random.Random(4)
    rows = [(dice.randrange(1, 15), dice.random() < 0.6) for _ in range(80)]
    curve, share = kaplan_meier([(float(at), over, 1) for at, over in rows]), Fraction(1)
    for at in range(1, 15):
        at_risk, over = sum(t >= at for t, _ in rows), sum(t == at and ended for t, ended in rows)
        share *= 1 - Fraction(over, at_risk) if at_risk else 1
        assert curve.left(at) == pytest.approx(float(share))


def test_nothing_and_all_open() -> None:
    assert kaplan_meier([]).quantile(0.5).value is None
    curve = kaplan_meier([(5.0, False, 3)])
    assert (curve.n, curve.ended, curve.quantile(0.5).value, curve.left(9)) == (3, 0, None, 1.0)


def test_the_interval_of_a_median_holds_as_often_as_it_says() -> None:
    """Exponential waits, a third of them still open when we look: 1,000 samples of 80."""
    dice, true_half, held = random.Random(5), log(2), 0
    for _ in range(1_000):
        rows = []
        for _ in range(80):
            length, looked = dice.expovariate(1), dice.expovariate(0.5)
            rows.append((min(length, looked), length <= looked, 1))
        half = kaplan_meier(rows).quantile(0.5)
        held += (half.low or 0) <= true_half and (half.high is None or true_half <= half.high)
    assert 0.93 <= held / 1_000 <= 0.975


def test_the_median_of_ended_ones_alone_would_be_too_short() -> None:
    """Why open ones are counted: leaving them out moves the median well below the truth."""
    dice = random.Random(6)
    pairs = [(dice.expovariate(1), dice.expovariate(1)) for _ in range(4_000)]
    curve = kaplan_meier([(min(pair), pair[0] <= pair[1], 1) for pair in pairs])
    assert curve.quantile(0.5).value == pytest.approx(log(2), rel=0.06)
    assert median(length for length, looked in pairs if length <= looked) < 0.6 * log(2)
    assert curve.left(1.0) == pytest.approx(exp(-1), rel=0.08)


@pytest.mark.parametrize(("n", "share"), [(20, 0.1), (20, 0.5), (60, 0.05), (200, 0.3), (1_000, 0.02)])
def test_wilsons_interval_holds_as_often_as_it_says(n: int, share: float) -> None:
    dice, held, runs = random.Random(n), 0, 2_000
    for _ in range(runs):
        low, high = wilson(sum(dice.random() < share for _ in range(n)), n)
        held += low <= share <= high
    # With few trials the true share is between 92 and 98 % wherever it lies; on average it is 95.
    assert 0.915 <= held / runs <= 0.985


def test_the_interval_of_a_difference_holds_as_often_as_it_says() -> None:
    dice, held = random.Random(8), 0
    for _ in range(1_500):
        one = sum(dice.random() < 0.30 for _ in range(120))
        other = sum(dice.random() < 0.22 for _ in range(90))
        low, high = difference((one, 120), (other, 90))
        held += low <= 0.08 <= high
    assert 0.935 <= held / 1_500 <= 0.97
    assert difference((1, 2), (0, 0)) == (-1.0, 1.0)
    # Newcombe's own example: 56 of 70 against 48 of 80.
    assert difference((56, 70), (48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-4)
