"""From a broken rule to a message that arrived: retries, a killed program, and no personal word in any byte."""

from __future__ import annotations

import json
import quopri
import signal
import ssl
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from connectors._deliver import Delivery
from data.alert_settings import AlertSettings
from data.alerts import Letter
from data.settings import Server, Settings
from data.store import Store
from layouts._alarm_loop import AlarmLoop
from tests.connectors._receivers import (
    OPENSSL,
    PASSWORD,
    USER,
    Mailroom,
    Obedient,
    certify,
    http_server,
    mail_server,
)
from tests.layouts._alarm_child import SECRET
from tests.metrics._alert_world import BASE, PERSONAL, START, Desk, manager, officer

CHILD = Path(__file__).with_name("_alarm_child.py")


@pytest.fixture
def desk() -> Iterator[Desk]:
    found = Desk()
    found.put()
    yield found
    found.close()


@pytest.fixture
def web() -> Iterator[Obedient]:
    with http_server() as found:
        yield found


def loop(desk: Desk, *alerts: AlertSettings, seconds: float = 10.0) -> AlarmLoop:
    """A loop that has looked once, so that what comes now is news."""
    settings = Settings(server=Server(public_url=BASE + "/"), alerts={alert.id: alert for alert in alerts},
                        environ={"S": SECRET, "P": PASSWORD})
    found = AlarmLoop(settings, desk.store, desk.writer, Delivery(settings, seconds=seconds), chance=lambda: 0.5)
    for alert in alerts:
        assert found.once(alert.id) == 0
    desk.wait(1)
    return found


def hook(web: Obedient, **keys: object) -> AlertSettings:
    return officer(**{"url": web.url, "secret_env": "S", **keys})


def rows(store: Store) -> list[dict[str, Any]]:
    """All messages as they are kept."""
    result = store.connection.cursor().execute("SELECT * FROM alert ORDER BY n")
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def minutes(t: int) -> float:
    """Minutes after START of a moment."""
    return (t / 1_000_000 - START.timestamp()) / 60


def test_a_receiver_that_fails_twice_gets_it_at_the_third_time(desk: Desk, web: Obedient) -> None:
    alarms = loop(desk, hook(web))
    web.answers = [(500, {}), (429, {"Retry-After": "600"}), (200, {})]
    desk.credit("one")
    assert alarms.once("desk") == 0
    (row,) = rows(desk.store)
    assert (row["state"], row["tries"]) == ("waiting", 1) and "(500)" in row["trouble"]
    assert minutes(row["next_t"]) == pytest.approx(desk.minutes + 0.5)
    assert alarms.once("desk") == 0 and len(web.asked) == 1, "it is not tried again before its time"
    desk.wait(1)
    assert alarms.once("desk") == 0
    assert minutes(rows(desk.store)[0]["next_t"]) == pytest.approx(desk.minutes + 10), "as long as it asks for"
    desk.wait(9)
    assert alarms.once("desk") == 0 and len(web.asked) == 2
    desk.wait(1.1)
    assert alarms.once("desk") == 1
    (row,) = rows(desk.store)
    assert (row["state"], row["tries"], row["trouble"], row["next_t"]) == ("sent", 3, "", None)
    assert len({asked.headers["X-Frontview-Delivery"] for asked in web.asked}) == 1
    assert len({asked.body for asked in web.asked}) == 1
    desk.wait(60)
    assert alarms.once("desk") == 0 and len(web.asked) == 3


def test_waits_grow_and_after_a_day_it_is_given_up_and_said(desk: Desk, web: Obedient) -> None:
    web.decide = lambda _: 503
    alarms = loop(desk, hook(web))
    desk.credit("one")
    begun, tried = desk.minutes, []
    while rows(desk.store) == [] or rows(desk.store)[0]["state"] == "waiting":
        before = len(web.asked)
        assert alarms.once("desk") == 0
        if len(web.asked) > before:
            tried.append(desk.minutes - begun)
        row = rows(desk.store)[0]
        if row["next_t"]:
            desk.minutes = minutes(row["next_t"]) + 0.001
    waits = [later - sooner for sooner, later in pairwise(tried)]
    assert waits[:7] == pytest.approx([0.5, 1, 2, 4, 8, 16, 30], abs=0.01)
    assert max(waits) < 30.1 and tried[-1] == pytest.approx(1440, abs=0.1)
    (row,) = rows(desk.store)
    assert row["state"] == "failed" and "(503)" in row["trouble"]
    web.decide = lambda _: 200
    desk.credit("two")
    assert alarms.once("desk") == 1, "what comes after is told"


def test_what_a_person_must_mend_is_tried_every_quarter_of_an_hour(desk: Desk, web: Obedient) -> None:
    alarms = loop(desk, hook(web, secret_env="NOT_SET"))
    desk.credit("one")
    assert alarms.once("desk") == 0
    (row,) = rows(desk.store)
    assert "the environment has no NOT_SET" in row["trouble"] and not web.asked
    assert minutes(row["next_t"]) == pytest.approx(desk.minutes + 15)


def test_a_receiver_that_hangs_holds_up_no_other_channel(desk: Desk, web: Obedient) -> None:
    with http_server() as fine:
        loop(desk, hook(web), hook(fine, id="fine"))
        web.hold = True
        settings = Settings(alerts={"desk": hook(web), "fine": hook(fine, id="fine")}, environ={"S": SECRET})
        arrived = threading.Event()
        fine.decide = lambda _: arrived.set() or 200  # type: ignore[func-returns-value]
        alarms = AlarmLoop(settings, desk.store, desk.writer, Delivery(settings, seconds=30))
        desk.credit("one")
        alarms.start()
        assert arrived.wait(30)
        alarms.stop()
        assert len(fine.asked) == 1
        web.released.set()


