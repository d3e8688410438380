"""What stands in the text of a message becomes signals beside it, and nothing of the text is kept."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from connectors import _bluesky_map, imap, mailbox
from connectors._contract import Opening
from connectors._exclude import excluding
from connectors._mail import Batch, MailReader
from connectors._mail_imap import _texts
from connectors._signal_dates import promised
from connectors._signal_mail import Heard
from connectors._signal_text import LONGEST_TEXT, new_words
from connectors._signal_words import SIGNALS
from connectors._signals import SIGNAL_ACTIVITIES, find, outside_case, signals_of
from data.event import Event, Ref
from data.page import Page
from data.vocabulary import ACTIVITIES
from tests.peers import dovecot

REAL = Path(__file__).parents[2] / "../shared/datasets/mail_rfc822/easy-ham-2_spam-1.tar.gz"
WEDNESDAY = datetime(2026, 11, 4, 10, tzinfo=UTC)
CARLA, ANNA = "carla@customer.example", "anna@firm.example"


def message(direction: str = "inbound", **attrs: Any) -> Event:
    """Carla's mail to Anna, with Dora in copy, or Anna's to Carla."""
    sent, got = (CARLA, ANNA) if direction == "inbound" else (ANNA, CARLA)
    kinds = ("contact", "person") if direction == "inbound" else ("person", "contact")
    objects = [Ref("conversation", "m1@x"), Ref(kinds[0], sent, "from"), Ref(kinds[1], got, "to"),
               Ref("contact", "dora@other.example", "cc")]
    activity = "msg.in" if direction == "inbound" else "msg.out"
    return Event("m1@x", WEDNESDAY, activity, objects, sent, "sales", "email", direction, attrs)


def names(text: str, direction: str) -> list[str]:
    """The signals in a text, in the order of the lists."""
    return [hit.name for hit in find(new_words(text), direction)]  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "signals"), [
    ("I want to make a formal complaint about my invoice.", ["complaint"]),
    ("This is the third time I write. Your service is a joke, and I\u2019m really disappointed!", ["complaint"]),
    ("I am not satisfied yet with the colours, could you send others?", []),
    ("They haven't let me down yet.", []),
    ("If this is not settled you will hear from my lawyer.", ["legal_threat"]),
    ("My lawyer friend liked the offer.", []),
    ("Please take me off your mailing list.", ["opt_out"]),
    ("To unsubscribe from this group, send an email to x-unsubscribe@lists.example", []),
    ("I would like to cancel our contract and will take my business elsewhere.", ["churn"]),
    ("The bank decided to close my account.", []),
    ("Das ist eine Frechheit, ich möchte mich beschweren und kündige den Vertrag.", ["complaint", "churn"]),
    ("We guarantee a return of 12 % and you cannot lose money.", []),
])
def test_what_customers_write(text: str, signals: list[str]) -> None:
    assert names(text, "inbound") == signals


@pytest.mark.parametrize(("text", "signals"), [
    ("We guarantee a return of 12 % and you cannot lose money.", ["promissory"]),
    ("The 30 day trial is risk free.", []),
    ("We sent you a small gift, it is on its way.", ["gift"]),
    ("Let's take this offline. WhatsApp me.", ["off_channel"]),
    ("Please send it to your personal account first.", []),
    ("I've started my own company, will you invest in my startup?", ["outside_activity"]),
    ("Das machen wir lieber per WhatsApp.", ["off_channel"]),
    ("I want to make a formal complaint.", []),
])
def test_what_we_write(text: str, signals: list[str]) -> None:
    assert names(text, "outbound") == signals
    assert names(text, "internal") == []


@pytest.mark.parametrize(("text", "due", "days", "confidence"), [
    ("I'll send the contract by Friday.", "2026-11-06", 2, 0.9),
    ("We will call you tomorrow.", "2026-11-05", 1, 0.8),
    ("I will answer by the end of the day.", "2026-11-04", 0, 0.9),
    ("We'll have it ready by 2026-11-20.", "2026-11-20", 16, 0.9),
    ("We will deliver by the 3rd of December", "2026-12-03", 29, 0.9),
    ("I'll get back to you within two business days", "2026-11-06", 2, 0.9),
    ("I will send it by January 9", "2027-01-09", 66, 0.9),
    ("I hope to send it on Friday.", "2026-11-06", 2, 0.6),
    ("I will try to call you tomorrow.", "2026-11-05", 1, 0.6),
    ("Ich werde Ihnen das Angebot bis Freitag schicken.", "2026-11-06", 2, 0.9),
])
def test_a_promise_with_a_day(text: str, due: str, days: int, confidence: float) -> None:
    found = promised(new_words(text), WEDNESDAY)
    assert found is not None
    assert (found.due_at.date().isoformat(), found.days, found.confidence) == (due, days, confidence)


@pytest.mark.parametrize("text", [
    "I will not be able to send it by Friday.", "I'll see you tomorrow!", "I'll be out of the office until Monday.",
    "Shall I say that we will call tomorrow?", "He sent it on Friday.", "I will send it soon.",
    "I'll send it by February 31", "We will need your answer by Friday.",
])
def test_what_is_no_promise(text: str) -> None:
    assert promised(new_words(text), WEDNESDAY) is None


@pytest.mark.parametrize(("text", "words"), [
    ("Fine with me.\n\n> I want to make a complaint\nThanks, see below", "fine with me. thanks, see below"),
    ("Yes.\n\nOn Mon, 2 Nov 2026 at 10:00 Carla <carla@customer.example>\nwrote:\n> worst service ever", "yes."),
    ("Done.\n-----Original Message-----\nFrom: Carla\nI am disappointed", "done."),
    ("Done.\n\nFrom: Carla\nSent: Monday\nI am disappointed", "done."),
    ("Ja.\n\nAm 02.11.2026 um 10:00 schrieb Carla:\n> Beschwerde", "ja."),
    ("Hello Ben,\nall is well.\nKind regards,\nAnna\nTerrible Service Ltd", "hello ben, all is well."),
    ("Call me.\n-- \nI guarantee results", "call me."),
    ("Call me.\nAnna Adler\nDirector of Sales", "call me."),
    ("It\u2019s\u00a0\u201cfine\u201d", "it's \"fine\""),
])
def test_only_new_words_count(text: str, words: str) -> None:
    assert new_words(text, sender="Anna Adler") == words


def test_markup_is_read_as_people_see_it() -> None:
    page = ("<html><head><style>p {color: worst}</style></head><body><p>I&rsquo;m <b>very</b>\n<i>disapp</i>ointed"
            "</p><div>Really<br>so</div><script>worst service</script>"
            "<div class=\"gmail_quote\">On Monday Anna wrote: <blockquote>we are sorry</blockquote></div></body>")
    assert new_words(page, markup=True) == "i'm very disappointed really so"
    assert new_words(page) == "i'm very disappointed really so"


@pytest.mark.parametrize("evil", [
    "<" * LONGEST_TEXT, "<script" * 9_000, "on " * 30_000, "> " * 30_000, "i will " * 9_000, "on a\n" * 16_000,
    "<blockquote" * 5_000 + "a" * 9_000, "i'll " + "tomorrow by " * 5_000, "\u0130" * 9_000 + "<style>x",
])
def test_text_made_to_be_slow_is_only_text(evil: str) -> None:
    # A step whose time grew with the square of the length would keep this test busy for minutes.
    words = new_words(evil, markup=True)
    find(words, "outbound")
    find(words, "inbound")
    promised(words, WEDNESDAY)
    assert len(words) <= LONGEST_TEXT


def test_a_signal_is_an_event_beside_its_message_and_holds_no_text() -> None:
    text = "Worst service ever, I am cancelling our contract.\n\nStop calling me!"
    found = signals_of(message(), text)
    assert [(event.source_id, event.activity) for event in found] == [
        ("m1@x#complaint", "complaint.signal"), ("m1@x#opt_out", "flag.raised"), ("m1@x#churn", "flag.raised")]
    first = found[0]
    assert (first.actor, first.team, first.channel, first.direction) == (CARLA, "sales", "email", "internal")
    # Who was only copied in has not complained, and a moment later means that the order is certain.
    assert first.objects == [Ref("conversation", "m1@x"), Ref("contact", CARLA, "from"), Ref("person", ANNA, "to")]
    assert first.at > WEDNESDAY and first.at.replace(microsecond=0) == WEDNESDAY
    assert first.attrs == {"signal": "complaint", "item": "m1@x", "method": "phrases", "confidence": 0.76,
                           "rule": "complaint-4"}
    kept = json.dumps([dict(event.attrs) for event in found]).lower()
    assert not any(word in kept for word in ("worst", "service", "cancel", "stop", "calling"))


def test_an_opt_out_in_text_is_never_the_certain_one() -> None:
    [found] = signals_of(message(), "please remove me from your mailing list")
    assert (found.activity, found.attrs["signal"]) == ("flag.raised", "opt_out")
    assert "optout" not in SIGNAL_ACTIVITIES and set(SIGNAL_ACTIVITIES) <= set(ACTIVITIES)


def test_a_promise_of_ours_names_its_day() -> None:
    [found] = signals_of(message("outbound"), "I'll send the contract by Friday.")
    assert (found.source_id, found.activity) == ("m1@x#promise", "promise.made")
    assert found.attrs.items() >= {("due_at", "2026-11-06T23:59:59+00:00"), ("days", 2), ("confidence", 0.9)}
    assert Ref("contact", CARLA, "to") in found.objects
    assert signals_of(message("inbound"), "I'll send the contract by Friday.") == []


def test_an_outside_activity_is_about_a_case_that_names_nobody() -> None:
    [found] = signals_of(message("outbound"), "my side business is growing")
    assert found.activity == "oba.signal"
    assert found.objects[-1] == Ref("case", outside_case(" Anna@firm.example"))
    assert "anna" not in found.objects[-1].id


def test_precision_is_told_only_where_enough_was_judged() -> None:
    for signal in SIGNALS:
        assert signal.judged == 0 or signal.judged >= 20, signal.name
        assert 0 < signal.confidence < 1
        told = f"{signal.right} of {signal.judged} hits right" if signal.judged else "not measured"
        assert signal.precision == told


def mail(text: str, *, html: str = "", number: int = 1, **fields: str) -> bytes:
    """A mail of Carla's to Anna, as mail programs write it."""
    made = EmailMessage()
    made["From"], made["To"], made["Message-ID"] = f"Carla <{CARLA}>", ANNA, f"<{number}@x>"
    made["Date"], made["Subject"] = "Wed, 4 Nov 2026 10:00:00 +0000", "Order"
    for name, value in fields.items():
        made.replace_header(name, value) if name in made else made.__setitem__(name.replace("_", "-"), value)
    made.set_content(text, cte="quoted-printable")
    if html:
        made.add_alternative(html, subtype="html")
        made.add_attachment(b"worst service ever" * 9_000, maintype="application", subtype="pdf", filename="a.pdf")
    return made.as_bytes()


