"""The figures against a history that is small enough to count by hand."""

from __future__ import annotations

from collections.abc import Iterator

import live_world
import pytest
from live_world import MANAGER, NOW_T, OFFICER, REP, SOUTHERNER, World

from layouts._place import in_order, place, rows_of
from metrics import live, process, sources, waiting
from metrics._contract import HOUR, SECOND, Filters, Read
from metrics._people import Team, fold_small, teams
from metrics._persons import in_case
from metrics.case import case, find, record
from metrics.process import Arc, chosen, visits

MINUTE = 60 * SECOND


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = live_world.make()
    yield made
    made.close()


def reading(world: World, person: live_world.Principal = MANAGER) -> Read:
    return Read(world.store.read, person.scope)


def test_the_last_hour_holds_three_events_and_the_one_before_none(world: World) -> None:
    found = live.pulse(reading(world), Filters(window="1h"), NOW_T)
    assert (found.total, found.before) == (3, 0)
    assert sum(found.inbound.counts) == 2
    assert {line.name: sum(line.counts) for line in found.by_channel} == {"email": 3}
    filtered = live.pulse(reading(world), Filters(window="8h", team="South"), NOW_T)
    assert filtered.total == 3


def test_teams_of_fewer_than_five_are_never_shown_alone(world: World) -> None:
    shown = fold_small(teams(reading(world)))
    assert sorted(set(shown.values())) in (["North", "other teams"], ["South", "other teams"])
    day = live.pulse(reading(world), Filters(window="24h"), NOW_T)
    assert "Tiny" not in {line.name for line in day.by_team}
    assert "Tiny" not in {row.team for row in live.feed(reading(world), Filters(), NOW_T)}


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ([9, 8, 7], ["t0", "t1", "t2"]),
        ([9, 8, 3, 4], ["other teams", "t0", "t1"]),
        ([9, 8, 3], ["other teams", "t0"]),
        ([3], ["other teams"]),
        ([], []),
    ],
)
def test_small_teams_fold_until_five_people_hide_each_other(sizes: list[int], shown: list[str]) -> None:
    folded = fold_small([Team(i, f"t{i}", n) for i, n in enumerate(sizes)])
    assert sorted(set(folded.values())) == shown
    hidden = [n for i, n in enumerate(sizes) if folded[i] == "other teams"]
    assert not hidden or sum(hidden) >= 5 or len(hidden) == len(sizes)