def test_what_waits_for_a_channel_that_is_gone_is_ended(desk: Desk, web: Obedient) -> None:
    web.decide = lambda _: 503
    alarms = loop(desk, hook(web))
    desk.credit("one")
    alarms.once("desk")
    without = AlarmLoop(Settings(), desk.store, desk.writer, lambda letter: "")
    without.start()
    without.stop()
    (row,) = rows(desk.store)
    assert row["state"] == "failed" and "no longer in the settings" in row["trouble"]


def test_whoever_looks_at_the_page_gets_a_new_frame(desk: Desk, web: Obedient) -> None:
    alarms = loop(desk, hook(web))
    desk.credit("one")
    frames: list[int] = []
    stop = desk.store.subscribe(frames.append)
    alarms.once("desk")
    stop()
    assert frames


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_program_that_is_killed_sends_it_after_the_next_start(tmp_path: Path, web: Obedient, moment: str) -> None:
    desk = Desk(tmp_path / "facts.duckdb")
    # The killed program has the clock of the machine.
    desk.minutes = (datetime.now(UTC) - START).total_seconds() / 60
    desk.put()
    loop(desk, hook(web))
    desk.credit("one")
    desk.close()
    child = subprocess.Popen([sys.executable, str(CHILD), str(desk.path), web.url, moment], stdout=subprocess.PIPE)
    assert child.stdout and child.stdout.readline() == b"there\n"
    child.send_signal(signal.SIGKILL)
    assert child.wait(60) == -signal.SIGKILL
    child.stdout.close()
    assert len(web.asked) == (moment == "after")
    desk.minutes += 20
    desk.open()
    assert [row["state"] for row in rows(desk.store)] == ["waiting"]
    settings = Settings(alerts={"desk": hook(web)}, environ={"S": SECRET})
    alarms = AlarmLoop(settings, desk.store, desk.writer, Delivery(settings))
    assert alarms.once("desk") == 1
    desk.wait(20)
    assert alarms.once("desk") == 0
    desk.close()
    # At least once: what had arrived arrives again, and the receiver can tell.
    assert len(web.asked) == 1 + (moment == "after")
    assert len({asked.headers["X-Frontview-Delivery"] for asked in web.asked}) == 1
    assert {asked.body for asked in web.asked} == {web.asked[0].body}
    assert len(json.loads(web.asked[0].body)["events"]) == 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if OPENSSL is None:
        pytest.skip("openssl is not installed, which makes the mail server's certificate: apt-get install openssl")
    return tmp_path_factory.mktemp("certificate")


@pytest.fixture
def room(folder: Path) -> Iterator[Mailroom]:
    trust: ssl.SSLContext = certify(folder)
    with mail_server(trust) as found:
        yield found


def readings(raw: bytes) -> str:
    """All that can be read out of bytes: as they are, and with their encodings undone."""
    texts = [raw, quopri.decodestring(raw)]
    for part in raw.split(b"\n\n"):
        try:
            texts.append(b64decode(b"".join(part.split()), validate=True))
        except ValueError:
            continue
    escaped = raw.decode("utf-8", "replace").encode("ascii", "backslashreplace").decode("unicode_escape", "replace")
    return " ".join([*(text.decode("utf-8", "replace") for text in texts), escaped]).lower()


def test_no_personal_word_leaves_by_any_way(desk: Desk, web: Obedient, room: Mailroom, folder: Path) -> None:
    by_mail = officer(id="mail", to="mail", host="localhost", port=room.port, user=USER, password_env="P",
                      ca=str(folder / "cert.pem"), sender="a@frontview.example", recipients=("o@desk.example",))
    ways = (hook(web), hook(web, id="slack", to="slack"), by_mail, manager("North", url=web.url, secret_env="S"))
    alarms = loop(desk, *ways)
    # A team and a channel that a careless source named after a person.
    desk.credit("one", "Team of ana.quill@firm.example")
    desk.credit("two")
    desk.ask("three")
    desk.wait(200)
    assert [alarms.once(way.id) for way in ways] == [1, 1, 1, 1]
    gone = [asked.body + repr((asked.path, asked.headers)).encode() for asked in web.asked] + room.taken
    assert len(gone) == 4
    for raw in gone:
        text = readings(raw)
        assert f"case:{desk.number('two')}" in text.replace("=3d", "="), "the search looks at what was sent"
        assert not [word for word in PERSONAL if word in text]


def test_the_search_for_personal_words_finds_them_in_any_dress() -> None:
    for raw in (b"Zoe Quartz", b"Zoe Quar=\ntz", b"head\n\nWm9lIFF1YXJ0eg==", b'{"n": "\\u0071uartz"}'):
        assert "quartz" in readings(raw)


def test_a_letter_that_breaks_the_sender_is_tried_again_and_said(desk: Desk, web: Obedient) -> None:
    alarms = loop(desk, hook(web))
    desk.credit("one")

    class Broken(Delivery):
        def _send(self, letter: Letter) -> str:
            raise ValueError("zoe.quartz@customer.example")

    settings = Settings(alerts={"desk": hook(web)}, environ={"S": SECRET})
    assert AlarmLoop(settings, desk.store, desk.writer, Broken(settings)).once("desk") == 0
    (row,) = rows(desk.store)
    assert row["state"] == "waiting" and "ValueError" in row["trouble"] and "quartz" not in row["trouble"]
    desk.wait(1)
    assert alarms.once("desk") == 1
