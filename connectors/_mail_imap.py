"""One read-only connection to an IMAP server: what is in the folders, headers, texts, and waiting for news.

Folders are opened by EXAMINE and read by BODY.PEEK, so nothing is ever marked as read. imap-tools does the
protocol; every failure leaves here as RetryLater or FixSettings, without addresses or server prose in the text.
"""

from __future__ import annotations

import imaplib
import ipaddress
import re
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Event as Signal
from typing import Any, NamedTuple

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxLoginError
from imap_tools.utils import encode_folder

from connectors._contract import Setting
from data.errors import FixSettings, RetryLater

# Servers may drop an IDLE after 30 minutes (RFC 2177 says to re-issue it within 29).
IDLE_ROUND_SECONDS = 28 * 60.0
IDLE_STEP_SECONDS = 0.5
_ITEMS = "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER]<0.262144>)"
# The first part is where mail programs put the text; what is attached follows it and is left where it is.
_TEXT_ITEMS = "(UID BODY.PEEK[1.MIME] BODY.PEEK[1]<0.65536>)"
_TEXTS_AT_ONCE = 200
_PART = re.compile(rb"BODY\[1(\.MIME)?\](?:<\d+>)? \{\d+\}$")
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_ARRIVED = re.compile(rb'\bINTERNALDATE "([^"]+)"')
_COUNT = re.compile(rb"([A-Za-z]+) (\d+)")
_CODE = re.compile(r"\[([A-Z]+)")
_COMES_BACK = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN")
_MOST_NAMED = 40
ACCOUNT_SETTINGS = (
    Setting("host", "name of the IMAP server", required=True),
    Setting("user", "login name, usually the mailbox's e-mail address", required=True),
    Setting("password", "its password or app password", required=True, secret=True),
    Setting("folders", r"folders to read; \Sent and the like mean whatever the server marks so",
            ("INBOX", "\\Sent")),
    Setting("tls", "ssl, starttls or none", "ssl"),
    Setting("port", "0 means 993 for ssl, otherwise 143", 0),
    Setting("ca", "file with your own authority's certificate, where the server's is not publicly trusted", ""),
    Setting("insecure", 'allow tls = "none" beyond this machine', False),
    Setting("timeout_seconds", "how long to wait for an answer", 30.0),
)


@dataclass(frozen=True, slots=True)
class Account:
    """Where to log in and as whom. `tls` is ssl, starttls or none; `ca` a file of trusted certificates or ""."""

    source: str
    host: str
    port: int
    tls: str
    user: str
    password: str
    ca: str
    timeout_seconds: float

    @classmethod
    def from_settings(cls, source: str, given: Mapping[str, Any]) -> Account:
        """The account, or FixSettings when it could not work or would send the password in the clear."""
        host, tls = str(given["host"]), str(given["tls"])
        if tls not in ("ssl", "starttls", "none"):
            raise FixSettings(f"tls of source {source!r} is {tls!r}; choose ssl, starttls or none")
        if tls == "none" and not given["insecure"] and not _loopback(host):
            raise FixSettings(f"source {source!r} would send its password to {host} in the clear; set tls to "
                              '"ssl" or "starttls", or insecure = true if the line itself is protected')
        ca = str(given["ca"] or "")
        if ca and not Path(ca).is_file():
            raise FixSettings(f"ca of source {source!r} is no file: {ca!r}; name a PEM file or leave it out")
        port = int(given["port"]) or (993 if tls == "ssl" else 143)
        return cls(source, host, port, tls, str(given["user"]), str(given["password"]), ca,
                   float(given["timeout_seconds"]))


class FolderState(NamedTuple):
    """What STATUS says of a folder; `modseq` is 0 where the server does not count changes."""

    uidvalidity: int
    uidnext: int
    modseq: int


class Fetched(NamedTuple):
    """One mail's header as it lies on the server."""

    uid: int
    size: int
    arrived_at: datetime | None
    header: bytes


