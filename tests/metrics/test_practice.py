"""Practice cards on made-up firms whose truth is known, and on two real logs: what may be claimed and what not."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from _front_office import (
    ADMINISTRATOR,
    ANNA,
    BEN,
    DAY,
    MANAGER,
    NOW,
    NOW_T,
    OFFICER,
    REP,
    Office,
    deal,
)  # fmt: skip

from connectors._import import Importer, Wishes
from data import tips
from data.errors import FixSettings, NotAllowed
from data.event import Event, Ref
from data.page import Page
from data.scope import Principal, Role
from data.settings import Settings, StorePlace
from metrics import practice
from metrics._effect import is_offered
from metrics._register import PRACTICES
from metrics.practice import Card, Register

DATASETS = Path(__file__).resolve().parents[3] / "shared/datasets"
DIRECTOR = Principal("dora", "Dora", Role.MANAGER, "", None)
REPS = [f"r{i}@firm.example" for i in range(10)]
H = 1 / 24


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.end()


def register(office: Office, who: Principal = MANAGER) -> Register:
    return practice.register(office.read(who), NOW_T)


def card(found: Register, id_: str) -> Card:
    return next(one for one in found.cards if one.practice.id == id_)


def planted(office: Office, size: int, seed: int) -> None:
    """Deals on which a next step after the meeting wins thirty more in a hundred and a recap none, though small deals,
    which are won more often, get more recaps; calls go on at a steady rate, and won deals live longer."""
    dice = random.Random(seed)
    for i in range(size):
        rep, start, small = REPS[i % 10], 700 - 500 * i / size, dice.random() < 0.5
        step, recap = dice.random() < 0.5, dice.random() < (0.75 if small else 0.3)
        won = dice.random() < (0.42 if small else 0.15) + 0.3 * step
        life = dice.uniform(40, 80) if won else dice.uniform(20, 40)
        office.knows(deal(i), segment="small" if small else "large", amount=dice.randrange(1_000, 9_000))
        office.says(deal(i), start, "opportunity.created", rep)
        office.says(deal(i), start - 2, "meeting.held", rep)
        if step:
            office.says(deal(i), start - 2 - H, "task.planned", rep)
        if recap:
            office.says(deal(i), start - 2 - 2 * H, "msg.out", rep)
        at = dice.expovariate(1 / 30)
        if at < life:
            office.says(deal(i), start - at, "call.out", rep, channel="phone")
        office.says(deal(i), start - life, "opportunity.won" if won else "opportunity.lost", rep)
    office.put()


def test_the_planted_practice_is_confirmed_and_the_others_are_not(office: Office) -> None:
    planted(office, 1_800, 7)
    found = register(office)
    assert (found.deals, found.ended, found.trouble) == (1_800, 1_800, "")
    step = card(found, "next-step")
    assert step.rung == "confirmed"
    assert step.found
    assert step.again
    assert step.found.low <= 0.3 <= step.found.high
    assert step.again.is_clear
    recap = card(found, "recap")
    assert recap.rung == "seen"
    assert recap.found
    assert recap.found.low <= 0 <= recap.found.high
    # A task was planned only as a next step: another name for the same thing, so it goes with the result as well.
    assert {one.practice.id for one in found.cards if one.is_claim} == {"next-step", "plan"}
    assert found.cards[0].is_claim


def test_living_longer_is_no_effect_at_the_landmark(office: Office) -> None:
    planted(office, 1_800, 11)
    rows = office.writer.do(lambda con: con.execute(
        "SELECT o.obj, max(CAST(a.name = 'call.out' AS INT)), max(CAST(a.name = 'opportunity.won' AS INT)) "
        "FROM case_event o JOIN term a ON a.kind = 'activity' AND a.code = o.activity GROUP BY 1").fetchall())
    ever = [sum(won for _, called, won in rows if called == arm) / sum(called == arm for _, called, _ in rows)
            for arm in (0, 1)]
    assert ever[1] - ever[0] > 0.1
    found = card(register(office), "call")
    assert found.rung == "seen"
    assert found.found
    assert found.found.low <= 0 <= found.found.high


def test_every_role_but_the_administrator_sees_the_same_cards(office: Office) -> None:
    planted(office, 300, 3)
    seen = [register(office, who) for who in (MANAGER, OFFICER, REP, DIRECTOR)]
    assert all(one == seen[0] for one in seen)
    with pytest.raises(NotAllowed, match="administrator reads no content"):
        register(office, ADMINISTRATOR)


def test_what_everybody_may_read_of_all_deals_names_nobody(office: Office) -> None:
    planted(office, 30, 3)
    deals = office.store.read("SELECT * FROM firm_deal", {}, REP.scope)
    steps = office.store.read("SELECT * FROM firm_step", {}, REP.scope)
    assert set(deals[0]) == {"obj", "first_t", "closed_t", "segment", "source", "amount"}
    assert set(steps[0]) == {"obj", "seq", "t", "ord", "activity", "direction", "channel", "is_touch", "who"}
    codes = {row["code"] for row in office.store.read("SELECT code FROM actor", {}, REP.scope)}
    assert not codes & {row["who"] for row in steps if row["who"]}
    assert len({row["who"] for row in steps}) == 10


def test_the_deals_behind_a_card_are_those_in_scope(office: Office) -> None:
    planted(office, 60, 3)
    own = Principal("r3", "R3", Role.REP, REPS[3])
    behind = practice.cases(office.read(own), NOW_T, "meeting")
    assert len(behind) == 6
    assert {int(row.label.id.rsplit("-", 1)[1]) % 10 for row in behind} == {3}
    assert {row.note for row in behind} <= {"won", "not won"}
    assert len(practice.cases(office.read(DIRECTOR), NOW_T, "meeting")) == 60
    assert practice.cases(office.read(own), NOW_T, "nothing of ours") == []


def bare(office: Office, case: Ref) -> None:
    """A deal on which no practice shows: one late answer, in another channel."""
    office.says(case, 200, "opportunity.created")
    office.says(case, 199.9, "msg.in", "one@client.example")
    office.says(case, 196, "msg.out", channel="chat")
    office.says(case, 140, "opportunity.lost")


Extra = tuple[float, str, str, str]
SHOWS: dict[str, list[Extra]] = {
    "answer-hour": [(199.9 - H / 2, "msg.out", ANNA, "chat")],
    "answer-day": [(199, "msg.out", ANNA, "chat")],
    "same-channel": [(198, "msg.out", ANNA, "email")],
    "first-day": [(199.5, "msg.out", ANNA, "chat")],
    "call": [(190, "call.out", ANNA, "chat")],
    "contacts": [(195, "msg.out", ANNA, "chat"), (194, "msg.out", ANNA, "chat"), (193, "msg.out", ANNA, "chat")],
    "no-silence": [(190, "msg.out", ANNA, "chat"), (184, "msg.out", ANNA, "chat")],
    "channels": [(190, "msg.out", ANNA, "email")],
    "colleagues": [(190, "note.added", BEN, "crm")],
    "meeting": [(190, "meeting.held", ANNA, "crm")],
    "meetings": [(190, "meeting.held", ANNA, "crm"), (189, "meeting.held", ANNA, "crm")],
    "next-step": [(190, "meeting.held", ANNA, "crm"), (189.5, "meeting.scheduled", ANNA, "crm")],
    "recap": [(190, "meeting.held", ANNA, "crm"), (189.5, "msg.out", ANNA, "chat")],
    "plan": [(190, "task.planned", ANNA, "crm")],
    "promise": [(190, "promise.made", ANNA, "crm")],
    "quote": [(185, "quote.sent", ANNA, "crm")],
    "quote-early": [(195, "quote.sent", ANNA, "crm")],
    "quote-chased": [(190, "quote.sent", ANNA, "crm"), (189, "msg.out", ANNA, "chat")],
    "two-people": [(199.8, "msg.in", "two@client.example", "email")],
    "three-people": [(199.8, "msg.in", "two@client.example", "email"), (199.7, "msg.in", "x@client.example", "email")],
}


def test_each_practice_shows_where_it_was_done_and_nowhere_else(office: Office) -> None:
    ids = [one.id for one in PRACTICES]
    assert set(SHOWS) == set(ids)
    bare(office, deal(99))
    for place, id_ in enumerate(ids):
        bare(office, deal(place))
        for days, activity, actor, channel in SHOWS[id_]:
            office.says(deal(place), days, activity, actor, channel=channel)
    # All that comes after the landmark, a third of sixty days, does not count.
    for days, activity, actor, channel in (extra for extras in SHOWS.values() for extra in extras):
        office.says(deal(99), days - 40, activity, actor, channel=channel)
    office.put()
    read = office.read(DIRECTOR)
    names = {row["obj"]: row["id"] for row in read("SELECT obj, id FROM object", {})}
    row = practice._ask(read, "practice_lists", {"now_t": NOW_T})[0]
    assert (row["landmark_least"], row["landmark_most"]) == (20 * DAY, 20 * DAY)
    done = {names[obj]: bits for obj, bits in zip(row["obj"], row["done"], strict=True)}
    fits = {names[obj]: bits for obj, bits in zip(row["obj"], row["fits"], strict=True)}
    assert done["crm/O-99"] == 0
    for place, id_ in enumerate(ids):
        assert done[f"crm/O-{place}"] >> place & 1, id_
        assert fits[f"crm/O-{place}"] >> place & 1, id_
    # Nobody can send a recap who has not met.
    assert not fits["crm/O-99"] >> ids.index("recap") & 1


def test_the_result_must_come_after_the_landmark(office: Office) -> None:
    for i in range(40):
        office.says(deal(i), 300, "opportunity.created")
        office.says(deal(i), 299 if i < 10 else 240, "opportunity.won" if i % 2 else "opportunity.lost")
    office.put()
    found = register(office)
    assert (found.aged, found.compared) == (40, 30)


def trial(office: Office, size: int, effect: float, salt: str = "salt") -> None:
    """Deals that begin while a tip is on trial; it wins so many more where it is offered."""
    began_t = NOW_T - 600 * DAY
    office.writer.do(lambda con: tips.start(con, began_t, DIRECTOR, "recap"))
    # The salt is drawn anew for each trial; one that stays makes the coins fall alike in every run.
    office.writer.do(lambda con: con.execute("UPDATE tip_trial SET salt = ?", [salt]))
    for i in range(size):
        office.says(deal(i), 590 - 400 * i / size, "opportunity.created", REPS[i % 10])
    office.put()
    numbers = office.writer.do(lambda con: dict(con.execute("SELECT id, obj FROM object").fetchall()))
    dice = random.Random(1)
    for i in range(size):
        offered = is_offered(salt, numbers[deal(i).id])
        start = 590 - 400 * i / size
        if offered and dice.random() < 0.7:
            office.says(deal(i), start - 2, "meeting.held", REPS[i % 10])
            office.says(deal(i), start - 2.5, "msg.out", REPS[i % 10])
        won = dice.random() < 0.3 + effect * offered
        end = "opportunity.won" if won else "opportunity.lost"
        office.says(deal(i), start - dice.uniform(20, 40), end, REPS[i % 10])
    office.put()


def test_a_tip_given_by_coin_is_tested_by_all_it_was_offered_on(office: Office) -> None:
    trial(office, 700, 0.25)
    found = card(register(office), "recap")
    assert found.rung == "tested"
    assert found.trial
    assert found.trial.effect
    assert found.trial.effect.low <= 0.25 <= found.trial.effect.high
    # Whether a tip was followed plays no part: both halves hold about half of all deals.
    assert 280 < found.trial.effect.with_it.deals < 420


def test_a_tip_without_effect_does_not_climb(office: Office) -> None:
    trial(office, 700, 0.0)
    found = card(register(office), "recap")
    assert found.rung != "tested"
    assert found.trial
    assert found.trial.effect
    assert found.trial.effect.low <= 0 <= found.trial.effect.high


def test_tips_are_offered_on_half_of_the_own_young_deals_and_to_nobody_else(office: Office) -> None:
    office.writer.do(lambda con: tips.start(con, NOW_T - 10 * DAY, DIRECTOR, "call"))
    for i in range(40):
        office.says(deal(i), 5, "opportunity.created", ANNA if i < 30 else BEN)
    office.says(deal(50), 12, "opportunity.created")
    office.put()
    read = office.read(REP)
    offered = {obj for obj, _ in practice.tips(read, NOW_T)}
    salt, own = office.writer.do(lambda con: (
        con.execute("SELECT salt FROM tip_trial").fetchall()[0][0],
        {obj for obj, id_ in con.execute("SELECT obj, id FROM object").fetchall() if int(id_.rsplit("-")[-1]) < 30}))
    assert offered == {obj for obj in own if is_offered(salt, obj)}
    for i in range(30):
        office.says(deal(i), 1, "call.out")
    office.put()
    assert practice.tips(office.read(REP), NOW_T) == []
    for who in (MANAGER, OFFICER):
        with pytest.raises(NotAllowed):
            practice.tips(office.read(who), NOW_T)
    office.writer.do(lambda con: tips.stop(con, NOW_T, DIRECTOR, "call"))
    assert practice.tips(office.read(MANAGER), NOW_T) == []


def test_only_a_manager_of_every_team_starts_and_ends_trials(office: Office) -> None:
    for who in (MANAGER, REP, OFFICER, ADMINISTRATOR):
        for deed in (tips.start, tips.stop):
            with pytest.raises(NotAllowed, match="manager of every team"):
                office.writer.do(lambda con, d=deed, w=who: d(con, NOW_T, w, "call"))
    with pytest.raises(FixSettings, match="no trial"):
        office.writer.do(lambda con: tips.stop(con, NOW_T, DIRECTOR, "call"))
    office.writer.do(lambda con: tips.start(con, NOW_T, DIRECTOR, "call"))
    with pytest.raises(FixSettings, match="goes on already"):
        office.writer.do(lambda con: tips.start(con, NOW_T, DIRECTOR, "call"))
    office.writer.do(lambda con: tips.stop(con, NOW_T, DIRECTOR, "call"))
    noted = "SELECT what FROM audit WHERE login = 'dora' ORDER BY n"
    assert office.writer.do(lambda con: con.execute(noted).fetchall()) == [("tip trial started",), ("tip trial ended",)]


def test_an_empty_store_says_why_there_are_no_cards(office: Office) -> None:
    found = register(office)
    assert found.trouble == "No source has brought a deal, so there is nothing to compare."
    assert {one.rung for one in found.cards} == {"claimed"}


def test_the_loan_log_allows_no_claim_because_it_knows_no_deal(office: Office, tmp_path: Path) -> None:
    file = DATASETS / "eventlogs/loanapp_train.csv.gz"
    if not file.exists():
        pytest.skip(f"the loan log is not here: expected at ../shared/datasets/eventlogs/{file.name}")
    settings = Settings(store=StorePlace(tmp_path / "none.duckdb"))
    (result,) = Importer(settings, office.store, office.writer, Wishes()).run([file])
    assert result.state == "live"
    assert result.tally.n_new > 5_000
    found = register(office)
    assert found.deals == 0
    assert found.trouble.startswith("No source has brought a deal")
    assert not any(one.is_claim or one.found for one in found.cards)


def test_a_pipeline_without_activities_has_results_and_no_practice(office: Office) -> None:
    file = DATASETS / "maven_crm/sales_pipeline.csv"
    if not file.exists():
        pytest.skip("the pipeline is not here: expected at ../shared/datasets/maven_crm/sales_pipeline.csv")
    ends = {"Won": "opportunity.won", "Lost": "opportunity.lost"}
    events = []
    with file.open(encoding="utf8", newline="") as rows:
        for row in csv.DictReader(rows):
            case = [Ref("opportunity", row["opportunity_id"])]
            for activity, day in (("opportunity.created", row["engage_date"]), (ends.get(row["deal_stage"], ""),
                                                                               row["close_date"])):
                if activity and day:
                    at = datetime.strptime(day, "%m/%d/%Y").replace(tzinfo=UTC) + timedelta(hours=9)
                    events.append(Event(f"{row['opportunity_id']}/{activity}", at, activity, case,
                                        actor=row["sales_agent"], channel="crm"))
    office.writer.put("crm", Page({"n": 1}, events=events, watermark=NOW))
    found = register(office)
    assert (found.ended, found.won, found.trouble) == (6_711, 4_238, "")
    assert found.compared > 4_000
    assert {one.rung for one in found.cards} == {"claimed"}
    assert all(one.why.startswith("cannot be seen here: no source has brought ") for one in found.cards)
