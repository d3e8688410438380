"""Exported event logs: XES, OCEL 2.0 (JSON, XML, SQLite) and tables (CSV, Parquet), packed with gzip or not."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Named
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Signal
from typing import Any

from connectors._contract import Connector, Cursor, Opening, Page, Setting
from connectors._eventlog_file import existing, head, sniff
from connectors._eventlog_frames import Batch, Reading
from connectors._eventlog_guess import Mapping
from connectors._eventlog_time import zone_of
from connectors._ocel import load, read_ocel
from connectors._table import Table
from connectors._xes import count_xes, read_xes
from data.errors import CursorExpired, FixSettings, FrontviewError, RetryLater

__all__ = ["CONNECTOR", "EventLogSource", "LogFile", "Mapping", "describe", "sniff"]
_STEP_SECONDS = 0.5

SETTINGS = (
    Setting("path", "the file: XES, OCEL 2.0 (JSON, XML, SQLite), CSV or Parquet, also as .gz", required=True),
    Setting("zone", "the time zone of moments that name none, like 'Europe/Zurich'", "UTC"),
    Setting("case_type", "what a case of the log is: case, opportunity, ticket, ...", "case"),
    Setting("prefix", "put before the ids of cases and objects, to keep two logs apart, like 'loans/'", ""),
    Setting("case", "tables: the column of the case", ""),
    Setting("activity", "tables: its column, a pattern like '{state} by {group}', or a fixed name: '=call'", ""),
    Setting("time", "tables: the column of the moment (the end, where there is a start too)", ""),
    Setting("start", "tables: the column of the moment when the activity began", ""),
    Setting("times", "tables with one row per case: { column = activity }, also with patterns", None),
    Setting("time_format", "tables: how moments are written, like '%d/%m/%Y %H:%M'", ""),
    Setting("actor", "tables: the column of who did it", ""),
    Setting("team", "tables: the column of the team", ""),
    Setting("channel", "tables: the column of the channel", ""),
    Setting("source_id", "tables: a column whose values differ in every row", ""),
    Setting("amount", "tables: the column of the amount", ""),
    Setting("attributes", "tables: the list of columns to keep as attributes; all but texts when left out", None),
    Setting("objects", "tables: further objects of each event, { column = type }", None),
    Setting("missing", "tables: the texts that mean 'not known'; '', ?, NULL, N/A when left out", None),
    Setting("separator", "tables: the mark between columns; found out when left out", ""),
    Setting("encoding", "tables: like 'utf-8' or 'latin-1'; found out when left out", ""),
)
DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class LogFile:
    """What a file holds: its format, how many events (rows, for a table; None when they cannot be counted), its
    bytes on disk, and for a table what its columns are taken to mean."""

    format: str
    events: int | None
    bytes: int
    mapping: Mapping | None = None


def describe(path: Path | str, settings: Named[str, Any] | None = None) -> LogFile:
    """What the file is, before it is imported. FixSettings when it is no log or its columns cannot be told."""
    path = Path(path)
    kind, size = _format(path), existing(path).stat().st_size
    if kind == "xes":
        return LogFile(kind, count_xes(path), size)
    if kind.startswith("ocel"):
        return LogFile(kind, len(load(path, kind).events), size)
    table = Table(path, kind, DEFAULTS | dict(settings or {}))
    return LogFile(kind, len(table.rows), size, table.mapping)


def _format(path: Path) -> str:
    kind = sniff(path)
    if kind is None:
        raise FixSettings(f"{path} is no event log that can be read; name one in XES, OCEL 2.0 (JSON, XML or "
                          "SQLite), CSV or Parquet")
    return kind


class EventLogSource:
    """One file. The cursor is the position in the log and a checksum of the file's first bytes: when these change
    the log is another one and is read again from its start."""

    def __init__(self, opening: Opening) -> None:
        self._settings = DEFAULTS | dict(opening.settings)
        self._path = Path(str(self._settings["path"])).expanduser()
        self._reading = Reading(zone_of(self._settings["zone"]), self._settings["case_type"],
                                self._settings["prefix"], opening.teams)
        self._closed = Signal()
        self._seen = self._state()

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        """Pages of some 20,000 events. What can be read of a damaged file comes first, then FixSettings says where
        the damage is."""
        try:
            self._seen = self._state()
            kind, mark = _format(self._path), zlib.crc32(head(self._path))
            if cursor.get("head", mark) != mark:
                raise CursorExpired(f"{self._path} is not the file it was; it is read again from its start")
            for batch in self._batches(kind, int(cursor.get("position", 0))):
                yield Page({"position": batch.position, "head": mark}, aside=batch.aside, frames=batch.frames,
                           behind=batch.behind)
        except PermissionError as refused:
            raise FixSettings(f"{self._path} may not be read; grant access to it") from refused
        except OSError as trouble:
            raise RetryLater(f"{self._path} cannot be read now ({type(trouble).__name__})") from trouble

    def _batches(self, kind: str, position: int) -> Iterator[Batch]:
        if kind == "xes":
            return read_xes(self._path, self._reading, position)
        if kind.startswith("ocel"):
            return read_ocel(self._path, kind, self._reading, position)
        return Table(self._path, kind, self._settings).read(self._reading, position)

    def wait(self, seconds: float) -> bool:
        """True when the file was written since the last pull began."""
        for _ in range(max(1, round(seconds / _STEP_SECONDS))):
            if self._closed.wait(min(seconds, _STEP_SECONDS)):
                return False
            if self._state() != self._seen:
                return True
        return False

    def check(self) -> Sequence[str]:
        """Whether the file is a log, and whether a table's columns can be told."""
        try:
            kind = _format(self._path)
            if kind in {"csv", "parquet"}:
                Table(self._path, kind, self._settings)
        except FrontviewError as error:
            return [str(error)]
        return []

    def close(self) -> None:
        """Ends `wait`; there is nothing else to let go of."""
        self._closed.set()

    def _state(self) -> tuple[int, int]:
        state = self._path.stat() if self._path.exists() else None
        return (state.st_mtime_ns, state.st_size) if state else (0, 0)


CONNECTOR = Connector(
    id="eventlog", title="Event log file", shape="file", activities=(), settings=SETTINGS, open=EventLogSource,
    blind="An exported log ends when it was exported: nothing later is seen, and nothing that was not recorded.",
)
