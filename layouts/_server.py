"""The server: Dash on its FastAPI backend, our stream beside it, sign-in, health and hooks; one ASGI application.

Dash carries components and the callbacks behind clicks; live data goes through the stream. Nothing here blocks the
event loop: whatever reads the store or waits for the writer runs in a thread.
"""

from __future__ import annotations

import asyncio
import errno
import json
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

import uvicorn
from dash import Dash
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

import layouts
from data.accounts import create_account, set_active
from data.errors import FixSettings, FrontviewError
from data.event import moment
from data.mine_settings import Mine
from data.plugins import discover
from data.reviews import Plan
from data.scope import SYSTEM, Principal, Role
from data.store import Store, now_us
from data.writer import Writer
from layouts import _evidence, _pages, _shell
from layouts._auth import COOKIE, Sessions, Throttle, cookie_of
from layouts._contract import View
from layouts._desk_work import add_desk
from layouts._download import add_evidence
from layouts._guard import Guard, security_headers
from layouts._hub import Hub
from layouts._lab_talk import add_lab
from layouts._lab_work import Lab
from layouts._mine_work import add_mine
from layouts._practice_work import add_practice
from layouts._review_work import ReviewWork, add_review
from metrics._bench import Bench
from metrics._contract import Filters, Read
from metrics.sources import health

Hooks = Callable[[str, Mapping[str, str], bytes], tuple[int, dict[str, Any]]]
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What the command line hands to the server.

    `personas`: one-click logins; with any, every page says that it shows demo data. `hooks` answers
    POST /hooks/{source}. `secure`: the address is https, so cookies are too. `now`: microseconds since 1970 UTC.
    `review`: what the settings say of the review queue; `bench`: of rules, for the rule lab; `mine`: of panels in
    other programs and messages to single people.
    """

    version: str = "0.1.0"
    personas: Sequence[Principal] = ()
    hooks: Hooks | None = None
    session_hours: float = 12.0
    secure: bool = False
    now: Callable[[], int] = now_us
    review: Plan = field(default_factory=Plan)
    bench: Bench = field(default_factory=Bench)
    mine: Mine = field(default_factory=Mine)


def create_server(store: Store, writer: Writer, options: ServerOptions | None = None) -> Guard:
    """The ASGI application. The writer must be running: accounts and the session secret go through it."""
    options = options or ServerOptions()
    views: dict[str, View] = discover(layouts, "VIEW")
    sessions = Sessions(writer, options.personas, options.session_hours)
    hub = Hub(store, views, options.now)
    server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _add_stream(server, hub, views, sessions)
    _add_login(server, sessions, options)
    _add_health(server, store, options)
    _add_accounts(server, store, writer, sessions)
    add_evidence(server, store, writer, options.now)
    work = ReviewWork(store, writer, options.review, options.now)
    add_review(server, work)
    add_practice(server, store, writer, options.now)
    add_desk(server, store, writer, options.now)
    lab = Lab(store, writer, options.bench, options.now)
    add_lab(server, lab)
    add_mine(server, store, writer, options.mine, sessions, options.now)
    dash = Dash(
        "frontview",
        server=cast(Any, server),
        backend="fastapi",
        assets_folder=str(HERE / "assets"),
        title="Frontview",
        assets_ignore=r"theme\.js|40_plain\.css|.*\.svg",
        update_title="",
        include_pages_meta=False,
        suppress_callback_exceptions=True,
        compress=False,
        index_string=(HERE / "html" / "index.html").read_text(encoding="utf-8"),
    )
    # Otherwise every page opens a WebSocket that no session guards.
    dash.backend.websocket_capability = False
    server.state.dash, server.state.hub, server.state.review, server.state.lab = dash, hub, work, lab
    dash.layout = lambda: _shell.layout(views, is_demo=bool(options.personas))
    _evidence.register(dash, views, _evidence.Sight(store, writer, options.now))
    headers = security_headers(dash.csp_hashes(), secure=options.secure)
    return Guard(server, sessions, views, headers)


def run(app: Guard, host: str, port: int, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop by Ctrl-C or SIGTERM, then return. FixSettings when the address cannot be had.

    `ready` is called once the address is ours.
    """
    state = cast(FastAPI, app.app).state
    with _bound(host, port) as sock, state.review, state.lab:
        ready()
        config = uvicorn.Config(
            app,
            timeout_graceful_shutdown=2,
            log_level="error",
            access_log=False,
            server_header=False,
            ws="none",
        )
        _Serving(config, state.hub).run(sockets=[sock])


