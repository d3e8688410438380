"""Signals in the text of messages: what somebody may be complaining about, threatening with, or promising.

The text is looked through in place and let go of. What is kept of a hit is its name, the number of the phrase and
how often such hits were right. Each signal is an event beside its message, so that rules of the kind `review` can
ask somebody to look; none of them decides anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, Final, NamedTuple

import re2

from connectors._contract import Setting
from connectors._signal_dates import promised
from connectors._signal_text import new_words
from connectors._signal_words import SIGNALS, Signal
from data.event import Direction, Event, Ref, Scalar

SIGNAL_ACTIVITIES: Final = ("complaint.signal", "flag.raised", "oba.signal", "promise.made")
SIGNALS_SETTING: Final = Setting(
    "signals", "look through new text in place for complaints, promises and the like; no text is kept", True)
METHOD: Final = "phrases"
_MAX_MEMORY: Final = 64 << 20
_JUST_AFTER: Final = timedelta(microseconds=1)
_ACTIVITY: Final = {"complaint": "complaint.signal", "outside_activity": "oba.signal"}


class Hit(NamedTuple):
    """A signal that was found: its name, the number of the phrase in its list from 1 on, and how sure it is."""

    name: str
    phrase: int
    confidence: float


class _Phrases(NamedTuple):
    """The phrases of one direction, all matched in one pass, and which signal and number each belongs to."""

    matcher: Any
    belongs: Sequence[tuple[Signal, int]]


@cache
def _compiled(direction: Direction) -> _Phrases:
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    matcher = re2.Set.SearchSet(options)
    belongs = [(signal, number) for signal in SIGNALS if signal.said_by == direction
               for number in range(1, len(signal.phrases) + 1)]
    for signal, number in belongs:
        matcher.Add(signal.phrases[number - 1])
    matcher.Compile()
    return _Phrases(matcher, belongs)


def find(words: str, direction: Direction) -> list[Hit]:
    """The signals in the words (see `new_words`), each once with its first phrase; nothing in internal messages."""
    if direction == "internal" or not words:
        return []
    phrases = _compiled(direction)
    first: dict[str, Hit] = {}
    # Match answers None when nothing hits, and its numbers come in no order.
    for place in sorted(phrases.matcher.Match(words) or ()):
        signal, number = phrases.belongs[place]
        first.setdefault(signal.name, Hit(signal.name, number, signal.confidence))
    return list(first.values())


def signals_of(message: Event, text: str, *, markup: bool = False, sender: str = "") -> list[Event]:
    """The signals that the message's text holds, as events about the same case beside it, a moment later.

    Of the people outside only those it is about are named: who wrote to us, or to whom we wrote.
    """
    words = new_words(text, markup=markup, sender=sender)
    found = [_event(message, hit.name, {"confidence": hit.confidence, "rule": f"{hit.name}-{hit.phrase}"})
             for hit in find(words, message.direction)]
    promise = promised(words, message.at) if message.direction == "outbound" else None
    if promise:
        found.append(_event(message, "promise", {
            "due_at": promise.due_at.isoformat(), "days": promise.days, "confidence": promise.confidence}))
    return found


def _event(message: Event, name: str, attrs: Mapping[str, Scalar]) -> Event:
    activity = "promise.made" if name == "promise" else _ACTIVITY.get(name, "flag.raised")
    told = {"signal": name, "item": message.source_id, "method": METHOD, **attrs}
    # A tie with its own message would leave undecided which came first; the message cannot answer its own promise.
    objects = _concerned(message)
    if name == "outside_activity":
        objects = [*objects, Ref("case", outside_case(message.actor))]
    return Event(f"{message.source_id}#{name}", message.at + _JUST_AFTER, activity, objects, message.actor,
                 message.team, message.channel, "internal", told)


def outside_case(person: str) -> str:
    """The id of the case about somebody's activities outside the firm, under which a register tells of notices.

    It is a hash, because whoever reviews a signal is to see a pseudonym until the case is escalated.
    """
    return "outside/" + hashlib.sha256(person.strip().lower().encode()).hexdigest()[:16]


def _concerned(message: Event) -> list[Ref]:
    role = "from" if message.direction == "inbound" else "to"
    found = [ref for ref in message.objects if ref.type != "contact" or ref.qualifier == role]
    return found or list(message.objects)
