"""`audit`, `export` and `evidence` as they are run: over a real file, with what they print and leave behind."""

from __future__ import annotations

import argparse
import json
import re
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import live_world
import pytest

from data.audit import verify
from data.errors import FixSettings
from data.settings import Settings, StorePlace
from data.store import Store
from data.writer import Writer
from layouts import _cmd_audit, _cmd_evidence, _cmd_export
from layouts._moments import typed
from metrics._engine import running

Command = Callable[..., str]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Those of a file with the small front office in it."""
    made = replace(Settings(), store=StorePlace(tmp_path / "firm.duckdb"))
    with running(made) as (_, writer):
        writer.put("desk", live_world.history())
    return made


@pytest.fixture
def command(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command of a module with these words; what it printed."""
    def opened(given: Settings, *, create: bool = True) -> AbstractContextManager[tuple[Store, Writer]]:
        return running(given, create=create)

    def run(module: ModuleType, *words: str, **changed: Any) -> str:
        parser = argparse.ArgumentParser()
        module.arguments(parser)
        capsys.readouterr()
        module.run(opened, replace(settings, **changed), parser.parse_args(words))
        return capsys.readouterr().out

    return run


def test_what_commands_do_is_in_the_trail_and_the_trail_is_proved(command: Command, settings: Settings,
                                                                  tmp_path: Path) -> None:
    out = tmp_path / "log.xes.gz"
    said = command(_cmd_export, "-o", str(out), "--otype", "ticket", "--since", "2026-03-04")
    assert re.fullmatch(r".*log\.xes\.gz \(xes\): [\d,]+ events, [\d,]+ objects.*\n", said)
    listed = command(_cmd_audit, "list").splitlines()
    assert "command line (system): log exported, events=" in listed[-1]
    assert "desk/T" not in listed[-1] and "customer.example" not in listed[-1]
    whole = command(_cmd_audit, "verify")
    head = re.fullmatch(r"the audit trail is whole: (\d+) records, head (\d+:[0-9a-f]{64})\n", whole)
    assert head and int(head[1]) == len(listed)
    command(_cmd_export, "-o", str(tmp_path / "log.json"))
    assert "is whole" in command(_cmd_audit, "verify", "--head", head[2])
    assert command(_cmd_audit, "list", "--since", "2099-01-01") == ""
    assert len(command(_cmd_audit, "list", "--since", "2026-01-01").splitlines()) == len(listed) + 1


def test_a_trail_that_was_tampered_with_ends_with_an_exit_code(command: Command, settings: Settings, tmp_path: Path,
                                                               capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.json", "b.json", "c.json"):
        command(_cmd_export, "-o", str(tmp_path / name))
    with duckdb.connect(str(settings.store.db)) as con:
        last = verify(con).n
        con.execute("UPDATE audit SET login = 'eve' WHERE n = ?", [last - 1])
    with pytest.raises(SystemExit) as ended:
        command(_cmd_audit, "verify")
    assert ended.value.code == 1
    assert f"is broken: record {last - 1} was changed" in capsys.readouterr().out
    with pytest.raises(FixSettings, match="no head"):
        command(_cmd_audit, "verify", "--head", "nonsense")


def test_a_pack_is_made_by_command(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "pack.zip"
    assert "bytes" in command(_cmd_evidence, "--case", "desk/T-2", "-o", str(out))
    with zipfile.ZipFile(out) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        events = archive.read("events.csv").decode("utf-8-sig")
    assert manifest["asked_by"] == {"login": "command line", "role": "system"}
    assert not [who for who in live_world.NORTH if who in events], "pseudonymous here too"
    assert "evidence pack made" in command(_cmd_audit, "list").splitlines()[-1]
    assert sorted(path.name for path in tmp_path.iterdir() if "duckdb" not in path.name) == ["pack.zip"]


@pytest.mark.parametrize(("module", "words", "said"), [
    (_cmd_evidence, ["-o", "x.zip"], "--case, --rule or --since"),
    (_cmd_evidence, ["-o", "x.zip", "--case", "nine"], "no case 'nine'"),
    (_cmd_evidence, ["-o", "nowhere/x.zip", "--case", "desk/T-2"], "cannot be written"),
    (_cmd_export, ["-o", "x.docx"], "--format"),
    (_cmd_export, ["-o", "x.csv", "--since", "yesterday"], "'yesterday' is no moment"),
    (_cmd_export, ["-o", "x.json", "--case", "nine"], "no case 'nine'"),
])
def test_what_does_not_fit_is_said_and_leaves_no_file(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                      module: ModuleType, words: list[str], said: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FixSettings, match=re.escape(said)):
        command(module, *words)
    assert [path.name for path in tmp_path.iterdir() if "duckdb" not in path.name] == []


def test_a_database_is_not_made_by_looking(command: Command, tmp_path: Path) -> None:
    missing = StorePlace(tmp_path / "missing.duckdb")
    for module, words in ((_cmd_audit, ["verify"]), (_cmd_export, ["-o", "x.csv"]),
                          (_cmd_evidence, ["-o", "x.zip", "--rule", "COR-02"])):
        with pytest.raises(FixSettings, match="there is no database file"):
            command(module, *words, store=missing)
    assert not missing.db.exists()


def test_moments_are_read_in_the_zone_of_the_firm() -> None:
    assert typed("2026-07-01") - typed("2026-07-01", "Europe/Berlin") == 2 * 3600 * 1_000_000
    assert typed("2026-07-01T10:00+02:00", "Asia/Tokyo") == typed("2026-07-01T08:00")
    for text in ("", "1969-01-01", "10:00", "2026-13-01"):
        with pytest.raises(FixSettings):
            typed(text)
