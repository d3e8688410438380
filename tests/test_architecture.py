"""The house stays a house: who may import whom, and who alone may touch the network and the environment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY = {"app": {"layouts", "metrics", "connectors", "data"}, "layouts": {"metrics", "data"}, "metrics": {"data"},
       "connectors": {"data"}, "data": set()}
ONLY = {"requests": {"connectors/_http.py"}}
NEVER = {"layouts": {"duckdb", "requests", "sqlite3"}}
FILES = [ROOT / "app.py", *(file for folder in MAY for file in sorted((ROOT / folder).rglob("*.py")))]


def imports(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Every imported module, and whether the import hides inside a function."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    hidden = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in hidden) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports name the folder they come from"
            yield node.module or "", id(node) in hidden


def faults(path: str, source: str) -> list[str]:
    """What a module does that its place in the house forbids."""
    home, tree, found = path.partition("/")[0].removesuffix(".py"), ast.parse(source), []
    for module, hidden in imports(tree):
        top = module.partition(".")[0]
        if top in MAY and top != home and top not in MAY[home]:
            found.append(f"{home} must not import {module}")
        if top in MAY and hidden:
            found.append(f"{module} is imported inside a function")
        if top in NEVER.get(home, ()) or path not in ONLY.get(top, {path}):
            found.append(f"{module} has no place here")
    reads = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    if path != "data/settings.py" and reads & {"os.environ", "os.getenv"}:
        found.append("only data/settings.py reads the environment")
    return found


@pytest.mark.parametrize("file", [file for file in FILES if file.is_file()], ids=lambda f: str(f.relative_to(ROOT)))
def test_a_module_keeps_to_its_place(file: Path) -> None:
    assert faults(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("path", "source"), [
    ("connectors/x.py", "import metrics.response"), ("metrics/x.py", "from connectors import imap"),
    ("data/x.py", "import connectors"), ("layouts/x.py", "import duckdb"), ("connectors/x.py", "import requests"),
    ("layouts/x.py", "from connectors._http import Http"), ("connectors/x.py", "import os\nos.environ['A']"),
    ("layouts/x.py", "def f():\n    from data import store"), ("metrics/x.py", "import layouts.manager"),
])
def test_a_module_out_of_place_is_found(path: str, source: str) -> None:
    assert len(faults(path, source)) == 1
