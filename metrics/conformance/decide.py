"""Decides the bindings of touched objects, set-based; the same statements over all objects are the back-fill.

A binding is one activation together with one object. Its verdict is pending until an answer, a deadline or the end
of the object decides it: fulfilled or violated; a prohibition is holding, then kept or violated. unknown: an
attribute is missing, or only the order of events of one moment would tell. waived: released by `until`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import duckdb

from data.calendars import intervals
from data.settings import CalendarSettings
from data.store import now_us
from metrics._rulebook import compared, write_down
from metrics._sql import run, statements
from metrics.conformance.compile import Compiled, compile_rules
from metrics.conformance.deadline import BUSINESS
from metrics.conformance.known import check_names
from metrics.conformance.rules import Rule, read_packs
from metrics.conformance.walk import WALKED, walk

_STATEMENTS: Final = ("race", "count", "sum", "repeat")
_WEIGHING: Final = {"race", "count", "repeat", "match"}
ENDS: Final = {
    "opportunity": (("opportunity.won", "opportunity.lost"), ("reopened",)),
    "lead": (("lead.qualified", "lead.lost"), ("reopened",)),
    "ticket": (("resolved", "ticket.closed"), ("reopened",)),
    "conversation": (("resolved",), ("reopened",)),
}


@lru_cache(maxsize=8)
def _spans(calendar: CalendarSettings) -> dict[str, list[object]]:
    """The columns of `calendar_open` for a calendar."""
    names = ("calendar", "day_t", "start_t", "end_t", "cum_us", "day_no")
    return dict(zip(names, (list(column) for column in zip(*intervals(calendar), strict=True)), strict=True))


class Words:
    """Codes of words in the file; unknown ones get the next code."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self._known: dict[tuple[str, str], int] = {}

    def code(self, kind: str, word: str) -> int:
        """The code of a word of this kind."""
        if word == "":
            return 0
        # Compiling asks for the same few words again and again.
        if (kind, word) not in self._known:
            self._known[kind, word] = self._look_up(kind, word)
        return self._known[kind, word]

    def _look_up(self, kind: str, word: str) -> int:
        rows = self.con.execute("SELECT code FROM term WHERE kind = ? AND name = ?", [kind, word]).fetchall()
        if rows:
            return rows[0][0]
        return self.con.execute(
            "INSERT INTO term SELECT $kind, 1 + coalesce(max(code), 0), $word FROM term "
            "WHERE kind = $kind RETURNING code",
            {"kind": kind, "word": word},
        ).fetchall()[0][0]

    def names(self, kind: str) -> Collection[str]:
        """All words of this kind."""
        return [name for (name,) in self.con.execute("SELECT name FROM term WHERE kind = ?", [kind]).fetchall()]


