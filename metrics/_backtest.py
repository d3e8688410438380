"""Tries rules on the history in the file, without changing anything that is stored: what they would have said.

The same statements decide as in live use; their tables are shadowed by temporary ones of the same names, so a trial
and the running program cannot touch each other.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from data.ingest import PARTY_TYPES
from data.settings import CalendarSettings
from data.store import Store
from metrics._courses import courses, ranges
from metrics._sql import run
from metrics.conformance.decide import Conformance, Words
from metrics.conformance.known import check_names
from metrics.conformance.rules import Pack, Rule, read_pack

VERDICTS: Final = ("pending", "fulfilled", "violated", "holding", "kept", "unknown", "waived")
EVER: Final = (-(2**61), 2**61)
SAMPLED: Final = 20
# Fewer than a back-fill takes: somebody waits and may want to stop, and the live program shares the memory.
_OBJECTS_AT_ONCE: Final = 50_000
_SHOWN: Final = ("object_type", "case_id", "t", "due_t", "reason")
_HIT: Final = ("case_id", "object_type", "t", "due_t", "decided_t", "reason", "obj", "act_seq", "source", "source_id")
_TAKE: Final = "INSERT INTO trial_binding FROM bind_new"
_COUNTS: Final = "SELECT rule, verdict, count(*), count(DISTINCT obj) FROM trial GROUP BY ALL"
_DAYS: Final = "SELECT rule, count(DISTINCT t // 86400000000) AS days FROM trial GROUP BY rule"
# The same hits are drawn each time: by the hash of what was hit, not by chance.
_SAMPLE: Final = """SELECT t.rule, o.id AS case_id, ot.name AS object_type, t.t, t.due_t, t.decided_t, t.reason,
        t.obj, t.act_seq, s.id, e.source_id
    FROM trial t JOIN object o USING (obj) JOIN term ot ON ot.kind = 'object_type' AND ot.code = o.otype
    JOIN event e ON e.seq = t.act_seq JOIN source s ON s.code = e.source WHERE t.verdict = 2
    QUALIFY row_number() OVER (PARTITION BY t.rule ORDER BY md5(o.id || e.source_id)) <= $limit
    ORDER BY t.rule, md5(o.id || e.source_id)"""
_AGAINST: Final = """SELECT coalesce(t.rule, b.rule) AS rule, count(*) FILTER (t.verdict = b.verdict) AS same,
    count(*) FILTER (b.obj IS NULL) AS new, count(*) FILTER (t.obj IS NULL) AS gone,
    count(*) FILTER (t.verdict <> b.verdict) AS changed
    FROM (FROM trial_binding WHERE t >= $since_t AND t < $until_t) t
    FULL JOIN (FROM binding WHERE t >= $since_t AND t < $until_t AND rule IN (SELECT rule FROM rule_clock)) b
    ON t.rule = b.rule AND t.obj = b.obj AND t.act_seq = b.act_seq GROUP BY ALL"""
_BROUGHT: Final = """SELECT DISTINCT t.name FROM activity_source a
    JOIN term t ON t.kind = 'activity' AND t.code = a.activity"""


@dataclass(frozen=True, slots=True)
class Trial:
    """What to try: activations from `since_t` on and before `until_t` (microseconds); `closed` treats every object as
    ended at its last event; `reviewers` share the load."""

    since_t: int = EVER[0]
    until_t: int = EVER[1]
    closed: bool = False
    reviewers: int = 1


@dataclass(frozen=True, slots=True)
class Tried:
    """What one rule would have said: `counts` by verdict, `objects` by verdict likewise (each object once for each).

    `conformance` is met / (met + broken), None without any; `load` the broken ones a reviewer would see on a day with
    activations; `hits` up to 20 of them to judge; `against` how it differs from the version in force (None: there is
    none); `missing` activities that no source has brought.
    """

    rule: Rule
    counts: Mapping[str, int]
    objects: Mapping[str, int]
    conformance: float | None
    load: float
    hits: Sequence[Mapping[str, Any]]
    against: Mapping[str, int] | None
    missing: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        rule = self.rule
        return {
            "id": rule.id,
            "title": rule.title,
            "template": rule.template,
            "object": rule.object,
            "kind": rule.kind,
            "severity": rule.severity,
            "activations": sum(self.counts.values()),
            **self.counts,
            "conformance": self.conformance,
            "load_per_reviewer_and_day": self.load,
            "objects": self.objects,
            "hits": [{key: hit[key] for key in _SHOWN} for hit in self.hits],
            "against_present": self.against,
            "missing": list(self.missing),
        }


class Stopped(Exception):
    """Whoever waited for the trial has stopped it."""


class Progress:
    """How far a trial is, for those in other threads who wait for it: `done` of `total` parts; they may stop it."""

    def __init__(self) -> None:
        self.done = self.total = 0
        self._is_stopped = False
        self._con: duckdb.DuckDBPyConnection | None = None
        self._guard = threading.Lock()

    def stop(self) -> None:
        """Let the trial end as soon as it can; without a harm where it has ended already or has not begun."""
        with self._guard:
            self._is_stopped = True
            if self._con is not None:
                self._con.interrupt()

    def follow(self, con: duckdb.DuckDBPyConnection | None) -> None:
        """For the trial: it works on this connection now, or (None) no more."""
        with self._guard:
            self._con = con

    def step(self, total: int = 0) -> None:
        """For the trial: the next part begins, of so many where that is known now. Stopped when it shall end."""
        if total:
            self.total = total
        else:
            self.done += 1
        if self._is_stopped:
            raise Stopped


def understood(con: duckdb.DuckDBPyConnection, path: Path, calendars: Sequence[CalendarSettings] = ()) -> Pack:
    """The pack, once everything it names is known in this file. Raises FixSettings when it is not understood."""
    words = Words(con)
    pack = read_pack(path, words.names("activity"), words.names("object_type"))
    check_names(con, [pack], [calendar.id for calendar in Conformance(calendars=calendars).calendars])
    return pack


def try_pack(
    store: Store,
    path: Path,
    wish: Trial,
    now_t: int,
    calendars: Sequence[CalendarSettings] = (),
    progress: Progress | None = None,
) -> Sequence[Tried]:
    """What each rule of the pack would have said, by the history in the file as it stands at `now_t`.

    Raises FixSettings when the pack is not understood, and Stopped when `progress` was told to stop.
    """
    progress = progress or Progress()
    con = store.connection.cursor()
    progress.follow(con)
    try:
        pack = understood(con, path, calendars)
        present = {name for (name,) in con.execute("SELECT id FROM rule WHERE active").fetchall()}
        # One transaction, so that a commit meanwhile changes nothing of what is being tried.
        con.execute("BEGIN")
        run(con, "lab_trial", {})
        conformance = Conformance(calendars=calendars)
        conformance.take(con, pack.rules)
        _decide(con, conformance, (wish, now_t), progress)
        return _told(con, conformance, wish, present)
    except duckdb.InterruptException as error:
        raise Stopped from error
    finally:
        progress.follow(None)
        con.close()


def _decide(
    con: duckdb.DuckDBPyConnection, conformance: Conformance, wished: tuple[Trial, int], progress: Progress
) -> None:
    (wish, now_t), words = wished, Words(con)
    progress.step(len(ranges(con, _OBJECTS_AT_ONCE)) + 1)
    party = [words.code("object_type", name) for name in sorted(PARTY_TYPES)]
    con.execute("CREATE OR REPLACE TEMP TABLE trial_binding AS FROM binding_part LIMIT 0")
    waivers = con.execute("SELECT 1 FROM waiver LIMIT 1").fetchall()
    for span in courses(con, conformance, party, _OBJECTS_AT_ONCE, whole=False):
        run(con, "lab_facts", {**span, "closed": wish.closed})
        conformance.decide(con)
        _take(con, waivers)
        progress.step()
    if conformance.joint:
        con.execute("DELETE FROM bind_new")
        con.execute("CREATE OR REPLACE TEMP TABLE joint AS SELECT DISTINCT rule, act_seq FROM binding_part")
        run(con, "joint", {})
        _take(con, waivers)
    run(con, "lab_standing", {"now_t": now_t, "since_t": wish.since_t, "until_t": wish.until_t})
    progress.step()


def _take(con: duckdb.DuckDBPyConnection, waivers: Sequence[object]) -> None:
    # What is excused would stay excused under another text of the rule too.
    if waivers:
        run(con, "waive", {})
    con.execute(_TAKE)


def _told(
    con: duckdb.DuckDBPyConnection, conformance: Conformance, wish: Trial, present: set[str]
) -> Sequence[Tried]:
    counts, objects = dict[int, dict[str, int]](), dict[int, dict[str, int]]()
    for rule, verdict, n, n_objects in con.execute(_COUNTS).fetchall():
        counts.setdefault(rule, dict.fromkeys(VERDICTS, 0))[VERDICTS[verdict]] = n
        objects.setdefault(rule, dict.fromkeys(VERDICTS, 0))[VERDICTS[verdict]] = n_objects
    days = dict(con.execute(_DAYS).fetchall())
    hits: dict[int, list[dict[str, Any]]] = {}
    for row in con.execute(_SAMPLE, {"limit": SAMPLED}).fetchall():
        hits.setdefault(row[0], []).append(dict(zip(_HIT, row[1:], strict=True)))
    against = {
        row[0]: dict(zip(("same", "new", "gone", "changed"), row[1:], strict=True))
        for row in con.execute(_AGAINST, {"since_t": wish.since_t, "until_t": wish.until_t}).fetchall()
    }
    brought = {name for (name,) in con.execute(_BROUGHT).fetchall()}
    found = []
    for number, rule in conformance.rules:
        said = counts.get(number, dict.fromkeys(VERDICTS, 0))
        met, broken = said["fulfilled"] + said["kept"], said["violated"]
        found.append(
            Tried(
                rule=rule,
                counts=said,
                objects=objects.get(number, dict.fromkeys(VERDICTS, 0)),
                conformance=met / (met + broken) if met + broken else None,
                load=round(broken / max(1, days.get(number, 0)) / max(1, wish.reviewers), 2),
                hits=hits.get(number, []),
                against=against.get(number, dict.fromkeys(("same", "new", "gone", "changed"), 0))
                if rule.id in present
                else None,
                missing=_missing(rule, brought),
            )
        )
    return found


def _missing(rule: Rule, brought: set[str]) -> Sequence[str]:
    """What the rule waits for in vain: patterns none of whose activities ever came, and what it says it needs."""
    patterns = [pattern for pattern in (rule.activation, rule.target) if pattern is not None]
    absent = [name for pattern in patterns if not brought & set(pattern.activities) for name in pattern.activities]
    return [*absent, *(name for name in rule.needs if name not in brought and name not in absent)]
