"""The one writer: takes what all connectors have ready and commits it, rows, decisions and cursors together."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

import duckdb
import polars as pl

from data.errors import FrontviewError, OurFault, RetryLater
from data.event import micros
from data.ingest import Delta, Memory, append_facts, event_key, join_pages
from data.page import Page
from data.scope import Principal
from data.store import Store, explain_fault, now_us

log = logging.getLogger(__name__)
T = TypeVar("T")

# Larger commits are cheaper for each event; this bound keeps the wait for the next one under a second or so.
EVENTS_A_COMMIT = 20_000
# Of a batch that changes more objects readers are told only that everything may be otherwise.
_MOST_NEWS = 20_000
# A commit that cannot be written, for want of space above all, is a fault of the transaction to DuckDB.
_FATAL = (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException, duckdb.InternalException,
          duckdb.TransactionException)


class Decider(Protocol):
    """Keeps something derived from events up to date, inside the writer's transaction."""

    def prepare(self, con: duckdb.DuckDBPyConnection) -> None:
        """Bring what is derived into line with the program as it is now; once, before the first commit."""

    def decide(self, con: duckdb.DuckDBPyConnection, delta: Delta) -> None:
        """Bring what is derived into line with the batch; `case_event` still holds the state before it."""

    def tidy(self, con: duckdb.DuckDBPyConnection) -> None:
        """Between commits: fold what has piled up, where it is worth it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a page once it was committed: records in it, new ones, known ones, and set aside."""

    batch: int
    n_in: int
    n_new: int
    n_again: int
    n_aside: int


@dataclass(slots=True)
class _Job:
    done: Future[Any]
    source: str = ""
    page: Page | None = None
    work: Callable[[duckdb.DuckDBPyConnection], Any] | None = None

    @property
    def size(self) -> int:
        page = self.page
        return 0 if page is None else len(page.events) + (len(page.frames.events) if page.frames else 0)


