"""One source at a time: whatever it does wrong, nothing is lost, nothing is doubled, and people are told."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from connectors import _collect
from connectors._collect import MENDED_RETRY_SECONDS, Run, progress
from data.batch import to_frames
from data.errors import CursorExpired, FixSettings, OurFault, RetryLater, SkipRecord
from data.event import Aside, Event, Ref, micros
from data.page import Cursor, Page
from data.scope import SYSTEM
from data.store import Store
from data.writer import Writer

ROOT = Path(__file__).resolve().parents[2]
T0 = datetime(2026, 5, 4, 9, tzinfo=UTC)


def event(number: int) -> Event:
    return Event(f"e{number}", T0 + timedelta(minutes=number), "msg.in", [Ref("conversation", f"c{number % 3}")],
                 direction="inbound")


def page(*numbers: int, next_at: int | None = None, behind: int | None = None) -> Page:
    """The events with these numbers; the cursor says which number is next."""
    after = next_at if next_at is not None else max(numbers, default=-1) + 1
    return Page({"next": after}, [event(n) for n in numbers], behind=behind)


class Scripted:
    """A source that plays a list: pages are given, errors are raised, each pull plays the next list."""

    def __init__(self, *pulls: Sequence[Page | Exception]) -> None:
        self.pulls = list(pulls)
        self.asked: list[Cursor] = []
        self.closed = 0

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        self.asked.append(dict(cursor))
        for step in self.pulls.pop(0) if self.pulls else ():
            if isinstance(step, Exception):
                raise step
            yield step

    def wait(self, seconds: float) -> bool:
        return False

    def check(self) -> Sequence[str]:
        return []

    def close(self) -> None:
        self.closed += 1


class Desk:
    """A store and its writer, and what they say about the source `s`."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self.store = store
        self.writer = writer

    def run(self, source: Scripted, **how: Any) -> Run:
        given = {"now": lambda: T0, "chance": lambda: 0.0, **how}
        return Run("s", lambda: source, self.store, self.writer, **given)

    def ids(self) -> list[str]:
        return [row["source_id"] for row in self.store.read("SELECT source_id FROM event ORDER BY seq", {}, SYSTEM)]

    def stands(self) -> dict[str, Any]:
        return self.store.read("SELECT state, message, next_t, n_new, n_again, n_aside FROM source", {}, SYSTEM)[0]


@pytest.fixture
def desk() -> Iterator[Desk]:
    store = Store.open(":memory:")
    writer = Writer(store)
    writer.start()
    writer.register("s", "scripted", "A source", "Nothing is seen.")
    yield Desk(store, writer)
    writer.stop()
    store.close()


def test_pages_are_stored_and_the_next_run_goes_on_after_them(desk: Desk) -> None:
    source = Scripted([page(0, 1), page(2)], [page(3)])
    run = desk.run(source)
    first, second = run(), run()
    assert (first.state, first.tally.n_new, second.tally.n_new) == ("live", 3, 1)
    assert source.asked == [{}, {"next": 3}]
    assert desk.ids() == ["e0", "e1", "e2", "e3"]
    assert desk.store.cursor("s") == {"next": 4}
    assert desk.stands()["state"] == "live"


def test_a_source_that_breaks_in_the_middle_loses_and_doubles_nothing(desk: Desk) -> None:
    source = Scripted([page(0, 1), page(2), RetryLater("the server is busy; it will be tried again")],
                      [page(2, 3), page(4)])
    run = desk.run(source)
    broken = run()
    assert (broken.state, broken.tally.n_new, desk.store.cursor("s")) == ("waiting", 3, {"next": 3})
    again = run()
    assert (again.state, again.tally.n_new, again.tally.n_again) == ("live", 2, 1)
    assert source.asked == [{}, {"next": 3}]
    assert desk.ids() == ["e0", "e1", "e2", "e3", "e4"]


