"""Takes a log out of the store in the formats of process mining: whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Final

from data.errors import FixSettings
from metrics._contract import Read
from metrics._export_facts import Facts, Tally, Wish
from metrics._export_flat import case_type, write_csv, write_parquet, write_xes
from metrics._export_ocel import write_json, write_sqlite

FORMATS: Final[dict[str, Callable[[Facts, Path], Tally]]] = {
    "ocel-json": write_json, "ocel-sqlite": write_sqlite, "xes": write_xes, "parquet": write_parquet,
    "csv": write_csv,
}
_ENDINGS: Final = {".json": "ocel-json", ".jsonocel": "ocel-json", ".sqlite": "ocel-sqlite", ".db": "ocel-sqlite",
                   ".xes": "xes", ".xes.gz": "xes", ".parquet": "parquet", ".csv": "csv"}


def format_of(path: Path) -> str:
    """The format that a file's name asks for. FixSettings when it tells none."""
    for ending, name in _ENDINGS.items():
        if path.name.lower().endswith(ending):
            return name
    raise FixSettings(f"the name {path.name} tells no format; name one with --format: {', '.join(FORMATS)}")


def export(read: Read, wish: Wish, path: Path) -> Tally:
    """Write what the wish asks for, as far as it is in the reader's scope, and say how much that was.

    The file appears under its name only when it is complete; one of that name is replaced then. FixSettings when
    the wish or the place does not fit.
    """
    facts = Facts(read, wish)
    if wish.format == "xes":
        # Named before anything is written, so that a wish that leaves a choice is refused at once.
        facts = Facts(read, Wish(wish.format, wish.case, (case_type(facts),), wish.since_t, wish.until_t))
    if path.is_dir() or not path.parent.is_dir():
        raise FixSettings(f"{path} cannot be written: {'it is' if path.is_dir() else 'there is no'} a folder; "
                          "name a file in a folder that exists")
    # Beside it, so that renaming is one step; the ending stays, for it tells whether to pack.
    beside = path.with_name(f".{token_hex(6)}-{path.name}")
    try:
        tally = FORMATS[wish.format](facts, beside)
        beside.replace(path)
    except (OSError, sqlite3.OperationalError) as error:
        raise FixSettings(f"{path} cannot be written ({error}); choose another place with -o") from error
    finally:
        beside.unlink(missing_ok=True)
    return tally


__all__ = ["FORMATS", "Wish", "export", "format_of"]
