"""Many sources at once: each is looked at in time, a broken or hanging one harms no other, all end when asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import connectors
from connectors._contract import Connector, Opening, Setting
from connectors._demo_settings import kept_anchor, with_demo
from connectors._schedule import Collector
from data.errors import FixSettings, RetryLater
from data.event import Event, Ref
from data.page import Cursor, Page
from data.plugins import discover
from data.scope import SYSTEM
from data.settings import Firm, Privacy, Settings, SourceSettings
from data.store import Store
from data.writer import Writer

T0 = datetime(2026, 5, 4, 9, tzinfo=UTC)
PATIENCE_SECONDS = 30.0


class Ticking:
    """A well-behaved source: every look brings one record."""

    def __init__(self, opening: Opening) -> None:
        self.source = opening.source
        self.ended = threading.Event()
        self.looks = 0

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        self.looks += 1
        number = cursor.get("next", 0)
        at = T0 + timedelta(minutes=number)
        yield Page({"next": number + 1}, [Event(f"{self.source}-{number}", at, "msg.in", [Ref("case", "c")])])

    def wait(self, seconds: float) -> bool:
        self.ended.wait(seconds)
        return False

    def check(self) -> Sequence[str]:
        return []

    def close(self) -> None:
        self.ended.set()


class Telling(Ticking):
    """A source that brings what was put into it, and says at once that something is there."""

    def __init__(self, opening: Opening) -> None:
        super().__init__(opening)
        self.waiting: list[int] = []
        self.bell = threading.Event()

    def tell(self, number: int) -> None:
        self.waiting.append(number)
        self.bell.set()

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        self.looks += 1
        self.bell.clear()
        while self.waiting:
            number = self.waiting.pop(0)
            yield Page({"n": number}, [Event(f"told-{number}", T0, "msg.in", [Ref("case", "c")])])

    def wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.ended.is_set():
            if self.bell.wait(0.02):
                return True
        return False


class Hanging(Ticking):
    """A source whose answer does not come, and that cannot be interrupted."""

    released = threading.Event()

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        self.looks += 1
        self.released.wait()
        yield Page({})


class Limited(Ticking):
    """A source that asks to wait an hour at the first look, and says all the time that something is new."""

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        self.looks += 1
        raise RetryLater("limit reached", after_seconds=3600)
        yield Page({})

    def wait(self, seconds: float) -> bool:
        return True


class Stumbling(Ticking):
    """A source that fails twice for a moment and then works."""

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        if self.looks < 2:
            self.looks += 1
            raise RetryLater("no answer", after_seconds=0.01)
        yield from super().pull(cursor)


class Broken(Ticking):
    """A source of a connector with a mistake in it."""

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        self.looks += 1
        raise ZeroDivisionError
        yield Page({})


class Guarded(Telling):
    """A source that cannot stand being asked by two threads at a time."""

    overlaps = 0
    busy = False

    def _enter(self) -> None:
        self.overlaps += self.busy
        self.busy = True

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        self._enter()
        yield from super().pull(cursor)
        self.busy = False

    def wait(self, seconds: float) -> bool:
        self._enter()
        told = super().wait(seconds)
        self.busy = False
        return told


class House:
    """A store, a writer, connectors made of the classes above, and the sources they opened."""

    def __init__(self) -> None:
        self.store = Store.open(":memory:")
        self.writer = Writer(self.store)
        self.writer.start()
        self.opened: dict[str, Any] = {}
        self.collectors: list[Collector] = []

    def collector(self, every_seconds: Mapping[str, float], **kinds: type[Ticking]) -> Collector:
        """A collector of one source for each name; a name that is no key of `every_seconds` is seldom looked at."""
        sources = {name: SourceSettings(name, kind.__name__.lower(), name.title(), every_seconds.get(name, 3600.0))
                   for name, kind in kinds.items()}
        known = {kind.__name__.lower(): self.connector(kind) for kind in kinds.values()}
        collector = Collector(Settings(sources=sources), self.store, self.writer, known)
        self.collectors.append(collector)
        return collector

    def connector(self, kind: type[Ticking]) -> Connector:
        def opening(given: Opening) -> Ticking:
            self.opened[given.source] = kind(given)
            return self.opened[given.source]

        return Connector(kind.__name__.lower(), kind.__name__, "pull", ["msg.in"], [Setting("host", "a host", "")],
                         "Nothing is seen while it is down.", opening)

    def count(self, source: str) -> int:
        sql = "SELECT n_new FROM source WHERE id = $id"
        return next((row["n_new"] for row in self.store.read(sql, {"id": source}, SYSTEM)), 0)

    def state(self, source: str) -> tuple[str, str]:
        sql = "SELECT state, message FROM source WHERE id = $id"
        row = self.store.read(sql, {"id": source}, SYSTEM)[0]
        return row["state"], row["message"]


@pytest.fixture
def house() -> Iterator[House]:
    built = House()
    Hanging.released.clear()
    yield built
    for collector in built.collectors:
        collector.stop()
    # Tests are over: what hung may go, so that nothing is left in the process.
    Hanging.released.set()
    for thread in threading.enumerate():
        if thread.name.startswith(("collect-", "listen-")):
            thread.join(PATIENCE_SECONDS)
    built.writer.stop()
    built.store.close()


def until(happens: Callable[[], bool]) -> None:
    """Wait for it, for as long as a busy machine may need; fails when it does not come."""
    given_up = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert time.monotonic() < given_up, "it did not happen"
        time.sleep(0.01)


def test_every_source_is_looked_at_again_and_again(house: House) -> None:
    house.collector({"a": 0.05, "b": 0.05}, a=Ticking, b=Ticking).start()
    until(lambda: house.count("a") >= 3 and house.count("b") >= 3)
    assert house.state("a") == ("live", "")


def test_a_source_that_tells_is_read_at_once_and_not_an_hour_later(house: House) -> None:
    house.collector({}, phone=Telling).start()
    until(lambda: "phone" in house.opened and house.opened["phone"].looks == 1)
    house.opened["phone"].tell(1)
    until(lambda: house.count("phone") == 1)
    house.opened["phone"].tell(2)
    until(lambda: house.count("phone") == 2)


def test_a_hanging_and_a_broken_source_delay_nobody(house: House) -> None:
    collector = house.collector({"good": 0.05, "broken": 0.05}, stuck=Hanging, broken=Broken, good=Ticking)
    collector.start()
    until(lambda: house.count("good") >= 5)
    assert house.opened["stuck"].looks == 1
    until(lambda: house.state("broken")[0] == "failed")
    assert "ZeroDivisionError" in house.state("broken")[1]


def test_more_hanging_sources_than_any_pool_has_threads_delay_nobody(house: House) -> None:
    stuck = {f"stuck{n}": Hanging for n in range(40)}
    house.collector({"good": 0.05}, **stuck, good=Ticking).start()
    until(lambda: house.count("good") >= 5)
    until(lambda: sum(source.looks for name, source in house.opened.items() if name != "good") == 40)


def test_a_source_is_never_asked_by_two_threads_at_a_time(house: House) -> None:
    house.collector({"shy": 0.03}, shy=Guarded).start()
    until(lambda: "shy" in house.opened)
    for number in range(20):
        house.opened["shy"].tell(number)
        until(lambda number=number: house.count("shy") == number + 1)
    assert house.opened["shy"].looks > 20
    assert house.opened["shy"].overlaps == 0


def test_a_source_that_asked_to_wait_is_left_alone_whatever_it_tells(house: House) -> None:
    house.collector({"good": 0.05, "limited": 0.05}, limited=Limited, good=Ticking).start()
    until(lambda: house.count("good") >= 10)
    assert house.opened["limited"].looks == 1
    assert house.state("limited") == ("waiting", "limit reached")


def test_a_source_that_stumbled_is_tried_before_its_usual_time(house: House) -> None:
    house.collector({}, weak=Stumbling).start()
    until(lambda: house.count("weak") == 1)


def test_a_look_that_was_due_while_the_last_had_not_ended_is_counted(house: House) -> None:
    collector = house.collector({"stuck": 0.05, "good": 0.05}, stuck=Hanging, good=Ticking)
    collector.start()
    until(lambda: collector.missed["stuck"] >= 2)
    assert set(collector.missed) == {"stuck", "good"}


def test_everything_ends_though_a_source_hangs(house: House) -> None:
    collector = house.collector({"good": 0.05}, stuck=Hanging, good=Ticking, phone=Telling)
    collector.start()
    until(lambda: house.count("good") >= 1 and {"stuck", "phone"} <= set(house.opened))
    ending = threading.Thread(target=collector.stop, daemon=True)
    ending.start()
    ending.join(PATIENCE_SECONDS)
    assert not ending.is_alive()
    assert all(source.ended.is_set() for source in house.opened.values())
    looks = house.opened["good"].looks
    house.writer.do(lambda con: con.execute("SELECT 1").fetchall())
    assert house.opened["good"].looks == looks
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"listen-good", "listen-phone", "collect-good"}


def test_stopping_twice_or_before_the_start_is_harmless(house: House) -> None:
    collector = house.collector({}, a=Ticking)
    collector.stop()
    collector.stop()
    assert house.opened == {}


def test_once_runs_each_source_until_nothing_more_is_there(house: House) -> None:
    summaries = {s.source: s for s in house.collector(
        {}, good=Ticking, weak=Stumbling, broken=Broken, limited=Limited).once()}
    assert {name: summary.state for name, summary in summaries.items()} == {
        "good": "live", "weak": "live", "broken": "failed", "limited": "waiting"}
    assert (summaries["weak"].tally.n_new, summaries["good"].tally.n_new) == (1, 1)
    assert summaries["limited"].message == "limit reached"
    assert str(summaries["good"]).startswith("good (Good): live, 1 new, 0 known already, 0 set aside in ")
    assert all(source.ended.is_set() for source in house.opened.values())


def test_once_with_no_source_says_so_by_an_empty_list(house: House) -> None:
    assert house.collector({}).once() == []


def test_a_source_of_an_unknown_kind_says_which_kinds_there_are(house: House) -> None:
    sources = {"a": SourceSettings("a", "tickin", "A"), "b": SourceSettings("b", "ticking", "B")}
    known = {"ticking": house.connector(Ticking)}
    wrong, right = Collector(Settings(sources=sources), house.store, house.writer, known).once()
    assert (wrong.state, right.state) == ("failed", "live")
    assert wrong.message == "[sources.a] connector is 'tickin', which does not exist; did you mean 'ticking'?"


def test_a_source_with_a_wrong_setting_fails_alone(house: House) -> None:
    sources = {"a": SourceSettings("a", "ticking", "A", values={"hots": "x"}),
               "b": SourceSettings("b", "ticking", "B")}
    known = {"ticking": house.connector(Ticking)}
    wrong, right = Collector(Settings(sources=sources), house.store, house.writer, known).once()
    assert (wrong.state, right.state) == ("failed", "live")
    assert "did you mean 'host'?" in wrong.message


def test_a_source_taken_out_of_the_settings_is_shown_as_off(house: House) -> None:
    house.collector({}, a=Ticking, b=Ticking).once()
    assert house.state("b")[0] == "live"
    house.collector({}, a=Ticking).once()
    assert house.state("b") == ("off", "no longer in the settings")


def test_a_source_is_opened_with_teams_and_domains_of_the_firm(house: House) -> None:
    seen: list[Opening] = []

    def opening(given: Opening) -> Ticking:
        seen.append(given)
        raise FixSettings("enough seen")

    settings = Settings(firm=Firm(own_domains=("acme.example",)), teams={"Sales": ("ana@acme.example",)},
                        sources={"a": SourceSettings("a", "x", "A")})
    kind = Connector("x", "X", "pull", ["msg.in"], [Setting("size", "how many", 5)], "Nothing is seen.", opening)
    Collector(settings, house.store, house.writer, {"x": kind}).once()
    assert (seen[0].source, seen[0].settings) == ("a", {"size": 5})
    assert seen[0].own_domains == {"acme.example"}
    assert seen[0].teams == {"ana@acme.example": "Sales"}


def test_who_is_excluded_is_not_collected(house: House) -> None:
    class Mixed(Ticking):
        def pull(self, cursor: Cursor) -> Iterator[Page]:
            yield Page({}, [Event(name, T0, "msg.in", [Ref("contact", f"x@{name}.example")])
                            for name in ("doctor", "shop")])

    settings = Settings(privacy=Privacy(exclude=("doctor.example",)),
                        sources={"a": SourceSettings("a", "mixed", "A")})
    Collector(settings, house.store, house.writer, {"mixed": house.connector(Mixed)}).once()
    assert [row["source_id"] for row in house.store.read("SELECT source_id FROM event", {}, SYSTEM)] == ["shop"]


def test_the_demonstration_is_a_firm_with_five_sources(house: House) -> None:
    # The firm goes on living from the anchor to the present, so a long past one would take long to tell.
    settings = with_demo(Settings(firm=Firm(demo=True)), datetime.now(UTC))
    assert len(settings.sources) == 5
    assert settings.firm.own_domains
    assert {"Sales", "Service"} <= set(settings.teams)
    short = [replace(source, values={**source.values, "days": 2}) for source in settings.sources.values()]
    clipped = replace(settings, sources={source.id: source for source in short})
    summaries = Collector(clipped, house.store, house.writer, discover(connectors, "CONNECTOR")).once()
    assert {summary.state for summary in summaries} == {"live"}
    assert all(summary.tally.n_new for summary in summaries)


def test_who_configures_the_demonstration_is_left_alone() -> None:
    own = Settings(firm=Firm(demo=True), sources={"x": SourceSettings("x", "demo", "X")})
    assert with_demo(own, T0) is own
    assert with_demo(Settings(), T0).sources == {}


def test_a_database_keeps_the_moment_at_which_its_demonstration_began(house: House) -> None:
    assert kept_anchor(house.writer, T0) == T0
    assert kept_anchor(house.writer, T0 + timedelta(days=3)) == T0
