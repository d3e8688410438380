"""What is done with the review queue behind its page: it is kept filled, and officers' deeds are written down."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from apscheduler.schedulers.background import BackgroundScheduler
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from data import reviews
from data.errors import FrontviewError, NotAllowed
from data.reviews import Plan
from data.scope import Principal, Role
from data.store import Store
from data.writer import Writer

log = logging.getLogger(__name__)
EVERY_SECONDS: Final = 30
_PAUSE_SECONDS: Final = 5.0


class ReviewWork:
    """Fills the queue every half minute while it is entered (`with`), and does what officers ask for.

    The writer must be running. `now`: microseconds since 1970 UTC.
    """

    def __init__(self, store: Store, writer: Writer, plan: Plan, now: Callable[[], int]) -> None:
        self._store, self._writer, self._plan, self._now = store, writer, plan, now
        self._fed = -_PAUSE_SECONDS
        self._scheduler: BackgroundScheduler | None = None
        writer.do(lambda con: reviews.keep_superiors(con, plan.superior))

    def __enter__(self) -> ReviewWork:
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._scheduler.add_job(
            self._scheduled,
            "interval",
            seconds=EVERY_SECONDS,
            next_run_time=datetime.now(UTC),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        self._scheduler.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._scheduler:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None

    def feed(self) -> int:
        """Put in what has become known since the last time; how many items. The pages that show it hear of it."""
        self._fed = time.monotonic()
        added = self._writer.do(lambda con: reviews.feed(con, self._now(), self._plan.sampling))
        if added:
            self._store.announce(self._store.version)
        return added

    def act(self, principal: Principal, form: Mapping[str, Any]) -> None:
        """Do what the form says: `action`, with `item` and `text` where it needs them.

        NotAllowed when the rules of the queue forbid it; ValueError or KeyError when the form is none of ours.
        """
        if principal.role is not Role.OFFICER:
            raise NotAllowed("only officers work on the review queue")
        action, text = str(form["action"]), str(form.get("text", ""))
        if action == "look":
            # Whoever opens the page sees what is known now; reloading it in a hurry does not keep the writer busy.
            if time.monotonic() - self._fed > _PAUSE_SECONDS:
                self.feed()
            return
        number, at_t = int(form["item"]), self._now()
        plain = {"claim": reviews.claim, "release": reviews.release}
        if action in plain:
            self._writer.do(lambda con: plain[action](con, at_t, principal, number))
        elif action == "comment":
            self._writer.do(lambda con: reviews.comment(con, at_t, principal, number, text))
        elif action in reviews.DISPOSITIONS:
            self._writer.do(lambda con: reviews.dispose(con, at_t, principal, number, action, text))
        else:
            raise ValueError(f"no such action: {action[:40]!r}")
        self._store.announce(self._store.version)

    def _scheduled(self) -> None:
        try:
            self.feed()
        except FrontviewError as error:
            # The next look comes in half a minute; a file that can no longer be written ends the program by itself.
            log.warning("the review queue was not filled: %s", error)


def note_opened(writer: Writer, principal: Principal, number: int, at_t: int) -> None:
    """Write down that an officer looked into an item, and so into its case."""
    item = writer.do(lambda con: reviews.opened(con, at_t, principal, number))
    writer.note_view(principal, "case", item.obj, f"Review: item {number}")


def add_review(server: FastAPI, work: ReviewWork) -> None:
    """POST /review: what an officer does with an item, as JSON; answers what was wrong, if anything was."""

    @server.post("/review")
    async def review(request: Request) -> JSONResponse:
        try:
            form = await request.json()
            await asyncio.to_thread(work.act, request.scope["principal"], form)
        except NotAllowed as error:
            return JSONResponse({"error": str(error)}, status_code=403)
        except FrontviewError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except (ValueError, KeyError, TypeError, AttributeError):
            told = "this could not be read; load the page again"
            return JSONResponse({"error": told}, status_code=400)
        return JSONResponse({"done": True})