class _Serving(uvicorn.Server):
    """Ends open streams itself, for uvicorn waits for them; and a signal ends the serving, not the program."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Streams first, then what uvicorn does."""
        self._hub.end_streams()
        await super().shutdown(sockets)
        self._hub.close()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals while serving. uvicorn would raise them again and so skip closing the store."""
        ways = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, before in ways.items():
                signal.signal(one, before)


def _bound(host: str, port: int) -> socket.socket:
    # Bound here, for uvicorn would end the program with a line in its log.
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "is taken by another program" if taken else f"cannot be used ({error.strerror})"
        raise FixSettings(
            f"the address {host}:{port} {why}; "
            f"{'end that program or ' if taken else ''}choose another with --port or under [server]"
        ) from error


def _add_stream(server: FastAPI, hub: Hub, views: Mapping[str, View], sessions: Sessions) -> None:
    @server.api_route("/stream/{view_id}", methods=["GET", "HEAD"])
    async def stream(view_id: str, request: Request) -> Response:
        view, principal = views.get(view_id), request.scope["principal"]
        if view is None:
            return Response(status_code=404)
        if principal.role not in view.roles:
            return Response(status_code=403)
        if request.method == "HEAD":
            # A page that lost its stream asks so whether it is still signed in.
            return Response(status_code=204)
        key = (view_id, principal.scope, Filters.parse(dict(request.query_params)))
        cookie = cookie_of(request.scope)

        async def body() -> AsyncIterator[bytes]:
            yield b"retry: 2000\n\n"
            async with aclosing(hub.frames(key)) as frames:
                async for frame in frames:
                    # A session that ended meanwhile gets nothing more, not even what was computed for others.
                    if await sessions.ask(cookie) != principal:
                        yield b"event: gone\ndata: {}\n\n"
                        return
                    yield frame

        return StreamingResponse(
            body(), media_type="text/event-stream", headers={"cache-control": "no-store", "x-accel-buffering": "no"}
        )


def _add_login(server: FastAPI, sessions: Sessions, options: ServerOptions) -> None:
    throttle = Throttle()
    flags = "; Path=/; HttpOnly; SameSite=Strict" + ("; Secure" if options.secure else "")

    def cookie(value: str, seconds: int) -> tuple[bytes, bytes]:
        return b"set-cookie", f"{COOKIE}={value}; Max-Age={seconds}{flags}".encode()

    @server.get("/login")
    async def form(request: Request) -> Response:
        principal = request.scope["principal"]
        if principal:
            return _response(_pages.redirect("/"))
        return _response(_pages.login(options.personas, next_path=_safe(request.query_params.get("next", "/"))))

    @server.post("/login")
    async def sign_in(request: Request) -> Response:
        fields = {k: v[0] for k, v in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
        onward = _safe(fields.get("next", "/"))
        if persona := sessions.persona(fields.get("persona", "")):
            return _response(_pages.redirect(onward, cookie(sessions.open(persona), sessions.seconds)))
        login = fields.get("login", "").strip().lower()[:120]
        keys = ("login:" + login, "from:" + (request.client.host if request.client else ""))
        if (wait := throttle.wait_seconds(*keys)) > 0:
            text = f"Too many failed attempts. Try again in {wait:.0f} seconds."
            return _response(
                _pages.login(options.personas, next_path=onward, error=text, status=HTTPStatus.TOO_MANY_REQUESTS)
            )
        principal = await asyncio.to_thread(sessions.check, login, fields.get("password", "")[:200])
        if principal is None:
            throttle.failed(*keys)
            text = "Login or password is wrong, or the account is switched off."
            return _response(
                _pages.login(options.personas, next_path=onward, error=text, status=HTTPStatus.UNAUTHORIZED)
            )
        throttle.passed(*keys)
        return _response(_pages.redirect(onward, cookie(sessions.open(principal), sessions.seconds)))

    @server.post("/logout")
    async def sign_out(request: Request) -> Response:
        sessions.close(cookie_of(request.scope))
        return _response(_pages.redirect("/login", cookie("", 0)))


def _add_health(server: FastAPI, store: Store, options: ServerOptions) -> None:
    @server.get("/healthz")
    async def healthz() -> Response:
        events, sources = await asyncio.to_thread(health, Read(store.read, SYSTEM))
        return JSONResponse(
            {
                "version": options.version,
                "events": events,
                "commit": store.version,
                "sources": [
                    {
                        "id": s.id,
                        "state": s.state,
                        "watermark": None if s.watermark_t is None else moment(s.watermark_t).isoformat(),
                    }
                    for s in sources
                ],
            }
        )

    @server.post("/hooks/{source}")
    async def hook(source: str, request: Request) -> Response:
        if options.hooks is None:
            return Response(status_code=404)
        body = await request.body()
        status, told = await asyncio.to_thread(options.hooks, source, dict(request.headers), body)
        return Response(json.dumps(told), status_code=status, media_type="application/json")


def _add_accounts(server: FastAPI, store: Store, writer: Writer, sessions: Sessions) -> None:
    @server.post("/accounts")
    async def change(request: Request) -> Response:
        try:
            await asyncio.to_thread(_change_account, writer, await request.json(), request.scope["principal"])
        except FrontviewError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except (ValueError, KeyError, AttributeError):
            return JSONResponse({"error": "the form could not be read; load the page again"}, status_code=400)
        sessions.forget()
        # No fact changed, but the list of accounts did: whoever looks at it gets a new frame.
        store.announce(store.version)
        return JSONResponse({"done": True})


def _change_account(writer: Writer, form: Mapping[str, str], by: Principal) -> None:
    if not isinstance(form, dict) or not all(isinstance(value, str) for value in form.values()):
        raise ValueError("not a form")
    if form["action"] in {"on", "off"}:
        return set_active(writer, form["login"], active=form["action"] == "on", by=by)
    named = frozenset(t.strip() for t in form.get("teams", "").split(",") if t.strip())
    role = Role(form["role"])
    # A rep's scope is the person, an officer's every case; only a manager is limited to teams, if any are named.
    teams = named if role is Role.MANAGER and named else None if role is not Role.REP else frozenset()
    principal = Principal(form["login"], form["name"], role, form.get("actor", "").strip(), teams)
    return create_account(writer, principal, form["password"], by=by)


def _safe(path: str) -> str:
    """Only a path of our own to go on to, never another site."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path else "/"


def _response(found: _pages.Answer) -> Response:
    response = Response(found.body, status_code=found.status)
    for name, value in found.headers:
        response.headers.append(name.decode(), value.decode())
    return response