@pytest.mark.parametrize("unstorable", [
    Page({"next": object()}, [event(1)]), Page({"next": 2}, [event(1)], watermark=datetime(1960, 1, 1, tzinfo=UTC)),
], ids=["a cursor that is no JSON", "a watermark outside all time"])
def test_a_page_that_cannot_be_stored_leaves_the_cursor_where_it_was(desk: Desk, unstorable: Page) -> None:
    run = desk.run(Scripted([page(0), unstorable], [page(1)]))
    outcomes: list[str] = []
    # A writer that lost its thread would keep us waiting for ever; that must be a failure and not a standstill.
    runs = threading.Thread(target=lambda: outcomes.append(run().state), daemon=True)
    runs.start()
    runs.join(30)
    assert outcomes == ["failed"]
    assert (desk.ids(), desk.store.cursor("s")) == (["e0"], {"next": 1})


def test_a_wish_to_wait_is_honoured_and_never_undercut(desk: Desk) -> None:
    outcome = desk.run(Scripted([RetryLater("limit reached; wait", after_seconds=300)]))()
    assert outcome.retry_seconds == 300
    stands = desk.stands()
    assert (stands["state"], stands["message"]) == ("waiting", "limit reached; wait")
    assert stands["next_t"] == micros(T0 + timedelta(seconds=300))
    late = desk.run(Scripted([RetryLater("limit reached", after_seconds=300)]), chance=lambda: 1.0)()
    assert late.retry_seconds == pytest.approx(330)


def test_without_such_a_wish_the_pauses_double_up_to_a_limit_and_start_over_after_success(desk: Desk) -> None:
    fault = [RetryLater("no answer; it will be tried again")]
    run = desk.run(Scripted(*[fault] * 12, [page(0)], fault), chance=lambda: 1.0)
    pauses = [run().retry_seconds for _ in range(12)]
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]
    assert run().retry_seconds is None
    assert run().retry_seconds == 2


def test_pauses_spread_so_that_sources_do_not_come_together(desk: Desk) -> None:
    fault = RetryLater("no answer")
    low, high = (desk.run(Scripted([fault]), chance=lambda at=at: at)().retry_seconds for at in (0.0, 1.0))
    assert (low, high) == (1, 2)


def test_progress_before_a_fault_counts_as_success(desk: Desk) -> None:
    fault = RetryLater("no answer")
    run = desk.run(Scripted([fault], [fault], [page(0), fault]), chance=lambda: 1.0)
    assert [run().retry_seconds for _ in range(3)] == [2, 4, 2]


def test_an_expired_cursor_is_read_again_from_the_start_once(desk: Desk) -> None:
    source = Scripted([page(0, 1)], [CursorExpired("the server forgot")], [page(0, 1, 2)])
    run = desk.run(source)
    run()
    outcome = run()
    assert source.asked == [{}, {"next": 2}, {}]
    assert (outcome.state, outcome.tally.n_new, outcome.tally.n_again) == ("live", 1, 2)


def test_a_source_that_forgets_again_at_once_is_left_alone_for_a_while(desk: Desk) -> None:
    source = Scripted([CursorExpired("forgot")], [CursorExpired("forgot again")])
    outcome = desk.run(source)()
    assert (outcome.state, outcome.message, source.asked) == ("waiting", "forgot again", [{}, {}])
    assert outcome.retry_seconds == 1


def test_what_a_person_must_mend_is_told_and_tried_seldom(desk: Desk) -> None:
    source = Scripted([FixSettings("the password is wrong; set password")], [page(0)])
    run = desk.run(source)
    outcome = run()
    assert (outcome.state, outcome.retry_seconds) == ("failed", MENDED_RETRY_SECONDS)
    assert desk.stands()["message"] == "the password is wrong; set password"
    assert source.closed == 1
    assert run().state == "live"
    assert (desk.stands()["state"], desk.stands()["message"]) == ("live", "")


