"""Who is asking: sessions, throttling, and the guard in front of every page, callback and stream.

One pure-ASGI middleware turns the session cookie into a `Principal` in scope["principal"]; HTTP middleware would
not see streams to their end. What a viewer may read follows from it and never from the address.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer

from data.accounts import find, session_secret, verify
from data.scope import Principal
from data.writer import Writer

COOKIE = "frontview_session"
TRUST_SECONDS = 5.0

ASGI = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]

viewer: ContextVar[Principal | None] = ContextVar("viewer", default=None)
"""The principal of the request being answered, for Dash layouts and callbacks that see no request."""


@dataclass
class Throttle:
    """Failed logins by key (login, address): after `free` failures each further one doubles the wait."""

    free: int = 5
    longest_seconds: float = 300.0
    clock: Callable[[], float] = time.monotonic
    _failures: dict[str, tuple[int, float]] = field(default_factory=dict)

    def wait_seconds(self, *keys: str) -> float:
        """How long these keys must still wait; 0 when they may try."""
        return max([0.0, *(self._failures.get(key, (0, 0.0))[1] - self.clock() for key in keys)])

    def failed(self, *keys: str) -> None:
        """Count a failure for each key."""
        if len(self._failures) > 10_000:
            self._failures = {k: v for k, v in self._failures.items() if v[1] > self.clock()}
        for key in keys:
            n = self._failures.get(key, (0, 0.0))[0] + 1
            wait = min(self.longest_seconds, 2.0 ** (n - self.free)) if n >= self.free else 0.0
            self._failures[key] = (n, self.clock() + wait)

    def passed(self, *keys: str) -> None:
        """Forget the failures of these keys."""
        for key in keys:
            self._failures.pop(key, None)


class Sessions:
    """Signed session cookies. The cookie names the login; the account is looked up, so deactivation works."""

    def __init__(self, writer: Writer, personas: Sequence[Principal], hours: float) -> None:
        self._writer = writer
        self._signer = URLSafeTimedSerializer(session_secret(writer), salt="frontview-session")
        self._personas = {p.login: p for p in personas}
        self.seconds = int(hours * 3600)
        self._ended: dict[str, float] = {}
        self._known: dict[str, tuple[float, Principal | None]] = {}
        self._lock = threading.Lock()

    def open(self, principal: Principal) -> str:
        """A new session's cookie value."""
        return self._signer.dumps([principal.login, principal.login in self._personas, secrets.token_urlsafe(9)])

    def close(self, cookie: str) -> None:
        """The session counts no more, even if its cookie was kept."""
        self._ended = {c: at for c, at in self._ended.items() if at > time.monotonic() - self.seconds}
        self._ended[cookie] = time.monotonic()

    def principal(self, cookie: str) -> Principal | None:
        """Whose session this is; None when it is forged, over, closed, or its account was deactivated."""
        if not cookie or cookie in self._ended:
            return None
        try:
            login, is_persona, _ = self._signer.loads(cookie, max_age=self.seconds)
        except (BadSignature, ValueError):
            return None
        return self._personas.get(login) if is_persona else self._account(login)

    def check(self, login: str, password: str) -> Principal | None:
        """The principal of a correct login."""
        return verify(self._writer, login, password)

    def persona(self, login: str) -> Principal | None:
        """A demo persona, where there are any."""
        return self._personas.get(login)

    def _account(self, login: str) -> Principal | None:
        with self._lock:
            at, principal = self._known.get(login, (-TRUST_SECONDS, None))
        if time.monotonic() - at < TRUST_SECONDS:
            return principal
        principal = find(self._writer, login)
        with self._lock:
            self._known[login] = (time.monotonic(), principal)
        return principal


def cookie_of(scope: MutableMapping[str, Any]) -> str:
    """The session cookie of a request, or the empty word."""
    raw = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
    try:
        jar = SimpleCookie(raw)
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""


def header(scope: MutableMapping[str, Any], name: str) -> str:
    """One request header, or the empty word."""
    return next((v.decode("latin-1") for k, v in scope["headers"] if k == name.encode()), "")


def from_elsewhere(scope: MutableMapping[str, Any]) -> bool:
    """Whether a browser says that another site made it send this request."""
    told = header(scope, "sec-fetch-site")
    if told:
        return told not in {"same-origin", "none"}
    origin = header(scope, "origin")
    return bool(origin) and urlsplit(origin).netloc != header(scope, "host")
