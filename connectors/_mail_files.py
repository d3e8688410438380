"""Mail in files: the mails of an mbox from an offset on, and the single mails of a folder or Maildir."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple

from connectors._mail_headers import LONGEST_HEADER, Headers

SETTLE_SECONDS = 0.05
_FIELD_LINE = re.compile(rb">?From |[!-9;-~]+[ \t]*:")
_BEFORE = 256


class MboxMail(NamedTuple):
    """One mail of an mbox: its first and one past its last byte, its header, and of its body what was asked for."""

    start: int
    end: int
    header: bytes


class MailFile(NamedTuple):
    """One mail in a file of its own; `changed_ns` is when the file was last created, moved or changed."""

    changed_ns: int
    name: str


def is_mbox(path: Path) -> bool:
    """Whether the file is empty or begins as an mbox does: with a From_ line, then a header field."""
    with path.open("rb") as stream:
        first, second = stream.readline(LONGEST_HEADER), stream.readline(LONGEST_HEADER)
    return not first or (first.startswith(b"From ") and bool(_FIELD_LINE.match(second)))


def sniff(path: Path) -> bool:
    """Whether this is mail that can be read here: an mbox, a raw mail, a Maildir or a folder with .eml files."""
    try:
        if path.is_dir():
            maildir = (path / "cur").is_dir() and (path / "new").is_dir()
            return maildir or any(one.suffix.lower() == ".eml" for one in path.rglob("*"))
        return _begins_as_mail(path)
    except OSError:
        return False


def _begins_as_mail(path: Path) -> bool:
    """Whether the file begins with the header of a mail, with or without a From_ line above it."""
    with path.open("rb") as stream:
        start = stream.read(LONGEST_HEADER)
    fields = Headers(start).fields
    return (bool(_FIELD_LINE.match(start)) and "from" in fields
            and any(name in fields for name in ("message-id", "received", "date")))


def mbox_mails(stream: BinaryIO, offset: int, body_bytes: int = 0) -> Iterator[MboxMail]:
    """The mails that begin at `offset` or later. One whose header is still being written is left for later.

    `body_bytes`: how much of the body to give along with the header.

    A line "From ..." begins a mail when it follows an empty line and a header field follows it. Programs quote
    such lines in bodies, but not all of them do.
    """
    stream.seek(offset)
    position, start, in_header = offset, -1, False
    header: list[bytes] = []
    room = 0
    for line, begins in _whole_lines(stream):
        if begins:
            if start >= 0 and not in_header:
                yield MboxMail(start, position, b"".join(header))
            start, header, in_header, room = position, [], True, body_bytes
        elif in_header:
            header.append(line)
            in_header = bool(line.strip(b"\r\n"))
        elif room > 0:
            header.append(line)
            room -= len(line)
        position += len(line)
    if start >= 0 and not in_header:
        yield MboxMail(start, position, b"".join(header))


def _whole_lines(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Each line, and whether it begins a mail, as far as that can be told while somebody may still be writing."""
    after_blank = True
    for line, following in pairwise(chain(stream, [b""])):
        may_begin = after_blank and line.startswith(b"From ")
        if not line.endswith(b"\n") or (may_begin and not following.endswith(b"\n")):
            return
        yield line, may_begin and bool(_FIELD_LINE.match(following))
        after_blank = not line.strip(b"\r\n")


def bytes_before(stream: BinaryIO, offset: int) -> str:
    """A hash of what stands right before the offset; another one means that the file was rewritten."""
    start = max(0, offset - _BEFORE)
    stream.seek(start)
    found = stream.read(offset - start)
    return hashlib.sha256(found).hexdigest()[:16] if len(found) == offset - start else ""


def mail_folders(root: Path) -> list[Path]:
    """The folder and all below it; what a Maildir keeps in tmp is not there yet."""
    return [Path(path) for path, _, _ in os.walk(root) if Path(path).name != "tmp"]


def settled_mails(root: Path) -> list[MailFile]:
    """The single mails below `root`, ordered by change and name, so that whatever comes later sorts behind them.

    Times of files are coarse: a mail written in the same tick could sort before one that was seen already.
    Therefore the newest are left alone until their tick is over.
    """
    limit = time.time_ns() - int(SETTLE_SECONDS * 1e9)
    found = _mails(root)
    if any(mail.changed_ns > limit for mail in found):
        time.sleep(SETTLE_SECONDS * 2)
        limit = time.time_ns() - int(SETTLE_SECONDS * 1e9)
        found = _mails(root)
    return sorted(mail for mail in found if mail.changed_ns <= limit)


def _mails(root: Path) -> list[MailFile]:
    """Every file of a Maildir's cur and new, and elsewhere those called *.eml."""
    if root.is_file():
        return [MailFile(root.stat().st_ctime_ns, root.name)]
    return [mail for folder in mail_folders(root) for mail in _mails_in(folder, root)]


def _mails_in(folder: Path, root: Path) -> Iterator[MailFile]:
    delivered = folder.name in ("cur", "new") and (folder.parent / "cur").is_dir()
    with os.scandir(folder) as entries:
        for entry in entries:
            # A mail moved from new to cur at this moment is there with its new name at the next look.
            with suppress(FileNotFoundError):
                if (delivered or entry.name.lower().endswith(".eml")) and entry.is_file():
                    yield MailFile(entry.stat().st_ctime_ns, os.path.relpath(entry.path, root))
