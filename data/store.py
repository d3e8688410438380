"""The one place where facts are kept: an embedded DuckDB file, read by scope and written by one writer."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from data.catalogue import scoped
from data.errors import FixSettings, OurFault
from data.scope import Scope

SCHEMA = Path(__file__).parent / "schema"


def now_us() -> int:
    """The present moment in microseconds since 1970 UTC; only for callers at the edge that have no clock."""
    return int(datetime.now(UTC).timestamp() * 1_000_000)


def explain_fault(error: duckdb.Error, path: str) -> FixSettings:
    """What a fault of the database file means for the user, in one sentence with its remedy."""
    said = str(error)
    if "lock" in said.lower():
        holder = re.search(r"held in (.+?)(?: by user .*?)?\s*\(PID (\d+)\)", said)
        who = f"process {holder[2]} ({Path(holder[1]).name})" if holder else "another process"
        return FixSettings(f"{path} is in use by {who}; stop that one first, or name another file with --db")
    if "read-only" in said.lower() or "permission denied" in said.lower():
        return FixSettings(f"{path} cannot be written (permission denied or a read-only disk); "
                           "give this user the right to write it, or name another file with --db")
    if "no space" in said.lower() or "disk" in said.lower() and "full" in said.lower():
        return FixSettings(f"the disk that holds {path} is full; what was committed is safe, "
                           "free some space and start again")
    if any(word in said.lower() for word in ("valid duckdb", "corrupt", "checksum", "deserialize", "serialization")):
        return FixSettings(f"{path} is damaged or no Frontview file ({said.splitlines()[0][:120]}); "
                           "put a backup in its place or name another file with --db")
    return FixSettings(f"{path} cannot be used: {said.splitlines()[0][:200]}; run `python app.py check --db {path}`")


class Store:
    """An open database file. Reads go through `read`; all writes through one `data.writer.Writer`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: str) -> None:
        self.connection = connection
        self.path = path
        self.version = 0
        self._local = threading.local()
        self._subscribers: list[Callable[[int], None]] = []
        self._guard = threading.Lock()

    @classmethod
    def open(cls, path: str | Path, *, create: bool = True, threads: int | None = None) -> Store:
        """Open the file, making it and applying schema steps where needed.

        Raises FixSettings, in one sentence with the remedy, when the file is missing and not to be made, in use
        by another process, not writable, or damaged.
        """
        where = str(path)
        if where != ":memory:":
            if not create and not Path(where).exists():
                raise FixSettings(f"there is no database file {where}; `python app.py serve` or `demo` makes one")
            try:
                Path(where).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise FixSettings(f"the folder of {where} cannot be made ({error.strerror}); "
                                  "name another file with --db") from error
        try:
            connection = duckdb.connect(where, config={"threads": threads} if threads else {})
            store = cls(connection, where)
            store._migrate()
        except duckdb.Error as error:
            raise explain_fault(error, where) from error
        return store

    def _migrate(self) -> None:
        """Apply the numbered schema files that this database has not seen, each in a transaction of its own."""
        self.connection.execute("CREATE TABLE IF NOT EXISTS schema_step (name VARCHAR NOT NULL)")
        done = {name for (name,) in self.connection.execute("SELECT name FROM schema_step").fetchall()}
        steps = sorted(SCHEMA.glob("*.sql"))
        if unknown := done - {step.name for step in steps}:
            raise FixSettings(f"{self.path} was made by a newer Frontview (step {max(unknown)}); update the program")
        for step in steps:
            if step.name in done:
                continue
            self.connection.execute("BEGIN")
            self.connection.execute(step.read_text(encoding="utf8"))
            self.connection.execute("INSERT INTO schema_step VALUES (?)", [step.name])
            self.connection.execute("COMMIT")
        self.connection.execute(
            "INSERT INTO setting SELECT 'pseudonym_salt', ? WHERE NOT EXISTS "
            "(SELECT 1 FROM setting WHERE name = 'pseudonym_salt')", [secrets.token_hex(16)])
        self.version = self.connection.execute("SELECT coalesce(max(batch), 0) FROM commit_log").fetchall()[0][0]

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection for each thread: DuckDB connections must not be shared by threads."""
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self.connection.cursor()
        return cursor

    def _parse(self, sql: str) -> str:
        return self._cursor().execute("SELECT json_serialize_sql(?)", [sql]).fetchall()[0][0]

    def read(self, sql: str, params: Mapping[str, Any], scope: Scope) -> list[dict[str, Any]]:
        """The rows of a SELECT as dictionaries, narrowed to what the scope may see.

        Parameters are named (`$since_t`). Raises NotAllowed when the scope's role may not read a relation.
        """
        statement, needs = scoped(sql, scope, self._parse)
        values = dict(params)
        if "scope_teams" in needs:
            values["scope_teams"] = sorted(scope.teams or ())
        if "scope_actor" in needs:
            values["scope_actor"] = scope.actor
        try:
            result = self._cursor().execute(statement, values)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        except duckdb.Error as error:
            raise OurFault(f"a query failed: {str(error)[:400]}") from error

    def cursor(self, source: str) -> dict[str, Any]:
        """Where the source resumes, {} at the very start."""
        rows = self._cursor().execute("SELECT cursor FROM source WHERE id = ?", [source]).fetchall()
        return json.loads(rows[0][0]) if rows and rows[0][0] else {}

    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call back with the version after each commit, in the writer's thread; returns how to stop that."""
        with self._guard:
            self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def announce(self, version: int) -> None:
        """For the writer: a commit is there."""
        self.version = version
        with self._guard:
            subscribers = list(self._subscribers)
        for callback in subscribers:
            callback(version)

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()
