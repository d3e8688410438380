"""What a channel is told: each breach once, what falls due in time, gathered, in its scope, nothing personal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from data import alerts as kept
from data.alert_settings import AlertSettings
from data.alerts import Letter
from data.event import Ref
from metrics import _alerts
from metrics._alerts import LISTED, due_message, plain
from tests.metrics._alert_world import BASE, PERSONAL, ZOE, Desk, manager, officer


@pytest.fixture
def desk() -> Iterator[Desk]:
    found = Desk()
    yield found
    found.close()


def look(desk: Desk, alert: AlertSettings | None = None) -> Letter | None:
    """One look; what is written down arrives at once."""
    letter = due_message(desk.store, desk.writer, alert or officer(), BASE)
    if letter is not None:
        kept.mark_sent(desk.writer, letter)
    return letter


def told(letter: Letter | None) -> list[tuple[object, object, object]]:
    """Rule, state and case of each line."""
    assert letter is not None
    return [(line.facts["rule"], line.facts["state"], line.facts["case"]) for line in letter.message.lines]


def begun(desk: Desk, *alerts: AlertSettings) -> None:
    """The first look, which only remembers how things stand."""
    desk.put()
    for alert in alerts or (officer(),):
        assert look(desk, alert) is None
    desk.wait(1)


def test_a_breach_is_told_once_with_its_evidence(desk: Desk) -> None:
    begun(desk)
    desk.credit("one")
    letter = look(desk)
    assert told(letter) == [("T-CREDIT", "broken", desk.number("one"))]
    assert letter is not None
    line = letter.message.lines[0]
    assert line.link == f"{BASE}/compliance?open=case:{desk.number('one')}"
    assert "team North, channel email" in line.text and "[high] T-CREDIT" in line.text
    assert letter.message.subject == "Frontview: 1 breach (worst: high)" and letter.message.count == 1
    desk.wait(30)
    assert look(desk) is None


def test_what_was_known_before_the_channel_began_is_not_news(desk: Desk) -> None:
    desk.credit("old")
    desk.ask("late", ago=600)
    begun(desk)
    desk.wait(30)
    assert look(desk) is None


def test_a_promise_is_told_when_it_falls_due_and_when_it_is_overdue(desk: Desk) -> None:
    begun(desk)
    desk.ask("one")
    desk.wait(170)
    assert look(desk) is None
    desk.wait(15)
    letter = look(desk)
    assert told(letter) == [("T-ANSWER", "due", desk.number("one"))]
    assert letter is not None and "due in 55 min" in letter.message.lines[0].text
    desk.wait(30)
    assert look(desk) is None
    desk.wait(40)
    assert told(look(desk)) == [("T-ANSWER", "overdue", desk.number("one"))]
    desk.answer("one")
    desk.wait(30)
    assert look(desk) is None


def test_a_kept_promise_is_not_told(desk: Desk) -> None:
    begun(desk)
    desk.ask("one")
    desk.wait(60)
    desk.answer("one")
    desk.wait(600)
    assert look(desk) is None


def test_an_absence_is_told_only_once_it_is_certain(desk: Desk) -> None:
    begun(desk, officer(what=("breach",)))
    # The watermark of a rule waits for whoever has ever brought its answer.
    desk.answer("other")
    desk.ask("one")
    desk.wait(300, complete=False)
    assert look(desk, officer(what=("breach",))) is None
    desk.wait(30, complete=False)
    desk.put()
    assert told(look(desk, officer(what=("breach",)))) == [("T-ANSWER", "overdue", desk.number("one"))]


def test_a_breach_that_a_late_record_brings_is_news(desk: Desk) -> None:
    begun(desk)
    desk.wait(3 * 1440)
    assert look(desk) is None
    desk.credit("late", ago=2 * 1440)
    assert told(look(desk)) == [("T-CREDIT", "broken", desk.number("late"))]


def test_a_late_answer_is_a_breach_for_certain_however_far_the_source_is(desk: Desk) -> None:
    begun(desk)
    desk.answer("other")
    desk.ask("one")
    desk.wait(241, complete=False)
    desk.put(desk.event("msg.out", Ref("conversation", f"mail/one/{ZOE}")), complete=False)
    assert told(look(desk)) == [("T-ANSWER", "broken", desk.number("one"))]


def test_a_breach_believed_long_ago_is_told_when_it_becomes_certain(desk: Desk) -> None:
    # The ticket is closed without the complaint being logged; the source that could have brought that is behind.
    begun(desk)
    desk.put(desk.event("complaint.logged", Ref("ticket", "desk/other")))
    desk.wait(1, complete=False)
    desk.put(desk.event("complaint.signal", Ref("ticket", "desk/angry")), complete=False)
    desk.wait(10, complete=False)
    desk.put(desk.event("ticket.closed", Ref("ticket", "desk/angry")), complete=False)
    for _ in range(4):
        desk.wait(12, complete=False)
        assert look(desk) is None
    desk.put()
    assert told(look(desk)) == [("T-SIGNAL", "broken", desk.number("angry"))]
    desk.wait(12)
    assert look(desk) is None


def test_a_manager_of_one_team_is_told_nothing_of_others(desk: Desk) -> None:
    north, both = manager("North"), manager("*", id="both")
    begun(desk, north, both)
    desk.credit("theirs", "South")
    desk.ask("theirs-too", "South")
    desk.wait(185)
    assert look(desk, north) is None
    assert {case for _, _, case in told(look(desk, both))} == {desk.number("theirs"), desk.number("theirs-too")}
    desk.credit("ours")
    letter = look(desk, north)
    assert told(letter) == [("T-CREDIT", "broken", desk.number("ours"))]
    assert letter is not None and letter.message.link == f"{BASE}/live"
    assert "South" not in json.dumps(asdict(letter.message))


def test_a_manager_of_a_team_that_does_not_exist_is_told_nothing(desk: Desk) -> None:
    nobody = manager("Nirvana")
    begun(desk, nobody)
    desk.credit("one")
    assert look(desk, nobody) is None


@pytest.mark.parametrize(("keys", "rules"), [
    ({"rules": ("T-ANSWER",)}, {"T-ANSWER"}), ({"severities": ("high",)}, {"T-CREDIT"}), ({"teams": ("South",)}, set()),
    ({"channels": ("phone",)}, set()), ({"channels": ("email",)}, {"T-ANSWER", "T-CREDIT"}),
    ({"what": ("due",)}, {"T-ANSWER"}), ({"what": ("breach",)}, {"T-CREDIT"}),
])
def test_a_channel_chooses_by_rule_severity_team_channel_and_kind(desk: Desk, keys: dict[str, object],
                                                                   rules: set[str]) -> None:
    alert = officer(**keys)
    begun(desk, alert)
    desk.credit("one")
    desk.ask("two")
    desk.wait(200)
    letter = look(desk, alert)
    assert ({rule for rule, _, _ in told(letter)} if letter else set()) == rules


def test_news_are_gathered_while_the_last_message_is_young(desk: Desk) -> None:
    begun(desk)
    desk.credit("one")
    assert told(look(desk)) == [("T-CREDIT", "broken", desk.number("one"))]
    for name in ("two", "three", "four"):
        desk.wait(1)
        desk.credit(name)
        assert look(desk) is None
    desk.wait(2.5)
    assert {case for _, _, case in told(look(desk))} == {desk.number(name) for name in ("two", "three", "four")}


def test_no_more_than_so_many_messages_leave_in_an_hour(desk: Desk) -> None:
    often = officer(every_minutes=1, at_most_per_hour=3)
    begun(desk, often)
    sent = []
    for n in range(59):
        desk.credit(f"c{n}")
        if look(desk, often):
            sent.append(n)
        desk.wait(1)
    assert sent == [0, 1, 2]
    desk.wait(1.5)
    letter = look(desk, often)
    assert letter is not None and letter.message.count == 56 and len(letter.message.lines) == LISTED
    assert "36 more are on the page" in letter.message.intro


def test_while_a_message_waits_nothing_piles_up_behind_it(desk: Desk) -> None:
    begun(desk)
    desk.credit("one")
    letter = due_message(desk.store, desk.writer, officer(), BASE)
    assert letter is not None
    for n in range(5):
        desk.wait(20)
        desk.credit(f"c{n}")
        assert due_message(desk.store, desk.writer, officer(), BASE) is None
    kept.mark_sent(desk.writer, letter)
    after = look(desk)
    assert after is not None and after.message.count == 5


def test_a_new_start_neither_repeats_nor_loses(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "facts.duckdb")
    begun(desk)
    desk.credit("one")
    assert look(desk)
    desk.close()
    desk.minutes += 20
    desk.open()
    assert look(desk) is None
    desk.credit("two")
    desk.close()
    desk.open()
    assert told(look(desk)) == [("T-CREDIT", "broken", desk.number("two"))]
    desk.close()


def test_two_channels_are_told_each_for_itself(desk: Desk) -> None:
    begun(desk, officer(), officer(id="other"))
    desk.credit("one")
    assert told(look(desk)) == told(look(desk, officer(id="other")))


def test_a_flood_is_told_as_a_number_and_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_alerts, "_MOST", 10)
    begun(desk)
    for n in range(25):
        desk.credit(f"c{n}")
    letter = look(desk)
    assert letter is not None and letter.message.count == 25
    assert letter.message.subject == "Frontview: 10 breaches, 15 more (worst: high)"
    desk.wait(6)
    assert look(desk) is None
    desk.credit("after")
    assert told(look(desk)) == [("T-CREDIT", "broken", desk.number("after"))]


def test_a_clock_that_is_set_back_loses_nothing(desk: Desk) -> None:
    begun(desk)
    desk.wait(20)
    assert look(desk) is None
    desk.minutes -= 8
    desk.credit("one", ago=0.1)
    desk.minutes += 8
    assert told(look(desk)) == [("T-CREDIT", "broken", desk.number("one"))]


def test_what_may_be_no_breach_is_for_review(desk: Desk) -> None:
    begun(desk)
    desk.put(desk.event("complaint.signal", Ref("ticket", "desk/angry")))
    desk.wait(4 * 1440)
    letter = look(desk)
    assert letter is not None
    (line,) = [line for line in letter.message.lines if line.facts["rule"] == "T-SIGNAL"]
    assert "for review since" in line.text and "broken" not in line.text
    assert "breach" not in letter.message.subject and "1 for review" in letter.message.subject


@pytest.mark.parametrize("alert", [officer(), manager("North")], ids=["officer", "manager"])
def test_nothing_personal_is_written_down(desk: Desk, alert: AlertSettings) -> None:
    begun(desk, alert)
    desk.credit("one")
    desk.ask("two")
    desk.wait(200)
    letter = look(desk, alert)
    assert letter is not None and len(letter.message.lines) == 2
    rows = desk.store.connection.cursor().execute("SELECT * FROM alert").fetchall()
    for text in (json.dumps(asdict(letter)), json.dumps(rows, default=str)):
        assert not [word for word in PERSONAL if word in text.lower()]


def test_words_of_sources_leave_as_one_short_line_without_addresses() -> None:
    assert plain("North\r\nBcc: ana@firm.example <zoe@customer.example>") == "North Bcc: (address) <(address)>"
    assert plain("x" * 500) == "x" * 119 + "…"
