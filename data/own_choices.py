"""What people choose for themselves: what to put off, what is not theirs, their calendar feed, and when to be told.

Everything that writes runs inside `Writer.do`. It concerns nobody but the person, so the audit trail tells only that
a feed's address was made or renewed.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from hashlib import sha256
from typing import Final
from zoneinfo import available_timezones

import duckdb

from data._tables import nearest
from data.audit import append
from data.disputes import person
from data.errors import FixSettings
from data.scope import Principal

WAYS: Final = ("", "mail", "slack", "webhook")
LONGEST_SNOOZE_US: Final = 31 * 86_400_000_000
MOST_A_DAY: Final = 50
_LONGEST_KEY: Final = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """When and how somebody wants to be told. `via`: mail, slack, webhook, "" for not at all. `morning`: minutes after
    midnight in `zone`, -1 for no digest; `before_min`: minutes before a deadline, 0 for no nudge; `at_most`: messages
    a day."""

    via: str = ""
    zone: str = "UTC"
    morning: int = 8 * 60
    before_min: int = 60
    at_most: int = 5


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whose choice it is: the person, the account that made it, and the code of the person in the store."""

    actor: str
    login: str
    code: int
    choice: Choice


def snooze(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, item: str, until_t: int) -> None:
    """Put an item off until a moment; one that is past ends it. FixSettings beyond a month."""
    actor = person(who)
    if until_t > at_t + LONGEST_SNOOZE_US:
        raise FixSettings("an item can be put off for a month at most; choose an earlier day")
    con.execute("DELETE FROM snooze WHERE actor = ? AND (item = ? OR until_t <= ?)", [actor, _key(item), at_t])
    if until_t > at_t:
        con.execute("INSERT INTO snooze VALUES (?, ?, ?, ?)", [actor, item, until_t, at_t])


def disown(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, item: str, obj: int) -> None:
    """Say that an item belongs to somebody else."""
    own_again(con, at_t, who, item)
    con.execute("INSERT INTO not_mine VALUES (?, ?, ?, ?)", [who.actor, item, obj, at_t])


def own_again(con: duckdb.DuckDBPyConnection, _at_t: int, who: Principal, item: str) -> None:
    """Take that back."""
    con.execute("DELETE FROM not_mine WHERE actor = ? AND item = ?", [person(who), _key(item)])


def renew_feed(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal) -> str:
    """A new secret for the calendar feed; the one before is worth nothing from now on. Only its digest is kept."""
    end_feed(con, at_t, who)
    secret = secrets.token_urlsafe(24)
    con.execute("INSERT INTO feed_key VALUES (?, ?, ?, ?)", [who.actor, who.login, digest(secret), at_t])
    append(con, at_t, who, "calendar feed renewed")
    return secret


def end_feed(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal) -> None:
    """Nobody reads the feed any more."""
    rows = con.execute("DELETE FROM feed_key WHERE actor = ? RETURNING made_t", [person(who)]).fetchall()
    if rows:
        append(con, at_t, who, "calendar feed ended")


def feed_of(con: duckdb.DuckDBPyConnection, secret: str) -> tuple[str, str] | None:
    """Login and person whose feed has this secret; None for a wrong or an old one."""
    rows = con.execute("SELECT login, actor FROM feed_key WHERE digest = ?", [digest(secret)]).fetchall()
    return rows[0] if rows else None


def choose(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, choice: Choice) -> None:
    """Keep how the person wants to be told. FixSettings for what cannot be meant."""
    actor = person(who)
    if choice.via not in WAYS:
        raise FixSettings(f"there is no way {choice.via[:40]!r} to be told; {nearest(choice.via, WAYS[1:])}")
    if choice.zone not in available_timezones():
        raise FixSettings(f"{choice.zone[:60]!r} is no time zone; {nearest(choice.zone, [*available_timezones()])}")
    if not -1 <= choice.morning < 1440:
        raise FixSettings(f"{choice.morning} minutes after midnight is no time of day; give 0 to 1439, or -1 for none")
    if not 0 <= choice.before_min <= 1440:
        raise FixSettings(f"{choice.before_min} minutes before a deadline is too long; give up to 1440, or 0 for none")
    if not 1 <= choice.at_most <= MOST_A_DAY:
        raise FixSettings(f"{choice.at_most} messages a day cannot be kept to; choose from 1 to {MOST_A_DAY}")
    con.execute("DELETE FROM nudge_choice WHERE actor = ?", [actor])
    con.execute("INSERT INTO nudge_choice VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [actor, who.login, *astuple(choice), at_t])


def chosen(con: duckdb.DuckDBPyConnection) -> Sequence[Chosen]:
    """Everybody who wants to be told and whom the sources know."""
    rows = con.execute("SELECT c.actor, c.login, t.code, c.via, c.zone, c.morning, c.before_min, c.at_most "
                       "FROM nudge_choice c JOIN term t ON t.kind = 'actor' AND t.name = c.actor "
                       "WHERE c.via <> '' ORDER BY t.code").fetchall()
    return [Chosen(actor, login, code, Choice(*rest)) for actor, login, code, *rest in rows]


def note_panel(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, obj: int, purpose: str) -> None:
    """Write down that a case was shown in a panel, once an hour: a panel asks again every minute."""
    lately = [who.login, obj, purpose, at_t - 3_600_000_000]
    if not con.execute("SELECT 1 FROM viewer_log WHERE login = ? AND obj = ? AND purpose = ? AND at_t > ? LIMIT 1",
                       lately).fetchall():
        con.execute("INSERT INTO viewer_log VALUES (?, ?, ?, 'case', ?, ?)",
                    [at_t, who.login, who.role.value, obj, purpose])


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode()).hexdigest()


def _key(item: str) -> str:
    if not 0 < len(item) <= _LONGEST_KEY:
        raise FixSettings("this item could not be read; load the page again")
    return item
