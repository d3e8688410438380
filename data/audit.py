"""The audit trail: what people did, each record chained to the one before by SHA-256, so that a change shows.

`append` runs inside the writer's transaction, together with the deed: either both are stored or neither. Beside the
rows the number and hash of the last one are kept in `setting`, so that a tail cut off shows as well. Whoever can
rewrite the whole file can also forge a whole chain; against that, note a head elsewhere (every evidence pack names
one) and hand it to `verify`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple

import duckdb

from data.errors import FixSettings
from data.scope import Principal

START: Final = "0" * 64
"""What the first record names as the hash before it."""
COMMAND_LINE: Final = ("command line", "system")
"""Who did what is done by whoever holds the file and not by an account."""

Who = Principal | tuple[str, str]
_HEAD: Final = "audit_head"
_PAGE: Final = 20_000
_ROWS: Final = ("SELECT n, at_t, login, role, what, obj, detail, before_hash, hash FROM audit "
                "WHERE n >= ? AND n < ? ORDER BY n, rowid")


class Head(NamedTuple):
    """The last record of a chain: how many there are, and its hash."""

    n: int
    hash: str

    def __str__(self) -> str:
        return f"{self.n}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """The head written as NUMBER:HASH. FixSettings when it is not."""
        number, _, digest = text.strip().partition(":")
        if not number.isdecimal() or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise FixSettings(f"{text[:90]!r} is no head of an audit trail; write NUMBER:HASH, as told before")
        return cls(int(number), digest)


class Entry(NamedTuple):
    """One record as it is stored. `detail` is JSON."""

    n: int
    at_t: int
    login: str
    role: str
    what: str
    obj: int | None
    detail: str
    before_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of going through the chain: `first_bad` is the number of the first record that is not as it was
    written, and `why` says how that shows. `n` records were found to be sound before it."""

    n: int
    ok: bool
    first_bad: int | None
    head: Head
    why: str = ""


def append(con: duckdb.DuckDBPyConnection, at_t: int, who: Who, what: str, obj: int | None = None,
           detail: Mapping[str, Any] | None = None) -> Head:
    """Record a deed and return the new head of the chain. For use inside `Writer.do`, in the deed's transaction.

    `at_t`: microseconds since 1970 UTC. `who`: a principal, or (login, role). `what`: a few fixed words such as
    "account made". `obj`: the number of the case concerned. `detail`: JSON values that name records by id, never
    personal text. An error of ours (TypeError, ValueError) when the detail is no JSON; nothing is stored then.
    """
    login, role = (who.login, who.role.value) if isinstance(who, Principal) else who
    before = _next_after(con)
    words = json.dumps(dict(detail or {}), sort_keys=True, separators=(",", ":"), allow_nan=False)
    fields = (before.n + 1, int(at_t), login, role, what, obj, words, before.hash)
    made = Head(before.n + 1, digest(fields))
    con.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [*fields, made.hash])
    if not con.execute("UPDATE setting SET value = ? WHERE name = ?", [str(made), _HEAD]).fetchall()[0][0]:
        con.execute("INSERT INTO setting VALUES (?, ?)", [_HEAD, str(made)])
    return made


def note_views(con: duckdb.DuckDBPyConnection, at_t: int, who: Principal, what: str, objs: Sequence[int]) -> None:
    """Remember who took something that shows these cases, for the people it concerns. Inside `Writer.do`."""
    if objs:
        con.executemany("INSERT INTO viewer_log VALUES (?, ?, ?, ?, ?, '')",
                        [(at_t, who.login, who.role.value, what, obj) for obj in objs])


def digest(fields: Sequence[Any]) -> str:
    """The SHA-256 of a record's columns up to before_hash, as canonical JSON in ASCII; 64 hexadecimal digits."""
    return sha256(json.dumps(list(fields), separators=(",", ":")).encode("ascii")).hexdigest()


