"""What test_kill.py kills: a process that forks writers on demand, so that each starts in a moment.

Reads `start <file> <state file> <seed>` from standard input, forks a writer and says `pid <n>`; when that has died
it says `died <status>`. The writer says `up <n> <n>` (what each source has) and `done <source> <n>` after each put.
"""

from __future__ import annotations

import mmap
import os
import random
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from data.store import Store
from data.writer import Receipt, Writer, _Job
from metrics._engine import Engine
from tests.data._kill_facts import SOURCES, page

STARTING, IDLE, IN_TRANSACTION = 0, 1, 2


def say(words: str) -> None:
    os.write(1, (words + "\n").encode())


class Watched(Writer):
    """The real writer; it notes in memory that outlives the process whether a transaction is under way."""

    state: mmap.mmap

    def _commit(self, jobs: Sequence[_Job]) -> list[Receipt]:
        self.state[0] = IN_TRANSACTION
        try:
            return super()._commit(jobs)
        finally:
            self.state[0] = IDLE


def write(store: Store, writer: Writer, source: str) -> None:
    number = int(store.cursor(source).get("n", 0))
    while True:
        number += 1
        writer.put(source, page(source, number))
        say(f"done {source} {number}")


def live(path: str, state_path: str, seed: int) -> None:
    """Write until somebody kills us. The log in front of the file is folded in seldom, often or nearly always."""
    with Path(state_path).open("r+b") as file:
        state = mmap.mmap(file.fileno(), 1)
    state[0] = STARTING
    store = Store.open(path)
    limit = random.Random(seed).choice(("1KB", "32KB", "16MB"))
    store.connection.execute(f"SET wal_autocheckpoint = '{limit}'")
    writer = Watched(store, [Engine()])
    writer.state = state
    writer.start()
    say("up " + " ".join(str(store.cursor(source).get("n", 0)) for source in SOURCES))
    state[0] = IDLE
    threads: list[Any] = [threading.Thread(target=write, args=(store, writer, source)) for source in SOURCES]
    for thread in threads:
        thread.start()


def main() -> None:
    for line in sys.stdin:
        _, path, state_path, seed = line.split()
        child = os.fork()
        if child == 0:
            live(path, state_path, int(seed))
            return
        say(f"pid {child}")
        _, status = os.waitpid(child, 0)
        say(f"died {status}")


if __name__ == "__main__":
    main()
