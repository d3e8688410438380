"""Morning lists and nudges to one person, over real servers: when, how many, to whom, and that no name leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import mine_world
import pytest
from live_world import NOW_T, SOURCE, SOUTH, World
from mine_world import NORA, SAM, rows

from connectors._deliver import Delivery
from data.alert_settings import AlertSettings
from data.mine_settings import Nudges
from data.own_choices import Choice, choose
from data.scope import Principal, Role
from data.settings import Server, Settings
from layouts._nudge_loop import NudgeLoop
from metrics._contract import HOUR
from tests.connectors._receivers import Mailroom, Obedient, http_server, mail_server

MINUTE = HOUR // 60
MAIL = AlertSettings(id="desk", to="mail", role="officer", host="127.0.0.1", sender="frontview@firm.example",
                     recipients=("desk@firm.example",), starttls=False)


class Clock:
    """The world's clock, which the test moves."""

    def __init__(self) -> None:
        self.now_t = NOW_T

    def __call__(self) -> int:
        return self.now_t


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Iterator[World]:
    made = mine_world.make()
    made.writer.clock = clock
    yield made
    made.close()


@pytest.fixture
def room() -> Iterator[Mailroom]:
    with mail_server(None) as found:
        yield found


def loop(world: World, room: Mailroom, nudges: Nudges | None = None, **who: Principal) -> NudgeLoop:
    from dataclasses import replace

    settings = Settings(server=Server(public_url="https://front.example/"), nudges=nudges or Nudges(mail="desk"),
                        alerts={"desk": replace(MAIL, port=room.port)}, environ={"S": "a secret that is long enough"})
    people = {p.login: p for p in mine_world.PEOPLE} | who
    return NudgeLoop(settings, world.store, world.writer, Delivery, who=people.get)


def wants(world: World, who: Principal, **choice: Any) -> None:
    given = Choice(**{"via": "mail", "zone": "UTC", "morning": -1, "before_min": 60, "at_most": 5, **choice})
    world.writer.do(lambda con: choose(con, NOW_T, who, given))


def test_a_deadline_is_nudged_once_and_names_nobody(world: World, room: Mailroom, clock: Clock) -> None:
    nudges = loop(world, room)
    wants(world, NORA)
    assert nudges.all() == 0, "the next deadline is two hours away"
    clock.now_t = NOW_T + 70 * MINUTE
    assert nudges.all() == 1 and nudges.all() == 0
    (mail,) = room.mails
    assert room.recipients == [[NORA.actor]]
    assert mail["Subject"] == "Frontview: 1 deadline in 50 min"
    text = mail.get_content()
    obj = mine_world.number(world, "crm/D-promised")
    assert f"A day you promised in a message (opportunity {obj}), by 17:00, 50 min left" in text
    assert f"https://front.example/me?open=case:{obj}" in text
    assert "customer.example" not in text and "@firm.example" not in text and "Customer" not in text
    clock.now_t = NOW_T + 130 * MINUTE
    assert nudges.all() == 1 and "SVC-01" in room.mails[1].get_content()


def test_done_in_time_means_no_nudge(world: World, room: Mailroom, clock: Clock) -> None:
    nudges = loop(world, room)
    wants(world, NORA, before_min=240)
    world.writer.put(SOURCE, mine_world.answers("soon"))
    assert nudges.all() == 1
    assert "SVC-01" not in room.mails[0].get_content(), "the reply was sent; only the promise is still due"


def test_the_morning_list_comes_once_at_the_persons_own_hour(world: World, room: Mailroom, clock: Clock) -> None:
    nudges = loop(world, room)
    # It is 15:00 UTC, 10:00 in New York.
    wants(world, NORA, zone="America/New_York", morning=10 * 60 + 30, before_min=0)
    assert nudges.all() == 0
    clock.now_t = NOW_T + 31 * MINUTE
    assert nudges.all() == 1 and nudges.all() == 0
    (mail,) = room.mails
    assert mail["Subject"] == "Frontview: 6 things for today"
    text = mail.get_content()
    assert text.index("late since") < text.index("A day you promised") < text.index("A deal in which nothing moves")
    clock.now_t = NOW_T + 25 * HOUR
    assert nudges.all() == 1, "and again the next day"
    clock.now_t = NOW_T + 53 * HOUR
    assert nudges.all() == 0, "hours later it is no morning list any more"


