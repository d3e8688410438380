"""Evidence packs for officers: the button, the download, and the record of who took which."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse

from data.audit import Head, append, note_views
from data.errors import FixSettings, FrontviewError
from data.scope import Principal, Role, Scope
from data.store import Store
from data.unmask import note_look
from data.writer import Writer
from layouts._moments import typed
from metrics._contract import Read
from metrics._export_facts import FOREVER
from metrics._pack import Pack, PackWish, evidence_pack, file_name

PATH: Final = "/evidence"
OFFICER: Final = Scope(Role.OFFICER, teams=None)
"""Whoever makes a pack, it shows what an officer may see."""
_REFUSED: Final = "Evidence packs are for compliance officers.\n"


def button(words: str = "Evidence pack (ZIP)", **about: object) -> Component:
    """A link that downloads a pack; `about`: case (its number), rule (its id), since, until. For officers' pages."""
    query = urlencode({name: value for name, value in about.items() if value not in ("", None)})
    return html.A(words, href=f"{PATH}?{query}", className="button", download="",
                  title="The findings with their proof, for somebody without Frontview. Making it is recorded.")


def add_evidence(server: FastAPI, store: Store, writer: Writer, now: Callable[[], int]) -> None:
    """GET /evidence?case=&rule=&since=&until=: the pack for an officer, 403 for everybody else."""
    # One at a time: a pack takes seconds of a core that the live pages need too.
    turn = asyncio.Semaphore(1)

    @server.get(PATH)
    async def evidence(request: Request) -> Response:
        principal = request.scope["principal"]
        if principal is None or principal.role is not Role.OFFICER:
            return PlainTextResponse(_REFUSED, 403 if principal else 401)
        now_t = now()
        try:
            wish = _wish(principal, dict(request.query_params))
            async with turn:
                whole = await asyncio.to_thread(make, store, writer, principal, wish, now_t)
        except FrontviewError as error:
            return PlainTextResponse(f"No evidence pack was made: {error}.\n", 400)
        named = f'attachment; filename="{file_name(wish, now_t)}"'
        return Response(whole, media_type="application/zip",
                        headers={"content-disposition": named, "cache-control": "no-store"})


def make(store: Store, writer: Writer, who: Principal, wish: PackWish, now_t: int) -> bytes:
    """The pack, recorded in the audit trail and, case by case, in the log of who looked at what.

    FixSettings when there is nothing to tell or too much.
    """
    def record(pack: Pack) -> Head:
        return writer.do(lambda con: _record(con, who, pack))

    return evidence_pack(Read(store.read, OFFICER), wish, now_t, record)


def _record(con: Any, who: Principal, pack: Pack) -> Head:
    only = next(iter(pack.courses)) if len(pack.courses) == 1 else None
    note_views(con, pack.now_t, who, "evidence pack", list(pack.courses))
    for obj in pack.named:
        note_look(con, pack.now_t, who, obj, ("evidence pack", obj, "evidence pack"))
    return append(con, pack.now_t, who, "evidence pack made", only, {
        "rule": pack.wish.rule, "since_t": pack.wish.since_t, "cases": len(pack.labels),
        "findings": len(pack.findings), "named_cases": len(pack.named)})


def _wish(who: Principal, query: Mapping[str, str]) -> PackWish:
    case, rule = query.get("case", ""), query.get("rule", "")
    if case and not (case.isascii() and case.isdigit() and len(case) < 10):
        raise FixSettings(f"{case[:40]!r} is no number of a case; open the case and take its link")
    if not (case or rule or query.get("since")):
        raise FixSettings("name a case, a rule, or since when")
    since, until = query.get("since", ""), query.get("until", "")
    return PackWish((int(case),) if case else (), rule[:120], typed(since) if since else 0,
                    typed(until) if until else FOREVER, who.login, who.role.value)
