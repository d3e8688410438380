"""Choosing cases: what a selection means, read slowly from what was told; in earlier periods and for each persona."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from data.errors import NotAllowed
from data.scope import Role, Scope
from data.store import Store
from metrics import _discovery, causes, compare, drift, throughput, variants
from metrics._contract import DAY, Filters, Read
from metrics._selection import CUSTOMER, Cohort, Selection, before, length_us, now
from tests.metrics._process_world import MIDDLE, NOW_T, PEOPLE, REGIONS, Deal, deals, told

MANAGER = Scope(Role.MANAGER, teams=None)
KNOWN = deals()
SPAN_DAYS = {"7d": 7, "30d": 30, "all": 40_000}


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    made, writer = told(KNOWN)
    yield made
    writer.stop()
    made.close()


def picks(dice: random.Random) -> Selection:
    """Some selection, mostly of one or two conditions."""
    chosen = Selection(via=tuple(dice.sample(MIDDLE, dice.choice((0, 0, 1, 2)))))
    if dice.random() < 0.4:
        chosen = replace(chosen, without=(dice.choice([a for a in MIDDLE if a not in chosen.via]),))
    if dice.random() < 0.4:
        known = tuple(("region", region) for region in dice.sample(REGIONS, dice.choice((1, 2))))
        chosen = replace(chosen, known=known)
    if dice.random() < 0.3:
        chosen = replace(chosen, longer=dice.choice(("1d", "8h", "10d")))
    return replace(chosen, state=dice.choice(("", "", "open", "closed")))


def fits(deal: Deal, chosen: Selection, from_t: int, to_t: int) -> bool:
    """The meaning of a selection, condition by condition, as of a moment."""
    steps = [s for s in deal.steps if s.t < to_t]
    if not steps or steps[-1].t < from_t:
        return False
    names = {s.activity for s in steps}
    ended = deal.ended_t is not None and deal.ended_t < to_t
    return (
        set(chosen.via) <= names
        and not set(chosen.without) & names
        and (not chosen.known or ("region", deal.region) in chosen.known)
        and steps[-1].t - steps[0].t >= length_us(chosen.longer)
        and (not chosen.state or (chosen.state == "closed") == ended)
    )


def ids(cohort: Cohort) -> set[str]:
    rows = cohort.over("fit_recent", {"limit": 10_000})
    names = {r["obj"]: r["id"] for r in cohort.read("SELECT obj, id FROM object", {})}
    return {names[row["obj"]] for row in rows}


@pytest.mark.parametrize("seed", range(12))
def test_chosen_cases_their_arcs_and_variants_are_those_a_plain_reading_finds(store: Store, seed: int) -> None:
    dice = random.Random(seed)
    chosen, span = picks(dice), dice.choice(list(SPAN_DAYS))
    filters = Filters(span=span, pick=chosen.text)
    read = Read(store.read, MANAGER)
    for cohort in (now(read, filters, NOW_T), before(read, filters, NOW_T)):
        to_t = NOW_T + DAY if cohort.to_t is None else cohort.to_t
        wanted = [deal for deal in KNOWN if fits(deal, chosen, cohort.from_t, to_t)]
        assert ids(cohort) == {deal.id for deal in wanted}
        assert cohort.picked().total == len(wanted)
        counted: Counter[str] = Counter()
        back: Counter[str] = Counter()
        for deal in wanted:
            names = [s.activity for s in deal.steps if s.t < to_t]
            counted.update(f"{a}>{b}" for a, b in pairwise(["", *names, ""]))
            back.update(f"{a}>{b}" for i, (a, b) in enumerate(pairwise(names), 1) if b in names[:i])
        found = _discovery.followed(cohort)
        assert {arc.key: arc.n for arc in found} == counted
        assert {arc.key: arc.back for arc in found if arc.back} == back
    from_t = now(read, filters, NOW_T).from_t
    ways = Counter(tuple(s.activity for s in d.steps) for d in KNOWN if fits(d, chosen, from_t, NOW_T + DAY))
    listed = variants.variants(read, filters, NOW_T, limit=1000)
    assert {tuple(row.steps): row.n for row in listed.rows} == ways
    assert (listed.count, listed.total) == (len(ways), ways.total())


def test_the_other_cases_are_all_that_the_conditions_leave_out(store: Store) -> None:
    filters = Filters(span="all", pick=Selection(via=("quote.sent",)).text, versus="rest")
    left, right = compare.sides(Read(store.read, MANAGER), filters, NOW_T)
    assert ids(left) | ids(right) == {deal.id for deal in KNOWN}
    assert not ids(left) & ids(right)


@pytest.mark.parametrize("seed", range(40))
def test_an_address_says_the_selection_again(seed: int) -> None:
    chosen = picks(random.Random(seed))
    odd = replace(chosen, known=(*chosen.known, ("cause; of", "50 %=a:b")), types=("deal;x", CUSTOMER))
    assert Selection.parse(odd.text) == odd
    assert Selection.parse(chosen.text) == chosen


def test_nonsense_in_an_address_chooses_nothing_more() -> None:
    assert Selection.parse("foo:bar;longer:soon;state:lost;is:region;;via:") == Selection()


def test_a_sample_is_taken_evenly_and_said(store: Store) -> None:
    cohort = now(Read(store.read, MANAGER), Filters(span="all"), NOW_T)
    found = cohort.picked(100)
    assert found.total == len(KNOWN)
    assert found.is_sample
    assert 70 <= len(found.objs) <= 130
    # From all of history, not only from its beginning or its end.
    assert min(found.objs) < len(KNOWN) // 10
    assert max(found.objs) > len(KNOWN) * 9 // 10


def test_open_deals_count_as_long_as_they_have_lasted(store: Store) -> None:
    found = throughput.times(Read(store.read, MANAGER), Filters(span="all"), NOW_T)
    still = [deal for deal in KNOWN if deal.ended_t is None]
    assert (found.whole.n, found.whole.open) == (len(KNOWN), len(still))
    ended_only = sorted(d.ended_t - d.steps[0].t for d in KNOWN if d.ended_t is not None)
    assert found.whole.median.value is not None
    # Leaving the open ones out would make it look faster than it is.
    assert found.whole.median.value > ended_only[len(ended_only) // 2]
    quoted = next(stay for stay in found.steps if stay.name == "quote.sent")
    last = sum(d.ended_t is None and d.steps[-1].activity == "quote.sent" for d in KNOWN)
    assert (quoted.n, quoted.open) == (sum(s.activity == "quote.sent" for d in KNOWN for s in d.steps), last)


def test_each_persona_sees_the_courses_of_its_own_cases(store: Store) -> None:
    filters = Filters(span="all", pick="via:quote.sent")
    quoted = [deal for deal in KNOWN if any(s.activity == "quote.sent" for s in deal.steps)]
    owner = PEOPLE["sales"][0]
    wanted = {
        Scope(Role.MANAGER, teams=frozenset({"sales"})): {d.id for d in quoted if d.steps[0].team == "sales"},
        Scope(Role.OFFICER): {d.id for d in quoted},
        Scope(Role.REP, owner): {d.id for d in quoted if d.steps[-1].actor == owner},
    }
    for scope, expected in wanted.items():
        read = Read(store.read, scope)
        assert ids(now(read, filters, NOW_T)) == expected
        found = _discovery.discovered(read, filters, NOW_T)
        assert sum(arc.n for arc in found.arcs if not arc.source) == len(expected)
        assert variants.variants(read, filters, NOW_T).total == len(expected)
        assert throughput.times(read, filters, NOW_T).total == len(expected)
        assert causes.causes(read, filters, NOW_T).judged <= len(expected)
        assert compare.compared(read, replace(filters, versus="rest"), NOW_T).left.total == len(expected)
    with pytest.raises(NotAllowed):
        drift.drift(Read(store.read, Scope(Role.REP, owner)), filters, NOW_T)
    administrator = Read(store.read, Scope(Role.ADMINISTRATOR))
    for look in (_discovery.discovered, variants.variants, throughput.times, compare.compared, causes.causes,
                 drift.drift):
        with pytest.raises(NotAllowed):
            look(administrator, filters, NOW_T)


def test_an_owner_is_neither_a_segment_nor_a_cause(store: Store) -> None:
    from_all = causes.causes(Read(store.read, MANAGER), Filters(span="all"), NOW_T)
    assert from_all.looked
    assert "owner" in causes.NEVER
    assert all(row.factor.name != "owner" for row in from_all.rows)