class Conformance:
    """The rules in force, compiled for one database file."""

    def __init__(
        self,
        folders: Sequence[Path] = (),
        *,
        enabled: Collection[str] = (),
        disabled: Collection[str] = (),
        calendars: Sequence[CalendarSettings] = (),
    ) -> None:
        self.folders, self.enabled, self.disabled = folders, enabled, disabled
        self.calendars = calendars or [CalendarSettings("default")]
        self.rules: Sequence[tuple[int, Rule]] = []
        self._compiled = Compiled()
        self._pair = self._cand = ""

    def prepare(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Read the packs and write rules, clocks and calendars down; whether verdicts may differ from last time.

        Raises FixSettings for what is not understood, and then the rules in force stay as they are.
        """
        words = Words(con)
        packs = read_packs(
            self.folders,
            enabled=self.enabled,
            disabled=self.disabled,
            seen=words.names("activity"),
            objects=words.names("object_type"),
        )
        check_names(con, packs, [calendar.id for calendar in self.calendars])
        rules = [rule for pack in packs for rule in pack.rules]
        changes = compared(dict(con.execute("SELECT id, digest FROM rule WHERE active").fetchall()), rules)
        if changes:
            write_down(con, now_us(), changes, rules)
        self.take(con, rules)
        return bool(changes) | self._other_calendars(con)

    def _other_calendars(self, con: duckdb.DuckDBPyConnection) -> bool:
        told = str(self.calendars)
        if con.execute("SELECT value FROM setting WHERE name = 'calendars'").fetchall() == [(told,)]:
            return False
        con.execute("DELETE FROM setting WHERE name = 'calendars'")
        con.execute("INSERT INTO setting VALUES ('calendars', ?)", [told])
        return True

    def take(self, con: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> None:
        """Make these the rules in force on this connection, and compile them."""
        words = Words(con)
        self.rules = [(words.code("rule", rule.id), rule) for rule in rules]
        con.execute("DELETE FROM rule")
        if rules:
            con.executemany(
                "INSERT INTO rule VALUES (?, ?, ?, ?, TRUE, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        code,
                        r.id,
                        r.pack,
                        r.digest,
                        r.title,
                        r.severity,
                        r.kind,
                        r.template,
                        r.object,
                        r.nudge_us,
                        r.help,
                        r.body,
                    )
                    for code, r in self.rules
                ],
            )
        self._compiled = compile_rules(self.rules, words.code)
        self._pair, self._cand = (
            statements(name)[0][0].replace("{between}", self._compiled.between) for name in ("pair", "cand")
        )
        self._write(con, words)

    def _write(self, con: duckdb.DuckDBPyConnection, words: Words) -> None:
        lifecycle = [
            (words.code("object_type", kind), words.code("activity", activity), ends)
            for kind, (over, back) in ENDS.items()
            for ends, group in ((True, over), (False, back))
            for activity in group
        ]
        filled: dict[str, Sequence[tuple[object, ...]]] = {
            "rule_term": self._compiled.terms,
            "rule_clock": self._compiled.clocks,
            "lifecycle": lifecycle,
        }
        for table, rows in filled.items():
            con.execute("DELETE FROM " + table)
            if rows:
                places = ", ".join("?" * len(rows[0]))
                con.executemany("INSERT INTO " + table + " VALUES (" + places + ")", rows)
        con.execute("DELETE FROM calendar_open")
        # Forty years of days cost more than deciding a small file, so only what some rule counts by is written.
        asked = {rule.calendar for _, rule in self.rules if {rule.within.unit, rule.grace.unit} & BUSINESS}
        for calendar in self.calendars:
            if calendar.id in asked:
                con.execute(
                    "INSERT INTO calendar_open SELECT unnest($calendar), unnest($day_t), unnest($start_t), "
                    "unnest($end_t), unnest($cum_us), unnest($day_no)",
                    _spans(calendar),
                )

    @property
    def attributes(self) -> Sequence[int]:
        """Codes of the attributes of objects that some condition reads: when they change, verdicts may."""
        return self._compiled.attributes

    @property
    def course(self) -> dict[str, object]:
        """What deciding reads of an object's course: parameters of sql/course.sql."""
        return {"whole": self._compiled.whole, "attrs": self._compiled.reads_attrs}

    @property
    def joint(self) -> bool:
        """Whether some rule asks for all or any of the objects of an activation."""
        return "quantifier" in self._compiled.looks

    def about(self, types: Collection[int]) -> bool:
        """Whether some rule is about objects of one of these types."""
        return any(term[2] in types for term in self._compiled.terms)

    def decide(self, con: duckdb.DuckDBPyConnection) -> None:
        """Fill the temp table `bind_new` from `hist` and `fact_new`."""
        con.execute(self._compiled.mark, dict(self._compiled.mark_params))
        run(con, "deadline", {})
        if self._compiled.by_calendar:
            run(con, "business", {})
        con.execute(self._pair, dict(self._compiled.between_params))
        run(con, "near", {})
        run(con, "verdict", {})
        looks = self._compiled.looks
        if looks & _WEIGHING:
            con.execute(self._cand, dict(self._compiled.between_params))
        for look in _STATEMENTS:
            if look in looks:
                run(con, look, {})
        for look in WALKED:
            if look in looks:
                walk(con, look)
        if self.joint:
            run(con, "part", {})

    def watch(self, con: duckdb.DuckDBPyConnection) -> None:
        """Fill the temp table `mark` with the events of `hist` that some rule may look at."""
        con.execute(self._compiled.watch, dict(self._compiled.watch_params))
