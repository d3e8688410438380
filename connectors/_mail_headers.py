"""The header of one mail as real servers keep it: broken, folded, in any charset. Reading it never raises.

The standard library's parser stops at the first line that is no field, and its newer address and date objects
raise on what people really send; here an odd line costs that line and nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime
from typing import NamedTuple

LONGEST_HEADER = 256 * 1024
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_ANGLE = re.compile(r"<([^<>]+)>")
# Bounded, or a line of a hundred thousand letters without an @ would keep it busy for minutes.
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'\\@]{1,120}@[^\s<>()\[\],;:\"'\\@]{0,200}[^\s<>()\[\],;:\"'\\@.]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_STATED_UTC = re.compile(r"[+-]0000\b|\b(?:GMT|UTC?|Z)\b")
_LONGEST_ID = 250
_LONGEST_TEXT = 500
# Fields that stay the same on every copy of a mail; Received and Delivered-To differ from mailbox to mailbox.
_SAME_ON_EVERY_COPY = ("date", "from", "to", "cc", "subject", "in-reply-to")


class Party(NamedTuple):
    """One address of a mail, lower case, with the name shown beside it (or "") and its role: from, to, cc, bcc."""

    address: str
    name: str
    role: str


class Date(NamedTuple):
    """A moment in UTC, and whether its zone was stated; without one it may be off by half a day."""

    at: datetime
    zone_stated: bool


class Headers:
    """The fields of one mail by lower-case name, in order; `raw` may be a whole mail, the body is not read.

    `fingerprint` hashes what is the same on every copy of the mail, for mails that have no usable id.
    """

    def __init__(self, raw: bytes) -> None:
        self.fields: Mapping[str, list[str]] = _fields(raw)
        kept = [" ".join(v.split()) for name in _SAME_ON_EVERY_COPY for v in self.all(name)]
        self._parsed: dict[str, list[tuple[str, str]]] = {}
        identity = "\n".join(kept).encode("utf-8", "replace") or raw[:LONGEST_HEADER]
        self.fingerprint: str = "sha256-" + hashlib.sha256(identity).hexdigest()[:32]

    def all(self, name: str) -> list[str]:
        """Every value of the field, unfolded, encoded words left as they are."""
        return self.fields.get(name, [])

    def first(self, name: str) -> str:
        """The field's first value, or ""; a second one is a forgery or an accident."""
        values = self.all(name)
        return values[0] if values else ""

    def text(self, name: str) -> str:
        """The field's first value as people read it."""
        return decoded(self.first(name))

    @property
    def message_id(self) -> str:
        """The mail's own id without brackets, or its fingerprint when it carries none that could be one."""
        bare = _bare(self.first("message-id"))
        return bare if bare else self.fingerprint

    @property
    def references(self) -> list[str]:
        """Ids of the earlier mails of the thread, oldest first."""
        return _ids(self.all("references"))

    @property
    def in_reply_to(self) -> str:
        """The id of the mail this one answers, or ""."""
        named = _ids(self.all("in-reply-to"))
        earlier = self.references
        return named[0] if named else earlier[-1] if earlier else ""

    @property
    def thread(self) -> str:
        """The id of the mail that began the thread, as far as this mail knows.

        It depends on this header alone, so it is the same whatever arrives first. A program that writes only
        In-Reply-To in the middle of a thread begins a new one here: its header does not name the first mail.
        """
        earlier = self.references
        return earlier[0] if earlier else self.in_reply_to or self.message_id

    @property
    def sent(self) -> Date | None:
        """What the Date field says, if it is a date at all."""
        return _date(self.first("date"))

    @property
    def received(self) -> list[datetime]:
        """The moments at which servers passed the mail on, in the order of the fields."""
        stamps = [_date(value.rpartition(";")[2]) for value in self.all("received") if ";" in value]
        return [stamp.at for stamp in stamps if stamp]

    def parties(self, *roles: str) -> list[Party]:
        """The addresses in these fields, in order, each address once, groups opened up."""
        found: dict[str, Party] = {}
        for role in roles:
            if role not in self._parsed:
                self._parsed[role] = _addresses(self.all(role))
            for address, name in self._parsed[role]:
                found.setdefault(address, Party(address, name, role))
        return list(found.values())


def decoded(value: str) -> str:
    """Text with encoded words resolved and control characters gone; unknown charsets are read as best we can."""
    if "=?" in value:
        try:
            # Cut first: the library's search takes quadratic time on what never ends.
            parts = decode_header(value[:_LONGEST_TEXT * 4])
        except (HeaderParseError, ValueError):
            parts = [(value, None)]
        value = "".join(part if isinstance(part, str) else _chars(part, charset) for part, charset in parts)
    return " ".join(_CONTROL.sub(" ", value).split())[:_LONGEST_TEXT]


def _chars(raw: bytes, charset: str | None) -> str:
    """Text of one encoded word; between such words the library hands out raw-unicode-escape."""
    try:
        return raw.decode(charset or "raw-unicode-escape", "replace")
    except (LookupError, ValueError):
        return _plain(raw)


def _plain(raw: bytes) -> str:
    """Bytes whose charset nobody stated: UTF-8 if they are, else Latin-1, which takes everything."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _fields(raw: bytes) -> dict[str, list[str]]:
    """Fields up to the first empty line. A line that is neither a field nor a continuation is passed over."""
    found: dict[str, list[list[str]]] = {}
    lines: list[str] = []
    for ended in raw[:LONGEST_HEADER].split(b"\n"):
        line = ended.rstrip(b"\r")
        if not line:
            break
        if line[:1] in b" \t":
            lines.append(_plain(line).strip())
            continue
        # What continues an odd line goes where nobody looks.
        lines = []
        if field := _FIELD.fullmatch(_plain(line)):
            lines.append(field[2].strip())
            found.setdefault(field[1].lower(), []).append(lines)
    return {name: [" ".join(one) for one in values] for name, values in found.items()}


def _bare(message_id: str) -> str:
    inside = _ANGLE.search(message_id)
    bare = _CONTROL.sub("", "".join((inside[1] if inside else message_id).split())).strip("<>")
    return bare if len(bare) <= _LONGEST_ID else ""


def _ids(values: list[str]) -> list[str]:
    """Ids in brackets; a broken client's prose around them is passed over, and so are empty ones."""
    return [bare for value in values for inside in _ANGLE.findall(value) if (bare := _bare(inside))]


def _date(value: str) -> Date | None:
    """The moment a date text means; None when it is none or lies outside what computers have mailed."""
    try:
        at = parsedate_to_datetime(value)
        if not 1980 <= at.year < 2100:
            return None
        if at.tzinfo is None:
            return Date(at.replace(tzinfo=UTC), bool(_STATED_UTC.search(value)))
        return Date(at.astimezone(UTC), True)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _addresses(values: list[str]) -> list[tuple[str, str]]:
    """Address and name of each mailbox. Parsed before encoded words are resolved: a name may hide a comma."""
    try:
        parsed = getaddresses(values)
    except RecursionError:
        # Somebody nested comments a thousand deep.
        parsed = []
    pairs = [(found[0].lower(), decoded(name)) for name, address in parsed if (found := _ADDRESS.findall(address))]
    if not pairs:
        pairs = [(address.lower(), "") for address in _ADDRESS.findall(" ".join(values))]
    return [(address, "" if name.strip("'\"").lower() == address else name.strip("'\"")) for address, name in pairs]
