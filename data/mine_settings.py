"""`[nudges]` and `[embed]`: how people are told of their own day, and which sites may show a panel of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from data._tables import Words, filled, nearest, place, refuse_unknown, want
from data.alert_settings import AlertSettings
from data.errors import FixSettings

_ADDRESS: Final = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")
_ORIGIN: Final = re.compile(r"https://[a-z0-9.-]+(:\d+)?|http://(localhost|127\.0\.0\.1)(:\d+)?")


@dataclass(frozen=True, slots=True)
class Nudges:
    """`[nudges]`. `mail`: the [alerts.<id>] whose mail server sends to each person's own address; `slack` and
    `webhook`: person -> where to post to (or env:NAME); `secret_env`: what webhooks are signed with."""

    mail: str = ""
    slack: Mapping[str, str] = field(default_factory=dict)
    webhook: Mapping[str, str] = field(default_factory=dict)
    secret_env: str = ""

    def ways(self, person: str) -> Words:
        """How this person can be told: mail, slack, webhook, or none of them."""
        name = person.lower()
        can = {"mail": bool(self.mail and _ADDRESS.fullmatch(person) and person.isascii()),
               "slack": name in self.slack, "webhook": name in self.webhook}
        return tuple(way for way, possible in can.items() if possible)

    def to(self, person: str, way: str, channel: str, alerts: Mapping[str, AlertSettings]) -> AlertSettings | None:
        """Where a letter to this person goes, under the name `channel`; None when there is no such way."""
        if way not in self.ways(person):
            return None
        if way == "mail":
            base = alerts.get(self.mail)
            return replace(base, id=channel, recipients=(person,)) if base else None
        url = (self.slack if way == "slack" else self.webhook)[person.lower()]
        return AlertSettings(id=channel, to=way, url=url, secret_env=self.secret_env)


@dataclass(frozen=True, slots=True)
class Embed:
    """`[embed]`: the sites that may show a panel in a frame (none: nobody), and for how many days a link to one
    holds."""

    allow: Words = ()
    days: float = 7.0


@dataclass(frozen=True, slots=True)
class Mine:
    """What the pages need of both, and the address that links begin with ("": that of whoever asks)."""

    nudges: Nudges = field(default_factory=Nudges)
    embed: Embed = field(default_factory=Embed)
    base_url: str = ""


def read_nudges(raw: Mapping[str, Any], alerts: Mapping[str, Any], file: Path) -> Nudges:
    """The table `[nudges]`; FixSettings with place, value and remedy for what cannot be meant."""
    where = place(file, "nudges")
    refuse_unknown(raw, ("mail", "slack", "webhook", "secret_env"), where)
    mail = want(f"{where}: 'mail'", raw.get("mail", ""), str)
    mailing = [name for name, body in alerts.items() if isinstance(body, dict) and body.get("to") == "mail"]
    if mail and mail not in mailing:
        raise FixSettings(f"{where}: 'mail' is {mail!r}, which is no [alerts.<id>] with to = \"mail\"; "
                          f"{nearest(mail, mailing)}")
    secret = want(f"{where}: 'secret_env'", raw.get("secret_env", ""), str)
    found = Nudges(mail, _posts(raw, "slack", where), _posts(raw, "webhook", where), secret)
    if found.webhook and not secret:
        raise FixSettings(f"{where}: 'secret_env' is missing; name the variable with the secret that webhooks are "
                          "signed with")
    return found


def _posts(raw: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
    found = {}
    for person, url in want(f"{where}: {key!r}", raw.get(key, {}), dict).items():
        found[person.strip().lower()] = want(f"{where}: {key!r} of {person!r}", url, str)
        if not url.startswith("env:"):
            AlertSettings(id=f"nudges.{key}", url=url).address({})
    return found


def read_embed(raw: Mapping[str, Any], file: Path) -> Embed:
    """The table `[embed]`; FixSettings for anything that is no site, as `https://crm.example`."""
    where = place(file, "embed")
    found = filled(Embed, raw, where)
    for site in found.allow:
        if not _ORIGIN.fullmatch(site) or not urlsplit(site).hostname:
            raise FixSettings(f"{where}: allow holds {site!r}; name sites like \"https://crm.example\", small letters "
                              "and no path")
    if not 0 < found.days <= 90:
        raise FixSettings(f"{where}: days is {found.days:g}; let a link hold for 90 days at most")
    return found
