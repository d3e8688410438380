"""Durations of rules: `24 h`, `30 min`, `2 d`, `8 weeks`, `10 business days`, `4 business hours`, `1 month`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from data.errors import FixSettings

NONE, ELAPSED, OPEN_TIME, BUSINESS_DAYS, MONTHS, QUARTER = range(6)
BUSINESS: Final = frozenset((OPEN_TIME, BUSINESS_DAYS))
_SECOND = 1_000_000
_ELAPSED: Final = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "week": 604_800}
_FORM = re.compile(
    r"\s*(\d+(?:\.\d+)?)\s*(business\s+)?(s|min|h|hours?|d|days?|weeks?|months?|calendar\s+months?)\s*$"
)
_AFTER_QUARTER = re.compile(r"\s*(\d+)\s*(?:d|days?)\s+after\s+quarter\s+end\s*$")


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time. `unit` is one of the constants above; `n` microseconds, or days, or months."""

    unit: int = NONE
    n: int = 0


def parse_duration(text: str) -> Duration:
    """The duration a rule names. Raises FixSettings for anything else.

    A deadline of N business days ends at the close of the N-th open day after the day of the event; a month ends
    on the same day of the following month, or on its last day where that is shorter (as the ICO counts). `15 d after
    quarter end` ends with the 15th day (UTC) after the calendar quarter of the event.
    """
    if quarter := _AFTER_QUARTER.match(str(text)):
        return Duration(QUARTER, int(quarter[1]))
    match = _FORM.match(str(text))
    if not match:
        raise FixSettings(
            f"duration {text!r} is not understood; write for example 24 h, 30 min, 2 d, "
            "10 business days, 4 business hours, 1 month or 15 d after quarter end"
        )
    number, business, unit = float(match[1]), bool(match[2]), match[3].split()[-1].rstrip("s") or "s"
    unit = {"hour": "h", "day": "d"}.get(unit, unit)
    whole = number == int(number)
    if business and unit == "week":
        raise FixSettings(f"duration {text!r}: a week has no business time of its own; write 5 business days")
    if unit == "month" or (business and unit == "d"):
        if not whole or (unit == "month" and business):
            raise FixSettings(f"duration {text!r} needs a whole number of calendar months or business days")
        return Duration(MONTHS if unit == "month" else BUSINESS_DAYS, int(number))
    return Duration(OPEN_TIME if business else ELAPSED, int(number * _ELAPSED[unit] * _SECOND))
