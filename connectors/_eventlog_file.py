"""Files of any size as pieces of plain bytes, and which format they hold, told from their content."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from data.errors import FixSettings

try:
    from isal import isal_zlib as zlib
except ImportError:
    # No wheel for this machine: the standard library unpacks the same in twice the time.
    import zlib  # type: ignore[no-redef]

GZIP = b"\x1f\x8b"
_PIECE = 1 << 20
_PEEK = 65_536
_SEPARATORS = b",;\t|"


class Pieces:
    """Iterates over the bytes of a file, unpacked where it is packed, in pieces of at most some megabytes.

    Reading ends quietly where the file is damaged, so that what came before is kept; `damage` then says what
    is wrong. `read_bytes` of `total_bytes` on disk have been looked at.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage = ""
        self.read_bytes = 0
        self.total_bytes = path.stat().st_size

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            packed = file.read(2) == GZIP
            file.seek(0)
            yield from self._unpacked(file) if packed else self._raw(file)

    def _raw(self, file: BinaryIO) -> Iterator[bytes]:
        while piece := file.read(_PIECE):
            self.read_bytes += len(piece)
            yield piece

    def _unpacked(self, file: BinaryIO) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(31)
        while piece := file.read(_PIECE >> 4):
            self.read_bytes += len(piece)
            while piece:
                try:
                    yield unpacker.decompress(piece, _PIECE)
                except zlib.error as error:  # type: ignore[misc]
                    self.damage = f"is damaged inside its gzip packing near byte {self.read_bytes:,} ({error})"
                    return
                piece = unpacker.unconsumed_tail or unpacker.unused_data
                if unpacker.eof and piece:
                    # A gzip file may consist of several members one after the other.
                    unpacker = zlib.decompressobj(31)
        if not unpacker.eof:
            self.damage = f"ends before its gzip packing does, after {self.read_bytes:,} bytes: it is cut off"

    def all(self) -> bytes:
        """The whole content at once."""
        return b"".join(self)


def existing(path: Path) -> Path:
    """The path itself when it is a file that can be read; FixSettings otherwise."""
    if path.is_dir():
        raise FixSettings(f"{path} is a folder; name a file in it")
    if not path.exists():
        raise FixSettings(f"{path} does not exist; check the path")
    return path


def head(path: Path) -> bytes:
    """The first 64 kilobytes, unpacked."""
    found = b""
    for piece in Pieces(existing(path)):
        found += piece[: _PEEK - len(found)]
        if len(found) >= _PEEK:
            break
    return found


def sniff(path: Path | str) -> str | None:
    """The format by content: xes, ocel-xml, ocel-json, ocel-sqlite, csv or parquet; None when it is no log."""
    path = Path(path)
    start = head(path)
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"SQLite format 3\0"):
        return "ocel-sqlite" if _has_ocel_tables(path) else None
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        return _markup(text)
    if text.startswith((b"{", b"[")):
        names = rb'"(eventTypes|objectTypes|events|objects)"\s*:'
        return "ocel-json" if text.startswith(b"{") and re.search(names, text) else None
    return "csv" if _looks_tabular(text) else None


def _markup(text: bytes) -> str | None:
    root = re.search(rb"<([A-Za-z][\w.:-]*)([^>]*)>", re.sub(rb"(?s)<[?!].*?>", b"", text, count=50))
    if not root or root[1] != b"log":
        return None
    inside = text[: _PEEK]
    if re.search(rb"<(object-types|event-types|objects|events)\b", inside):
        return "ocel-xml"
    return "xes" if b"xes" in root[2] or re.search(rb"<(trace|event|extension|classifier)\b", inside) else None


def _has_ocel_tables(path: Path) -> bool:
    try:
        with closing(open_sqlite(path)) as base:
            names = {name for (name,) in base.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError:
        return False
    return {"event", "object", "event_object", "event_map_type"} <= names


def open_sqlite(path: Path) -> sqlite3.Connection:
    """A connection that can only read and leaves no traces beside the file."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)


def _looks_tabular(text: bytes) -> bool:
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    if len(lines) < 2 or b"\0" in text:
        return False
    return max(lines[0].count(bytes([mark])) for mark in _SEPARATORS) > 0
