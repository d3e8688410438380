"""Runs the statements of the .sql files beside the metrics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

FOLDER = Path(__file__).parent / "sql"
_PARAMETER = re.compile(r"\$([a-z_][a-z_0-9]*)")


@cache
def statements(name: str) -> Sequence[tuple[str, tuple[str, ...]]]:
    """The statements of `sql/<name>.sql`, each with the parameters it names."""
    text = (FOLDER / f"{name}.sql").read_text(encoding="utf8")
    return [(part, tuple(dict.fromkeys(_PARAMETER.findall(part)))) for part in split(text)]


def split(text: str) -> Sequence[str]:
    """A file's statements; comments stay with theirs."""
    return [part for part in re.split(r";[ ]*(?:\n|$)", text) if part.strip()]


def run(con: duckdb.DuckDBPyConnection, name: str, params: Mapping[str, Any]) -> None:
    """Execute the file's statements in order, each with those of the parameters that it names."""
    for statement, wanted in statements(name):
        con.execute(statement, {key: params[key] for key in wanted})


def text(name: str) -> str:
    """The single statement of `sql/<name>.sql`, for reading through a scope."""
    ((statement, _),) = statements(name)
    return statement
