"""The guard in front of everything: security headers, size caps, who may open which path."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from data.scope import Principal
from layouts import _pages
from layouts._auth import ASGI, Sessions, cookie_of, from_elsewhere, header, viewer
from layouts._contract import View

OPEN = ("/login", "/logout", "/healthz")
# A feed and a panel are asked for by programs without a session: the secret or signature in the address stands for it.
OPEN_BELOW = ("/hooks/", "/assets/", "/feed/", "/embed/")
BEHIND_LOGIN = ("/_dash-layout", "/_dash-dependencies", "/_dash-update-component", "/_favicon.ico",
                "/evidence", "/mirror/data.json")
BEHIND_LOGIN_BELOW = ("/_dash-component-suites/", "/stream/")
CAPS = {
    "/login": 8_192,
    "/logout": 1_024,
    "/accounts": 8_192,
    "/review": 16_384,
    "/compliance": 8_192,
    "/lab": 262_144,
    "/mirror": 8_192,
    "/_dash-update-component": 262_144,
    "/hooks/": 1_048_576,
}


def security_headers(script_hashes: Sequence[str], *, secure: bool) -> list[tuple[bytes, bytes]]:
    """Headers of every answer: nothing from elsewhere, no eval, no framing, no sniffing."""
    scripts = " ".join(["'self'", *script_hashes])
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    found = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    }
    if secure:
        found["strict-transport-security"] = "max-age=31536000"
    return [(k.encode(), v.encode()) for k, v in found.items()]


class Guard:
    """Pure-ASGI middleware around the server."""

    def __init__(
        self, app: ASGI, sessions: Sessions, views: Mapping[str, View], headers: Sequence[tuple[bytes, bytes]]
    ) -> None:
        self.app, self.sessions, self.views = app, sessions, views
        self.headers = list(headers)
        self.pages = {view.path: view for view in views.values()}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Answer what needs no server, else pass on with scope["principal"] set."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            # No WebSocket is served; closing before accepting answers 403.
            await receive()
            return await send({"type": "websocket.close", "code": 1008})
        send = self._sealed(scope, send)
        principal = await self.sessions.ask(cookie_of(scope))
        scope["principal"] = principal
        refusal = self._refuse(scope, principal)
        if refusal is not None:
            return await _pages.answer(send, refusal)
        if scope["path"] in self.pages and scope["method"] == "GET":
            # Dash knows one document; which page of it shows is the script's work.
            scope = {**scope, "path": "/", "raw_path": b"/"}
        token = viewer.set(principal)
        try:
            return await self.app(scope, _capped(receive, _cap(scope["path"])), send)
        except BodyTooLarge:
            return await _pages.answer(send, _pages.plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
        finally:
            viewer.reset(token)

    def _refuse(self, scope: MutableMapping[str, Any], principal: Principal | None) -> _pages.Answer | None:
        path, method = scope["path"], scope["method"]
        is_hook = path.startswith("/hooks/")
        if method not in {"GET", "HEAD"} and (method != "POST" or (not is_hook and from_elsewhere(scope))):
            return _pages.plain(HTTPStatus.FORBIDDEN if method == "POST" else HTTPStatus.METHOD_NOT_ALLOWED)
        if int(header(scope, "content-length") or 0) > _cap(path):
            return _pages.plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if path in OPEN or path.startswith(OPEN_BELOW):
            return None
        if path in BEHIND_LOGIN or path.startswith(BEHIND_LOGIN_BELOW):
            return None if principal else _pages.plain(HTTPStatus.UNAUTHORIZED)
        return self._refuse_page(path, scope, principal)

    def _refuse_page(
        self, path: str, scope: MutableMapping[str, Any], principal: Principal | None
    ) -> _pages.Answer | None:
        if principal is None and (path == "/" or path in self.pages):
            query = scope["query_string"].decode("latin-1")
            return _pages.redirect("/login?next=" + quote(path + ("?" + query if query else ""), safe=""))
        if path == "/" and principal:
            return _pages.redirect(landing(self.views, principal))
        if path not in self.pages:
            return _pages.missing(principal)
        if principal and principal.role not in self.pages[path].roles:
            return _pages.denied(principal, self.pages[path].title, landing(self.views, principal))
        return None

    def _sealed(self, scope: MutableMapping[str, Any], send: Any) -> Any:
        cached = scope["path"].startswith(("/assets/", "/_dash-component-suites/"))

        async def sealed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = [pair for pair in message.get("headers", []) if pair[0] != b"server"]
                if not cached and not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                own = {name for name, _ in headers}
                # A panel that other sites may frame says so itself; everything else cannot be framed.
                own |= {b"x-frame-options"} if b"content-security-policy" in own else set()
                message["headers"] = [*headers, *(pair for pair in self.headers if pair[0] not in own)]
            await send(message)

        return sealed


class BodyTooLarge(Exception):
    """The body went over its cap although its length was not announced."""


def landing(views: Mapping[str, View], principal: Principal) -> str:
    """The path of the role's own page: the first of its views."""
    mine = [view for view in views.values() if principal.role in view.roles]
    return min(mine, key=lambda view: view.order).path if mine else "/sources"


def _cap(path: str) -> int:
    return next((cap for prefix, cap in CAPS.items() if path.startswith(prefix)), 0)


def _capped(receive: Any, cap: int) -> Any:
    seen = 0

    async def capped() -> MutableMapping[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > cap:
            raise BodyTooLarge
        return message

    return capped
