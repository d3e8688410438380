"""The review queue's own figures: how long items wait, how they are closed, and how often a signal was right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from data.reviews import DISPOSITIONS
from metrics._contract import DAY, SECOND, Metric, Read, ask

METRIC = Metric(
    "review",
    "Review queue",
    "Items are breaches, signals for review and a sample of the rest; age counts from when an item came into the "
    "queue. Reviewed: closed with a disposition in the last 30 days. Hasty: closed within 5 seconds of the "
    "reviewer's last look into the item, or without one. Right: confirmed / (confirmed + not a breach), with "
    "Wilson's 95% interval.",
    "What reviewers discussed elsewhere, and whether they read what they had open.",
)

DAYS: Final = 30
HASTY_US: Final = 5 * SECOND
HASTY_SHARE: Final = 0.2
"""Above this share of hasty reviews the queue is said to be rubber-stamped."""
FEWEST: Final = 10
"""With fewer judgements than this a precision says nothing yet."""
_Z: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the queue as a whole. Ages are microseconds, None while nothing waits; what was `closed`,
    `hasty`, `made` and `sampled` counts items of the last DAYS days, `reviewers` the people who closed them."""

    open: int
    half_us: int | None
    most_us: int | None
    closed: int
    reviewers: int
    hasty: int
    made: int
    sampled: int

    @property
    def is_stamped(self) -> bool:
        """Too many reviews were closed too fast to have been reviews."""
        return self.closed >= FEWEST and self.hasty > HASTY_SHARE * self.closed


@dataclass(frozen=True, slots=True)
class Precision:
    """How often a rule of the kind `review` was right. `share` and its interval are None below FEWEST judgements:
    not measured."""

    rule: str
    title: str
    severity: str
    hits: int
    misses: int

    @property
    def judged(self) -> int:
        """Signals that were confirmed or found to be none."""
        return self.hits + self.misses

    @property
    def share(self) -> float | None:
        """Confirmed of those judged, 0 to 1."""
        return self.hits / self.judged if self.judged >= FEWEST else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95% interval of the share."""
        return wilson(self.hits, self.judged) if self.judged >= FEWEST else None


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95% interval of a share after Wilson (1927); (0, 1) where nothing was counted."""
    if not n:
        return 0.0, 1.0
    share, spread = hits / n, _Z * _Z / n
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt((share * (1 - share) + spread / 4) / n) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def health(read: Read, now_t: int) -> Health:
    """How the queue is kept now."""
    (row,) = ask(read, "review_health", _window(now_t))
    return Health(**row)


def hasty(read: Read, now_t: int, limit: int) -> Sequence[Mapping[str, Any]]:
    """The cases (`obj`) of hasty reviews and when (`t`) they were closed, newest first."""
    return ask(read, "review_hasty", {**_window(now_t), "limit": limit})


def precision(read: Read) -> dict[str, Precision]:
    """Rule id -> how often it was right, for every active rule that only raises signals."""
    rows = ask(read, "review_judged", {})
    return {r["id"]: Precision(r["id"], r["title"], r["severity"], r["hits"], r["misses"]) for r in rows}


def _window(now_t: int) -> dict[str, Any]:
    return {"now_t": now_t, "since_t": now_t - DAYS * DAY, "hasty_us": HASTY_US, "closing": list(DISPOSITIONS)}
