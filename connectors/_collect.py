"""One look at one source: from the stored cursor, page by page into the store, and its state told to everybody.

Nothing is lost: the cursor moves only in the transaction of the page it came with, so whatever breaks in the
middle is read again and what was there already is known by its id.
"""

from __future__ import annotations

import json
import logging
import random
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

from connectors._contract import Source
from data.errors import CursorExpired, FixSettings, FrontviewError, OurFault, RetryLater
from data.page import Page
from data.store import Store
from data.writer import Receipt, Writer

_T = TypeVar("_T")
log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 600.0
# A wrong password tried too often locks the account, so what only a person can mend is looked at seldom.
MENDED_RETRY_SECONDS = 900.0
LONGEST_ASKED_SECONDS = 86_400.0
_PROGRESS_SECONDS = 1.0

State = Literal["starting", "live", "catching up", "waiting", "failed", "off"]


@dataclass(slots=True)
class Tally:
    """How many records one run, or several, brought: all, new, known already, set aside."""

    n_in: int = 0
    n_new: int = 0
    n_again: int = 0
    n_aside: int = 0

    def add(self, other: Receipt | Tally) -> None:
        """Count these too."""
        self.n_in += other.n_in
        self.n_new += other.n_new
        self.n_again += other.n_again
        self.n_aside += other.n_aside

    def __str__(self) -> str:
        return f"{self.n_new:,} new, {self.n_again:,} known already, {self.n_aside:,} set aside"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: live (nothing more is there now), waiting, failed, or off (stopped in the middle).

    `retry_seconds`: how long to leave the source alone; None: as long as usual.
    """

    state: State
    tally: Tally
    message: str = ""
    retry_seconds: float | None = None


@dataclass
class Run:
    """A source that is looked at again and again. Only one thread at a time may call it.

    `open` makes the source; it is called at the first look and after every failure that is not the source's
    own wish to wait, so that nothing half broken is used again. `clean` gives a page without what must not be kept.
    """

    source: str
    open: Callable[[], Source]
    store: Store
    writer: Writer
    stopped: Callable[[], bool] = lambda: False
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: Callable[[], float] = random.random
    on_page: Callable[[Page, Receipt], None] = lambda page, receipt: None
    clean: Callable[[Page], Page] = lambda page: page
    opened: Source | None = None
    _failures: int = 0
    _told: tuple[str, str] = ("", "")
    _seen: set[int] = field(default_factory=set)

    def __call__(self) -> Outcome:
        """Look once, from the stored cursor until nothing more is there; never raises."""
        tally = Tally()
        try:
            plainly(lambda: self._look(tally), f"reading source {self.source!r}")
        except FrontviewError as error:
            return self._failed(error, tally)
        self._failures = 0
        if self.stopped():
            return Outcome("off", tally)
        self._tell("live", "")
        return Outcome("live", tally)

    def close(self) -> None:
        """Let go of the source; may be called from another thread."""
        if self.opened is not None:
            self.opened.close()

    def _look(self, tally: Tally) -> None:
        if self.opened is None:
            # A source that failed says so until it works again, not "starting" at every attempt.
            if self._told[0] != "failed":
                self._tell("starting", "connecting")
            self.opened = self.open()
            if self.stopped():
                return
        cursor = self.store.cursor(self.source)
        try:
            self._drain(self.opened.pull(cursor), tally)
        except CursorExpired as error:
            log.info("source %s expired its cursor", self.source)
            self._tell("catching up", f"{error}; reading again from the start")
            self._drain(self.opened.pull({}), tally)

    def _drain(self, pages: Iterator[Page], tally: Tally) -> None:
        """Store page after page; each is committed before the next is asked for."""
        self._seen.clear()
        started, told = time.monotonic(), time.monotonic()
        for page in pages:
            if self._repeats(page):
                return
            receipt = self.writer.put(self.source, self.clean(page))
            tally.add(receipt)
            self.on_page(page, receipt)
            if receipt.n_new:
                self._failures = 0
            if self.stopped():
                return
            if time.monotonic() - told >= _PROGRESS_SECONDS or (page.behind and self._told[0] != "catching up"):
                told = time.monotonic()
                self._tell("catching up", progress(tally.n_in, told - started, page.behind))

    def _repeats(self, page: Page) -> bool:
        """Whether this very page came before in this run: the end when it is empty, a fault when it is not."""
        mark = _mark(page)
        if mark not in self._seen:
            self._seen.add(mark)
            return False
        if _is_empty(page):
            return True
        raise OurFault(f"the connector of source {self.source!r} gave the same page twice and would never end; "
                       "please report it; what came so far is kept")

    def _failed(self, error: FrontviewError, tally: Tally) -> Outcome:
        """Leave the source alone for a while that fits the error, and say so."""
        if self.stopped():
            # Closing a source in the middle of an answer breaks that answer; this is no news about the source.
            return Outcome("off", tally)
        state: State = "waiting" if isinstance(error, RetryLater | CursorExpired) else "failed"
        seconds = self._pause(error)
        self._failures += 1
        if state == "failed":
            self._drop()
        message = str(error)
        log.warning("source %s %s for %.0f s: %s", self.source, state, seconds, type(error).__name__)
        # The writer may be what broke (a full disk, a lost file): it says so itself, and this thread goes on.
        try:
            self._tell(state, message, self.now() + timedelta(seconds=seconds))
        except FrontviewError as fault:
            log.warning("the state of source %s could not be kept: %s", self.source, type(fault).__name__)
        return Outcome(state, tally, message, seconds)

    def _pause(self, error: FrontviewError) -> float:
        if isinstance(error, FixSettings):
            return MENDED_RETRY_SECONDS
        asked = error.after_seconds if isinstance(error, RetryLater) else None
        if asked is not None and asked >= 0:
            # Never earlier than asked; a little later, so that many sources of one server do not come together.
            return min(asked, LONGEST_ASKED_SECONDS) * (1 + 0.1 * self.chance())
        doubled = FIRST_RETRY_SECONDS * 2 ** min(self._failures, 20)
        return min(doubled, LONGEST_RETRY_SECONDS) * (0.5 + 0.5 * self.chance())

    def _drop(self) -> None:
        opened, self.opened = self.opened, None
        if opened is not None:
            try:
                plainly(opened.close, f"closing source {self.source!r}")
            except FrontviewError as error:
                log.warning("source %s did not close: %s", self.source, type(error).__name__)

    def _tell(self, state: State, message: str, next_at: datetime | None = None) -> None:
        """Report what changed; a source that stays live is not worth a commit every time."""
        if (state, message) != self._told or next_at is not None:
            self.writer.report(self.source, state, message, next_at)
            self._told = (state, message)


def plainly(work: Callable[[], _T], doing: str) -> _T:
    """The result of `work`; whatever it raises beyond the families of data.errors becomes OurFault.

    The text says where it broke and not what the error said: that may hold somebody's mail.
    """
    try:
        return work()
    except FrontviewError:
        raise
    # Connectors read other people's systems; one that meets something nobody thought of must not take the
    # others down with it. This is the only place under connectors/ that catches everything.
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name} line {last.lineno}"
        log.error("%s broke: %s in %s", doing, type(error).__name__, where)
        raise OurFault(f"{doing} met a fault in Frontview, not in your settings ({type(error).__name__} in "
                       f"{where}); please report it; the other sources go on") from error


def progress(records: int, seconds: float, behind: int | None) -> str:
    """How a source catches up, in words: records so far, rate, how many are left and how long they will take."""
    rate = records / seconds if seconds > 0 else 0.0
    words = [f"{records:,} records so far"]
    if rate >= 1:
        words.append(f"{rate:,.0f} a second")
    if behind:
        left = f" (about {span(behind / rate)})" if rate >= 1 else ""
        words.append(f"{behind:,} to go{left}")
    return ", ".join(words)


def span(seconds: float) -> str:
    """A length of time as people say it: 40 s, 3 min, 2 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _is_empty(page: Page) -> bool:
    frames = page.frames is not None and bool(len(page.frames.events) or len(page.frames.changes)
                                              or len(page.frames.links))
    return not (page.events or page.changes or page.links or page.retractions or page.aside or frames)


def _mark(page: Page) -> int:
    """What tells a page from others: its cursor and the ids of its records."""
    ids: list[Any] = [event.source_id for event in page.events]
    ids += [(r.source_id, "taken back") for r in page.retractions] + [(a.source_id, "aside") for a in page.aside]
    ids += [*page.changes, len(page.links)]
    if page.frames is not None:
        rows = page.frames.events["source_id"]
        ids += [len(rows), rows.first(), rows.last()] if len(rows) else [len(page.frames.changes)]
    return hash((json.dumps(dict(page.cursor), sort_keys=True), *ids))
