"""Installs the real servers that tests talk to: every module of this folder that has `install()` and `missing()`.

    python tests/peers/install.py [--strict] [name ...]

One that cannot be installed does not stop the others: its tests skip and say how to get it. With --strict the
exit code then is 1. Peers that come from Debian packages need root on Debian; elsewhere they are named and left.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
LONGEST_SECONDS = 1800
# Not servers, but the tests drive a browser and lay out a process map.
PROGRAMS = {"dot": "graphviz", "chromium": "chromium"}


def names() -> list[str]:
    """The peers there are, by file name."""
    return sorted(file.stem for file in HERE.glob("*.py") if file.stem != "install" and file.stem[0] != "_")


def peer(name: str) -> ModuleType:
    """The module of a peer."""
    sys.path[:0] = [str(HERE.parent.parent), str(HERE)]
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def install_one(name: str) -> int:
    """Install a peer in this process; 0 when it is ready, 3 when it is still missing."""
    module = peer(name)
    if not hasattr(module, "install") or not hasattr(module, "missing"):
        return 0
    if not module.missing():
        say(f"{name}: ready")
        return 0
    started = time.monotonic()
    module.install()
    still = module.missing()
    say(f"{name}: {still or f'installed in {time.monotonic() - started:.0f} s'}")
    return 3 if still else 0


def install_apart(name: str) -> bool:
    """Install a peer in a process of its own, so that one that breaks or hangs leaves the others alone."""
    try:
        done = subprocess.run([sys.executable, __file__, "--here", name], timeout=LONGEST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        say(f"{name}: given up after {LONGEST_SECONDS} s; its tests will be skipped")
        return False
    if done.returncode not in (0, 3):
        say(f"{name}: could not be installed (see above); its tests will be skipped")
    return done.returncode == 0


def programs() -> bool:
    """Install the programs that tests use and no peer brings."""
    lacking = sorted(package for program, package in PROGRAMS.items() if not shutil.which(program))
    if not lacking:
        return True
    say(f"installing {', '.join(lacking)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *lacking])
    return all(subprocess.run(step, env=quiet, stdout=subprocess.DEVNULL, check=False).returncode == 0
               for step in steps)


def left_out(wanted: list[str]) -> list[str]:
    """What is missing where nothing may be installed, with how to get it."""
    lines = [f"{package}: apt-get install {package}" for program, package in PROGRAMS.items()
             if not shutil.which(program)]
    for name in wanted:
        missing = getattr(peer(name), "missing", str)()
        if missing:
            lines.append(f"{name}: {missing}")
    return lines


def say(line: str) -> None:
    """A line, seen at once and in the right order among those of other processes."""
    print(line, flush=True)


def main() -> int:
    """0, or 1 with --strict when something is missing."""
    parser = argparse.ArgumentParser(description="Install the real servers that the tests talk to.")
    parser.add_argument("names", nargs="*", help="peers to install (default: all)")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a peer is missing at the end")
    parser.add_argument("--here", metavar="NAME", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        return install_one(given.here)
    wanted = given.names or names()
    if unknown := sorted(set(wanted) - set(names())):
        parser.error(f"no such peer: {', '.join(unknown)}; there are {', '.join(names())}")
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        lines = left_out(wanted)
        if lines:
            say("Not root on Debian, so nothing is installed. Tests that need these are skipped:")
        for line in lines:
            say(f"  {line}")
        return 1 if lines and given.strict else 0
    ready = [programs(), *(install_apart(name) for name in wanted)]
    return 1 if given.strict and not all(ready) else 0


if __name__ == "__main__":
    sys.exit(main())
