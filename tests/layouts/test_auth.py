"""Accounts, sessions and the throttle in front of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import live_world
import pytest
from live_world import Browser, World

from data.accounts import create_account, list_accounts, set_active, verify
from data.errors import FixSettings
from data.scope import Principal, Role
from layouts._auth import Sessions, Throttle

PASSWORD = "correct horse battery"
LENA = Principal("lena@firm.example", "Lena", Role.MANAGER, teams=frozenset({"North"}))


@pytest.fixture
def world() -> Iterator[World]:
    made = live_world.make(personas=())
    yield made
    made.close()


def test_an_account_signs_in_with_its_password_and_with_no_other(world: World) -> None:
    create_account(world.writer, LENA, PASSWORD)
    assert verify(world.writer, "Lena@Firm.example ", PASSWORD) == LENA
    assert verify(world.writer, LENA.login, PASSWORD + "!") is None
    assert verify(world.writer, "nobody", PASSWORD) is None
    secrets = world.writer.do(lambda con: con.execute("SELECT secret FROM account").fetchall())
    assert secrets[0][0].startswith("$argon2id$")


@pytest.mark.parametrize(
    ("principal", "password", "told"),
    [
        (LENA, "short", "use 10 or more"),
        (Principal(" ", "Lena", Role.REP), PASSWORD, "a login of at most 120 characters"),
        (Principal("root", "Root", Role.SYSTEM), PASSWORD, "choose one of manager, officer, rep, administrator"),
    ],
)
def test_unfit_accounts_are_refused_with_the_remedy(
    world: World, principal: Principal, password: str, told: str
) -> None:
    with pytest.raises(FixSettings, match=told):
        create_account(world.writer, principal, password)
    assert list_accounts(world.writer) == []


def test_a_login_is_taken_once(world: World) -> None:
    create_account(world.writer, LENA, PASSWORD)
    with pytest.raises(FixSettings, match="exists already"):
        create_account(world.writer, LENA, PASSWORD)


def test_a_deactivated_account_neither_signs_in_nor_keeps_its_session(world: World) -> None:
    create_account(world.writer, LENA, PASSWORD)
    sessions = Sessions(world.writer, (), hours=1)
    cookie = sessions.open(LENA)
    set_active(world.writer, LENA.login, active=False)
    assert verify(world.writer, LENA.login, PASSWORD) is None
    assert sessions.principal(cookie) is None


def test_an_account_switched_off_meanwhile_gets_nothing_more(world: World) -> None:
    create_account(world.writer, LENA, PASSWORD)
    create_account(world.writer, Principal("ada", "Ada", Role.ADMINISTRATOR, teams=None), PASSWORD)
    off = json.dumps({"action": "off", "login": LENA.login}).encode()

    async def story() -> None:
        lena, ada = Browser(world.app), Browser(world.app)
        await lena.form("/login", login=LENA.login, password=PASSWORD)
        await ada.form("/login", login="ada", password=PASSWORD)
        # The first answer takes the stream's head and frame; the third message is the one after the switch.
        stream = asyncio.create_task(lena.ask("GET", "/stream/live", frames=3))
        assert (await lena.ask("GET", "/stream/live", frames=2)).status == 200
        await asyncio.sleep(0.5)
        assert (await ada.ask("POST", "/accounts", off, headers={"content-type": "application/json"})).status == 200
        text = (await asyncio.wait_for(stream, 30)).text
        assert text.endswith("event: gone\ndata: {}\n\n")
        assert text.count("data: {") == 2
        assert (await lena.ask("GET", "/stream/live")).status == 401

    asyncio.run(story())


def test_five_hundred_who_ask_at_once_are_one_look_at_the_accounts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_account(world.writer, LENA, PASSWORD)
    sessions = Sessions(world.writer, (), hours=1)
    looks: list[Any] = []
    real = world.writer.do
    monkeypatch.setattr(world.writer, "do", lambda work: looks.append(work) or real(work))

    async def story() -> None:
        cookie = sessions.open(LENA)
        assert await asyncio.gather(*(sessions.ask(cookie) for _ in range(500))) == [LENA] * 500
        assert len(looks) == 1
        sessions.close(cookie)
        assert await sessions.ask(cookie) is None
        assert await sessions.ask("forged.cookie.here") is None

    asyncio.run(story())


def test_a_session_ends_after_its_hours_and_cannot_be_made_up(world: World) -> None:
    create_account(world.writer, LENA, PASSWORD)
    sessions = Sessions(world.writer, (), hours=1)
    cookie = sessions.open(LENA)
    assert sessions.principal(cookie) == LENA
    assert sessions.principal(cookie[:-2] + "xx") is None
    assert Sessions(world.writer, (), hours=1).principal(cookie) == LENA, "the secret outlives the process"
    sessions.seconds = -1
    assert sessions.principal(cookie) is None
    elsewhere = live_world.make(personas=())
    assert Sessions(elsewhere.writer, (), hours=1).principal(cookie) is None
    elsewhere.close()


def test_failed_logins_wait_ever_longer_up_to_five_minutes() -> None:
    now = [100.0]
    throttle = Throttle(clock=lambda: now[0])
    waits = []
    for _ in range(16):
        throttle.failed("login:lena")
        waits.append(throttle.wait_seconds("login:lena"))
    assert waits[:7] == [0, 0, 0, 0, 1, 2, 4]
    assert waits[-1] == 300
    assert throttle.wait_seconds("login:omar") == 0
    now[0] += 301
    assert throttle.wait_seconds("login:lena") == 0
    throttle.passed("login:lena")
    throttle.failed("login:lena")
    assert throttle.wait_seconds("login:lena") == 0


def test_the_sign_in_form_throttles_and_then_lets_the_right_one_in(world: World) -> None:
    create_account(world.writer, LENA, PASSWORD)

    async def story() -> None:
        browser = Browser(world.app)
        statuses = [
            (await browser.form("/login", login=LENA.login, password="wrong password")).status for _ in range(7)
        ]
        assert statuses[:5] == [401] * 5
        assert 429 in statuses
        other = Browser(world.app, peer="192.0.2.9")
        assert (await other.form("/login", login=LENA.login, password=PASSWORD)).status == 429
        create_account(world.writer, Principal("olga", "Olga", Role.OFFICER, teams=None), PASSWORD)
        assert (await other.form("/login", login="olga", password=PASSWORD)).header("location") == "/"
        assert (await other.ask("GET", "/compliance")).status == 200

    asyncio.run(story())


def test_an_administrator_adds_and_switches_off_accounts_and_nobody_else_does(world: World) -> None:
    create_account(world.writer, Principal("ada", "Ada", Role.ADMINISTRATOR, teams=None), PASSWORD)
    create_account(world.writer, LENA, PASSWORD)
    fields = {"action": "add", "login": "ben", "name": "Ben", "role": "rep", "actor": "n1@firm.example"}
    new = json.dumps(fields | {"password": "long enough"}).encode()
    json_type = {"content-type": "application/json"}

    async def story() -> None:
        lena = Browser(world.app)
        await lena.form("/login", login=LENA.login, password=PASSWORD)
        assert (await lena.ask("POST", "/accounts", new, headers=json_type)).status == 403
        ada = Browser(world.app)
        await ada.form("/login", login="ada", password=PASSWORD)
        assert (await ada.ask("POST", "/accounts", new, headers=json_type)).status == 200
        assert "exists already" in (await ada.ask("POST", "/accounts", new, headers=json_type)).text
        assert (await ada.ask("POST", "/accounts", b"[]", headers=json_type)).status == 400
        assert "n1@firm.example" in (await ada.ask("GET", "/stream/accounts", frames=2)).text
        off = b'{"action":"off","login":"lena@firm.example"}'
        assert (await ada.ask("POST", "/accounts", off, headers=json_type)).status == 200

    asyncio.run(story())
    states = {account.principal.login: account.active for account in list_accounts(world.writer)}
    assert states == {"ada": True, "ben": True, LENA.login: False}


def test_an_unknown_login_is_not_told_apart_by_the_answer(world: World) -> None:
    create_account(world.writer, LENA, PASSWORD)

    async def story() -> None:
        wrong = await Browser(world.app, peer="a").form("/login", login=LENA.login, password="wrong password")
        unknown = await Browser(world.app, peer="b").form("/login", login="nobody", password="wrong password")
        assert (wrong.status, wrong.text) == (unknown.status, unknown.text)

    asyncio.run(story())
