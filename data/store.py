"""The one place where facts are kept: an embedded DuckDB file, read by scope and written by one writer."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from data.catalogue import scoped, taking_part
from data.errors import FixSettings, OurFault
from data.scope import Scope

SCHEMA = Path(__file__).parent / "schema"
# How many answers that are the same for everybody, commits, and readers with the objects they take part in are kept.
_COMMON, _NEWS, _PARTAKEN_SCOPES, _PARTAKEN = 500, 500, 200, 20_000
# All that is used is built in: nothing is ever fetched because of what a file or a statement looks like.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False, "autoload_known_extensions": False}


def now_us() -> int:
    """The present moment in microseconds since 1970 UTC; only for callers at the edge that have no clock."""
    return int(datetime.now(UTC).timestamp() * 1_000_000)


def _holder(said: str) -> str:
    found = re.search(r"held in (.+?)(?: by user .*?)?\s*\(PID (\d+)\)", said)
    return f"process {found[2]} ({Path(found[1]).name})" if found else "another process"


# What DuckDB says, in lower case, and what it means for the user; the first that fits counts.
_FAULTS = (
    (("out of memory", "could not allocate"),
     "there is not enough memory to work on {path}; end other programs, then start again"),
    (("set lock", "conflicting lock"),
     "{path} is in use by {holder}; stop that one first, or name another file with --db"),
    (("no space left", "disk full", "disk is full", "disk quota"),
     "the disk that holds {path} is full; what was committed is safe, free some space and start again"),
    (("read-only", "permission denied", "operation not permitted"),
     "{path} cannot be written (permission denied or a read-only disk); give this user the right to write it, "
     "or name another file with --db"),
    (("is a directory",), "{path} is a folder; name a file with --db"),
    (("valid duckdb", "corrupt", "checksum", "serializ", "enough bytes", "wal", "extension", "database file",
      "block", "invalidated", "out of range", "internal error"),
     "{path} is damaged or no Frontview file ({said}); put a backup in its place or name another file with --db"),
    (("",), "{path} cannot be used ({said}); name another file with --db, or put a backup in its place"),
)


def explain_fault(error: duckdb.Error, path: str) -> FixSettings:
    """What a fault of the database file means for the user, in one sentence with its remedy."""
    said, low = (str(error).splitlines() or [""])[0][:120], str(error).lower()
    sentence = next(text for words, text in _FAULTS if any(word in low for word in words))
    return FixSettings(sentence.format(path=path, holder=_holder(str(error)), said=said))


class Store:
    """An open database file. Reads go through `read`; all writes through one `data.writer.Writer`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: str) -> None:
        self.connection = connection
        self.path = path
        self.version = 0
        self._local = threading.local()
        self._writes = 0
        self._common: dict[tuple[str, str], tuple[int, list[dict[str, Any]]]] = {}
        self._partaken: dict[Scope, frozenset[int]] = {}
        self._news: deque[tuple[int, frozenset[int] | None]] = deque(maxlen=_NEWS)
        self._subscribers: list[Callable[[int], None]] = []
        self._cursors: list[duckdb.DuckDBPyConnection] = []
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
            connection = duckdb.connect(where, config=_CONFIG | ({"threads": threads} if threads else {}))
        except duckdb.Error as error:
            raise explain_fault(error, where) from error
        store = cls(connection, where)
        try:
            store._migrate()
        except duckdb.Error as error:
            store.close()
            raise explain_fault(error, where) from error
        except FixSettings:
            store.close()
            raise
        return store

    def _migrate(self) -> None:
        """Apply the numbered schema files that this database has not seen, each in a transaction of its own."""
        tables = {name for (name,) in self.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        if tables and "schema_step" not in tables:
            raise FixSettings(f"{self.path} is a database of another program (it has a table {min(tables)!r}); "
                              "name another file with --db")
        self.connection.execute("CREATE TABLE IF NOT EXISTS schema_step (name VARCHAR NOT NULL)")
        done = {name for (name,) in self.connection.execute("SELECT name FROM schema_step").fetchall()}
        steps = sorted(SCHEMA.glob("*.sql"))
        if unknown := done - {step.name for step in steps}:
            raise FixSettings(f"{self.path} was made by a newer Frontview (step {max(unknown)}); "
                              "update the program, or name another file with --db")
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
            with self._guard:
                self._cursors.append(cursor)
        return cursor

    def _parse(self, sql: str) -> str:
        return self._cursor().execute("SELECT json_serialize_sql(?)", [sql]).fetchall()[0][0]

    def read(self, sql: str, params: Mapping[str, Any], scope: Scope) -> list[dict[str, Any]]:
        """The rows of a SELECT as dictionaries, narrowed to what the scope may see.

        Parameters are named (`$since_t`). Raises NotAllowed when the scope's role may not read a relation.
        """
        if not isinstance(scope, Scope):
            raise TypeError(f"read needs the Scope of whoever asks, not {scope!r}")
        # Where nothing is disputed there is nothing to take off, and looking for it would cost more than the figure.
        disputes = self._remembered("SELECT count(*) AS n FROM main.dispute", {})[0]["n"] > 0
        narrowed = scoped(sql, scope, self._parse, disputes=disputes)
        values = dict(params)
        if "scope_objs" in narrowed.needs:
            if "objs" not in values:
                raise OurFault("a statement about a few objects needs their numbers as $objs")
            values["scope_objs"] = self._in_scope(values.pop("objs"), scope)
        if "scope_teams" in narrowed.needs:
            values["scope_teams"] = sorted(scope.teams or ())
        if "scope_actor" in narrowed.needs:
            values["scope_actor"] = scope.actor
        if narrowed.is_common:
            return self._remembered(narrowed.statement, values)
        return self._rows(narrowed.statement, values)

    def _rows(self, statement: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            result = self._cursor().execute(statement, values)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        except duckdb.Error as error:
            raise OurFault(f"a query failed: {str(error)[:400]}") from error

    def _remembered(self, statement: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Rows that are the same for everybody, read once until something is written. The key is the narrowed
        statement, so that what a role sees otherwise is another entry."""
        key, writes = (statement, repr(sorted(values.items()))), self._writes
        at, rows = self._common.get(key, (-1, []))
        if at != writes:
            rows = self._rows(statement, values)
            if len(self._common) >= _COMMON:
                self._common = {}
            self._common[key] = (writes, rows)
        return [dict(row) for row in rows]

    def _in_scope(self, objs: Sequence[int], scope: Scope) -> list[int]:
        """Which of a few objects the scope takes part in. Who ever took part stays so, hence it is remembered."""
        check = taking_part(scope)
        if check is None:
            return list(objs)
        if len(self._partaken) > _PARTAKEN_SCOPES:
            self._partaken = {}
        known = self._partaken.get(scope, frozenset())
        missing = [obj for obj in objs if obj not in known]
        if missing:
            rows = self._rows(check.statement, {"objs": missing, "who": check.who})
            found = frozenset(row["obj"] for row in rows)
            self._partaken[scope] = found if len(known) > _PARTAKEN else known | found
            known |= found
        return [obj for obj in objs if obj in known]

    def cursor(self, source: str) -> dict[str, Any]:
        """Where the source resumes, {} at the very start."""
        rows = self._cursor().execute("SELECT cursor FROM source WHERE id = ?", [source]).fetchall()
        return json.loads(rows[0][0]) if rows and rows[0][0] else {}

    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call back with the version after each commit, in the writer's thread; returns how to stop that."""
        with self._guard:
            self._subscribers.append(callback)

        def unsubscribe() -> None:
            with self._guard:
                if callback in self._subscribers:
                    self._subscribers.remove(callback)
        return unsubscribe

    def forget(self) -> None:
        """For the writer: something was written, so what is the same for everybody is read again."""
        self._writes += 1

    def news(self, seen: int) -> tuple[int, frozenset[int] | None]:
        """The version now, and the objects that may be shown otherwise than at the version `seen`: their names, whose
        they are, who takes part. None instead of objects: nobody can tell, so forget all."""
        with self._guard:
            lately = [(version, objs) for version, objs in self._news if version > seen]
            now = self.version
        changed = frozenset[int]()
        for _, objs in lately:
            if objs is None:
                return now, None
            changed |= objs
        # Each commit has a number of its own; where one is missing too much has happened since.
        return now, changed if len(lately) == now - seen else None

    def announce(self, version: int, news: frozenset[int] | None = None) -> None:
        """For the writer: a commit is there; `news` are the objects that it changed."""
        with self._guard:
            self._writes += 1
            if version > self.version:
                self._news.append((version, news))
            self.version = max(self.version, version)
            subscribers = list(self._subscribers)
        for callback in subscribers:
            callback(version)

    def close(self) -> None:
        """Let go of the file. Cursors hold it too, so those of all threads are closed."""
        with self._guard:
            for cursor in self._cursors:
                cursor.close()
            self._cursors.clear()
        self._local = threading.local()
        self.connection.close()
