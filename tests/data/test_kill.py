"""kill -9 at any moment, a hundred times: what was acknowledged is there once, and nothing is there in half."""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.store import Store
from tests.data._kill_child import IN_TRANSACTION, STARTING
from tests.data._kill_facts import EACH, SOURCES, remaining
from tests.metrics._facts import differences, running, snapshot

CHILD = Path(__file__).with_name("_kill_child.py")
KILLS = 100


class Nursery:
    """The process that forks writers, and all it ever said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.state.write_bytes(b"\0")
        self.process = subprocess.Popen([sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin and self.process.stdout
        self.into, self.out = self.process.stdin, self.process.stdout
        self.rest = b""

    def line(self, seconds: float) -> str:
        """The next line, or nothing when none came in time."""
        while b"\n" not in self.rest:
            if not select.select([self.out], [], [], seconds)[0]:
                return ""
            piece = os.read(self.out.fileno(), 65536)
            assert piece, "the process that forks writers is gone"
            self.rest += piece
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def start(self, file: Path, seed: int) -> int:
        """Fork a writer; its process id."""
        self.into.write(f"start {file} {self.state} {seed}\n".encode())
        self.into.flush()
        return int(self.line(60).removeprefix("pid "))

    def close(self) -> None:
        self.into.close()
        self.process.wait(60)
        self.out.close()


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path)
    yield nursery
    nursery.close()


def one_life(nursery: Nursery, file: Path, dice: random.Random, acknowledged: dict[str, int]) -> int:
    """Let a writer live for a short while and kill it; what it was doing. Keeps count of what it acknowledged."""
    pid = nursery.start(file, dice.randrange(1000))
    # Some die on the way up, most a random moment after they said that they are up or have stored some batches.
    heard = [nursery.line(120) for _ in range(dice.choice((0, 1, 1, 2, 3, 4, 5)))]
    threading.Event().wait(dice.uniform(0, 0.2))
    os.kill(pid, signal.SIGKILL)
    while not (line := nursery.line(60)).startswith("died"):
        assert line, "the killed writer did not die"
        heard.append(line)
    assert line == f"died {signal.SIGKILL.value}", "the writer ended by itself"
    for words in (line.split() for line in heard):
        if words[0] == "up":
            for source, number in zip(SOURCES, words[1:], strict=True):
                begun = acknowledged.get(source, 0)
                assert begun <= int(number) <= begun + 1, f"{source}: {begun} was acknowledged, {number} is there"
                acknowledged[source] = int(number)
        else:
            assert int(words[2]) == acknowledged.get(words[1], 0) + 1
            acknowledged[words[1]] = int(words[2])
    return nursery.state.read_bytes()[0]


def check_whole(file: Path, acknowledged: dict[str, int]) -> None:
    """Every batch up to each cursor is there once and whole, and no record of a later one."""
    store = Store.open(file, create=False)
    con = store.connection
    for source in SOURCES:
        last = store.cursor(source)["n"]
        assert acknowledged[source] <= last <= acknowledged[source] + 1
        code = con.execute("SELECT code FROM source WHERE id = ?", [source]).fetchall()[0][0]

        def column(sql: str, code: int = code) -> list[object]:
            return [value for (value,) in con.execute(sql, {"code": code}).fetchall()]

        ids = column("SELECT source_id FROM event WHERE source = $code")
        assert len(ids) == len(set(ids)) and set(ids) == remaining(last)
        assert column("SELECT cursor FROM commit_log WHERE source = $code ORDER BY batch, rowid") == [
            f'{{"n": {number}}}' for number in range(1, last + 1)
        ]
        assert sorted(column("SELECT source_id FROM quarantine WHERE source = $code")) == sorted(
            f"{number}-x" for number in range(1, last + 1)
        )
        assert column("SELECT count(*) FROM object_change WHERE source = $code") == [last]
        # The retraction of 0-1 in the first batch, two in each, of which each second one was awaited already.
        assert column("SELECT count(*) FROM retraction WHERE source = $code") == [2 * last]
        assert column("SELECT n_new FROM source WHERE code = $code") == [EACH * last - (last - 1)]
    one = con.execute("SELECT count(*), count(DISTINCT seq) FROM event").fetchall()[0]
    assert one[0] == one[1]
    orphans = con.execute(
        "SELECT count(*) FROM event_object ANTI JOIN (SELECT seq FROM event UNION ALL "
        "SELECT seq FROM event_retracted) e USING (seq)"
    ).fetchall()
    assert orphans == [(0,)]
    lacking = con.execute(
        "SELECT count(*) FROM (SELECT e.seq FROM event e LEFT JOIN event_object o USING (seq) "
        "GROUP BY e.seq HAVING count(o.obj) <> 3)"
    ).fetchall()
    assert lacking == [(0,)]
    assert con.execute("SELECT count(*) FROM object GROUP BY okey HAVING count(*) > 1").fetchall() == []
    assert con.execute("SELECT count(*) FROM term GROUP BY kind, name HAVING count(*) > 1").fetchall() == []
    store.close()


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing_and_leave_nothing_in_half(nursery: Nursery, tmp_path: Path) -> None:
    file, dice, acknowledged = tmp_path / "frontview.duckdb", random.Random(9), dict.fromkeys(SOURCES, 0)
    moments: Counter[int] = Counter()
    for _ in range(KILLS):
        moments[one_life(nursery, file, dice, acknowledged)] += 1
    told = (
        f"of {KILLS} kills {moments[IN_TRANSACTION]} hit in the middle of a transaction and {moments[STARTING]} "
        f"during the start; {acknowledged} batches were acknowledged"
    )
    print(told)
    assert moments[IN_TRANSACTION] >= 10 and moments[STARTING] >= 5, told
    assert all(number > KILLS // 4 for number in acknowledged.values()), told
    check_whole(file, acknowledged)
    shutil.copy(file, tmp_path / "copy.duckdb")
    store = Store.open(tmp_path / "copy.duckdb")
    writer, engine = running(store)
    before = writer.do(snapshot)
    writer.do(lambda con: engine.rebuild(con, 0))
    after = writer.do(snapshot)
    writer.stop()
    store.close()
    assert before["binding"] and before["agg_dfg"]
    assert differences(before, after) == [], told
