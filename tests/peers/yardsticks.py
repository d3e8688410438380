"""Declare4Py and pm4py, two public programs that check DECLARE rules: what the bench of rules is measured against.

They live in an environment of their own and are only ever run as programs: pm4py, which Declare4Py needs too, is under
the AGPL and no part of the product. Only the bench wants them, so they are installed when it is named:
`python tests/peers/yardsticks.py`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path("~/.cache/frontview-tests/yardsticks").expanduser()
PYTHON = HERE / "bin" / "python"
PACKAGES = ("declare4py==2.2.0", "pm4py==2.7.23.11")


def lacking() -> str:
    """What is not there and how to get it; empty when all is."""
    folders = ("Declare4Py", "pm4py")
    if PYTHON.exists() and all(list(HERE.glob(f"lib/*/site-packages/{name}")) for name in folders):
        return ""
    return "Declare4Py and pm4py are not installed: run python tests/peers/yardsticks.py"


def fetch() -> None:
    """Both into an environment of their own."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(HERE)], check=True, timeout=300)
    subprocess.run([str(PYTHON), "-m", "pip", "install", "-q", *PACKAGES], check=True, timeout=1200)


if __name__ == "__main__":
    if lacking():
        fetch()
    sys.exit(lacking() or 0)
