"""The live hub: whatever somebody watches is computed once a version and sent to all who watch it.

A channel is one (view, scope, filters). It remembers for each component the HTML last sent and the number of the
frame that changed it, so a newcomer gets everything and a follower only what changed since its last frame. A
channel lives as long as somebody watches: what nobody looks at is not computed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from data.scope import Scope
from data.store import Store
from layouts._contract import Properties, View
from layouts._html import to_html
from layouts._shell import SHELL
from metrics._contract import Filters, Read

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
REFRESH_SECONDS = 15.0
PAUSE_SECONDS = 0.3
LONGEST_PAUSE_SECONDS = 3.0
SHELL_US = 5_000_000

Key = tuple[str, Scope, Filters]
Clock = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Computed:
    """A state of a page: component id -> JSON text of its HTML, the version it shows, its moment, what it took."""

    pieces: dict[str, str]
    version: int
    at_t: int
    seconds: float


_FRAME = View("", "", "", "", frozenset(), (SHELL,), lambda: [])


def _pieces(found: Properties) -> dict[str, str]:
    return {name: json.dumps(to_html(said["children"]), ensure_ascii=False) for name, said in found.items()}


class Channel:
    """What one group of equal viewers sees, as bytes that are ready to be sent."""

    def __init__(self) -> None:
        self.number = 0
        self.watchers = 0
        self.is_over = False
        self.news = asyncio.Event()
        self.changed = asyncio.Event()
        self._latest = Computed({}, -1, 0, 0.0)
        self._pieces: dict[str, tuple[int, str]] = {}
        self._frames: dict[int, bytes] = {}

    def take(self, computed: Computed) -> None:
        """A newly computed state; wakes everybody who follows."""
        self.number += 1
        for key, text in computed.pieces.items():
            if self._pieces.get(key, (0, ""))[1] != text:
                self._pieces[key] = (self.number, text)
        self._latest = computed
        self._frames.clear()
        self._wake()

    def end(self) -> None:
        """Followers finish, and whoever computes for them stops."""
        self.is_over = True
        self.news.set()
        self._wake()

    def since(self, seen: int) -> bytes:
        """The frame for somebody whose last frame had this number; the same object for all who share it."""
        if seen not in self._frames:
            body = ",".join(f"{json.dumps(key)}:{text}" for key, (n, text) in self._pieces.items() if n > seen)
            at = self._latest.at_t // 1000
            self._frames[seen] = f'data: {{"v":{self._latest.version},"at":{at},"p":{{{body}}}}}\n\n'.encode()
        return self._frames[seen]

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Hub:
    """Keeps a channel for each thing watched, from its first viewer to its last."""

    def __init__(self, store: Store, views: dict[str, View], now: Clock) -> None:
        self._store, self._views, self._now = store, views, now
        self._channels: dict[Key, Channel] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="view")
        self._reads: dict[Scope, Read] = {}
        self._shells: dict[Scope, tuple[int, int, dict[str, str]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_over = False
        self._news = 0
        self._unsubscribe = store.subscribe(self._on_commit)

    def end_streams(self) -> None:
        """Every stream finishes and none begins; in the loop's thread, before the server shuts down."""
        self._is_over = True
        for channel in self._channels.values():
            channel.end()

    def close(self) -> None:
        """No more news from the store; running channels end with their loop."""
        self._unsubscribe()
        # A view that is being computed still reads; the store must not be closed under it.
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def frames(self, key: Key) -> AsyncGenerator[bytes]:
        """Frames for one viewer: everything first, then what changes, and a beat when nothing does."""
        if self._is_over:
            return
        channel = self._channel(key)
        channel.watchers += 1
        seen = 0
        try:
            while not channel.is_over:
                # Taken before the number is looked at: what is computed while a slow viewer still receives the
                # frame before must not be slept through.
                changed = channel.changed
                if channel.number > seen:
                    frame, seen = channel.since(seen), channel.number
                    yield frame
                    continue
                try:
                    await asyncio.wait_for(changed.wait(), BEAT_SECONDS)
                except TimeoutError:
                    yield self._beat()
        finally:
            channel.watchers -= 1
            if not channel.watchers:
                self._drop(key, channel)

    def _beat(self) -> bytes:
        return f'event: beat\ndata: {{"v":{self._store.version},"at":{self._now() // 1000}}}\n\n'.encode()

    def _channel(self, key: Key) -> Channel:
        if key not in self._channels:
            self._loop = asyncio.get_running_loop()
            channel = self._channels[key] = Channel()
            # A task of its own: the frame belongs to all viewers, so no single tab's closing may cancel it.
            task = self._loop.create_task(self._run(key, channel))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._channels[key]

    def _drop(self, key: Key, channel: Channel) -> None:
        if self._channels.get(key) is channel:
            del self._channels[key]
        channel.end()

    async def _run(self, key: Key, channel: Channel) -> None:
        loop = asyncio.get_running_loop()
        try:
            while not channel.is_over:
                channel.news.clear()
                computed = await loop.run_in_executor(self._pool, self._compute, key)
                channel.take(computed)
                # News that comes meanwhile is one computation, not many; costly pages are computed less often, so
                # that many different ones starve neither the writer nor each other.
                await asyncio.sleep(min(max(PAUSE_SECONDS, computed.seconds), LONGEST_PAUSE_SECONDS))
                # Windows slide even when nothing is committed, hence the limit.
                with suppress(TimeoutError):
                    await asyncio.wait_for(channel.news.wait(), REFRESH_SECONDS)
        finally:
            # Followers of a channel that failed must not wait for ever: their streams end and they come again.
            self._drop(key, channel)

    def _compute(self, key: Key) -> Computed:
        began = time.perf_counter()
        view, scope, filters = key
        news, version, now_t = self._news, self._store.version, self._now()
        found = self._views[view].properties(self._read(scope), filters, now_t)
        pieces = self._shell(scope, news, now_t) | _pieces(found)
        return Computed(pieces, version, now_t, time.perf_counter() - began)

    def _shell(self, scope: Scope, news: int, now_t: int) -> dict[str, str]:
        # The frame around the page follows from the scope alone, so all its pages share it.
        known = self._shells.get(scope)
        if known and known[0] == news and now_t - known[1] < SHELL_US:
            return known[2]
        if len(self._shells) > 500:
            self._shells.clear()
        pieces = _pieces(_FRAME.properties(self._read(scope), Filters(), now_t))
        self._shells[scope] = (news, now_t, pieces)
        return pieces

    def _read(self, scope: Scope) -> Read:
        # One for each scope, because it remembers words and labels.
        if scope not in self._reads:
            if len(self._reads) > 500:
                self._reads.clear()
            self._reads[scope] = Read.of(self._store, scope)
        return self._reads[scope]

    def _on_commit(self, _version: int) -> None:
        # In the writer's thread; the loop may be closing just now. A source's new state is news without a version.
        self._news += 1
        if self._loop and not self._loop.is_closed():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        for channel in self._channels.values():
            channel.news.set()
