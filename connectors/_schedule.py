"""All configured sources at once: each polled on its own schedule, and at once when it says that there is news."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_EXECUTED, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.job import Job
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from connectors._collect import Outcome, Run, Tally, plainly, span
from connectors._contract import Connector, Opening, Source
from connectors._demo_settings import kept_anchor, with_demo
from connectors._exclude import excluding
from data._tables import nearest
from data.errors import FixSettings, FrontviewError
from data.scope import SYSTEM
from data.settings import Settings, SourceSettings, source_values
from data.store import Store
from data.writer import Writer

log = logging.getLogger(__name__)
_STOP_SECONDS = 2.5
_LONGEST_WAIT_SECONDS = 30.0
_IDLE_TOLD_SECONDS = 0.5
# `collect --once` waits out short requests to slow down and reports the others.
_ONCE_PATIENCE_SECONDS = 30.0
_ONCE_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Summary:
    """What `collect --once` did with one source."""

    source: str
    title: str
    state: str
    message: str
    tally: Tally
    seconds: float

    def __str__(self) -> str:
        said = f"; {self.message}" if self.message else ""
        return f"{self.source} ({self.title}): {self.state}, {self.tally} in {span(self.seconds)}{said}"


@dataclass(eq=False)
class _Entry:
    """One source: its run, and whose turn it is. A source is never asked by two threads at a time, so that
    connectors need no locks of their own. `resting_until` is 0 unless the last look did not work."""

    settings: SourceSettings
    every_seconds: float
    run: Run
    turn: threading.Lock = field(default_factory=threading.Lock)
    due: threading.Event = field(default_factory=threading.Event)
    resting_until: float = 0.0
    missed: int = 0

    def look(self) -> Outcome:
        """Run once, when the source is free."""
        self.due.set()
        with self.turn:
            self.due.clear()
            outcome = self.run()
            self.resting_until = time.monotonic() + outcome.retry_seconds if outcome.retry_seconds else 0.0
        return outcome


class Collector:
    """Keeps every source in the settings up to date until it is stopped. One that breaks harms no other.

    The writer has to be started already.
    """

    def __init__(self, settings: Settings, store: Store, writer: Writer,
                 connectors: Mapping[str, Connector]) -> None:
        self._store = store
        self._writer = writer
        self._stopping = threading.Event()
        self._connectors = connectors
        if settings.firm.demo:
            settings = with_demo(settings, kept_anchor(writer))
        self._entries = {source.id: self._entry(settings, source) for source in settings.sources.values()}
        self._scheduler: BackgroundScheduler | None = None
        self._listeners: list[threading.Thread] = []

    @property
    def missed(self) -> dict[str, int]:
        """How often each source was due while its last look had not ended."""
        return {name: entry.missed for name, entry in self._entries.items()}

    def start(self) -> None:
        """Begin to collect; returns at once."""
        self._register()
        # We count missed runs ourselves; the library would write a line for each.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = BackgroundScheduler(timezone=UTC, executors={"default": _ThreadEach()})
        scheduler.add_listener(self._missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        scheduler.add_listener(self._executed, EVENT_JOB_EXECUTED)
        for name, entry in self._entries.items():
            scheduler.add_job(
                self._scheduled, "interval", args=[entry], id=name, seconds=entry.every_seconds,
                jitter=entry.every_seconds / 10, next_run_time=datetime.now(UTC), max_instances=1, coalesce=True,
                misfire_grace_time=None)
        self._scheduler = scheduler
        scheduler.start()
        for entry in self._entries.values():
            listener = threading.Thread(target=self._listen, args=[entry], daemon=True,
                                        name=f"listen-{entry.settings.id}")
            self._listeners.append(listener)
            listener.start()

    def stop(self) -> None:
        """End within three seconds; what was committed stays, what was not is read again next time."""
        self._stopping.set()
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
        until = time.monotonic() + _STOP_SECONDS
        closers = [threading.Thread(target=_close, args=[entry], daemon=True) for entry in self._entries.values()]
        for closer in closers:
            closer.start()
        for thread in [*closers, *self._listeners]:
            thread.join(max(0.0, until - time.monotonic()))
        for entry in self._entries.values():
            if entry.turn.acquire(timeout=max(0.0, until - time.monotonic())):
                entry.turn.release()
            else:
                log.warning("source %s is still busy; it is left behind", entry.settings.id)

    def once(self) -> list[Summary]:
        """Run every source until nothing more is there now, side by side; what became of each."""
        self._register()
        if not self._entries:
            return []
        pool = ThreadPoolExecutor(len(self._entries), thread_name_prefix="collect")
        try:
            return list(pool.map(self._caught_up, self._entries.values()))
        finally:
            # In this order: an interrupted run ends after its page, and only then is there nothing to wait for.
            self.stop()
            pool.shutdown(wait=False, cancel_futures=True)

    def _entry(self, settings: Settings, source: SourceSettings) -> _Entry:
        connector = self._connectors.get(source.connector)
        every = source.every_seconds or (connector.every_seconds if connector else 60.0)
        run = Run(source.id, lambda: opened(settings, source, self._connectors), self._store, self._writer,
                  self._stopping.is_set, clean=excluding(settings.privacy.exclude))
        return _Entry(source, every, run)

    def _register(self) -> None:
        for entry in self._entries.values():
            source = entry.settings
            connector = self._connectors.get(source.connector)
            self._writer.register(source.id, source.connector, source.title, connector.blind if connector else "")
        known = self._store.read("SELECT id, state FROM source", {}, SYSTEM)
        for gone in {row["id"] for row in known if row["state"] != "off"} - set(self._entries):
            self._writer.report(gone, "off", "no longer in the settings")

    def _scheduled(self, entry: _Entry) -> None:
        if self._stopping.is_set() or time.monotonic() < entry.resting_until:
            return
        entry.look()

    def _executed(self, event: JobExecutionEvent) -> None:
        """A scheduled look has ended. Only now may its retry be set: one that falls due while the look is still
        being wound up would be skipped, and the next usual look may be an hour away."""
        entry = self._entries.get(event.job_id)
        if entry is not None:
            self._retry(entry)

    def _retry(self, entry: _Entry) -> None:
        """After a look that did not work, the next one comes when its outcome wants it."""
        scheduler = self._scheduler
        if not entry.resting_until or scheduler is None or self._stopping.is_set():
            return
        seconds = max(0.0, entry.resting_until - time.monotonic())
        try:
            scheduler.modify_job(entry.settings.id, next_run_time=datetime.now(UTC) + timedelta(seconds=seconds))
        except JobLookupError:
            log.debug("the schedule ended while source %s was read", entry.settings.id)

    def _listen(self, entry: _Entry) -> None:
        """Wait for the source's own word between two looks, and look at once when it comes."""
        while not self._stopping.is_set():
            if entry.resting_until or entry.due.is_set() or entry.run.opened is None:
                self._stopping.wait(0.05)
            elif self._told(entry) and not self._stopping.is_set():
                brought = entry.look().tally.n_in
                self._retry(entry)
                if not brought:
                    # A source that says "now" and then has nothing must not keep us spinning.
                    self._stopping.wait(_IDLE_TOLD_SECONDS)

    def _told(self, entry: _Entry) -> bool:
        """Whether the source spoke before its next scheduled look."""
        seconds = min(self._until_next(entry), _LONGEST_WAIT_SECONDS)
        with entry.turn:
            source = entry.run.opened
            # A look may have come in between; the next one must not have to wait for our waiting.
            if source is None or entry.due.is_set() or entry.resting_until:
                return False
            try:
                return plainly(lambda: source.wait(seconds), f"waiting for source {entry.settings.id!r}")
            except FrontviewError as error:
                # The next scheduled look meets the same trouble, and tells it properly.
                log.info("source %s cannot be waited for: %s", entry.settings.id, type(error).__name__)
        self._stopping.wait(min(seconds, 5.0))
        return False

    def _until_next(self, entry: _Entry) -> float:
        scheduler = self._scheduler
        job: Job | None = scheduler.get_job(entry.settings.id) if scheduler is not None else None
        due_at: datetime | None = job.next_run_time if job is not None else None
        return max(0.05, (due_at - datetime.now(UTC)).total_seconds()) if due_at else 0.05

    def _caught_up(self, entry: _Entry) -> Summary:
        started, tally = time.monotonic(), Tally()
        for attempt in range(_ONCE_ATTEMPTS):
            outcome = entry.look()
            tally.add(outcome.tally)
            wait = outcome.retry_seconds or 0.0
            if outcome.state != "waiting" or wait > _ONCE_PATIENCE_SECONDS or attempt == _ONCE_ATTEMPTS - 1:
                break
            self._stopping.wait(wait)
        source = entry.settings
        return Summary(source.id, source.title, outcome.state, outcome.message, tally, time.monotonic() - started)

    def _missed(self, event: JobExecutionEvent) -> None:
        entry = self._entries.get(event.job_id)
        if entry is not None:
            entry.missed += 1


