"""The customers' clock on real tweets and real incidents, against a slow and obvious computation of the same."""

from __future__ import annotations

import csv
import gzip
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.event import Event, Ref, micros
from data.page import Page
from data.scope import SYSTEM
from data.store import Store
from data.writer import Writer
from metrics import replies, restarts, turns
from metrics._contract import Filters, Read, ask
from metrics._engine import Engine

DATASETS = Path(__file__).resolve().parents[3] / "shared" / "datasets"
TWEETS = DATASETS / "twitter_support" / "twcs_dev.csv.gz"
INCIDENTS = DATASETS / "servicenow_incidents" / "incidents_opened_before_2016-04.csv.gz"
ENDING = {"resolved", "ticket.closed"}
SECOND = 1_000_000


def tweets() -> list[Event]:
    """Each tweet as a message in the thread of its oldest known tweet; a brand's tweet that asks for a direct message
    also as a referral."""
    with gzip.open(TWEETS, "rt", encoding="utf8") as file:
        rows = {row["tweet_id"]: row for row in csv.DictReader(file)}
    before = {key: str(int(float(row["in_response_to_tweet_id"]))) if row["in_response_to_tweet_id"] else ""
              for key, row in rows.items()}  # fmt: skip
    told = []
    for key, row in rows.items():
        root = key
        while before[root] in rows:
            root = before[root]
        asked, is_in = rows.get(before[key]), row["inbound"] == "True"
        customer = row["author_id"] if is_in else asked["author_id"] if asked and asked["inbound"] == "True" else ""
        objects = [Ref("conversation", f"x/{root}")] + ([Ref("contact", f"x/{customer}")] if customer else [])
        at = datetime.strptime(row["created_at"], "%a %b %d %H:%M:%S %z %Y")
        direction: Any = "inbound" if is_in else "outbound"
        told.append(Event(key, at, "msg.in" if is_in else "msg.out", objects, channel="social", direction=direction))
        if not is_in and " DM" in row["text"]:
            told.append(Event(f"{key}r", at, "referral", objects, channel="social", attrs={"to_channel": "private"}))
    return told


