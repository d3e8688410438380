"""Messages that leave: each is written down, with what it tells of, before it is sent, and its state kept after.

So a stop at any moment loses nothing: what was written and not marked as sent is sent again, at least once. The
message is general: breaches to a channel today, a digest or a nudge to one person the same way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import duckdb
import polars as pl

from data.event import Scalar
from data.writer import Writer

WAITING: Final = "waiting"
SENT: Final = "sent"
FAILED: Final = "failed"
PERSONAL: Final = "me."
"""How channels to one person begin; none in the settings can be called so."""
_PLACE: Final = "alerts:"
_COLUMNS: Final = "n, channel, made_t, count, subject, body, tries"
_KEYS: Final[dict[str, Any]] = {"rule": pl.Int32, "obj": pl.Int32, "act_seq": pl.Int64, "what": pl.String}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing told: a sentence, where its evidence is, and the same as plain values for machines. `at` is ISO."""

    text: str
    link: str
    at: str
    facts: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """What is told at once. `count` is how many things it is about, which may be more than it has lines.

    No personal text: whoever makes one puts in numbers, words of the rules and links, and nothing else.
    """

    subject: str
    intro: str
    lines: Sequence[Line]
    count: int
    link: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it was written down: its number, for which channel and when (microseconds), how often tried."""

    n: int
    channel: str
    made_t: int
    tries: int
    message: Message


@dataclass(frozen=True, slots=True)
class Told:
    """A binding that a channel is told of, and as what (breach, due)."""

    rule: int
    obj: int
    act_seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Pace:
    """What a channel was sent lately: when the last message was made (None: never), how many since a moment, and
    whether one still waits."""

    last_t: int | None
    lately: int
    waits: bool


def identity(letter: Letter) -> str:
    """The same for every attempt to send the letter and another for any other, so that repetitions are known."""
    return f"alert-{letter.channel}-{letter.n}-{letter.made_t}"


def untold(writer: Writer, channel: str, wanted: Sequence[Told]) -> set[Told]:
    """Those that the channel has not been told of."""
    if not wanted:
        return set()

    def work(con: duckdb.DuckDBPyConnection) -> set[Told]:
        _register(con, wanted)
        rows = con.execute("SELECT DISTINCT w.rule, w.obj, w.act_seq, w.what FROM b_told w ANTI JOIN "
                           "(SELECT * FROM alert_told WHERE channel = ?) a USING (rule, obj, act_seq, what)",
                           [channel]).fetchall()
        return {Told(*row) for row in rows}

    return writer.do(work)


def write_down(writer: Writer, channel: str, message: Message, about: Sequence[Told],
               place: Mapping[str, Any] | None = None) -> Letter:
    """Keep a message that is to be sent, what it tells of, and up to where was looked: all or nothing."""
    made_t = writer.clock()
    body = json.dumps({"intro": message.intro, "link": message.link,
                       "lines": [asdict(line) for line in message.lines]}, ensure_ascii=False)

    def work(con: duckdb.DuckDBPyConnection) -> int:
        n: int = con.execute("SELECT coalesce(max(n), 0) + 1 FROM alert").fetchall()[0][0]
        con.execute("INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, NULL, '')",
                    [n, channel, made_t, message.count, message.subject, body, WAITING, made_t])
        if about:
            _register(con, about)
            con.execute("INSERT INTO alert_told SELECT ?, rule, obj, act_seq, what FROM b_told", [channel])
        if place is not None:
            _keep_place(con, channel, place)
        return n

    return Letter(writer.do(work), channel, made_t, 0, message)


def waiting(writer: Writer, channel: str, now_t: int) -> list[Letter]:
    """What is to be sent now, oldest first."""
    rows = writer.do(lambda con: con.execute(
        "SELECT " + _COLUMNS + " FROM alert "
        "WHERE channel = ? AND state = ? AND coalesce(next_t, 0) <= ? ORDER BY n",
        [channel, WAITING, now_t]).fetchall())
    return [_letter(row) for row in rows]


def mark_sent(writer: Writer, letter: Letter, trouble: str = "") -> None:
    """It arrived; `trouble` says what part of it did not."""
    now_t = writer.clock()
    writer.do(lambda con: con.execute(
        "UPDATE alert SET state = ?, tries = tries + 1, next_t = NULL, sent_t = ?, trouble = ? WHERE n = ?",
        [SENT, now_t, trouble, letter.n]) and None)


def mark_tried(writer: Writer, letter: Letter, trouble: str, next_t: int | None) -> None:
    """It did not arrive; it is tried again at `next_t`, or given up (None)."""
    state = WAITING if next_t is not None else FAILED
    writer.do(lambda con: con.execute(
        "UPDATE alert SET state = ?, tries = tries + 1, next_t = ?, trouble = ? WHERE n = ?",
        [state, next_t, trouble, letter.n]) and None)


def give_up_others(writer: Writer, channels: Sequence[str], *, personal: bool = False) -> None:
    """Nobody will ever send what waits for a channel that is no longer in the settings; `personal`: for a person who
    does not want to be told any more. Each kind leaves the other's alone."""
    writer.do(lambda con: con.execute(
        "UPDATE alert SET state = ?, next_t = NULL, trouble = 'the channel is no longer in the settings' "
        "WHERE state = ? AND NOT list_contains(CAST(? AS VARCHAR[]), channel) AND starts_with(channel, ?) = ?",
        [FAILED, WAITING, list(channels), PERSONAL, personal]) and None)


def pace(writer: Writer, channel: str, since_t: int) -> Pace:
    """What the channel was sent lately."""
    rows = writer.do(lambda con: con.execute(
        "SELECT max(made_t), count(*) FILTER (made_t > ?), count(*) FILTER (state = ?) FROM alert "
        "WHERE channel = ?", [since_t, WAITING, channel]).fetchall())
    last_t, lately, waits = rows[0]
    return Pace(last_t, lately, bool(waits))


def place_of(writer: Writer, channel: str) -> dict[str, Any] | None:
    """Up to where was looked for the channel; None before the first time."""
    rows = writer.do(lambda con: con.execute(
        "SELECT value FROM setting WHERE name = ?", [_PLACE + channel]).fetchall())
    return json.loads(rows[0][0]) if rows else None


def keep_place(writer: Writer, channel: str, place: Mapping[str, Any]) -> None:
    """Remember up to where was looked."""
    writer.do(lambda con: _keep_place(con, channel, place))


def settled_now(writer: Writer) -> int:
    """A moment (microseconds) between two commits: all that is believed from before it can be read by now."""
    return writer.do(lambda con: writer.clock())


def _keep_place(con: duckdb.DuckDBPyConnection, channel: str, place: Mapping[str, Any]) -> None:
    con.execute("DELETE FROM setting WHERE name = ?", [_PLACE + channel])
    con.execute("INSERT INTO setting VALUES (?, ?)", [_PLACE + channel, json.dumps(dict(place))])


def _register(con: duckdb.DuckDBPyConnection, told: Sequence[Told]) -> None:
    con.register("b_told", pl.DataFrame([(t.rule, t.obj, t.act_seq, t.what) for t in told], _KEYS, orient="row"))


def _letter(row: Sequence[Any]) -> Letter:
    n, channel, made_t, count, subject, body, tries = row
    told = json.loads(body)
    lines = [Line(**line) for line in told["lines"]]
    return Letter(n, channel, made_t, tries, Message(subject, told["intro"], lines, count, told["link"]))
