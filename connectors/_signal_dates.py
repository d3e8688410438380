"""Promises with a day in them: "I'll send it by Friday" becomes a due moment and how sure that reading is."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

import re2

# The part of a day that a promise leaves open counts for us: it is due when the named day ends.
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TAGE: Final = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_MONTHS: Final = {name.lower()[:3]: number for number, name in enumerate(calendar.month_name) if name}
_WHO = (
    r"(?:(?P<firm>i'll|i will|we'll|we will|i promise|we promise|werde ich|ich werde|wir werden)|"
    r"(?P<soft>you(?:'ll| will) (?:have|get|receive|hear)|i'm going to|we're going to|"
    r"(?:i|we) (?:can|could|should|hope to|plan to|expect to|aim to)|let me|i'd like to|"
    r"ich kann|wir können|ich melde mich|wir melden uns|sie (?:erhalten|bekommen)))\b")
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DAY = (
    r"(?:(?P<iso>\d{4}-\d\d-\d\d)|(?P<name>(?:next )?(?:" + "|".join((*_DAYS, *_TAGE)) + r"))|"
    r"(?P<word>end of (?:the )?(?:day|business)|eod|cob|close of business|today|tonight|"
    r"this (?:afternoon|evening|morning)|tomorrow|day after tomorrow|end of (?:the |this |next )?(?:week|month)|"
    r"this week|next week|eow|heute|morgen|übermorgen|ende der woche|ende des monats|diese woche|nächste woche)|"
    r"(?P<dm>\d{1,2})(?:st|nd|rd|th|\.)? (?:of )?(?P<dmon>" + _MONTH + r")[a-z]*|"
    r"(?P<mmon>" + _MONTH + r")[a-z]*\.? (?P<md>\d{1,2})(?:st|nd|rd|th)?|"
    r"(?:in|within) (?:the next )?(?P<n>\d{1,2}|an?|one|two|three|couple of|few) (?:more )?"
    r"(?P<unit>hour|day|business day|working day|week)s?)\b")
# Most messages promise nothing; re2 tells so ten times as fast.
_PROMISES_AT_ALL: Final = re2.compile(r"\b" + _WHO)
# Within one sentence; a question is no promise.
PROMISE: Final = re.compile(
    r"\b" + _WHO + r"(?P<what>[^.!?;]{1,90}?)\b(?:(?P<by>by|before|no later than|bis) (?:the )?)?"
    r"(?:on |at )?(?:the )?" + _DAY + r"(?P<after>[^.!?;]{0,40}\?)?")
# What is not promised to anybody: denials, conditions, whereabouts, what others are to do, small talk.
_NOT: Final = re.compile(
    r"\b(?:not|never|unable|nicht|kein|if|unless|falls|wenn|assume|wait|need|available|see you|see u|"
    r"be (?:out|away|off|on|in|at|here|there|back|home|going|traveling|travelling)|have to|start|through|until)\b|"
    r"n't\b")
_TRY: Final = re.compile(r"^ (?:\w+ )?(?:try|attempt|probably|maybe|perhaps|hopefully|versuche)\b")
_NUMBER: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "couple of": 2, "few": 3}
# Read one by one: promises with the right day among those that were sure by .8 or more, in public mails and tweets.
PRECISION: Final = "31 of 42 hits right"
_FARTHEST: Final = timedelta(days=366)


class Promise(NamedTuple):
    """When it falls due (the end of that day, UTC), in how many days, and how sure this reading is (0 to 1)."""

    due_at: datetime
    days: int
    confidence: float


def promised(words: str, said_at: datetime) -> Promise | None:
    """The first promise with a day that the words make, None where there is none.

    `words` as `_signal_text.new_words` gives them. Confidence: .9 for "I will ... by Friday", .8 for "we'll ...
    tomorrow", .6 for what somebody can, hopes or tries to do.
    """
    if not _PROMISES_AT_ALL.search(words):
        return None
    today = said_at.astimezone(UTC).date()
    for found in PROMISE.finditer(words):
        if found["after"] or _NOT.search(found["what"]):
            continue
        with suppress(ValueError, OverflowError):
            day = _day(found, today)
            if day is not None and timedelta() <= day - today <= _FARTHEST:
                soft = found["soft"] or _TRY.search(found["what"])
                sure = 0.6 if soft else 0.9 if found["by"] or found["n"] else 0.8
                return Promise(datetime.combine(day, time(23, 59, 59), UTC), (day - today).days, sure)
    return None


def _day(found: re.Match[str], today: date) -> date | None:
    """The day that was named; ValueError where the calendar has no such day."""
    if found["iso"]:
        return date.fromisoformat(found["iso"])
    if found["name"]:
        return _weekday(found["name"], today)
    if found["word"]:
        return _WORDS[_named(found["word"])](today)
    if found["n"]:
        return _later(found["n"], found["unit"], today)
    month, day = (found["dmon"], found["dm"]) if found["dmon"] else (found["mmon"], found["md"])
    named = date(today.year, _MONTHS[month], int(day))
    # A day of half a year ago or more means next year's; one nearer by is spoken of in the past.
    if named >= today:
        return named
    return named.replace(year=today.year + 1) if (today - named).days > 180 else None


def _weekday(name: str, today: date) -> date:
    bare = name.removeprefix("next ")
    ahead = ((_DAYS.index(bare) if bare in _DAYS else _TAGE.index(bare)) - today.weekday()) % 7
    # "Next Friday" is the one after this week's for some and the coming one for others: the later one is safe.
    return today + timedelta(days=ahead + (7 if bare != name else 0))


def _later(number: str, unit: str, today: date) -> date:
    n = _NUMBER.get(number) or int(number)
    if unit == "hour":
        return today + timedelta(days=1 + n // 24)
    if unit in ("business day", "working day"):
        n += 2 * (n // 5 + (today.weekday() + n % 5 > 4))
    return today + timedelta(days=7 * n if unit == "week" else n)


def _named(word: str) -> str:
    return word.replace("the ", "").replace("this ", "")


def _end_of_week(today: date) -> date:
    return today + timedelta(days=(6 - today.weekday()))


def _end_of_month(today: date) -> date:
    return today.replace(day=calendar.monthrange(today.year, today.month)[1])


def _tomorrow(today: date) -> date:
    return today + timedelta(days=1)


def _same(today: date) -> date:
    return today


_WORDS: Final[dict[str, Callable[[date], date]]] = {
    **dict.fromkeys(("end of day", "end of business", "eod", "cob", "close of business", "today", "tonight",
                     "afternoon", "evening", "morning", "heute"), _same),
    **dict.fromkeys(("tomorrow", "morgen"), _tomorrow),
    **dict.fromkeys(("day after tomorrow", "übermorgen"), lambda today: today + timedelta(days=2)),
    **dict.fromkeys(("end of week", "week", "eow", "ende der woche", "diese woche"), _end_of_week),
    **dict.fromkeys(("next week", "end of next week", "nächste woche"),
                    lambda today: _end_of_week(today) + timedelta(days=7)),
    **dict.fromkeys(("end of month", "ende des monats"), _end_of_month),
    "end of next month": lambda today: _end_of_month(_end_of_month(today) + timedelta(days=1)),
}
