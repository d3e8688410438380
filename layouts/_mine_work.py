"""What people say about their own day and about what is held of them, and the ways out of the house that they open:
POST /mirror, GET /mirror/data.json, the calendar feed GET /feed/<secret>.ics, and the panel GET /embed/<token>."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse

from data import disputes, own_choices
from data.accounts import find, session_secret
from data.disputes import Subject
from data.errors import FrontviewError, NotAllowed
from data.mine_settings import Mine
from data.own_choices import Choice
from data.scope import Principal, Role
from data.store import Store
from data.writer import Writer
from layouts import _embed
from layouts._auth import Sessions
from layouts._embed import Panels
from layouts._ics import calendar
from metrics import _mirror_file, myday
from metrics._contract import HOUR, Read
from metrics.case import case
from metrics.mirror import told_how

_READERS: Final = frozenset({Role.REP, Role.MANAGER, Role.OFFICER})
_LONGEST: Final = 2**53


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes work with. `now`: microseconds since 1970 UTC."""

    store: Store
    writer: Writer
    mine: Mine
    panels: Panels
    now: Callable[[], int]

    def choices(self, who: Principal) -> dict[str, Any]:
        """How the person is told now, and what there is to choose from."""
        return {**told_how(Read.of(self.store, who.scope)), "ways": list(self.mine.nudges.ways(who.actor)),
                "embed": self.panels.is_on}


def add_mine(server: FastAPI, store: Store, writer: Writer, mine: Mine, sessions: Sessions,
             now: Callable[[], int]) -> None:
    """Add the four routes. What they may be asked for follows from the session, or from the secret in the address."""
    def who(login: str) -> Principal | None:
        return sessions.persona(login) or find(writer, login)

    desk = Desk(store, writer, mine, Panels(session_secret(writer), mine, who), now)
    _add_deeds(server, desk)
    _add_download(server, desk)
    _add_feed(server, desk, who)
    _add_panel(server, desk)


def _add_deeds(server: FastAPI, desk: Desk) -> None:
    @server.post("/mirror")
    async def deed(request: Request) -> JSONResponse:
        try:
            form = await request.json()
            told = await asyncio.to_thread(act, desk, request.scope["principal"], form, _base(desk, request))
        except NotAllowed as error:
            return JSONResponse({"error": str(error)}, status_code=403)
        except FrontviewError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"error": "this could not be read; load the page again"}, status_code=400)
        if form.get("action") not in {"choices", "embed"}:
            # No fact changed, but the person's own lists did, and what officers have to settle.
            desk.store.announce(desk.store.version)
        return JSONResponse({"done": True, **told})


