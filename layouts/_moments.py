"""Moments as people type them on the command line and in addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from data.errors import FixSettings, SkipRecord
from data.event import micros


def typed(text: str, zone: str = "UTC") -> int:
    """Microseconds since 1970 UTC of `2026-05-03` (its midnight) or `2026-05-03T10:00`, in `zone` where the text
    names none. FixSettings when it cannot be read."""
    try:
        at = datetime.fromisoformat(text.strip())
        return micros(at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone)))
    except (ValueError, SkipRecord) as error:
        raise FixSettings(f"{text[:40]!r} is no moment between 1970 and 2100; write it as 2026-05-03 or "
                          "2026-05-03T10:00") from error


def shown(at_us: int) -> str:
    """A moment to the second, in UTC."""
    return f"{datetime.fromtimestamp(at_us // 1_000_000, UTC):%Y-%m-%d %H:%M:%S}Z"