COMPLAINT = "Your support is useless and I am very disappointed.\nCarla\n"
MAILS = [
    mail(COMPLAINT, number=1), mail("See below.", number=2),
    mail(COMPLAINT, html=f"<p>{COMPLAINT}</p>", number=3),
    mail(COMPLAINT, number=4, List_Unsubscribe="<mailto:x@lists.example>"),
    mail(COMPLAINT, number=5, Sensitivity="Private"),
    mail(COMPLAINT, number=6, From=ANNA, To="ben@firm.example"),
    mail("I'll call you tomorrow.", number=7, From=ANNA, To=CARLA),
    mail(COMPLAINT, number=8, Auto_Submitted="auto-replied"),
]
FOUND = {"1@x#complaint", "3@x#complaint", "7@x#promise"}


def signals(pages: Iterator[Page]) -> set[str]:
    """The ids of the signals on some pages."""
    return {event.source_id for page in pages for event in page.events if event.activity in SIGNAL_ACTIVITIES}


def opening(known: Any, **given: Any) -> Opening:
    """The settings of a mail connector with these changes."""
    return Opening("mail", {one.name: one.default for one in known.settings} | given, frozenset({"firm.example"}))


@pytest.mark.parametrize("on", [True, False])
def test_mail_in_files_tells_signals_unless_switched_off(tmp_path: Path, on: bool) -> None:
    box, folder = tmp_path / "box", tmp_path / "mails"
    folder.mkdir()
    box.write_bytes(b"".join(b"From x Wed Nov  4 10:00:00 2026\n" + raw + b"\n" for raw in MAILS))
    for number, raw in enumerate(MAILS):
        (folder / f"{number}.eml").write_bytes(raw)
    for path in (box, folder):
        with closing(mailbox.CONNECTOR.open(opening(mailbox.CONNECTOR, path=str(path), signals=on))) as source:
            assert signals(source.pull({})) == (FOUND if on else set())


