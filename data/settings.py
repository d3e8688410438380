"""What the firm decided, from frontview.toml and the environment: read once, checked, and handed down.

The dataclasses below are the file's definition: a table is a class, a key is a field with its default. Keys that
nobody knows and values of the wrong kind are refused with the place, the value and the remedy (FixSettings).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol
from zoneinfo import available_timezones

from data._tables import (
    Days,
    Spans,
    Words,
    filled,
    nearest,
    place,
    refuse_unknown,
    spans,
    want,
    weekdays,
)
from data.alert_settings import AlertSettings, read_alert
from data.errors import FixSettings
from data.mine_settings import Embed, Nudges, read_embed, read_nudges
from data.review_settings import People, Review, read_people, read_review

EXAMPLE = Path(__file__).with_name("frontview.example.toml")
_HOME = Path(__file__).resolve().parent.parent
_TABLES = ("firm", "server", "store", "rules", "privacy", "teams", "sources", "calendars", "alerts", "people",
           "review", "nudges", "embed")


@dataclass(frozen=True, slots=True)
class Firm:
    """`[firm]`: who we are. `own_domains` tell inside from outside; `demo` adds the demonstration firm."""

    name: str = "Our firm"
    own_domains: Words = ()
    time_zone: str = "UTC"
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    """`[server]`: where the pages are served. `public_url` is the address people type, for links that leave."""

    host: str = "127.0.0.1"
    port: int = 8050
    public_url: str = ""
    session_hours: float = 12.0

    @property
    def secure(self) -> bool:
        """People reach us over https, so session cookies may insist on it."""
        return self.public_url.startswith("https://")


@dataclass(frozen=True, slots=True)
class StorePlace:
    """`[store]`: the database file; a relative path counts from the folder of frontview.toml."""

    db: Path = _HOME / "data" / "var" / "frontview.duckdb"


@dataclass(frozen=True, slots=True)
class Rules:
    """`[rules]`: folders with packs of the firm's own, and ids of rules and packs that are switched on or off."""

    packs: Words = ()
    enable: Words = ()
    disable: Words = ()


@dataclass(frozen=True, slots=True)
class Privacy:
    """`[privacy]`: addresses and domains that are never collected."""

    exclude: Words = ()


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """`[sources.<id>]`: one source system. `values` are the keys that its connector defines, as written."""

    id: str
    connector: str
    title: str
    every_seconds: float | None = None
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    """`[calendars.<id>]`: when work is done. `spans` are the open times of a day, `weekdays` count Monday as 0."""

    id: str
    zone: str = "UTC"
    spans: Spans = ((time(9), time(17)),)
    weekdays: frozenset[int] = frozenset(range(5))
    holidays: Days = ()


@dataclass(frozen=True)
class Settings:
    """Everything in frontview.toml. `folder` is what relative paths count from; `teams` is team -> people."""

    firm: Firm = Firm()
    server: Server = Server()
    store: StorePlace = StorePlace()
    rules: Rules = Rules()
    privacy: Privacy = Privacy()
    teams: Mapping[str, Words] = field(default_factory=dict)
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    calendars: Mapping[str, CalendarSettings] = field(default_factory=dict)
    alerts: Mapping[str, AlertSettings] = field(default_factory=dict)
    people: People = field(default_factory=People)
    review: Review = field(default_factory=Review)
    nudges: Nudges = field(default_factory=Nudges)
    embed: Embed = field(default_factory=Embed)
    file: Path | None = None
    folder: Path = _HOME
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def team_of(self) -> Mapping[str, str]:
        """Who is in which team: person -> team."""
        return {person: team for team, people in self.teams.items() for person in people}


class Known(Protocol):
    """A setting that a connector defines (`connectors._contract.Setting`, which we may not import)."""

    @property
    def name(self) -> str: ...
    @property
    def help(self) -> str: ...
    @property
    def default(self) -> Any: ...
    @property
    def required(self) -> bool: ...
    @property
    def secret(self) -> bool: ...


