"""How long something takes when part of it is not over yet: the Kaplan-Meier estimate and its quantiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import exp, inf, log, sqrt
from operator import itemgetter
from typing import Final

_Z: Final = 1.959964
# Below this many at risk the estimate's tail says nothing.
FEWEST_AT_RISK: Final = 5


@dataclass(frozen=True, slots=True)
class Survival:
    """At each of `times` the share that still goes on just after it, with its 95 % interval; `n` were watched and
    `ended` of them came to an end, the others still went on when last seen."""

    times: Sequence[float]
    share: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    n: int
    ended: int


@dataclass(frozen=True, slots=True)
class Quantile:
    """A length of time and its 95 % interval, in the unit of the durations; None where it was not reached."""

    value: float | None
    low: float | None
    high: float | None


def survival(spans: Iterable[tuple[float, bool]]) -> Survival:
    """The curve from (duration, has it ended); what ended and what was last seen at the same time: ends first.

    The interval is Greenwood's on the scale of log(-log), which stays within 0 and 1.
    """
    ordered = sorted(spans)
    times, share, low, high = list[float](), list[float](), list[float](), list[float]()
    at_risk, going, variance, ended = len(ordered), 1.0, 0.0, 0
    for time, group in groupby(ordered, key=itemgetter(0)):
        sides = [has_ended for _, has_ended in group]
        over = sum(sides)
        if over:
            ended += over
            going *= 1 - over / at_risk
            variance += over / (at_risk * (at_risk - over)) if at_risk > over else inf
            bounds = _bounds(going, variance)
            times.append(time)
            share.append(going)
            low.append(bounds[0])
            high.append(bounds[1])
        at_risk -= len(sides)
    return Survival(times, share, low, high, len(ordered), ended)


def _bounds(going: float, variance: float) -> tuple[float, float]:
    if going <= 0:
        return 0.0, 0.0
    theta = _Z * sqrt(variance) / log(going)
    return going ** exp(-theta), going ** exp(theta)


def quantile(curve: Survival, part: float) -> Quantile:
    """The time by which `part` (0.5 is the median) has ended; the interval is that of Brookmeyer and Crowley."""
    return Quantile(*(_first(curve.times, side, 1 - part) for side in (curve.share, curve.low, curve.high)))


def _first(times: Sequence[float], side: Sequence[float], level: float) -> float | None:
    # A share reached by products may miss the level by a rounding.
    return next((time for time, value in zip(times, side, strict=True) if value <= level + 1e-12), None)


def ended_by(curve: Survival, time: float) -> float:
    """The share that has ended by then."""
    reached = [share for at, share in zip(curve.times, curve.share, strict=True) if at <= time]
    return 1 - (reached[-1] if reached else 1.0)
