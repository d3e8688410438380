"""Child processes of a bench: started, read line by line, ended."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Any


class Process:
    """A child process whose lines of JSON are read as they come; ended with the block."""

    def __init__(self, words: Sequence[str], log: Path) -> None:
        self.told: list[dict[str, Any]] = []
        self._log = log.open("w", encoding="utf-8")
        self.child = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, stderr=self._log, text=True)
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        self.log = log

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            with suppress(json.JSONDecodeError):
                self.told.append(json.loads(line))

    def wait_for(self, key: str, seconds: float) -> dict[str, Any]:
        """The first thing told that has the key."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            # Asked first, for the last line may come between looking and asking.
            is_over = self.child.poll() is not None and not self._reading.is_alive()
            found = next((one for one in [*self.told] if key in one), None)
            if found:
                return found
            if is_over:
                break
            time.sleep(0.02)
        sys.exit(f"a process of the bench told no {key!r}: {self.log.read_text(encoding='utf-8')[-800:]}")

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.terminate()
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
        self._log.close()


def free_port() -> int:
    """A port that nobody uses now."""
    with socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
