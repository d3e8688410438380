"""What the firm decided, from frontview.toml and the environment: read once, checked, and handed down.

The dataclasses below are the file's definition: a table is a class, a key is a field with its default. Keys that
nobody knows and values of the wrong kind are refused with the place, the value and the remedy (FixSettings).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from datetime import date, time
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar, get_type_hints
from zoneinfo import ZoneInfo, available_timezones

from data.errors import FixSettings

_T = TypeVar("_T")
_HOME = Path(__file__).resolve().parent.parent
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NOTHING: Mapping[str, Any] = MappingProxyType({})
Words = tuple[str, ...]
Days = tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Firm:
    """`[firm]`: who we are. `own_domains` tell inside from outside; `demo` adds the demonstration source."""

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
    """`[rules]`: folders with packs of the firm's own, and the ids of rules and packs that are switched off."""

    packs: Words = ()
    disable: Words = ()


@dataclass(frozen=True, slots=True)
class Privacy:
    """`[privacy]`: addresses and domains that are never collected, and how many people a figure must cover."""

    exclude: Words = ()
    smallest_group: int = 5


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """`[sources.<id>]`: one source system. `values` are the keys that its connector defines, as written."""

    id: str
    connector: str
    title: str
    every_seconds: float | None = None
    values: Mapping[str, Any] = field(default=_NOTHING, repr=False)


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    """`[calendars.<id>]`: when work is done. `spans` are the open times of a day, `weekdays` count Monday as 0."""

    id: str
    zone: str = "UTC"
    spans: tuple[tuple[time, time], ...] = ((time(9), time(17)),)
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
    file: Path | None = None
    folder: Path = _HOME
    environ: Mapping[str, str] = field(default=_NOTHING, repr=False, compare=False)

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
    env = dict(os.environ if environ is None else environ)
    path = Path("frontview.toml") if file is None else Path(file)
    if file is None and not path.exists():
        return _overruled(Settings(calendars={"default": CalendarSettings("default")}, environ=env))
    raw = _parsed(path)
    settings = replace(_settings(raw, path), environ=env)
    return _overruled(settings)