class Session:
    """A logged-in connection. After an error it is of no more use (`alive` is False): open another."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.alive = True
        with self._errors():
            self._box = self._connect()
            self._login()
            # The list given before login is shorter.
            offered = self._box.client.capability()[1][0].decode("ascii", "replace").upper().split()
        self.can_idle = "IDLE" in offered
        self._counts_changes = "CONDSTORE" in offered

    def _connect(self) -> BaseMailBox:
        where = self._account
        if where.tls == "none":
            return MailBoxUnencrypted(where.host, where.port, timeout=where.timeout_seconds)
        # The library's own default context would trust anybody.
        trust = ssl.create_default_context(cafile=where.ca or None)
        kind = MailBox if where.tls == "ssl" else MailBoxStartTls
        return kind(where.host, where.port, timeout=where.timeout_seconds, ssl_context=trust)

    def _login(self) -> None:
        user, password = self._account.user, self._account.password
        if (user + password).isascii():
            self._box.login(user, password, initial_folder=None)
            return
        try:
            self._box.login_utf8(user, password, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as refused:
            raise MailboxLoginError(("NO", [str(refused)]), "OK") from None

    def folders(self, wanted: Sequence[str]) -> list[str]:
        r"""The server's names of the wanted folders; `\Sent` and the like stand for whatever is marked so."""
        with self._errors():
            there = self._box.folder.list()
        names = [one.name for one in there if "\\noselect" not in map(str.lower, one.flags)]
        found = []
        for name in wanted:
            marked = [one.name for one in there if name.lower() in map(str.lower, one.flags)]
            same = [one for one in names if one == name or one.upper() == name.upper() == "INBOX"]
            if not (found_here := marked[:1] if name.startswith("\\") else same[:1]):
                choice = ", ".join(sorted(names)[:_MOST_NAMED])
                raise FixSettings(f"folder {name!r} of source {self._account.source!r} is not on the server; "
                                  f"choose from {choice}")
            found += found_here
        return list(dict.fromkeys(found))

    def status(self, folder: str) -> FolderState:
        """How far the folder has got, without opening it."""
        asked = "(UIDVALIDITY UIDNEXT HIGHESTMODSEQ)" if self._counts_changes else "(UIDVALIDITY UIDNEXT)"
        with self._errors():
            # STATUS of the selected folder may be stale (RFC 9051, 6.3.11); CLOSE after EXAMINE removes nothing.
            if self._box.client.state == "SELECTED":
                self._box.client.close()
            kind, answer = self._box.client.status(encode_folder(folder).decode("ascii"), asked)
            if kind != "OK":
                raise imaplib.IMAP4.error("STATUS was refused")
            told = {name.upper(): int(value) for name, value in _COUNT.findall(answer[-1].rpartition(b"(")[2])}
            return FolderState(told[b"UIDVALIDITY"], told[b"UIDNEXT"], told.get(b"HIGHESTMODSEQ", 0))

    def examine(self, folder: str) -> FolderState:
        """Open the folder read-only; UIDNEXT is 0 where the server keeps it to itself."""
        with self._errors():
            self._box.folder.set(folder, readonly=True)
            told = [self._box.client.response(name)[1][-1] or b"0" for name in ("UIDVALIDITY", "UIDNEXT")]
            return FolderState(int(told[0]), int(told[1]), 0)

    def uids_after(self, uid: int) -> list[int]:
        """UIDs above `uid` in the open folder, ascending."""
        with self._errors():
            # `n:*` always names the last mail too, however small its UID.
            return sorted(found for text in self._box.uids(f"UID {uid + 1}:*", charset=None)
                          if (found := int(text)) > uid)

    def fetch(self, first: int, last: int) -> list[Fetched]:
        """The headers of the mails from UID `first` to `last` in the open folder, in order of UID."""
        with self._errors():
            kind, answer = self._box.client.uid("FETCH", f"{first}:{last}", _ITEMS)
            if kind != "OK":
                raise imaplib.IMAP4.abort("FETCH was refused")
            return sorted(_fetched(answer))

    def texts(self, uids: Sequence[int]) -> Iterator[tuple[int, bytes, bytes]]:
        """Of these mails in the open folder: UID, header and first 64 KB of the first part."""
        for start in range(0, len(uids), _TEXTS_AT_ONCE):
            with self._errors():
                some = ",".join(map(str, uids[start:start + _TEXTS_AT_ONCE]))
                kind, answer = self._box.client.uid("FETCH", some, _TEXT_ITEMS)
                if kind != "OK":
                    raise imaplib.IMAP4.abort("FETCH was refused")
            yield from _texts(answer)

    def noop(self) -> None:
        """Raises RetryLater when the connection is gone."""
        with self._errors():
            self._box.client.noop()

    def wait(self, folder: str, known_uid: int, seconds: float, stop: Signal) -> bool:
        """True as soon as the folder holds more than `known_uid` (or, at 0, as soon as mail arrives)."""
        deadline = time.monotonic() + seconds
        if known_uid and self.examine(folder).uidnext > known_uid + 1:
            return True
        if not known_uid:
            self.examine(folder)
        while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            if self._idle(min(left, IDLE_ROUND_SECONDS), stop):
                return True
        return False

    def _idle(self, seconds: float, stop: Signal) -> bool:
        """One IDLE command; True when mail arrived under it."""
        end = time.monotonic() + seconds
        with self._errors():
            idle = self._box.idle
            idle.start()
            # News sent together with the go-ahead already lies in our buffer, where no poll of the socket sees it.
            lines = _buffered(self._box.client)
            while not _news(lines) and not stop.is_set() and (left := end - time.monotonic()) > 0:
                lines = idle.poll(min(left, IDLE_STEP_SECONDS))
            _, late = idle.stop()
            return _news(lines) or _news(late)

    def end(self) -> None:
        """Log out if that is still possible."""
        if self.alive:
            with suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
                self._box.client.logout()
        self._drop()

    def _drop(self) -> None:
        self.alive = False
        # Without a connection there is no box yet.
        with suppress(AttributeError, OSError):
            self._box.client.shutdown()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Sorts what the library raises by who can help."""
        where = self._account
        name = f"{where.host}:{where.port} (source {where.source!r})"
        try:
            yield
            return
        except MailboxLoginError as refused:
            failure = _login_failure(name, str(refused))
        except ssl.SSLCertVerificationError as untrusted:
            failure = FixSettings(f"the certificate of {name} is not trusted: {untrusted.verify_message}; "
                                  "correct host, or name your own authority's certificate in ca")
        except ssl.SSLError as mismatch:
            failure = FixSettings(f"{name} does not speak TLS as asked ({mismatch.reason}); check port and tls")
        except imaplib.IMAP4.abort:
            failure = RetryLater(f"{name} broke off in the middle; trying again")
        except (imaplib.IMAP4.error, ImapToolsError) as refused:
            code = _CODE.search(str(refused))
            failure = RetryLater(f"{name} refused a command ({code[1] if code else type(refused).__name__}); "
                                 "if that goes on, check port and tls")
        except OSError as gone:
            failure = RetryLater(f"{name} cannot be reached ({type(gone).__name__}); trying again, "
                                 "check host and port if it lasts")
        except (KeyError, ValueError, IndexError, TypeError) as garbled:
            failure = RetryLater(f"{name} answered what is not IMAP ({type(garbled).__name__}); trying again")
        self._drop()
        raise failure from None


def _login_failure(name: str, answer: str) -> FixSettings | RetryLater:
    code = _CODE.search(answer)
    if code and code[1] in _COMES_BACK:
        return RetryLater(f"{name} cannot check logins now ({code[1]}); trying again")
    if code and code[1] == "PRIVACYREQUIRED":
        return FixSettings(f'{name} takes no password over an open line; set tls to "starttls" or "ssl"')
    return FixSettings(f"{name} refused the login ({code[1] if code else 'no reason given'}); correct user or "
                       "password (many providers want an app password here)")


def _fetched(answer: Sequence[Any]) -> Iterator[Fetched]:
    """Mails in a FETCH answer. A header comes as a literal with its other items before or behind it."""
    for position, item in enumerate(answer):
        if isinstance(item, tuple):
            behind = answer[position + 1] if position + 1 < len(answer) else b""
            meta, header = item[0] + (behind if isinstance(behind, bytes) else b""), item[1]
        elif isinstance(item, bytes) and b"BODY[HEADER]" in item:
            meta, header = item, b""
        else:
            continue
        uid, size, arrived = _UID.search(meta), _SIZE.search(meta), _ARRIVED.search(meta)
        if uid:
            yield Fetched(int(uid[1]), int(size[1]) if size else 0, _moment(arrived[1] if arrived else b""), header)


def _texts(answer: Sequence[Any]) -> Iterator[tuple[int, bytes, bytes]]:
    """The texts in a FETCH answer: a mail comes as one or two literals, its UID before or behind them."""
    meta, found = b"", {False: b"", True: b""}
    for item in answer:
        said = item[0] if isinstance(item, tuple) else item if isinstance(item, bytes) else b""
        meta += said
        if isinstance(item, tuple) and (part := _PART.search(said)):
            found[bool(part[1])] = item[1]
        elif uid := _UID.search(meta):
            yield int(uid[1]), found[True], found[False]
            meta, found = b"", {False: b"", True: b""}


def _moment(internaldate: bytes) -> datetime | None:
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        at = parsedate_to_datetime(internaldate.decode("ascii", "replace").strip())
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def _buffered(client: Any) -> list[bytes]:
    """Lines that have been received already; does not wait. The library reports an empty buffer as EOF."""
    patience = client.sock.gettimeout()
    client.sock.settimeout(0)
    lines: list[bytes] = []
    try:
        while True:
            lines.append(client._get_line())
    except OSError:
        return lines
    except imaplib.IMAP4.abort as nothing:
        if "EOF" not in str(nothing):
            raise
        return lines
    finally:
        client.sock.settimeout(patience)


def _news(lines: Sequence[Any]) -> bool:
    return any(isinstance(line, bytes) and line.rstrip().endswith(b"EXISTS") for line in lines)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
