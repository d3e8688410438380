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
        if text.startswith("data: "):
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
        assert int(seconds[0]["p"]["n"]["children"]) == int(firsts[0]["p"]["n"]["children"]) + 1
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


def test_different_scopes_never_share_a_channel(world: World) -> None:
    async def story() -> None:
        counted = Counted()
        hub = Hub(world.store, {"count": counted.view}, lambda: NOW_T)
        whole = await frame(hub.frames(KEY))
        part = await frame(hub.frames(("count", live_world.SOUTHERNER.scope, Filters())))
        assert int(part["p"]["n"]["children"]) < int(whole["p"]["n"]["children"])
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