def demo(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of `app.py demo`: a firm made up by the demonstration source, in a database of its own."""
    base = load(os.devnull, environ)
    here = replace(base, firm=Firm("Demonstration", demo=True), file=None, folder=_HOME,
                   store=StorePlace(_HOME / "data" / "var" / "demo.duckdb"))
    return _overruled(_with_demo(here))


def source_values(settings: Settings, source: SourceSettings, known: Sequence[Known]) -> dict[str, Any]:
    """What a source is opened with: defaults filled in, secrets fetched, names and kinds checked (FixSettings)."""
    place = _place(settings.file, f"sources.{source.id}")
    by_name = {setting.name: setting for setting in known}
    for name in source.values:
        if name not in by_name:
            raise FixSettings(f"{place}: connector {source.connector!r} has no setting {name!r}; "
                              f"{nearest(name, [*by_name, 'connector', 'title', 'every_seconds'])}")
    values: dict[str, Any] = {}
    for setting in known:
        value = source.values.get(setting.name, setting.default)
        if setting.required and value in (None, "", [], ()):
            raise FixSettings(f"{place}: {setting.name!r} is missing; set it to: {setting.help}")
        if setting.name in source.values:
            _same_kind(f"{place}: {setting.name!r}", value, setting)
        values[setting.name] = _secret(settings, f"{place}: {setting.name!r}", value) if setting.secret else value
    return values


def nearest(word: str, known: Sequence[str]) -> str:
    """The end of a sentence that refuses a word: the name that was probably meant, or all there are."""
    close = get_close_matches(word.lower(), known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known are {', '.join(sorted(known))}" if known else "none is known"


def example() -> str:
    """A frontview.toml to begin with: every table, commented; it loads as it stands."""
    return EXAMPLE.read_text(encoding="utf-8")


EXAMPLE = Path(__file__).with_name("frontview.example.toml")


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
        raise FixSettings(f"{path} cannot be read: {error.strerror}; check what it is and who may read it") from error


def _settings(raw: dict[str, Any], path: Path) -> Settings:
    tables = [f.name for f in fields(Settings) if f.name not in ("file", "folder", "environ")]
    for name in raw:
        if name not in tables:
            raise FixSettings(f"{path.name}: nothing is called [{name}]; {nearest(name, tables)}")
        _want(f"{path.name}, {name}", raw[name], dict)
    firm = _filled(Firm, raw.get("firm", {}), _place(path, "firm"))
    folder = path.resolve().parent
    settings = Settings(
        firm=replace(firm, own_domains=tuple(_domain(d, path) for d in firm.own_domains)),
        server=_filled(Server, raw.get("server", {}), _place(path, "server")),
        store=_filled(StorePlace, raw.get("store", {}), _place(path, "store")),
        rules=_filled(Rules, raw.get("rules", {}), _place(path, "rules")),
        privacy=_filled(Privacy, raw.get("privacy", {}), _place(path, "privacy")),
        teams=_teams(raw.get("teams", {}), path),
        sources={name: _source(name, body, path) for name, body in raw.get("sources", {}).items()},
        calendars={name: _calendar(name, body, firm.time_zone, path)
                   for name, body in {"default": {}, **raw.get("calendars", {})}.items()},
        file=path, folder=folder)
    _plausible(settings, path)
    # Path's own `/` keeps an absolute path and leads a relative one from the folder of the file.
    packs = tuple(str(folder / Path(pack).expanduser()) for pack in settings.rules.packs)
    return _with_demo(replace(settings, store=StorePlace(folder / settings.store.db.expanduser()),
                              rules=replace(settings.rules, packs=packs)))


def _plausible(settings: Settings, path: Path) -> None:
    """Values of the right kind that can still not be meant."""
    zones = {"[firm] time_zone": settings.firm.time_zone}
    zones |= {f"[calendars.{c.id}] zone": c.zone for c in settings.calendars.values()}
    for place, zone in zones.items():
        if zone not in available_timezones():
            raise FixSettings(f"{path.name}, {place}: {zone!r} is no time zone; "
                              f"{_zone_hint(zone)} (written like Europe/Berlin)")
    if not 1 <= settings.server.port <= 65535:
        raise FixSettings(f"{path.name}, [server] port: {settings.server.port} is no port; choose 1024 to 65535")
    if settings.server.session_hours <= 0:
        raise FixSettings(f"{path.name}, [server] session_hours: {settings.server.session_hours:g} leaves no time "
                          "to work; give the hours after which people sign in again")
    if settings.privacy.smallest_group < 2:
        raise FixSettings(f"{path.name}, [privacy] smallest_group: {settings.privacy.smallest_group} would show "
                          "single people; choose 2 or more (5 is usual)")


def _zone_hint(zone: str) -> str:
    folded = {name.lower(): name for name in available_timezones()}
    close = get_close_matches(zone.lower(), folded, n=1)
    return f"did you mean {folded[close[0]]!r}?" if close else "choose a name of the IANA list"


def _domain(domain: str, path: Path) -> str:
    if "@" in domain or "/" in domain or not domain.strip():
        raise FixSettings(f"{_place(path, 'firm')}: own_domains holds {domain!r}; give only what follows the @, "
                          "like firm.example")
    return domain.strip().lower()


def _teams(raw: Mapping[str, Any], path: Path) -> dict[str, Words]:
    teams: dict[str, Words] = {}
    seen: dict[str, str] = {}
    for team, people in raw.items():
        place = f"{_place(path, 'teams')} {team!r}"
        names: Words = _want(place, people, Words)
        teams[team] = tuple(name.strip().lower() for name in names)
        for person in teams[team]:
            # A person counts in one team only, or every figure of a team would depend on the order of the file.
            if seen.setdefault(person, team) != team:
                raise FixSettings(f"{place}: {person!r} is in team {seen[person]!r} too; keep one of the two")
    return teams


def _source(name: str, body: Any, path: Path) -> SourceSettings:
    place = _place(path, f"sources.{name}")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise FixSettings(f"{place}: {name!r} cannot name a source; use small letters, digits, - and _")
    values = dict(_want(place, body, dict))
    if "connector" not in values:
        raise FixSettings(f"{place}: 'connector' is missing; say which kind of system it is, like connector = \"imap\"")
    connector = _want(f"{place}: 'connector'", values.pop("connector"), str)
    title = _want(f"{place}: 'title'", values.pop("title", name), str)
    every = values.pop("every_seconds", None)
    if every is not None and _want(f"{place}: 'every_seconds'", every, float) < 1:
        raise FixSettings(f"{place}: every_seconds is {every:g}; look once a second at most (60 is usual)")
    return SourceSettings(name, connector, title, every, MappingProxyType(values))


def _calendar(name: str, body: Any, zone: str, path: Path) -> CalendarSettings:
    place = _place(path, f"calendars.{name}")
    raw = _want(place, body, dict)
    for key in raw:
        if key not in ("zone", "open", "days", "holidays"):
            raise FixSettings(f"{place}: unknown setting {key!r}; {nearest(key, ['zone', 'open', 'days', 'holidays'])}")
    hours = _want(f"{place}: 'open'", raw.get("open", "09:00-17:00"), str)
    days = _want(f"{place}: 'days'", raw.get("days", "mon-fri"), str)
    return CalendarSettings(
        name, _want(f"{place}: 'zone'", raw.get("zone", zone), str), _spans(place, hours), _weekdays(place, days),
        _want(f"{place}: 'holidays'", raw.get("holidays", []), Days))


def _spans(place: str, hours: str) -> tuple[tuple[time, time], ...]:
    try:
        ends = [[time.fromisoformat(end.strip()) for end in span.split("-")] for span in hours.split(",")]
        spans = tuple((start, stop) for start, stop in ends)
    except ValueError as error:
        raise FixSettings(f"{place}: open is {hours!r}; write it like \"09:00-17:00\" or "
                          "\"09:00-12:00, 13:00-17:30\"") from error
    flat = [end for span in spans for end in span]
    if any(early >= late for early, late in zip(flat, flat[1:], strict=False)):
        raise FixSettings(f"{place}: open is {hours!r}, which does not run forward; order the times of the day")
    return spans


def _weekdays(place: str, days: str) -> frozenset[int]:
    found: set[int] = set()
    for part in days.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise FixSettings(f"{place}: days is {days!r}; write it like \"mon-fri\" or \"mon-thu, sat\"")
        start, length = _DAYS.index(first), (_DAYS.index(last or first) - _DAYS.index(first)) % 7
        found |= {(start + step) % 7 for step in range(length + 1)}
    return frozenset(found)
