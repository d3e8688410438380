"""What people do in a real Odoo becomes the right fact, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import Any

import pytest

from connectors._contract import Opening, Source
from connectors.odoo import CONNECTOR
from data.batch import to_frames
from data.errors import FixSettings, RetryLater
from data.event import Event, Link, Ref
from data.page import Cursor, Page
from tests.peers import odoo as peers

pytestmark = [pytest.mark.peer, pytest.mark.skipif(bool(peers.missing()), reason=peers.missing())]
ADMIN = "admin@example.com"
SECRET_TEXT = "the offer is confidential"


@pytest.fixture(scope="module")
def odoo() -> Iterator[peers.Peer]:
    with peers.start() as peer:
        yield peer


@pytest.fixture(scope="module")
def do(odoo: peers.Peer) -> peers.Client:
    return odoo.client()


@dataclass
class Collector:
    """Collects what is new since it was made; keeps all events by id and fails when one comes twice."""

    source: Source
    cursor: Cursor = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    watermark: datetime | None = None

    def collect(self) -> list[Event]:
        """The events of one look, in the order in which they happened."""
        events: list[Event] = []
        for page in self.source.pull(self.cursor):
            to_frames(page.events, page.changes, page.links)
            self.pages.append(page)
            self.cursor, self.watermark = page.cursor, page.watermark or self.watermark
            events += page.events
        assert len({event.source_id for event in events}) == len(events)
        return sorted(events, key=lambda event: (event.at, event.order or 0))

    def changes(self, ref: Ref, attribute: str) -> list[Any]:
        return [c.value for page in self.pages for c in page.changes if (c.object, c.attribute) == (ref, attribute)]

    def links(self) -> set[Link]:
        return {link for page in self.pages for link in page.links}


def opened(peer: peers.Peer, **settings: Any) -> Source:
    given = {one.name: one.default for one in CONNECTOR.settings}
    given |= {"url": peer.url, "database": peer.db, "login": peer.login, "password": peer.password, **settings}
    return CONNECTOR.open(Opening("crm", given, frozenset({"firm.example"}), {ADMIN: "Inside sales"}))


@pytest.fixture
def since_now(odoo: peers.Peer) -> Iterator[Callable[..., Collector]]:
    """A collector that has seen everything there was before the test."""
    sources = []

    def make(**settings: Any) -> Collector:
        collector = Collector(opened(odoo, **settings))
        sources.append(collector.source)
        collector.collect()
        # The second look tells what the first one's overlap brings once more.
        collector.collect()
        collector.pages.clear()
        return collector
    yield make
    for source in sources:
        source.close()


def lead(do: peers.Client, **values: Any) -> int:
    return int(do("crm.lead", "create", {"name": "Forklifts", "type": "opportunity", **values}))


def stage(do: peers.Client, name: str) -> int:
    return int(do("crm.stage", "search", [("name", "=", name)])[0])


def user(do: peers.Client, name: str, *groups: str) -> int:
    found = do("ir.model.data", "search_read", [("module", "=", "sales_team"), ("name", "in", groups)], ["res_id"])
    numbers = [row["res_id"] for row in found]
    return int(do("res.users", "create", {"name": name, "login": f"{name.lower()}@firm.example",
                                          "email": f"{name.lower()}@firm.example", "password": f"pw-of-{name}",
                                          "groups_id": [(4, number) for number in numbers]}))


def told(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.activity, event.objects[0].type) for event in events]


def test_a_lead_becomes_a_deal_and_is_won(do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now()
    maria = user(do, "Maria", "group_sale_salesman")
    company = do("res.partner", "create", {"name": "Acme", "is_company": True})
    ann = do("res.partner", "create", {"name": "Ann", "email": "Ann@Acme.example", "parent_id": company})
    number = lead(do, type="lead", partner_id=ann)
    first = seen.collect()
    do("crm.lead", "convert_opportunity", [number], ann)
    do("crm.lead", "write", [number], {"expected_revenue": 900.0})
    do("crm.lead", "write", [number], {"user_id": maria})
    do("crm.lead", "write", [number], {"stage_id": stage(do, "Qualified"), "date_deadline": "2027-02-01"})
    do("crm.lead", "action_set_won", [number])
    then = seen.collect()

    assert told(first) == [("lead.created", "lead")]
    assert told(then) == [(activity, "opportunity") for activity in (
        "lead.qualified", "opportunity.created", "amount.changed", "owner.changed", "stage.changed",
        "stage.changed", "opportunity.won")]
    here = Ref("opportunity", f"crm/{number}")
    assert {event.objects[0].id for event in first + then} == {here.id}
    assert {(event.actor, event.team, event.channel) for event in first + then} == {(ADMIN, "Sales", "crm")}
    by_name = {event.activity: event.attrs for event in then}
    assert by_name["opportunity.created"] == {"amount": 0.0, "stage": "New"}
    assert by_name["amount.changed"] == {"from": 0.0, "to": 900.0}
    assert by_name["owner.changed"] == {"from": ADMIN, "to": "maria@firm.example"}
    assert [e.attrs for e in then if e.activity == "stage.changed"] == [
        {"from": "New", "to": "Qualified"}, {"from": "Qualified", "to": "Won"}]
    assert by_name["opportunity.won"] == {"amount": 900.0}
    assert seen.changes(here, "stage")[-1] == "Won" and seen.changes(here, "owner")[-1] == "maria@firm.example"
    assert seen.changes(here, "close_date")[-1] == "2027-02-01" and seen.changes(here, "probability")[-1] == 100
    account, contact = Ref("account", f"crm/{company}"), Ref("contact", "ann@acme.example")
    assert {Link(Ref("lead", here.id), here, "qualified"), Link(here, account, "account"),
            Link(here, contact, "contact"), Link(contact, account, "account")} <= seen.links()
    assert all({account, contact} <= set(event.objects) for event in first + then)
    assert seen.changes(account, "name") == ["Acme"]


def test_a_history_read_late_equals_one_watched_live(
        odoo: peers.Peer, do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now()
    number = lead(do, type="lead", expected_revenue=10.0)
    live = seen.collect()
    for change in ({"expected_revenue": 20.0}, {"type": "opportunity"}, {"stage_id": stage(do, "Proposition")},
                   {"type": "lead"}, {"type": "opportunity"}):
        do("crm.lead", "write", [number], change)
        live += seen.collect()
    late = [event for event in Collector(opened(odoo)).collect() if event.objects[0].id == f"crm/{number}"]
    assert sorted(map(repr, late)) == sorted(map(repr, live))
    assert told(live)[:2] == [("lead.created", "lead"), ("amount.changed", "lead")]
    assert [event.activity for event in live].count("opportunity.created") == 2


def test_lost_put_away_and_taken_up_again(do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now()
    lost, dropped, put_away = lead(do), lead(do, type="lead"), lead(do)
    reason = do("crm.lost.reason", "search_read", [], ["name"])[0]
    seen.collect()
    do("crm.lead", "action_set_lost", [lost], lost_reason=reason["id"])
    do("crm.lead", "action_set_lost", [dropped])
    do("crm.lead", "write", [put_away], {"active": False})
    ended = {event.objects[0].id: event for event in seen.collect()}
    do("crm.lead", "toggle_active", [lost])
    again = seen.collect()
    do("crm.lead", "action_set_lost", [lost])
    do("crm.lead", "unlink", [dropped])

    assert ended[f"crm/{lost}"].activity == "opportunity.lost"
    assert ended[f"crm/{lost}"].attrs == {"cause": reason["name"]}
    assert told([ended[f"crm/{dropped}"]]) == [("lead.lost", "lead")]
    assert ended[f"crm/{put_away}"].activity == "opportunity.archived"
    assert told(again) == [("reopened", "opportunity")]
    assert told(seen.collect()) == [("opportunity.lost", "opportunity")]


def test_messages_in_and_out_and_notes(do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now()
    number = do("mail.thread", "message_process", "crm.lead", mail("<first@buyer.example>", "Please quote"))
    carl = do("res.partner", "create", {"name": "Carl", "email": "carl@buyer.example"})
    post = {"message_type": "comment", "body": SECRET_TEXT}
    do("crm.lead", "message_post", [number], subtype_xmlid="mail.mt_comment", partner_ids=[carl], **post)
    do("crm.lead", "message_post", [number], subtype_xmlid="mail.mt_comment", **post)
    do("crm.lead", "message_post", [number], subtype_xmlid="mail.mt_note", **post)
    sent = do("mail.message", "search_read", [("partner_ids", "=", carl)], ["message_id"])[0]["message_id"]
    do("mail.thread", "message_process", "crm.lead", mail("<second@buyer.example>", "Re: offer", sent))
    events = seen.collect()

    assert [e.activity for e in events if e.activity != "opportunity.created"] == [
        "msg.in", "msg.out", "msg.internal", "note.added", "msg.in"]
    first, out, internal, note, second = (e for e in events if e.activity != "opportunity.created")
    assert {e.objects[0] for e in events} == {Ref("opportunity", f"crm/{number}")}
    assert (first.actor, first.channel, first.direction) == ("buyer@buyer.example", "email", "inbound")
    assert Ref("contact", "buyer@buyer.example", "from") in first.objects
    assert first.attrs == {"message_id": "first@buyer.example", "subject": "Please quote"}
    assert (out.actor, out.channel, out.direction) == (ADMIN, "email", "outbound")
    assert Ref("contact", "carl@buyer.example", "to") in out.objects
    assert (internal.channel, internal.direction, note.channel, note.direction) == ("crm", "internal") * 2
    assert second.attrs["message_id"] == "second@buyer.example"
    assert [ref.type for ref in second.objects].count("conversation") == 1
    assert SECRET_TEXT not in repr(seen.pages)


@pytest.mark.parametrize("on", [True, False])
def test_a_message_tells_its_signals_only_where_asked_to(
        do: peers.Client, since_now: Callable[..., Collector], on: bool) -> None:
    seen = since_now(signals=on)
    cleo = do("res.partner", "create", {"name": "Cleo", "email": f"cleo-{on}@client.example"})
    number = lead(do)
    do("crm.lead", "message_post", [number], subtype_xmlid="mail.mt_comment", partner_ids=[cleo],
       message_type="comment", body="I will send the contract by Friday.")
    found = [event for event in seen.collect() if event.activity == "promise.made"]
    assert [event.attrs["confidence"] for event in found] == ([0.9] if on else [])
    assert all({ref.type for ref in event.objects} >= {"opportunity", "conversation", "contact"} for event in found)
    assert not any("contract" in str(event) for event in found)


def mail(message_id: str, subject: str, answers: str = "") -> str:
    reply = f"In-Reply-To: {answers}\nReferences: {answers}\n" if answers else ""
    return (f"From: Buyer <Buyer@buyer.example>\nTo: sales@firm.example\nSubject: {subject}\n{reply}"
            f"Message-ID: {message_id}\nDate: {formatdate()}\nContent-Type: text/plain\n\n{SECRET_TEXT}\n")


def test_subjects_are_left_out_where_the_settings_say_so(
        do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now(subjects=False)
    do("mail.thread", "message_process", "crm.lead", mail("<quiet@buyer.example>", "My illness"))
    message = next(event for event in seen.collect() if event.activity == "msg.in")
    assert message.attrs == {"message_id": "quiet@buyer.example"}


def test_colleagues_who_answer_from_their_mail_program_are_inside(
        do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now()
    number = lead(do)
    do("crm.lead", "message_post", [number], body="x", message_type="email", subtype_xmlid="mail.mt_comment",
       author_id=False, email_from="Paul <Paul@sub.firm.example>")
    message = next(event for event in seen.collect() if event.activity.startswith("msg."))
    assert (message.activity, message.actor) == ("msg.internal", "paul@sub.firm.example")
    assert message.direction == "internal"


def test_follow_ups_planned_and_done(do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now()
    number, model = lead(do), do("ir.model", "search", [("model", "=", "crm.lead")])[0]
    call = do("mail.activity.type", "search", [("name", "=", "Call")])[0]
    activity = do("mail.activity", "create", {"res_model_id": model, "res_id": number, "activity_type_id": call,
                                              "date_deadline": "2027-03-01", "note": SECRET_TEXT})
    planned = [event for event in seen.collect() if event.activity == "task.planned"]
    do("mail.activity", "action_feedback", [activity], feedback=SECRET_TEXT)
    done = seen.collect()

    assert planned[0].attrs == {"kind": "Call", "due_on": "2027-03-01"} and len(planned) == 1
    assert Ref("person", ADMIN, "owner") in planned[0].objects
    assert told(done) == [("task.done", "opportunity")] and done[0].attrs == {"kind": "Call"}
    assert SECRET_TEXT not in repr(seen.pages)


def test_meetings_of_a_deal(do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now()
    number = lead(do)
    guest = do("res.partner", "create", {"name": "Gus", "email": "gus@guest.example"})
    now = datetime.now(UTC)

    def meeting(starts: datetime, minutes: float = 30) -> int:
        return int(do("calendar.event", "create", {
            "name": "Talk", "opportunity_id": number, "start": f"{starts:%Y-%m-%d %H:%M:%S}",
            "stop": f"{starts + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}", "partner_ids": [(6, 0, [guest])]}))
    past, coming, off = (meeting(now + timedelta(days=days)) for days in (-2, 2, 3))
    do("calendar.event", "write", [off], {"active": False})
    soon = meeting(now, 0.1)
    do("calendar.event", "create", {"name": "Lunch", "start": "2027-01-01 11:00:00", "stop": "2027-01-01 12:00:00"})
    events = seen.collect()
    # Nothing is written when a meeting is over: it has to be noticed.
    while f"calendar.event/{soon}/held" not in {event.source_id for event in events}:
        assert not seen.source.wait(0.2)
        events += seen.collect()

    told_of = {(event.source_id.removeprefix("calendar.event/"), event.activity) for event in events}
    assert {one for one in told_of if one[1].startswith("meeting")} == {
        *((f"{one}", "meeting.scheduled") for one in (past, coming, off, soon)), (f"{past}/held", "meeting.held"),
        (f"{soon}/held", "meeting.held"), (f"{off}/cancelled", "meeting.cancelled")}
    held = next(event for event in events if event.source_id == f"calendar.event/{past}/held")
    assert held.at == (now - timedelta(days=2) + timedelta(minutes=30)).replace(microsecond=0)
    assert held.attrs == {"external": True} and Ref("contact", "gus@guest.example", "attendee") in held.objects


def test_a_tracked_close_date_and_a_handover(do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now()
    number, other = lead(do), do("crm.team", "create", {"name": "Key accounts"})
    seen.collect()
    do("crm.lead", "write", [number], {"team_id": other})
    # Odoo 14 does not track the date by itself; this is the row of an add-on that does.
    message = do("crm.lead", "message_post", [number], message_type="notification")
    date = do("ir.model.fields", "search", [("model", "=", "crm.lead"), ("name", "=", "date_deadline")])[0]
    do("mail.tracking.value", "create", {
        "field": date, "field_desc": "Expected Closing", "field_type": "date", "mail_message_id": message,
        "old_value_datetime": "2027-01-01 00:00:00", "new_value_datetime": "2027-02-01 00:00:00"})
    handed, moved = seen.collect()
    assert (handed.activity, handed.attrs, handed.team) == (
        "transfer", {"from": "Sales", "to": "Key accounts"}, "Key accounts")
    assert (moved.activity, moved.attrs) == ("closedate.changed", {"from": "2027-01-01", "to": "2027-02-01"})


def test_a_lead_without_a_sales_team_takes_the_team_of_the_person(
        odoo: peers.Peer, do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now()
    number = lead(do, email_from="Zoe <Zoe@Home.example>")
    odoo.sql(f"UPDATE crm_lead SET team_id = NULL WHERE id = {number}")
    created, = seen.collect()
    assert created.team == "Inside sales" and Ref("contact", "zoe@home.example") in created.objects


def test_an_import_shares_one_moment_and_every_page_resumes(
        odoo: peers.Peer, do: peers.Client, since_now: Callable[..., Collector]) -> None:
    cursor = since_now().cursor
    made = do("crm.lead", "create", [{"name": f"Import {n}", "type": "opportunity"} for n in range(200)])
    assert len({row["write_date"] for row in do("crm.lead", "read", made, ["write_date"])}) == 1
    found: list[str] = []
    sizes = []
    while True:
        # A new source each time: nothing but the cursor is carried over, and one page is taken of each.
        page = next(iter(opened(odoo, page_size=60).pull(cursor)))
        cursor = page.cursor
        found += [event.source_id for event in page.events if event.source_id.startswith("crm.lead/")]
        sizes.append(len(page.events))
        if page.watermark:
            break
    assert {f"crm.lead/{number}/created" for number in made} <= set(found) and len(found) == len(set(found))
    assert max(sizes) <= 60


def test_a_transaction_that_ends_late_is_not_missed(
        odoo: peers.Peer, do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now()
    slow = ("INSERT INTO crm_lead (name, type, active, stage_id, create_uid, create_date, write_date) VALUES "
            "('slow', 'opportunity', true, 1, 2, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')")
    began = datetime.now(UTC)
    with odoo.open_transaction(slow):
        while datetime.now(UTC) < began + timedelta(seconds=2):
            lead(do)
            assert set(told(seen.collect())) == {("opportunity.created", "opportunity")}
    late, = seen.collect()
    assert late.activity == "opportunity.created" and late.at <= began
    assert seen.watermark is not None and seen.watermark <= late.at


def test_only_a_page_that_was_stored_counts_as_told(do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now()
    number = lead(do)
    pages = seen.source.pull(seen.cursor)
    lost_page = next(iter(pages))
    del pages
    again = seen.collect()
    assert [event.source_id for event in again] == [event.source_id for event in lost_page.events]
    assert [event.source_id for event in again] == [f"crm.lead/{number}/created"]
    assert seen.collect() == []


def test_a_record_that_cannot_be_is_kept_aside(
        odoo: peers.Peer, do: peers.Client, since_now: Callable[..., Collector]) -> None:
    seen = since_now()
    good, bad = lead(do), lead(do)
    odoo.sql(f"UPDATE crm_lead SET write_date = NULL, create_date = '1066-10-14' WHERE id = {bad}")
    late = Collector(opened(odoo))
    events = late.collect()
    aside = [one for page in late.pages for one in page.aside]
    do("crm.lead", "unlink", [bad])
    assert [one.source_id for one in aside] == [f"crm.lead/{bad}"] and aside[0].reason
    assert f"crm.lead/{good}/created" in {event.source_id for event in events}
    assert seen.collect()


def test_behind_counts_down_at_the_first_look(odoo: peers.Peer, do: peers.Client) -> None:
    lead(do)
    pages = list(opened(odoo, page_size=50).pull({}))
    behind = [page.behind or 0 for page in pages]
    assert behind == sorted(behind, reverse=True) and behind[0] > 0 and behind[-1] == 0
    assert [page.watermark is not None for page in pages] == [False] * (len(pages) - 1) + [True]


@pytest.mark.parametrize(("setting", "value", "word"), [
    ("password", "not-the-password", "password"), ("login", "nobody", "login"), ("database", "other", "database"),
    ("url", "http://127.0.0.1:1", "reached"), ("url", "no address", "address"), ("page_size", "many", "page_size")])
def test_wrong_settings_are_told_with_their_remedy(
        odoo: peers.Peer, setting: str, value: str, word: str) -> None:
    try:
        source = opened(odoo, **{setting: value})
    except FixSettings as error:
        assert word in str(error)
        return
    wrong = source.check()
    assert len(wrong) == 1 and word in wrong[0] and "not-the-password" not in wrong[0]
    with pytest.raises(RetryLater if setting == "url" else FixSettings):
        next(iter(source.pull({})))


def test_an_account_that_may_not_read_is_told_what_to_ask_for(odoo: peers.Peer, do: peers.Client) -> None:
    assert opened(odoo).check() == []
    user(do, "Sam", "group_sale_salesman")
    sam = opened(odoo, login="sam@firm.example", password="pw-of-Sam")
    wrong = sam.check()
    assert any("mail.tracking.value" in one and "read access" in one for one in wrong)
    with pytest.raises(FixSettings, match=r"may not read .*; give the account"):
        list(sam.pull({}))


def test_the_smallest_rights_that_suffice(odoo: peers.Peer, do: peers.Client) -> None:
    """A sales manager with one more access right sees what the administrator sees."""
    lead(do)
    user(do, "Rita", "group_sale_manager")
    group = do("ir.model.data", "search_read", [("name", "=", "group_sale_manager")], ["res_id"])[0]["res_id"]
    for model in ("mail.tracking.value", "ir.model.fields"):
        number = do("ir.model", "search", [("model", "=", model)])[0]
        do("ir.model.access", "create", {"name": "Frontview", "model_id": number, "group_id": group,
                                         "perm_read": True, "perm_write": False, "perm_create": False,
                                         "perm_unlink": False})
    rita = opened(odoo, login="rita@firm.example", password="pw-of-Rita")
    assert rita.check() == []
    hers, all_there_is = Collector(rita, {}).collect(), Collector(opened(odoo), {}).collect()
    assert hers == all_there_is


def test_waiting_ends_when_the_source_is_closed(odoo: peers.Peer) -> None:
    source = opened(odoo)
    source.close()
    source.close()
    assert source.wait(600) is False
    with pytest.raises(RetryLater):
        next(iter(source.pull({})))


@contextmanager
def half_read(odoo: peers.Peer) -> Iterator[tuple[Iterator[Page], list[Page]]]:
    source = opened(odoo, page_size=5)
    pages = iter(source.pull({}))
    yield pages, [next(pages)]
    source.close()


def test_a_server_that_dies_in_the_middle_is_read_on() -> None:
    with peers.start() as odoo:
        do = odoo.client()
        made = do("crm.lead", "create", [{"name": f"Lead {n}"} for n in range(20)])
        with half_read(odoo) as (pages, got):
            odoo.kill()
            with pytest.raises(RetryLater, match="cannot be reached"):
                next(pages)
            odoo.revive()
            rest = Collector(opened(odoo, page_size=5), got[-1].cursor)
            found = [event.objects[0].id for event in [*got[0].events, *rest.collect()]
                     if event.activity == "opportunity.created"]
            assert sorted(found) == sorted(f"crm/{number}" for number in made)
        with half_read(odoo) as (pages, _):
            odoo.kill_database()
            with pytest.raises(RetryLater, match="will be tried again"):
                next(pages)


@pytest.mark.slow
def test_a_server_without_the_crm_is_told_what_to_install() -> None:
    with peers.start() as odoo:
        do = odoo.client()
        crm = do("ir.module.module", "search", [("name", "=", "crm")])
        do("ir.module.module", "button_immediate_uninstall", crm)
        source = opened(odoo)
        assert any("crm.lead" in one and "install the module" in one for one in source.check())
        with pytest.raises(FixSettings, match="install the module"):
            next(iter(source.pull({})))
