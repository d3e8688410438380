"""Moments as logs write them: which format a column has, and its microseconds since 1970 UTC."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import polars as pl

from data.errors import FixSettings
from data.event import LATEST, micros

LATEST_US = micros(LATEST.replace(year=LATEST.year - 1)) + 365 * 86_400_000_000
ISO_WITH_ZONE = "%+"
_CLOCKS = ("%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
_OTHERS = ("%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z", "%Y-%m-%d %H:%M:%S%.f%#z",
           "%Y-%m-%d %H:%M:%S%.f UTC")
_OTHER_ISO = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f%#z",
              "%Y-%m-%dT%H:%M%#z", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_YEAR_FIRST = ("%Y-%m-%d", "%Y/%m/%d")
_DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d.%m.%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", None, "%m/%d/%y", None)
_SAMPLE = 2_000
_EPOCH_DIGITS = {"epoch seconds": (r"^\d{9,10}(\.\d+)?$", 1e6), "epoch milliseconds": (r"^\d{12,13}$", 1e3)}


def zone_of(name: str) -> str:
    """The name itself when it is a time zone; FixSettings otherwise."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise FixSettings(f"zone {name!r} is no time zone; write one like 'UTC' or 'Europe/Zurich'") from error
    return name


def has_zone(time_format: str) -> bool:
    """Whether moments in this format say their own offset from UTC."""
    return time_format == ISO_WITH_ZONE or "z" in time_format or time_format.startswith("epoch") or (
        time_format.endswith("UTC"))


def parse(texts: pl.Series, time_format: str, zone: str = "UTC") -> pl.Series:
    """Microseconds since 1970 UTC; null where the text is missing or does not follow the format."""
    if time_format in _EPOCH_DIGITS:
        factor = _EPOCH_DIGITS[time_format][1]
        return (texts.cast(pl.Float64, strict=False) * factor).round().cast(pl.Int64)
    try:
        moments = texts.str.to_datetime(time_format, time_unit="us", strict=False, cache=False)
    except pl.exceptions.PolarsError as error:
        raise FixSettings(f"time_format {time_format!r} cannot be used ({error}); write one like "
                          "'%d/%m/%Y %H:%M'") from error
    return _utc(moments, zone)


def _utc(moments: pl.Series, zone: str) -> pl.Series:
    """Counts of microseconds; moments without a zone are taken to be in `zone`."""
    if zone != "UTC" and getattr(moments.dtype, "time_zone", None) is None:
        # An hour that a clock change skipped never happened: null, so that the record is set aside.
        moments = moments.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return moments.dt.epoch("us")


def iso_micros(texts: pl.Series, zone: str = "UTC") -> pl.Series:
    """Microseconds since 1970 UTC of ISO 8601 texts in any of their shapes, with or without offset."""
    found = parse(texts, ISO_WITH_ZONE, zone)
    for time_format in _OTHER_ISO:
        missing = found.is_null() & texts.is_not_null()
        if not missing.any():
            break
        rest = texts.zip_with(missing, pl.Series([None], dtype=pl.String))
        found = found.zip_with(~missing, parse(rest, time_format, zone))
    return found


def from_typed(column: pl.Series, zone: str = "UTC") -> pl.Series:
    """Microseconds since 1970 UTC of a column that already holds dates or moments."""
    return _utc(column.cast(pl.Datetime("us")) if column.dtype == pl.Date else column, zone)


def formats(texts: pl.Series) -> Sequence[str]:
    """The formats that every present text of the column follows: none when it holds no moments, two when it
    cannot be told whether the day or the month comes first."""
    present = texts.drop_nulls()
    sample = present.head(_SAMPLE).append(present.tail(_SAMPLE)).unique()
    if sample.is_empty():
        return ()
    for name, (pattern, _) in _EPOCH_DIGITS.items():
        if sample.str.contains(pattern).all():
            return (name,)
    # Nine rows in ten are enough to call it a column of moments: the others are set aside when read.
    likely = [f for f in _candidates(sample[0]) if parse(sample, f).count() >= 0.9 * len(sample)]
    if len(likely) < 2:
        return tuple(likely)
    counts = [parse(present, f).count() for f in likely]
    return tuple(f for f, n in zip(likely, counts, strict=True) if n == max(counts))


def _candidates(example: str) -> list[str]:
    """Formats worth trying, told from the punctuation of one example."""
    if not any(c.isdigit() for c in example):
        return []
    year_first = example[:4].isdigit()
    dates: list[str] = []
    if year_first:
        dates = [d for d in _YEAR_FIRST if d[2] in example]
    else:
        for day_first, month_first in zip(_DAY_FIRST, _MONTH_FIRST, strict=True):
            if day_first[2] in example:
                dates += [day_first, *([month_first] if month_first else [])]
    if ":" not in example:
        return dates
    timed = [f"{d}{joint}{clock}" for d in dates for joint in (" ", "T") for clock in _CLOCKS if joint in example]
    return [ISO_WITH_ZONE, *_OTHERS, *timed]
