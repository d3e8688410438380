"""Who may sign in, as the administrator sees it."""

from __future__ import annotations

from typing import Any

from metrics._contract import Metric, Read

METRIC = Metric(
    "accounts",
    "Accounts",
    "Local accounts of this Frontview; a password is kept only as an argon2 hash.",
    "People who read reports that somebody passed on to them.",
)


def account_rows(read: Read) -> list[dict[str, Any]]:
    """All accounts by login, without their secrets."""
    return read("SELECT login, name, role, actor, teams, created_t, active FROM account ORDER BY login", {})
