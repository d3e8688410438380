"""Business calendars: when a firm is open, as a table of UTC intervals that deadlines are joined to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from data.event import micros

FIRST_YEAR, LAST_YEAR = 2000, 2040


@dataclass(frozen=True, slots=True)
class Calendar:
    """Open from `opens` to `closes` local time on these weekdays (0 is Monday), except on holidays."""

    name: str = "default"
    zone: str = "UTC"
    opens: time = time(9)
    closes: time = time(17)
    days: frozenset[int] = frozenset(range(5))
    holidays: Collection[date] = ()

    def intervals(self) -> Iterator[tuple[str, int, int, int, int, int]]:
        """Rows of the table `calendar_open`: name, day_t, start_t, end_t, cum_us, day_no."""
        zone, closed = ZoneInfo(self.zone), set(self.holidays)
        day, cum, number = date(FIRST_YEAR, 1, 1), 0, 0
        while day.year < LAST_YEAR:
            if day.weekday() in self.days and day not in closed:
                midnight, start, end = (
                    micros(datetime.combine(day, at, tzinfo=zone).astimezone(UTC))
                    for at in (time(0), self.opens, self.closes))
                yield self.name, midnight, start, end, cum, number
                cum += end - start
                number += 1
            day += timedelta(days=1)