def test_no_more_a_day_than_chosen(world: World, room: Mailroom, clock: Clock) -> None:
    nudges = loop(world, room)
    wants(world, NORA, at_most=1)
    clock.now_t = NOW_T + 70 * MINUTE
    assert nudges.all() == 1
    clock.now_t = NOW_T + 130 * MINUTE
    assert nudges.all() == 0


def test_each_is_told_of_his_own_and_nobody_whose_account_is_off(world: World, room: Mailroom, clock: Clock) -> None:
    wants(world, NORA)
    wants(world, SAM)
    clock.now_t = NOW_T + 130 * MINUTE
    other = Principal("nora", "Nora", Role.MANAGER, NORA.actor, None)
    assert loop(world, room, nora=other).all() == 1
    assert room.recipients == [[SOUTH[0]]]
    sams = mine_world.number(world, "mail/sams")
    assert f"case:{sams}" in room.mails[0].get_content()
    assert all(f"case:{mine_world.number(world, case)}\n" not in room.mails[0].get_content()
               for case in ("mail/soon", "crm/D-promised"))


def test_a_server_that_is_busy_gets_it_later_and_a_person_who_wants_no_more_is_left_alone(
        world: World, room: Mailroom, clock: Clock) -> None:
    nudges = loop(world, room)
    wants(world, NORA)
    room.busy = True
    clock.now_t = NOW_T + 70 * MINUTE
    assert nudges.all() == 0
    assert rows(world, "SELECT state, tries FROM alert") == [("waiting", 1)]
    room.busy = False
    clock.now_t += 2 * MINUTE
    assert nudges.all() == 1
    room.busy = True
    clock.now_t = NOW_T + 130 * MINUTE
    assert nudges.all() == 0
    wants(world, NORA, via="")
    nudges.all()
    assert rows(world, "SELECT state FROM alert ORDER BY n") == [("sent",), ("failed",)]


def test_slack_and_webhook_go_to_the_persons_own_address(world: World, room: Mailroom, clock: Clock) -> None:
    clock.now_t = NOW_T + 70 * MINUTE
    with http_server() as one, http_server() as two:
        web: list[Obedient] = [one, two]
        nudges = Nudges(slack={NORA.actor: web[0].url}, webhook={SAM.actor: web[1].url}, secret_env="S")
        wants(world, NORA, via="slack")
        wants(world, SAM, via="webhook", before_min=240)
        assert loop(world, room, nudges).all() == 2
    (slack,), (signed,) = web[0].asked, web[1].asked
    assert "50 min left" in json.loads(slack.body)["blocks"][1]["text"]["text"] or "50 min left" in slack.body.decode()
    assert json.loads(signed.body)["events"][0]["objects"] == [
        {"type": "case", "id": f"frontview/{mine_world.number(world, 'mail/sams')}"}]
    assert signed.headers["X-Frontview-Signature"]
    for body in (slack.body, signed.body):
        assert b"customer.example" not in body and b"@firm.example" not in body


def test_alerts_and_nudges_leave_each_others_letters_alone(world: World, room: Mailroom, clock: Clock) -> None:
    from data import alerts as kept

    nudges = loop(world, room)
    wants(world, NORA)
    room.busy = True
    clock.now_t = NOW_T + 70 * MINUTE
    nudges.all()
    kept.give_up_others(world.writer, [])
    assert rows(world, "SELECT state FROM alert") == [("waiting",)], "channels of the settings are not people"