def opened(settings: Settings, source: SourceSettings, connectors: Mapping[str, Connector]) -> Source:
    """The source, ready to be asked; FixSettings when its settings or its connector's name are wrong."""
    return _connector(source, connectors).open(opening(settings, source, connectors))


def opening(settings: Settings, source: SourceSettings, connectors: Mapping[str, Connector]) -> Opening:
    """What the source is opened with, its secrets included; FixSettings as for `opened`."""
    values = source_values(settings, source, _connector(source, connectors).settings)
    return Opening(source.id, values, frozenset(settings.firm.own_domains), settings.team_of)


def _connector(source: SourceSettings, connectors: Mapping[str, Connector]) -> Connector:
    connector = connectors.get(source.connector)
    if connector is None:
        raise FixSettings(f"[sources.{source.id}] connector is {source.connector!r}, which does not exist; "
                          f"{nearest(source.connector, list(connectors))}")
    return connector


def _close(entry: _Entry) -> None:
    try:
        plainly(entry.run.close, f"closing source {entry.settings.id!r}")
    except FrontviewError as error:
        log.warning("source %s did not close: %s", entry.settings.id, type(error).__name__)


class _ThreadEach(BaseExecutor):
    """A daemon thread for each job that runs. A pool could be starved by sources that hang, and its threads
    would keep the program from ending."""

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        def work() -> None:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
            self._run_job_success(job.id, events)

        threading.Thread(target=work, name=f"collect-{job.id}", daemon=True).start()
