"""The officer's desk: what was believed can be asked again, rates are those of the bindings, blind rules stay out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data.event import Event, Ref
from data.page import Page
from data.scope import SYSTEM, Role, Scope
from data.store import Store
from data.writer import Writer
from metrics import binding, desk, rates
from metrics._asof import bindings_then
from metrics._contract import DAY, Filters, Read, past
from metrics._engine import Engine
from metrics._explain import explain
from metrics._marks import settled
from metrics._sentence import sentence
from metrics.case import case
from metrics.coverage import coverage, left_out
from tests.metrics._facts import START, history, pages

OFFICER = Scope(Role.OFFICER, teams=None)
HOUR = 3_600_000_000
FIRST_T = int(START.timestamp() * 1_000_000) + 3 * DAY
ALL = Filters(span="all")


def reader(store: Store, scope: Scope = OFFICER) -> Read:
    """A new one each time: what it remembers is of the moment."""
    return Read(store.read, scope)


@dataclass
class Clock:
    """The writer's moment, set by the test."""

    now_t: int = FIRST_T

    def __call__(self) -> int:
        return self.now_t


@dataclass
class World:
    """A store whose history came in steps, and what the desk said after each of them."""

    store: Store
    seen: dict[int, dict[str, Any]] = field(default_factory=dict)


