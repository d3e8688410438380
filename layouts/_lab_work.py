"""What the rule lab does behind its page: trials one after the other in a thread of their own, and judgements."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, Literal

from data import judgements
from data.errors import FixSettings, FrontviewError, NotAllowed
from data.judgements import Hit
from data.scope import Principal, Role, Scope
from data.store import Store
from data.writer import Writer
from layouts._moments import typed
from metrics._backtest import EVER, Progress, Stopped, Trial, Tried
from metrics._bench import Bench, PackFile, Switch, packs, switching, text_of
from metrics._contract import Read
from metrics._labels import Label, describe
from metrics.lab import check_text, hit_of, packs_in_force, try_text

log = logging.getLogger(__name__)
MOST_REVIEWERS: Final = 1_000
GONE: Final = "this trial is gone; try the rules again"

State = Literal["none", "waiting", "running", "done", "stopped", "failed"]


@dataclass(slots=True)
class Attempt:
    """One officer's latest trial: what was tried, since when, and what comes of it."""

    text: str
    wish: Trial
    at_t: int
    days: tuple[str, str]
    progress: Progress = field(default_factory=Progress)
    future: Future[Sequence[Tried]] | None = None

    @property
    def state(self) -> State:
        """Where it stands."""
        if self.future is None or not self.future.done():
            return "running" if self.future and self.future.running() else "waiting"
        if self.future.cancelled() or isinstance(self.future.exception(), Stopped):
            return "stopped"
        return "failed" if self.future.exception() else "done"

    @property
    def found(self) -> Sequence[Tried]:
        """What was found, empty until it is there."""
        return self.future.result() if self.future and self.state == "done" else ()

    @property
    def trouble(self) -> str:
        """Why it failed."""
        if self.future is None or self.state != "failed":
            return ""
        error = self.future.exception()
        return str(error) if isinstance(error, FrontviewError) else "The trial failed; the log says why."


@dataclass(frozen=True, slots=True)
class Desk:
    """All that the page shows to one officer."""

    attempt: Attempt | None
    said: Mapping[Hit, bool]
    labels: Mapping[int, Label]
    picked: Tried | None
    switch: Switch | None


class Lab:
    """Tries rules for officers: one trial at a time, each on a connection of its own; a new one of the same officer
    takes the place of the old one. Leaving it (`with`) ends what runs. `now`: microseconds since 1970 UTC."""

    def __init__(self, store: Store, writer: Writer, bench: Bench, now: Callable[[], int]) -> None:
        self.store, self.writer, self.bench, self._now = store, writer, bench, now
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="lab")
        self._last: dict[str, Attempt] = {}
        self._reads: dict[Scope, Read] = {}
        self._guard = Lock()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        for attempt in list(self._last.values()):
            attempt.progress.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def packs(self) -> Sequence[PackFile]:
        """The packs to choose from."""
        return packs(self.bench)

    def text(self, place: int) -> str:
        """The text of a pack by its place in `packs`."""
        known = self.packs()
        if not 0 <= place < len(known):
            raise FixSettings("there is no such pack any more; load the page again")
        return text_of(known[place].path)

    def start(self, who: Principal, form: Mapping[str, Any]) -> None:
        """Try the form's `text`, on activations from the day `since` on and before `until` (both may be empty), with
        every object `closed` or not, for so many `reviewers`.

        FixSettings, before anything runs, when the text or the form is not understood.
        """
        text, days = str(form["text"]), (str(form.get("since", "")), str(form.get("until", "")))
        zone, reviewers = self.bench.zone, int(form.get("reviewers") or 1)
        since_t, until_t = (typed(day, zone) if day else ever for day, ever in zip(days, EVER, strict=True))
        if since_t >= until_t:
            raise FixSettings(f"since {days[0]} is not before until {days[1]}; no activation lies between them")
        if not 1 <= reviewers <= MOST_REVIEWERS:
            raise FixSettings(f"{reviewers:,} reviewers cannot share the load; write 1 to {MOST_REVIEWERS:,}")
        check_text(self.store, text, self.bench)
        attempt = Attempt(text, Trial(since_t, until_t, form.get("closed") is True, reviewers), self._now(), days)
        with self._guard:
            self._stop(who)
            self._last[who.login] = attempt
            attempt.future = self._pool.submit(self._try, attempt)
        attempt.future.add_done_callback(_log_fault)

    def stop(self, who: Principal) -> None:
        """End the officer's trial, whether it runs or waits."""
        with self._guard:
            self._stop(who)

    def _stop(self, who: Principal) -> None:
        if (last := self._last.get(who.login)) and last.future:
            last.progress.stop()
            last.future.cancel()

    def _try(self, attempt: Attempt) -> Sequence[Tried]:
        return try_text(self.store, attempt.text, attempt.wish, attempt.at_t, self.bench, attempt.progress)

    def judge(self, who: Principal, form: Mapping[str, Any]) -> None:
        """Store what the officer says of the hit `obj`, `act_seq` of `rule`: `is_breach` true, false, or null."""
        said = form["is_breach"]
        if said is not None and not isinstance(said, bool):
            raise ValueError("no judgement")
        tried = self._picked(who, str(form["rule"]))
        place = (int(form["obj"]), int(form["act_seq"]))
        found = next((hit for hit in tried.hits if (hit["obj"], hit["act_seq"]) == place), None) if tried else None
        if tried is None or found is None:
            raise FixSettings(GONE)
        hit = hit_of(tried, found)
        self.writer.do(lambda con: judgements.judge(con, self._now(), who, hit, said))

    def _picked(self, who: Principal, rule: str) -> Tried | None:
        attempt = self._last.get(who.login)
        return next((one for one in attempt.found if one.rule.id == rule), None) if attempt else None

    def desk(self, who: Principal, rule: str) -> Desk:
        """What the officer's page shows now, with the hits of one rule."""
        if who.role is not Role.OFFICER:
            raise NotAllowed("only officers try rules")
        attempt = self._last.get(who.login)
        if attempt is None or attempt.state != "done":
            return Desk(attempt, {}, {}, None, None)
        texts = {one.rule.id: one.rule.digest for one in attempt.found}
        said = self.writer.do(lambda con: judgements.judged(con, texts))
        picked, read = self._picked(who, rule), self._reads.setdefault(who.scope, Read(self.store.read, who.scope))
        labels = describe(read, [hit["obj"] for hit in picked.hits]) if picked else {}
        return Desk(attempt, said, labels, picked, switching(self.bench, attempt.text, packs_in_force(read)))


def _log_fault(future: Future[Sequence[Tried]]) -> None:
    """What went wrong stays with the page of whoever asked; a fault of ours goes into the log too."""
    error = None if future.cancelled() else future.exception()
    if error and not isinstance(error, FrontviewError | Stopped):
        log.error("a trial of rules failed", exc_info=error)