def test_a_source_that_cannot_be_opened_is_opened_again_next_time(desk: Desk) -> None:
    tries = count()
    good = Scripted([page(0)])

    def opening() -> Scripted:
        if next(tries) == 0:
            raise FixSettings("[sources.s]: 'host' is missing; give the server's name")
        return good

    run = Run("s", opening, desk.store, desk.writer)
    assert [run().state, run().state] == ["failed", "live"]


@pytest.mark.parametrize("broken", [
    ValueError("ana@acme.example wrote 'my secret'"), KeyError("ana@acme.example"),
    AssertionError("my secret"), RecursionError("my secret"), UnicodeDecodeError("utf-8", b"my secret", 0, 1, "x"),
], ids=lambda e: type(e).__name__)
def test_what_nobody_thought_of_is_our_fault_and_tells_nothing_personal(
        desk: Desk, caplog: pytest.LogCaptureFixture, broken: Exception) -> None:
    caplog.set_level(logging.DEBUG)
    outcome = desk.run(Scripted([page(0), broken]))()
    assert outcome.state == "failed"
    assert type(broken).__name__ in outcome.message
    assert "test_collect.py line" in outcome.message
    for told in (outcome.message, caplog.text, desk.stands()["message"]):
        assert "ana@" not in told
        assert "secret" not in told
    assert desk.ids() == ["e0"]


@pytest.mark.parametrize("error", [SkipRecord("no id"), OurFault("a promise broke")])
def test_other_families_end_a_run_as_failed(desk: Desk, error: Exception) -> None:
    assert desk.run(Scripted([error]))().state == "failed"


class Repeating:
    """A source whose pages go round in a circle for ever."""

    def __init__(self, *circle: Page) -> None:
        self.circle = circle
        self.given = 0

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        while True:
            self.given += 1
            yield self.circle[self.given % len(self.circle)]

    def wait(self, seconds: float) -> bool:
        return False

    def check(self) -> Sequence[str]:
        return []

    def close(self) -> None:
        pass


@pytest.mark.parametrize("circle", [(page(0),), (page(0), page(1, next_at=0)),
                                    (Page({"n": 1}, frames=to_frames([event(0)])),),
                                    (Page({"n": 1}, aside=[Aside("x", "no time")]),)])
def test_a_source_that_goes_round_in_circles_is_stopped(desk: Desk, circle: tuple[Page, ...]) -> None:
    source = Repeating(*circle)
    outcome = Run("s", lambda: source, desk.store, desk.writer)()
    assert (outcome.state, source.given) == ("failed", len(circle) + 1)
    assert "same page twice" in outcome.message


def test_a_source_that_repeats_that_nothing_is_there_has_ended(desk: Desk) -> None:
    source = Repeating(Page({"next": 5}))
    assert Run("s", lambda: source, desk.store, desk.writer)().state == "live"
    assert source.given == 2


def test_one_cursor_may_stand_still_while_records_differ(desk: Desk) -> None:
    outcome = desk.run(Scripted([page(0, next_at=0), page(1, next_at=0), page(2, next_at=0)]))()
    assert (outcome.state, outcome.tally.n_new) == ("live", 3)


def test_the_same_overlap_in_two_runs_is_no_circle(desk: Desk) -> None:
    run = desk.run(Scripted([page(0)], [page(0)], [page(0)]))
    assert [run().state for _ in range(3)] == ["live"] * 3


def test_catching_up_is_told_with_rate_and_distance(desk: Desk) -> None:
    told: list[str] = []

    class Watching(Scripted):
        def pull(self, cursor: Cursor) -> Iterator[Page]:
            for number in range(3):
                yield page(number, behind=2 - number)
                told.append(desk.stands()["state"])

    run = desk.run(Watching())
    assert run().state == "live"
    assert told == ["catching up"] * 3
    assert desk.stands()["state"] == "live"
    assert progress(12_000, 10, 24_000) == "12,000 records so far, 1,200 a second, 24,000 to go (about 20 s)"
    assert progress(3, 0, None) == "3 records so far"