def incidents() -> list[Event]:
    """The first 2,500 incidents: the caller asks, the desk asks back, hands on, resolves; a tenth of a year at work."""
    told, last, seen = list[Event](), dict[str, str](), set[str]()
    with gzip.open(INCIDENTS, "rt", encoding="utf8") as file:
        for n, row in enumerate(csv.DictReader(file)):
            number = row["number"]
            if number not in seen and len(seen) == 2_500:
                continue
            objects = [Ref("ticket", number), Ref("contact", row["caller_id"])]

            def tell(activity: str, at: str, direction: Any, place: str, row: Any = row, to: Any = objects) -> None:
                group = row["assignment_group"]
                moment = datetime.strptime(at, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
                told.append(Event(f"{row['number']}/{place}", moment, activity, to, team=group, attrs={"to": group},
                                  channel=row["contact_type"], direction=direction))  # fmt: skip

            if number not in seen:
                seen.add(number)
                tell("msg.in", row["opened_at"], "inbound", "opened")
            if row["incident_state"] == "Awaiting User Info":
                tell("msg.out", row["sys_updated_at"], "outbound", str(n))
            elif row["incident_state"] in ("Resolved", "Closed"):
                tell("resolved", row["sys_updated_at"], "internal", str(n))
            if last.get(number, row["assignment_group"]) != row["assignment_group"]:
                tell("transfer", row["sys_updated_at"], "internal", f"{n}t")
            last[number] = row["assignment_group"]
    return told


def slowly(told: Sequence[Event]) -> dict[str, tuple[int, int] | None]:
    """Question -> when and how it ended: looks at every later event of its customer and its case."""
    by_case: dict[Ref, list[Event]] = defaultdict(list)
    by_customer: dict[Ref, list[Event]] = defaultdict(list)
    for event in told:
        for ref in event.objects:
            (by_customer if ref.type == "contact" else by_case)[ref].append(event)
    found: dict[str, tuple[int, int] | None] = {}
    for event in told:
        if event.direction != "inbound":
            continue
        ends = []
        for ref in event.objects:
            for other in (by_customer if ref.type == "contact" else by_case)[ref]:
                if other.at < event.at:
                    continue
                if other.direction == "outbound":
                    ends.append((micros(other.at), 2 if ref.type == "contact" else 1))
                elif ref.type == "ticket" and other.activity in ENDING:
                    ends.append((micros(other.at), 3))
        found[event.source_id] = min(ends) if ends else None
    return found


def open_seconds(begin: datetime, end: datetime) -> int:
    """Seconds from nine to five, Monday to Friday, between two moments: day by day."""
    day, total = datetime.combine(begin.date(), time(0), tzinfo=UTC), 0.0
    while day <= end:
        if day.weekday() < 5:
            low, high = max(begin, day + timedelta(hours=9)), min(end, day + timedelta(hours=17))
            total += max(0.0, (high - low).total_seconds())
        day += timedelta(days=1)
    return int(total)


@pytest.fixture(scope="module", params=["tweets", "incidents"])
def told(request: pytest.FixtureRequest) -> list[Event]:
    file, make = {"tweets": (TWEETS, tweets), "incidents": (INCIDENTS, incidents)}[request.param]
    if not file.exists():
        pytest.skip(f"the real data are not here: expected at ../shared/datasets/{file.parent.name}/{file.name}")
    return make()


@pytest.fixture(scope="module")
def store(told: list[Event]) -> Iterator[Store]:
    """The events in a shuffled order and odd portions, so that many answers come before their questions."""
    made = Store.open(":memory:")
    writer = Writer(made, [Engine()])
    writer.start()
    shuffled = list(told)
    random.Random(7).shuffle(shuffled)
    size = len(shuffled) // 9 + 1
    for low in range(0, len(shuffled), size):
        writer.put("real", Page({"at": low}, events=shuffled[low : low + size]))
    yield made
    writer.stop()
    made.close()


def now_of(told: list[Event]) -> datetime:
    return max(event.at for event in told) + timedelta(hours=1)


def test_every_question_ends_when_the_slow_computation_says(told: list[Event], store: Store) -> None:
    rows = store.read(
        "SELECT DISTINCT e.source_id, a.ended_t, a.kind FROM ask a JOIN event e USING (seq)", {}, SYSTEM
    )
    found = {row["source_id"]: (row["ended_t"], row["kind"]) if row["kind"] else None for row in rows}
    expected = slowly(told)
    assert len(expected) > 500
    assert found == expected
    assert len({end[1] if end else 0 for end in expected.values()}) >= 3, "answers, other ends and open ones occur"


def test_waits_in_open_hours_and_by_the_clock(told: list[Event], store: Store) -> None:
    """A wait is all questions of a customer that one moment ended; elapsed and open seconds of each are counted."""
    now = now_of(told)
    waits: dict[Any, list[datetime]] = defaultdict(list)
    for event in told:
        if event.direction == "inbound":
            end = slowly_once(told)[event.source_id]
            # One answer ends all that its customer asked; the end of a case only what was asked in it.
            what = event.objects[0].id if end and end[1] == 3 else ""
            waits[event.objects[1].id, end and end[0], what].append(event.at)
    expected: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
    for (_, end_t, _), asked in waits.items():
        over = datetime.fromtimestamp(end_t / 1e6, UTC) if end_t else now
        for in_hours, s in ((True, open_seconds(min(asked), over)), (False, int((over - min(asked)).total_seconds()))):
            expected[in_hours][s if s < 3600 else s // 60 * 60] += 1
    params = {"since_t": 0, "now_t": micros(now), "team": -1, "channel": -1, "calendar": "default"}
    rows = ask(Read(store.read, SYSTEM), "replies_spent", params)
    found: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
    for row in rows:
        found[row["in_hours"]][row["seconds"]] += row["n"]
    # Two answers of one moment to one customer end what was asked in the case of each, which is one wait here.
    answers = Counter((tuple(event.objects[1:]), event.at) for event in told if event.direction == "outbound")
    for in_hours in (True, False):
        assert not expected[in_hours] - found[in_hours]
        assert (found[in_hours] - expected[in_hours]).total() <= sum(n - 1 for n in answers.values())


_SLOW: dict[int, dict[str, tuple[int, int] | None]] = {}


def slowly_once(told: list[Event]) -> dict[str, tuple[int, int] | None]:
    if id(told) not in _SLOW:
        _SLOW[id(told)] = slowly(told)
    return _SLOW[id(told)]


def test_who_waits_is_who_has_no_answer(told: list[Event], store: Store) -> None:
    now_t = micros(now_of(told))
    open_: dict[str, list[int]] = {e.objects[1].id: [] for e in told if e.direction == "inbound"}
    for event in told:
        if event.direction == "inbound" and slowly_once(told)[event.source_id] is None:
            open_[event.objects[1].id].append(micros(event.at))
    asked = {who: times for who, times in open_.items() if times}
    live = {who: min(times) for who, times in asked.items() if max(times) >= now_t - 30 * 86_400 * SECOND}
    found = turns.turns(Read(store.read, SYSTEM), Filters(), now_t, limit=10_000)
    assert {turn.customer: turn.since_t for turn in found.rows} == live
    assert (found.total, found.silent) == (len(live), len(asked) - len(live))


def test_real_threads_raise_no_false_restart(told: list[Event], store: Store) -> None:
    """In these logs nobody changes channel or thread within a case: each restart would be a false alarm."""
    found = restarts.restarts(Read(store.read, SYSTEM), Filters(span="all"), micros(now_of(told)))
    n = sum(event.activity in ("transfer", "referral") for event in told)
    whole = found.all
    assert whole.decided + whole.unknown + whole.young == min(n, restarts.MOST) > 100
    assert whole.restart == 0
    low, high = whole.bounds
    assert low == 0 and high == pytest.approx(whole.unknown / (whole.decided + whole.unknown))


def test_resolution_is_told_for_what_was_resolved(told: list[Event], store: Store) -> None:
    if not any(event.activity == "resolved" for event in told):
        pytest.skip("nobody resolves a tweet; the incidents are looked at")
    now = now_of(told) + timedelta(days=8)
    found = replies.resolution(Read(store.read, SYSTEM), Filters(span="all"), micros(now))
    assert found.n == sum(event.activity == "resolved" for event in told) and found.young == 0
    assert found.back == 0 and found.elsewhere > 0, "callers come with another incident, and never with the same"
