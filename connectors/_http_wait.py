"""How long a source asks us to wait, in whichever of the usual headers and notations it says so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_RESETS = ("Retry-After", "RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset")
_LONGEST_WAIT = 86_400.0


def wait_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long a source asks us to wait, from 1 second to a day; None when it does not say.

    Reads seconds, moments since 1970 in seconds or milliseconds, HTTP dates and ISO dates. Moments count from
    the server's own Date where it gives one, for its clock need not agree with ours.
    """
    named = {name.lower(): value for name, value in headers.items()}
    server_now = _date(named.get("date", "")) or now
    for name in _RESETS:
        value = named.get(name.lower(), "").strip()
        seconds = _seconds(value, server_now) if value else None
        if seconds is not None:
            return min(max(seconds, 1.0), _LONGEST_WAIT)
    return None


def spent(headers: Mapping[str, str]) -> bool:
    """Whether the answer names what remains of an allowance, and nothing does."""
    names = ("RateLimit-Remaining", "X-RateLimit-Remaining", "X-Rate-Limit-Remaining")
    return any(headers.get(name, "").strip() == "0" for name in names)


def _seconds(value: str, now: datetime) -> float | None:
    try:
        number = float(value)
    except ValueError:
        at = _date(value)
        return None if at is None else (at - now).total_seconds()
    if not math.isfinite(number):
        return None
    # A count beyond thirty years of seconds is a moment; beyond the year 5000 it is one in milliseconds.
    if number > 1e11:
        number /= 1000
    return number - now.timestamp() if number > 1e9 else number


def _date(value: str) -> datetime | None:
    """An ISO or HTTP date as an aware moment; None when it is neither."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = parse(value)
        except ValueError:
            continue
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None
