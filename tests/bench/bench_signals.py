"""How many messages a second one core looks through for signals, and how that compares to Python's `re`.

Run as `python tests/bench/bench_signals.py`. The messages are made up from a seed: mails of about 2.5 KB, one in
ten with a quoted mail below it, one in ten as HTML, one in ten with a phrase that is a signal; and short posts of
140 letters. CPU seconds of this process, best of so many rounds. Both engines must find the same.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _report import save, table

from connectors._signal_text import new_words
from connectors._signal_words import SIGNALS
from connectors._signals import find, signals_of
from data.event import Direction, Event, Ref

FLOOR = 5_000
_WORDS = (
    "the", "order", "delivery", "we", "you", "please", "thank", "invoice", "contract", "price", "offer",
    "meeting", "monday", "week", "question", "answer", "team", "product", "customer", "service", "support",
    "account", "number", "still", "again", "because", "would", "could", "about", "after", "before", "send",
    "sent", "received", "will", "have", "has", "been", "with", "from", "this", "that", "there", "which",
    "their", "other", "more", "time", "day", "month", "project", "manager", "office", "call", "phone", "write",
    "letter", "next", "last", "first", "great", "best", "regards", "hello", "dear", "yes", "no", "maybe",
    "today", "tomorrow", "problem", "solution", "work")
_SAID = (
    "I am very disappointed with your answer", "please take me off your mailing list",
    "you will hear from my lawyer",
    "I want to cancel my contract", "we guarantee a return of ten percent", "let us take this offline",
    "I'll send the contract by Friday", "your support is useless")
_AT = datetime(2026, 11, 4, 10, tzinfo=UTC)


def made(rng: random.Random, letters: int) -> str:
    """A message of about so many letters."""
    words: list[str] = []
    size = 0
    while size < letters:
        word = rng.choice(_WORDS)
        size += len(word) + 1
        words.append(word + (".\n" if rng.random() < 0.08 else ""))
    text = " ".join(words)
    chance = rng.random()
    if chance < 0.1:
        text += f"\n{rng.choice(_SAID)}.\n"
    elif chance < 0.2:
        quoted = text[:400].replace("\n", "\n> ")
        text += f"\n\nOn Mon, 2 Nov 2026 at 10:00 Carla <carla@customer.example> wrote:\n> {quoted}"
    elif chance < 0.3:
        text = "<html><body><p>" + text.replace("\n", "</p>\n<p>") + "</p></body></html>"
    return text


def messages(letters: int, count: int, direction: Direction) -> list[tuple[Event, str]]:
    """So many made-up messages, each with its event."""
    rng = random.Random(letters)
    objects = [Ref("conversation", "c"), Ref("contact", "carla@customer.example", "from")]
    activity = "msg.in" if direction == "inbound" else "msg.out"
    return [(Event(f"m{number}", _AT, activity, objects, "a", "t", "email", direction), made(rng, letters))
            for number in range(count)]


def cpu_seconds(work: Callable[[], object], rounds: int) -> float:
    """CPU seconds of the best round."""
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def measured(letters: int, count: int, direction: Direction, rounds: int) -> dict[str, Any]:
    """Messages a second: the whole step, matching alone, and matching by `re` with one search a phrase."""
    told = messages(letters, count, direction)
    words = [new_words(text) for _, text in told]
    plain = [(signal.name, re.compile(phrase, re.ASCII)) for signal in SIGNALS if signal.said_by == direction
             for phrase in signal.phrases]
    # `re` is slow enough to be measured on fewer messages.
    few = words[:max(20, count // 10)]

    def by_re() -> list[set[str]]:
        return [{name for name, phrase in plain if phrase.search(one)} for one in few]

    if by_re() != [{hit.name for hit in find(one, direction)} for one in few]:
        sys.exit("re2 and re found different signals; one of the phrases means something else to each of them")
    whole = cpu_seconds(lambda: [signals_of(event, text) for event, text in told], rounds)
    match = cpu_seconds(lambda: [find(one, direction) for one in words], rounds)
    slow = cpu_seconds(by_re, 1)
    return {"what": f"{direction}, {letters:,} letters", "phrases": len(plain), "messages": count,
            "found": sum(len(find(one, direction)) for one in words), "whole": count / whole,
            "match": count / match, "re": len(few) / slow, "ratio": (count / match) / (len(few) / slow)}


def main() -> None:
    """Measure, print the table, write it as JSON; ends with 1 below the floor."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    rows = [measured(letters, chosen.messages, direction, chosen.rounds)
            for letters in (2_500, 140) for direction in ("inbound", "outbound")]
    table(rows, {"what": "messages", "phrases": "phrases", "found": "signals", "whole": "whole step /s",
                 "match": "matching /s", "re": "re /s", "ratio": "times re"})
    save("signals", {"floor": FLOOR, "rows": rows}, chosen.json)
    if min(row["whole"] for row in rows) < FLOOR:
        sys.exit(f"below the floor of {FLOOR:,} messages a second and core")


if __name__ == "__main__":
    main()
