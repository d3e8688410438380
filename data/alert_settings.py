"""`[alerts.<id>]`: where alerts go, what each place may be told, and how often."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from data._tables import Words, filled, nearest, place, refuse_unknown, want
from data.errors import FixSettings
from data.scope import Role, Scope

KINDS: Final = ("mail", "slack", "webhook")
ROLES: Final = (Role.OFFICER.value, Role.MANAGER.value)
SEVERITIES: Final = ("critical", "high", "medium", "low")
WHAT: Final = ("breach", "due")
EVERY_TEAM: Final = "*"
_MAIL: Final = ("host", "port", "user", "password_env", "starttls", "ca", "from", "recipients")
_POST: Final = ("url", "secret_env", "ca")
# Keys that say something about one way of delivery only; given for another they would be without effect.
_OF_KIND: Final = {"mail": _MAIL, "slack": ("url", "ca"), "webhook": _POST}
_ADDRESS: Final = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")
_SHORTEST_SECRET: Final = 16
_SMTPS: Final = 465


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """One place that is told of breaches. `role` and `teams` are what it may know; there is no default for them.

    `teams`: for a manager whose cases (["*"]: those of every team), for an officer a choice (none: all).
    `rules`, `severities`, `channels` choose; none means all. `every_minutes` is how long news are gathered into one
    message. `sender` is the key `from`; `ca` a file of certificates to
    trust in place of the machine's.
    """

    id: str = ""
    to: str = ""
    role: str = ""
    teams: Words = ()
    rules: Words = ()
    severities: Words = ()
    channels: Words = ()
    what: Words = WHAT
    every_minutes: float = 5.0
    at_most_per_hour: int = 12
    host: str = ""
    port: int = 587
    user: str = ""
    password_env: str = ""
    starttls: bool = True
    ca: str = ""
    sender: str = ""
    recipients: Words = ()
    url: str = ""
    secret_env: str = ""

    @property
    def scope(self) -> Scope:
        """What may be read for it: the scope of an officer, or of a manager of the teams."""
        if self.role == Role.OFFICER:
            return Scope(Role.OFFICER, teams=None)
        return Scope(Role.MANAGER, teams=None if EVERY_TEAM in self.teams else frozenset(self.teams))

    @property
    def at_once(self) -> bool:
        """The connection begins encrypted, as on port 465, and needs no STARTTLS."""
        return self.port == _SMTPS

    def address(self, environ: Mapping[str, str]) -> str:
        """Where to post to; `env:NAME` is looked up, for some addresses are secrets. FixSettings when it cannot be
        used: alerts leave over https, or on the loopback address."""
        where = f"[alerts.{self.id}]: 'url'"
        url = self.url
        if url.startswith("env:"):
            url = _from_environ(environ, url.removeprefix("env:"), where)
        try:
            parts = urlsplit(url)
            usable = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc and url.isprintable()
        except ValueError:
            usable = False
        if not usable or " " in url or parts.scheme not in {"http", "https"}:
            raise FixSettings(f"{where} is no address; give it as https://host[:port]/path, no user name in it")
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            raise FixSettings(f"{where} is not encrypted; give an address that begins with https")
        return url

    def password(self, environ: Mapping[str, str]) -> str:
        """The password of the mail server's user, "" without a user."""
        return _from_environ(environ, self.password_env, self._key("password_env")) if self.user else ""

    def secret(self, environ: Mapping[str, str]) -> str:
        """What webhooks are signed with; FixSettings when it is too short to protect anything."""
        found = _from_environ(environ, self.secret_env, self._key("secret_env"))
        if len(found) < _SHORTEST_SECRET:
            raise FixSettings(f"{self._key('secret_env')}: the secret in {self.secret_env} has {len(found)} "
                              f"characters; set a random one of at least {_SHORTEST_SECRET}")
        return found

    def _key(self, name: str) -> str:
        return f"[alerts.{self.id}]: {name!r}"


