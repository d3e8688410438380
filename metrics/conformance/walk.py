"""The two ways of deciding that go step by step: an answer for each activation of its own, and the playbook.

Both depend on what was taken before, so a statement over all rows at once cannot say it; they walk the few events of
each touched object. Where attributes are missing or events tie, every possible world is walked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice, permutations, product
from typing import Any, Final, NamedTuple

import duckdb

PENDING, FULFILLED, VIOLATED, UNKNOWN, WAIVED = 0, 1, 2, 5, 6
# With more possible worlds than this, what they disagree about is found by looking at this many of them.
_WORLDS: Final = 512
_MISSING, _TIED = "an attribute of a possible answer is missing", "only the order of events of one moment would tell"
_ACTS: Final = """SELECT a.rule, a.obj, a.seq, a.t, a.pos, a.sure, a.due_t, a.template, a.optional, a.steps, a.anchored,
    CASE WHEN f.closed_t >= a.t THEN f.closed_t END AS closed_t, a.team, a.channel, a.actor
    FROM act a LEFT JOIN fact_new f USING (obj) WHERE a.role = 1 AND a.look = $look
    ORDER BY a.rule, a.obj, a.pos, a.seq"""
_MARKS: Final = """SELECT m.rule, m.obj, m.role, m.seq, m.t, m.pos, m.sure FROM mark m
    SEMI JOIN (FROM act WHERE role = 1 AND look = $look) USING (rule, obj) WHERE m.role > 1"""
_CANDS: Final = """SELECT c.rule, c.obj, c.seq, c.t_seq, c.paired FROM cand c
    SEMI JOIN (FROM act WHERE look = 'match') USING (rule, obj, seq)"""


class Mark(NamedTuple):
    """An event some role of a rule looks at; `sure` is None where an attribute is missing."""

    rule: int
    obj: int
    role: int
    seq: int
    t: int
    pos: int
    sure: bool | None


@dataclass(slots=True)
class Act:
    """An activation as the statement `_ACTS` gives it."""

    rule: int
    obj: int
    seq: int
    t: int
    pos: int
    sure: bool | None
    due_t: int | None
    template: str
    optional: int
    steps: int
    anchored: bool
    closed_t: int | None
    team: int
    channel: int
    actor: int


class Found(NamedTuple):
    """What one world says of one activation: its verdict, the event that decided, and when."""

    verdict: int
    seq: int | None = None
    t: int | None = None


World = tuple[Mapping[int, int], Callable[[int, int], bool]]
"""The place of each event in one possible order, and whether an event counts for an activation or a role."""
Reading = Callable[[Sequence[Act], Sequence[Mark], World], Mapping[int, Found]]


def match(acts: Sequence[Act], marks: Sequence[Mark], world: World) -> Mapping[int, Found]:
    """Each activation takes the first target of its own in its window; looking back, before it."""
    place, fits = world
    targets = sorted((m for m in marks if m.role == 2), key=lambda m: place[m.seq])
    stops = sorted((m for m in marks if m.role == 3 and fits(-3, m.seq)), key=lambda m: place[m.seq])
    taken: set[int] = set()
    found: dict[int, Found] = {}
    for act in sorted((a for a in acts if fits(0, a.seq)), key=lambda a: place[a.seq]):
        here, back = place[act.seq], act.template == "precedence"
        due = act.due_t if act.due_t is not None else 2**62
        free = [m for m in targets if m.seq not in {act.seq, *taken} and fits(-2, m.seq) and fits(act.seq, m.seq)]
        free = [m for m in free if (place[m.seq] < here if back else place[m.seq] > here)]
        hit = next((m for m in free if (m.t >= act.t - (due - act.t) if back else m.t <= due)), None)
        stop = None if back else next((m for m in stops if place[m.seq] > here and m.t <= due), None)
        late = not back and any(m.t > due for m in free)
        if hit and not (stop and place[stop.seq] < place[hit.seq]):
            taken.add(hit.seq)
            found[act.seq] = Found(FULFILLED, hit.seq, max(hit.t, act.t))
        elif stop:
            found[act.seq] = Found(WAIVED, None, stop.t)
        elif back or late or act.closed_t is not None:
            ends = [act.t] if back else [moment for moment in (act.closed_t, act.due_t) if moment is not None]
            found[act.seq] = Found(VIOLATED, None, max(min(ends), act.t))
        else:
            found[act.seq] = Found(PENDING)
    return found


def steps(acts: Sequence[Act], marks: Sequence[Mark], world: World) -> Mapping[int, Found]:
    """Whether the first occurrences of the steps from each activation on come in their order."""
    return {act.seq: _playbook(act, marks, world) for act in acts}


def _playbook(act: Act, marks: Sequence[Mark], world: World) -> Found:
    place, fits = world
    first: list[Mark | None] = []
    begin = -1 if act.anchored else place[act.seq]
    for step in range(act.steps):
        seen = [m for m in marks if m.role == 10 + step and place[m.seq] >= begin and fits(-m.role, m.seq)]
        first.append(min(seen, key=lambda m: place[m.seq], default=None))
    required = [i for i in range(act.steps) if not act.optional >> i & 1]
    done = [mark for i in required if (mark := first[i]) is not None]
    last = max(done, key=lambda m: place[m.seq], default=None) if len(done) == len(required) else None
    broken = _first_break(first, act.optional, place)
    if broken and (last is None or place[broken.seq] < place[last.seq]):
        return Found(VIOLATED, broken.seq, broken.t)
    if last and (act.due_t is None or last.t <= act.due_t):
        return Found(FULFILLED, last.seq, max(last.t, act.t))
    if last or act.closed_t is not None:
        return Found(VIOLATED, None, min(m for m in (act.closed_t, act.due_t) if m is not None))
    return Found(PENDING)


def _first_break(first: Sequence[Mark | None], optional: int, place: Mapping[int, int]) -> Mark | None:
    """The event that shows a step out of its order: one before a required step, or an optional one too late."""
    shown = []
    for i, earlier in enumerate(first):
        for later in first[i + 1 :]:
            if later is None or (earlier and place[earlier.seq] <= place[later.seq]):
                continue
            if not optional >> i & 1:
                shown.append(later)
            elif earlier:
                shown.append(earlier)
    return min(shown, key=lambda m: place[m.seq], default=None)


_READINGS: Final[Mapping[str, Reading]] = {"match": match, "steps": steps}
WALKED: Final = tuple(_READINGS)


def walk(con: duckdb.DuckDBPyConnection, look: str) -> None:
    """Add the bindings of all rules decided this way (`match` or `steps`) to the temp table `bind_new`."""
    acts: dict[tuple[int, int], list[Act]] = defaultdict(list)
    for row in con.execute(_ACTS, {"look": look}).fetchall():
        acts[row[0], row[1]].append(Act(*row))
    marks: dict[tuple[int, int], list[Mark]] = defaultdict(list)
    for row in con.execute(_MARKS, {"look": look}).fetchall():
        marks[row[0], row[1]].append(Mark(*row))
    pairs: dict[tuple[int, int], dict[tuple[int, int], bool | None]] = defaultdict(dict)
    if look == "match":
        for rule, obj, seq, target, paired in con.execute(_CANDS).fetchall():
            pairs[rule, obj][seq, target] = paired
    rows = [
        row
        for key, group in acts.items()
        for row in _decided(group, marks[key], pairs[key] if look == "match" else None, _READINGS[look])
    ]
    if rows:
        columns = list(zip(*rows, strict=True))
        con.execute(
            "INSERT INTO bind_new SELECT unnest($c0), unnest($c1), unnest($c2), unnest($c3), "
            "unnest($c4::BIGINT[]), unnest($c5::BIGINT[]), unnest($c6::BIGINT[]), unnest($c7::UTINYINT[]), "
            "unnest($c8), unnest($c9), unnest($c10), unnest($c11)",
            {f"c{i}": list(column) for i, column in enumerate(columns)},
        )


def _decided(
    acts: Sequence[Act],
    marks: Sequence[Mark],
    pairs: Mapping[tuple[int, int], bool | None] | None,
    reading: Reading,
) -> Iterator[tuple[Any, ...]]:
    asked: dict[tuple[int, int], bool | None] = dict(pairs) if pairs is not None else {}
    asked.update({(-m.role, m.seq): m.sure for m in marks})
    asked.update({(0, a.seq): a.sure for a in acts})
    unsure = [key for key, value in asked.items() if value is None]
    events = {m.seq: m.pos for m in marks} | {a.seq: a.pos for a in acts}
    told: dict[int, list[Found]] = defaultdict(list)
    possible = product(_orders(events), product((True, False), repeat=len(unsure)))
    for order, values in islice(possible, _WORLDS):
        filled = asked | dict(zip(unsure, values, strict=True))
        places = {seq: i for i, seq in enumerate(order)}
        seen = reading(acts, marks, (places, partial(_fits, filled)))
        for seq, found in seen.items():
            told[seq].append(found)
    for act in acts:
        yield _row(act, told[act.seq], _MISSING if unsure else _TIED)


def _fits(filled: Mapping[tuple[int, int], bool | None], a: int, b: int) -> bool:
    return bool(filled.get((a, b)))


def _row(act: Act, told: Sequence[Found], doubt: str) -> tuple[Any, ...]:
    verdicts, best, reason = {found.verdict for found in told}, told[0], ""
    if act.sure is None:
        best, reason = Found(UNKNOWN, None, act.t), "an attribute of the activation is missing"
    elif verdicts == {PENDING, VIOLATED}:
        best = Found(PENDING)
    elif len(verdicts) > 1:
        best, reason = Found(UNKNOWN, None, act.t), doubt
    elif best.verdict == WAIVED:
        reason = "released"
    elif best.verdict == VIOLATED and best.seq is None and act.closed_t is not None:
        reason = "ended without it"
    moments = (best.seq, best.t, act.due_t)
    return act.rule, act.obj, act.seq, act.t, *moments, best.verdict, reason, act.team, act.channel, act.actor


def _orders(events: Mapping[int, int]) -> Iterator[Sequence[int]]:
    """Every order the events may have happened in; those that share a pos are open."""
    ranked = sorted(events, key=lambda seq: (events[seq], seq))
    groups = [list(same) for _, same in groupby(ranked, key=lambda seq: events[seq])]
    for choice in product(*(list(islice(permutations(group), _WORLDS)) for group in groups)):
        yield [seq for group in choice for seq in group]
