"""Takes files into the store: event logs and mail, told apart by their content, with a bar that shows how it goes.

An import that was broken off goes on where it stopped when it is started again; what is known already is counted.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors import eventlog, mailbox
from connectors._collect import Run, Tally, span
from connectors._contract import Connector
from connectors._exclude import excluding
from connectors._schedule import opened
from data.errors import FixSettings
from data.page import Page
from data.settings import Settings, SourceSettings
from data.store import Store
from data.writer import Receipt, Writer

_BAR_WIDTH = 24
_REASONS_SHOWN = 10
_TERMINAL_SECONDS = 0.2
_PLAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the person wants it: what columns mean (`--map case=number`), whether a mapping is right (`--yes`
    agrees to all), and where the bar is written."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    confirm: Callable[[str], bool] = lambda mapping: True
    write: Callable[[str], object] = lambda text: None
    terminal: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file. `state`: live (all of it is there), failed, or off (the mapping was not agreed to);
    `reasons`: why records were set aside, and how many."""

    file: Path
    source: str
    kind: str
    state: str
    message: str
    tally: Tally
    reasons: Mapping[str, int]
    seconds: float

    def __str__(self) -> str:
        head = f"{self.file} ({self.kind}, source {self.source!r}): {self.tally} in {span(self.seconds)}"
        said = [f"  {self.message}"] if self.message else []
        aside = [f"  set aside {n:,}: {reason}" for reason, n in list(self.reasons.items())[:_REASONS_SHOWN]]
        more = len(self.reasons) - len(aside)
        return "\n".join([head, *said, *aside, *([f"  and {more:,} more reasons"] if more else [])])


