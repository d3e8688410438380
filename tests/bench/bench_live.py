"""How long after a commit people see it: in a real browser, and with up to 500 viewers at once.

    python tests/bench/bench_live.py [--events 1e6] [--viewers 50 200 500] [--seconds 30] [--every 1] [--db FILE]

A server in a process of its own shows a made-up office. Once a second a signed webhook brings one event through
POST /hooks, the way any outside system would. Measured is the time from the commit being there (the store's
announcement to its subscribers) until a page has it in its document, until that is painted (two animation frames
on), and until each viewer's connection has received it. A bare server sends the same bytes to as many connections
in the same run: the floor that no page can go below. Wanted: 95 of 100 under a second.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from _process import Process, free_port
from _report import machine, process_use, room, save, spread, table
from _viewers import announced, more_files
from _world import build

import connectors
from connectors._hooks import Hooks
from connectors.webhook import sign
from data.plugins import discover
from data.scope import Principal, Role
from data.settings import Settings, SourceSettings
from data.store import Store, now_us
from data.writer import Writer
from layouts._server import ServerOptions, create_server, run
from metrics._engine import Engine

HERE = Path(__file__).resolve()
SECRET = "a secret for the bench alone"
QUIET_SECONDS = 5.0
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
PERSONAS = (
    Principal("head", "Head", Role.MANAGER, teams=None),
    Principal("service", "Head of service", Role.MANAGER, teams=frozenset({"Service"})),
    Principal("officer", "Officer", Role.OFFICER, teams=None),
    Principal("rep7", "Rep", Role.REP, "rep7@firm.example"),
)
# Who watches what; viewers are spread over these evenly.
WATCHED: Sequence[tuple[str, str, Mapping[str, str]]] = (
    ("head", "live", {}), ("head", "live", {"team": "Service"}), ("service", "live", {}),
    ("head", "live", {"window": "24h", "channel": "email"}), ("head", "process", {"span": "30d"}),
    ("head", "waiting", {}), ("officer", "compliance", {}), ("rep7", "me", {}),
)
# Notes for each marker in the feed when the document first had it and when that was on the screen.
OBSERVER = """() => {
  const seen = window.benchSeen = {};
  new MutationObserver(() => {
    const at = Date.now(), feed = document.getElementById("live-feed");
    for (const [word] of (feed ? feed.textContent : "").matchAll(/probe-\\d{5}/g)) {
      if (seen[word]) continue;
      const entry = seen[word] = [at, 0];
      requestAnimationFrame(() => requestAnimationFrame(() => { entry[1] = Date.now(); }));
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
}"""


def serve(db: str, port: int) -> None:
    """The server's process: store, writer, hooks and pages, as app.py wires them; tells of each commit."""
    more_files()
    store = Store.open(db, create=False)
    writer = Writer(store, [Engine()])
    writer.start()
    writer.register("probe", "webhook", "Probe", "")
    settings = Settings(sources={"probe": SourceSettings("probe", "webhook", "Probe", values={"secret": SECRET})})
    store.subscribe(announced)
    hooks = Hooks(settings, discover(connectors, "CONNECTOR"), writer)
    try:
        run(create_server(store, writer, ServerOptions(personas=PERSONAS, hooks=hooks)), "127.0.0.1", port)
    finally:
        writer.stop()
        store.close()


@contextmanager
def server(db: Path, folder: Path) -> Iterator[tuple[Process, int]]:
    """The running server and its port."""
    port = free_port()
    with Process([str(HERE), "serve", str(db), str(port)], folder / "server.log") as process:
        ends = time.monotonic() + 120
        while time.monotonic() < ends and process.child.poll() is None:
            with suppress(OSError):
                if _ask(port, "GET", "/healthz")[0] == 200:
                    yield process, port
                    return
            time.sleep(0.1)
        sys.exit(f"the server did not start: {(folder / 'server.log').read_text(encoding='utf-8')[-800:]}")


Answer = tuple[int, http.client.HTTPMessage, bytes]


def _ask(port: int, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request(method, path, body, dict(headers or {}))
    answer = line.getresponse()
    found = answer.status, answer.headers, answer.read()
    line.close()
    return found


def sign_in(port: int, login: str) -> str:
    """The session cookie of a persona."""
    _, headers, _ = _ask(port, "POST", "/login", f"persona={login}".encode(),
                         {"Content-Type": "application/x-www-form-urlencoded"})
    return headers["set-cookie"].partition(";")[0]


class Sender:
    """Sends an event every so often through the webhook, keeps when it went out and when it was acknowledged."""

    def __init__(self, port: int, every: float = 1.0) -> None:
        self.port, self.every = port, every
        self.sent: list[tuple[str, float, float]] = []
        self._number = 0

    def send(self, seconds: float) -> list[tuple[str, float, float]]:
        """[marker, sent, acknowledged] of each event of this stretch."""
        first, began = len(self.sent), time.monotonic()
        for tick in range(int(seconds / self.every)):
            time.sleep(max(0.0, began + tick * self.every - time.monotonic()))
            # Where a commit takes longer than that, fewer are sent: the crowd listens for so long and no longer.
            if time.monotonic() - began > seconds:
                break
            self._number += 1
            marker, at = f"probe-{self._number:05d}", time.time()
            status, _, told = self._post(marker)
            if status != 200:
                sys.exit(f"the webhook answered {status}: {told[:300]!r}")
            self.sent.append((marker, at, time.time()))
        return self.sent[first:]

    def _post(self, marker: str) -> Answer:
        # Tickets are new and contacts old ones, as in a service desk.
        event = {"id": marker, "at": datetime.now(UTC).isoformat(), "activity": "msg.in", "direction": "inbound",
                 "channel": "email", "team": "Service",
                 "objects": [{"type": "ticket", "id": marker},
                             {"type": "contact", "id": f"c{self._number * 7 % 400}"}]}
        body, now = json.dumps(event).encode(), int(time.time())
        return _ask(self.port, "POST", "/hooks/probe", body, {
            "X-Frontview-Timestamp": str(now), "X-Frontview-Signature": sign(SECRET, now, body)})


def committed(process: Process, sent: Sequence[tuple[str, float, float]]) -> dict[str, tuple[int, float, float]]:
    """Marker -> its version, when that was announced, and the milliseconds from sending until then."""
    told = [(one["version"], one["at"]) for one in [*process.told] if "version" in one]
    found = {}
    for marker, out, back in sent:
        hit = next(((version, at) for version, at in told if out <= at <= back + 0.25), None)
        if hit:
            found[marker] = (*hit, (hit[1] - out) * 1000)
    return found


def in_browser(process: Process, port: int, sender: Sender, seconds: float) -> dict[str, Any]:
    """From the commit to the document and to the painted frame of one page in Chromium."""
    from playwright.sync_api import sync_playwright

    name, _, value = sign_in(port, "head").partition("=")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}])
        page.goto(f"http://127.0.0.1:{port}/live")
        page.wait_for_selector("#live-feed [data-open]", timeout=60_000)
        page.evaluate(OBSERVER)
        # The first seconds of a page go into starting it.
        sender.send(min(10.0, seconds / 2))
        sent = sender.send(seconds)
        page.wait_for_timeout(5000)
        seen: dict[str, list[float]] = page.evaluate("() => window.benchSeen")
        browser.close()
    known = committed(process, sent)
    dom, painted, whole = [], [], []
    for marker, (_, at, _) in known.items():
        if marker in seen:
            dom.append(seen[marker][0] - at * 1000)
        # The two animation frames may still be due when the page is asked.
        if marker in seen and seen[marker][1]:
            painted.append(seen[marker][1] - at * 1000)
            whole.append(seen[marker][1] - next(out for word, out, _ in sent if word == marker) * 1000)
    return {"commits": len(known), "missed": len(known) - len(dom),
            "not_painted": len(known) - len(painted), "dom": spread(dom), "painted": spread(painted),
            "sent_to_painted": spread(whole), "sent_to_commit": spread([ms for _, _, ms in known.values()])}


def with_viewers(place: tuple[Process, int, Path], sender: Sender, viewers: int, seconds: float) -> dict[str, Any]:
    """One round: so many connections to the server, then as many to a bare one that sends the same bytes."""
    process, port, folder = place
    cookies = {login: sign_in(port, login) for login in {login for login, _, _ in WATCHED}}
    groups = [{"name": f"{login} {view} {query}", "cookie": cookies[login],
               "path": f"/stream/{view}?{urllib.parse.urlencode(query)}"} for login, view, query in WATCHED]
    task = {"groups": groups, "viewers": viewers, "seconds": seconds + 6 + QUIET_SECONDS, "port": port}
    real, used = _watched(task, process, lambda: committed(process, sender.send(seconds)), folder)
    bare_port = free_port()
    (folder / "frames.json").write_text(json.dumps(real.pop("frames")), encoding="utf-8")
    with Process([str(HERE.parent / "_viewers.py"), "bare", str(bare_port), str(folder / "frames.json")],
                 folder / "bare.log") as bare:
        bare.wait_for("version", 30)
        short = min(seconds, 15.0)
        floor, idle = _watched({**task, "port": bare_port, "seconds": short + 6 + QUIET_SECONDS}, bare,
                               lambda: _ticks(bare, short), folder)
    return {"viewers": viewers, **real["latency"], "lost": real["lost"], "cpu": used[0], "mb": used[1],
            "idle_cpu": real["idle_cpu"],
            "kb_a_second": real["bytes_a_second"] / 1000, "client_cpu": real["client_cpu"],
            "faults": real["faults"], "by_group": real["by_group"],
            "bare": {**floor["latency"], "cpu": idle[0], "mb": idle[1],
                     "kb_a_second": floor["bytes_a_second"] / 1000},
            "bare_p95": floor["latency"]["p95"], "bare_cpu": idle[0],
            "ratio": real["latency"]["p95"] / floor["latency"]["p95"]}


def _ticks(bare: Process, seconds: float) -> dict[str, tuple[int, float, float]]:
    first = len(bare.told)
    time.sleep(seconds)
    return {str(one["version"]): (one["version"], one["at"], 0.0) for one in bare.told[first:]}


def _watched(task: Mapping[str, Any], process: Process, commits: Any, folder: Path
             ) -> tuple[dict[str, Any], tuple[float, float]]:
    """What a crowd received while `commits` ran, and the server's CPU in per cent of a core and memory in MB."""
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
    words = [str(HERE.parent / "_viewers.py"), "watch", str(folder / "task.json")]
    with Process(words, folder / "watch.log") as crowd:
        crowd.wait_for("open", 180)
        time.sleep(2)
        (quiet, _), since = process_use(process.child.pid), time.monotonic()
        time.sleep(QUIET_SECONDS)
        idle = 100 * (process_use(process.child.pid)[0] - quiet) / (time.monotonic() - since)
        (cpu, _), clock = process_use(process.child.pid), time.monotonic()
        known = commits()
        (later, mb), ended = process_use(process.child.pid), time.monotonic()
        found = crowd.wait_for("arrivals", 120)
    groups: dict[str, list[float]] = {group["name"]: [] for group in task["groups"]}
    lost = 0
    for number, arrivals in enumerate(found.pop("arrivals")):
        group = task["groups"][number % len(task["groups"])]["name"]
        for version, at, _ in known.values():
            # A frame may carry several commits; the first that is as new as this one brought it.
            came = next((when for seen, when in arrivals if seen >= version), None)
            if came is None:
                lost += 1
            else:
                groups[group].append(max(0.0, came - at) * 1000)
    every = [ms for values in groups.values() for ms in values]
    by_group = {name: spread(values) for name, values in groups.items()}
    return ({**found, "idle_cpu": idle, "latency": spread(every), "lost": lost, "by_group": by_group},
            (100 * (later - cpu) / (ended - clock), mb))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Build or take a database, then the browser and each crowd."""
    with room(options.events, options.folder) as folder:
        db = options.db or folder / "live.duckdb"
        if not db.exists():
            store, writer, _ = build(db, int(options.events), 0, end_us=now_us())
            writer.stop()
            store.close()
        with server(db, folder) as (process, port):
            sender = Sender(port, options.every)
            found: dict[str, Any] = {"events": options.events}
            if not options.no_browser:
                found["browser"] = in_browser(process, port, sender, options.browser_seconds)
                _show_browser(found["browser"])
            found["crowds"] = [with_viewers((process, port, folder), sender, n, options.seconds)
                               for n in options.viewers]
    return found


def _show_browser(found: Mapping[str, Any]) -> None:
    print(f"\none page in Chromium, {found['commits']} commits, {found['missed']} not seen, "
          f"{found['not_painted']} not painted; milliseconds")
    rows = [{"what": words, **found[key]} for key, words in (
        ("dom", "commit to document"), ("painted", "commit to painted"),
        ("sent_to_commit", "webhook sent to commit"),
        ("sent_to_painted", "webhook sent to painted"))]
    table(rows, {"what": "", "p50": "p50", "p95": "p95", "max": "max"})


def _show_crowds(rows: Sequence[Mapping[str, Any]]) -> None:
    print(f"\nviewers of {len(WATCHED)} different pages and filters, commit to receipt in milliseconds")
    table(rows, {"viewers": "viewers", "p50": "p50", "p95": "p95", "max": "max", "lost": "lost", "cpu": "CPU %",
                 "idle_cpu": "idle CPU %", "mb": "MB", "kb_a_second": "kB/s", "client_cpu": "client CPU %",
                 "bare_p95": "bare p95", "bare_cpu": "bare CPU %", "ratio": "p95 to bare"})
    for row in rows:
        print(f"\nby page, {row['viewers']} viewers" + (f"; faults: {row['faults'][:3]}" if row["faults"] else ""))
        table([{"page": name, **ms} for name, ms in row["by_group"].items()],
              {"page": "", "p50": "p50", "p95": "p95", "max": "max"})


def main() -> None:
    """Measure, print the tables, and write them as JSON."""
    if sys.argv[1:2] == ["serve"]:
        return serve(sys.argv[2], int(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=float, default=1e6)
    parser.add_argument("--viewers", type=int, nargs="*", default=[50, 200, 500])
    parser.add_argument("--seconds", type=float, default=30, help="of commits for each crowd")
    parser.add_argument("--every", type=float, default=1.0, help="seconds from one commit to the next")
    parser.add_argument("--browser-seconds", type=float, default=60)
    parser.add_argument("--no-browser", action="store_true", help="leave Chromium out")
    parser.add_argument("--folder", type=Path, help="where to build")
    parser.add_argument("--db", type=Path, help="show this database, or build it here; it keeps the events sent")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true", help="5,000 events, few viewers and seconds: does it run")
    options = parser.parse_args()
    if options.quick:
        options.events, options.viewers, options.seconds, options.browser_seconds = 5_000, [16], 4, 4
    if not options.no_browser and not Path(CHROMIUM).exists():
        print(f"no browser is measured: {CHROMIUM} is not there (apt-get install chromium)")
        options.no_browser = True
    about = machine()
    print(f"{about['cpu']}, {about['cores']} cores, load {about['load'][0]}")
    found = measure(options)
    _show_crowds(found["crowds"])
    return save("live", found, options.json)


if __name__ == "__main__":
    main()
