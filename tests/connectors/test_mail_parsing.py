"""From raw headers to facts, told through the mail of a small firm and through 1,900 real mails of 2002."""

from __future__ import annotations

import random
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors._contract import Opening
from connectors._mail import MAIL_SETTINGS, Batch, MailReader
from connectors._mail_headers import Headers, decoded
from data.event import Event, Ref

REAL = Path(__file__).parents[2] / "../shared/datasets/mail_rfc822/easy-ham-2_spam-1.tar.gz"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANNA, BEN, CUSTOMER = "anna@firm.example", "ben@firm.example", "carla@customer.example"


def reader(**changed: Any) -> MailReader:
    """Anna's and Ben's firm, in which Anna is in sales and Ben in service."""
    given: dict[str, Any] = {one.name: one.default for one in MAIL_SETTINGS}
    domains = changed.pop("own_domains", {"firm.example"})
    teams = changed.pop("teams", {ANNA: "sales", BEN: "service"})
    return MailReader.opened(Opening("mail", given | changed, frozenset(domains), teams, lambda: NOW))


def mail(sender: str = CUSTOMER, to: str = ANNA, *more: str, date: str = "Mon, 2 Nov 2026 10:00:00 +0100",
         message_id: str = "<first@customer.example>") -> bytes:
    """A raw mail; `more` are further header lines."""
    lines = [f"From: {sender}", f"To: {to}", f"Message-ID: {message_id}"]
    lines += [f"Date: {date}"] if date else []
    return "\r\n".join([*lines, *more, "", "Subject: not a header, but the first line of the body"]).encode()


def facts(raw: bytes, **changed: Any) -> Batch:
    """What one mail becomes."""
    batch = Batch(reader(**changed))
    batch.add(raw, {"folder": "INBOX", "uid": 7})
    return batch


def only(raw: bytes, **changed: Any) -> Event:
    """The one event of a mail that must not be set aside."""
    batch = facts(raw, **changed)
    assert not batch.aside
    [event] = batch.events
    return event


def test_a_customer_writes_to_sales() -> None:
    event = only(mail("Carla Cruz <Carla@Customer.Example>", f"Anna <{ANNA}>", "Subject: Offer", f"Cc: {BEN}"))
    assert (event.source_id, event.activity, event.direction) == ("first@customer.example", "msg.in", "inbound")
    assert (event.actor, event.team, event.channel) == (CUSTOMER, "sales", "email")
    assert event.at == datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert event.objects == [Ref("conversation", "first@customer.example"), Ref("contact", CUSTOMER, "from"),
                             Ref("person", ANNA, "to"), Ref("person", BEN, "cc")]
    assert event.attrs == {"commercial": False, "unsub": False, "automatic": False, "subject": "Offer",
                           "message_id": "first@customer.example", "n_recipients": 2, "folder": "INBOX", "uid": 7}


@pytest.mark.parametrize(("sender", "to", "activity", "team"), [
    (ANNA, CUSTOMER, "msg.out", "sales"),
    (BEN, f"{ANNA}, {CUSTOMER}", "msg.out", "service"),
    (ANNA, BEN, "msg.internal", "sales"),
    (ANNA, "crew@lists.firm.example", "msg.internal", "sales"),
    (CUSTOMER, "list@elsewhere.example", "msg.in", ""),
    (CUSTOMER, f"desk@firm.example, {BEN}", "msg.in", "service"),
    ("eve@notfirm.example", ANNA, "msg.in", "sales"),
])
def test_direction_follows_the_firms_domains(sender: str, to: str, activity: str, team: str) -> None:
    event = only(mail(sender, to))
    assert (event.activity, event.team) == (activity, team)


def test_without_domains_the_mailbox_itself_is_inside() -> None:
    alone: dict[str, Any] = {"own_domains": (), "teams": {}, "address": "Shop@webmail.example", "team": "shop"}
    assert only(mail("shop@webmail.example", "buyer@webmail.example"), **alone).activity == "msg.out"
    event = only(mail("buyer@webmail.example", "shop@webmail.example"), **alone)
    assert (event.activity, event.team, event.objects[2]) == ("msg.in", "shop",
                                                              Ref("person", "shop@webmail.example", "to"))
    assert reader(**alone).knows_inside
    assert not reader(own_domains=(), teams={}).knows_inside


def test_blind_copies_and_lists_reach_somebody() -> None:
    event = only(mail(CUSTOMER, "undisclosed-recipients:;", f"Delivered-To: {BEN}"))
    assert (event.objects[-1], event.team) == (Ref("person", BEN, "bcc"), "service")
    assert only(mail(CUSTOMER, "list@elsewhere.example"), address=ANNA).objects[-1] == Ref("person", ANNA, "bcc")


