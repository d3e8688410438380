"""The one user of requests: reads JSON from a source system and sorts every fault by how to recover.

Nothing here writes to a source: `post` is for logins and for reading over RPC. A server that is down, slow,
limiting or answering with something else than JSON becomes RetryLater; credentials or addresses that are
wrong become FixSettings. No error text holds a query string, a header, a password or an e-mail address.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

import requests

from connectors._http_wait import spent, wait_seconds
from data.errors import CursorExpired, FixSettings, RetryLater

_Item = TypeVar("_Item")
_NAMED_SECRET = re.compile(r"(?i)\b(\w*(?:password|passwd|token|secret|api_?key|authorization|jwt)\w*)"
                           r"(['\"]?\s*[:=]\s*)(?:bearer\s+|basic\s+)?['\"]?[^\s'\",;&]+")
_JSON_WEB_TOKEN = re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*){1,2}")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


class Refused(FixSettings):
    """A 4xx answer. `status` is HTTP's, `code` the source's own word for it ("ExpiredToken") or ""; a connector
    that knows better what a code means catches this and raises another family."""

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Reply(NamedTuple):
    """A parsed answer and its headers (their names compare without case)."""

    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much: seconds to connect, between two bytes and for a whole answer; its largest size;
    how often a connection that broke is tried again."""

    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    answer_seconds: float = 120.0
    max_bytes: int = 32_000_000
    retries: int = 2
    retry_seconds: float = 0.3


Auth = Mapping[str, str] | Callable[[Refused | None], Mapping[str, str] | None]
"""Headers, or a function that gives them. It is called with None before each request; when the request was
refused it is called once more with the refusal, and answers with renewed headers, or None to let it stand."""


class _Session(requests.Session):
    """A session that never looks where a redirect leads: that is decided in `Http`, and even with redirects
    switched off requests would work out the next address and stumble over one that is none."""

    def get_redirect_target(self, _response: requests.Response) -> str | None:
        """Nowhere."""
        return None


