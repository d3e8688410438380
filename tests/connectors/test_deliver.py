"""Messages leave for real servers: encrypted, signed, and with a clear word where something is wrong."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors._deliver import Delivery, trial_letter
from connectors._hooks import Hooks
from connectors.webhook import CONNECTOR
from data.alert_settings import AlertSettings
from data.alerts import Letter, Line, Message
from data.errors import FixSettings, FrontviewError, RetryLater
from data.scope import SYSTEM
from data.settings import Settings, SourceSettings
from data.store import Store
from data.writer import Writer
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

NOW_T = int(datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp() * 1_000_000)
SECRET = "a secret of the desk and us"
ENVIRON = {"MAIL_PASSWORD": PASSWORD, "WRONG": "not it", "HOOK_SECRET": SECRET, "SHORT": "short"}
PAGE = "https://frontview.firm.example/compliance"
LINES = [Line(f"[high] COR-02 Four eyes & <all>: case {n}, broken 5 min ago", f"{PAGE}?open=case:{n}",
              "2026-11-22T11:55:00+00:00", {"rule": "COR-02", "severity": "high", "what": "breach", "case": n,
                                            "team": "North", "channel": "email"}) for n in range(1, 7)]
MESSAGE = Message("Frontview: 6 breaches (worst: high)", "What came to light.", LINES, 6, PAGE)
LETTER = Letter(3, "desk", NOW_T, 0, MESSAGE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if OPENSSL is None:
        pytest.skip("openssl is not installed, which makes the mail server's certificate: apt-get install openssl")
    return tmp_path_factory.mktemp("certificate")


@pytest.fixture(scope="module")
def trust(folder: Path) -> ssl.SSLContext:
    return certify(folder)


@pytest.fixture
def room(trust: ssl.SSLContext) -> Iterator[Mailroom]:
    with mail_server(trust) as found:
        yield found


@pytest.fixture
def web() -> Iterator[Obedient]:
    with http_server() as found:
        yield found


def delivery(alert: AlertSettings, seconds: float = 10.0) -> Delivery:
    return Delivery(Settings(alerts={alert.id: alert}, environ=ENVIRON), seconds=seconds)


def by_mail(room: Mailroom, folder: Path, **keys: Any) -> AlertSettings:
    usual: dict[str, Any] = {"host": "localhost", "port": room.port, "user": USER, "password_env": "MAIL_PASSWORD",
                             "ca": str(folder / "cert.pem"), "sender": "frontview@firm.example",
                             "recipients": ("desk@firm.example", "omar@firm.example")}
    return AlertSettings(id="desk", to="mail", role="officer", **usual | keys)


def by_post(web: Obedient, to: str = "webhook", **keys: Any) -> AlertSettings:
    usual: dict[str, Any] = {"url": web.url + "/alerts?team=north", "secret_env": "HOOK_SECRET"}
    return AlertSettings(id="desk", to=to, role="officer", **usual | keys)


def refused(alert: AlertSettings, seconds: float = 10.0) -> FrontviewError:
    """The error of an attempt; none of it holds a secret, an address of a person or what the server said."""
    with pytest.raises(FrontviewError) as caught:
        delivery(alert, seconds)(LETTER)
    said = str(caught.value)
    assert not any(word in said for word in (PASSWORD, SECRET, "@firm.example", "no such user", "not it"))
    assert "[alerts.desk]" in said
    return caught.value


def test_a_mail_goes_out_encrypted_after_a_login(room: Mailroom, folder: Path) -> None:
    assert delivery(by_mail(room, folder))(LETTER) == ""
    (mail,) = room.mails
    assert room.encrypted == [True] and room.recipients == [["desk@firm.example", "omar@firm.example"]]
    assert mail["Subject"] == "Frontview: 6 breaches (worst: high)" and mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert "case 4, broken 5 min ago" in text and f"{PAGE}?open=case:4" in text
    # The name of the machine stays at home.
    assert room.greetings == ["firm.example"] and socket.gethostname().encode() not in room.taken[0]


def test_the_same_letter_sent_twice_is_known_by_its_id(room: Mailroom, folder: Path) -> None:
    send = delivery(by_mail(room, folder))
    send(LETTER)
    send(LETTER)
    send(Letter(4, "desk", NOW_T, 0, LETTER.message))
    first, again, other = (mail["Message-ID"] for mail in room.mails)
    assert first == again != other


def test_a_wrong_password_is_for_a_person_to_mend(room: Mailroom, folder: Path) -> None:
    error = refused(by_mail(room, folder, password_env="WRONG"))
    assert isinstance(error, FixSettings) and "our login" in str(error) and "check user and password" in str(error)
    assert not room.taken


def test_without_a_login_the_server_that_wants_one_refuses(room: Mailroom, folder: Path) -> None:
    error = refused(by_mail(room, folder, user="", password_env=""))
    assert isinstance(error, FixSettings) and "(530)" in str(error)


def test_a_certificate_nobody_vouches_for_is_not_trusted(room: Mailroom, folder: Path) -> None:
    error = refused(by_mail(room, folder, ca=""))
    assert isinstance(error, FixSettings) and "certificate is not trusted" in str(error)
    assert not room.taken


def test_a_server_without_starttls_is_told_nothing(folder: Path) -> None:
    with mail_server(None) as plain:
        error = refused(by_mail(plain, folder, user="", password_env=""))
        assert isinstance(error, FixSettings) and "offers no STARTTLS" in str(error)
        assert not plain.taken
        delivery(by_mail(plain, folder, user="", password_env="", starttls=False))(LETTER)
        assert plain.encrypted == [False]


def test_one_unknown_recipient_does_not_keep_it_from_the_others(room: Mailroom, folder: Path) -> None:
    room.refuse = {"omar@firm.example"}
    assert delivery(by_mail(room, folder))(LETTER) == "1 of 2 recipients were refused"
    room.refuse.add("desk@firm.example")
    error = refused(by_mail(room, folder))
    assert isinstance(error, FixSettings) and "refuses every recipient (550)" in str(error)


def test_a_busy_mail_server_is_tried_again(room: Mailroom, folder: Path) -> None:
    room.busy = True
    error = refused(by_mail(room, folder))
    assert isinstance(error, RetryLater) and "(451)" in str(error)


def test_a_server_that_is_not_there_is_tried_again(room: Mailroom, folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(refused(by_mail(room, folder, host="127.0.0.1", port=port)), RetryLater)
    gone = AlertSettings(id="desk", to="slack", role="officer", url=f"http://127.0.0.1:{port}/")
    assert isinstance(refused(gone), RetryLater)


def test_a_server_that_is_silent_is_left_after_a_while(web: Obedient, room: Mailroom, folder: Path) -> None:
    web.hold = True
    assert "no answer within 0.3 s" in str(refused(by_post(web), 0.3))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = refused(by_mail(room, folder, host="127.0.0.1", port=silent.getsockname()[1]), 0.3)
    assert isinstance(error, RetryLater)


def test_our_own_receiver_takes_what_we_send_once(web: Obedient) -> None:
    store = Store.open(":memory:")
    writer = Writer(store)
    writer.start()
    source = SourceSettings("desk", CONNECTOR.id, "Alerts", values={"secret": SECRET})
    hooks = Hooks(Settings(sources={"desk": source}), {CONNECTOR.id: CONNECTOR}, writer)
    told: list[dict[str, Any]] = []

    def take(asked: Any) -> int:
        status, answer = hooks("desk", asked.headers, asked.body)
        told.append(answer)
        return status

    web.decide = take
    send = delivery(by_post(web))
    send(LETTER)
    send(LETTER)
    assert told == [{"new": 6, "known": 0, "aside": 0}, {"new": 0, "known": 6, "aside": 0}]
    rows = store.read("SELECT a.name, e.attrs FROM event e JOIN activity a ON a.code = e.activity", {}, SYSTEM)
    assert {row["name"] for row in rows} == {"alert.breach"}
    assert all(json.loads(row["attrs"])["rule"] == "COR-02" for row in rows)
    send(trial_letter("desk", NOW_T, PAGE))
    assert told[-1] == {"new": 1, "known": 0, "aside": 0}
    writer.stop()
    store.close()


def test_a_signature_with_another_secret_is_not_taken(web: Obedient) -> None:
    source = SourceSettings("desk", CONNECTOR.id, "Alerts", values={"secret": "quite another secret"})
    store = Store.open(":memory:")
    writer = Writer(store)
    hooks = Hooks(Settings(sources={"desk": source}), {CONNECTOR.id: CONNECTOR}, writer)
    web.decide = lambda asked: hooks("desk", asked.headers, asked.body)[0]
    error = refused(by_post(web))
    assert isinstance(error, FixSettings) and "(401)" in str(error)
    writer.stop()
    store.close()


def test_slack_gets_blocks_that_call_nobody(web: Obedient) -> None:
    delivery(by_post(web, "slack", secret_env=""))(LETTER)
    (asked,) = web.asked
    assert asked.path == "/alerts?team=north" and "X-Frontview-Signature" not in asked.headers
    told = json.loads(asked.body)
    kinds = [block["type"] for block in told["blocks"]]
    assert kinds == ["header", "section", "section", "section"]
    text = told["blocks"][2]["text"]["text"]
    assert text.count("•") == 4 and f"<{PAGE}?open=case:1|evidence>" in text
    assert "Four eyes &amp; &lt;all&gt;" in text and told["text"] == LETTER.message.subject
    assert all(len(block["text"]["text"]) < 3000 for block in told["blocks"])


@pytest.mark.parametrize(("status", "headers", "after"), [
    (500, {}, None), (429, {"Retry-After": "120"}, 120.0), (503, {"Retry-After": "7"}, 7.0), (408, {}, None),
    (500, {"X-RateLimit-Reset": "60"}, None),
])
def test_a_receiver_in_trouble_is_tried_again_when_it_says(web: Obedient, status: int, headers: dict[str, str],
                                                            after: float | None) -> None:
    web.answers = [(status, headers)]
    error = refused(by_post(web))
    assert isinstance(error, RetryLater) and error.after_seconds == after and f"({status})" in str(error)


def test_a_redirect_is_not_followed(web: Obedient) -> None:
    with http_server() as other:
        for status in (301, 302, 307, 308):
            web.answers = [(status, {"Location": other.url})]
            assert "where alerts do not follow" in str(refused(by_post(web)))
        assert not other.asked


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_receiver_that_refuses_is_for_a_person_to_mend(web: Obedient, status: int) -> None:
    web.answers = [(status, {})]
    assert isinstance(refused(by_post(web)), FixSettings)


def test_proxies_of_the_environment_are_not_asked(web: Obedient, monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        delivery(by_post(web))(LETTER)
        assert len(web.asked) == 1 and not proxy.asked


def test_what_cannot_be_sent_is_said_before_anything_is(web: Obedient, folder: Path, room: Mailroom) -> None:
    assert "HOOKS" in str(refused(by_post(web, secret_env="HOOKS")))
    assert "has 5 characters" in str(refused(by_post(web, secret_env="SHORT")))
    assert "no certificate" in str(refused(by_mail(room, folder, ca=str(folder / "key.pem"))))
    with pytest.raises(FixSettings, match=r"have no \[alerts\.desk\] any more"):
        Delivery(Settings())(LETTER)
    assert not web.asked and not room.taken
