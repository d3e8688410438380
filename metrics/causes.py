"""What goes with a slow or a broken course: differences between cases that had something early on and those that had
not, with intervals, and told how many were looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from metrics._bh import Difference, adjusted, difference
from metrics._contract import DAY, Filters, Metric, Read, ask
from metrics._km import kaplan_meier
from metrics._marks import marks
from metrics._people import fold_small, teams
from metrics._selection import Cohort, length_us, now
from metrics._words import words
from metrics.case import CaseRow, to_rows

METRIC = Metric(
    "causes",
    "What goes with it",
    "Cases that were slow (longer than the chosen time, else than three quarters of all) or broke a rule: their share "
    "among cases that had something early on, less that among the others, with Newcombe's interval of 95 %. Only what "
    "was known in the first quarter of that time (a day for broken rules) counts, only cases that still went on "
    "then, and only cases begun long enough ago to be judged. Shown where Benjamini-Hochberg keeps it at 5 %, with 30 "
    "cases on each side, 10 bad and 10 good, and a difference of at least 3 points.",
    "What goes with slowness need not cause it: groups differ in more than one thing, and what no system records is "
    "not compared.",
)

SLOW, BROKEN = "slow", "broken"
FEWEST: Final = 30
FEWEST_OF_EACH: Final = 10
LEAST: Final = 0.03
KEPT: Final = 0.05
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS: Final = ("0 to 6", "6 to 12", "12 to 18", "18 to 24")
# They name people or are a case's own words, or tell the outcome itself.
NEVER: Final = ("owner", "name", "title", "email", "subject", "user", "assignee", "agent", "manager", "resource")


@dataclass(frozen=True, slots=True)
class Factor:
    """Something that was true of some cases near their beginning. `kind`: activity, team, channel, attribute (then
    `name` is which), weekday or hour (UTC)."""

    kind: str
    name: str
    value: str

    @property
    def key(self) -> str:
        """The factor as one word."""
        return f"{self.kind}|{self.name}|{self.value}"


@dataclass(frozen=True, slots=True)
class Cause:
    """A factor and what goes with it: bad cases of those with it less bad cases of those without. `objs`: some bad
    ones that had it."""

    factor: Factor
    share: Difference
    q: float
    objs: Sequence[int]


@dataclass(frozen=True, slots=True)
class Causes:
    """What was found, the greatest difference first. Of `judged` cases `bad` were slow (longer than `threshold_us`) or
    broken; `looked` factors were compared; `young` cases cannot be judged yet."""

    outcome: str
    threshold_us: int
    judged: int
    bad: int
    young: int
    looked: int
    rows: Sequence[Cause]
    is_sample: bool = False


def causes(read: Read, filters: Filters, now_t: int, outcome: str = SLOW) -> Causes:
    """What goes with slow (or broken) cases of the page's selection."""
    cohort, longer = _cohort(read, filters, now_t)
    cases = _cases(cohort, now_t)
    threshold = longer or _three_quarters(cases)
    if outcome == BROKEN:
        within, judged = DAY, [(r, bool(r["broken"])) for r in cases if r["ended"] or r["broken"]]
    else:
        within, judged = threshold // 4, _slow(cases, threshold, now_t)
    kept = [(r, bad) for r, bad in judged if r["span"] >= within or outcome == BROKEN]
    bad = sum(is_bad for _, is_bad in kept)
    picked = cohort.picked()
    empty = Causes(outcome, threshold, len(kept), bad, len(cases) - len(judged), 0, [], picked.is_sample)
    if min(bad, len(kept) - bad) < FEWEST_OF_EACH:
        return empty
    rows = _factors(read, kept, {"within_us": within, "steps": outcome == SLOW, "since_t": picked.since_t})
    arms = [(factor, arm) for factor, arm in rows if min(arm.n, len(kept) - arm.n) >= FEWEST]
    shares = [difference(arm.bad, arm.n, bad - arm.bad, len(kept) - arm.n) for _, arm in arms]
    q_values = adjusted([share.p for share in shares])
    found = [Cause(factor, share, q, arm.some) for (factor, arm), share, q in zip(arms, shares, q_values, strict=True)]
    worth = [cause for cause in found if cause.q <= KEPT and abs(cause.share.value) >= LEAST]
    return replace(empty, looked=len(arms), rows=sorted(worth, key=lambda c: (-abs(c.share.value), str(c.factor))))


