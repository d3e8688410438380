"""The hub: one computation for all equal viewers, only what changed, and nobody's closing harms the others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import live_world
import pytest
from live_world import MANAGER, NOW_T, World

from data.page import Page
from layouts import _hub
from layouts._contract import Part, View
from layouts._hub import Hub
from metrics._contract import Filters, Read

KEY = ("count", MANAGER.scope, Filters())


@pytest.fixture
def world() -> Iterator[World]:
    made = live_world.make()
    yield made
    made.close()


class Counted:
    """A view that counts how often it is computed: one figure that moves and one that stands."""

    def __init__(self) -> None:
        self.times = 0
        moving = Part("n", self.load, lambda n: {"n": {"children": str(n)}})
        standing = Part("still", lambda *_: 0, lambda _: {"still": {"children": "as ever"}})
        self.view = View("count", "Count", "/count", "pulse", frozenset(), (moving, standing), lambda: [])

    def load(self, read: Read, _filters: Filters, _now_t: int) -> int:
        self.times += 1
        return read("SELECT count(*) AS n FROM event", {})[0]["n"]


def happen(world: World, n: int) -> None:
    """One more event."""
    event = replace(live_world.message(1, 0.5, "inbound", "North", ""), source_id=f"new-{n}")
    world.writer.put(live_world.SOURCE, Page({"n": n}, events=[event]))


async def frame(frames: Any) -> dict[str, Any]:
    """The next data frame, beats left out."""
    while True:
        text = await asyncio.wait_for(anext(frames), 20)
        if text.startswith(b"data: "):
            return json.loads(text[6:])


def test_fifty_viewers_cost_one_computation_a_version(world: World) -> None:
    async def story() -> None:
        counted = Counted()
        hub = Hub(world.store, {"count": counted.view}, lambda: NOW_T)
        viewers = [hub.frames(KEY) for _ in range(50)]
        firsts = await asyncio.gather(*(frame(v) for v in viewers))
        assert len({json.dumps(f) for f in firsts}) == 1
        assert counted.times == 1
        happen(world, 1)
        seconds = await asyncio.gather(*(frame(v) for v in viewers))
        assert len({json.dumps(f) for f in seconds}) == 1
        assert counted.times == 2
        assert int(seconds[0]["p"]["n"]) == int(firsts[0]["p"]["n"]) + 1
        hub.close()

    asyncio.run(story())


def test_only_what_changed_is_sent_and_a_newcomer_gets_everything(world: World) -> None:
    async def story() -> None:
        counted = Counted()
        hub = Hub(world.store, {"count": counted.view}, lambda: NOW_T)
        follower = hub.frames(KEY)
        assert {"n", "still"} <= set((await frame(follower))["p"])
        happen(world, 1)
        assert set((await frame(follower))["p"]) == {"n"}
        assert {"n", "still"} <= set((await frame(hub.frames(KEY)))["p"])
        hub.close()

    asyncio.run(story())


def test_a_tab_that_closes_does_not_take_the_others_along(world: World) -> None:
    async def story() -> None:
        counted = Counted()
        hub = Hub(world.store, {"count": counted.view}, lambda: NOW_T)
        leaver, stayer = hub.frames(KEY), hub.frames(KEY)
        leaving = asyncio.create_task(anext(leaver))
        await asyncio.sleep(0)
        leaving.cancel()
        assert (await frame(stayer))["v"] == world.store.version
        await leaver.aclose()
        happen(world, 1)
        assert (await frame(stayer))["v"] == world.store.version
        hub.close()

    asyncio.run(story())


def test_what_is_computed_while_a_slow_viewer_still_receives_comes_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A beat would hide that the news was slept through.
    monkeypatch.setattr(_hub, "BEAT_SECONDS", 3600.0)

    async def story() -> None:
        counted = Counted()
        hub = Hub(world.store, {"count": counted.view}, lambda: NOW_T)
        slow, quick = hub.frames(KEY), hub.frames(KEY)
        first = await frame(slow)
        await frame(quick)
        happen(world, 1)
        second = await frame(quick)
        assert second["v"] > first["v"]
        assert (await frame(slow))["v"] == second["v"]
        hub.close()

    asyncio.run(story())


def test_commits_that_come_meanwhile_are_one_computation(world: World) -> None:
    async def story() -> None:
        counted = Counted()
        hub = Hub(world.store, {"count": counted.view}, lambda: NOW_T)
        follower = hub.frames(KEY)
        await frame(follower)
        for n in range(20):
            happen(world, n)
        last = world.store.version
        while (await frame(follower))["v"] < last:
            pass
        assert counted.times < 20
        hub.close()

    asyncio.run(story())


def test_what_nobody_watches_is_not_computed(world: World) -> None:
    async def story() -> None:
        seen, unseen = Counted(), Counted()
        hub = Hub(world.store, {"count": seen.view, "left": unseen.view}, lambda: NOW_T)
        left = hub.frames(("left", *KEY[1:]))
        await frame(left)
        await left.aclose()
        stayer = hub.frames(KEY)
        await frame(stayer)
        happen(world, 1)
        await frame(stayer)
        assert (seen.times, unseen.times) == (2, 1)
        assert (await frame(hub.frames(("left", *KEY[1:]))))["v"] == world.store.version
        hub.close()

    asyncio.run(story())


def test_all_streams_finish_when_the_server_ends(world: World) -> None:
    async def story() -> None:
        hub = Hub(world.store, {"count": Counted().view}, lambda: NOW_T)
        viewers = [hub.frames(KEY) for _ in range(5)]
        await asyncio.gather(*(frame(v) for v in viewers))
        hub.end_streams()
        for viewer in [*viewers, hub.frames(KEY)]:
            with pytest.raises(StopAsyncIteration):
                await asyncio.wait_for(anext(viewer), 20)
        hub.close()

    asyncio.run(story())


def test_different_scopes_never_share_a_channel(world: World) -> None:
    async def story() -> None:
        counted = Counted()
        hub = Hub(world.store, {"count": counted.view}, lambda: NOW_T)
        whole = await frame(hub.frames(KEY))
        part = await frame(hub.frames(("count", live_world.SOUTHERNER.scope, Filters())))
        assert int(part["p"]["n"]) < int(whole["p"]["n"])
        hub.close()

    asyncio.run(story())


def test_an_error_stays_in_its_card(world: World) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    parts = (Part("bad", broken, lambda _: {}), Part("good", lambda *_: 1, lambda n: {"good": {"children": n}}))
    view = View("count", "Count", "/count", "pulse", frozenset(), parts, lambda: [])
    found = view.properties(Read(world.store.read, MANAGER.scope), Filters(), NOW_T)
    assert found["good"] == {"children": 1}
    assert "could not be computed" in str(found["bad"]["children"].to_plotly_json())
