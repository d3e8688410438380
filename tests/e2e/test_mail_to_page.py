"""The main job once, whole: the program's own commands, a real mail server, a real browser, nothing else.

A mail is delivered; the manager's open page shows it and that the customer waits. The answer is delivered to the
shared mailbox, as a copy of sent mail is; the customer waits no more. Nobody typed anything into Frontview.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.peers import chromium, dovecot

ROOT = Path(__file__).resolve().parents[2]
ABSENT = dovecot.missing() or chromium.missing()
pytestmark = [pytest.mark.e2e, pytest.mark.peer, pytest.mark.skipif(bool(ABSENT), reason=ABSENT or "installed")]
MAILBOX = "desk@firm.example"
PASSWORD = "a long enough password"


def mail(number: int, sender: str, to: str, answers: int | None = None) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = sender, to
    message["Subject"] = "Where is my order?"
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{number}@mail.example>"
    if answers is not None:
        message["In-Reply-To"] = message["References"] = f"<{answers}@mail.example>"
    message.set_content("This text must never be stored: xyzzy.")
    return message.as_bytes()


def command(*words: str, folder: Path, said: str = "") -> str:
    done = subprocess.run([sys.executable, str(ROOT / "app.py"), *words], cwd=folder, input=said, text=True,
                          capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[str, dovecot.Dovecot]]:
    """Frontview as its README says to start it, on a mailbox of a real server."""
    with dovecot.start() as server:
        server.deliver([mail(0, "early@buyer.example", MAILBOX)], MAILBOX)
        (tmp_path / "frontview.toml").write_text(f"""
[firm]
own_domains = ["firm.example"]
[store]
db = "front.duckdb"
[sources.mail]
connector = "imap"
host = "127.0.0.1"
port = {server.imap}
tls = "none"
user = "{MAILBOX}"
password = "{dovecot.PASSWORD}"
folders = ["INBOX"]
""", encoding="utf8")
        command("user", "add", "mia", "--role", "manager", "--password-stdin", folder=tmp_path,
                said=PASSWORD + "\n")
        port = free_port()
        with subprocess.Popen([sys.executable, str(ROOT / "app.py"), "serve", "--port", str(port)], cwd=tmp_path,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
            address = f"http://127.0.0.1:{port}"
            try:
                until(lambda: health(address)["events"] == 1, f"the first mail at {address}")
                yield address, server
            finally:
                program.send_signal(signal.SIGTERM)
                said, _ = program.communicate(timeout=30)
                assert "Traceback" not in said, said
        assert b"xyzzy" not in (tmp_path / "front.duckdb").read_bytes()


def health(address: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(address + "/healthz", timeout=5) as answer:
            return json.load(answer)
    except OSError:
        return {"events": -1, "sources": []}


def until(holds: Any, what: str) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(f"waited a minute in vain for {what}")


def test_a_mail_comes_is_answered_and_nobody_typed_anything(serving: tuple[str, dovecot.Dovecot]) -> None:
    address, server = serving
    with chromium.start() as browser:
        page = browser.new_page()
        page.goto(address + "/live")
        page.fill("input[name=login]", "mia")
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.locator("#live-feed tr", has_text="early@buyer.example").first.wait_for()
        assert page.get_by_text("demo data").count() == 0
        server.deliver([mail(1, "carla@buyer.example", MAILBOX)], MAILBOX)
        page.locator("#live-feed tr", has_text="carla@buyer.example").first.wait_for(timeout=60_000)
        waiting = page.locator("#live-waits tr", has_text="carla@buyer.example")
        waiting.first.wait_for()
        page.mouse.move(5, 5)
        server.deliver([mail(2, MAILBOX, "carla@buyer.example", answers=1)], MAILBOX)
        waiting.first.wait_for(state="detached", timeout=60_000)
    assert health(address)["events"] == 3
    assert [source["state"] for source in health(address)["sources"]] == ["live"]
