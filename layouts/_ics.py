"""A calendar of deadlines (RFC 5545), for any calendar program that subscribes to an address.

The feed leaves the house, so it holds the words of rules, numbers of cases and links, and no name of a customer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

from data.event import moment
from metrics._contract import HOUR
from metrics.myday import Todo, without_names

_OCTETS: Final = 75
_LENGTH_US: Final = HOUR // 4


def calendar(rows: Sequence[Todo], now_t: int, base_url: str) -> str:
    """The items that have a deadline as events that end at it; the same item keeps its identity."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Frontview//My day//EN", "CALSCALE:GREGORIAN",
             "METHOD:PUBLISH", "X-WR-CALNAME:Frontview deadlines", "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
             "X-PUBLISHED-TTL:PT15M"]
    for one in rows:
        if one.due_t is not None:
            lines += _event(one, one.due_t, now_t, base_url)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(one: Todo, due_t: int, now_t: int, base_url: str) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{sha256(one.key.encode()).hexdigest()[:32]}@frontview",
        f"DTSTAMP:{_stamp(now_t)}",
        f"DTSTART:{_stamp(due_t - _LENGTH_US)}",
        f"DTEND:{_stamp(due_t)}",
        f"SUMMARY:{_escaped('Due: ' + without_names(one))}",
        f"URL:{base_url}/me?open=case:{one.case.obj}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _stamp(at_t: int) -> str:
    return f"{moment(at_t):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of 75 octets at most, none of which cuts a character; all but the first begin with a space."""
    piece, room = "", _OCTETS
    for char in line:
        size = len(char.encode())
        if size > room:
            yield piece
            piece, room = " ", _OCTETS - 1
        piece, room = piece + char, room - size
    yield piece
