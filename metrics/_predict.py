"""Chances from the past: ridge logistic regression, judged on later cases than it learnt from, or silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FEWEST_CASES: Final = 100
FEWEST_OF_EACH: Final = 30
FEWEST_LATER: Final = 10
"""So many cases, so many of either outcome to learn from, and so many of the rarer one to be judged by."""
LARGEST_ERROR: Final = 0.10
"""A greater calibration error than this, and no chance is shown."""
_EARLIER: Final = 2 / 3
_BINS: Final = (3, 10)
_IN_A_BIN: Final = 100
_Z: Final = 1.644854


@dataclass(frozen=True, slots=True)
class Model:
    """Weights over standardised features; the first is the constant."""

    weights: Array
    mean: Array
    scale: Array

    def chance(self, x: Array) -> Array:
        """The chance of each row, from 0 to 1."""
        z = self.weights[0] + ((x - self.mean) / self.scale) @ self.weights[1:]
        return 1.0 / (1.0 + np.exp(-np.clip(z, -30, 30)))


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows of about the same chance: how many, the chance told, and the share that came true."""

    n: int
    told: float
    true: float


@dataclass(frozen=True, slots=True)
class Quality:
    """How the chances fared on later cases. `error` is the mean distance between told and true over the bins;
    `plain_brier` is what always telling the earlier share would have scored, and `gain` the least by which the chances
    did better (one-sided 95 %, looks at the same case taken together)."""

    n: int
    n_learnt: int
    share: float
    auc: float
    brier: float
    plain_brier: float
    error: float
    gain: float
    bins: Sequence[Bin]

    @property
    def is_good(self) -> bool:
        """Whether the chances say more than the plain share does, and mean what they say."""
        return self.gain > 0 and self.error <= LARGEST_ERROR


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows to learn from: features, outcome (0 or 1), the case, when it was looked at and when the outcome was known;
    moments in microseconds."""

    x: Array
    y: Array
    case: NDArray[np.int64]
    at_t: NDArray[np.int64]
    known_t: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model and how good it is, or why there is none: `silence` is then a sentence."""

    model: Model | None
    quality: Quality | None
    silence: str = ""


def fit(x: Array, y: Array, *, ridge: float = 1.0, rounds: int = 25) -> Model:
    """Ridge logistic regression by iteratively reweighted least squares; the constant is not shrunk."""
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    design = np.column_stack([np.ones(len(x)), (x - mean) / scale])
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 1e-6
    weights = np.zeros(design.shape[1])
    for _ in range(rounds):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (y - p) - penalty * weights
        bend = (design * (p * (1 - p))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return Model(weights, mean, scale)


def auc(p: Array, y: Array) -> float:
    """The chance that a true row was given more than a false one; ties count half."""
    values, place = np.unique(p, return_inverse=True)
    n_true, n_false = np.bincount(place, y, len(values)), np.bincount(place, 1 - y, len(values))
    below = np.cumsum(n_false) - n_false
    total = n_true.sum() * n_false.sum()
    return float((n_true * (below + n_false / 2)).sum() / total) if total else 0.5


def calibration(p: Array, y: Array) -> tuple[list[Bin], float]:
    """Bins of equal size by rising chance, and the mean distance between told and true."""
    order = np.argsort(p, kind="stable")
    fewest, most = _BINS
    parts = [part for part in np.array_split(order, max(fewest, min(most, len(p) // _IN_A_BIN))) if len(part)]
    bins = [Bin(len(part), float(p[part].mean()), float(y[part].mean())) for part in parts]
    return bins, sum(one.n * abs(one.told - one.true) for one in bins) / max(1, len(p))


def learn(sample: Sample) -> Learnt:
    """Learn from the earlier two thirds, be judged by what was looked at later, then learn from all of it."""
    reason = _too_few(sample.y, sample.case)
    if reason:
        return Learnt(None, None, reason)
    last = {int(case): int(t) for case, t in zip(sample.case, sample.known_t, strict=True)}
    cut = np.quantile(np.array(list(last.values())), _EARLIER)
    early, late = sample.known_t < cut, sample.at_t >= cut
    if _too_few(sample.y[early], sample.case[early], share=_EARLIER / 2) or _rarer(sample, late) < FEWEST_LATER:
        return Learnt(None, None, "too few later cases to be judged by yet")
    first = fit(sample.x[early], sample.y[early])
    told, true = first.chance(sample.x[late]), sample.y[late]
    bins, error = calibration(told, true)
    share = float(sample.y[early].mean())
    quality = Quality(
        n=int(late.sum()),
        n_learnt=int(early.sum()),
        share=share,
        auc=auc(told, true),
        brier=float(((told - true) ** 2).mean()),
        plain_brier=float(((share - true) ** 2).mean()),
        error=error,
        gain=_gain((share - true) ** 2 - (told - true) ** 2, sample.case[late]),
        bins=bins,
    )
    if not quality.is_good:
        reason = "on later cases it was not surely better than the plain share, or its chances were off"
        return Learnt(None, quality, reason)
    return Learnt(fit(sample.x, sample.y), quality)


def _gain(better: Array, case: NDArray[np.int64]) -> float:
    """The lower bound of a mean gain: what is said of one case at several moments is one observation."""
    _, place = np.unique(case, return_inverse=True)
    sums, n = np.bincount(place, better), len(better)
    mean = sums.sum() / n
    spread = np.sqrt(((sums - mean * np.bincount(place)) ** 2).sum()) / n
    return float(mean - _Z * spread)


def _rarer(sample: Sample, rows: Any) -> int:
    counts = [len(np.unique(sample.case[rows & (sample.y == word)])) for word in (0, 1)]
    return min(counts)


def _too_few(y: Array, case: NDArray[np.int64], *, share: float = 1.0) -> str:
    cases = len(np.unique(case))
    if cases < FEWEST_CASES * share:
        return f"not enough yet: {cases} of {FEWEST_CASES} cases"
    rarer = min(len(np.unique(case[y == word])) for word in (0, 1))
    if rarer < FEWEST_OF_EACH * share:
        return f"not enough yet: {rarer} of {FEWEST_OF_EACH} cases of the rarer outcome"
    return ""