def act(desk: Desk, who: Principal, form: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    """Do what the form says; what the person is told of it. ValueError or KeyError when the form is none of ours."""
    action, do = str(form["action"]), _DEEDS.get(str(form["action"]))
    if who.role not in _READERS:
        raise NotAllowed("an administrator has no day of his own here")
    if action == "choices":
        return desk.choices(who)
    if action == "embed":
        token = desk.panels.token(Read.of(desk.store, who.scope), who, _number(form["obj"]))
        return {"address": f"{base_url}/embed/{token}"}
    if action == "feed":
        if who.role is not Role.REP:
            raise NotAllowed("the calendar holds a rep's deadlines; your account has no such day")
        secret = desk.writer.do(lambda con: own_choices.renew_feed(con, desk.now(), who))
        return {"address": f"{base_url}/feed/{secret}.ics"}
    if do is None:
        raise ValueError(f"no such action: {action[:40]!r}")
    do(desk, who, form)
    return {}


def _snooze(desk: Desk, who: Principal, form: Mapping[str, Any]) -> None:
    now_t, item = desk.now(), str(form["item"])
    until_t = _number(form["until_ms"]) * 1000 if "until_ms" in form else now_t + int(float(form["hours"]) * HOUR)
    desk.writer.do(lambda con: own_choices.snooze(con, now_t, who, item, until_t))


def _disown(desk: Desk, who: Principal, form: Mapping[str, Any]) -> None:
    item, obj = str(form["item"]), _number(form["obj"])
    desk.writer.do(lambda con: own_choices.disown(con, desk.now(), who, item, obj))


def _own(desk: Desk, who: Principal, form: Mapping[str, Any]) -> None:
    item = str(form["item"])
    desk.writer.do(lambda con: own_choices.own_again(con, desk.now(), who, item))


def _dispute(desk: Desk, who: Principal, form: Mapping[str, Any]) -> None:
    rule, obj, seq = (_number(form.get(name, 0)) for name in ("rule", "obj", "seq"))
    subject = Subject(str(form["kind"]), rule, obj, seq, str(form.get("what", ""))[:120])
    desk.writer.do(lambda con: disputes.dispute(con, desk.now(), who, subject))


def _withdraw(desk: Desk, who: Principal, form: Mapping[str, Any]) -> None:
    number = _number(form["dispute"])
    desk.writer.do(lambda con: disputes.withdraw(con, desk.now(), who, number))


def _settle(desk: Desk, who: Principal, form: Mapping[str, Any]) -> None:
    number, outcome = _number(form["dispute"]), str(form["outcome"])
    desk.writer.do(lambda con: disputes.settle(con, desk.now(), who, number, outcome))


def _choose(desk: Desk, who: Principal, form: Mapping[str, Any]) -> None:
    numbers = (int(form[key]) for key in ("morning", "before_min", "at_most"))
    choice = Choice(str(form["via"]), str(form["zone"]), *numbers)
    if choice.via and choice.via not in desk.mine.nudges.ways(who.actor):
        raise NotAllowed(f"you cannot be told by {choice.via} yet; an administrator sets it up under [nudges]")
    desk.writer.do(lambda con: own_choices.choose(con, desk.now(), who, choice))


def _end_feed(desk: Desk, who: Principal, _form: Mapping[str, Any]) -> None:
    desk.writer.do(lambda con: own_choices.end_feed(con, desk.now(), who))


_DEEDS: Final[dict[str, Callable[[Desk, Principal, Mapping[str, Any]], None]]] = {
    "snooze": _snooze, "disown": _disown, "own": _own, "dispute": _dispute, "withdraw": _withdraw, "settle": _settle,
    "choose": _choose, "end feed": _end_feed,
}


def _add_download(server: FastAPI, desk: Desk) -> None:
    @server.get("/mirror/data.json")
    async def download(request: Request) -> Response:
        who = request.scope["principal"]
        if who is None or who.role not in _READERS:
            return PlainTextResponse("This holds what is held about a person; sign in as one.\n", 403 if who else 401)
        if not who.actor:
            said = "Your account names no person in the sources, so nothing is held about you.\n"
            return PlainTextResponse(said, 404)
        pieces = _mirror_file.download(Read.of(desk.store, who.scope), desk.now())
        return StreamingResponse(pieces, media_type="application/json", headers={
            "content-disposition": 'attachment; filename="about-me.json"', "cache-control": "no-store"})


def _add_feed(server: FastAPI, desk: Desk, who: Callable[[str], Principal | None]) -> None:
    @server.api_route("/feed/{secret}.ics", methods=["GET", "HEAD"])
    async def feed(secret: str, request: Request) -> Response:
        text = await asyncio.to_thread(_calendar, desk, who, secret, _base(desk, request))
        if text is None:
            return PlainTextResponse("There is no such calendar.\n", 404)
        return Response(text, media_type="text/calendar; charset=utf-8", headers={"cache-control": "private, no-store"})


def _calendar(desk: Desk, who: Callable[[str], Principal | None], secret: str, base_url: str) -> str | None:
    """The calendar of whoever's secret it is; None for a wrong one, or when the account is no such rep's any more."""
    known = desk.writer.do(lambda con: own_choices.feed_of(con, secret[:200]))
    principal = who(known[0]) if known else None
    if known is None or principal is None or principal.role is not Role.REP or principal.actor != known[1]:
        return None
    now_t = desk.now()
    return calendar(myday.day(Read.of(desk.store, principal.scope), now_t).rows, now_t, base_url)


def _add_panel(server: FastAPI, desk: Desk) -> None:
    @server.get("/embed/{token}")
    async def panel(token: str, request: Request) -> Response:
        found = await asyncio.to_thread(_panel_page, desk, token[:1000], _base(desk, request))
        if found is None:
            gone = _embed.missing()
            return Response(gone.body, gone.status, media_type="text/plain", headers=desk.panels.headers)
        return Response(found, HTTPStatus.OK, desk.panels.headers, "text/html; charset=utf-8")


def _panel_page(desk: Desk, token: str, base_url: str) -> bytes | None:
    known = desk.panels.opened(token)
    if known is None or known[0].role not in _READERS:
        return None
    principal, obj = known
    found = case(Read.of(desk.store, principal.scope), obj)
    if found is None:
        return None
    desk.writer.do(lambda con: own_choices.note_panel(con, desk.now(), principal, obj, "Panel in another program"))
    home = {Role.REP: "/me", Role.MANAGER: "/live", Role.OFFICER: "/compliance"}.get(principal.role, "/")
    return _embed.page(found, desk.now(), f"{base_url}{home}?open=case:{obj}")


def _base(desk: Desk, request: Request) -> str:
    """The address that people type: as the settings say, else as this request was sent."""
    return (desk.mine.base_url or f"{request.url.scheme}://{request.headers.get('host', '')}").rstrip("/")


def _number(word: Any) -> int:
    found = int(word)
    if not 0 <= found < _LONGEST:
        raise ValueError("no such number")
    return found