def _cohort(read: Read, filters: Filters, now_t: int) -> tuple[Cohort, int]:
    """The selection without its own "takes longer than", which is the question here and not a condition."""
    cohort = now(read, filters, now_t)
    longer = length_us(cohort.chosen.longer)
    return replace(cohort, chosen=replace(cohort.chosen, longer="", state=""), memo={}), longer


def _cases(cohort: Cohort, now_t: int) -> list[dict[str, Any]]:
    known = marks(cohort.read, Filters())
    rules = [number for number in known.shown if known.rows[number]["kind"] == "violation"]
    params = {**known.params(), "rules": rules, "objs": cohort.picked().objs}
    cases = cohort.picked()
    broken = {row["obj"] for row in ask(cohort.read, "cause_broken", params)} if cases.objs else set()
    rows = zip(cases.objs, cases.began, cases.spans(now_t), strict=True)
    return [
        {"obj": obj, "first_t": began, "span": span, "ended": ended, "broken": obj in broken}
        for obj, began, (span, ended) in rows
    ]


def _three_quarters(cases: Sequence[Mapping[str, Any]]) -> int:
    """The time that a quarter of the cases exceed; 0 when not even a quarter has ended."""
    curve = kaplan_meier((row["span"], row["ended"], 1) for row in cases)
    value = curve.quantile(0.75).value
    # Where too many are open the median of those that ended still tells slow from fast.
    value = value if value is not None else curve.quantile(0.5).value
    return int(value or 0)


def _slow(
    cases: Sequence[dict[str, Any]], threshold: int, now_t: int
) -> list[tuple[dict[str, Any], bool]]:
    # A case that began too recently to have been slow is left out even where it has ended: those that end at once
    # would otherwise be over-represented among the youngest.
    return [(row, row["span"] > threshold) for row in cases if threshold and now_t - row["first_t"] > threshold]


@dataclass(frozen=True, slots=True)
class _Arm:
    n: int
    bad: int
    some: list[int]


def _factors(
    read: Read, kept: Sequence[tuple[dict[str, Any], bool]], params: dict[str, Any]
) -> list[tuple[Factor, _Arm]]:
    names = words(read, "attribute")
    rows = ask(
        read,
        "causes",
        {
            **params,
            "objs": [row["obj"] for row, _ in kept],
            "began": [row["first_t"] for row, _ in kept],
            "bad": [is_bad for _, is_bad in kept],
            "never": [number for number, name in names.items() if name.lower() in NEVER],
        },
    )
    shown = fold_small(teams(read))
    found: dict[Factor, _Arm] = {}
    for row in rows:
        factor = _factor(read, row, shown)
        if factor:
            one = found.get(factor, _Arm(0, 0, []))
            found[factor] = _Arm(one.n + row["n"], one.bad + row["bad"], one.some + (row["some"] or []))
    return sorted(found.items(), key=lambda pair: str(pair[0]))


def _factor(read: Read, row: Mapping[str, Any], shown: Mapping[int, str]) -> Factor | None:
    kind, number = row["kind"], row["code"]
    if kind == "team":
        return Factor(kind, "", shown[number]) if number in shown else None
    if kind == "attribute":
        name = words(read, "attribute").get(number, "")
        return Factor(kind, name, row["value"])
    if kind in {"weekday", "hour"}:
        return Factor(kind, "", (DAYS if kind == "weekday" else HOURS)[number])
    return Factor(kind, "", words(read, kind).get(number, ""))


def cases(read: Read, filters: Filters, now_t: int, word: str) -> list[CaseRow]:
    """The bad cases of an outcome, the slowest first; of "outcome|factor" some of those that had it."""
    outcome, _, key = word.partition("|")
    if key:
        rows = causes(read, filters, now_t, outcome).rows
        objs = next((cause.objs for cause in rows if cause.factor.key == key), [])
        return to_rows(read, [{"obj": obj, "t": 0} for obj in objs[:50]])
    cohort, longer = _cohort(read, filters, now_t)
    found = _cases(cohort, now_t)
    if outcome == BROKEN:
        bad = [row for row in found if row["broken"]]
    else:
        bad = [row for row, is_slow in _slow(found, longer or _three_quarters(found), now_t) if is_slow]
    worst = sorted(bad, key=lambda row: (-row["span"], row["obj"]))[:50]
    return to_rows(read, [{"obj": row["obj"], "t": row["first_t"]} for row in worst])