def read_alert(name: str, body: Any, path: Path) -> AlertSettings:
    """One `[alerts.<id>]` table; FixSettings with place, value and remedy for what cannot be meant."""
    where = place(path, f"alerts.{name}")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise FixSettings(f"{where}: {name!r} cannot name an alert; use small letters, digits, - and _")
    raw = dict(want(where, body, dict))
    every = {key for keys in _OF_KIND.values() for key in keys}
    common = [key for key in AlertSettings.__slots__ if key not in {*every, "id", "sender"}]
    kind = _chosen(where, "to", raw.get("to"), KINDS)
    refuse_unknown(raw, [*common, *_OF_KIND[kind]], where)
    _chosen(where, "role", raw.get("role"), ROLES)
    if "from" in raw:
        raw["sender"] = want(f"{where}: 'from'", raw.pop("from"), str)
    found = replace(filled(AlertSettings, raw, where), id=name)
    _check_choice(found, where)
    if kind == "mail":
        _check_mail(found, where)
    else:
        _check_post(found, where)
    return replace(found, ca=str(path.resolve().parent / Path(found.ca).expanduser())) if found.ca else found


def _chosen(where: str, key: str, value: Any, known: tuple[str, ...]) -> str:
    if value is None:
        raise FixSettings(f"{where}: {key!r} is missing; choose one of {', '.join(known)}")
    if want(f"{where}: {key!r}", value, str) not in known:
        raise FixSettings(f"{where}: {key!r} is {value!r}; {nearest(value, known)}")
    return str(value)


def _check_choice(found: AlertSettings, where: str) -> None:
    for key, known in (("severities", SEVERITIES), ("what", WHAT)):
        for word in getattr(found, key):
            _chosen(where, key, word, known)
    if not found.what:
        raise FixSettings(f"{where}: 'what' is empty, so nothing would be told; leave it out or name breach, due")
    if found.role == Role.MANAGER and not found.teams:
        raise FixSettings(f"{where}: 'teams' is missing; name the teams whose cases it may tell of, or \"*\"")
    if found.role == Role.OFFICER and EVERY_TEAM in found.teams:
        raise FixSettings(f"{where}: 'teams' holds \"*\"; leave 'teams' out and an officer is told of all")
    if not 0 < found.every_minutes <= 1440:
        raise FixSettings(f"{where}: every_minutes is {found.every_minutes:g}; gather for minutes, a day at most")
    if not 1 <= found.at_most_per_hour <= 3600:
        raise FixSettings(f"{where}: at_most_per_hour is {found.at_most_per_hour}; allow from 1 to 3600 messages")


def _check_mail(found: AlertSettings, where: str) -> None:
    for key, value, help_ in (("host", found.host, "the mail server's name"), ("from", found.sender, "the sender"),
                              ("recipients", found.recipients, "a list of addresses")):
        if not value:
            raise FixSettings(f"{where}: {key!r} is missing; give {help_}")
    if not all(_ADDRESS.fullmatch(address) and address.isascii() for address in (found.sender, *found.recipients)):
        raise FixSettings(f"{where}: 'from' or 'recipients' holds something that is no mail address; "
                          "write plain addresses like compliance@firm.example")
    if not 1 <= found.port <= 65535:
        raise FixSettings(f"{where}: port is {found.port}, which is no port; 587 is usual, 465 begins encrypted")
    if bool(found.user) != bool(found.password_env):
        raise FixSettings(f"{where}: give both 'user' and 'password_env' (the name of a variable), or neither")
    if not found.starttls and not found.at_once and not _is_loopback(found.host):
        raise FixSettings(f"{where}: starttls is false, so alerts would cross the network unencrypted; "
                          "leave it out, or set port = 465")


def _check_post(found: AlertSettings, where: str) -> None:
    if not found.url:
        raise FixSettings(f"{where}: 'url' is missing; give the address to post to, or \"env:NAME\"")
    if not found.url.startswith("env:"):
        found.address({})
    if found.to == "webhook" and not found.secret_env:
        raise FixSettings(f"{where}: 'secret_env' is missing; name the variable with the secret to sign with")


def _from_environ(environ: Mapping[str, str], name: str, where: str) -> str:
    if not environ.get(name):
        raise FixSettings(f"{where}: the environment has no {name}; set it before Frontview starts")
    return environ[name]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