def head(con: duckdb.DuckDBPyConnection) -> Head | None:
    """The head as it was noted with the last record; None while nothing has been recorded."""
    rows = con.execute("SELECT value FROM setting WHERE name = ?", [_HEAD]).fetchall()
    try:
        return Head.parse(rows[0][0]) if rows else None
    except FixSettings:
        # Only somebody else can have written this: no record will ever fit it, which is what verifying finds.
        return Head(-1, "")


def entries(con: duckdb.DuckDBPyConnection, since_t: int = 0) -> Iterator[Entry]:
    """The records from a moment on, in their order."""
    low, last = con.execute("SELECT coalesce(min(n), 0), coalesce(max(n), -1) FROM audit WHERE at_t >= ?",
                            [since_t]).fetchall()[0]
    while low <= last:
        page = con.execute(_ROWS.replace("ORDER", "AND at_t >= ? ORDER"), [low, low + _PAGE, since_t]).fetchall()
        yield from (Entry(*row) for row in page)
        low += _PAGE


def verify(con: duckdb.DuckDBPyConnection, noted: Sequence[Head] = ()) -> Proof:
    """Go through the whole chain; about a second for 100,000 records.

    Finds records that were changed, removed (also the last ones), put in between, or put in another order. `noted`
    are heads that were written down elsewhere before: the chain must still contain each.
    """
    wanted = {one.n: one.hash for one in noted}
    proof = _walk(con, wanted)
    if not proof.ok:
        return proof
    told = head(con) or Head(0, START)
    total = con.execute("SELECT count(*) FROM audit").fetchall()[0][0]
    if total > proof.n:
        return _broken(proof.n + 1, proof.head, "is missing while later ones are there")
    if told.n > proof.n:
        return _broken(proof.n + 1, proof.head, f"is missing: {told.n} were written")
    if told != proof.head:
        return _broken(proof.n, proof.head, "is not the one that is noted as the last")
    if lost := [one for one in noted if one.n > proof.n]:
        return _broken(proof.n + 1, proof.head, f"is missing: a head noted elsewhere counts {lost[0].n}")
    return proof


def _next_after(con: duckdb.DuckDBPyConnection) -> Head:
    """What the next record is chained to. A head that was tampered with is never mended: it stays to be found."""
    known = head(con)
    if known is not None and known.n >= 0:
        return known
    last = con.execute("SELECT coalesce(max(n), 0) FROM audit").fetchall()[0][0]
    return Head(last, START if last == 0 and known is None else "the noted head was gone")


def _walk(con: duckdb.DuckDBPyConnection, wanted: Mapping[int, str]) -> Proof:
    sound = Head(0, START)
    while page := con.execute(_ROWS, [sound.n + 1, sound.n + 1 + _PAGE]).fetchall():
        for row in page:
            if why := _fault(row, sound, wanted):
                return _broken(min(row[0], sound.n + 1), sound, why)
            sound = Head(row[0], row[8])
        # Its twin, if there is one, may lie just behind the page.
        if con.execute("SELECT count(*) FROM audit WHERE n = ?", [sound.n]).fetchall()[0][0] > 1:
            return _broken(sound.n, sound, "is there twice")
    return Proof(sound.n, True, None, sound)


def _fault(row: Sequence[Any], sound: Head, wanted: Mapping[int, str]) -> str:
    """What is wrong with the record that follows a sound one, or the empty word."""
    if row[0] != sound.n + 1:
        return "is missing" if row[0] > sound.n + 1 else "is there twice"
    if row[7] != sound.hash:
        return "does not follow the one before it"
    if digest(row[:8]) != row[8]:
        return "was changed after it was written"
    if wanted.get(row[0], row[8]) != row[8]:
        return "is not the one that a head noted elsewhere names"
    return ""


def _broken(first_bad: int, sound: Head, why: str) -> Proof:
    return Proof(sound.n, False, first_bad, sound, f"record {first_bad:,} {why}")
