"""A rep's morning, whole: a mail comes, My day says so, the answer leaves by the real mail server, the item goes.

And the mirror: a manager opens the case, and the rep sees who did. Nothing but the program's own commands, a mail
server and a browser; nobody ticks anything off.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import front_bench
import pytest
from front_bench import Front, page_of

from data.scope import Role
from tests.e2e.test_mail_to_page import PASSWORD, ROOT, command, free_port, health, mail, until
from tests.e2e.test_review_in_browser import grave
from tests.peers import chromium, dovecot

NO_BROWSER = chromium.missing()
NO_MAIL = dovecot.missing() or NO_BROWSER
pytestmark = [pytest.mark.e2e, pytest.mark.peer]
BEN = "ben@firm.example"
DAY = "#me-day tr[data-open]"


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[str, dovecot.Dovecot]]:
    """Frontview on Ben's own mailbox, with an account for him and one for a manager."""
    with dovecot.start() as server:
        server.deliver([mail(0, "early@buyer.example", BEN), mail(1, BEN, "early@buyer.example", answers=0)], BEN)
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
user = "{BEN}"
password = "{dovecot.PASSWORD}"
folders = ["INBOX"]
""", encoding="utf8")
        for words in (["ben", "--role", "rep", "--person", BEN], ["mia", "--role", "manager"]):
            command("user", "add", *words, "--password-stdin", folder=tmp_path, said=PASSWORD + "\n")
        port = free_port()
        with subprocess.Popen([sys.executable, str(ROOT / "app.py"), "serve", "--port", str(port)], cwd=tmp_path,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
            address = f"http://127.0.0.1:{port}"
            try:
                until(lambda: health(address)["events"] == 2, f"the first mails at {address}")
                yield address, server
            finally:
                program.send_signal(signal.SIGTERM)
                said, _ = program.communicate(timeout=30)
                assert "Traceback" not in said, said


def page_for(browser: Any, address: str, login: str, path: str) -> Any:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    page.goto(address + path)
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#top[data-live=on]")
    return page


@pytest.mark.skipif(bool(NO_MAIL), reason=NO_MAIL or "installed")
def test_an_item_comes_and_goes_with_the_mail_and_a_look_is_seen(serving: tuple[str, dovecot.Dovecot]) -> None:
    address, server = serving
    with chromium.start() as browser:
        ben = page_for(browser, address, "ben", "/me")
        ben.get_by_text("Nothing waits on you now.").wait_for()
        server.deliver([mail(2, "carla@buyer.example", BEN)], BEN)
        item = ben.locator(DAY, has_text="Reply to carla@buyer.example")
        item.first.wait_for()
        assert "SVC-01" in item.first.inner_text() and "in 3h" in item.first.inner_text()
        mirror = page_for(browser, address, "ben", "/mirror")
        mirror.get_by_text("Nobody has opened a case or event of yours.").wait_for()
        mia = page_for(browser, address, "mia", "/live")
        mia.locator("#live-waits tr", has_text="carla@buyer.example").first.click()
        mia.locator(".course").wait_for()
        look = mirror.locator("#mirror-looks tr", has_text="mia")
        look.first.wait_for(timeout=20_000)
        assert "manager" in look.first.inner_text() and "Live" in look.first.inner_text()
        ben.mouse.move(5, 5)
        server.deliver([mail(3, BEN, "carla@buyer.example", answers=2)], BEN)
        item.first.wait_for(state="detached")
        ben.get_by_text("Nothing waits on you now.").wait_for()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    made = Front(tmp_path_factory.mktemp("mine") / "front.duckdb")
    front_bench.fill(made.db)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium.start() as running:
        yield running


@pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER or "installed")
def test_put_off_disputed_and_taken_back_without_opening_the_row(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.REP, "/me") as page:
        page.locator(DAY).first.wait_for()
        count = page.locator(DAY).count()
        row = page.locator(DAY).first
        row.get_by_role("button", name="Tomorrow").click()
        page.mouse.move(5, 5)
        page.get_by_text("Put off: 1").wait_for()
        assert page.locator(DAY).count() == count - 1 and page.locator("#drawer").is_hidden()
        page.get_by_text("Put off: 1").click()
        page.get_by_role("button", name="Show again").click()
        page.mouse.move(5, 5)
        page.get_by_text("Put off: 1").wait_for(state="detached")
        page.locator(DAY).get_by_role("button", name="Dispute").first.click()
        page.mouse.move(5, 5)
        page.get_by_text("Disputed, out of the figures until settled: 1").wait_for()
        with page_of(browser, front, Role.OFFICER, "/mirror") as desk:
            desk.locator("#mirror-settle").get_by_role("button", name="Reject").click()
            desk.mouse.move(5, 5)
            desk.get_by_text("No dispute waits for you.").wait_for()
        page.get_by_text("Disputed, out of the figures until settled: 1").wait_for(state="detached")


@pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER or "installed")
def test_all_that_is_held_can_be_taken_along(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.REP, "/mirror") as page:
        link = page.get_by_role("link", name="Download all of it (JSON)")
        with page.expect_download() as told:
            link.click()
        assert told.value.suggested_filename == "about-me.json"
        assert Path(told.value.path()).read_text(encoding="utf8").startswith('{"about": "')


@pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER or "installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("path", "width"), [("/me", 1440), ("/me", 820), ("/mirror", 1440), ("/mirror", 820)])
def test_nothing_keeps_anybody_out(front: Front, browser: Any, scheme: str, path: str, width: int) -> None:
    more = {"color_scheme": scheme, "bypass_csp": True, "viewport": {"width": width, "height": 900}}
    with page_of(browser, front, Role.REP, path, **more) as page:
        page.locator(DAY if path == "/me" else "#mirror-latest tr[data-open]").first.wait_for()
        assert page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert grave(page) == []
