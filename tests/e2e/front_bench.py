"""What browser tests share: a store with demo history, a server process over it, and signed-in pages.

    python tests/e2e/front_bench.py FOLDER

writes a picture of every page into the folder: light and dark, wide and tablet, and the evidence panel;

    python tests/e2e/front_bench.py --readme

the few that the README shows, of the demo itself once its history is there, into tests/e2e/shots.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent / "peers")]

import chromium  # noqa: E402

from connectors._contract import Opening  # noqa: E402
from connectors._demo_settings import personas  # noqa: E402
from connectors.demo import CONNECTOR, OWN_DOMAIN, PEOPLE, SYSTEMS  # noqa: E402
from data.scope import Role  # noqa: E402
from data.store import Store  # noqa: E402
from data.writer import Writer  # noqa: E402
from metrics._engine import Engine  # noqa: E402

PATIENCE_MS = 30_000
WHO = {role: next(p.login for p in personas() if p.role is role) for role in Role if role is not Role.SYSTEM}


def fill(db: Path, days: int = 6) -> None:
    """A store with some days of demo history up to now."""
    store = Store.open(db)
    writer = Writer(store, [Engine()])
    writer.start()
    anchor = datetime.now(UTC).replace(microsecond=0)
    settings = {s.name: s.default for s in CONNECTOR.settings} | {"days": days, "anchor": anchor.isoformat()}
    teams = {person.id: person.team for person in PEOPLE if person.team}
    for system in SYSTEMS:
        writer.register(system, CONNECTOR.id, system.title(), CONNECTOR.blind)
        source = CONNECTOR.open(Opening(system, settings | {"system": system}, frozenset({OWN_DOMAIN}), teams))
        for page in source.pull({}):
            writer.put(system, page)
        source.close()
        writer.report(system, "live")
    writer.stop()
    store.close()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Front:
    """A server process over a store; it can be ended and started again at the same address."""

    db: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """What is run."""
        return [str(HERE / "front_server.py"), str(self.db), str(self.port)]

    def start(self) -> None:
        """Start it and wait until it is well."""
        self.process = subprocess.Popen([sys.executable, *self.command()])
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/healthz", timeout=2).close()
                return
            assert self.process.poll() is None, "the server ended before it answered"
            time.sleep(0.1)
        raise AssertionError("the server did not answer")

    def stop(self) -> None:
        """End it, if need be by force."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def tell(self, **told: Any) -> None:
        """Make something happen in the source `test`."""
        request = urllib.request.Request(f"{self.url}/hooks/test", json.dumps(told).encode())
        urllib.request.urlopen(request, timeout=20).close()


class Demo(Front):
    """The demo as users start it."""

    def command(self) -> list[str]:
        """`python app.py demo` on a database and port of its own."""
        return [str(HERE.parent.parent / "app.py"), "demo", "--db", str(self.db), "--port", str(self.port)]

    def catch_up(self) -> None:
        """Wait until all of its sources have brought their history."""
        for _ in range(300):
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=20) as answer:
                if all(source["state"] == "live" for source in json.load(answer)["sources"]):
                    return
            time.sleep(1)
        raise AssertionError("the demo's history did not come")


@contextlib.contextmanager
def page_of(browser: Any, front: Front, role: Role, path: str = "", **context: Any) -> Iterator[Any]:
    """A page signed in as the role's persona, at the path or where the role lands, once its first frame is there.

    Fails when the browser's console told of an error or the page asked anybody but its own server.
    """
    made = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **context})
    made.set_default_timeout(PATIENCE_MS)
    page = made.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: faults.append(said.text) if said.type == "error" and "ERR_" not in said.text else None,
    )
    page.on(
        "request",
        lambda asked: faults.append(asked.url) if not asked.url.startswith((front.url, "data:")) else None,
    )
    page.goto(f"{front.url}/login")
    page.click(f"button[value='{WHO[role]}']")
    page.wait_for_selector("#top[data-live=on]")
    if path:
        page.goto(front.url + path)
        page.wait_for_selector("#top[data-live=on]")
    yield page
    made.close()
    assert faults == []


SHOTS = (
    (Role.MANAGER, "/live", "live"),
    (Role.MANAGER, "/process?detail=4", "process"),
    (Role.MANAGER, "/waiting", "waiting"),
    (Role.OFFICER, "/compliance", "compliance"),
    (Role.REP, "/me", "me"),
    (Role.ADMINISTRATOR, "/sources", "sources"),
    (Role.ADMINISTRATOR, "/accounts", "accounts"),
)


def pictures(folder: Path, front: Front, browser: Any) -> list[Path]:
    """Every page in both colours and at tablet width, the panel at each of its depths, and the plain pages."""
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Path] = []

    def shoot(page: Any, name: str, *, full: bool = False) -> None:
        page.wait_for_timeout(700)
        found.append(folder / f"{name}.png")
        page.screenshot(path=found[-1], full_page=full)

    for role, path, name in SHOTS:
        for scheme in ("light", "dark"):
            with page_of(browser, front, role, path, color_scheme=scheme) as page:
                shoot(page, f"{name}_{scheme}", full=True)
        with page_of(browser, front, role, path, viewport={"width": 820, "height": 1100}) as page:
            shoot(page, f"{name}_tablet", full=True)
    for role, figure in ((Role.MANAGER, "#live-waiting .figure"), (Role.OFFICER, "#compliance-broken .figure")):
        with page_of(browser, front, role, color_scheme="dark" if role is Role.OFFICER else "light") as page:
            page.click(figure)
            page.wait_for_selector(".case-list button")
            shoot(page, f"panel_{role}_cases")
            page.click(".case-list button")
            page.wait_for_selector(".course button")
            shoot(page, f"panel_{role}_case")
            page.click(".course button")
            page.get_by_text("Source record").wait_for()
            shoot(page, f"panel_{role}_event")
    page = browser.new_page()
    page.goto(front.url + "/login")
    shoot(page, "login")
    page.close()
    return found


README_SHOTS = (
    (Role.MANAGER, "/live", "live", "light"),
    (Role.MANAGER, "/live", "live", "dark"),
    (Role.OFFICER, "/compliance", "compliance", "light"),
    (Role.REP, "/me", "rep", "light"),
    (Role.ADMINISTRATOR, "/sources", "sources", "light"),
)


def readme_pictures(folder: Path, front: Front, browser: Any) -> list[Path]:
    """What the README shows: 1440 x 900, as a screen shows it."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for role, path, name, scheme in README_SHOTS:
        with page_of(browser, front, role, path, color_scheme=scheme) as page:
            page.wait_for_timeout(2500)
            found.append(folder / f"{name}-{scheme}.png")
            page.screenshot(path=found[-1])
    return found


def main(word: str) -> None:
    """Write the pictures and say where."""
    with TemporaryDirectory() as place, chromium.start() as browser:
        is_readme = word == "--readme"
        front = (Demo if is_readme else Front)(Path(place) / "front.duckdb")
        if not is_readme:
            fill(front.db, days=20)
        front.start()
        try:
            if isinstance(front, Demo):
                front.catch_up()
            made = readme_pictures(HERE / "shots", front, browser) if is_readme else None
            for path in made or pictures(Path(word), front, browser):
                print(path)
        finally:
            front.stop()


if __name__ == "__main__":
    main(sys.argv[1])
