"""The map of what the chosen cases did: from the sums kept while events arrive where these serve, else by following
the cases one by one; and where on it rules were broken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from data.scope import Role
from metrics import process
from metrics._contract import DAY, Filters, Read, ask
from metrics._marks import marks
from metrics._selection import CUSTOMER, FAR_T, MOST, Cohort, Picked, Selection, now, types_of
from metrics._words import codes, words
from metrics.case import CaseRow, to_rows
from metrics.process import Arc

# Rules that look back from what activates them: their breach lies on the step that led there.
_BACKWARD: Final = frozenset(("precedence", "chain_precedence", "not_precedence", "absence", "sum_at_most"))
LATEST_BREACHES: Final = 2_000
_RECENT: Final = 3_000
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Map:
    """The arcs of the chosen cases, most frequent first. `cases` is None where they come from sums, which count steps
    of the span's days; otherwise whole courses of these cases were followed. `broken`: breaches by arc and rule."""

    types: Sequence[str]
    arcs: Sequence[Arc]
    cases: Picked | None
    broken: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def discovered(read: Read, filters: Filters, now_t: int) -> Map:
    """The map of the page's selection."""
    chosen = Selection.parse(filters.pick)
    types = list(chosen.types) or types_of(read, filters, chosen)[:1]
    by_sums = not chosen.narrows and CUSTOMER not in types and read.scope.role is not Role.REP
    several = len(types) > 1
    arcs: list[Arc] = []
    cases = None
    for name in types:
        if by_sums:
            found = process.flow(read, replace(filters, otype=name), now_t).arcs
        else:
            cohort = replace(now(read, filters, now_t), chosen=replace(chosen, types=(name,)), memo={})
            found = followed(cohort)
            cases = cohort.picked() if cases is None else cases.plus(cohort.picked())
        arcs += [replace(arc, otype=name) for arc in found] if several else found
    arcs.sort(key=lambda arc: (-arc.n, arc.key))
    objs = None if cases is None or not chosen.narrows else cases.objs
    return Map(types, arcs, cases, _broken(read, filters, (now_t, types, objs)))


def followed(cohort: Cohort, most: int = MOST) -> list[Arc]:
    """The arcs of the cohort's cases, each followed from its beginning, most frequent first."""
    cases = cohort.picked(most)
    params = {"objs": cases.objs, "since_t": cases.since_t, "to_t": FAR_T if cohort.to_t is None else cohort.to_t}
    rows = ask(cohort.read, "course_arcs_party" if cohort.by_party else "course_arcs", params) if cases.objs else []
    names = words(cohort.read, "activity")
    # Types that share a cohort are one map.
    summed: dict[tuple[int, int], dict[str, Any]] = {}
    for row in rows:
        at = summed.setdefault((row["source"], row["target"]), row)
        if at is not row:
            at.update({key: at[key] + row[key] for key in ("n", "cases", "dt", "back")}, p50=None, p90=None)
    arcs = [_arc(names, row) for row in summed.values()]
    return sorted(arcs, key=lambda arc: (-arc.n, arc.key))


def _arc(names: Mapping[int, str], row: Mapping[str, Any]) -> Arc:
    mean = max(0.0, float(row["dt"]) / row["n"])
    times = {"p50_us": row["p50"], "p90_us": row["p90"]}
    pair = (names.get(row["source"], ""), names.get(row["target"], ""))
    return Arc(*pair, row["n"], mean, cases=row["cases"], back=row["back"], **times)


def _broken(
    read: Read, filters: Filters, about: tuple[int, Sequence[str], list[int] | None]
) -> dict[str, dict[str, int]]:
    """Breaches by arc and title of the rule, of the latest ones in the span; reviews are no breaches."""
    now_t, types, objs = about
    known = marks(read, filters)
    rules = read("SELECT code, template, otype FROM rule WHERE active", {})
    back = [row["code"] for row in rules if row["template"] in _BACKWARD]
    about_these = {row["code"] for row in rules if row["otype"] in types}
    names, activities = words(read, "object_type"), words(read, "activity")
    from_t = max(0, filters.first_day(now_t)) * DAY
    params = {
        **codes(read, filters),
        **known.params(),
        "rules": [
            number for number in known.shown if number in about_these and known.rows[number]["kind"] == "violation"
        ],
        "back": back,
        "types": [number for number, name in names.items() if name in types],
        "from_t": from_t,
        "to_t": FAR_T,
        "since_t": 0 if back else from_t,
        "everybody": objs is None,
        "objs": objs or [],
        "most": LATEST_BREACHES,
    }
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in ask(read, "breach_arcs", params):
        otype = names.get(row["otype"], "") if len(types) > 1 else ""
        pair = (activities.get(row["source"], ""), activities.get(row["target"], ""))
        found[Arc(*pair, row["n"], 0.0, otype).key][known.rows[row["rule"]]["title"]] += row["n"]
    return {key: dict(rules) for key, rules in found.items()}


def recent(cohort: Cohort, limit: int = _SHOWN) -> list[CaseRow]:
    """The cohort's cases that moved latest."""
    return to_rows(cohort.read, cohort.over("fit_recent", {"limit": limit}))


def arc_cases(read: Read, filters: Filters, now_t: int, arc: str) -> list[CaseRow]:
    """Chosen cases that took the step `source>target` or `type|source>target`, of those that moved latest."""
    otype, mark, step = arc.rpartition("|")
    chosen = Selection.parse(filters.pick)
    chosen = replace(chosen, types=(otype,)) if mark else chosen
    cohort = replace(now(read, filters, now_t), chosen=chosen, memo={})
    rows = cohort.over("fit_recent", {"limit": _RECENT})
    if not rows:
        return []
    source, _, target = step.partition(">")
    params = {
        "objs": [row["obj"] for row in rows],
        "since_t": min(row["first_t"] for row in rows),
        "source": process.step_code(read, source),
        "target": process.step_code(read, target),
    }
    taken = {row["obj"] for row in ask(read, "arc_cases", params)}
    return to_rows(read, [row for row in rows if row["obj"] in taken][:_SHOWN])


def latest(read: Read, filters: Filters, now_t: int) -> list[CaseRow]:
    """The chosen cases that moved latest."""
    return recent(now(read, filters, now_t))
