"""A rep's coaching: every insight on a front office where its answer is known, and nobody else gets any of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from _front_office import (
    ADMINISTRATOR,
    ANNA,
    BEN,
    DAY,
    HOUR,
    MANAGER,
    MINUTE,
    NOW_T,
    OFFICER,
    OTHER_MANAGER,
    OTHER_REP,
    REP,
    Office,
    deal,
)  # fmt: skip

from data import sharing
from data._practice_relations import RELATIONS
from data.errors import FixSettings, NotAllowed
from data.event import Ref
from data.scope import SYSTEM, Principal, Role
from metrics import coaching
from metrics._insights import INSIGHTS, NOT_TOLD
from metrics.coaching import Figure, Told

CASES = range(12)
H, M = 1 / 24, 1 / 1440
PRIVATE = sorted(name for name in RELATIONS if name.startswith("own_"))


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.end()


def told(office: Office, id_: str) -> Told:
    office.put()
    found = next(one for one in coaching.insights(office.read(), NOW_T) if one.insight.id == id_)
    assert found == coaching.one(office.read(), NOW_T, id_)
    return found


def new_lead(office: Office, i: int) -> None:
    lead = Ref("lead", f"crm/L-{i}")
    office.says(lead, 20, "lead.created", "")
    office.says(lead, 20 - 5 * M, "msg.out", ANNA, automatic=True)
    office.says(lead, 20 - 10 * (i + 1) * M, "msg.out")


def asked(office: Office, i: int) -> None:
    office.says(deal(i), 20, "msg.in", "c@client.example")
    office.says(deal(i), 20 - 5 * (i + 1) * M, "msg.out", channel="email" if i < 9 else "phone")


def longest_wait(office: Office, i: int) -> None:
    office.says(deal(i), 21, "msg.in", "c@client.example")
    office.says(deal(i), 21 - 10 * M, "msg.out")
    office.says(deal(i), 20, "msg.in", "c@client.example")
    office.says(deal(i), 20 - (i + 1) * H, "msg.out")


def quoted(office: Office, i: int) -> None:
    office.says(deal(i), 40, "opportunity.created")
    office.says(deal(i), 40 - (i + 1), "quote.sent")
    if i < 8:
        office.says(deal(i), 39 - (i + 1), "msg.out")


def paced(office: Office, i: int) -> None:
    office.says(deal(i), 40, "opportunity.created")
    office.says(deal(i), 40 - (i + 1), "opportunity.won")


def met(office: Office, i: int) -> None:
    office.says(deal(i), 20, "meeting.held")
    if i < 9:
        office.says(deal(i), 20 - 2 * H, "task.planned")
    if i < 6:
        office.says(deal(i), 20 - 3 * H, "msg.out")
    else:
        office.says(deal(i), 18, "msg.out")


def many_sided(office: Office, i: int) -> None:
    office.says(deal(i), 40, "msg.in", "one@client.example")
    if i < 3:
        office.says(deal(i), 30, "msg.in", "two@client.example")
    if i < 4:
        office.says(deal(i), 29, "msg.out", BEN)
    office.says(deal(i), 28, "msg.out")
    # What comes after the first thirty days does not count.
    office.says(deal(i), 5, "msg.in", "three@client.example")
    office.says(deal(i), 4, "msg.out")


def tried(office: Office, i: int) -> None:
    lead = Ref("lead", f"crm/L-{i}")
    for attempt in range(3 if i < 6 else 2):
        office.says(lead, 20 - attempt, "call.out")
    office.says(lead, 10, "lead.lost")


def closing_moved(office: Office, i: int) -> None:
    office.says(deal(i), 20, "opportunity.created")
    moved = {"from": "2026-04-10", "to": "2026-04-01" if i >= 3 else "2026-05-01"}
    office.says(deal(i), 10, "closedate.changed", **moved)


def handed_on(office: Office, i: int) -> None:
    ticket = Ref("ticket", f"desk/T-{i}")
    office.says(ticket, 20, "ticket.created")
    office.says(ticket, 19, "transfer")
    if i < 3:
        office.says(ticket, 18.5, "msg.in", "c@client.example")
    office.says(ticket, 18, "msg.out")


def solved(office: Office, i: int) -> None:
    about = [Ref("contact", f"c{i}@client.example")]
    office.says(Ref("ticket", f"desk/T-{i}"), 10, "resolved", about=about)
    if i < 3:
        # The customer comes back in another channel, which is another case.
        again = Ref("conversation", f"mail/{i}")
        office.says(again, 8, "msg.in", f"c{i}@client.example", about=about)
        office.says(again, 7.9, "msg.out", about=about)


def promised(office: Office, i: int) -> None:
    thread = Ref("conversation", f"mail/{i}")
    office.says(thread, 20, "promise.made", confidence=0.9, days=1)
    office.says(thread, 19 if i < 9 else 12, "msg.out")


def booked(office: Office, i: int) -> None:
    office.says(deal(i), 20, "meeting.scheduled")
    office.says(deal(i), 18, "meeting.held" if i < 9 else "meeting.cancelled")


ANSWERS: dict[str, tuple[Callable[[Office, int], None], float]] = {
    "I01": (new_lead, 60 * MINUTE), "I02": (asked, 30 * MINUTE), "I04": (met, 9 / 12), "I05": (met, 6 / 12),
    "I06": (many_sided, 3 / 12), "I08": (many_sided, 4 / 12), "I10": (tried, 6 / 12), "I11": (longest_wait, 6 * HOUR),
    "I13": (quoted, 6 * DAY), "I14": (quoted, 8 / 12), "I15": (paced, 6 * DAY), "I16": (closing_moved, 9 / 12),
    "I18": (asked, 9 / 12), "I19": (handed_on, 9 / 12), "I20": (solved, 9 / 12), "I21": (promised, 9 / 12),
    "I22": (booked, 9 / 12),
}  # fmt: skip


def test_every_insight_of_the_catalogue_is_told_or_said_not_to_be() -> None:
    named = [insight.id for insight in INSIGHTS] + [id_ for id_, _, _ in NOT_TOLD]
    assert sorted(named) == [f"I{n:02}" for n in range(1, 27)]
    assert {insight.id for insight in INSIGHTS if insight.kind != "now"} == set(ANSWERS)


@pytest.mark.parametrize("id_", ANSWERS)
def test_an_insight_has_the_known_answer_with_n_and_interval(office: Office, id_: str) -> None:
    story, answer = ANSWERS[id_]
    for i in CASES:
        story(office, i)
    figure = told(office, id_).recent
    assert (figure.n, figure.value) == (12, pytest.approx(answer))
    assert figure.low is not None
    assert figure.low < answer < (figure.high or float("inf"))
    assert coaching.cases(office.read(), NOW_T, id_)


def test_below_the_least_number_nothing_is_told(office: Office) -> None:
    for i in range(11):
        asked(office, i)
    found = told(office, "I02")
    assert (found.recent, found.missing, found.change) == (Figure(11), 1, "")


def test_what_is_not_answered_yet_counts_so_far(office: Office) -> None:
    for i in CASES:
        office.says(deal(i), 20, "msg.out")
        office.says(deal(i), 10, "msg.in", "c@client.example")
        if i < 5:
            office.says(deal(i), 10 - H, "msg.out")
    # Five of twelve were answered: the median is not reached, and no hour is told as if it were.
    assert told(office, "I02").recent == Figure(12, None, pytest.approx(HOUR), None)


def test_the_own_past_and_the_own_won_deals_stand_beside(office: Office) -> None:
    for i in CASES:
        for number, days, minutes, won in ((i, 20, 10, True), (100 + i, 200, 60, False)):
            office.says(deal(number), days, "msg.in", "c@client.example")
            office.says(deal(number), days - minutes * M, "msg.out")
            office.says(deal(number), days - 1, "opportunity.won" if won else "opportunity.lost")
    found = told(office, "I02")
    assert [(f.n, f.value) for f in (found.recent, found.before, found.on_won)] == [
        (12, pytest.approx(10 * MINUTE)), (12, pytest.approx(60 * MINUTE)), (12, pytest.approx(10 * MINUTE))]
    assert found.change == "better"


def test_a_won_deal_that_went_on_to_others_stays_a_win(office: Office) -> None:
    for i in CASES:
        paced(office, i)
        office.says(deal(i), 1, "msg.out", BEN)
        # What is asked of Service afterwards is no question to the seller.
        office.says(deal(i), 0.5, "msg.in", "c@client.example")
    assert told(office, "I15").on_won.n == 12
    assert told(office, "I02").recent.n == 0
    assert told(office, "I03").count == 0


def test_what_presses_now_is_counted_with_its_cases(office: Office) -> None:
    contact = [Ref("contact", "old@client.example")]
    for day in range(12):
        office.says(Ref("conversation", "mail/old"), 60 - day, "msg.in", "old@client.example", about=contact)
        office.says(Ref("conversation", "mail/old"), 60 - day - 2 * H, "msg.out", about=contact)
    for i, minutes in enumerate((30, 20, 10)):
        office.says(deal(i), 1, "msg.out")
        office.says(deal(i), minutes * M, "msg.in", "c@client.example")
    office.says(Ref("conversation", "mail/new"), 0.5, "promise.made", confidence=0.9, days=1)
    assert told(office, "I03").count == 3
    assert [row.label.id for row in coaching.cases(office.read(), NOW_T, "I03")] == [f"crm/O-{i}" for i in range(3)]
    assert [row.label.id for row in coaching.cases(office.read(), NOW_T, "I23")] == ["old@client.example"]
    deadlines = coaching.cases(office.read(), NOW_T, "I26")
    assert "mail/new" in [row.label.id for row in deadlines]


@pytest.mark.parametrize("who", [
    MANAGER, OFFICER, ADMINISTRATOR, Principal("root", "", Role.SYSTEM, "", None),
    Principal("anna", "Anna", Role.MANAGER, ANNA, None),
], ids=lambda who: who.role + who.actor)  # fmt: skip
def test_nobody_but_the_rep_reads_coaching(office: Office, who: Principal) -> None:
    for i in CASES:
        asked(office, i)
    assert told(office, "I02").recent.n == 12
    for insight in INSIGHTS:
        with pytest.raises(NotAllowed):
            coaching.one(office.read(who), NOW_T, insight.id)
        with pytest.raises(NotAllowed):
            coaching.cases(office.read(who), NOW_T, insight.id)
    with pytest.raises(NotAllowed):
        coaching.insights(office.read(who), NOW_T)
    for relation in PRIVATE:
        with pytest.raises(NotAllowed):
            office.store.read(f"SELECT * FROM {relation}", {}, who.scope)


def test_another_rep_finds_only_what_is_his(office: Office) -> None:
    for i in CASES:
        asked(office, i)
    office.put()
    assert len(office.store.read("SELECT * FROM own_case", {}, REP.scope)) == 12
    for relation in PRIVATE:
        assert office.store.read(f"SELECT * FROM {relation}", {}, OTHER_REP.scope) == []
    nameless = Principal("x", "X", Role.REP, "")
    assert office.store.read("SELECT * FROM own_case", {}, nameless.scope) == []
    assert office.store.read("SELECT * FROM shared_insight", {}, nameless.scope) == []


def share(office: Office, id_: str, who: Principal = REP) -> str:
    found = coaching.one(office.read(who), NOW_T, id_)
    assert found
    return office.writer.do(lambda con: sharing.share(con, NOW_T, who, id_, coaching.words(found)))


def test_a_manager_sees_only_what_is_shared_and_loses_it_when_it_is_taken_back(office: Office) -> None:
    for i in CASES:
        asked(office, i)
    office.put()
    assert coaching.shared(office.read(MANAGER)) == []
    assert share(office, "I02") == "the managers of North"
    (seen,) = coaching.shared(office.read(MANAGER))
    assert (seen.name, seen.told) == ("Anna", coaching.one(office.read(), NOW_T, "I02"))
    assert coaching.shared(office.read(OTHER_MANAGER)) == []
    assert coaching.shared(office.read(OTHER_REP)) == []
    for nobody in (OFFICER, ADMINISTRATOR):
        with pytest.raises(NotAllowed):
            coaching.shared(office.read(nobody))
    with pytest.raises(NotAllowed):
        coaching.shared(office.read(SYSTEM))
    with pytest.raises(NotAllowed):
        coaching.insights(office.read(MANAGER), NOW_T)
    office.writer.do(lambda con: sharing.unshare(con, NOW_T, REP, "I02"))
    assert coaching.shared(office.read(MANAGER)) == []
    assert coaching.shared(office.read()) == []


def test_what_was_shared_stands_as_it_was_until_it_is_shared_again(office: Office) -> None:
    for i in CASES:
        asked(office, i)
    office.put()
    share(office, "I02")
    for i in range(50, 62):
        asked(office, i)
    office.put()
    assert coaching.shared(office.read(MANAGER))[0].told.recent.n == 12
    share(office, "I02")
    (seen,) = coaching.shared(office.read(MANAGER))
    assert seen.told.recent.n == 24


def test_where_a_superior_is_known_only_he_sees_it(office: Office) -> None:
    for i in CASES:
        asked(office, i)
    office.put()
    office.writer.do(lambda con: con.execute("INSERT INTO superior VALUES (?, ?)", [ANNA, "sam@firm.example"]))
    assert share(office, "I02") == "sam@firm.example"
    assert coaching.shared(office.read(MANAGER)) == []
    assert len(coaching.shared(office.read(OTHER_MANAGER))) == 1


def test_sharing_is_on_record_without_its_figures(office: Office) -> None:
    for i in CASES:
        asked(office, i)
    office.put()
    share(office, "I02")
    for _ in range(2):
        office.writer.do(lambda con: sharing.unshare(con, NOW_T, REP, "I02"))
    rows = office.writer.do(lambda con: con.execute("SELECT login, what, detail FROM audit "
                                                        "WHERE login <> 'program' ORDER BY n").fetchall())
    assert [(login, what, json.loads(detail)) for login, what, detail in rows] == [
        ("anna", "coaching: insight shared", {"insight": "I02"}),
        ("anna", "coaching: insight taken back", {"insight": "I02"})]


def test_only_a_rep_shares_and_only_with_a_manager_who_is_known(office: Office) -> None:
    for who in (MANAGER, OFFICER, ADMINISTRATOR, Principal("x", "X", Role.REP, "")):
        for deed in (lambda con, w=who: sharing.share(con, NOW_T, w, "I02", {}),
                     lambda con, w=who: sharing.unshare(con, NOW_T, w, "I02")):
            with pytest.raises(NotAllowed, match="only a rep shares"):
                office.writer.do(deed)
    with pytest.raises(FixSettings, match="nobody is known as your manager"):
        office.writer.do(lambda con: sharing.share(con, NOW_T, REP, "I02", {}))
    noted = "SELECT count(*) FROM audit WHERE login <> 'program'"
    assert office.writer.do(lambda con: con.execute(noted).fetchall()) == [(0,)]