class Writer:
    """A thread that owns all writing. Callers block until their page is on disk, which is the back-pressure."""

    def __init__(self, store: Store, deciders: Sequence[Decider] = (), *, clock: Callable[[], int] = now_us,
                 on_fatal: Callable[[FrontviewError], None] | None = None) -> None:
        self.store = store
        self.deciders = deciders
        self.clock = clock
        self.on_fatal = on_fatal
        self.con = store.connection.cursor()
        self.memory = Memory(self.con)
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=256)
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self.fault: FrontviewError | None = None
        self._ended = False

    def start(self) -> None:
        """Bring the derived tables into line, then begin to take pages."""
        self._transaction(self._prepare)
        self._thread.start()

    def refresh(self) -> None:
        """Take over what the deciders are made of (rules, calendars) as it is now."""
        self.do(self._prepare)

    def _prepare(self, con: duckdb.DuckDBPyConnection) -> None:
        for decider in self.deciders:
            decider.prepare(con)
        # They may have coded words of their own.
        self.memory.reload()

    def stop(self) -> None:
        """Commit what is queued and end."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join(timeout=30)
        if not self._thread.is_alive():
            self.con.close()

    def put(self, source: str, page: Page) -> Receipt:
        """Store a page with its cursor; returns once it is committed. Raises FrontviewError when it is not."""
        return self._submit(_Job(Future(), source=source, page=page))

    def do(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Run a small write in a transaction of its own; returns its result."""
        return self._submit(_Job(Future(), work=work))

    def register(self, source: str, connector: str, title: str, blind: str) -> None:
        """Make a configured source known."""
        def work(con: duckdb.DuckDBPyConnection) -> None:
            code = self.memory.source_code(source)
            con.execute("UPDATE source SET connector = ?, title = ?, blind = ? WHERE code = ?",
                        [connector, title, blind, code])
        self.do(work)

    def report(self, source: str, state: str, message: str = "", next_at: datetime | None = None) -> None:
        """Say where a source stands; `since_t` moves only when the state changes."""
        def work(con: duckdb.DuckDBPyConnection) -> None:
            con.execute("UPDATE source SET since_t = CASE WHEN state = $state THEN since_t ELSE $now END, "
                        "state = $state, message = $message, next_t = $next WHERE code = $code",
                        {"state": state, "message": message, "next": micros(next_at) if next_at else None,
                         "now": self.clock(), "code": self.memory.source_code(source)})
        self.do(work)
        self.store.announce(self.store.version)

    def note_view(self, principal: Principal, what: str, obj: int | None = None, purpose: str = "") -> None:
        """Remember who looked at what, for the people it concerns."""
        row = [self.clock(), principal.login, principal.role.value, what, obj, purpose]
        self.do(lambda con: con.execute("INSERT INTO viewer_log VALUES (?, ?, ?, ?, ?, ?)", row) and None)

    def _submit(self, job: _Job) -> Any:
        if self.fault:
            raise self.fault
        self._jobs.put(job)
        if self._ended:
            self._refuse()
        return job.done.result()

    def _refuse(self) -> None:
        """Tell whoever came after the end, so that nobody waits for ever."""
        with suppress(queue.Empty):
            while True:
                if job := self._jobs.get_nowait():
                    job.done.set_exception(self.fault or RetryLater("Frontview is ending; nothing more is stored"))

    def _run(self) -> None:
        try:
            self._take()
        finally:
            self._ended = True
            self._refuse()

    def _take(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch, size, ending = [job], job.size, False
            while size < EVENTS_A_COMMIT and not self._jobs.empty():
                following = self._jobs.get()
                if following is None:
                    ending = True
                    break
                batch.append(following)
                size += following.size
            self._serve(batch)
            if ending:
                return

    def _serve(self, batch: Sequence[_Job]) -> None:
        """Commit the pages of a batch together; if that fails, one by one, so that a bad one harms only itself."""
        for job in batch:
            if job.work is not None:
                self._settle([job], partial(self._apply, job.work))
        pages = [job for job in batch if job.page is not None]
        alone = len(pages) == 1
        if pages and not self._settle(pages, lambda: self._commit(pages), last=alone) and not alone:
            for job in pages:
                self._settle([job], partial(self._commit, [job]))
        if pages and not self.fault:
            self._settle([], lambda: [self._transaction(decider.tidy) for decider in self.deciders])

    def _apply(self, work: Callable[[duckdb.DuckDBPyConnection], Any]) -> list[Any]:
        return [self._transaction(work)]

    def _settle(self, jobs: Sequence[_Job], run: Callable[[], list[Any]], *, last: bool = True) -> bool:
        """Run and hand each job its result or, when it is the last try, the error; whether it worked."""
        try:
            results = run()
        # The writer must outlive any single job: whatever it raises belongs to whoever asked for the job.
        except Exception as error:
            self._undo()
            told = self._told(error)
            for job in jobs if last or self.fault else ():
                job.done.set_exception(told)
            return bool(self.fault)
        for job, result in zip(jobs, results, strict=bool(jobs)):
            job.done.set_result(result)
        return True

    def _told(self, error: Exception) -> FrontviewError:
        """The error as the caller is told it; a fault of the file itself also ends the writer."""
        if self.fault:
            return self.fault
        if isinstance(error, _FATAL):
            return self._give_up(error)
        if isinstance(error, FrontviewError):
            return error
        log.exception("a write failed")
        return OurFault(f"a write failed: {type(error).__name__}: {str(error)[:300]}")

    def _give_up(self, error: duckdb.Error) -> FrontviewError:
        """Take nothing more: the file cannot be written. Whoever wants to know is told once."""
        self.fault = explain_fault(error, self.store.path)
        log.error("the writer stopped: %s", self.fault)
        if self.on_fatal:
            self.on_fatal(self.fault)
        return self.fault

    def _undo(self) -> None:
        # Where no transaction was open, or the file is gone, there is nothing to undo.
        with suppress(duckdb.Error):
            self.con.execute("ROLLBACK")
        try:
            self.memory.reload()
        except duckdb.Error as error:
            if not self.fault:
                self._give_up(error)

    def _transaction(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        self.con.execute("BEGIN")
        result = work(self.con)
        self.con.execute("COMMIT")
        self.store.forget()
        return result

    def _commit(self, jobs: Sequence[_Job]) -> list[Receipt]:
        parts = [(job.source, job.page) for job in jobs if job.page is not None]
        memory, con = self.memory, self.con
        delta = Delta(memory.next_batch, self.clock(), memory.next_seq, memory.next_obj, memory.first_seq)
        types = len(memory.codes["object_type"])
        con.execute("BEGIN")
        memory.mark_batch(delta.batch, delta.first_new_seq, delta.first_new_obj)
        frames = join_pages(parts, self.memory)
        events = append_facts(con, self.memory, frames, delta.batch)
        delta.new_types = len(memory.codes["object_type"]) > types
        self._retract(parts, delta)
        delta.touched = _touch(con)
        for decider in self.deciders:
            decider.decide(con, delta)
        con.execute("INSERT INTO case_event SELECT * FROM fresh")
        if delta.retracted:
            con.execute("DELETE FROM case_event WHERE seq IN (SELECT seq FROM gone)")
        delta.n_new = dict(events.group_by("source").len().iter_rows())
        receipts = self._log(parts, delta)
        news = _news(con)
        con.execute("COMMIT")
        self.memory.next_batch += 1
        # What was committed is committed: a listener that fails must not make it look otherwise.
        self._settle([], partial(self._announce, delta.batch, news))
        return receipts

    def _announce(self, version: int, news: frozenset[int] | None) -> list[Any]:
        self.store.announce(version, news)
        return []

    def _retract(self, parts: Sequence[tuple[str, Page]], delta: Delta) -> None:
        """Move events that were taken back out of the way, and remember to keep them out."""
        con = self.con
        rows = [(self.memory.source_code(source), event_key(source, r.source_id), r.source_id, r.reason)
                for source, page in parts for r in page.retractions]
        if not rows:
            con.execute("CREATE OR REPLACE TEMP TABLE gone (seq BIGINT)")
            return
        con.register("b_retraction", pl.DataFrame(rows, ["source", "ekey", "source_id", "reason"], orient="row")
                     .unique("ekey", maintain_order=True))
        con.execute("CREATE OR REPLACE TEMP TABLE gone AS "
                    "SELECT seq, ekey FROM event SEMI JOIN b_retraction USING (ekey)")
        con.execute("INSERT INTO retraction SELECT r.source, r.ekey, r.source_id, r.reason, g.seq, $batch "
                    "FROM b_retraction r LEFT JOIN gone g USING (ekey) "
                    "WHERE r.ekey NOT IN (SELECT ekey FROM retraction)", {"batch": delta.batch})
        con.execute("INSERT INTO event_retracted SELECT * FROM event WHERE seq IN (SELECT seq FROM gone)")
        con.execute("DELETE FROM event WHERE seq IN (SELECT seq FROM gone)")
        # A record that came and was taken back in the same batch has left nothing in case_event yet.
        for table in ("fresh", "fresh_party"):
            con.execute("DELETE FROM " + table + " WHERE seq IN (SELECT seq FROM gone)")
        delta.retracted = con.execute("SELECT count(*) FROM gone").fetchall()[0][0]

    def _log(self, parts: Sequence[tuple[str, Page]], delta: Delta) -> list[Receipt]:
        """Write down cursor, counts and what was set aside; the receipts in the order of the pages."""
        receipts, left = [], dict(delta.n_new)
        for source, page in parts:
            code = self.memory.source_code(source)
            n_in = len(page.events) + (len(page.frames.events) if page.frames else 0)
            n_new = min(left.get(code, 0), n_in)
            left[code] = left.get(code, 0) - n_new
            n_aside = self._set_aside(code, page, delta) if page.aside else 0
            watermark = micros(page.watermark) if page.watermark else None
            cursor = json.dumps(dict(page.cursor))
            self.con.execute("INSERT INTO commit_log VALUES (?, ?, ?, ?, ?, ?, ?)",
                             [delta.batch, code, n_in, n_new, n_aside, delta.at_us, cursor])
            self.con.execute(
                "UPDATE source SET cursor = $cursor, seen_t = $now, behind = $behind, n_new = n_new + $new, "
                "n_again = n_again + $again, n_aside = n_aside + $aside, "
                "watermark_t = greatest(coalesce($watermark, watermark_t), watermark_t) WHERE code = $code",
                {"cursor": cursor, "now": delta.at_us, "behind": page.behind, "new": n_new, "again": n_in - n_new,
                 "aside": n_aside, "watermark": watermark, "code": code})
            receipts.append(Receipt(delta.batch, n_in, n_new, n_in - n_new, n_aside))
        return receipts

    def _set_aside(self, code: int, page: Page, delta: Delta) -> int:
        """Keep the records that could not be understood, each once; how many of them were new."""
        rows = [(code, a.source_id, a.reason, a.excerpt, delta.at_us, delta.batch) for a in page.aside]
        self.con.register("b_aside", pl.DataFrame(
            rows, ["source", "source_id", "reason", "excerpt", "at_t", "batch"], orient="row")
            .unique(["source_id", "reason"], maintain_order=True))
        return self.con.execute("INSERT INTO quarantine SELECT b.* FROM b_aside b ANTI JOIN quarantine q "
                                "USING (source, source_id, reason)").fetchall()[0][0]


def _news(con: duckdb.DuckDBPyConnection) -> frozenset[int] | None:
    """The objects that may be shown otherwise after this batch; None when they are too many to tell."""
    rows = con.execute("SELECT obj FROM touched UNION SELECT obj FROM changed UNION SELECT obj FROM linked").fetchall()
    return frozenset(obj for (obj,) in rows) if len(rows) <= _MOST_NEWS else None


def _touch(con: duckdb.DuckDBPyConnection) -> int:
    """List the objects whose course the batch changes, and let those who took part see them; their number."""
    con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT obj, otype FROM fresh "
                "UNION SELECT DISTINCT obj, otype FROM case_event SEMI JOIN gone USING (seq)")
    con.execute("INSERT INTO object_team SELECT DISTINCT obj, team FROM access WHERE team <> 0 "
                "EXCEPT FROM object_team SEMI JOIN access USING (obj)")
    con.execute("INSERT INTO object_actor SELECT DISTINCT obj, actor FROM access WHERE actor <> 0 "
                "EXCEPT FROM object_actor SEMI JOIN access USING (obj)")
    return con.execute("SELECT count(*) FROM touched").fetchall()[0][0]


__all__ = ["Decider", "Receipt", "Writer"]