class Http:
    """A read-only client of one server. `secrets` are texts that must never show up in an error."""

    def __init__(self, base_url: str, *, auth: Auth | None = None, secrets: Iterable[str] = (),
                 limits: Limits | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        if not _usable(base_url):
            raise FixSettings(f"the address {_shown(base_url)!r} cannot be used; give it as "
                              "https://host[:port][/path] without a user name in it")
        self._base = base_url.rstrip("/") + "/"
        self._auth: Auth = auth if auth is not None else {}
        self._secrets = sorted((s for s in secrets if s), key=len, reverse=True)
        self._limits = limits or Limits()
        self._now = now
        self._closed = threading.Event()
        self._session = _Session()
        self._session.headers["User-Agent"] = "frontview (read-only)"
        # Without an auth of its own, requests would look for a password in ~/.netrc and overrule our headers.
        self._session.auth = lambda request: request

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The parsed JSON at `path` (relative to the base address, or a full "next" address on the same host)."""
        return self.get_reply(path, params).body

    def get_reply(self, path: str, params: Mapping[str, Any] | None = None) -> Reply:
        """Like `get`, with the headers."""
        return self._authorised("GET", path, {"params": params})

    def post(self, path: str, body: Any = None) -> Any:
        """The parsed JSON that answers a login or a reading call over RPC."""
        return self.post_reply(path, body).body

    def post_reply(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Like `post`, with the headers. Given `headers` replace the usual ones (to renew a session)."""
        what = {} if body is None else {"json": body}
        if headers is not None:
            return self._follow("POST", path, what, headers)
        return self._authorised("POST", path, what)

    def close(self) -> None:
        """Let go of connections; a retry that is being waited for is given up."""
        self._closed.set()
        self._session.close()

    def redact(self, text: str) -> str:
        """The text without our secrets, values that look like one, and e-mail addresses."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = _JSON_WEB_TOKEN.sub("***", _NAMED_SECRET.sub(r"\1\2***", text))
        return _MAIL.sub("(address)", text)

    def _authorised(self, method: str, path: str, what: dict[str, Any]) -> Reply:
        if not callable(self._auth):
            return self._follow(method, path, what, self._auth)
        try:
            return self._follow(method, path, what, self._auth(None) or {})
        except Refused as refused:
            renewed = self._auth(refused)
            if renewed is None:
                raise
            return self._follow(method, path, what, renewed)

    def _follow(self, method: str, path: str, what: dict[str, Any], headers: Mapping[str, str]) -> Reply:
        """One request, with redirects followed only where the credentials may go: the same host, never down
        from https to http."""
        url = _joined(self._base, path if "://" in path else path.lstrip("/"))
        for _ in range(5):
            self._stay_home(url)
            answer = self._persist(method, url, what, headers)
            if isinstance(answer, Reply):
                return answer
            if method != "GET":
                raise FixSettings(f"{_shown(url)} redirects to {_shown(answer)}; set the address to where it leads")
            url, what = answer, {}
        raise RetryLater(f"{_shown(url)} redirects in a circle; it will be tried again")

    def _stay_home(self, url: str) -> None:
        home, there = _origin(self._base), _origin(url)
        upgraded = there[:2] == ("https", home[1])
        if there != home and not upgraded:
            raise FixSettings(f"{_shown(self._base)} sends us on to {_shown(url)}, which must not get our "
                              "credentials; if that is the right server, set the address to it")

    def _persist(self, method: str, url: str, what: dict[str, Any], headers: Mapping[str, str]) -> Reply | str:
        """One request, tried again for a moment while connections break. A server that is reached and slow is
        not asked again at once: that would only add to its load."""
        place = _shown(url)
        for attempt in range(self._limits.retries + 1):
            if self._closed.wait(self._limits.retry_seconds * attempt):
                raise RetryLater(f"{place} was being read when the source was closed; it will be read again")
            try:
                return self._once(method, url, what, headers)
            except requests.exceptions.SSLError as error:
                raise FixSettings(f"{place} gives no secure connection: its certificate is not trusted, or it does "
                                  "not speak TLS; have it mended, or correct the address") from error
            except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, UnicodeError) as error:
                raise FixSettings(f"{place} cannot be asked: the address or a credential holds a character that "
                                  "HTTP does not allow; correct it") from error
            except requests.exceptions.Timeout as error:
                if not isinstance(error, requests.exceptions.ConnectTimeout):
                    raise RetryLater(f"{place} did not answer within {self._limits.read_seconds:g} s; it will be "
                                     "tried again") from error
            except requests.exceptions.ConnectionError:
                pass
        raise RetryLater(f"{place} cannot be reached ({self._limits.retries + 1} attempts); check that the server "
                         "runs; it will be tried again")

    def _once(self, method: str, url: str, what: dict[str, Any], headers: Mapping[str, str]) -> Reply | str:
        limits = self._limits
        with self._session.request(method, url, headers={"Accept": "application/json", **headers}, stream=True,
                                   timeout=(limits.connect_seconds, limits.read_seconds), allow_redirects=False,
                                   **what) as response:
            if response.is_redirect:
                return _joined(url, response.headers["Location"])
            content = self._content(response)
            if response.status_code >= 400:
                self._refuse(response, content)
            return Reply(self._parsed(response, content), response.headers)

    def _content(self, response: requests.Response) -> bytes:
        """The body, given up when it drips too slowly or grows too large."""
        place, limits, started = _shown(response.url), self._limits, time.monotonic()
        content = bytearray()
        for chunk in self._chunks(response):
            content += chunk
            if len(content) > limits.max_bytes:
                raise FixSettings(f"{place} answers with more than {limits.max_bytes:,} bytes; check that the "
                                  "address is the interface of the source, or ask for smaller pages")
            if time.monotonic() - started > limits.answer_seconds:
                raise RetryLater(f"{place} took more than {limits.answer_seconds:g} s for one answer; it will be "
                                 "tried again")
        return bytes(content)

    def _chunks(self, response: requests.Response) -> Iterator[bytes]:
        """The body in pieces. A fault within it is not tried again at once, as a fault before it is: the server
        was at work on the answer, and the next look asks for it anyway."""
        try:
            yield from response.iter_content(65_536)
        except requests.RequestException as error:
            raise RetryLater(f"{_shown(response.url)} broke off its answer ({type(error).__name__}); it will be "
                             "read again") from error

    def _refuse(self, response: requests.Response, content: bytes) -> None:
        """Raise what a 4xx or 5xx answer means."""
        status, place = response.status_code, _shown(response.url)
        code, said = self._said(content)
        after = wait_seconds(response.headers, self._now())
        # Some sources say "too many" with 403; taking that for a wrong password would stop the source for good.
        full = "Retry-After" in response.headers or "limit" in code.lower() or spent(response.headers)
        if status == 429 or (status == 403 and full):
            raise RetryLater(f"{place} asks us to slow down ({status}{said}); it will be read again in "
                             f"{'a while' if after is None else f'{after:.0f} s'}", after_seconds=after)
        if status >= 500 or status in {408, 425}:
            # A reset moment is in every answer of some sources; on a fault only Retry-After is meant for us.
            waits = after if status == 503 or "Retry-After" in response.headers else None
            raise RetryLater(f"{place} failed ({status}{said}); it will be tried again", after_seconds=waits)
        if status == 410:
            raise CursorExpired(f"{place} has forgotten where we were ({status}{said}); it is read from the start")
        remedy = ("check the name and password, and what the account may read" if status in {401, 403}
                  else "check the address and the settings of this source")
        raise Refused(f"{place} refuses us ({status}{said}); {remedy}", status=status, code=code)

    def _said(self, content: bytes) -> tuple[str, str]:
        """The source's own code, and its words as they may be shown after the status: ", Code: message"."""
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            return "", ""
        body = body[0] if isinstance(body, list) and body else body
        if not isinstance(body, dict):
            return "", ""
        inner = body["error"] if isinstance(body.get("error"), dict) else body
        code = next((str(inner[k]) for k in ("error", "errorCode", "code", "name") if inner.get(k)), "")
        message = next((str(inner[k]) for k in ("message", "error_description", "detail") if inner.get(k)), "")
        words = ": ".join(self.redact(word)[:120] for word in (code, message) if word)
        return code, f", {words}" if words else ""

    def _parsed(self, response: requests.Response, content: bytes) -> Any:
        if response.status_code == 204:
            return None
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            kind = response.headers.get("Content-Type", "").split(";")[0] or "no content type"
            came = "a web page" if content.lstrip()[:1] == b"<" else "broken JSON" if content.strip() else "nothing"
            raise RetryLater(f"{_shown(response.url)} answered with {came} where JSON was due ({kind}, "
                             f"{len(content)} bytes); if it stays so, check the address") from error


def walk(fetch: Callable[[Any], tuple[_Item, Any]], start: Any = None, *,
         max_pages: int = 10_000) -> Iterator[_Item]:
    """What `fetch(position)` brings page by page, each with the next position, until that is None or "".

    A server that sends us back to a position we had, or never comes to an end, raises RetryLater.
    """
    position, seen = start, {repr(start)}
    for _ in range(max_pages):
        item, position = fetch(position)
        yield item
        if position is None or position == "":
            return
        if repr(position) in seen:
            raise RetryLater(f"the source sent a cursor for the second time after {len(seen)} pages; it will be "
                             "read again")
        seen.add(repr(position))
    raise RetryLater(f"the source went on for more than {max_pages:,} pages; the rest is read at the next look")


def _joined(base: str, to: str) -> str:
    """Where a path or a redirect leads; RetryLater when the server gave something that is no address."""
    try:
        target = urljoin(base, to)
        # Reading the port is what checks it.
        return target if urlsplit(target).port != 0 else base
    except ValueError as error:
        raise RetryLater(f"{_shown(base)} sends us on to something that is no address; it will be tried "
                         "again") from error


def _origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what has to agree for credentials to be sent."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _usable(url: str) -> bool:
    """Whether a base address is a plain http(s) one."""
    try:
        parts = urlsplit(url)
        bare = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
        return bare and parts.scheme in {"http", "https"}
    except ValueError:
        return False


def _shown(url: str) -> str:
    """An address as it may be shown: without user, query and fragment."""
    bare = re.sub(r"[?#].*", "", url, flags=re.S)
    return re.sub(r"//[^/]*@", "//", bare)
