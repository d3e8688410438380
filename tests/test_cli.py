"""The command line as a user meets it: help, exit codes, one sentence for each thing that must be changed first."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ("demo", "serve", "check", "collect", "import", "explain", "user")
PASSWORD = "a long enough password"


def app(
    folder: Path, *words: str, typed: str = "", environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder of its own; whatever happens, no noise of its libraries and no traceback."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FRONTVIEW")}
    run = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        input=typed,
        timeout=120,
        env=clean | dict(environ or {}),
        check=False,
    )
    for noise in ("nanobind", "leaked", "Traceback", "Warning", "Exception ignored"):
        assert noise not in run.stdout + run.stderr, (words, run.stdout, run.stderr)
    return run


def refused(folder: Path, *words: str, typed: str = "") -> str:
    """The one sentence with which a command was refused."""
    run = app(folder, *words, typed=typed)
    assert run.returncode == 1, (run.returncode, run.stdout, run.stderr)
    assert re.fullmatch(r"frontview: [^\n]+\n", run.stderr), run.stderr
    return run.stderr


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "calls.csv"
    file.write_text(
        "case,activity,time\n4711,msg.in,2026-01-01T10:00:00Z\n4711,msg.out,2026-01-01T11:30:00Z\n"
        "4712,msg.in,2026-01-02T10:00:00+02:00\n"
    )
    return file


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    run = app(tmp_path, command, "--help")
    assert run.returncode == 0 and run.stderr == ""
    assert f"app.py {command}" in run.stdout and "--db" in run.stdout
    assert list(tmp_path.iterdir()) == [], "asking for help leaves nothing behind"


def test_the_overview_names_every_command(tmp_path: Path) -> None:
    overview = app(tmp_path, "--help").stdout
    assert all(re.search(rf"^ +{command} ", overview, re.M) for command in COMMANDS)
    assert re.fullmatch(r"Frontview \d+\.\d+\.\d+\n", app(tmp_path, "--version").stdout)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["fly"],
        ["import"],
        ["collect"],
        ["user", "dance"],
        ["user", "add", "ann", "--role", "king"],
        ["user", "add", "ann", "--role", "system"],
        ["check", "--no-such-thing"],
    ],
)
def test_a_misspelt_command_is_told_how_to_write_it(tmp_path: Path, words: list[str]) -> None:
    run = app(tmp_path, *words)
    assert run.returncode == 2 and run.stderr.startswith("usage: ")


def test_an_import_and_what_explain_says_of_it(tmp_path: Path, log: Path) -> None:
    db = str(tmp_path / "f.duckdb")
    first = app(tmp_path, "import", str(log), "--yes", "--db", db)
    assert first.returncode == 0 and "3 new, 0 known already, 0 set aside" in first.stdout
    again = app(tmp_path, "import", str(log), "--yes", "--db", db)
    assert again.returncode == 0 and "0 new" in again.stdout
    told = app(tmp_path, "explain", "4711", "--db", db)
    assert told.returncode == 0 and told.stderr == ""
    assert told.stdout.startswith("case 4711")
    assert "2026-01-01 10:00:00Z" in told.stdout and "2026-01-01 11:30:00Z" in told.stdout
    assert "4712" not in told.stdout
    assert "no case '9999'" in refused(tmp_path, "explain", "9999", "--db", db)


def test_a_missing_file_is_neither_made_nor_passed_over(tmp_path: Path, log: Path) -> None:
    db = tmp_path / "missing.duckdb"
    assert f"there is no database file {db}" in refused(tmp_path, "explain", "1", "--db", str(db))
    assert not db.exists()
    assert "none.csv does not exist" in refused(tmp_path, "import", "none.csv", "--db", str(tmp_path / "f.duckdb"))


def test_the_environment_names_the_file_and_the_command_line_overrules_it(tmp_path: Path, log: Path) -> None:
    named, other = tmp_path / "named.duckdb", tmp_path / "other.duckdb"
    environ = {"FRONTVIEW_DB": str(named)}
    assert app(tmp_path, "import", str(log), "--yes", environ=environ).returncode == 0
    assert named.exists()
    assert app(tmp_path, "explain", "4711", environ=environ).returncode == 0
    assert app(tmp_path, "user", "list", "--db", str(other), environ=environ).returncode == 0
    assert other.exists()


def test_accounts_are_made_listed_and_switched_off(tmp_path: Path) -> None:
    db = ("--db", str(tmp_path / "f.duckdb"))
    made = app(
        tmp_path,
        "user",
        "add",
        "Ann",
        "--role",
        "administrator",
        "--name",
        "Ann Adler",
        "--password-stdin",
        *db,
        typed=PASSWORD + "\n",
    )
    assert (made.returncode, made.stderr) == (0, "")
    assert PASSWORD not in made.stdout
    listed = app(tmp_path, "user", "list", *db).stdout
    assert re.search(r"^ann +administrator +Ann Adler$", listed, re.M)
    assert "exists already" in refused(
        tmp_path, "user", "add", "ann", "--password-stdin", *db, typed=PASSWORD + "\n"
    )
    assert "use 10 or more" in refused(tmp_path, "user", "add", "ben", "--password-stdin", *db, typed="short\n")
    assert "a login" in refused(tmp_path, "user", "add", "--password-stdin", *db, typed=PASSWORD + "\n")
    assert app(tmp_path, "user", "off", "ANN", *db).returncode == 0
    assert "(deactivated)" in app(tmp_path, "user", "list", *db).stdout
    assert "there is no account 'nobody'" in refused(tmp_path, "user", "off", "nobody", *db)
    file = (tmp_path / "f.duckdb").read_bytes()
    assert PASSWORD.encode() not in file


def test_serving_without_an_account_says_how_to_make_one(tmp_path: Path) -> None:
    assert "make the first administrator" in refused(tmp_path, "serve", "--db", str(tmp_path / "f.duckdb"))


def test_collecting_without_sources_and_checking_end_well(tmp_path: Path) -> None:
    db = ("--db", str(tmp_path / "f.duckdb"))
    assert app(tmp_path, "collect", "--once", *db).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    run = app(tmp_path, "check", "--port", str(free), *db)
    assert run.returncode == 0 and run.stdout.startswith("ok")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("[frim]\nname = 'x'\n", "frontview.toml"),
        ("[store]\ndb = 7\n", "frontview.toml"),
        ("this is no TOML", "frontview.toml"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, settings: str, told: str) -> None:
    (tmp_path / "frontview.toml").write_text(settings)
    assert told in refused(tmp_path, "collect", "--once", "--db", str(tmp_path / "f.duckdb"))


def test_a_pack_that_cannot_be_read_is_refused_before_anything_is_written(tmp_path: Path, log: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "own.yaml").write_text(
        "pack: own\nrules:\n  - {id: X, title: x, object: case, template: respons, "
        "activation: {activity: msg.in}}\n"
    )
    (tmp_path / "frontview.toml").write_text(f"[rules]\npacks = ['{tmp_path / 'packs'}']\n")
    told = refused(tmp_path, "import", str(log), "--yes", "--db", str(tmp_path / "f.duckdb"))
    assert "did you mean 'response'?" in told
