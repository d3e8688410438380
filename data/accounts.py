"""Local accounts: who may sign in, as what, and the secret that signs their sessions."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from data.audit import COMMAND_LINE, Who, append
from data.errors import FixSettings
from data.event import micros
from data.scope import Principal, Role
from data.writer import Writer

MIN_PASSWORD = 10
ROLES = (Role.MANAGER, Role.OFFICER, Role.REP, Role.ADMINISTRATOR)

_hasher = PasswordHasher()
# Checked when the login is unknown, so that an unknown login takes as long as a wrong password.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))
_COLUMNS = "SELECT login, name, role, actor, teams, active FROM account"


@dataclass(frozen=True, slots=True)
class Account:
    """One account without its secret."""

    principal: Principal
    active: bool


def create_account(writer: Writer, principal: Principal, password: str, *, now: datetime | None = None,
                   by: Who = COMMAND_LINE) -> None:
    """Store a new account, and in the audit trail who made it.

    FixSettings when the login is taken, empty or unfit, or the password too short.
    """
    login = principal.login.strip().lower()
    if not login or len(login) > 120 or not principal.name.strip():
        raise FixSettings(f"login {login!r}: a login of at most 120 characters and a name are needed")
    if principal.role not in ROLES:
        raise FixSettings(f"role {principal.role!r} cannot sign in; choose one of {', '.join(ROLES)}")
    if len(password) < MIN_PASSWORD:
        raise FixSettings(f"the password has {len(password)} characters; use {MIN_PASSWORD} or more")
    teams = None if principal.teams is None else json.dumps(sorted(principal.teams))
    created_t = micros(now or datetime.now(UTC))
    row = [
        login,
        principal.name.strip(),
        principal.role.value,
        principal.actor,
        teams,
        _hasher.hash(password),
        created_t,
    ]

    def insert(con: Any) -> None:
        if con.execute("SELECT 1 FROM account WHERE login = ?", [login]).fetchall():
            raise FixSettings(f"login {login!r} exists already; choose another or activate that account again")
        con.execute("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?, true)", row)
        detail = {"login": login, "role": principal.role.value, "teams": teams and json.loads(teams)}
        append(con, created_t, by, "account made", detail=detail)

    writer.do(insert)


def verify(writer: Writer, login: str, password: str) -> Principal | None:
    """The principal when login and password belong to an active account, else None; takes as long either way."""
    found = writer.do(
        lambda con: con.execute(
            "SELECT login, name, role, actor, teams, active, secret FROM account WHERE login = ?",
            [login.strip().lower()],
        ).fetchall()
    )
    try:
        _hasher.verify(found[0][6] if found else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return None
    return _account(found[0]).principal if found and found[0][5] else None


def find(writer: Writer, login: str) -> Principal | None:
    """The active account's principal."""
    rows = writer.do(lambda con: con.execute(_COLUMNS + " WHERE login = ? AND active", [login]).fetchall())
    return _account(rows[0]).principal if rows else None


def list_accounts(writer: Writer) -> list[Account]:
    """All accounts by login."""
    rows = writer.do(lambda con: con.execute(_COLUMNS + " ORDER BY login").fetchall())
    return [_account(row) for row in rows]


def set_active(writer: Writer, login: str, *, active: bool, by: Who = COMMAND_LINE) -> None:
    """Let an account sign in, or no more; running sessions end within seconds. FixSettings for an unknown one.

    The audit trail tells who did it; nothing is recorded where nothing changes.
    """
    login = login.strip().lower()

    def change(con: Any) -> None:
        known = con.execute("SELECT active FROM account WHERE login = ?", [login]).fetchall()
        if not known:
            raise FixSettings(f"there is no account {login!r}; `python app.py user list` shows those there are")
        if known[0][0] != active:
            con.execute("UPDATE account SET active = ? WHERE login = ?", [active, login])
            append(con, writer.clock(), by, "account let in" if active else "account shut out",
                   detail={"login": login})

    writer.do(change)


def session_secret(writer: Writer) -> str:
    """The secret that signs sessions; made once and kept in the store."""

    def get(con: Any) -> str:
        rows = con.execute("SELECT value FROM setting WHERE name = 'session_secret'").fetchall()
        if rows:
            return rows[0][0]
        secret = secrets.token_urlsafe(48)
        con.execute("INSERT INTO setting VALUES ('session_secret', ?)", [secret])
        return secret

    return writer.do(get)


def _account(row: Sequence[Any]) -> Account:
    login, name, role, actor, teams, active = row[:6]
    scope = None if teams is None else frozenset(json.loads(teams))
    return Account(Principal(login, name, Role(role), actor, scope), active)
