"""An officer's day with the program as it is started for a firm, and the door shut to everybody else.

Two signed deliveries make a breach: one person creates a credit and releases it. The officer's open page shows it; she
looks at its proof, reviews it and takes the evidence away. What she did stands in the audit trail, which is whole when
the program has ended.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import chromium
import pytest

from connectors.webhook import sign

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.peer,
    pytest.mark.slow,
    pytest.mark.skipif(bool(chromium.missing()), reason=chromium.missing() or "installed"),
]
SECRET = "a secret that both sides know"
PASSWORD = "a long enough password"
CLERK = "ben@firm.example"
RULE = "COR-02"
TITLE = "Whoever creates a credit does not release it"
SETTINGS = f"""
[firm]
own_domains = ["firm.example"]
[teams]
Service = ["{CLERK}"]
[store]
db = "front.duckdb"
[sources.desk]
connector = "webhook"
title = "Service desk"
secret = "{SECRET}"
"""
ACCOUNTS = (
    ("ada", "administrator", ()),
    ("olivia", "officer", ()),
    ("mia", "manager", ()),
    ("ben", "rep", ("--person", CLERK)),
)
PAGES = ("/compliance", "/review", "/lab")
OUTSIDERS = ("", "ben", "mia", "ada")
REMARK = "Both records name the same person; her manager confirms it."
DEEDS = (
    ("/compliance", {"action": "ask", "obj": "1", "reason": "Somebody wants to know the name"}),
    ("/compliance", {"action": "agree", "request": "1"}),
    ("/review", {"action": "look"}),
    ("/review", {"action": "claim", "item": 1}),
    ("/review", {"action": "confirmed", "item": 1, "text": "Fine."}),
    ("/lab", {"action": "look"}),
    ("/lab", {"action": "run", "text": "pack: mine"}),
    ("/lab", {"action": "judge", "rule": RULE, "obj": 1, "act_seq": 1, "is_breach": False}),
)


def command(*words: str, folder: Path, said: str = "", code: int = 0) -> str:
    done = subprocess.run([sys.executable, str(ROOT / "app.py"), *words], cwd=folder, input=said, text=True,
                          capture_output=True, check=False, timeout=180)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@dataclass
class Firm:
    """A running Frontview, its folder, and the system that delivers to it."""

    folder: Path
    url: str
    program: subprocess.Popen[str]
    ended: bool = False

    def tell(self, *events: dict[str, Any]) -> dict[str, int]:
        """Deliver events to POST /hooks/desk, signed as any sender does."""
        body, now = json.dumps(list(events)).encode(), int(time.time())
        headers = {"X-Frontview-Timestamp": str(now), "X-Frontview-Signature": sign(SECRET, now, body)}
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/hooks/desk", body, headers), timeout=60) as got:
            return json.load(got)

    def answers(self) -> bool:
        """Whether it is well."""
        assert self.program.poll() is None, "the program ended before it answered"
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{self.url}/healthz", timeout=5).close()
            return True
        return False

    def end(self) -> None:
        """Stop it as a service manager does."""
        if not self.ended:
            self.ended = True
            self.program.send_signal(signal.SIGTERM)
            said, _ = self.program.communicate(timeout=60)
            assert "Traceback" not in said, said


def credit(kind: str, ticket: str, actor: str = CLERK) -> dict[str, Any]:
    return {"id": f"{ticket}-{kind}", "at": datetime.now(UTC).isoformat(), "activity": f"credit.{kind}",
            "objects": [{"type": "ticket", "id": ticket}], "actor": actor, "channel": "desk",
            "attrs": {"amount": 120}}


def until(holds: Callable[[], Any], what: str) -> None:
    for _ in range(1200):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}")


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    (tmp_path / "frontview.toml").write_text(SETTINGS, encoding="utf8")
    for login, role, more in ACCOUNTS:
        command("user", "add", login, "--role", role, *more, "--password-stdin", folder=tmp_path, said=PASSWORD + "\n")
    port = free_port()
    with subprocess.Popen([sys.executable, str(ROOT / "app.py"), "serve", "--port", str(port)], cwd=tmp_path,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
        made = Firm(tmp_path, f"http://127.0.0.1:{port}", program)
        try:
            until(made.answers, f"an answer at {made.url}")
            assert made.tell(credit("created", "T-1"), credit("created", "T-2"),
                             credit("released", "T-2", "eva@firm.example")) == {"new": 3, "known": 0, "aside": 0}
            yield made
        finally:
            made.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium.start() as running:
        yield running


@contextlib.contextmanager
def signed_in(browser: Any, firm: Firm, login: str, path: str = "/") -> Iterator[Any]:
    """A page of somebody with an account, or of somebody without ("")."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.set_default_timeout(60_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(firm.url + "/login?next=" + path)
    if login:
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("#top[data-live=on]")
    yield page
    context.close()
    assert faults == []


