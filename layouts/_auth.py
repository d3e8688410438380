"""Who is asking: sessions, throttling, and the guard in front of every page, callback and stream.

One pure-ASGI middleware turns the session cookie into a `Principal` in scope["principal"]; HTTP middleware would
not see streams to their end. What a viewer may read follows from it and never from the address.
"""

from __future__ import annotations

import asyncio
import math
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

from data.accounts import list_accounts, session_secret, verify
from data.scope import Principal
from data.writer import Writer

COOKIE = "frontview_session"
FRESH_SECONDS = 1.0
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
    """Signed session cookies. The cookie names the login; the account is looked up, so deactivation works.

    Every frame of every stream asks whose session it is, hence all of it is answered from memory: signatures once
    verified, and the accounts as they were at most a few seconds ago, looked up once for everybody.
    """

    def __init__(self, writer: Writer, personas: Sequence[Principal], hours: float) -> None:
        self._writer = writer
        self._signer = URLSafeTimedSerializer(session_secret(writer), salt="frontview-session")
        self._personas = {p.login: p for p in personas}
        self.seconds = int(hours * 3600)
        self._ended: dict[str, float] = {}
        self._signed: dict[str, tuple[str, bool, float]] = {}
        self._accounts: dict[str, Principal] = {}
        self._looked = -math.inf
        self._changes = 0
        self._lock = threading.Lock()
        self._looking: asyncio.Future[None] | None = None

    def open(self, principal: Principal) -> str:
        """A new session's cookie value."""
        return self._signer.dumps([principal.login, principal.login in self._personas, secrets.token_urlsafe(9)])

    def close(self, cookie: str) -> None:
        """The session counts no more, even if its cookie was kept."""
        self._ended = {c: at for c, at in self._ended.items() if at > time.monotonic() - self.seconds}
        self._ended[cookie] = time.monotonic()

    def forget(self) -> None:
        """Accounts have changed: whoever is asked for next is looked up again."""
        with self._lock:
            self._looked, self._changes = -math.inf, self._changes + 1

    def principal(self, cookie: str) -> Principal | None:
        """Whose session this is; None when it is forged, over, closed, or its account was deactivated.

        May wait for the writer; in the event loop use `ask`.
        """
        if self._age() > FRESH_SECONDS:
            self._look_up()
        return self._remembered(cookie)

    async def ask(self, cookie: str) -> Principal | None:
        """The same without holding up the event loop; who was switched off is known within a second or two.

        While the writer is busy the last list of accounts goes on counting for TRUST_SECONDS.
        """
        while self._is_account(cookie) and self._age() > FRESH_SECONDS:
            looking = self._look()
            if self._age() <= TRUST_SECONDS:
                break
            # One look for all who ask at the same time; none of them may cancel it for the others.
            await asyncio.shield(looking)
        return self._remembered(cookie)

    def check(self, login: str, password: str) -> Principal | None:
        """The principal of a correct login."""
        found = verify(self._writer, login, password)
        self.forget()
        return found

    def persona(self, login: str) -> Principal | None:
        """A demo persona, where there are any."""
        return self._personas.get(login)

    def _remembered(self, cookie: str) -> Principal | None:
        signed = self._verified(cookie)
        if signed is None or cookie in self._ended:
            return None
        login, is_persona, _ = signed
        return (self._personas if is_persona else self._accounts).get(login)

    def _is_account(self, cookie: str) -> bool:
        signed = self._verified(cookie)
        return signed is not None and not signed[1]

    def _verified(self, cookie: str) -> tuple[str, bool, float] | None:
        """Login, whether a persona, and when it was signed; None when forged or over."""
        if not cookie:
            return None
        found = self._signed.get(cookie)
        if found is None:
            try:
                (login, is_persona, _), signed = self._signer.loads(cookie, return_timestamp=True)
            except (BadSignature, ValueError):
                return None
            if len(self._signed) > 10_000:
                self._signed.clear()
            found = self._signed[cookie] = (login, bool(is_persona), signed.timestamp())
        return found if time.time() - found[2] <= self.seconds else None

    def _age(self) -> float:
        return time.monotonic() - self._looked

    def _look(self) -> asyncio.Future[None]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(asyncio.to_thread(self._look_up))
            # Whoever does not wait for it does not hear of its failure either; the next who waits does.
            self._looking.add_done_callback(lambda done: done.cancelled() or done.exception())
        return self._looking

    def _look_up(self) -> None:
        began, changes = time.monotonic(), self._changes
        found = {one.principal.login: one.principal for one in list_accounts(self._writer) if one.active}
        with self._lock:
            # Counted from the start of the look: what changed meanwhile may have been missed.
            self._accounts = found
            if changes == self._changes:
                self._looked = began


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
