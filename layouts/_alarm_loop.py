"""The running side of alerts: looks what is new for each channel, has it sent, and tries again what failed.

At least once: a message is written down before it is sent and marked after; a stop in between sends it again, under
the same identity. How a message leaves is not known here; `send` is handed in.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler

from data import alerts as kept
from data.alert_settings import AlertSettings
from data.alerts import Letter
from data.errors import FixSettings, FrontviewError, RetryLater
from data.settings import Settings
from data.store import Store
from data.writer import Writer
from metrics._alerts import due_message
from metrics._contract import DAY, SECOND

log = logging.getLogger(__name__)
EVERY_SECONDS: Final = 15.0
GIVE_UP_US: Final = DAY
FIRST_RETRY_SECONDS: Final = 30.0
LONGEST_RETRY_SECONDS: Final = 1800.0
# What a person must mend is looked at seldom: a wrong password tried too often locks the account.
MENDED_RETRY_SECONDS: Final = 900.0
_STOP_SECONDS: Final = 2.5

Send = Callable[[Letter], str]
"""Sends a letter; returns "" or what part did not arrive. Raises RetryLater, FixSettings or their like."""


class AlarmLoop:
    """Alerts of all channels in the settings, from `start` to `stop`; one that hangs holds up no other.

    The writer has to be started already. `chance` spreads the retries of several channels.
    """

    def __init__(self, settings: Settings, store: Store, writer: Writer, send: Send, *,
                 chance: Callable[[], float] = random.random) -> None:
        server = settings.server
        self._alerts = settings.alerts
        self._base_url = (server.public_url or f"http://{server.host}:{server.port}").rstrip("/")
        self._store = store
        self._writer = writer
        self._send = send
        self._chance = chance
        self._threads = _ThreadsOfTheirOwn()
        self._scheduler: BackgroundScheduler | None = None

    def start(self) -> None:
        """Begin to look; returns at once. Without a channel in the settings only old messages are ended."""
        kept.give_up_others(self._writer, list(self._alerts))
        if not self._alerts:
            return
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": self._threads})
        for name in self._alerts:
            self._scheduler.add_job(
                self._look, "interval", args=[name], id=name, seconds=EVERY_SECONDS, jitter=2,
                next_run_time=datetime.now(UTC), max_instances=1, coalesce=True, misfire_grace_time=None)
        self._scheduler.start()

    def stop(self) -> None:
        """End within three seconds; what is being sent meanwhile is sent again next time."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
        self._threads.wait(_STOP_SECONDS)

    def once(self, name: str) -> int:
        """One look for one channel: write down what is new, then send what waits; how many letters arrived."""
        alert = self._alerts[name]
        made = self._made(alert)
        letters = kept.waiting(self._writer, name, self._writer.clock())
        arrived = sum(self._try(letter) for letter in letters)
        if made or letters:
            # No fact changed, but the table of alerts did: whoever looks at it gets a new frame.
            self._store.announce(self._store.version)
        return arrived

    def _made(self, alert: AlertSettings) -> Letter | None:
        return due_message(self._store, self._writer, alert, self._base_url)

    def _look(self, name: str) -> None:
        try:
            self.once(name)
        except FrontviewError as error:
            # Above all the end of the program; the next look begins anew, and nothing was lost.
            log.warning("alert channel %s could not look: %s", name, type(error).__name__)

    def _try(self, letter: Letter) -> bool:
        try:
            trouble = self._send(letter)
        except FrontviewError as error:
            self._postpone(letter, error)
            return False
        kept.mark_sent(self._writer, letter, trouble)
        return True

    def _postpone(self, letter: Letter, error: FrontviewError) -> None:
        """Try again later, a last time when a day is over; then give up."""
        now_t, ends_t = self._writer.clock(), letter.made_t + GIVE_UP_US
        if now_t >= ends_t:
            log.warning("alert channel %s gave up message %d: %s", letter.channel, letter.n, type(error).__name__)
            kept.mark_tried(self._writer, letter, str(error), None)
            return
        next_t = now_t + int(self._wait_seconds(letter, error) * SECOND)
        kept.mark_tried(self._writer, letter, str(error), min(next_t, ends_t))

    def _wait_seconds(self, letter: Letter, error: FrontviewError) -> float:
        if isinstance(error, FixSettings):
            return MENDED_RETRY_SECONDS
        wait = min(FIRST_RETRY_SECONDS * 2 ** min(letter.tries, 10), LONGEST_RETRY_SECONDS)
        asked = error.after_seconds if isinstance(error, RetryLater) else None
        return max(wait * (0.75 + self._chance() / 2), asked or 0.0)


class _ThreadsOfTheirOwn(BaseExecutor):
    """A daemon thread for each look: one that waits for a silent server starves no other and holds up no end."""

    def __init__(self) -> None:
        super().__init__()
        self._running: set[threading.Thread] = set()

    def wait(self, seconds: float) -> None:
        """Wait for looks that are under way, so long altogether."""
        until = datetime.now(UTC).timestamp() + seconds
        for thread in list(self._running):
            thread.join(max(0.0, until - datetime.now(UTC).timestamp()))

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        thread = threading.Thread(target=self._run, args=[job, run_times], name=f"alert-{job.id}", daemon=True)
        self._running.add(thread)
        thread.start()

    def _run(self, job: Job, run_times: list[datetime]) -> None:
        try:
            self._run_job_success(job.id, run_job(job, job._jobstore_alias, run_times, self._logger.name))
        finally:
            self._running.discard(threading.current_thread())
