"""Messages to one person about their own day: a list in the morning, and a nudge before a deadline.

What a person may be told is read in that person's own scope. No names leave: rules, numbers, times and links do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from data import alerts as kept
from data.alerts import PERSONAL, Letter, Line, Message, Told
from data.event import micros, moment
from data.own_choices import Choice, Chosen
from data.scope import Role, Scope
from data.store import Store
from data.writer import Writer
from metrics._alerts import plain
from metrics._contract import HOUR, SECOND, Read
from metrics.myday import WAIT, Todo, day, without_names

LISTED: Final = 15
_MINUTE: Final = 60 * SECOND
# A morning list that is hours late (the program was off, or was switched on at noon) is no morning list.
_STILL_MORNING: Final = timedelta(hours=3)


def channel_of(person: Chosen) -> str:
    """What the messages to this person are kept under; it names nobody."""
    return f"{PERSONAL}{person.code}"


def due_letter(store: Store, writer: Writer, person: Chosen, base_url: str) -> Letter | None:
    """What the person is to be told now, written down and not yet sent; None when there is nothing, or enough was said.

    A deadline is nudged once; one that is moved is another. No more letters a day (the person's own) than chosen.
    """
    now_t, choice, channel = kept.settled_now(writer), person.choice, channel_of(person)
    here = moment(now_t).astimezone(ZoneInfo(choice.zone))
    pace = kept.pace(writer, channel, micros(here.replace(hour=0, minute=0, second=0, microsecond=0)) - 1)
    if pace.waits or pace.lately >= choice.at_most:
        return None
    place = kept.place_of(writer, channel) or {}
    is_morning = _is_morning(choice, here) and place.get("morning") != here.date().isoformat()
    if not is_morning and not choice.before_min:
        return None
    rows = day(Read(store.read, Scope(Role.REP, person.actor)), now_t).rows
    if is_morning:
        place = {"morning": here.date().isoformat()}
        if rows:
            told = _message(rows, f"Frontview: {_count(rows, 'thing')} for today", here, base_url)
            return kept.write_down(writer, channel, told, [], place)
        kept.keep_place(writer, channel, place)
    return _nudge(writer, channel, choice, (rows, here, base_url))


def _is_morning(choice: Choice, here: datetime) -> bool:
    if choice.morning < 0:
        return False
    begins = here.replace(hour=choice.morning // 60, minute=choice.morning % 60, second=0, microsecond=0)
    return begins <= here < begins + _STILL_MORNING


def _nudge(writer: Writer, channel: str, choice: Choice, found: tuple[Sequence[Todo], datetime, str]) -> Letter | None:
    rows, here, base_url = found
    now_t = micros(here)
    near = {_told(one): one for one in rows
            if one.due_t is not None and now_t <= one.due_t <= now_t + choice.before_min * _MINUTE}
    fresh = kept.untold(writer, channel, list(near))
    due = [one for told, one in near.items() if told in fresh]
    if not due:
        return None
    first = min(one.due_t or 0 for one in due)
    subject = f"Frontview: {_count(due, 'deadline')} in {max(1, (first - now_t) // _MINUTE)} min"
    return kept.write_down(writer, channel, _message(due, subject, here, base_url), [_told(one) for one in due])


def _told(one: Todo) -> Told:
    # Kinds that rest on no rule have no number; the moment stands for it, so that a moved deadline is told again.
    return Told(one.rule, one.case.obj, one.seq, f"{one.kind} {one.due_t}")


def _message(rows: Sequence[Todo], subject: str, here: datetime, base_url: str) -> Message:
    page = f"{base_url}/me"
    lines = [_line(one, here, page) for one in rows[:LISTED]]
    more = len(rows) - len(lines)
    intro = "Most urgent first. Each goes by itself when the work is done in your mail or CRM." + (
        f" {more} more are on the page." if more > 0 else "")
    return Message(subject, intro, lines, len(rows), page)


def _line(one: Todo, here: datetime, page: str) -> Line:
    words = plain(without_names(one))
    facts: dict[str, Any] = {"what": one.kind, "case": one.case.obj}
    if one.due_t is None:
        at, when = one.t, ", waiting" if one.kind == WAIT else ""
    else:
        at, when = one.due_t, f", {_when(one.due_t, here)}"
    return Line(f"{words}{when}", f"{page}?open=case:{one.case.obj}", moment(at).isoformat(), facts)


def _when(due_t: int, here: datetime) -> str:
    local, left = moment(due_t).astimezone(here.tzinfo), due_t - micros(here)
    day_ = "" if local.date() == here.date() else f"{local:%a %d %b} "
    if left < 0:
        return f"late since {day_}{local:%H:%M}"
    return f"by {day_}{local:%H:%M}" + (f", {left // _MINUTE} min left" if left < 2 * HOUR else "")


def _count(rows: Sequence[Todo], word: str) -> str:
    return f"{len(rows)} {word}" + ("" if len(rows) == 1 else "s")
