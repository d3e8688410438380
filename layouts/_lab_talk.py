"""POST /lab: what an officer asks of the rule lab, and the parts of the page that come back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from data.errors import FrontviewError, NotAllowed
from data.scope import Principal, Role
from layouts import _lab_rows
from layouts._html import to_html
from layouts._lab_work import Lab
from metrics.lab import place


def add_lab(server: FastAPI, lab: Lab) -> None:
    """Answers with the state of the trial and the HTML of the page's parts, or with `error` and the `line` of the text
    that it is about (None: no certain one). Status 400 and 403 as elsewhere."""

    @server.post("/lab")
    async def talk(request: Request) -> JSONResponse:
        form: Any = None
        try:
            form = await request.json()
            return JSONResponse(await asyncio.to_thread(answer, lab, request.scope["principal"], form))
        except NotAllowed as error:
            return JSONResponse({"error": str(error)}, status_code=403)
        except FrontviewError as error:
            # A text that is not understood yet is what a lab is for, and no failed request.
            return JSONResponse(_wrong(error, form))
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"error": "this could not be read; load the page again"}, status_code=400)


def _wrong(error: FrontviewError, form: Any) -> dict[str, Any]:
    text = form.get("text") if isinstance(form, dict) else None
    return {"error": str(error), "line": place(text, str(error)) if isinstance(text, str) else None}


def answer(lab: Lab, who: Principal, form: Mapping[str, Any]) -> dict[str, Any]:
    """Do what the form says: `action` is look, pack, run, stop or judge; `rule` is the one whose hits are shown.

    FixSettings for a text that is not understood, NotAllowed for other roles; ValueError, KeyError or TypeError when
    the form is none of ours.
    """
    if who.role is not Role.OFFICER:
        raise NotAllowed("only officers try rules")
    action = form["action"]
    if action == "pack":
        return {"text": lab.text(int(form["place"]))}
    if action == "run":
        lab.start(who, form)
    elif action == "stop":
        lab.stop(who)
    elif action == "judge":
        lab.judge(who, form)
    elif action != "look":
        raise ValueError("no such action")
    told = _parts(lab, who, str(form.get("rule", "")))
    if form.get("is_first") is True:
        told["packs"] = [
            {"title": f"{pack.id} · {pack.title}", "own": not pack.is_shipped, "off": not pack.is_default}
            for pack in lab.packs()
        ]
    return told


def _parts(lab: Lab, who: Principal, rule: str) -> dict[str, Any]:
    desk = lab.desk(who, rule)
    attempt = desk.attempt
    shown = {
        "lab-state": _lab_rows.state(attempt),
        "lab-found": _lab_rows.table(desk),
        "lab-hits": _lab_rows.hits(desk),
        "lab-switch": _lab_rows.switch(desk.switch),
    }
    return {
        "state": attempt.state if attempt else "none",
        "text": attempt.text if attempt else "",
        "days": attempt.days if attempt else ("", ""),
        "closed": attempt.wish.closed if attempt else False,
        "reviewers": attempt.wish.reviewers if attempt else 1,
        "parts": {name: to_html(children) for name, children in shown.items()},
    }
