"""The live hub: whatever somebody watches is computed once a version and sent to all who watch it.

A channel is one (view, scope, filters). It remembers for each component the text last sent and the number of the
frame that changed it, so a newcomer gets everything and a follower only what changed since its last frame.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dash.development.base_component import Component

from data.scope import Scope
from data.store import Store
from layouts._contract import View
from layouts._shell import SHELL
from metrics._contract import Filters, Read

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
REFRESH_SECONDS = 15.0
PAUSE_SECONDS = 0.2
LINGER_SECONDS = 30.0

Key = tuple[str, Scope, Filters]
Clock = Callable[[], int]


def to_json(value: Any) -> str:
    """JSON of plain values and Dash's HTML components, these as {"_": type, property: value}: half the bytes."""
    return json.dumps(value, default=_short, ensure_ascii=False, separators=(",", ":"))


def _short(thing: Component) -> dict[str, Any]:
    told = thing.to_plotly_json()
    if told["namespace"] != "dash_html_components":
        return told
    return {"_": told["type"], **{name: value for name, value in told["props"].items() if value is not None}}


class Channel:
    """What one group of equal viewers sees, as text that is ready to be sent."""

    def __init__(self) -> None:
        self.number = 0
        self.version = -1
        self.at_t = 0
        self.watchers = 0
        self.over = False
        self.idle_since = time.monotonic()
        self.changed = asyncio.Event()
        self._pieces: dict[str, tuple[int, str]] = {}
        self._texts: dict[int, str] = {}

    def take(self, pieces: dict[str, str], version: int, at_t: int) -> None:
        """A newly computed state; wakes everybody who follows."""
        self.number += 1
        for key, text in pieces.items():
            if self._pieces.get(key, (0, ""))[1] != text:
                self._pieces[key] = (self.number, text)
        self.version, self.at_t = version, at_t
        self._texts.clear()
        self.changed.set()
        self.changed = asyncio.Event()

    def since(self, seen: int) -> str:
        """The frame for somebody whose last frame had this number; the same text object for all who share it."""
        if seen not in self._texts:
            body = ",".join(f"{json.dumps(key)}:{text}" for key, (n, text) in self._pieces.items() if n > seen)
            self._texts[seen] = f'data: {{"v":{self.version},"at":{self.at_t // 1000},"p":{{{body}}}}}\n\n'
        return self._texts[seen]


class Hub:
    """Keeps a channel for each thing watched; a channel without watchers ends after a while."""

    def __init__(self, store: Store, views: dict[str, View], now: Clock) -> None:
        self._store, self._views, self._now = store, views, now
        self._channels: dict[Key, Channel] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="view")
        self._reads: dict[Scope, Read] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._raised = asyncio.Event()
        self._unsubscribe = store.subscribe(self._on_commit)

    def close(self) -> None:
        """No more news from the store; running channels end with their loop."""
        self._unsubscribe()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def frames(self, key: Key) -> AsyncGenerator[str]:
        """Frames for one viewer: everything first, then what changes, and a beat when nothing does."""
        channel = self._channel(key)
        channel.watchers += 1
        seen = 0
        try:
            while not channel.over:
                if channel.number > seen:
                    text, seen = channel.since(seen), channel.number
                    yield text
                changed = channel.changed
                try:
                    await asyncio.wait_for(changed.wait(), BEAT_SECONDS)
                except TimeoutError:
                    yield f'event: beat\ndata: {{"v":{self._store.version},"at":{self._now() // 1000}}}\n\n'
        finally:
            channel.watchers -= 1
            channel.idle_since = time.monotonic()

    def _channel(self, key: Key) -> Channel:
        if key not in self._channels:
            self._loop = asyncio.get_running_loop()
            channel = self._channels[key] = Channel()
            # A task of its own: the frame belongs to all viewers, so no single tab's closing may cancel it.
            task = self._loop.create_task(self._run(key, channel))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._channels[key]

    async def _run(self, key: Key, channel: Channel) -> None:
        loop = asyncio.get_running_loop()
        try:
            while channel.watchers or time.monotonic() - channel.idle_since < LINGER_SECONDS:
                raised, began = self._raised, time.monotonic()
                pieces, version, at_t = await loop.run_in_executor(self._pool, self._compute, key)
                channel.take(pieces, version, at_t)
                # Costly views come less often, so that many different ones cannot starve the writer.
                await asyncio.sleep(max(PAUSE_SECONDS, 2 * (time.monotonic() - began)))
                if self._store.version == version:
                    await self._wait(raised)
        finally:
            # Followers of a channel that failed must not wait for ever: their streams end and they come again.
            self._channels.pop(key, None)
            channel.over = True
            channel.changed.set()

    async def _wait(self, raised: asyncio.Event) -> None:
        # Windows slide even when nothing is committed, hence the limit.
        try:
            await asyncio.wait_for(raised.wait(), REFRESH_SECONDS)
        except TimeoutError:
            return

    def _compute(self, key: Key) -> tuple[dict[str, str], int, int]:
        view, scope, filters = key
        version, now_t = self._store.version, self._now()
        found = self._views[view].properties(self._read(scope), filters, now_t, also=(SHELL,))
        return {name: to_json(value) for name, value in found.items()}, version, now_t

    def _read(self, scope: Scope) -> Read:
        # One for each scope, because it remembers words and labels.
        if scope not in self._reads:
            if len(self._reads) > 500:
                self._reads.clear()
            self._reads[scope] = Read(self._store.read, scope)
        return self._reads[scope]

    def _on_commit(self, _version: int) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._raise)

    def _raise(self) -> None:
        raised, self._raised = self._raised, asyncio.Event()
        raised.set()
