"""Differences of shares with their intervals, and what is left of many once it is told how many were looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from metrics.rates import wilson

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Difference:
    """Share `k1` of `n1` less share `k0` of `n0`, its 95 % interval (Newcombe's, from two Wilson intervals), and how
    likely a difference as great is where there is none (`p`, two-sided score test)."""

    k1: int
    n1: int
    k0: int
    n0: int
    value: float
    low: float
    high: float
    p: float


def difference(k1: int, n1: int, k0: int, n0: int) -> Difference:
    """The difference of two shares; both groups hold somebody."""
    share1, share0, pooled = k1 / n1, k0 / n0, (k1 + k0) / (n1 + n0)
    (low1, high1), (low0, high0) = wilson(k1, n1), wilson(k0, n0)
    value = share1 - share0
    low = value - sqrt((share1 - low1) ** 2 + (high0 - share0) ** 2)
    high = value + sqrt((high1 - share1) ** 2 + (share0 - low0) ** 2)
    error = sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n0))
    p = 2 * (1 - _NORMAL.cdf(abs(value) / error)) if error else 1.0
    return Difference(k1, n1, k0, n0, value, low, high, p)


def adjusted(p_values: Sequence[float]) -> list[float]:
    """The values of Benjamini and Hochberg, in the order given: keeping those up to 0.05 lets at most one in twenty
    of what is kept be there by chance."""
    order = sorted(range(len(p_values)), key=lambda i: -p_values[i])
    found, least = [0.0] * len(p_values), 1.0
    for rank, i in zip(range(len(order), 0, -1), order, strict=True):
        least = min(least, p_values[i] * len(order) / rank)
        found[i] = least
    return found