def test_a_live_source_is_not_reported_again_and_again(desk: Desk) -> None:
    run = desk.run(Scripted([page(0)], [], []))
    run()
    versions: list[int] = []
    desk.store.subscribe(versions.append)
    run()
    run()
    assert versions == []


def test_a_stopped_run_ends_after_its_page_and_keeps_it(desk: Desk) -> None:
    source = Scripted([page(0), page(1), page(2)])
    stopped = iter([False, False, True, True])
    outcome = desk.run(source, stopped=lambda: next(stopped))()
    assert outcome.state == "off"
    assert desk.ids() == ["e0", "e1"]
    assert desk.store.cursor("s") == {"next": 2}


def test_closing_a_source_in_the_middle_of_an_answer_is_no_news_about_it(desk: Desk) -> None:
    ending: list[bool] = []

    class Closing(Scripted):
        def pull(self, cursor: Cursor) -> Iterator[Page]:
            yield page(0)
            ending.append(True)
            raise RetryLater("the connection was closed")

    outcome = desk.run(Closing(), stopped=lambda: bool(ending))()
    assert outcome.state == "off"
    assert desk.stands()["state"] == "starting"


def test_a_failure_is_known_after_the_program_was_started_anew(desk: Desk) -> None:
    desk.run(Scripted([page(0), page(1), RetryLater("down")]))()
    source = Scripted([page(2)])
    assert desk.run(source)().state == "live"
    assert source.asked == [{"next": 2}]
    assert desk.ids() == ["e0", "e1", "e2"]


CHILD = """
import sys
from datetime import UTC, datetime, timedelta
from connectors._collect import Run
from data.event import Event, Ref
from data.page import Page
from data.store import Store
from data.writer import Writer

class Endless:
    def pull(self, cursor):
        at = cursor.get("next", 0)
        while True:
            start = datetime(2026, 5, 4, tzinfo=UTC)
            yield Page({"next": at + 7}, [Event(f"e{n}", start + timedelta(seconds=n), "msg.in", [Ref("case", "c")])
                                          for n in range(at, at + 7)])
            at += 7
            print(at, flush=True)

store = Store.open(sys.argv[1])
writer = Writer(store)
writer.start()
writer.register("s", "endless", "Endless", "Nothing.")
Run("s", Endless, store, writer)()
"""


def test_a_killed_program_has_exactly_what_its_cursor_says(tmp_path: Path) -> None:
    file = tmp_path / "killed.duckdb"
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(file)], stdout=subprocess.PIPE, cwd=ROOT)
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline()) for _ in range(5)][-1]
        child.kill()
        child.communicate()
        store = Store.open(file)
        numbers = [int(row["source_id"][1:]) for row in store.read("SELECT source_id FROM event", {}, SYSTEM)]
        reached = store.cursor("s")["next"]
        store.close()
        assert reached >= acknowledged
        assert sorted(numbers) == list(range(reached))


def test_records_set_aside_are_counted(desk: Desk) -> None:
    with_aside = replace(page(0), aside=[Aside("x1", "no time"), Aside("x2", "no time")])
    outcome = desk.run(Scripted([with_aside]))()
    assert (outcome.tally.n_new, outcome.tally.n_aside) == (1, 2)
    assert desk.stands()["n_aside"] == 2


def test_a_writer_that_broke_does_not_take_the_run_with_it(desk: Desk) -> None:
    desk.writer.fault = FixSettings("the disk is full; free some space")
    outcome = desk.run(Scripted([page(0)]))()
    assert (outcome.state, outcome.message) == ("failed", "the disk is full; free some space")


def test_everything_unexpected_is_caught_in_one_place_only() -> None:
    with pytest.raises(OurFault, match=r"ZeroDivisionError in test_collect\.py"):
        _collect.plainly(lambda: 1 // 0, "dividing")
    with pytest.raises(KeyboardInterrupt):
        _collect.plainly(_interrupted, "waiting")


def _interrupted() -> None:
    raise KeyboardInterrupt
