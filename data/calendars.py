"""Business calendars: when a firm is open, as a table of UTC intervals that deadlines are joined to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from data.event import micros
from data.settings import CalendarSettings

FIRST_YEAR, LAST_YEAR = 2000, 2040


def intervals(calendar: CalendarSettings) -> Iterator[tuple[str, int, int, int, int, int]]:
    """Rows of the table `calendar_open`: calendar, day_t, start_t, end_t, cum_us, day_no; one an open span.

    Local times become UTC day by day, so a day on which the clocks change has its real length.
    """
    zone, closed = ZoneInfo(calendar.zone), set(calendar.holidays)
    day, cum, number = date(FIRST_YEAR, 1, 1), 0, 0

    def at(clock: time) -> int:
        return micros(datetime.combine(day, clock, tzinfo=zone).astimezone(UTC))

    while day.year < LAST_YEAR:
        if day.weekday() in calendar.weekdays and day not in closed:
            for opens, closes in calendar.spans:
                start, end = at(opens), at(closes)
                yield calendar.id, at(time(0)), start, end, cum, number
                cum += end - start
            number += 1
        day += timedelta(days=1)