def test_a_breach_is_seen_proved_reviewed_and_taken_away(firm: Firm, browser: Any) -> None:
    with signed_in(browser, firm, "olivia", "/compliance") as page:
        page.get_by_text("No open breach").first.wait_for()
        page.evaluate("() => { window.loadedOnce = true; }")
        firm.tell(credit("released", "T-1"))
        row = page.locator(f"#compliance-items tr[data-open^='binding:{RULE}:']")
        row.wait_for()
        assert page.evaluate("() => window.loadedOnce"), "the page was loaded anew"
        assert row.count() == 1, "the other ticket's credit was released by somebody else"
        looks_at_the_proof(page, row)
        reviews_it(page, firm)
        pack = takes_it_away(page)
    head = is_sound(pack)
    firm.end()
    stands_in_the_trail(firm.folder, head)


def looks_at_the_proof(page: Any, row: Any) -> None:
    row.click()
    drawer = page.locator("#drawer")
    drawer.locator("h2", has_text=TITLE).wait_for()
    assert drawer.locator(".verdict").first.inner_text() == "violated"
    assert "by different people" in drawer.locator(".sentence").inner_text()
    both = drawer.locator(".event")
    assert both.count() == 2
    assert ["T-1-released" in both.nth(0).inner_text(), "T-1-created" in both.nth(1).inner_text()] == [True, True]
    assert drawer.locator(".course li").count() == 2
    assert "Person " in both.nth(0).inner_text()
    assert CLERK not in page.content()


def reviews_it(page: Any, firm: Firm) -> None:
    page.goto(firm.url + "/review?queue=breach")
    page.locator("#review-queue tr[data-open^='item:']", has_text=TITLE).click()
    page.get_by_text("looking is no review yet").wait_for()
    page.get_by_role("button", name="Claim").click()
    page.get_by_role("button", name="Comment only").wait_for()
    page.fill("#review-text", REMARK)
    page.get_by_role("button", name="Comment only").click()
    page.locator(".deeds .words", has_text=REMARK).wait_for()
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("Closed as “confirmed” by olivia").wait_for()
    done = [page.locator(".deeds li").nth(n).inner_text() for n in range(page.locator(".deeds li").count())]
    for what in ("claimed", "comment", "confirmed"):
        assert [told for told in done if re.search(rf"^{what} by olivia, .*\d\d:\d\d", told)], (what, done)


def takes_it_away(page: Any) -> bytes:
    """Straight from the item to its evidence, and that as a file."""
    page.get_by_role("button", name="the evidence").click()
    page.locator("#drawer .sentence").wait_for()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Evidence pack").click()
    assert re.fullmatch(rf"evidence-{RULE}-\d{{8}}-\d{{6}}\.zip", coming.value.suggested_filename)
    return Path(coming.value.path()).read_bytes()


def is_sound(pack: bytes) -> str:
    """The sums of the files are those of the manifest, and the document is one; the head of the trail it names."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    sums = {one["name"]: one["sha256"] for one in manifest["files"]}
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert (manifest["asked_by"]["login"], manifest["about"]["rule"]) == ("olivia", RULE)
    document = files["evidence.pdf"]
    assert document.startswith(b"%PDF-1.") and document.rstrip().endswith(b"%%EOF")
    (tree,) = [one for one in re.findall(rb"<<.*?>>", document, re.DOTALL) if re.search(rb"/Type\s*/Pages\b", one)]
    said = re.search(rb"/Count\s+(\d+)", tree)
    assert said and int(said[1]) == len(re.findall(rb"/Type\s*/Page\b", document)) >= 2
    assert not [name for name, data in files.items() if CLERK.encode() in data]
    told = files["events.csv"].decode("utf-8-sig")
    assert "T-1-released" in told and "T-1-created" in told and "T-2" not in told
    return f"{manifest['audit_head']['n']}:{manifest['audit_head']['sha256']}"


def stands_in_the_trail(folder: Path, head: str) -> None:
    assert "the audit trail is whole" in command("audit", "verify", "--head", head, folder=folder)
    number = head.split(":", maxsplit=1)[0]
    assert "broken" in command("audit", "verify", "--head", f"{number}:{'0' * 64}", folder=folder, code=1)
    trail = command("audit", "list", folder=folder)
    hers = [line for line in trail.splitlines() if " olivia (officer): " in line]
    told = [line.split("(officer): ")[1].split(",")[0] for line in hers]
    deeds = ["review: claimed", "review: comment", "review: confirmed", "evidence pack made"]
    assert [what for what in told if what in deeds] == deeds
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert all(re.match(rf"\s*\d+ {today} \d\d:\d\d", line) and "case " in line for line in hers), hers
    assert REMARK not in trail, "the trail names records and holds no words"


def calls(page: Any, firm: Firm, opened: str, view: str) -> Any:
    """What the evidence panel's callback sends, sent by hand."""
    asked = {"open": opened, "view": view, "query": {}, "from": "", "n": 1}
    told = {"output": "drawer-body.children", "outputs": {"id": "drawer-body", "property": "children"},
            "inputs": [{"id": "ask", "property": "data", "value": asked}], "changedPropIds": ["ask.data"], "state": []}
    return page.request.post(f"{firm.url}/_dash-update-component", data=told)


