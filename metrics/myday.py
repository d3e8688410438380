"""A person's day as one list: who waits, what a rule or an own promise makes due, and what needs a next step.

Nothing is ever ticked off: each item is worked out from what the sources say, so it goes when the work is done there.
Only ever read in the person's own scope.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from data.errors import SkipRecord
from data.event import micros
from metrics._contract import DAY, HOUR, Metric, Read, ask
from metrics._labels import Label, describe
from metrics._words import actor, code, words

METRIC = Metric(
    "myday",
    "My day",
    "Items of open cases that you own, or that reached you and nobody has answered for yet: customers without an "
    "answer; rules whose deadline is within three days, inside the rule's own nudge, or over for less than thirty; "
    "days you promised in a message; meetings you held in the last week without a next step, due a day later; deals "
    "in which nothing moved for 14 to 180 days. Ordered by time left (late, within 1 h, 4 h, 24 h, 3 days, later), "
    "then by value: the amount of the case, or of the customer's largest open deal of yours. A customer "
    "who waits with no rule about it counts as due after 24 hours in this order.",
    "Work that no connected system sees, such as a private telephone: it stays on the list. A promised day is read "
    "from words and may be misread. What you put off, called not yours, or dispute is left out until you take it back.",
)

WAIT: Final = "wait"
RULE: Final = "rule"
PROMISE: Final = "promise"
MEETING: Final = "meeting"
TOUCH: Final = "touch"
_NAMELESS: Final = {
    WAIT: "A customer waits for an answer",
    PROMISE: "A day you promised in a message",
    MEETING: "A next step after a meeting",
    TOUCH: "A deal in which nothing moves",
}
ANSWERS: Final = ("msg.out", "call.out")
_DOING: Final = (*ANSWERS, "meeting.held", "promise.kept")
_PLANNING: Final = ("meeting.scheduled", "task.planned", "promise.made")
_SOON_US: Final = 3 * DAY
_OLD_US: Final = 30 * DAY
_SILENT_US: Final = (14 * DAY, 180 * DAY)
_CLASSES: Final = (0, HOUR, 4 * HOUR, DAY, 3 * DAY)
_MOST: Final = 300
_ALWAYS: Final = 9_000_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class Todo:
    """One item. `key` stays the same while it is the same piece of work. `due_t`: by when (None: no deadline), `t`:
    what it counts from; `seq`: the event behind it (0: none); `rule`: the rule's code (0: none) and `severity` its
    severity; `is_sure`: an overdue one is late for certain. `worth`: an amount, 0 when unknown."""

    key: str
    kind: str
    case: Label
    what: str
    why: str
    t: int
    due_t: int | None = None
    seq: int = 0
    rule: int = 0
    severity: str = ""
    is_sure: bool = True
    worth: float = 0.0

    @property
    def customer(self) -> str:
        """Who it is for, as people call them."""
        return self.case.customer or self.case.name or self.case.id

    def left(self, now_t: int) -> int:
        """Which class of time left it is in: 0 late to 5 later."""
        due_t = self.t + DAY if self.due_t is None and self.kind == WAIT else self.due_t
        if due_t is None:
            return len(_CLASSES)
        return next((place for place, most in enumerate(_CLASSES) if due_t - now_t < most), len(_CLASSES))


@dataclass(frozen=True, slots=True)
class Disputed:
    """An activation or event that the reader disputes and that is not settled."""

    number: int
    title: str
    case: Label | None
    at_t: int


@dataclass(frozen=True, slots=True)
class Wait:
    """A customer who waits for the reader, longest first, whatever else is said of it."""

    case: Label
    since_t: int


@dataclass(frozen=True, slots=True)
class Day:
    """What is to be done, most urgent first; what was put off, and until when; what was called not the reader's; what
    the reader disputes; and all customers who wait."""

    rows: Sequence[Todo]
    snoozed: Sequence[tuple[Todo, int]]
    disowned: Sequence[Todo]
    disputed: Sequence[Disputed]
    waits: Sequence[Wait] = ()

    def late(self, now_t: int) -> int:
        """How many are overdue."""
        return sum(row.due_t is not None and row.due_t < now_t for row in self.rows)

    def within(self, now_t: int, us: int) -> int:
        """How many fall due from now on within so long."""
        return sum(row.due_t is not None and now_t <= row.due_t < now_t + us for row in self.rows)


def day(read: Read, now_t: int) -> Day:
    """The reader's day; empty for a reader who is nobody in the sources."""
    if not read.scope.actor:
        return Day([], [], [], [])
    me = actor(read, read.scope.actor)
    own = {row["obj"]: row for row in ask(read, "my_open", {})}
    book = {row["code"]: row for row in ask(read, "my_rulebook", {"answers": _codes(read, ANSWERS)})}
    said = read("SELECT n, at_t, kind, rule, obj, seq FROM dispute WHERE withdrawn_t IS NULL AND settled_t IS NULL", {})
    wrong = {row["seq"] for row in said if row["kind"] == "event"}
    promised = [row for row in _promises(read, me, now_t) if row["seq"] not in wrong]
    met = [row for row in _meetings(read, me, now_t) if row["seq"] not in wrong]
    owed = _owed(read, book, now_t, {row["seq"] for row in promised})
    waits = _waiting(own, now_t)
    parties = {_key(own[row["obj"]]) for row in owed if book[row["rule"]]["is_reply"] and row["obj"] in own}
    describe(read, [*(row["obj"] for row in (*promised, *met, *owed, *said)), *own])
    names = _named(describe(read, own), own)
    found = [
        *_rules(names, book, owed, now_t),
        *_waits(names, waits, parties, words(read, "channel")),
        *_promised(names, promised),
        *_met(names, met),
        *_silent(names, own, code(read, "object_type", "opportunity"), now_t),
    ]
    found = _sorted(_valued(read, own, found), now_t)
    silent = [Wait(names[row["obj"]], row["waiting_t"]) for row in waits if row["obj"] in names]
    return _parted(read, found, _disputed(names, book, said), silent, now_t)


