"""A real browser, Graphviz for the process map, and axe-core, which looks for what keeps people out.

`install()` needs root for the Debian packages; axe-core comes from npm into the cache.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path("~/.cache/frontview-tests/chromium").expanduser()
AXE_VERSION = "4.14.1"
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
PROGRAMS = {"chromium": "chromium", "dot": "graphviz", "npm": "npm"}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def install() -> None:
    """Browser, Graphviz and axe-core, each only where it is not there yet."""
    lacking = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if lacking:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *lacking], check=True, timeout=1200)
    if not AXE.exists():
        HERE.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--no-save", "--prefix", str(HERE), f"axe-core@{AXE_VERSION}"],
            check=True,
            timeout=300,
        )


def missing() -> str:
    """What is not there and how to get it; empty when all is."""
    lacking = [program for program in ("chromium", "dot") if shutil.which(program) is None]
    if not AXE.exists():
        lacking.append("axe-core")
    if not lacking:
        return ""
    return f"{', '.join(lacking)} not installed: run python tests/peers/install.py chromium"


@contextlib.contextmanager
def start() -> Iterator[Any]:
    """A running browser (playwright's Browser)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()
