"""POST /compliance: an officer asks for the names in a case, agrees to it, or ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from data import unmask
from data.errors import FrontviewError, NotAllowed
from data.scope import Principal
from data.store import Store
from data.writer import Writer


def add_desk(server: FastAPI, store: Store, writer: Writer, now: Callable[[], int]) -> None:
    """Answers {"done": true}, or with status 400 or 403 what was wrong. `now`: microseconds since 1970 UTC."""

    @server.post("/compliance")
    async def change(request: Request) -> JSONResponse:
        try:
            form = await request.json()
            await asyncio.to_thread(act, writer, request.scope["principal"], form, now())
        except NotAllowed as error:
            return JSONResponse({"error": str(error)}, status_code=403)
        except FrontviewError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"error": "this could not be read; load the page again"}, status_code=400)
        # No fact changed, but whoever looks at the desk sees the request come and go.
        store.announce(store.version)
        return JSONResponse({"done": True})


def act(writer: Writer, who: Principal, form: Mapping[str, Any], now_t: int) -> None:
    """Do what the form says: `action` is ask (with obj and reason), agree or close (with request).

    NotAllowed and FixSettings as in `data.unmask`; ValueError, KeyError or TypeError when the form is none of ours.
    """
    action = form["action"]
    if action == "ask":
        obj, reason = _number(form["obj"]), str(form["reason"])
        writer.do(lambda con: unmask.ask(con, now_t, who, obj, reason))
    elif action in {"agree", "close"}:
        number = _number(form["request"])
        deed = unmask.agree if action == "agree" else unmask.close
        writer.do(lambda con: deed(con, now_t, who, number))
    else:
        raise ValueError("no such action")


def _number(word: Any) -> int:
    found = int(word)
    if not 0 <= found < 2**31:
        raise ValueError("no such number")
    return found
