"""The text of a mail, looked through for signals and let go of: the first text part, cut at 64 KB."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from typing import Final

from connectors._mail_headers import LONGEST_HEADER, Headers
from connectors._signal_text import LONGEST_TEXT
from connectors._signals import signals_of
from data.event import Event

LONGEST_MAIL: Final = LONGEST_HEADER + LONGEST_TEXT


@dataclass(frozen=True, slots=True)
class Heard:
    """A mail whose text may be looked through: its event, the name of its sender, and how its body is written."""

    message: Event
    sender: str
    kind: str
    encoding: str

    @classmethod
    def of(cls, headers: Headers, message: Event) -> Heard | None:
        """None where the text is nobody's to read here: mail among ourselves, mass mail and programs' mail."""
        if message.direction == "internal" or message.attrs.get("automatic") or message.attrs.get("commercial"):
            return None
        senders = headers.parties("from")
        return cls(message, senders[0].name if senders else "", headers.first("content-type"),
                   headers.first("content-transfer-encoding"))

    def in_whole(self, raw: bytes) -> list[Event]:
        """The signals in a whole mail, header and body."""
        return self._in(raw)

    def in_part(self, mime: bytes, body: bytes) -> list[Event]:
        """The signals in the first part of the body. `mime` is that part's own header, where the mail has parts."""
        if not self.kind.lower().startswith("multipart/"):
            kind = self.kind or "text/plain"
            mime = f"Content-Type: {kind}\nContent-Transfer-Encoding: {self.encoding}\n".encode("utf-8", "replace")
        return self._in(mime.strip() + b"\n\n" + body)

    def _in(self, entity: bytes) -> list[Event]:
        part = _text_part(entity)
        if part is None:
            return []
        text = _decoded(part)
        return signals_of(self.message, text, markup=part.get_content_subtype() == "html", sender=self.sender)


def _text_part(entity: bytes) -> Message | None:
    """The first plain part that is no attachment, else the first HTML part."""
    try:
        parts = [part for part in message_from_bytes(entity[:LONGEST_MAIL]).walk()
                 if part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment"]
    except (MessageError, ValueError, LookupError, TypeError):
        # The library stumbles over a few broken headers; such mail simply has no signals.
        return None
    by_kind = {part.get_content_subtype(): part for part in reversed(parts)}
    return by_kind.get("plain") or by_kind.get("html")


def _decoded(part: Message) -> str:
    raw = part.get_payload(decode=True)
    body = raw[:LONGEST_TEXT] if isinstance(raw, bytes) else b""
    try:
        return body.decode(str(part.get_content_charset() or "utf-8"), "replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", "replace")