def test_every_copy_of_a_mail_is_the_same_event() -> None:
    sent = only(mail(ANNA, BEN))
    arrived = only(b"Return-Path: <anna@firm.example>\r\nDelivered-To: ben@firm.example\r\n"
                   b"Received: from a by b; Mon, 2 Nov 2026 10:00:09 +0100\r\n" + mail(ANNA, BEN))
    assert (sent.source_id, sent.at, sent.objects) == (arrived.source_id, arrived.at, arrived.objects)


def test_every_copy_without_an_id_is_the_same_event_too() -> None:
    bare = mail(ANNA, BEN).replace(b"Message-ID: <first@customer.example>\r\n", b"")
    other = mail(ANNA, BEN, date="Mon, 2 Nov 2026 10:00:01 +0100", message_id="<>")
    assert only(bare).source_id == only(b"Received: from a by b; 2 Nov 2026 10:00:09 +0100\r\n" + bare).source_id
    assert only(bare).source_id.startswith("sha256-")
    assert only(other).source_id != only(bare).source_id


def test_a_thread_has_one_id_whatever_arrives_first() -> None:
    question = mail(message_id="<q@c>")
    answer = mail(ANNA, CUSTOMER, "In-Reply-To: <q@c>", message_id="<a@f>")
    thanks = mail(CUSTOMER, ANNA, "References: <q@c>", " <a@f>", "In-Reply-To: <a@f>", message_id="<t@c>")
    for order in ([question, answer, thanks], [thanks, question, answer]):
        batch = Batch(reader())
        for raw in order:
            batch.add(raw, {})
        assert {event.objects[0] for event in batch.events} == {Ref("conversation", "q@c")}
    assert only(thanks).attrs["in_reply_to"] == "a@f"


def test_prose_in_reply_fields_is_passed_over() -> None:
    event = only(mail(CUSTOMER, ANNA, 'In-Reply-To: Message from anna of "Tue, 20 Aug 2002 12:43:02 PDT."',
                      "\t<20020820194302.16888@lair.example>"))
    assert event.objects[0].id == "20020820194302.16888@lair.example"


@pytest.mark.parametrize(("more", "told"), [
    (["List-Unsubscribe: <mailto:off@firm.example>"], {"commercial": True, "unsub": True}),
    (["Precedence: bulk"], {"commercial": True, "unsub": False}),
    (["List-Id: News <news.firm.example>"], {"commercial": True}),
    (["Precedence: bulk", "Auto-Submitted: auto-replied"], {"commercial": False, "automatic": True}),
    (["Auto-Submitted: no"], {"automatic": False}),
    (["X-Autoreply: yes"], {"automatic": True}),
    (["Content-Type: multipart/report; report-type=delivery-status"], {"automatic": True, "bounce": True}),
])
def test_kinds_of_mail_are_told_by_the_header(more: list[str], told: dict[str, bool]) -> None:
    attrs = only(mail(ANNA, CUSTOMER, *more)).attrs
    assert {name: attrs[name] for name in told} == told


@pytest.mark.parametrize("subject", ["unsubscribe", "UNSUBSCRIBE.", "=?utf-8?q?d=C3=A9sabonner?=", "Opt-out"])
def test_a_plain_unsubscribe_is_an_optout(subject: str) -> None:
    message, optout = facts(mail(CUSTOMER, ANNA, f"Subject: {subject}"), subjects=False).events
    assert (optout.source_id, optout.activity) == (f"{message.source_id}#optout", "optout")
    assert (optout.actor, optout.channel, optout.at) == (CUSTOMER, "email", message.at)
    assert optout.objects[1] == Ref("contact", CUSTOMER, "from")


@pytest.mark.parametrize(("sender", "to", "subject"), [
    (CUSTOMER, ANNA, "Re: please unsubscribe Carla, not me"), (ANNA, CUSTOMER, "unsubscribe")])
def test_other_mail_is_no_optout(sender: str, to: str, subject: str) -> None:
    assert only(mail(sender, to, f"Subject: {subject}")).activity != "optout"


def test_names_are_told_once_a_page_and_the_subject_names_the_thread() -> None:
    batch = Batch(reader())
    for message_id in ("<1@c>", "<2@c>"):
        batch.add(mail('"Cruz, Carla" <carla@customer.example>', f"'{ANNA}' <{ANNA}>", "Subject: Re: Order",
                       "References: <1@c>", message_id=message_id), {})
    told = [(change.object, change.attribute, change.value) for change in batch.changes.values()]
    assert told == [(Ref("contact", CUSTOMER), "name", "Cruz, Carla"),
                    (Ref("conversation", "1@c"), "name", "Re: Order")]


