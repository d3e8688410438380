"""What goes with a result when like is compared with like: pure functions over arrays, one element a deal.

Deals are compared only within their stratum (kind, size band and rep), so that neither the kind of deal nor the rep
can pass for an effect of the practice. All shares and differences are between -1 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import md5
from math import sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Truth = NDArray[np.bool_]
Real = NDArray[np.float64]

FEWEST_DEALS: Final = 100
FEWEST_IN_ARM: Final = 30
FEWEST_OUTCOMES: Final = 10
FEWEST_REPS: Final = 5
MOST_OF_ONE: Final = 0.4
"""No rep may stand for more than this share of an arm."""
_NORMAL: Final = NormalDist()
_Z: Final = _NORMAL.inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Arm:
    """Deals with (or without) a practice: how many, how many of them won, how many reps, the share of the busiest."""

    deals: int
    won: int
    reps: int
    busiest: float

    @property
    def share(self) -> float:
        """The share that was won; 0 in an empty arm."""
        return self.won / self.deals if self.deals else 0.0


@dataclass(frozen=True, slots=True)
class Effect:
    """The difference in the share won, with less without, within strata: its 95 % interval and two-sided p.

    The arms hold the deals of strata with both arms, for all others tell nothing; `informed` is the share of all deals
    that they are. `value` is None where no stratum has both: then the arms hold all deals and nothing else is known.
    """

    with_it: Arm
    without: Arm
    value: float | None = None
    low: float = 0.0
    high: float = 0.0
    p: float = 1.0
    informed: float = 0.0

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.value is not None and (self.low > 0 or self.high < 0)


def bands(amounts: Real) -> Whole:
    """The size band of each deal, of 5, 10 or 20 equally full ones for up to 5,000, up to 20,000 and more deals; -1
    where the amount is not known (nan)."""
    known = ~np.isnan(amounts)
    found = np.full(len(amounts), -1, dtype=np.int64)
    if known.any():
        n = 5 if len(amounts) <= 5_000 else 10 if len(amounts) <= 20_000 else 20
        edges = np.quantile(amounts[known], np.linspace(0, 1, n + 1)[1:-1])
        found[known] = np.searchsorted(edges, amounts[known], side="right")
    return found


def strata(*parts: Whole) -> Whole:
    """One number, from 0 on without gaps, for each combination of the parts that occurs."""
    frame = pl.DataFrame({str(at): part for at, part in enumerate(parts)})
    return frame.select(pl.struct(pl.all()).rank("dense").cast(pl.Int64) - 1).to_series().to_numpy()


def compare(stratum: Whole, rep: Whole, done: Truth, won: Truth) -> Effect:
    """The Mantel-Haenszel difference with Sato's variance over the strata that have both arms.

    `stratum` and `rep` are small numbers from 0 on, as `strata` makes them; some may be missing.
    """
    size = int(stratum.max()) + 1 if len(stratum) else 0
    # Four kinds of deal in each stratum, counted in one pass.
    counts = np.bincount(stratum * 4 + done * 2 + won, minlength=4 * size).reshape(size, 4).astype(np.float64)
    b, a = counts[:, 1], counts[:, 3]
    n0, n1 = counts[:, 0] + b, counts[:, 2] + a
    both = (n0 > 0) & (n1 > 0)
    if not both.any():
        return Effect(_arm(rep, done, won), _arm(rep, ~done, won))
    told = both[stratum]
    arms = _arm(rep, told & done, won), _arm(rep, told & ~done, won)
    a, b, n1, n0 = a[both], b[both], n1[both], n0[both]
    n = n1 + n0
    weight = float((n1 * n0 / n).sum())
    value = float(((a * n0 - b * n1) / n).sum()) / weight
    p_sum = float(((n1**2 * b - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / n**2).sum())
    q_sum = float(((a * (n0 - b) + b * (n1 - a)) / (2 * n)).sum())
    error = sqrt(max(0.0, value * p_sum + q_sum)) / weight
    p = 2 * (1 - _NORMAL.cdf(abs(value) / error)) if error else 1.0
    return Effect(*arms, value, value - _Z * error, value + _Z * error, p, float(n.sum()) / len(stratum))


def _arm(rep: Whole, chosen: Truth, won: Truth) -> Arm:
    deals = int(chosen.sum())
    of_rep = np.bincount(rep[chosen]) if deals else np.zeros(1)
    return Arm(deals, int((chosen & won).sum()), int((of_rep > 0).sum()), float(of_rep.max()) / max(1, deals))


def lacking(effect: Effect) -> str:
    """Why a comparison may not be shown, as a sentence without its full stop; empty when it may be."""
    arms = (("with it", effect.with_it), ("without it", effect.without))
    total = sum(arm.deals for _, arm in arms)
    found = [_missing(FEWEST_DEALS - total, "that can be compared")]
    for word, arm in arms:
        lost = arm.deals - arm.won
        found += [_missing(FEWEST_IN_ARM - arm.deals, word), _missing(FEWEST_OUTCOMES - arm.won, f"won {word}"),
                  _missing(FEWEST_OUTCOMES - lost, f"not won {word}")]
    if effect.value is None:
        found.append("cannot be told apart from the rep: nobody has comparable deals both with and without it")
    for word, arm in arms:
        if arm.reps < FEWEST_REPS:
            found.append(f"not enough people: deals {word} are those of fewer than {FEWEST_REPS}")
        if arm.busiest > MOST_OF_ONE:
            found.append(f"rests on one person: more than {MOST_OF_ONE:.0%} of the deals {word} are one person's")
    return next(filter(None, found), "")


def _missing(n: int, which: str) -> str:
    return f"not enough yet: {n} more deals {which} are needed" if n > 0 else ""


def e_value(effect: Effect, *, of_limit: bool = False) -> float:
    """How strongly, as a risk ratio, something unseen would have to go with both the practice and winning to explain
    the difference away; `of_limit`: to move the interval onto zero. 1: nothing is needed."""
    base, value = effect.without.share, effect.value
    if value is None or base <= 0:
        return 1.0
    near = effect.low if value > 0 else effect.high
    if of_limit:
        # An interval that holds zero needs nothing unseen to hold it.
        value = near if (near > 0) == (value > 0) else 0.0
    ratio = max(base + value, 1e-9) / base
    ratio = 1 / ratio if ratio < 1 else ratio
    return ratio + sqrt(ratio * (ratio - 1))


def is_offered(salt: str, deal: int) -> bool:
    """The coin that decides for a deal whether a tip is offered on it; the same whenever it is asked."""
    return md5(f"{salt}/{deal}".encode(), usedforsecurity=False).digest()[0] < 128
