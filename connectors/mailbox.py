"""E-mail from files: an mbox, a Maildir, or a folder of raw mails (.eml). Of bodies at most signals are kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Event as Signal

from connectors._contract import Connector, Cursor, Opening, Page, Setting
from connectors._mail import MAIL_ACTIVITIES, MAIL_SETTINGS, PAGE_SIZE, Batch, MailReader
from connectors._mail_files import bytes_before, is_mbox, mail_folders, mbox_mails, settled_mails, sniff
from connectors._mail_headers import LONGEST_HEADER
from connectors._signal_text import LONGEST_TEXT
from data.errors import FixSettings, RetryLater

__all__ = ["CONNECTOR", "MailboxSource", "sniff"]
_STEP_SECONDS = 0.5


class MailboxSource:
    """One mbox (cursor: offset and a hash of what precedes it) or folder (cursor: newest change and name)."""

    def __init__(self, opening: Opening) -> None:
        self._path = Path(str(opening.settings["path"])).expanduser()
        self._name = f"path {str(self._path)!r} of source {opening.source!r}"
        self._reader = MailReader.opened(opening)
        self._now = opening.now
        self._closed = Signal()
        self._watched = [self._path]
        self._seen: list[int] = []

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        """Pages of up to 500 mails. A rewritten mbox is read again from its start; the events keep their ids.

        The last page of a Maildir carries the moment of the look as watermark, that of an archive the moment at
        which the archive was last written.
        """
        try:
            # Listed once a pull: walking through a large Maildir twice a second would cost a tenth of a core.
            self._watched = mail_folders(self._path) if self._path.is_dir() else [self._path]
            self._seen = self._changes()
            if not self._path.is_dir() and is_mbox(self._path):
                yield from self._mbox(cursor)
            elif self._path.is_dir() or sniff(self._path):
                yield from self._files(cursor)
            else:
                raise FixSettings(f"{self._name} is no mail; name an mbox, a Maildir or a folder of .eml files")
        except (FileNotFoundError, PermissionError) as lost:
            raise FixSettings(f"{self._name} cannot be read ({type(lost).__name__}); correct it or grant access"
                              ) from None
        except OSError as trouble:
            raise RetryLater(f"{self._name} cannot be read now ({type(trouble).__name__}); trying again") from None

    def wait(self, seconds: float) -> bool:
        """True when the file or one of the folders changed since the last pull began."""
        for _ in range(max(1, round(seconds / _STEP_SECONDS))):
            if self._closed.wait(min(seconds, _STEP_SECONDS)):
                return False
            try:
                if self._changes() != self._seen:
                    return True
            except OSError:
                # pull says what is wrong.
                return True
        return False

    def check(self) -> Sequence[str]:
        """Whether there is mail at the path, and whether anything tells inside from outside."""
        empty = self._path.is_file() and self._path.stat().st_size == 0
        problems = [] if empty or sniff(self._path) else [
            f"{self._name} is no mbox, Maildir or folder of .eml files that can be read; correct it"]
        if not self._reader.knows_inside:
            problems.append("nothing says which addresses are inside; set own_domains, or address to the mailbox's "
                            "own address")
        return problems

    def close(self) -> None:
        """Ends `wait`; there is nothing else to let go of."""
        self._closed.set()

    def _mbox(self, cursor: Cursor) -> Iterator[Page]:
        written_at = self._written_at()
        with self._path.open("rb") as stream:
            offset = int(cursor.get("offset", 0))
            if bytes_before(stream, offset) != cursor.get("before", ""):
                offset = 0
            mails = mbox_mails(stream, offset, LONGEST_TEXT if self._reader.signals else 0)
            while True:
                batch = Batch(self._reader)
                some = list(islice(mails, PAGE_SIZE))
                for mail in some:
                    batch.add(mail.header, {"folder": self._path.name, "offset": mail.start,
                                            "size": mail.end - mail.start})
                offset = some[-1].end if some else offset
                last = len(some) < PAGE_SIZE
                with self._path.open("rb") as other:
                    before = bytes_before(other, offset)
                yield batch.page({"offset": offset, "before": before}, watermark=written_at if last else None)
                if last or self._closed.is_set():
                    return

    def _files(self, cursor: Cursor) -> Iterator[Page]:
        looked_at = self._now()
        after = (int(cursor.get("changed_ns", -1)), str(cursor.get("name", "")))
        waiting = [mail for mail in settled_mails(self._path) if mail > after]
        watermark = looked_at if (self._path / "cur").is_dir() else self._written_at()
        while not self._closed.is_set():
            batch, some, waiting = Batch(self._reader), waiting[:PAGE_SIZE], waiting[PAGE_SIZE:]
            for mail in some:
                # One renamed since (Maildir keeps flags in names) comes back under its new name.
                with suppress(FileNotFoundError):
                    self._add(batch, mail.name)
            after = some[-1] if some else after
            yield batch.page({"changed_ns": after[0], "name": after[1]}, behind=len(waiting),
                             watermark=None if waiting else watermark)
            if not waiting:
                return

    def _add(self, batch: Batch, name: str) -> None:
        path = self._path / name if self._path.is_dir() else self._path
        with path.open("rb") as stream:
            raw = stream.read(LONGEST_HEADER)
            stat = os.fstat(stream.fileno())
        # The name is no evidence to keep: mail programs export mail under its subject.
        batch.add(raw, {"folder": self._path.name, "inode": stat.st_ino, "size": stat.st_size})

    def _written_at(self) -> datetime:
        return min(self._now(), datetime.fromtimestamp(max(self._changes()) / 1e9, UTC))

    def _changes(self) -> list[int]:
        """When the file or each of the folders was last changed, in nanoseconds since 1970."""
        return [one.stat().st_mtime_ns for one in self._watched]


CONNECTOR = Connector(
    id="mailbox",
    title="E-mail (files)",
    shape="file",
    activities=MAIL_ACTIVITIES,
    settings=(Setting("path", "an mbox file, a Maildir, or a folder of .eml files", required=True), *MAIL_SETTINGS),
    blind="Deleted mail is not told, blind copies are not read, of bodies only signals are kept, a From line can "
          "be forged; an archive ends when it was last written.",
    open=MailboxSource,
    every_seconds=60.0,
)