def test_two_customers_wait_and_the_longest_comes_first(world: World) -> None:
    found = waiting.waiting(reading(world), Filters(), NOW_T)
    assert [(w.customer, (NOW_T - w.since_t) // MINUTE) for w in found.rows] == [
        ("Customer 3", 300),
        ("Customer 2", 50),
    ]
    assert (found.total, found.oldest_t) == (2, NOW_T - 5 * HOUR)
    assert found.median_us == 175 * MINUTE
    assert [w.customer for w in waiting.waiting(reading(world), Filters(team="North"), NOW_T).rows] == [
        "Customer 2"
    ]
    assert [w.customer for w in waiting.waiting(reading(world, SOUTHERNER), Filters(), NOW_T).rows] == [
        "Customer 3"
    ]


def test_what_waits_on_a_rep_is_only_theirs(world: World) -> None:
    found = waiting.waiting(reading(world, REP), Filters(), NOW_T, owner=REP.actor)
    assert [w.customer for w in found.rows] == ["Customer 2"]


def test_a_case_tells_its_course_newest_first(world: World) -> None:
    read = reading(world)
    obj = find(read, "T-2")[0].label.obj
    found = case(read, obj)
    assert found is not None
    assert [step.activity for step in found.steps] == ["msg.in", "msg.out", "ticket.created"]
    assert found.label.customer == "Customer 2"
    told = record(read, found.steps[0].seq)
    assert told is not None
    assert told.row["source_id"] == "m2-50-inbound"
    assert {label.otype for label, _ in told.objects} == {"ticket", "contact"}
    assert case(reading(world, SOUTHERNER), obj) is None
    assert record(reading(world, SOUTHERNER), found.steps[0].seq) is None


def test_an_officer_reads_pseudonyms(world: World) -> None:
    read = reading(world, OFFICER)
    found = case(read, find(read, "T-1")[0].label.obj)
    assert found is not None
    assert {step.actor for step in found.steps if step.activity == "msg.out"} == {"Person"}
    shown = in_case(read, found, named=False)
    assert {step.actor[:7] for step in shown.steps if step.activity == "msg.out"} == {"Person "}


def test_the_flow_of_tickets_is_counted_step_by_step(world: World) -> None:
    found = process.flow(reading(world), Filters(otype="ticket"), NOW_T)
    counts = {arc.key: arc.n for arc in found.arcs}
    assert counts["ticket.created>msg.out"] == 3
    assert counts["msg.out>msg.in"] == 3
    assert counts["msg.in>msg.out"] == 1
    mean = next(arc.mean_us for arc in found.arcs if arc.key == "msg.in>msg.out")
    assert mean == 10 * MINUTE
    behind = process.arc_cases(reading(world), Filters(otype="ticket"), NOW_T, "msg.in>msg.out")
    assert [row.label.id for row in behind] == ["desk/T-1"]
    assert len(process.arc_cases(reading(world), Filters(otype="ticket"), NOW_T, "ticket.created>*")) == 3


ARCS = [
    Arc("", "a", 100, 0),
    Arc("a", "b", 90, 5),
    Arc("b", "c", 80, 5),
    Arc("c", "", 100, 0),
    Arc("b", "a", 20, 5),
    Arc("a", "x", 3, 5),
    Arc("x", "c", 3, 5),
]


def test_the_map_shows_the_frequent_steps_and_no_loose_ends() -> None:
    for detail in range(1, 6):
        shown = chosen(ARCS, detail)
        names = {n for arc in shown for n in (arc.source, arc.target)} - {""}
        assert names <= {arc.target for arc in shown}
        assert names <= {arc.source for arc in shown}
    assert len(chosen(ARCS, 5)) == len(ARCS)
    assert "a>x" not in {arc.key for arc in chosen(ARCS, 1)}
    assert "a>x" in {arc.key for arc in chosen(ARCS, 1, frozenset({"a>x"}))}
    assert visits(ARCS) == {"a": 120, "b": 100, "c": 100, "x": 3}


def test_the_map_runs_from_top_to_bottom() -> None:
    assert in_order(ARCS) == ["a", "b", "x", "c"]
    assert all(len(row) <= 2 for row in rows_of(ARCS, 2))


def test_graphviz_places_each_activity_and_step_once() -> None:
    placed = place(ARCS, 3)
    if placed is None:
        pytest.skip("Graphviz is not installed: run python tests/peers/install.py chromium")
    assert {node["key"] for node in placed["nodes"]} == {"a", "b", "c", "x", "start", "end"}
    assert sorted(edge["key"] for edge in placed["edges"]) == sorted(arc.key for arc in ARCS)
    depth = {node["key"]: node["at"][1] for node in placed["nodes"]}
    assert depth["start"] < depth["a"] < depth["b"] < depth["c"] < depth["end"]
    back = next(edge for edge in placed["edges"] if edge["key"] == "b>a")
    assert back["tip"][1] < back["path"][0][1], "a step back is drawn upwards"
    assert place(ARCS[::-1], 3) is placed


def test_a_source_is_never_called_well_when_it_is_not(world: World) -> None:
    row = sources.sources(reading(world), NOW_T)[0]
    assert row.health(NOW_T) == "ok"
    assert row.health(NOW_T + HOUR) == "late"
    world.writer.report(live_world.SOURCE, "failed", "the password was refused")
    assert sources.sources(reading(world), NOW_T)[0].health(NOW_T) == "blind"
    world.writer.report(live_world.SOURCE, "live")