def test_names_come_from_their_owner_or_our_address_book() -> None:
    theirs = facts(mail("Carla Cruz <carla@customer.example>", f"Little Annie <{ANNA}>", f"Cc: Dad <{BEN}>"))
    assert [change.value for change in theirs.changes.values()] == ["Carla Cruz"]
    ours = facts(mail(f"Anna Ash <{ANNA}>", "Cruz AG <carla@customer.example>", f"Cc: Dad <{BEN}>"))
    assert [(change.object.type, change.value) for change in ours.changes.values()] == [
        ("person", "Anna Ash"), ("contact", "Cruz AG")]


def test_subjects_can_be_left_out() -> None:
    batch = facts(mail(CUSTOMER, ANNA, "Subject: Divorce papers"), subjects=False)
    assert "Divorce" not in repr(batch.events) + repr(batch.changes)


@pytest.mark.parametrize(("changed", "lines", "reason"), [
    ({}, ["Sensitivity: Personal"], "marked it personal"),
    ({}, ["Sensitivity: company-CONFIDENTIAL"], "marked it company-confidential"),
    ({"skip_addresses": ["council@firm.example"]}, ["Cc: Council@Firm.Example"], "skip_addresses"),
    ({"skip_addresses": ["clinic.example"]}, ["Cc: dr@north.clinic.example"], "skip_addresses"),
])
def test_what_is_not_ours_to_read_leaves_no_content(changed: dict[str, Any], lines: list[str], reason: str) -> None:
    batch = facts(mail(CUSTOMER, ANNA, *lines, "Subject: My operation"), **changed)
    [aside] = batch.aside
    assert reason in aside.reason
    assert not batch.events
    assert not batch.changes
    assert "@" not in repr(aside)
    assert "operation" not in repr(aside)


def test_sensitive_mail_counts_where_the_firm_says_so() -> None:
    assert only(mail(CUSTOMER, ANNA, "Sensitivity: Private"), skip_sensitive=False).activity == "msg.in"


@pytest.mark.parametrize("date", ["Thu, 22 Aug 0102 12:07:35 +0800", "2002/09/14 Sat 02:29:32 CDT", "", "soon",
                                  "Wed, 07 Oct 2048 23:01:36 -1900", "Mon, 2 Nov 2026 10:00:00",
                                  "Mon, 2 Nov 2026 10:00:00 +9999"])
def test_an_absurd_date_gives_way_to_the_newest_received(date: str) -> None:
    stamps = (b"Received: from b by c; Mon, 2 Nov 2026 09:00:09 +0000 (UTC)\r\n"
              b"Received: from a by b;\r\n\tMon, 2 Nov 2026 09:00:05 +0000\r\n"
              b"Received: by a; Fri, 1 Jan 2044 00:00:00 Z\r\n")
    event = only(stamps + mail(date=date))
    assert (event.at, event.attrs["clock"]) == (datetime(2026, 11, 2, 9, 0, 9, tzinfo=UTC), "received")


def test_a_clock_that_is_a_little_ahead_is_believed() -> None:
    event = only(b"Received: from a by b; Mon, 2 Nov 2026 08:59:00 +0000\r\n" + mail())
    assert (event.at, "clock" in event.attrs) == (datetime(2026, 11, 2, 9, tzinfo=UTC), False)


@pytest.mark.parametrize(("raw", "reason"), [
    (mail(date=""), "it has neither a readable Date nor a Received date"),
    (mail(date="Tue, 1 Jan 2047 00:00:00 +0000"), "its Date lies in the future"),
    (mail("undisclosed", date="Mon, 2 Nov 2026 10:00:00 +0100"), "it names no sender"),
    (b"", "it names no sender"),
    (b"\x00\xff\xfe garbage without end", "it names no sender"),
])
def test_what_makes_no_event_is_kept_aside_with_the_reason(raw: bytes, reason: str) -> None:
    batch = facts(raw)
    assert [aside.reason.startswith(reason) for aside in batch.aside] == [True]
    assert batch.aside[0].excerpt == "folder INBOX, uid 7"
    assert not batch.events


def test_the_mailboxs_own_stamp_dates_a_mail_without_any() -> None:
    batch = Batch(reader())
    batch.add(mail(date=""), {}, datetime(2026, 11, 1, tzinfo=UTC))
    assert (batch.events[0].at, batch.events[0].attrs["clock"]) == (datetime(2026, 11, 1, tzinfo=UTC), "arrived")