@pytest.mark.peer
@pytest.mark.skipif(bool(dovecot.missing()), reason=dovecot.missing() or "installed")
def test_mail_on_a_server_tells_signals_unless_switched_off() -> None:
    with dovecot.start() as server:
        server.deliver(MAILS, ANNA)
        login = {"host": "127.0.0.1", "port": server.imap, "tls": "none", "user": ANNA,
                 "password": dovecot.PASSWORD}
        with closing(imap.CONNECTOR.open(opening(imap.CONNECTOR, **login))) as source:
            assert signals(source.pull({})) == FOUND
        status = server.admin("mailbox", "status", "-u", ANNA, "unseen", "INBOX")
        assert f"unseen={len(MAILS)}" in status.split()
        with closing(imap.CONNECTOR.open(opening(imap.CONNECTOR, **login, signals=False))) as source:
            assert signals(source.pull({})) == set()


def test_texts_that_are_nobodys_to_read_stay_on_the_server() -> None:
    batch = Batch(MailReader.opened(opening(imap.CONNECTOR)))
    for uid, raw in enumerate(MAILS, 1):
        batch.add(raw.partition(b"\n\n")[0], {"uid": uid})
    # Not mass mail, nor private mail, nor mail among ourselves, nor what programs send.
    assert list(batch.unheard) == [1, 2, 3, 7]
    batch.hear([(1, b"", COMPLAINT.encode()), (5, b"", COMPLAINT.encode())])
    assert signals(iter([batch.page({})])) == {"1@x#complaint"}