def view(store: Store, at_t: int, asof_t: int = 0, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Everything the desk tells, by names that do not change, of the rules that were fed then and now."""
    filters = replace(ALL, asof_t=asof_t)
    read = reader(store)
    return {
        "open": {
            (r.key, r.at_t, r.is_open)
            for r in desk.rows(read, filters, at_t, "open", limit=999)
            if r.rule not in skip
        },
        "due": {(r.key, r.at_t) for r in desk.rows(read, filters, at_t, "due", limit=999) if r.rule not in skip},
        "unknown": {
            (r.key, r.at_t) for r in desk.rows(read, filters, at_t, "unknown", limit=999) if r.rule not in skip
        },
        "rates": {r.id: astuple(r.total) for r in rates.rates(read, filters, at_t) if r.id not in skip},
    }


@pytest.fixture(scope="module", params=[1, 2])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Three sources tell a random history (late, corrected and taken back records too) over a week of commits."""
    store, clock = Store.open(":memory:"), Clock()
    writer = Writer(store, [Engine()], clock=clock)
    writer.start()
    found = World(store)
    for source in ("mail", "crm", "desk"):
        writer.register(source, "webhook", source.title(), "")
        writer.report(source, "live")
    for source, page in pages(history(request.param, 130), 20):
        clock.now_t += 5 * HOUR
        writer.put(source, replace(page, watermark=datetime.fromtimestamp(clock.now_t / 1e6, UTC)))
        found.seen[clock.now_t] = view(store, clock.now_t) | {
            "fed": feeding(store, clock.now_t),
            "cases": cases(store),
        }
    yield found
    writer.stop()
    store.close()


def cases(store: Store) -> dict[int, set[tuple[Any, ...]]]:
    """The bindings of every case as they stand now."""
    objs = [row["obj"] for row in store.read("SELECT obj FROM object_fact", {}, SYSTEM)]
    read = reader(store, SYSTEM)
    return {obj: {astuple(one) for one in found.bindings} for obj in objs if (found := case(read, obj))}


def test_any_past_moment_shows_what_the_desk_said_then(world: World) -> None:
    last_t = max(world.seen)
    fed = feeding(world.store, last_t)
    compared = 0
    for at_t, said in world.seen.items():
        # Which source was known to bring what is not kept: a rule that another source feeds since is not compared.
        changed = frozenset(rule for rule in fed if fed[rule] != said["fed"].get(rule))
        then = view(world.store, last_t, asof_t=at_t, skip=changed)
        for part in ("open", "due", "unknown"):
            told = {one for one in said[part] if one[0].split(":")[0] not in changed}
            assert then[part] == told, (part, at_t)
            compared += len(told)
        for rule, total in then["rates"].items():
            assert total == said["rates"][rule], (rule, at_t)
    assert compared > 100, "the history was too tame to tell anything"


def feeding(store: Store, at_t: int) -> dict[str, tuple[bool, frozenset[str]]]:
    """Rule -> whether it is measured, and the sources that bring its events."""
    found = coverage(reader(store), at_t)
    return {rule: (one.is_measured, frozenset(b.id for b in one.bringers)) for rule, one in found.items()}


def test_something_was_believed_that_is_not_believed_now(world: World) -> None:
    first_t, *_, last_t = world.seen
    assert world.store.read("SELECT count(*) AS n FROM binding_past", {}, SYSTEM)[0]["n"] > 5
    assert view(world.store, last_t, asof_t=first_t)["open"] != view(world.store, last_t)["open"]


def test_a_case_has_the_bindings_that_were_believed_then(world: World) -> None:
    read = reader(world.store, SYSTEM)
    for at_t, said in world.seen.items():
        for obj, bindings in said["cases"].items():
            assert {astuple(one) for one in bindings_then(read, obj, at_t)} == bindings, (obj, at_t)


def test_explain_tells_what_was_known_then(world: World) -> None:
    read = reader(world.store, SYSTEM)
    first_t, second_t, *_, last_t = world.seen
    wanted = next(
        row["id"] for row in read("SELECT id FROM object JOIN object_fact USING (obj) ORDER BY first_t", {})
    )
    then, now = ("\n".join(explain(read, wanted, last_t, moment)) for moment in (second_t, None))
    assert "As believed on" in then and "As believed on" not in now
    assert len(then.splitlines()) < len(now.splitlines())
    before = list(explain(read, wanted, last_t, first_t - DAY))
    assert before[1].startswith("Nothing had been collected by then; the first records came on")
    with pytest.raises(Exception, match="has not come yet"):
        list(explain(read, wanted, last_t, last_t + DAY))


def test_rates_are_those_of_the_bindings_one_by_one(world: World) -> None:
    now_t = max(world.seen)
    read = reader(world.store)
    marks = {r["rule"]: r["watermark_t"] for r in read("SELECT * FROM rule_watermark", {})}
    names = {r["code"]: r["id"] for r in read("SELECT code, id FROM rule", {})}
    expected: dict[str, Counter[str]] = {}
    for b in read("SELECT * FROM binding", {}):
        mark, verdict = marks.get(b["rule"], 2**62), b["verdict"]
        if verdict == 0 and b["due_t"] is not None and b["due_t"] < now_t:
            word = "violated" if b["due_t"] <= mark else "unknown"
        elif verdict == 3 and b["due_t"] is not None and b["due_t"] < now_t:
            word = "met"
        elif verdict == 2 and b["target_seq"] is None and b["decided_t"] > mark:
            word = "unknown"
        else:
            word = ("pending", "met", "violated", "pending", "met", "unknown", "waived")[verdict]
        expected.setdefault(names[b["rule"]], Counter())[word] += 1
    found = rates.rates(read, ALL, now_t)
    assert {r.id for r in found} >= set(expected) - set(left_out(read, now_t))
    for row in found:
        words = {name: getattr(row.total, name) for name in ("met", "violated", "pending", "unknown", "waived")}
        assert words == {name: expected.get(row.id, Counter())[name] for name in words}, row.id
        for name, n in words.items():
            assert sum(getattr(step, name) for step in row.steps) == n


def test_filters_and_order_of_the_list(world: World) -> None:
    read, now_t = reader(world.store), max(world.seen)
    whole = desk.rows(read, ALL, now_t, "open", limit=999)
    assert [r.at_t for r in whole] == sorted((r.at_t for r in whole), reverse=True)
    oldest = desk.rows(read, replace(ALL, sort="-age"), now_t, "open", limit=999)
    assert [r.at_t for r in oldest] == sorted(r.at_t for r in whole)
    for word, value in (
        ("severity", lambda r: ("critical", "high", "medium", "low").index(r.severity)),
        ("rule", lambda r: r.title),
        ("team", lambda r: r.team),
        ("channel", lambda r: r.channel),
    ):
        for filters in (replace(ALL, sort=word), replace(ALL, group=word)):
            rows = desk.rows(read, filters, now_t, "open", limit=999)
            assert {r.key for r in rows} == {r.key for r in whole}
            assert [value(r) for r in rows] == sorted(value(r) for r in rows), word
    one = whole[0]
    narrowed = desk.rows(read, replace(ALL, rule=one.rule, severity=one.severity), now_t, "open", limit=999)
    assert {r.key for r in narrowed} == {r.key for r in whole if r.rule == one.rule}
    assert desk.rows(read, replace(ALL, rule=one.rule, severity="nonsense"), now_t, "open", limit=999) == []
    assert len(desk.rows(read, ALL, now_t, "open", limit=3)) == 3


def test_the_evidence_of_every_open_breach_holds_both_events_and_its_history(world: World) -> None:
    read, now_t = reader(world.store), max(world.seen)
    for row in desk.rows(read, ALL, now_t, "open", limit=40):
        found = binding.evidence(read, row.key)
        assert found is not None and found.activation is not None
        assert (
            found.rule.sentence.endswith(".")
            and found.rule.source
            and found.rule.checked
            and found.rule.jurisdiction
        )
        assert found.now.until_t is None and found.now.verdict in (0, 2)
        assert (found.target is None) == (row.is_open or (found.now.verdict == 2 and found.target is None))
        ends = [belief.until_t or 2**62 for belief in found.beliefs]
        assert ends == sorted(ends, reverse=True)
        assert "@" not in repr([step.actor for step in found.case.steps]) + repr(found.activation.row["actor"])
    assert binding.evidence(read, "SVC-01:999999:1") is None
    with pytest.raises(ValueError):
        binding.evidence(read, "nonsense")


def test_a_rule_whose_events_no_source_brings_says_so_and_stays_out() -> None:
    store = Store.open(":memory:")
    writer = Writer(store, [Engine()])
    writer.start()
    events = [Event("1", START, "msg.in", [Ref("conversation", "C-1")], channel="email", direction="inbound")]
    writer.put("mail", Page({}, events, watermark=START + timedelta(days=9)))
    read, now_t = reader(store), FIRST_T
    found = coverage(read, now_t)
    assert found["SVC-01"].says() == "no source brings call.out, meeting.held or msg.out"
    assert rates.rates(read, ALL, now_t) == [] and desk.rows(read, ALL, now_t, "open", limit=9) == []
    answer = Event(
        "2",
        START + timedelta(hours=9),
        "msg.out",
        [Ref("conversation", "C-1")],
        channel="email",
        direction="outbound",
    )
    writer.put("mail", Page({}, [answer], watermark=START + timedelta(days=9)))
    read = reader(store)
    assert coverage(read, now_t)["SVC-01"].is_measured and coverage(read, now_t)["SVC-01"].bringers[0].id == "mail"
    assert [r.rule for r in desk.rows(read, ALL, now_t, "open", limit=9)] == ["SVC-01"]
    writer.stop()
    store.close()


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(0, 0, 0, 1), (9, 10, 0.596, 0.982), (50, 100, 0.404, 0.596), (0, 10, 0, 0.278)]
)
def test_the_interval_of_a_rate(k: int, n: int, low: float, high: float) -> None:
    assert rates.wilson(k, n) == pytest.approx((low, high), abs=5e-4)