@pytest.mark.parametrize(("written", "read"), [
    ("=?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?B?IGF1cw==?= Ulm", "Grüße aus Ulm"),
    ("=?no-such-charset?Q?caf=E9?=", "café"),
    ("=?utf-8?B?a?= offer", "=?utf-8?B?a?= offer"),
    ("=?gb2312?B?xOO6ww==?=", "你好"),
    ("plain\x00 and\tcontrol\x07", "plain and control"),
])
def test_text_is_read_as_far_as_it_can_be(written: str, read: str) -> None:
    assert decoded(written) == read


def test_broken_headers_lose_the_broken_line_only() -> None:
    raw = (b"From carla Mon Nov  2 10:00:00 2026\n>From queue\nthis line is no field\n"
           b"SUBJECT : Gr\xfc\xdfe\n from Ulm\nFrom: carla@customer.example (Carla)\nTo: Team: anna@firm.example,\n"
           b" \"B, Ben\" <ben@firm.example>;, <not closed@x, =?utf-8?q?X=2C_Y?= <x@y.example>\n"
           b"Message-ID: <a b\n c@x>\nMessage-ID: <second@x>\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n\nbody\n")
    event = only(raw)
    assert (event.source_id, event.attrs["subject"]) == ("abc@x", "Grüße from Ulm")
    assert [ref[:2] for ref in event.objects[1:4]] == [("contact", CUSTOMER), ("person", ANNA), ("person", BEN)]


def test_ten_thousand_recipients_are_counted_and_cut() -> None:
    event = only(mail(ANNA, ", ".join(f"c{i}@x.example" for i in range(10_000))))
    assert (event.attrs["n_recipients"], len(event.objects)) == (10_000, 501)


@pytest.mark.parametrize("unit", ["(", "a", "=?a?q?", "\r\n x", "<", '"'])
def test_a_header_made_to_keep_us_busy_does_not(unit: str) -> None:
    """Without limits the first ends in a RecursionError and the next two take many minutes."""
    endless = unit * (200_000 // len(unit))
    batch = facts(mail(CUSTOMER, ANNA, f"Cc: {endless}", f"Subject: {endless}", f"References: {endless}"))
    assert len(batch.events) == 1
    assert [aside.reason for aside in facts(mail(endless)).aside] == ["it names no sender"]


def real_mails() -> Iterator[tuple[str, bytes]]:
    """Name and text of the real mails."""
    with tarfile.open(REAL) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream:
                yield member.name, stream.read()


@pytest.mark.skipif(not REAL.exists(), reason="the 1,900 real mails are not on this machine")
def test_all_real_mails_become_facts() -> None:
    domains = {"spamassassin.taint.org", "netnoteinc.com", "jmason.org"}
    # What their texts hold is another story: tests/connectors/test_signals.py.
    batch = Batch(reader(own_domains=domains, teams={}, signals=False))
    for name, raw in real_mails():
        batch.add(raw, {"file": name})
    # One mail is marked private by its sender; every other one makes exactly one event.
    assert Counter(aside.reason for aside in batch.aside) == {"left out: its sender marked it private": 1}
    assert len({event.source_id for event in batch.events}) == 1899
    # Mail "from" the firm's own domains includes spam with a forged sender.
    assert Counter(event.activity for event in batch.events) == {"msg.in": 1878, "msg.out": 16, "msg.internal": 5}
    signals = Counter(name for event in batch.events for name, value in event.attrs.items() if value is True)
    assert signals == {"commercial": 1438, "unsub": 875, "automatic": 1, "bounce": 1}
    # 16 unreadable dates or years such as 0102, 20 without a zone, the others over an hour ahead of their arrival.
    assert sum(event.attrs.get("clock") == "received" for event in batch.events) == 114
    assert {event.at.year for event in batch.events} <= {2001, 2002}
    assert len({event.objects[0] for event in batch.events}) == 1328


@pytest.mark.skipif(not REAL.exists(), reason="the 1,900 real mails are not on this machine")
def test_damaged_real_mails_never_stop_a_page() -> None:
    chance = random.Random(7)
    batch = Batch(reader())
    for count, (_, raw) in enumerate(real_mails()):
        if count == 300:
            break
        for _ in range(3):
            header = bytearray(raw[:6000])
            for _ in range(chance.randrange(1, 40)):
                header[chance.randrange(len(header))] = chance.randrange(256)
            batch.add(bytes(header[chance.randrange(200):]), {"uid": count})
    assert len(batch.aside) + len(batch.events) >= 900
    assert len(batch.events) > 600


def test_a_header_field_may_be_absent_or_repeated() -> None:
    headers = Headers(b"To: a@x\nTo: b@x\nSubject: one\nSubject: two\n")
    assert [party.address for party in headers.parties("to", "cc")] == ["a@x", "b@x"]
    assert (headers.first("subject"), headers.first("cc"), headers.in_reply_to) == ("one", "", "")