def test_a_text_is_found_in_whatever_order_a_server_answers() -> None:
    answer = [
        (b"1 (UID 11 BODY[1.MIME] {3}", b"a:b"), (b" BODY[1]<0> {5}", b"hello"), b")",
        (b"2 (BODY[1]<0> {2}", b"yo"), (b" BODY[1.MIME] {3}", b"c:d"), b" UID 12)",
        b'3 (UID 13 BODY[1.MIME] NIL BODY[1]<0> "short")',
        (b"4 (UID 14 BODY[1.MIME] NIL BODY[1]<0> {2}", b"hm"), b")",
    ]
    assert list(_texts(answer)) == [(11, b"a:b", b"hello"), (12, b"c:d", b"yo"), (13, b"", b""), (14, b"", b"hm")]


def test_what_is_excluded_takes_its_signals_along() -> None:
    told = message()
    other = Event("m2@x", WEDNESDAY, "msg.in", told.objects[:2])
    page = Page(cursor={}, events=[told, *signals_of(told, COMPLAINT), other])
    left = excluding(["other.example"])(page)
    assert [event.source_id for event in left.events] == ["m2@x"], "Dora was in copy, so nothing of it is kept"


def test_posts_tell_signals_where_they_speak_to_us() -> None:
    us = _bluesky_map.Account("did:plc:us", "us.test", "social")
    root = f"at://{us.did}/app.bsky.feed.post/1"
    item: dict[str, Any] = {
        "reason": "reply", "uri": "at://did:plc:ada/app.bsky.feed.post/3", "cid": "bafyabc",
        "indexedAt": "2026-11-22T10:00:00Z", "author": {"did": "did:plc:ada", "handle": "ada.test"},
        "record": {"text": "worst support ever", "reply": {"root": {"uri": root}, "parent": {"uri": root}}}}
    found = _bluesky_map.received(item, us)
    assert found is not None
    assert [event.source_id for event in found.signals] == [f"{found.event.source_id}#complaint"]
    quiet = _bluesky_map.received(item, _bluesky_map.Account(us.did, us.handle, us.team, signals=False))
    assert quiet is not None and quiet.signals == ()
    item["record"]["reply"]["parent"] = {"uri": "at://did:plc:bob/app.bsky.feed.post/2"}
    aside = _bluesky_map.received(item, us)
    assert aside is not None and aside.signals == ()


@pytest.mark.parametrize("entity", [
    b"", b"\xff\xfe", b"Content-Type: text/plain; charset=nonsense\n\nworst support ever",
    b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!",
    b"Content-Type: multipart/mixed\n\nno parts", b"Content-Type: text/plain; charset*=\x80''\n\nx",
    b"Content-Type: message/rfc822\n\nSubject: x\n\nworst service",
])
def test_a_broken_mail_has_at_most_signals(entity: bytes) -> None:
    heard = Heard(message(), "Carla", "multipart/mixed", "")
    assert {event.attrs["signal"] for event in heard.in_whole(entity)} <= {"complaint"}


@pytest.mark.skipif(not REAL.exists(), reason="the 1,900 real mails are not on this machine")
def test_public_mail_of_lists_holds_hardly_any_signals() -> None:
    found: Counter[str] = Counter()
    with tarfile.open(REAL) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() and "easy-ham" in member.name else None
            if stream:
                heard = Heard(message(), "", "", "")
                found.update(str(event.attrs["signal"]) for event in heard.in_whole(stream.read()))
    # Nobody complains to a firm there: whatever is found is a false alarm, and there are 1,400 mails.
    assert sum(found.values()) <= 6, found