class Importer:
    """Imports files into one store. The writer has to be started already."""

    def __init__(self, settings: Settings, store: Store, writer: Writer, wishes: Wishes | None = None) -> None:
        self._settings = settings
        self._store = store
        self._writer = writer
        self._wishes = wishes or Wishes()

    def run(self, files: Sequence[Path | str]) -> list[Imported]:
        """Import one after the other. FixSettings before anything is stored when a file is no log and no mail, its
        columns cannot be told, or two files would be one source."""
        plans = [self._plan(Path(file)) for file in files]
        for plan in plans:
            twins = [str(other.file) for other in plans if other.source.id == plan.source.id]
            if len(twins) > 1:
                raise FixSettings(f"{' and '.join(twins)} would both be source {plan.source.id!r}; give them "
                                  "different names")
        return [self._import(plan) for plan in plans]

    def _plan(self, file: Path) -> _Plan:
        """What the file is and how it will be read."""
        if not file.exists():
            raise FixSettings(f"{file} does not exist; check the path")
        connector = mailbox.CONNECTOR if mailbox.sniff(file) else eventlog.CONNECTOR
        known = {setting.name for setting in connector.settings}
        values: dict[str, Any] = {"path": str(file)} | {k: _value(v) for k, v in self._wishes.mapping.items()}
        if "zone" in known:
            values.setdefault("zone", self._settings.firm.time_zone)
        source = SourceSettings(_name(file), connector.id, file.name, values=values)
        # Opening it checks names and kinds of what was given, before a long look at the file.
        opened(self._settings, source, {connector.id: connector}).close()
        if connector is mailbox.CONNECTOR:
            return _Plan(file, connector, source, "mail", None, "")
        log = eventlog.describe(file, values)
        return _Plan(file, connector, source, log.format, log.events, str(log.mapping) if log.mapping else "")

    def _import(self, plan: _Plan) -> Imported:
        if plan.mapping and not self._wishes.confirm(plan.mapping):
            return Imported(plan.file, plan.source.id, plan.kind, "off", "left out: the mapping was not agreed to",
                            Tally(), {}, 0.0)
        self._writer.register(plan.source.id, plan.connector.id, plan.source.title, plan.connector.blind)
        bar = Bar(plan.file.name, plan.records, self._wishes.write, terminal=self._wishes.terminal)
        reasons: Counter[str] = Counter()

        def seen(page: Page, receipt: Receipt) -> None:
            reasons.update(aside.reason for aside in page.aside)
            bar.moved(receipt.n_in + receipt.n_aside, page.behind)

        run = Run(plan.source.id, lambda: opened(self._settings, plan.source, {plan.connector.id: plan.connector}),
                  self._store, self._writer, on_page=seen, clean=excluding(self._settings.privacy.exclude))
        started = time.monotonic()
        outcome = run()
        bar.end(complete=outcome.state == "live")
        run.close()
        message = outcome.message
        if outcome.state == "live":
            self._writer.report(plan.source.id, "off", f"imported on {datetime.now(UTC):%Y-%m-%d}")
            message = "" if outcome.tally.n_in or reasons else "nothing new: all of it was imported before"
        return Imported(plan.file, plan.source.id, plan.kind, outcome.state, message, outcome.tally,
                        dict(reasons.most_common()), time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class _Plan:
    file: Path
    connector: Connector
    source: SourceSettings
    kind: str
    records: int | None
    mapping: str


class Bar:
    """How an import goes: records, share, rate and time left; one moving line in a terminal, a line now and then
    elsewhere."""

    def __init__(self, name: str, total: int | None, write: Callable[[str], object], *, terminal: bool,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._total = total
        self._write = write
        self._terminal = terminal
        self._clock = clock
        self._started = self._shown = clock()
        self._done = 0
        self._left: int | None = None
        self._length = 0

    def moved(self, records: int, left: int | None) -> None:
        """So many more are stored; `left` are known to be still to come."""
        self._done += records
        self._left = left
        if self._clock() - self._shown >= (_TERMINAL_SECONDS if self._terminal else _PLAIN_SECONDS):
            self._show()

    def end(self, *, complete: bool) -> None:
        """The last state, and a new line. `complete`: nothing is left, whatever was guessed before."""
        self._left = 0 if complete else self._left
        self._show()
        if self._terminal:
            self._write("\n")

    def _show(self) -> None:
        self._shown = self._clock()
        line = self._line()
        if self._terminal:
            # Blanks wipe what a longer line left behind.
            self._write("\r" + line.ljust(self._length))
            self._length = len(line)
        else:
            self._write(line + "\n")

    def _line(self) -> str:
        seconds = self._clock() - self._started
        rate = self._done / seconds if seconds > 0 else 0.0
        left = self._left if self._left is not None else max(0, self._total - self._done) if self._total else None
        parts = [f"{self._done:,} records"]
        if rate >= 1:
            parts.append(f"{rate:,.0f} a second")
        if left and rate >= 1:
            parts.append(f"{span(left / rate)} left")
        bar = ""
        if left is not None and self._done + left:
            share = self._done / (self._done + left)
            full = int(share * _BAR_WIDTH)
            bar = f"[{'#' * full}{'-' * (_BAR_WIDTH - full)}] {share:4.0%}  "
        return f"{self._name}  {bar}{', '.join(parts)}"


def parsed_mapping(words: Sequence[str]) -> dict[str, str]:
    """What `--map name=value ...` says; FixSettings for a word without a `=`."""
    for word in words:
        if not re.fullmatch(r"\w+=.+", word, re.DOTALL):
            raise FixSettings(f"--map {word!r} says nothing; write it like --map case=number")
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def _value(text: str) -> Any:
    """Lists and tables are given as in frontview.toml; everything else is a text."""
    if not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise FixSettings(f"--map {text!r} is no list or table; write it like [\"a\", \"b\"] or "
                          "{ column = \"activity\" }") from error


def _name(file: Path) -> str:
    """The id of the source that a file becomes: its name without what only tells the format."""
    endings = r"(\.(gz|xes|xml|json|jsonocel|xmlocel|sqlite|csv|parquet|mbox|eml))+$"
    stem = re.sub(endings, "", file.resolve().name.lower())
    return re.sub(r"[^a-z0-9]+", "-", stem).strip("-") or "import"
