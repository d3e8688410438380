"""What a user meets when the file cannot be used: one clear sentence, exit code 1, and the file as it was."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.errors import FixSettings
from data.event import Event, Ref
from data.page import Page
from data.store import Store
from data.writer import Writer

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 3, 2, tzinfo=UTC)
COMMANDS = {
    "serve": ["serve"],
    "collect": ["collect", "--once"],
    "import": ["import", "{log}", "--yes"],
    "explain": ["explain", "c1"],
    "user list": ["user", "list"],
}


def page(number: int, size: int = 20) -> Page:
    """A page of messages whose attributes hardly shrink, so that they fill a disk."""
    dice = random.Random(number)
    return Page(
        {"n": number},
        [
            Event(
                f"{number}-{i}",
                START + timedelta(minutes=number * size + i),
                "msg.in",
                [Ref("conversation", f"c{i}")],
                attrs={"noise": dice.randbytes(200).hex()},
            )
            for i in range(size)
        ],
    )


def fill(file: Path, batches: int = 3) -> None:
    store = Store.open(file)
    writer = Writer(store)
    writer.start()
    for number in range(batches):
        writer.put("mail", page(number))
    writer.stop()
    store.close()


def app(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder of its own, as a user does."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FRONTVIEW")}
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        env=environ,
        check=False,
    )


def refused(run: subprocess.CompletedProcess[str]) -> str:
    """The one sentence on stderr with which a command was refused; nothing else was said."""
    assert run.returncode == 1, (run.returncode, run.stdout, run.stderr)
    lines = run.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("frontview: "), run.stderr
    assert run.stdout == ""
    return lines[0]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log.csv"
    file.write_text(
        "case,activity,time\n1,msg.in,2026-01-01T10:00:00Z\n1,msg.out,2026-01-01T11:00:00Z\n"
        "2,msg.in,2026-01-02T10:00:00Z\n"
    )
    return file


def garbage(file: Path) -> None:
    file.write_bytes(b"This is a letter to a friend and no database." * 500)


def broken_header(file: Path) -> None:
    file.write_bytes(b"\xff" * 64 + file.read_bytes()[64:])


def truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 3)


def flipped(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    for place in range(20_000, len(whole), 97):
        whole[place] ^= 0xFF
    file.write_bytes(bytes(whole))


def emptied(file: Path) -> None:
    os.truncate(file, 0)


def of_another_program(file: Path) -> None:
    file.write_bytes(b"SQLite format 3\0" + b"\0" * 4096)


DAMAGES = [garbage, broken_header, truncated, flipped, emptied, of_another_program]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_in_one_sentence_and_left_alone(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    file = tmp_path / "damaged.duckdb"
    fill(file)
    damage(file)
    before = file.read_bytes()
    with pytest.raises(FixSettings, match=r"damaged or no Frontview file.*put a backup"):
        Store.open(file)
    assert file.read_bytes() == before
    assert "\n" not in refused(app(tmp_path, "user", "list", "--db", str(file)))
    assert file.read_bytes() == before


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_a_damaged_file(tmp_path: Path, log: Path, command: str) -> None:
    file = tmp_path / "damaged.duckdb"
    fill(file)
    flipped(file)
    before = file.read_bytes()
    words = [word.format(log=log) for word in COMMANDS[command]]
    assert "damaged or no Frontview file" in refused(app(tmp_path, *words, "--db", str(file)))
    assert file.read_bytes() == before


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    import duckdb

    file = tmp_path / "theirs.duckdb"
    with duckdb.connect(str(file)) as theirs:
        theirs.execute("CREATE TABLE invoice (number INT)")
    with pytest.raises(FixSettings, match=r"another program.*invoice"):
        Store.open(file)
    with duckdb.connect(str(file)) as theirs:
        assert theirs.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("invoice",)]


def crashed_writer(file: Path) -> Path:
    """Let a process store a page and end without closing the file, so that its log (WAL) stands beside it."""
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\nfrom pathlib import Path\n"
        "from tests.data.test_damage import Store, Writer, page\n"
        "store = Store.open(sys.argv[2]); writer = Writer(store); writer.start()\n"
        "writer.put('mail', page(7)); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(ROOT), str(file)], check=True, timeout=120)
    return file.with_name(file.name + ".wal")


def test_a_log_left_by_a_crash_is_taken_up(tmp_path: Path) -> None:
    file = tmp_path / "crashed.duckdb"
    assert crashed_writer(file).stat().st_size > 0
    store = Store.open(file)
    assert store.cursor("mail") == {"n": 7}
    store.close()


def test_a_damaged_log_is_refused_or_cut_at_a_commit_but_never_half_read(tmp_path: Path) -> None:
    whole = tmp_path / "whole.duckdb"
    fill(whole)
    wal = crashed_writer(whole)
    size, outcomes = wal.stat().st_size, set()
    for kept in (size - 7, size // 2, size // 3, 100, 3):
        file = tmp_path / f"cut-{kept}.duckdb"
        shutil.copy(whole, file)
        file.with_name(file.name + ".wal").write_bytes(wal.read_bytes()[:kept])
        outcomes.add(opened_whole(file))
    for place in range(200, size, size // 6):
        file = tmp_path / f"flip-{place}.duckdb"
        shutil.copy(whole, file)
        bent = bytearray(wal.read_bytes())
        bent[place : place + 40] = bytes(byte ^ 0xFF for byte in bent[place : place + 40])
        file.with_name(file.name + ".wal").write_bytes(bytes(bent))
        outcomes.add(opened_whole(file))
    assert outcomes & {"damaged", 3}


def opened_whole(file: Path) -> object:
    """`damaged` when the file is refused, else how many batches are in it; each of them whole."""
    try:
        store = Store.open(file)
    except FixSettings as problem:
        assert str(file) in str(problem) and "put a backup" in str(problem)
        return "damaged"
    batches = store.connection.execute("SELECT count(*) FROM commit_log").fetchall()[0][0]
    assert store.connection.execute("SELECT count(*) FROM event").fetchall() == [(20 * batches,)]
    assert store.cursor("mail") == {"n": 7 if batches == 4 else 2}
    store.close()
    return batches


def test_a_second_process_is_told_who_holds_the_file(tmp_path: Path, log: Path) -> None:
    file = tmp_path / "held.duckdb"
    fill(file)
    store = Store.open(file)
    try:
        for words in COMMANDS.values():
            told = refused(app(tmp_path, *(word.format(log=log) for word in words), "--db", str(file)))
            assert f"is in use by process {os.getpid()}" in told and "stop that one first" in told
    finally:
        store.close()
    assert app(tmp_path, "user", "list", "--db", str(file)).returncode == 0, "a closed store lets go of its file"


@pytest.fixture
def unwritable() -> Iterator[Callable[[Path], None]]:
    """Makes a path unchangeable even for root, where the file system can."""
    done: list[Path] = []

    def make(path: Path) -> None:
        if os.geteuid() != 0:
            path.chmod(0o555 if path.is_dir() else 0o444)
        elif (
            not shutil.which("chattr")
            or subprocess.run(["chattr", "+i", str(path)], capture_output=True, check=False).returncode
        ):
            pytest.skip(
                "root may write everywhere here: run as another user, or on a file system that knows chattr +i"
            )
        done.append(path)

    yield make
    for path in done:
        if os.geteuid() == 0:
            subprocess.run(["chattr", "-i", str(path)], check=True)
        path.chmod(0o755)


def test_a_file_that_may_not_be_written(tmp_path: Path, unwritable: Callable[[Path], None]) -> None:
    file = tmp_path / "frozen.duckdb"
    fill(file)
    unwritable(file)
    with pytest.raises(FixSettings, match="cannot be written"):
        Store.open(file)
    assert "give this user the right" in refused(app(tmp_path, "user", "list", "--db", str(file)))


def test_a_folder_that_may_not_be_written(tmp_path: Path, unwritable: Callable[[Path], None]) -> None:
    folder = tmp_path / "frozen"
    folder.mkdir()
    unwritable(folder)
    for file in (folder / "new.duckdb", folder / "deeper" / "new.duckdb"):
        with pytest.raises(FixSettings, match=r"cannot be (written|made)"):
            Store.open(file)
        refused(app(tmp_path, "user", "list", "--db", str(file)))


def test_a_folder_in_place_of_a_file_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FixSettings, match="is a folder"):
        Store.open(tmp_path)
    with pytest.raises(FixSettings, match="there is no database file"):
        Store.open(tmp_path / "missing.duckdb", create=False)
    assert "there is no database file" in refused(
        app(tmp_path, "explain", "1", "--db", str(tmp_path / "missing.duckdb"))
    )
    assert not (tmp_path / "missing.duckdb").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m", "frontview-test", str(folder)],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )
    if not mounted:
        pytest.skip("a small disk has to be mounted for this: run as root where mounting is allowed")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def leave(disk: Path, free: int) -> Path:
    """Fill the disk but for so many bytes; the file that does it."""
    ballast, state = disk / "ballast", os.statvfs(disk)
    ballast.write_bytes(b"\0" * (state.f_bavail * state.f_bsize - free))
    return ballast


def test_a_full_disk_stops_the_writer_and_loses_nothing(small_disk: Path) -> None:
    file = small_disk / "frontview.duckdb"
    fill(file)
    ballast = leave(small_disk, 1_500_000)
    told: list[Exception] = []
    store = Store.open(file)
    writer = Writer(store, on_fatal=told.append)
    writer.start()
    stored = 2
    with pytest.raises(FixSettings, match=r"the disk that holds .* is full; what was committed is safe"):
        for number in range(3, 400):
            writer.put("mail", page(number, 200))
            stored = number
    with pytest.raises(FixSettings, match="is full"):
        writer.put("mail", page(999))
    writer.stop()
    store.close()
    assert len(told) == 1
    ballast.unlink()
    store = Store.open(file)
    try:
        assert store.cursor("mail") == {"n": stored}
        writer = Writer(store)
        writer.start()
        assert writer.put("mail", page(stored, 200)).n_new == (0 if stored > 2 else 180)
        assert writer.put("mail", page(stored + 1, 200)).n_new == 200
        writer.stop()
    finally:
        store.close()


def test_an_import_into_a_full_disk_ends_with_a_sentence(small_disk: Path, tmp_path: Path) -> None:
    file = small_disk / "frontview.duckdb"
    leave(small_disk, 3_000_000)
    dice = random.Random(1)
    log = tmp_path / "big.csv"
    log.write_text(
        "case,activity,time\n"
        + "".join(f"{dice.randbytes(40).hex()},msg.in,2026-01-01T10:00:00Z\n" for _ in range(60_000))
    )
    run = app(tmp_path, "import", str(log), "--yes", "--db", str(file))
    assert run.returncode == 1, (run.returncode, run.stderr)
    assert "is full" in run.stderr.strip().splitlines()[-1] and "Traceback" not in run.stderr
    assert "nanobind" not in run.stderr
