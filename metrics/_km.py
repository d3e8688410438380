"""How long things last when some are not over yet: Kaplan-Meier's estimate, its quantiles and their intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt
from typing import Final

_Z: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Quantile:
    """A length by which a share of all is over, with its 95 % interval. None: not reached while we looked."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """The share that is not over after each length: `steps` of length, share, and the variance of log(-log(share)).

    `n` all, `ended` those that are over; the others are counted for as long as they have lasted (censored).
    """

    n: int
    ended: int
    steps: Sequence[tuple[float, float, float]]

    def left(self, length: float) -> float:
        """The share that lasts longer than this, 0 to 1."""
        share = 1.0
        for at, after, _ in self.steps:
            if at > length:
                break
            share = after
        return share

    def quantile(self, share: float) -> Quantile:
        """The length by which this share (0 to 1) is over; the interval after Brookmeyer and Crowley (1982), on the
        scale log(-log)."""
        target = 1.0 - share
        value = next((at for at, after, _ in self.steps if after <= target + 1e-12), None)
        low = next((at for at, after, var in self.steps if _bound(after, var, -1) <= target + 1e-12), None)
        high = next((at for at, after, var in self.steps if _bound(after, var, 1) <= target + 1e-12), None)
        return Quantile(value, low, high)


def _bound(share: float, variance: float, side: int) -> float:
    """The lower (-1) or upper (1) end of the 95 % interval of a share that is left."""
    if share >= 1.0:
        return 1.0
    if share <= 0.0:
        return 0.0 if side < 0 or variance == inf else share
    return exp(-exp(log(-log(share)) - side * _Z * sqrt(variance)))


def kaplan_meier(rows: Iterable[tuple[float, bool, int]]) -> Curve:
    """The curve of (length, is over, how many). Of equal lengths those that end go before those that go on."""
    ends: dict[float, int] = defaultdict(int)
    goes: dict[float, int] = defaultdict(int)
    for length, is_over, n in rows:
        (ends if is_over else goes)[length] += n
    at_risk = n = sum(ends.values()) + sum(goes.values())
    share, summed, steps = 1.0, 0.0, list[tuple[float, float, float]]()
    for length in sorted({*ends, *goes}):
        over = ends.get(length, 0)
        if over:
            summed += over / (at_risk * (at_risk - over)) if at_risk > over else inf
            share *= 1 - over / at_risk
            steps.append((length, share, summed / log(share) ** 2 if 0 < share < 1 else inf))
        at_risk -= over + goes.get(length, 0)
    return Curve(n, sum(ends.values()), steps)