def test_too_few_activations_have_no_rate() -> None:
    assert rates.Counts(met=5, violated=4).rate is None
    assert rates.Counts(met=5, violated=5, pending=90, unknown=7).rate == 0.5


@pytest.mark.parametrize(
    ("word", "t"),
    [
        ("2026-05-03T10:00Z", 1777802400),
        ("2026-05-03T10:00", 1777802400),
        ("2026-05-03T12:00+02:00", 1777802400),
        ("", 0),
        ("soon", 0),
        ("0001-01-01", 0),
    ],
)
def test_a_moment_in_the_address(word: str, t: int) -> None:
    assert past(word) == Filters.parse({"asof": word}).asof_t == t * 1_000_000
    assert settled(Filters(asof_t=past(word)), 1).asof_t == 0


def test_every_template_has_its_sentence() -> None:
    body = {
        "object": "ticket",
        "activation": {"activity": "quote.sent", "where": "discount > 15"},
        "target": {"activity": ["approval", "msg.out"]},
        "within": "4 h",
        "until": {"activity": "resolved"},
        "count": 2,
        "sum": "amount",
        "limit": 100,
        "steps": [{"activity": "approval"}, {"activity": "msg.out", "optional": True}],
    }
    told = {
        template: sentence({**body, "template": template})
        for template in (
            "response",
            "chain_response",
            "alternate_response",
            "existence",
            "at_least",
            "exactly_once",
            "repeat_every",
            "sequence",
            "not_response",
            "not_coexistence",
            "at_most",
            "four_eyes",
            "same_actor",
            "precedence",
            "chain_precedence",
            "not_precedence",
            "absence",
            "sum_at_most",
        )
    }
    assert len(set(told.values())) == len(told)
    assert told["response"] == (
        "After “Quote sent” where discount > 15 in a ticket, “Approval given” or “Message out” must "
        "follow within 4 h, unless “Resolved” comes first."
    )
    assert sentence({"template": "new", "title": "As titled"}) == "As titled"