def load(file: Path | str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in `file` (None: frontview.toml in the current folder, or the defaults where there is none).

    FRONTVIEW_DB and FRONTVIEW_PORT overrule the file. FixSettings names the place, the value and the remedy.
    """
    path = Path("frontview.toml") if file is None else Path(file)
    defaults = _defaults(environ)
    if file is None and not path.exists():
        return _overruled(defaults)
    return _overruled(replace(_settings(_parsed(path), path), environ=defaults.environ))


def demo(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of `app.py demo`: the demonstration firm, in a database of its own."""
    db = StorePlace(_HOME / "data" / "var" / "demo.duckdb")
    return _overruled(replace(_defaults(environ), firm=Firm("Demonstration", demo=True), store=db))


def source_values(settings: Settings, source: SourceSettings, known: Sequence[Known]) -> dict[str, Any]:
    """What a source is opened with: defaults filled in, secrets fetched, names and kinds checked (FixSettings)."""
    where = place(settings.file, f"sources.{source.id}")
    by_name = {setting.name: setting for setting in known}
    refuse_unknown(source.values, [*by_name, "connector", "title", "every_seconds"], where)
    values: dict[str, Any] = {}
    for setting in known:
        here = f"{where}: {setting.name!r}"
        value = source.values.get(setting.name, setting.default)
        if setting.required and value in (None, "", [], ()):
            raise FixSettings(f"{here} is missing; give {setting.help}")
        if setting.name in source.values and not setting.secret:
            value = _same_kind(here, value, setting.default)
        values[setting.name] = _secret(settings, here, value) if setting.secret else value
    return values


def _same_kind(where: str, value: Any, default: Any) -> Any:
    """The value, when it is of the kind that the default shows; without one the connector decides."""
    kinds: tuple[type, ...] = (bool, int, float, str, dict, list)
    default = list(default) if isinstance(default, tuple | frozenset | set) else default
    kind = next((k for k in kinds if isinstance(default, k)), None)
    # Seconds and the like are written whole as a default and may well be given as 0.5.
    kind = float if kind is int and isinstance(value, float) else kind
    return value if kind is None else want(where, value, kind)


def _secret(settings: Settings, where: str, value: Any) -> Any:
    """The secret itself, from where `env:NAME` or `file:PATH` says; it never shows up in an error."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise FixSettings(f"{where} must be a text in quotes, like \"env:MY_SECRET\" or \"file:secret.txt\"")
    kind, _, name = value.partition(":")
    if kind == "env" and name:
        if not settings.environ.get(name):
            raise FixSettings(f"{where}: the environment has no {name}; set it before Frontview starts")
        return settings.environ[name]
    if kind != "file" or not name:
        return value
    path = settings.folder / Path(name).expanduser()
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise FixSettings(f"{where}: {path} cannot be read ({type(error).__name__}); put the secret there, "
                          "readable by the user who runs Frontview") from error
    if not text:
        raise FixSettings(f"{where}: {path} is empty; put the secret there")
    return text


def example() -> str:
    """A frontview.toml to begin with: every table, commented; it loads as it stands."""
    return EXAMPLE.read_text(encoding="utf-8")


def _defaults(environ: Mapping[str, str] | None) -> Settings:
    seen = dict(os.environ if environ is None else environ)
    return Settings(calendars={"default": CalendarSettings("default")}, environ=MappingProxyType(seen))


def _overruled(settings: Settings) -> Settings:
    """The environment has the last word on what differs between machines."""
    if db := settings.environ.get("FRONTVIEW_DB"):
        settings = replace(settings, store=StorePlace(Path(db).expanduser()))
    if port := settings.environ.get("FRONTVIEW_PORT"):
        if not (port.isdecimal() and 1 <= int(port) <= 65535):
            raise FixSettings(f"the environment's FRONTVIEW_PORT is {port!r}; set it to a port, 1024 to 65535")
        settings = replace(settings, server=replace(settings.server, port=int(port)))
    return settings


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise FixSettings(f"the settings file {path} does not exist; give the path of yours, or begin with the "
                          f"example: cp {EXAMPLE} frontview.toml") from error
    except tomllib.TOMLDecodeError as error:
        raise FixSettings(f"{path} is not TOML: {error}; mend that line") from error
    except UnicodeDecodeError as error:
        raise FixSettings(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise FixSettings(f"{path} cannot be read: {error.strerror}; check who may read it") from error


def _settings(raw: dict[str, Any], path: Path) -> Settings:
    refuse_unknown(raw, _TABLES, path.name)
    for name, table in raw.items():
        want(f"{path.name}: {name!r}", table, dict)
    firm = filled(Firm, raw.get("firm", {}), place(path, "firm"))
    folder = path.resolve().parent
    settings = Settings(
        firm=replace(firm, own_domains=tuple(_domain(d, path) for d in firm.own_domains)),
        server=filled(Server, raw.get("server", {}), place(path, "server")),
        store=filled(StorePlace, raw.get("store", {}), place(path, "store")),
        rules=filled(Rules, raw.get("rules", {}), place(path, "rules")),
        privacy=filled(Privacy, raw.get("privacy", {}), place(path, "privacy")),
        teams=_teams(raw.get("teams", {}), path),
        sources={name: _source(name, body, path) for name, body in raw.get("sources", {}).items()},
        calendars={name: _calendar(name, body, firm.time_zone, path)
                   for name, body in {"default": {}, **raw.get("calendars", {})}.items()},
        alerts={name: read_alert(name, body, path) for name, body in raw.get("alerts", {}).items()},
        people=read_people(raw.get("people", {}), path), review=read_review(raw.get("review", {}), path),
        nudges=read_nudges(raw.get("nudges", {}), raw.get("alerts", {}), path),
        embed=read_embed(raw.get("embed", {}), path),
        file=path, folder=folder)
    _plausible(settings, path)
    # Path's own `/` keeps an absolute path and leads a relative one from the folder of the file.
    packs = tuple(str(folder / Path(pack).expanduser()) for pack in settings.rules.packs)
    return replace(settings, store=StorePlace(folder / settings.store.db.expanduser()),
                   rules=replace(settings.rules, packs=packs))


def _plausible(settings: Settings, path: Path) -> None:
    """Values of the right kind that can still not be meant."""
    zones = {"[firm] time_zone": settings.firm.time_zone}
    zones |= {f"[calendars.{c.id}] zone": c.zone for c in settings.calendars.values()}
    for key, zone in zones.items():
        if zone not in available_timezones():
            raise FixSettings(f"{path.name}, {key}: {zone!r} is no time zone; "
                              f"{nearest(zone, [*available_timezones()])} (written like Europe/Berlin)")
    if not 1 <= settings.server.port <= 65535:
        raise FixSettings(f"{path.name}, [server] port: {settings.server.port} is no port; choose 1024 to 65535")
    if settings.server.session_hours <= 0:
        raise FixSettings(f"{path.name}, [server] session_hours: {settings.server.session_hours:g} leaves no time "
                          "to work; give the hours after which people sign in again")


def _domain(domain: str, path: Path) -> str:
    if "@" in domain or "/" in domain or not domain.strip():
        raise FixSettings(f"{place(path, 'firm')}: own_domains holds {domain!r}; give only what follows the @, "
                          "like firm.example")
    return domain.strip().lower()


def _teams(raw: Mapping[str, Any], path: Path) -> dict[str, Words]:
    teams: dict[str, Words] = {}
    seen: dict[str, str] = {}
    for team, people in raw.items():
        where = f"{place(path, 'teams')} {team!r}"
        names: Words = want(where, people, Words)
        teams[team] = tuple(name.strip().lower() for name in names)
        for person in teams[team]:
            # A person counts in one team only, or every figure of a team would depend on the order of the file.
            if seen.setdefault(person, team) != team:
                raise FixSettings(f"{where}: {person!r} is in team {seen[person]!r} too; keep one of the two")
    return teams


def _source(name: str, body: Any, path: Path) -> SourceSettings:
    where = place(path, f"sources.{name}")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise FixSettings(f"{where}: {name!r} cannot name a source; use small letters, digits, - and _")
    values = dict(want(where, body, dict))
    if "connector" not in values:
        raise FixSettings(f"{where}: 'connector' is missing; say which kind of system this is, "
                          "like connector = \"imap\"")
    connector = want(f"{where}: 'connector'", values.pop("connector"), str)
    title = want(f"{where}: 'title'", values.pop("title", name), str)
    every = values.pop("every_seconds", None)
    if every is not None and want(f"{where}: 'every_seconds'", every, float) < 1:
        raise FixSettings(f"{where}: every_seconds is {every:g}; look once a second at most (60 is usual)")
    return SourceSettings(name, connector, title, every, MappingProxyType(values))


def _calendar(name: str, body: Any, zone: str, path: Path) -> CalendarSettings:
    where = place(path, f"calendars.{name}")
    raw = want(where, body, dict)
    refuse_unknown(raw, ("zone", "open", "days", "holidays"), where)
    hours = want(f"{where}: 'open'", raw.get("open", "09:00-17:00"), str)
    days = want(f"{where}: 'days'", raw.get("days", "mon-fri"), str)
    return CalendarSettings(
        name, want(f"{where}: 'zone'", raw.get("zone", zone), str), spans(where, hours), weekdays(where, days),
        want(f"{where}: 'holidays'", raw.get("holidays", []), Days))
