"""Rules change: what is in force now is written down with the moment, and pack files are watched while serving."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
from apscheduler.schedulers.background import BackgroundScheduler

from data.audit import append
from data.errors import FrontviewError
from data.writer import Writer
from metrics.conformance.rules import PACKS, Rule

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS: Final = 5
TROUBLE: Final = "rules_trouble"
"""The setting that holds why changed packs were not taken over; empty when they were."""


class Changes(NamedTuple):
    """Ids of rules by what became of them."""

    added: Sequence[str]
    changed: Sequence[str]
    removed: Sequence[str]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def compared(before: Mapping[str, str], rules: Sequence[Rule]) -> Changes:
    """How the rules differ from those in force before, which are given as id -> digest."""
    now = {rule.id: rule.digest for rule in rules}
    return Changes(
        [rule for rule in now if rule not in before],
        [rule for rule in now if before.get(rule, now[rule]) != now[rule]],
        [rule for rule in before if rule not in now],
    )


def write_down(con: duckdb.DuckDBPyConnection, at_us: int, changes: Changes, rules: Sequence[Rule]) -> None:
    """Keep the text of rules as it stood, from when to when, and the change itself in the audit trail."""
    con.execute(
        "UPDATE rule_text SET until_t = $at WHERE until_t IS NULL AND list_contains($ids, id)",
        {"at": at_us, "ids": [*changes.changed, *changes.removed]},
    )
    fresh = {*changes.added, *changes.changed}
    rows = [(rule.id, rule.digest, rule.pack, rule.body, at_us) for rule in rules if rule.id in fresh]
    if rows:
        con.executemany("INSERT INTO rule_text VALUES (?, ?, ?, ?, ?, NULL)", rows)
    digests = {rule.id: rule.digest for rule in rules if rule.id in fresh}
    detail = {"added": list(changes.added), "changed": list(changes.changed), "removed": list(changes.removed)}
    append(con, at_us, ("program", "system"), "rules changed", detail=detail | {"digests": digests})


@contextmanager
def watching(writer: Writer, folders: Sequence[Path]) -> Iterator[None]:
    """While inside, changed pack files are validated and taken over without a restart.

    A pack that is not understood changes nothing: the rules in force stay, and the reason stands in the setting
    `rules_trouble` and in the log.
    """
    places = [PACKS, *folders]
    seen = _look(places)

    def look() -> None:
        nonlocal seen
        found = _look(places)
        if found == seen:
            return
        seen = found
        try:
            writer.refresh()
            trouble = ""
        except FrontviewError as error:
            trouble = str(error)
            log.error("changed rules were not taken over: %s", trouble)
        writer.do(lambda con: note_trouble(con, trouble))

    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(look, "interval", seconds=LOOK_EVERY_SECONDS, coalesce=True, max_instances=1,
                      misfire_grace_time=None)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


def note_trouble(con: duckdb.DuckDBPyConnection, trouble: str) -> None:
    """Remember why changed packs were not taken over; the empty text forgets it."""
    con.execute("DELETE FROM setting WHERE name = $name", {"name": TROUBLE})
    if trouble:
        con.execute("INSERT INTO setting VALUES ($name, $trouble)", {"name": TROUBLE, "trouble": trouble})


def _look(places: Sequence[Path]) -> frozenset[tuple[str, int, int]]:
    files = [file for place in places for file in place.glob("*.yaml")]
    return frozenset((str(file), (stat := file.stat()).st_mtime_ns, stat.st_size) for file in files)
