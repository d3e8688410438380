"""The comparison of practices against figures worked out by hand, and against worlds whose truth is known."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from metrics._effect import Arm, Effect, bands, compare, e_value, is_offered, lacking, strata


def effect_of(rows: list[tuple[int, bool, bool, int]]) -> Effect:
    """The comparison over (stratum, done, won, how many), with a rep a stratum."""
    flat = [(stratum, done, won) for stratum, done, won, n in rows for _ in range(n)]
    groups, done, won = (np.array(part) for part in zip(*flat, strict=True))
    return compare(groups.astype(np.int64), groups.astype(np.int64), done.astype(np.bool_), won.astype(np.bool_))


# Two strata: 10 of 20 won with it and 4 of 20 without; 5 of 30 with it and 2 of 20 without.
TWO = [(0, True, True, 10), (0, True, False, 10), (0, False, True, 4), (0, False, False, 16),
       (1, True, True, 5), (1, True, False, 25), (1, False, True, 2), (1, False, False, 18)]  # fmt: skip


def test_difference_and_interval_are_those_worked_out_by_hand() -> None:
    found = effect_of(TWO)
    weight = 20 * 20 / 40 + 30 * 20 / 50
    value = ((10 * 20 - 4 * 20) / 40 + (5 * 20 - 2 * 30) / 50) / weight
    p = (400 * 4 - 400 * 10 + 0) / 1600 + (900 * 2 - 400 * 5 + 600 * (20 - 30) / 2) / 2500
    q = (10 * 16 + 4 * 10) / 80 + (5 * 18 + 2 * 25) / 100
    error = sqrt(value * p + q) / weight
    assert found.value == pytest.approx(value)
    assert (found.low, found.high) == (pytest.approx(value - 1.959964 * error), pytest.approx(value + 1.959964 * error))
    assert (found.with_it.deals, found.with_it.won, found.without.deals, found.without.won) == (50, 15, 40, 6)


def test_a_stratum_with_one_arm_tells_nothing_and_is_not_counted() -> None:
    alone = [*TWO, (2, True, True, 90)]
    found, plain = effect_of(alone), effect_of(TWO)
    assert (found.value, found.low, found.with_it) == (plain.value, plain.low, plain.with_it)
    assert found.informed == pytest.approx(90 / 180)


def test_simpsons_reversal_is_seen_through() -> None:
    # In each stratum it helps by ten points, while the plain shares say that it harms by thirty.
    found = effect_of([(0, True, True, 18), (0, True, False, 2), (0, False, True, 64), (0, False, False, 16),
                       (1, True, True, 16), (1, True, False, 64), (1, False, True, 2), (1, False, False, 18)])
    assert found.value == pytest.approx(0.1)
    assert found.with_it.share < found.without.share


def test_where_no_rep_varies_it_cannot_be_told_apart_from_the_rep() -> None:
    rows = [(rep, rep < 6, won, 20) for rep in range(12) for won in (True, False)]
    found = effect_of(rows)
    assert found.value is None
    assert "cannot be told apart from the rep" in lacking(found)


def arm(deals: int = 100, won: int = 50, reps: int = 8, busiest: float = 0.2) -> Arm:
    return Arm(deals, won, reps, busiest)


@pytest.mark.parametrize(("with_it", "without", "why"), [
    (arm(), arm(), ""),
    (arm(40, 20), arm(59, 20), "1 more deals that can be compared"),
    (arm(29, 14), arm(), "1 more deals with it"),
    (arm(), arm(28, 14), "2 more deals without it"),
    (arm(won=9), arm(), "1 more deals won with it"),
    (arm(), arm(won=93), "3 more deals not won without it"),
    (arm(reps=4), arm(), "deals with it are those of fewer than 5"),
    (arm(), arm(busiest=0.41), "rests on one person"),
])  # fmt: skip
def test_below_the_least_nothing_may_be_shown(with_it: Arm, without: Arm, why: str) -> None:
    said = lacking(Effect(with_it, without, 0.1, 0.05, 0.15))
    assert (why in said) if why else said == ""


def test_the_e_value_is_that_of_vanderweele_and_ding() -> None:
    found = Effect(arm(won=40), arm(won=20), 0.2, 0.05, 0.35)
    assert e_value(found) == pytest.approx(2 + sqrt(2))
    assert e_value(found, of_limit=True) == pytest.approx(1.25 + sqrt(1.25 * 0.25))
    harm = Effect(arm(won=10), arm(won=20), -0.1, -0.19, -0.01)
    assert e_value(harm) == pytest.approx(2 + sqrt(2))
    assert e_value(Effect(arm(), arm(), 0.1, -0.1, 0.3), of_limit=True) == 1.0


def test_bands_are_equally_full_and_as_many_as_deals_allow() -> None:
    amounts = np.arange(10_000, dtype=np.float64)
    amounts[:100] = np.nan
    found = bands(amounts)
    assert set(found[:100]) == {-1}
    assert set(found[100:]) == set(range(10))
    assert max(np.bincount(found[100:])) - min(np.bincount(found[100:])) <= 1
    assert len(set(bands(np.arange(5_000.0)))) == 5
    assert len(set(bands(np.arange(20_001.0)))) == 20


def test_strata_number_what_occurs_without_gaps() -> None:
    found = strata(np.array([1, 1, 2, 2]), np.array([7, 7, 7, 9]))
    assert found[0] == found[1]
    assert set(found) == {0, 1, 2}


def test_the_coin_is_fair_and_stays_as_it_fell() -> None:
    tosses = [is_offered("salt", deal) for deal in range(10_000)]
    assert 4_800 < sum(tosses) < 5_200
    assert tosses == [is_offered("salt", deal) for deal in range(10_000)]
    assert tosses != [is_offered("other", deal) for deal in range(10_000)]


def test_intervals_hold_the_truth_where_plain_shares_mislead() -> None:
    held = misled = 0
    for seed in range(60):
        dice = np.random.default_rng(seed)
        rep = dice.integers(0, 40, 4_000)
        skill = dice.normal(0, 0.12, 40)[rep]
        done = dice.random(4_000) < 1 / (1 + np.exp(-12 * skill))
        won = dice.random(4_000) < np.clip(0.4 + skill + 0.04 * done, 0, 1)
        found, plain = compare(rep, rep, done, won), compare(np.zeros_like(rep), rep, done, won)
        held += found.low <= 0.04 <= found.high
        misled += not plain.low <= 0.04 <= plain.high
    assert held >= 54
    assert misled >= 50