def without_names(one: Todo) -> str:
    """What an item is called where no name may be told: a rule by its own words, the case by our number of it."""
    return f"{_NAMELESS.get(one.kind, one.why)} ({one.case.otype or 'case'} {one.case.obj})"


def _named(names: Mapping[int, Label], own: Mapping[int, Mapping[str, Any]]) -> dict[int, Label]:
    """The labels of own cases; who wrote is known even where nobody has answered yet and so it is in no other list."""
    return {obj: replace(label, customer=label.customer or (own[obj]["called"] or "" if obj in own else ""))
            for obj, label in names.items()}


def _codes(read: Read, names: Iterable[str]) -> list[int]:
    return [code(read, "activity", name) for name in names]


def _promises(read: Read, me: int, now_t: int) -> list[dict[str, Any]]:
    (promise,) = _codes(read, ("promise.made",))
    rows = ask(read, "my_promises", {
        "promise": promise, "me": me, "since_t": now_t - 60 * DAY, "doing": _codes(read, _DOING)})
    for row in rows:
        row["told"] = json.loads(row["attrs"] or "{}")
        row["due_t"] = _moment(row["told"].get("due_at"))
    return [row for row in rows if row["due_t"] is not None and row["due_t"] > now_t - _OLD_US]


def _moment(text: Any) -> int | None:
    try:
        return micros(datetime.fromisoformat(str(text)))
    except (ValueError, SkipRecord):
        return None


def _meetings(read: Read, me: int, now_t: int) -> list[dict[str, Any]]:
    (meeting,) = _codes(read, ("meeting.held",))
    return ask(read, "my_meetings", {
        "meeting": meeting, "me": me, "since_t": now_t - 7 * DAY, "now_t": now_t, "planning": _codes(read, _PLANNING)})


def _owed(read: Read, book: Mapping[int, Mapping[str, Any]], now_t: int, promised: set[int]) -> list[dict[str, Any]]:
    """Pending activations. What an own promise makes due is told once, as the promise; of several rules about an
    answer to the same message the one that falls due first is told."""
    nudges = [book[number]["nudge_us"] if number in book else 0 for number in range(max(book, default=0) + 1)]
    rows = ask(read, "my_rules", {
        "old_t": now_t - _OLD_US, "soon_t": now_t + _SOON_US, "now_t": now_t, "rules": list(book), "nudges": nudges,
        "limit": _MOST})
    found, seen = [], set()
    for row in rows:
        what = 0 if book[row["rule"]]["is_reply"] else row["rule"]
        same = (what, row["obj"], row["act_seq"])
        if same not in seen and row["act_seq"] not in promised:
            seen.add(same)
            found.append(row)
    return found


def _rules(names: Mapping[int, Label], book: Mapping[int, Mapping[str, Any]], owed: Sequence[Mapping[str, Any]],
           now_t: int) -> list[Todo]:
    found = []
    for row in owed:
        rule, case = book[row["rule"]], names.get(row["obj"])
        if case is None:
            continue
        mark = _ALWAYS if rule["watermark_t"] is None else rule["watermark_t"]
        found.append(Todo(
            f"{RULE}:{rule['id']}:{row['obj']}:{row['act_seq']}", RULE, case,
            f"Reply to {_who(case)}" if rule["is_reply"] else rule["help"] or rule["title"],
            f"{rule['id']} {rule['title']}", row["t"], row["due_t"], row["act_seq"], row["rule"], rule["severity"],
            is_sure=not (mark < row["due_t"] < now_t)))
    return found


def _waiting(own: Mapping[int, Mapping[str, Any]], now_t: int) -> list[Mapping[str, Any]]:
    """One case for each customer without an answer: where the wait is longest, in cases that moved in thirty days."""
    longest: dict[int, Mapping[str, Any]] = {}
    for row in sorted(own.values(), key=lambda row: (row["waiting_t"] or 0, row["obj"])):
        if row["waiting_t"] is not None and row["waiting_t"] <= now_t and row["last_t"] >= now_t - 30 * DAY:
            longest.setdefault(_key(row), row)
    return list(longest.values())


