"""Tells whether Frontview will run here: settings, sources, database file, machine, port; each with its remedy."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors._check_alerts import Level, alert_findings
from connectors._collect import plainly
from connectors._contract import Connector
from connectors._demo_settings import with_demo
from connectors._schedule import opened
from data.errors import FrontviewError
from data.event import moment
from data.scope import SYSTEM
from data.settings import Settings, SourceSettings
from data.store import Store

_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """Something looked at: how it stands and, unless all is well, what to do."""

    level: Level
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.level:8} {self.what}" + (f"\n{'':8} -> {self.remedy}" if self.remedy else "")


def check(settings: Settings, connectors: Mapping[str, Connector], *, now: datetime | None = None,
          source_seconds: float = 20.0, send_test_alert: bool = False) -> list[Finding]:
    """All findings, in the order in which they are best mended. `source_seconds` is how long a source may take.
    With `send_test_alert` every alert channel is sent a message that says it is a test."""
    now = now or datetime.now(UTC)
    full = with_demo(settings, now)
    return [*_settings(full, connectors), *_sources(full, connectors, source_seconds),
            *(Finding(*found) for found in alert_findings(full, send_test=send_test_alert)),
            *_database(full.store.db, now), *_machine(now), _port(full.server.host, full.server.port)]


def _settings(settings: Settings, connectors: Mapping[str, Connector]) -> Iterator[Finding]:
    where = str(settings.file) if settings.file else "no settings file; the defaults hold"
    yield Finding("ok", f"settings: {where}")
    if not settings.sources:
        yield Finding("warning", "no source is configured",
                      "add a [sources.<id>] table to frontview.toml, or look around with `python app.py demo`")
    if settings.sources and not settings.firm.own_domains:
        yield Finding("warning", "[firm] own_domains is empty, so inside and outside cannot be told apart",
                      "set it to what follows the @ of your own addresses")
    for pack in settings.rules.packs:
        if not Path(pack).is_dir():
            yield Finding("problem", f"[rules] packs names {pack}, which is no folder",
                          "correct the path or leave it out")


    written = [f"[sources.{source.id}] {name}" for source in settings.sources.values()
               for name in _written_secrets(source, connectors.get(source.connector))]
    if written and settings.file and settings.file.stat().st_mode & 0o044:
        yield Finding("warning", f"{settings.file.name} holds {', '.join(written)} and can be read by others",
                      "write \"env:NAME\" or \"file:PATH\" there instead, or chmod 600 the file")


def _written_secrets(source: SourceSettings, connector: Connector | None) -> list[str]:
    """The secrets that stand in the settings themselves and not elsewhere."""
    secret = {setting.name for setting in connector.settings if setting.secret} if connector else set()
    return [name for name, value in source.values.items()
            if name in secret and not str(value).startswith(("env:", "file:"))]


def _sources(settings: Settings, connectors: Mapping[str, Connector], seconds: float) -> Iterator[Finding]:
    """Every source's own check side by side, so that one that hangs costs its time only once."""
    looks = [_Look(settings, source, connectors) for source in settings.sources.values()]
    for look in looks:
        look.start()
    ends_at = datetime.now(UTC) + timedelta(seconds=seconds)
    for look in looks:
        look.join(max(0.0, (ends_at - datetime.now(UTC)).total_seconds()))
        yield from look.findings(seconds)


class _Look(threading.Thread):
    """One source's check in a thread that does not keep the program from ending."""

    def __init__(self, settings: Settings, source: SourceSettings, connectors: Mapping[str, Connector]) -> None:
        super().__init__(daemon=True, name=f"check-{source.id}")
        self._settings = settings
        self._source = source
        self._connectors = connectors
        self._trouble: Sequence[str] = ()

    def run(self) -> None:
        """Open, ask, close; what goes wrong is kept as trouble."""
        try:
            self._trouble = plainly(self._ask, f"checking source {self._source.id!r}")
        except FrontviewError as error:
            self._trouble = [str(error)]

    def _ask(self) -> Sequence[str]:
        source = opened(self._settings, self._source, self._connectors)
        try:
            return source.check()
        finally:
            source.close()

    def findings(self, seconds: float) -> list[Finding]:
        """How the source stands, as far as it has answered."""
        name = f"source {self._source.id!r} ({self._source.connector})"
        if self.is_alive():
            return [Finding("problem", f"{name} did not answer within {seconds:g} s",
                            "check the address and whether a firewall is in between")]
        if not self._trouble:
            return [Finding("ok", f"{name} answers")]
        return [Finding("problem", f"{name}: {trouble}", "see [sources."
                        f"{self._source.id}] in frontview.toml") for trouble in self._trouble]


