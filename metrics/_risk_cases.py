"""The indicators of open cases: how they are handed on, and what is about to be missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from metrics._risk_kit import ENOUGH, Indicator, Row, fixed

STATUTORY: Final = ("PRV", "CMP")
"""Rules whose clock is set by law or a regulator, by the beginning of their ids."""


@dataclass(frozen=True, slots=True)
class Queue:
    """How promises of a rule and team fared: the moments at which some were met, and the share unanswered after."""

    n: int
    times: NDArray[np.float64]
    left: NDArray[np.float64]

    @classmethod
    def of(cls, waited: Sequence[int], met: Sequence[bool]) -> Queue:
        """By Kaplan and Meier; what was never met is censored when its time was over."""
        times, hits = np.asarray(waited, float), np.asarray(met, bool)
        order = np.lexsort((~hits, times))
        times, hits = times[order], hits[order]
        at_risk = np.arange(len(times), 0, -1)
        return cls(len(times), times[hits], np.cumprod(1.0 - 1.0 / at_risk[hits]))

    def unanswered(self, after: float) -> float:
        """The share still unanswered so long (microseconds) after the question."""
        place = int(np.searchsorted(self.times, after, side="right"))
        return float(self.left[place - 1]) if place else 1.0


def miss_chance(queue: Queue | None, promise: Row, now_t: int) -> float | None:
    """The chance that a promise still open now is not met by its deadline; None while too few were decided."""
    if queue is None or queue.n < ENOUGH:
        return None
    so_far = queue.unanswered(now_t - promise["t"])
    return queue.unanswered(promise["due_t"] - promise["t"]) / so_far if so_far else None


def promises(rows: Sequence[Row], queues: Mapping[tuple[int, int], Queue], now_t: int) -> dict[int, dict[str, Any]]:
    """What is pending, case by case: its next deadline, the greatest chance to miss one, the least legal time left."""
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        case = found.setdefault(row["obj"], {"due_t": row["due_t"], "late": None, "late_rule": "", "legal": None,
                                             "legal_rule": "", "queue_n": 0})
        case["due_t"] = min(case["due_t"], row["due_t"])
        queue = queues.get((row["rule"], row["team"]))
        chance = miss_chance(queue, row, now_t)
        if chance is not None and chance > (case["late"] or -1):
            case |= {"late": chance, "late_rule": row["title"], "queue_n": queue.n if queue else 0}
        left = (row["due_t"] - now_t) / max(1, row["due_t"] - row["t"])
        if row["id"].startswith(STATUTORY) and (case["legal"] is None or left < case["legal"]):
            case |= {"legal": left, "legal_rule": row["title"]}
    return found


_C: Final = ("case",)
_ANY: Final = ("case", "deal", "customer")
CASES: Final[Sequence[Indicator]] = (
    Indicator("K16", "Ping-pong", _C, "risk_cases", "count",
              lambda row, _: float(row["transfers"]) if row["bare"] else None, fixed(3),
              "handed on {value} times, {bare} of them with no answer to the customer between", "Hand-offs by word of "
              "mouth.", needs=("transfer",)),
    Indicator("K17", "Channel hop", _C, "risk_cases", "count",
              lambda row, _: None if row["channels"] is None else float(row["channels"]), fixed(3),
              "the customer came on {value} channels within 7 days", "Channels whose talk was not tied to the case.",
              needs=("msg.in", "call.in")),
    Indicator("K18", "Likely to miss a promise", _ANY, "risk_queue", "share", lambda row, _: row["late"], fixed(0.5),
              "{late_rule}: missed by the deadline with a chance of {value}, by {queue_n} decided lately",
              "What makes this case differ from others of its queue."),
    Indicator("K19", "Legal clock runs out", _ANY, "risk_pending", "share", lambda row, _: row["legal"],
              fixed(0.25), "{legal_rule}: {value} of its time is left", "Extensions not recorded.", below=True),
)
