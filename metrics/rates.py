"""Conformance of each rule over time: how many activations were met, how many not, how many cannot be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any, Final

from metrics._contract import DAY, SPANS, Filters, Metric, Read, ask
from metrics._marks import Marks, marks, order
from metrics.coverage import left_out

METRIC = Metric(
    "rates",
    "Conformance by rule",
    "Fulfilled / (fulfilled + violated) of the activations that began in the span, by the day on which they began; "
    "a prohibition that was kept counts as fulfilled, an overdue promise as violated. The interval is Wilson's "
    "at 95 %. Pending, unknown and waived ones are in neither number. Below ten decided ones no rate is shown.",
    "Activations that no source recorded; rules whose events no source brings are left out.",
)

FEWEST: Final = 10
"""Below so many decided activations a rate would say more than is known."""
MOST_STEPS: Final = 45
PENDING, FULFILLED, VIOLATED, HOLDING, KEPT, UNKNOWN, WAIVED = range(7)


@dataclass(slots=True)
class Counts:
    """Activations by what became of them. `overdue` are those of the violated ones that can still be met."""

    met: int = 0
    violated: int = 0
    pending: int = 0
    unknown: int = 0
    waived: int = 0
    overdue: int = 0

    @property
    def decided(self) -> int:
        """What the rate rests on."""
        return self.met + self.violated

    @property
    def activations(self) -> int:
        """All of them."""
        return self.decided + self.pending + self.unknown + self.waived

    @property
    def rate(self) -> float | None:
        """The share that was met, from 0 to 1; None where too few are decided."""
        return self.met / self.decided if self.decided >= FEWEST else None

    def add(self, verdict: int, n: int) -> None:
        """Count n activations with a verdict; n may be negative."""
        if verdict in (FULFILLED, KEPT):
            self.met += n
        elif verdict == VIOLATED:
            self.violated += n
        elif verdict in (PENDING, HOLDING):
            self.pending += n
        elif verdict == UNKNOWN:
            self.unknown += n
        else:
            self.waived += n


@dataclass(frozen=True, slots=True)
class RuleRate:
    """One rule: its totals in the span, and the same in steps of `step_days` from `first_day` (days since 1970)."""

    id: str
    title: str
    severity: str
    kind: str
    pack: str
    total: Counts
    first_day: int
    step_days: int
    steps: Sequence[Counts] = field(default_factory=list)


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of k in n, from 0 to 1; (0, 1) when n is 0."""
    if not n:
        return 0.0, 1.0
    z = 1.959964
    middle, spread = k + z * z / 2, z * sqrt(k * (n - k) / n + z * z / 4)
    return max(0.0, (middle - spread) / (n + z * z)), min(1.0, (middle + spread) / (n + z * z))


def rates(read: Read, filters: Filters, now_t: int) -> list[RuleRate]:
    """Every rule that the filters name and some source can feed: those with activations, gravest first, then the
    least conformant."""
    at_t = filters.asof_t or now_t
    rules = marks(read, filters, left_out(read, now_t))
    first, step = _steps(read, filters, at_t)
    params = {
        **rules.params(),
        **order(read, filters),
        "now_t": at_t,
        "first_day": first,
        "first_t": first * DAY,
        "step_days": step,
    }
    n_steps = (at_t // DAY - first) // step + 1
    found = _count(_moves(read, filters, params))
    rows = [_rule(rules, code, found[code], (first, step, n_steps)) for code in rules.shown]
    codes = {row["id"]: code for code, row in rules.rows.items()}
    return sorted(rows, key=lambda r: (not r.total.activations, rules.rank(codes[r.id]), _worst(r.total), r.title))


def _steps(read: Read, filters: Filters, at_t: int) -> tuple[int, int]:
    """The first day, and the days a step has so that there are not too many."""
    first = filters.first_day(at_t)
    if filters.span == "all":
        told = read("SELECT min(day) AS day FROM agg_rule", {})[0]["day"]
        first = at_t // DAY if told is None else min(told, at_t // DAY)
    days = at_t // DAY - first + 1
    return first, 7 if SPANS[filters.span] == SPANS["90d"] else max(1, -(-days // MOST_STEPS))


def _moves(read: Read, filters: Filters, params: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Rows of rule, step, verdict and n, and `was` where they move from one verdict to another."""
    if filters.asof_t:
        return ask(read, "asof_days", params)
    return [*ask(read, "rates_days", params), *ask(read, "rates_open", params), *ask(read, "rates_young", params)]


def _count(rows: Iterable[Mapping[str, Any]]) -> dict[int, dict[int, Counts]]:
    found: dict[int, dict[int, Counts]] = defaultdict(lambda: defaultdict(Counts))
    for row in rows:
        counts = found[row["rule"]][row["step"]]
        counts.add(row["verdict"], int(row["n"]))
        if row.get("was") is not None:
            counts.add(row["was"], -int(row["n"]))
        is_overdue = row.get("was") == PENDING and row["verdict"] == VIOLATED
        counts.overdue += int(row["n"]) if is_overdue else int(row.get("overdue") or 0)
    return found


def _rule(rules: Marks, code: int, steps: Mapping[int, Counts], axis: tuple[int, int, int]) -> RuleRate:
    first, days, n = axis
    row, total = rules.rows[code], Counts()
    for counts in steps.values():
        for name in Counts.__slots__:
            setattr(total, name, getattr(total, name) + getattr(counts, name))
    told = {key: row[key] for key in ("id", "title", "severity", "kind", "pack")}
    each = [steps.get(place, Counts()) for place in range(n)]
    return RuleRate(**told, total=total, first_day=first, step_days=days, steps=each)


def _worst(total: Counts) -> float:
    return total.rate if total.rate is not None else 2 - (total.violated > 0)