def _database(db: Path, now: datetime) -> Iterator[Finding]:
    folder = _existing_parent(db)
    if not os.access(folder, os.W_OK):
        yield Finding("problem", f"the folder {folder} cannot be written",
                      "give this user the right to, or name another file with FRONTVIEW_DB")
    free = shutil.disk_usage(folder).free
    level: Level = "problem" if free < _GIB else "warning" if free < 5 * _GIB else "ok"
    yield Finding(level, f"{free / _GIB:.1f} GB are free where the database lies",
                  "" if level == "ok" else "free some space; 50 million events take about 3 GB")
    if not db.exists():
        yield Finding("ok", f"database {db} will be made at the first start")
        return
    try:
        store = Store.open(db, create=False)
    except FrontviewError as error:
        yield _unopened(str(error))
        return
    try:
        yield from _content(store, db, now)
    finally:
        store.close()


def _existing_parent(db: Path) -> Path:
    return next(parent for parent in db.absolute().parents if parent.exists())


def _unopened(said: str) -> Finding:
    # Most often it is Frontview itself that runs already, which is as it should be.
    if "in use by" in said:
        return Finding("warning", said, "if that is Frontview at work all is well; look at its page of sources")
    return Finding("problem", said, "put a backup in its place, or name another file with FRONTVIEW_DB")


def _content(store: Store, db: Path, now: datetime) -> Iterator[Finding]:
    """Whether the file can be counted through, and whether its newest commit lies in the past."""
    try:
        counted = store.read("SELECT count(*) AS n, count(DISTINCT source) AS sources FROM event", {}, SYSTEM)[0]
        latest = store.read("SELECT max(at_t) AS t FROM commit_log", {}, SYSTEM)[0]["t"]
    except FrontviewError as error:
        yield Finding("problem", f"database {db} opens but cannot be read: {error}", "put a backup in its place")
        return
    size = db.stat().st_size / (1 << 20)
    yield Finding("ok", f"database {db}: {counted['n']:,} events of {counted['sources']} sources, {size:,.0f} MB")
    if latest is not None and moment(latest) > now + timedelta(days=1):
        yield Finding("warning", f"the database was last written on {moment(latest):%Y-%m-%d}, but the clock says "
                      f"{now:%Y-%m-%d}", "set the clock of this machine; deadlines depend on it")


def _machine(now: datetime) -> Iterator[Finding]:
    yield Finding("ok", f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} cores")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB if hasattr(os, "sysconf") else None
    if memory is not None:
        yield Finding("ok" if memory >= 2 else "warning", f"{memory:.1f} GB of memory",
                      "" if memory >= 2 else "have 2 GB or more; 50 million events need about 1.5 GB")
    found = shutil.which("dot")
    yield Finding("ok" if found else "warning", f"dot for the process map: {found or 'not found'}",
                  "" if found else "install Graphviz, for example apt-get install graphviz")
    made_at = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    if now < made_at - timedelta(days=1):
        yield Finding("problem", f"the clock says {now:%Y-%m-%d}, which is before this program was installed",
                      "set the clock of this machine; deadlines depend on it")


def _port(host: str, port: int) -> Finding:
    where = f"{host}:{port}"
    elsewhere = "choose another with [server] port or FRONTVIEW_PORT"
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except PermissionError:
        return Finding("problem", f"port {where} needs more rights than this user has", "choose 1024 or above")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return Finding("warning", f"port {where} is taken, perhaps by Frontview at work", elsewhere)
        return Finding("problem", f"{where} is no address of this machine",
                       "set [server] host to 127.0.0.1 or 0.0.0.0")
    return Finding("ok", f"port {where} is free")
