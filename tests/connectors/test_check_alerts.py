"""`app.py check` on alerts: what would never arrive is found in time, and a test message can be sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors._check import Finding, check
from data.alert_settings import AlertSettings
from data.settings import Server, Settings, StorePlace
from data.store import Store
from data.writer import Writer
from metrics._engine import Engine
from tests.connectors._receivers import Obedient, http_server

SECRET = "a secret of the desk and us"


@pytest.fixture
def web() -> Iterator[Obedient]:
    with http_server() as found:
        yield found


def looked(tmp_path: Path, alert: AlertSettings, *, send: bool = False, **more: object) -> list[Finding]:
    """What the check says about alerts."""
    usual: dict[str, object] = {"server": Server(public_url="https://frontview.firm.example"),
                                "environ": {"S": SECRET}, "store": StorePlace(tmp_path / "facts.duckdb"),
                                "alerts": {"desk": alert}}
    settings = Settings(**usual | more)  # type: ignore[arg-type]
    found = check(settings, {}, send_test_alert=send)
    return [one for one in found if "alert" in one.what.lower()]


def hook(web: Obedient, **keys: object) -> AlertSettings:
    usual: dict[str, object] = {"id": "desk", "to": "webhook", "role": "officer", "url": web.url, "secret_env": "S"}
    return AlertSettings(**usual | keys)  # type: ignore[arg-type]


def test_a_channel_that_is_set_up_is_said_to_be_and_nothing_is_sent(tmp_path: Path, web: Obedient) -> None:
    (found,) = looked(tmp_path, hook(web))
    assert (found.level, found.what) == ("ok", "alert 'desk' (webhook) is set up") and not web.asked


def test_a_test_message_says_that_it_is_one(tmp_path: Path, web: Obedient) -> None:
    (found,) = looked(tmp_path, hook(web, to="slack", secret_env=""), send=True)
    assert (found.level, found.what) == ("ok", "alert 'desk': a test message was sent")
    assert "This is a test from Frontview" in json.loads(web.asked[0].body)["blocks"][1]["text"]["text"]


def test_a_receiver_that_refuses_is_quoted(tmp_path: Path, web: Obedient) -> None:
    web.decide = lambda _: 403
    (found,) = looked(tmp_path, hook(web), send=True)
    assert found.level == "problem" and "refuses us (403)" in found.what and "[alerts.desk]" in found.remedy


@pytest.mark.parametrize(("keys", "said"), [
    ({"secret_env": "UNSET"}, "the environment has no UNSET"),
    ({"url": "env:UNSET"}, "the environment has no UNSET"),
    ({"ca": "/nowhere.pem"}, "/nowhere.pem"),
    ({"to": "mail", "host": "localhost", "user": "u", "password_env": "UNSET"}, "the environment has no UNSET"),
])
def test_what_lacks_is_named_and_nothing_is_sent(tmp_path: Path, web: Obedient, keys: dict[str, object],
                                                 said: str) -> None:
    (found,) = looked(tmp_path, hook(web, **keys), send=True)
    assert found.level == "problem" and said in found.what and not web.asked


def test_names_that_fit_nothing_are_found(tmp_path: Path, web: Obedient) -> None:
    store = Store.open(tmp_path / "facts.duckdb")
    writer = Writer(store, [Engine()])
    writer.start()
    writer.stop()
    store.close()
    found = looked(tmp_path, hook(web, rules=("COR-02", "COR-99"), teams=("Nrth",)), teams={"North": ()})
    levels = {word: one.level for one in found for word in ("'COR-99'", "'Nrth'", "is set up") if word in one.what}
    assert levels == {"'COR-99'": "problem", "'Nrth'": "warning", "is set up": "ok"}
    assert not [one for one in found if "'COR-02'" in one.what]


def test_links_that_lead_nowhere_for_others_are_a_warning(tmp_path: Path, web: Obedient) -> None:
    findings = looked(tmp_path, hook(web), server=Server())
    assert any(one.level == "warning" and "public_url is empty" in one.what for one in findings)
