"""Servers that alerts are sent to: a mail server that wants STARTTLS and a login, and an HTTP server that obeys."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "frontview", "a password nobody guesses"
OPENSSL = shutil.which("openssl")
Answer = tuple[int, Mapping[str, str]]


def certify(folder: Path) -> ssl.SSLContext:
    """A certificate for localhost in folder/cert.pem, and the server side of it."""
    subprocess.run([str(OPENSSL), "req", "-x509", "-nodes", "-newkey", "ec",
                    "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@dataclass
class Mailroom:
    """What a mail server took; `refuse` are recipients it does not know, `busy` makes it put everything off."""

    port: int = 0
    taken: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)
    busy: bool = False

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails, read."""
        return [cast(EmailMessage, message_from_bytes(raw, policy=default)) for raw in self.taken]

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str,  # noqa: N802
                          _options: list[str]) -> str:
        """Called by aiosmtpd."""
        if address in self.refuse:
            return "550 no such user here: " + address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd."""
        if self.busy:
            return "451 try again later"
        self.taken.append(cast(bytes, envelope.content))
        self.recipients.append(envelope.rcpt_tos)
        self.encrypted.append(session.ssl is not None)
        self.greetings.append(session.host_name or "")
        return "250 OK"


class _AnyPort(Controller):
    """Takes a free port and then knows which."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(trust: ssl.SSLContext | None) -> Iterator[Mailroom]:
    """A mail server; with `trust` it wants STARTTLS and then USER and PASSWORD, without it offers neither."""
    room = Mailroom()

    def login(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        given = cast(LoginPassword, data)
        return AuthResult(success=(given.login, given.password) == (USER.encode(), PASSWORD.encode()))

    secure: dict[str, Any] = {"tls_context": trust, "require_starttls": True, "auth_required": True,
                              "authenticator": login} if trust else {}
    controller = _AnyPort(room, hostname="127.0.0.1", port=0, ready_timeout=30, **secure)
    controller.start()
    try:
        room.port = controller.port
        yield room
    finally:
        controller.stop()


@dataclass
class Asked:
    """One request that the HTTP server got."""

    path: str
    headers: dict[str, str]
    body: bytes


class Obedient(ThreadingHTTPServer):
    """Answers posts with `answers` in turn, then with 200; a callable answer decides by the request. While `hold`
    is set it does not answer at all."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.answers: list[Answer] = []
        self.decide: Callable[[Asked], int] = lambda _: 200
        self.hold = False
        self.released = threading.Event()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Obedient

    def do_POST(self) -> None:
        """Note the request and answer."""
        length = int(self.headers.get("Content-Length") or 0)
        asked = Asked(self.path, dict(self.headers), self.rfile.read(length))
        self.server.asked.append(asked)
        if self.server.hold:
            self.server.released.wait(60)
            return
        status, headers = self.server.answers.pop(0) if self.server.answers else (self.server.decide(asked), {})
        self.send_response_only(status)
        for name, value in {"Content-Length": "2", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def http_server() -> Iterator[Obedient]:
    """An HTTP server on a free port."""
    server = Obedient()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
