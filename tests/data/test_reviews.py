"""Officers and the review queue: what comes into it, who may work on it, and what is written down of that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from data import reviews
from data.audit import verify
from data.errors import NotAllowed
from data.event import Retraction
from data.page import Page
from data.review_settings import Draw
from data.reviews import Sampling
from data.scope import SYSTEM, Principal, Role, Scope
from tests.data._review_world import ANNA, BEN, CARLA, OFFICER_ANNA, OLGA, OMAR, Firm

EVERYTHING = Sampling(100)


@pytest.fixture
def firm() -> Iterator[Firm]:
    made = Firm()
    yield made
    made.end()


def test_breaches_and_signals_come_in_once_and_the_rest_does_not(firm: Firm) -> None:
    firm.late("slow")
    firm.prompt("quick")
    firm.signal("desk/T-1")
    assert firm.feed() == 2
    assert [row[1:] for row in firm.items()] == [("TST-01", "slow", "breach"), ("TST-03", "desk/T-1", "review")]
    assert firm.feed() == 0
    firm.late("slow-2")
    assert firm.feed() == 1
    assert [row[0] for row in firm.items()] == [1, 2, 3]


def test_a_promise_nobody_kept_comes_in_once_it_is_overdue_and_no_answer_can_be_missing(firm: Firm) -> None:
    firm.prompt("quick")
    firm.put(firm.asked("open", 3))
    assert firm.feed() == 0, "due in an hour"
    firm.now += timedelta(hours=2)
    assert firm.feed() == 0, "the source is complete up to two hours ago: an answer may be on its way"
    firm.put(firm.answered("another", 0))
    assert firm.feed() == 1
    firm.put(firm.answered("open", 0))
    assert firm.feed() == 0, "answered late: still the same breach"
    assert [row[1:] for row in firm.items()] == [("TST-01", "open", "breach")]


def test_an_old_record_that_arrives_late_is_found_behind_the_mark(firm: Firm) -> None:
    firm.late("first")
    firm.feed()
    firm.now += timedelta(days=3)
    firm.put(firm.answered("mark", 0))
    firm.feed()
    firm.put(firm.asked("forgotten", 24 * 9))
    assert firm.feed() == 1
    assert firm.items()[-1][2] == "forgotten"


def test_a_clock_that_was_set_back_hides_nothing(firm: Firm) -> None:
    firm.late("first")
    firm.feed()
    firm.now -= timedelta(minutes=5)
    firm.late("second")
    assert firm.feed() == 1


def test_the_same_is_drawn_whenever_it_is_drawn(firm: Firm) -> None:
    firm.prompt(*(f"c{n}" for n in range(300)))
    half = Sampling(50)
    n = firm.feed(half)
    assert 100 < n < 200
    first = {row[2] for row in firm.items()}
    assert {row[3] for row in firm.items()} == {"sample"}
    assert firm.feed(half) == 0
    firm.writer.do(lambda con: con.execute("DELETE FROM review_item; DELETE FROM review_mark; DELETE FROM setting "
                                           "WHERE name = 'review_fed'") and None)
    # A higher rate draws what the lower one drew, and more.
    assert firm.feed(Sampling(80)) > n
    assert first < {row[2] for row in firm.items()}


def test_rates_by_rule_class_and_channel_and_the_first_that_matches_counts(firm: Firm) -> None:
    firm.prompt("annas", actor=ANNA)
    firm.prompt("chat", actor=ANNA, channel="chat")
    firm.prompt("carlas", actor=CARLA)
    chat = Draw(channel="chat", percent=100)
    assert firm.feed(Sampling(0, (Draw("NO-RULE", percent=100), chat, Draw(channel="chat", percent=0)))) == 1
    assert [row[2] for row in firm.items()] == ["chat"]


@pytest.mark.parametrize(("draw", "drawn"), [
    (Draw("TST-01", "", "", 100), {"annas", "bens"}),
    (Draw("", "sales", "", 100), {"annas", "bens"}),
    (Draw("", "service", "", 100), set()),
    (Draw("TST-02", "", "", 100), set()),
])
def test_a_rate_draws_only_what_it_names(firm: Firm, draw: Draw, drawn: set[str]) -> None:
    firm.prompt("annas", actor=ANNA)
    firm.prompt("bens", actor=BEN)
    firm.feed(Sampling(0, (draw,)))
    assert {row[2] for row in firm.items()} == drawn


def test_a_person_class_goes_before_the_team(firm: Firm) -> None:
    firm.followed_up("crm/1", ANNA)
    firm.followed_up("crm/2", BEN)
    trainees = Draw("TST-02", "trainee", "", 100)
    sales = Draw("TST-02", "sales", "", 0)
    firm.feed(Sampling(100, (trainees, sales), {BEN.upper(): "trainee"}))
    assert [row[1:] for row in firm.items() if row[1] == "TST-02"] == [("TST-02", "crm/2", "sample")]


def test_a_sample_that_turns_out_broken_is_an_item_of_its_own(firm: Firm) -> None:
    firm.prompt("quick")
    assert firm.feed(EVERYTHING) == 1
    firm.close(1, "confirmed")
    firm.writer.put("mail", Page({"n": 3}, retractions=[Retraction("out-quick-4", "wrong")], watermark=firm.now))
    assert firm.feed(EVERYTHING) == 1
    assert [row[2:] for row in firm.items()] == [("quick", "sample"), ("quick", "breach")]


def test_history_from_long_ago_is_not_sampled(firm: Firm) -> None:
    firm.put(firm.asked("old", 24 * 60), firm.answered("old", 24 * 60 - 1))
    assert firm.feed(EVERYTHING) == 0


def test_who_when_what_and_which_item_are_written_down_and_proven(firm: Firm) -> None:
    firm.late("slow")
    firm.feed()
    firm.do(reviews.opened, OMAR, 1)
    firm.do(reviews.claim, OMAR, 1)
    firm.now += timedelta(minutes=3)
    firm.do(reviews.comment, OMAR, 1, "  Anna was ill.  ")
    firm.do(reviews.dispose, OMAR, 1, "escalate", "To Olga.")
    deeds = firm.rows("SELECT n, item, login, actor, what, text FROM review_action ORDER BY n")
    assert deeds == [(1, 1, "omar", OMAR.actor, "opened", ""), (2, 1, "omar", OMAR.actor, "claimed", ""),
                     (3, 1, "omar", OMAR.actor, "comment", "Anna was ill."),
                     (4, 1, "omar", OMAR.actor, "escalate", "To Olga.")]
    trail = firm.rows("SELECT login, role, what, obj, detail, at_t FROM audit WHERE what LIKE 'review%' ORDER BY n")
    assert [row[2] for row in trail] == ["review: claimed", "review: comment", "review: escalate"]
    assert {row[:2] for row in trail} == {("omar", "officer")}
    assert {row[3] for row in trail} == set(sum(firm.rows("SELECT obj FROM review_item"), ()))
    assert trail[1][5] == firm.now_t
    last = json.loads(trail[2][4])
    assert (last["item"], last["action"]) == (1, 4)
    assert last["text_sha256"] == sha256(b"To Olga.").hexdigest()
    assert "Anna" not in repr(trail)
    assert firm.writer.do(verify).ok


def test_opening_is_no_review_and_one_look_is_noted_once(firm: Firm) -> None:
    firm.late("slow")
    firm.feed()
    for _ in range(3):
        firm.do(reviews.opened, OMAR, 1)
    firm.do(reviews.opened, OLGA, 1)
    firm.now += timedelta(hours=1)
    firm.do(reviews.opened, OMAR, 1)
    assert firm.rows("SELECT login FROM review_action WHERE what = 'opened' ORDER BY n") == [
        ("omar",), ("olga",), ("omar",)]
    item = firm.writer.do(lambda con: reviews.find(con, 1))
    assert item is not None and not item.closed


def test_one_claims_at_a_time(firm: Firm) -> None:
    firm.late("slow")
    firm.feed()
    with pytest.raises(NotAllowed, match="item 1 is not claimed yet; claim it"):
        firm.do(reviews.dispose, OMAR, 1, "confirmed")
    firm.do(reviews.claim, OMAR, 1)
    firm.do(reviews.claim, OMAR, 1)
    for deed, words in ((reviews.claim, ()), (reviews.release, ()), (reviews.dispose, ("confirmed",))):
        with pytest.raises(NotAllowed, match="claimed by omar"):
            firm.do(deed, OLGA, 1, *words)
    firm.do(reviews.comment, OLGA, 1, "Seen.")
    firm.do(reviews.release, OMAR, 1)
    firm.do(reviews.claim, OLGA, 1)
    firm.do(reviews.dispose, OLGA, 1, "confirmed")
    with pytest.raises(NotAllowed, match="closed already, as 'confirmed'"):
        firm.do(reviews.claim, OMAR, 1)
    firm.do(reviews.comment, OMAR, 1, "Afterwards.")
    assert firm.rows("SELECT what FROM review_action ORDER BY n") == [
        ("claimed",), ("comment",), ("released",), ("claimed",), ("confirmed",), ("comment",)]


@pytest.mark.parametrize("what", ["not a breach", "known exception", "escalate"])
def test_a_disposition_that_says_otherwise_needs_a_reason(firm: Firm, what: str) -> None:
    firm.late("slow")
    firm.feed()
    firm.do(reviews.claim, OMAR, 1)
    with pytest.raises(NotAllowed, match=f"'{what}' needs a reason"):
        firm.do(reviews.dispose, OMAR, 1, what, "  \n ")
    firm.do(reviews.dispose, OMAR, 1, what, "Because.")
    assert firm.rows("SELECT reason, login FROM waiver") == ([("Because.", "omar")] if "exc" in what else [])


@pytest.mark.parametrize(("deed", "words", "told"), [
    (reviews.dispose, ("fine", "Because."), "choose one of: confirmed, not a breach"),
    (reviews.comment, (" ",), "the comment is empty"),
    (reviews.comment, ("x" * 2001,), "2,001 characters; say it in 2,000"),
])
def test_what_makes_no_sense_is_refused_and_leaves_nothing(
    firm: Firm, deed: Any, words: tuple[str, ...], told: str
) -> None:
    firm.late("slow")
    firm.feed()
    firm.do(reviews.claim, OMAR, 1)
    with pytest.raises(NotAllowed, match=told):
        firm.do(deed, OMAR, 1, *words)
    assert firm.rows("SELECT what FROM review_action") == [("claimed",)]
    assert firm.rows("SELECT what FROM audit WHERE what LIKE 'review%'") == [("review: claimed",)]


def test_there_is_no_item_of_another_number(firm: Firm) -> None:
    with pytest.raises(NotAllowed, match="there is no item 7"):
        firm.do(reviews.claim, OMAR, 7)


def test_a_sample_is_rightly_decided_or_escalated(firm: Firm) -> None:
    firm.prompt("quick")
    firm.feed(EVERYTHING)
    firm.do(reviews.claim, OMAR, 1)
    for what in ("not a breach", "known exception"):
        with pytest.raises(NotAllowed, match="choose one of: confirmed, escalate"):
            firm.do(reviews.dispose, OMAR, 1, what, "Because.")
    firm.do(reviews.dispose, OMAR, 1, "confirmed")


@pytest.mark.parametrize("role", [Role.MANAGER, Role.REP, Role.ADMINISTRATOR])
def test_only_officers_work_on_the_queue(firm: Firm, role: Role) -> None:
    firm.late("slow")
    firm.feed()
    other = Principal("other", "Other", role, "other@firm.example", None)
    for deed, words in ((reviews.opened, ()), (reviews.claim, ()), (reviews.release, ()), (reviews.comment, ("x",)),
                        (reviews.dispose, ("confirmed",))):
        with pytest.raises(NotAllowed, match="only officers"):
            firm.do(deed, other, 1, *words)
    assert firm.rows("SELECT * FROM review_action") == []


def everything_is_refused(firm: Firm, who: Principal, number: int = 1) -> bool:
    """Whether this officer can do nothing with the item."""
    for deed, words in ((reviews.claim, ()), (reviews.release, ()), (reviews.comment, ("x",)),
                        (reviews.dispose, ("confirmed",))):
        with pytest.raises(NotAllowed, match="about you or somebody you answer to"):
            firm.do(deed, who, number, *words)
    return firm.rows("SELECT * FROM review_action WHERE login = $login", login=who.login) == []


def test_nobody_reviews_himself(firm: Firm) -> None:
    firm.late("annas", ANNA)
    firm.late("bens", BEN)
    firm.feed()
    assert everything_is_refused(firm, OFFICER_ANNA, 1)
    # An account whose login is the address is that person too.
    assert everything_is_refused(firm, Principal("Anna@Firm.example", "A", Role.OFFICER, "", None), 1)
    firm.close(2, "confirmed", who=OFFICER_ANNA)


def test_nobody_reviews_a_superior_however_far_above(firm: Firm) -> None:
    firm.late("annas", ANNA)
    firm.feed()
    firm.writer.do(lambda con: reviews.keep_superiors(con, {OMAR.actor: BEN, BEN: ANNA.upper(), CARLA: OMAR.actor}))
    assert everything_is_refused(firm, OMAR)
    firm.close(1, "confirmed", who=OLGA)
    firm.late("carlas", CARLA)
    firm.feed()
    firm.close(2, "confirmed", who=OMAR)


def test_a_case_that_changed_hands_stays_closed_to_whom_it_was_about(firm: Firm) -> None:
    firm.late("annas", ANNA)
    firm.feed()
    firm.writer.put("mail", Page({"n": 3}, retractions=[Retraction("out-annas-4", "wrong")], watermark=firm.now))
    firm.put(firm.answered("annas", 3, BEN))
    assert everything_is_refused(firm, OFFICER_ANNA)


@pytest.mark.parametrize("relation", ["review_item", "review_action", "waiver", "barred_actor"])
def test_only_officers_read_the_queue(firm: Firm, relation: str) -> None:
    firm.late("slow")
    firm.feed()
    firm.close(1, "known exception", "Agreed.")
    managers = [Scope(Role.MANAGER, teams=None), Scope(Role.MANAGER, ANNA, frozenset({"sales"}))]
    for scope in (*managers, Scope(Role.REP, ANNA), Scope(Role.ADMINISTRATOR, teams=None)):
        with pytest.raises(NotAllowed, match="only an officer reads the review queue"):
            firm.store.read(f"SELECT * FROM {relation}", {}, scope)
    told = firm.store.read(f"SELECT * FROM {relation}", {}, OFFICER_ANNA.scope)
    assert told
    assert "@" not in repr(told), "people stay pseudonymous, reviewers too"
    firm.store.read(f"SELECT * FROM {relation}", {}, SYSTEM)


def test_a_deed_and_its_proof_are_stored_together_or_not_at_all(firm: Firm) -> None:
    firm.late("slow")
    firm.feed()
    firm.writer.do(lambda con: con.execute("ALTER TABLE audit RENAME TO hidden") and None)
    with pytest.raises(Exception, match="audit"):
        firm.do(reviews.claim, OMAR, 1)
    firm.writer.do(lambda con: con.execute("ALTER TABLE hidden RENAME TO audit") and None)
    assert firm.rows("SELECT * FROM review_action") == []
    firm.do(reviews.claim, OMAR, 1)
