"""How cases really flow: which activity directly followed which, how often, and how long it took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from metrics._contract import Filters, Metric, Read, ask
from metrics._words import EVERYTHING, code, codes, words
from metrics.case import CaseRow, to_rows

METRIC = Metric(
    "process",
    "How cases flow",
    "Pairs of activities that directly followed each other in a case, counted on the day "
    "of the later one; time is the mean between the two.",
    "Steps that no connected system records; pairs are joined over what is missing.",
)

# Which type of case is shown when nobody chose one: the first of these that has arcs.
PREFERRED: Final = ("opportunity", "ticket", "case", "lead", "conversation", "contact")
NOT_CASES: Final = ("account", "person", "message", "product", "campaign", "quote")
ANY_STEP: Final = "*"
COVERAGE: Final = {1: 0.4, 2: 0.58, 3: 0.74, 4: 0.9, 5: 1.0}


@dataclass(frozen=True, slots=True)
class Arc:
    """`source` was directly followed by `target` n times, on average `mean_us` later; '' is start or end.

    Where several types of case are looked at together `otype` says whose arc it is. What only following the cases
    tells is None where the arc comes from sums: in how many `cases` it occurred, the median and the ninth decile of the
    time between, how often it led `back` to an activity the case had been at before.
    """

    source: str
    target: str
    n: int
    mean_us: float
    otype: str = ""
    cases: int | None = None
    p50_us: float | None = None
    p90_us: float | None = None
    back: int | None = None

    @property
    def key(self) -> str:
        """The arc as one word."""
        return (f"{self.otype}|" if self.otype else "") + f"{self.source}>{self.target}"

    @property
    def wait_us(self) -> float:
        """All time that was spent on it."""
        return self.n * self.mean_us


@dataclass(frozen=True, slots=True)
class Flow:
    """The arcs of one type of case, most frequent first."""

    otype: str
    arcs: Sequence[Arc]


def case_types(read: Read) -> list[str]:
    """Types of objects that are followed as cases, preferred ones first."""
    found = set(words(read, "object_type").values()) - {"", *NOT_CASES}
    rank = {name: place for place, name in enumerate(PREFERRED)}
    return sorted(found, key=lambda name: (rank.get(name, len(rank)), name))


def flow(read: Read, filters: Filters, now_t: int) -> Flow:
    """The arcs in the span of days, for the chosen type of case or the first that has any."""
    types = [filters.otype] if filters.otype else case_types(read)
    for otype in types:
        params = {
            **codes(read, filters),
            "otype": code(read, "object_type", otype),
            "first_day": filters.first_day(now_t),
        }
        rows = ask(read, "arcs", params)
        if rows:
            names = words(read, "activity")
            arcs = [
                Arc(
                    names.get(r["source"], ""),
                    names.get(r["target"], ""),
                    int(r["n"]),
                    max(0.0, float(r["dt"]) / float(r["n"])),
                )
                for r in rows
            ]
            return Flow(otype, sorted(arcs, key=lambda arc: (-arc.n, arc.key)))
    return Flow(types[0] if types else "case", [])


def chosen(arcs: Sequence[Arc], detail: int, sticky: frozenset[str] = frozenset()) -> list[Arc]:
    """The arcs worth drawing at a level of detail.

    The most frequent ones up to a share of all steps, and for each activity shown its most frequent way in and out,
    so that none hangs loose. What was shown before (`sticky`) stays while it exists, so the picture keeps still.
    """
    total, wanted, seen = sum(arc.n for arc in arcs), set(sticky), 0
    for arc in arcs:
        if seen >= COVERAGE[detail] * total and len(wanted) >= 4:
            break
        wanted.add(arc.key)
        seen += arc.n
    into: dict[str, Arc] = {}
    out_of: dict[str, Arc] = {}
    for arc in arcs:
        if arc.source != arc.target:
            into.setdefault(arc.target, arc)
            out_of.setdefault(arc.source, arc)
    reached = {name for arc in arcs if arc.key in wanted for name in (arc.source, arc.target)}
    while reached:
        ways = [side[name] for name in reached for side in (into, out_of) if name in side]
        more = {way.key: way for way in ways}
        reached = {name for key, way in more.items() if key not in wanted for name in (way.source, way.target)}
        wanted |= set(more)
    return [arc for arc in arcs if arc.key in wanted]


def visits(arcs: Sequence[Arc]) -> dict[str, int]:
    """How often each activity took place: each event is the target of one arc and the source of one at most.

    Under a team or channel filter the arc before an event may belong to others; then what follows it is counted.
    """
    into: dict[str, int] = defaultdict(int)
    out_of: dict[str, int] = defaultdict(int)
    for arc in arcs:
        into[arc.target] += arc.n
        out_of[arc.source] += arc.n
    return {name: max(into[name], out_of[name]) for name in into.keys() | out_of.keys() if name}


def arc_cases(read: Read, filters: Filters, now_t: int, arc: str) -> list[CaseRow]:
    """Cases that took the step `source>target`, of the 3,000 that moved latest in the span."""
    source, _, target = arc.partition(">")
    otype = filters.otype or flow(read, filters, now_t).otype
    params = {
        **codes(read, filters),
        "otype": code(read, "object_type", otype),
        "first_day": filters.first_day(now_t),
        "source": step_code(read, source),
        "target": step_code(read, target),
    }
    recent = ask(read, "arc_recent", params)
    if not recent:
        return []
    # Each statement's bounds come from the one before it, as numbers: the store can then skip what lies outside.
    params |= {"objs": [r["obj"] for r in recent], "since_t": min(r["first_t"] for r in recent)}
    taken = {r["obj"] for r in ask(read, "arc_cases", params)}
    return to_rows(read, [r for r in recent if r["obj"] in taken][:50])


def step_code(read: Read, word: str) -> int:
    """0 for the empty word (start or end), EVERYTHING for any step."""
    return EVERYTHING if word == ANY_STEP else code(read, "activity", word) if word else 0
