"""POST /coaching: a rep shares an insight or takes it back. POST /practice: a manager starts or ends a tip's trial.

What is meant stands in the query and the body is empty, so that nothing of it is ever a figure: what is shared is what
the server finds in the rep's own scope.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from data import sharing, tips
from data.errors import FixSettings, FrontviewError, NotAllowed
from data.scope import Principal
from data.store import Store
from data.writer import Writer
from metrics import coaching
from metrics._contract import Read
from metrics._register import PRACTICES

Clock = Callable[[], int]
Deed = Callable[[Principal, Mapping[str, str]], str]


def add_practice(server: FastAPI, store: Store, writer: Writer, now: Clock) -> None:
    """Both answer {"done": what was done, in a sentence}, or with status 400 or 403 what was wrong."""

    async def answer(request: Request, deed: Deed) -> JSONResponse:
        try:
            done = await asyncio.to_thread(deed, request.scope["principal"], dict(request.query_params))
        except NotAllowed as error:
            return JSONResponse({"error": str(error)}, status_code=403)
        except FrontviewError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except KeyError:
            return JSONResponse({"error": "this could not be read; load the page again"}, status_code=400)
        # No fact changed, but whoever looks at one of these pages sees it at once.
        store.announce(store.version)
        return JSONResponse({"done": done})

    @server.post("/coaching")
    async def share(request: Request) -> JSONResponse:
        return await answer(request, partial(change_sharing, store, writer, now))

    @server.post("/practice")
    async def attempt(request: Request) -> JSONResponse:
        return await answer(request, partial(change_trial, writer, now))


def change_sharing(store: Store, writer: Writer, now: Clock, who: Principal, wish: Mapping[str, str]) -> str:
    """Share or take back; `wish` holds `action` (share, unshare) and `insight`. What was done, in a sentence.

    NotAllowed and FixSettings as in `data.sharing`, and where there is too little to share; KeyError for no wish of
    ours.
    """
    action, insight = wish["action"], wish["insight"]
    if action not in {"share", "unshare"}:
        raise KeyError(action)
    if action == "unshare":
        writer.do(lambda con: sharing.unshare(con, now(), who, insight))
        return "Taken back: nobody but you sees it now."
    # Reading in the rep's own scope refuses everybody else before anything is computed.
    told = coaching.one(Read.of(store, who.scope), now(), insight)
    if told is None:
        raise FixSettings("there is no such insight; load the page again")
    if told.missing:
        raise FixSettings(f"{told.missing} more observations are needed before this can be told or shared")
    whom = writer.do(lambda con: sharing.share(con, now(), who, insight, coaching.words(told)))
    return f"Shared with {whom} until you take it back."


def change_trial(writer: Writer, now: Clock, who: Principal, wish: Mapping[str, str]) -> str:
    """Start or end a trial; `wish` holds `action` (start, stop) and `practice`. What was done, in a sentence.

    NotAllowed and FixSettings as in `data.tips`; FixSettings for a practice whose tip cannot be given.
    """
    action, id_ = wish["action"], wish["practice"]
    deed = {"start": tips.start, "stop": tips.stop}[action]
    if id_ not in {practice.id for practice in PRACTICES if practice.kind == "ours"}:
        raise FixSettings(f"{id_[:60]!r} is no practice that a tip can be given for; load the page again")
    writer.do(lambda con: deed(con, now(), who, id_))
    return "The trial has begun." if action == "start" else "The trial has ended."
