"""The sources page says whether alerts arrive: to administrators and officers, with the reason if they do not."""

from __future__ import annotations

from collections.abc import Iterator

import live_world
import pytest
from live_world import ADMINISTRATOR, MANAGER, NOW_T, OFFICER, REP, SOUTHERNER, World

from data import alerts as kept
from data.alerts import Letter, Message
from data.errors import NotAllowed
from data.scope import Principal
from layouts import sources as page
from layouts._html import to_html
from metrics import alerts
from metrics._contract import HOUR, Filters, Read

SECRET_WORDS = "Frontview: 1 breach of North"


@pytest.fixture
def world() -> Iterator[World]:
    made = live_world.make()
    yield made
    made.close()


def shown(world: World, person: Principal) -> str:
    """The card as this person gets it."""
    sent = page.VIEW.properties(Read(world.store.read, person.scope), Filters(), NOW_T)
    return to_html(sent["sources-alerts"]["children"])


def letter(world: World, channel: str) -> Letter:
    return kept.write_down(world.writer, channel, Message(SECRET_WORDS, "", (), 1, ""), ())


@pytest.mark.parametrize("person", [ADMINISTRATOR, OFFICER], ids=lambda p: p.login)
def test_what_was_sent_waits_and_failed_is_shown_with_its_reason(world: World, person: Principal) -> None:
    assert "No alert has been sent yet" in shown(world, person)
    kept.mark_sent(world.writer, letter(world, "desk"))
    kept.mark_tried(world.writer, letter(world, "slack"), "the receiver cannot take it now (503)", NOW_T + HOUR)
    kept.mark_tried(world.writer, letter(world, "mail"), "the mail server refuses our login (535)", None)
    found = {row.channel: row for row in alerts.alerts(Read(world.store.read, person.scope), NOW_T)}
    assert (found["desk"].sent, found["desk"].sent_t, found["desk"].ok) == (1, NOW_T, True)
    assert (found["slack"].waiting, found["slack"].next_t, found["slack"].ok) == (1, NOW_T + HOUR, False)
    assert (found["mail"].failed, found["mail"].waiting, found["mail"].trouble[-5:]) == (1, 0, "(535)")
    text = shown(world, person)
    assert "cannot take it now (503)" in text and "refuses our login (535)" in text and "never" in text
    # What a message says is not part of how it fares.
    assert SECRET_WORDS not in text


def test_trouble_that_is_overcome_is_no_longer_shown(world: World) -> None:
    kept.mark_tried(world.writer, letter(world, "desk"), "the receiver cannot take it now (503)", None)
    kept.mark_sent(world.writer, letter(world, "desk"))
    (row,) = alerts.alerts(Read(world.store.read, OFFICER.scope), NOW_T)
    assert row.ok and (row.failed, row.sent) == (1, 1) and "(503)" not in shown(world, OFFICER)


def test_a_recipient_who_was_refused_stays_visible(world: World) -> None:
    kept.mark_sent(world.writer, letter(world, "desk"), "1 of 2 recipients were refused")
    text = shown(world, ADMINISTRATOR)
    assert "1 of 2 recipients were refused" in text and "in part" in text and "failed</span>" not in text


@pytest.mark.parametrize("person", [MANAGER, SOUTHERNER, REP], ids=lambda p: p.login)
def test_nobody_else_sees_channels(world: World, person: Principal) -> None:
    kept.mark_sent(world.writer, letter(world, "desk"))
    read = Read(world.store.read, person.scope)
    with pytest.raises(NotAllowed):
        alerts.alerts(read, NOW_T)
    text = shown(world, person)
    assert "desk</span>" not in text and "looked after by an administrator and the officers" in text


def test_nobody_reads_what_messages_say_or_are_about(world: World) -> None:
    for person in (ADMINISTRATOR, OFFICER, MANAGER, REP):
        read = Read(world.store.read, person.scope)
        with pytest.raises(Exception, match="alert_told"):
            read("SELECT * FROM alert_told", {})
    assert "subject" not in read_columns(world)


def read_columns(world: World) -> set[str]:
    """What of a message an administrator can ask for."""
    kept.mark_sent(world.writer, letter(world, "desk"))
    return set(Read(world.store.read, ADMINISTRATOR.scope)("SELECT * FROM alert", {})[0])