def _key(row: Mapping[str, Any]) -> int:
    """Who waits: the customer, or the case where none is known."""
    return int(row["party"] or -row["obj"])


def _waits(names: Mapping[int, Label], waits: Sequence[Mapping[str, Any]], asked: set[int],
           channels: Mapping[int, str]) -> list[Todo]:
    """Customers without an answer, unless a rule already asks for one to the same customer."""
    found = []
    for row in waits:
        if row["obj"] in names and _key(row) not in asked:
            case, channel = names[row["obj"]], channels.get(row["channel"], "")
            found.append(Todo(f"{WAIT}:{row['obj']}:{row['waiting_t']}", WAIT, case, f"Reply to {_who(case)}",
                              "waits for an answer" + (f" by {channel}" if channel else ""), row["waiting_t"]))
    return found


def _promised(names: Mapping[int, Label], rows: Sequence[Mapping[str, Any]]) -> list[Todo]:
    found = []
    for row in rows:
        if case := names.get(row["obj"]):
            told = row["told"].get("confidence")
            sure = "" if not isinstance(told, int | float) or told >= 0.8 else ", perhaps"
            found.append(Todo(
                f"{PROMISE}:{row['obj']}:{row['seq']}", PROMISE, case, f"Keep your promise to {_who(case)}",
                f"a day named in your message{sure}", row["t"], row["due_t"], row["seq"]))
    return found


def _met(names: Mapping[int, Label], rows: Sequence[Mapping[str, Any]]) -> list[Todo]:
    return [
        Todo(f"{MEETING}:{row['obj']}:{row['seq']}", MEETING, names[row["obj"]],
             f"Agree a next step with {_who(names[row['obj']])}", "a meeting without a next step", row["t"],
             row["t"] + DAY, row["seq"])
        for row in rows if row["obj"] in names
    ]


def _silent(names: Mapping[int, Label], own: Mapping[int, Mapping[str, Any]], deal: int, now_t: int) -> list[Todo]:
    least, most = _SILENT_US
    return [
        Todo(f"{TOUCH}:{obj}:{row['last_t']}", TOUCH, names[obj], f"Get in touch with {_who(names[obj])}",
             f"nothing has moved for {(now_t - row['last_t']) // DAY} days", row["last_t"])
        for obj, row in own.items()
        if row["otype"] == deal and row["waiting_t"] is None and least <= now_t - row["last_t"] < most and obj in names
    ]


def _who(case: Label) -> str:
    return case.customer or case.name or "the customer"


def _valued(read: Read, own: Mapping[int, Mapping[str, Any]], found: Sequence[Todo]) -> list[Todo]:
    """Each item with what hangs on it."""
    if not found:
        return []
    rows = ask(read, "my_amounts", {"objs": sorted(own)}) if own else []
    amounts = {row["obj"]: row["amount"] or 0.0 for row in rows}
    largest: dict[int, float] = {}
    for obj, amount in amounts.items():
        party = own[obj]["party"]
        largest[party] = max(amount, largest.get(party, 0.0))
    largest.pop(0, None)
    return [replace(one, worth=amounts.get(one.case.obj) or largest.get(_party(own, one), 0.0)) for one in found]


def _party(own: Mapping[int, Mapping[str, Any]], one: Todo) -> int:
    return own[one.case.obj]["party"] if one.case.obj in own else 0


def _sorted(found: Iterable[Todo], now_t: int) -> list[Todo]:
    return sorted(found, key=lambda one: (one.left(now_t), -one.worth, one.due_t or _ALWAYS, one.t, one.key))


def _disputed(names: Mapping[int, Label], book: Mapping[int, Mapping[str, Any]],
              said: Sequence[Mapping[str, Any]]) -> list[Disputed]:
    titles = {number: f"{rule['id']} {rule['title']}" for number, rule in book.items()}
    words = {"event": "an event recorded as yours", "value": "what is recorded of you"}
    return [Disputed(row["n"], words.get(row["kind"]) or titles.get(row["rule"], "a rule"), names.get(row["obj"]),
                     row["at_t"]) for row in said]


def _parted(read: Read, found: Sequence[Todo], disputed: Sequence[Disputed], waits: Sequence[Wait],
            now_t: int) -> Day:
    later = {row["item"]: row["until_t"] for row in read("SELECT item, until_t FROM snooze WHERE until_t > $now_t",
                                                         {"now_t": now_t})}
    others = {row["item"] for row in read("SELECT item FROM not_mine", {})}
    return Day(
        [one for one in found if one.key not in later and one.key not in others],
        [(one, later[one.key]) for one in found if one.key in later and one.key not in others],
        [one for one in found if one.key in others],
        disputed,
        waits,
    )