def a_breach(browser: Any, firm: Firm) -> tuple[str, str]:
    """The words that open the breach and its item; the officer reaches by hand all that others must not."""
    with signed_in(browser, firm, "olivia", "/compliance") as page:
        row = page.locator(f"#compliance-items tr[data-open^='binding:{RULE}:']")
        row.wait_for()
        opened = row.get_attribute("data-open")
        page.goto(firm.url + "/review?queue=breach")
        item = page.locator("#review-queue tr[data-open^='item:']", has_text=TITLE).get_attribute("data-open")
        case = opened.split(":")[2]
        for path in (*PAGES, f"/evidence?case={case}&rule={RULE}"):
            assert page.request.get(firm.url + path).status == 200, path
        for path in PAGES:
            assert page.request.head(f"{firm.url}/stream{path}").status == 204
            reached = page.request.post(firm.url + path, data={"action": "nothing known"})
            assert reached.status == 400, "an officer's nonsense is read and refused as such"
        assert TITLE in calls(page, firm, opened, "compliance").text()
        assert TITLE in calls(page, firm, item, "review").text()
    return opened, item


def test_nobody_else_reaches_any_of_it(firm: Firm, browser: Any) -> None:
    firm.tell(credit("released", "T-1"))
    opened, item = a_breach(browser, firm)
    for login in OUTSIDERS:
        with signed_in(browser, firm, login) as page:
            pages_are_shut(page, firm, login)
            requests_are_refused(page, firm, login, opened)
            callbacks_tell_nothing(page, firm, login, (opened, item))
    firm.end()
    trail = command("audit", "list", folder=firm.folder)
    assert re.findall(r"\((\w+)\): ", trail) and not re.search(r" (ben|mia|ada) \(", trail), trail
    assert "review: " not in trail and "names" not in trail and "rule lab" not in trail


def pages_are_shut(page: Any, firm: Firm, login: str) -> None:
    assert not [path for path in PAGES if page.locator(f"#nav a[data-path='{path}']").count()]
    for path in PAGES:
        answer = page.goto(firm.url + path)
        if login:
            assert answer.status == 403, (login, path)
        else:
            assert page.url.startswith(firm.url + "/login?"), path
        assert TITLE not in page.content()


def requests_are_refused(page: Any, firm: Firm, login: str, opened: str) -> None:
    case = opened.split(":")[2]
    taken = page.request.get(f"{firm.url}/evidence?case={case}&rule={RULE}")
    assert taken.status == (403 if login else 401) and not taken.body().startswith(b"PK")
    for path in PAGES:
        for ask in (page.request.get, page.request.head):
            assert ask(f"{firm.url}/stream{path}").status == (403 if login else 401), (login, path)
    for path, form in DEEDS:
        answer = page.request.post(firm.url + path, data=form, max_redirects=0)
        # Who is not signed in is sent to do so, as by any page.
        assert answer.status == (403 if login else 303), (login, path, form)
        assert login or answer.headers["location"].startswith("/login?")


def callbacks_tell_nothing(page: Any, firm: Firm, login: str, words: tuple[str, str]) -> None:
    own = {"ben": "me", "mia": "live", "ada": "sources"}.get(login, "live")
    seq = words[0].split(":")[3]
    theirs = (*words, f"rule:{RULE}", "figure:breaches", f"case:{words[0].split(':')[2]}", f"event:{seq}")
    for view in ("compliance", "review", "lab"):
        for opened in theirs:
            answer = calls(page, firm, opened, view)
            assert answer.status == (200 if login else 401), (login, view, opened)
            assert not login or "not part of your role" in answer.text()
    # Nor through a page of one's own.
    for opened in (*words, f"rule:{RULE}"):
        text = calls(page, firm, opened, own).text()
        assert TITLE not in text and "T-1-" not in text and "Confirm" not in text, (login, opened)
