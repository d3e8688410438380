"""Anna's mailbox on a real Dovecot: collected, resumed, woken, interrupted, rebuilt, and never touched."""

from __future__ import annotations

import contextlib
import imaplib
import itertools
import socket
import tarfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors._contract import Opening, Page, Source
from connectors._mail import PAGE_SIZE
from connectors._mail_imap import _fetched
from connectors._signals import SIGNAL_ACTIVITIES
from connectors.imap import CONNECTOR
from data.errors import FixSettings, FrontviewError, RetryLater
from tests.peers import dovecot

REAL = Path(__file__).parents[2] / "../shared/datasets/mail_rfc822/easy-ham-2_spam-1.tar.gz"
needs_dovecot = pytest.mark.skipif(bool(dovecot.missing()), reason=dovecot.missing() or "installed")
_people = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[dovecot.Dovecot]:
    """One server for the tests that leave it running; each uses a mailbox of its own."""
    with dovecot.start(encrypted=True) as running:
        yield running


@pytest.fixture
def anna() -> str:
    """A mailbox that no other test has used."""
    return f"anna{next(_people)}@firm.example"


def opened(server: dovecot.Dovecot, user: str, **given: Any) -> Source:
    """The connector on this user's mailbox."""
    settings: dict[str, Any] = {one.name: one.default for one in CONNECTOR.settings}
    settings |= {"host": "127.0.0.1", "port": server.imap, "tls": "none", "user": user,
                 "password": dovecot.PASSWORD, "timeout_seconds": 10.0}
    return CONNECTOR.open(Opening("mail", settings | given, frozenset({"firm.example"})))


def collect(server: dovecot.Dovecot, user: str, cursor: Mapping[str, Any] | None = None,
            **given: Any) -> list[Page]:
    """Every page from the cursor on."""
    with contextlib.closing(opened(server, user, **given)) as source:
        return list(source.pull(cursor or {}))


def ids(pages: Sequence[Page]) -> list[str]:
    """The events' ids in order."""
    return [event.source_id for page in pages for event in page.events]


def mail(number: int, sender: str = "carla@customer.example", to: str = "anna@firm.example") -> bytes:
    """A raw mail with this number as its id."""
    return (f"From: {sender}\r\nTo: {to}\r\nMessage-ID: <{number}@x>\r\nSubject: Mail {number}\r\n"
            f"Date: Mon, 2 Nov 2026 10:00:{number % 60:02} +0000\r\n\r\nHello\r\n").encode()


@pytest.mark.peer
@needs_dovecot
class TestOnDovecot:
    """The stories that need the server."""

    def test_first_collection_and_resume(self, server: dovecot.Dovecot, anna: str) -> None:
        server.deliver([mail(1), mail(2)], anna)
        before = datetime.now(UTC)
        pages = collect(server, anna)
        assert ids(pages) == ["1@x", "2@x"]
        assert pages[0].events[1].attrs.items() >= {("folder", "INBOX"), ("uid", 2), ("subject", "Mail 2")}
        assert pages[0].watermark is None
        assert pages[-1].watermark
        assert pages[-1].watermark >= before
        assert ids(collect(server, anna, pages[-1].cursor)) == []
        folders = pages[-1].cursor["folders"]
        last = folders["INBOX"] | {"modseq": 0, "uid": 1}
        assert ids(collect(server, anna, {"folders": folders | {"INBOX": last}})) == ["2@x"]
        server.deliver([mail(3)], anna)
        assert ids(collect(server, anna, pages[-1].cursor)) == ["3@x"]

    def test_nothing_is_marked_as_read(self, server: dovecot.Dovecot, anna: str) -> None:
        server.deliver([mail(1), mail(2)], anna)
        assert len(ids(collect(server, anna))) == 2
        assert {"unseen=2", "recent=2"} < set(
            server.admin("mailbox", "status", "-u", anna, "unseen recent", "INBOX").split())
        assert [path.parent.name for path in server.maildir(anna).rglob("*firm*") if path.is_file()] == []

    def test_hundreds_of_mails_come_in_pages_that_resume(self, server: dovecot.Dovecot, anna: str) -> None:
        server.deliver([mail(number) for number in range(PAGE_SIZE + 120)], anna)
        pages = collect(server, anna)
        assert [(len(page.events), page.behind) for page in pages] == [(PAGE_SIZE, 120), (120, 0), (0, 0)]
        assert ids(collect(server, anna, pages[0].cursor)) == ids(pages[1:])
        assert ids(collect(server, anna)) == ids(pages)
        assert len(set(ids(pages))) == PAGE_SIZE + 120

    def test_new_mail_wakes_the_waiting(self, server: dovecot.Dovecot, anna: str) -> None:
        server.deliver([mail(1)], anna)
        with contextlib.closing(opened(server, anna)) as source:
            cursor = list(source.pull({}))[-1].cursor
            assert not source.wait(0.6)
            sender = threading.Timer(0.3, server.deliver, ([mail(2)], anna))
            sender.start()
            assert source.wait(60)
            sender.join()
            pages = list(source.pull(cursor))
            assert ids(pages) == ["2@x"]
            # Mail between the last look and the wait is no reason to sleep on.
            server.deliver([mail(3)], anna)
            assert source.wait(60)
            assert ids(list(source.pull(pages[-1].cursor))) == ["3@x"]

    def test_close_ends_a_wait_from_another_thread(self, server: dovecot.Dovecot, anna: str) -> None:
        source = opened(server, anna)
        list(source.pull({}))
        closer = threading.Timer(0.3, source.close)
        closer.start()
        assert not source.wait(600)
        closer.join()
        source.close()
        assert not source.wait(600)

    def test_rebuilt_folders_are_read_again_with_the_same_ids(self, server: dovecot.Dovecot, anna: str) -> None:
        server.deliver([mail(1), mail(2)], anna)
        first = collect(server, anna)
        server.admin("mailbox", "update", "-u", anna, "--uid-validity", "1234567", "INBOX")
        again = collect(server, anna, first[-1].cursor)
        assert ids(again) == ids(first)
        assert [(e.at, e.objects) for e in again[0].events] == [(e.at, e.objects) for e in first[0].events]
        assert again[-1].cursor["folders"]["INBOX"]["uidvalidity"] == 1234567
        assert ids(collect(server, anna, again[-1].cursor)) == []

    def test_sent_and_inbox_of_two_people_are_one_event(self, server: dovecot.Dovecot, anna: str) -> None:
        ben = f"ben.{anna}"
        letter = mail(1, anna, ben)
        with imaplib.IMAP4("127.0.0.1", server.imap) as client:
            client.login(anna, dovecot.PASSWORD)
            client.append("Sent", "\\Seen", imaplib.Time2Internaldate(1.0), letter)
        server.deliver([letter], ben)
        [sent], [arrived] = ([e for page in collect(server, user) for e in page.events] for user in (anna, ben))
        assert (sent.attrs["folder"], arrived.attrs["folder"]) == ("Sent", "INBOX")
        assert sent.activity == "msg.internal"
        assert (sent.source_id, sent.at, sent.objects) == (arrived.source_id, arrived.at, arrived.objects)

    def test_untouched_folders_are_not_opened(self, server: dovecot.Dovecot, anna: str) -> None:
        server.deliver([mail(1)], anna)
        folders = collect(server, anna)[-1].cursor["folders"]
        assert folders["INBOX"]["modseq"] > 0
        # Were the folder opened, the mail above this made-up UID would come.
        trusting = {"folders": folders | {"INBOX": folders["INBOX"] | {"uid": 0}}}
        assert ids(collect(server, anna, trusting)) == []
        server.admin("flags", "add", "-u", anna, "\\Answered", "mailbox", "INBOX", "all")
        assert ids(collect(server, anna, trusting)) == ["1@x"]

    def test_a_bad_mail_does_not_hurt_the_page(self, server: dovecot.Dovecot, anna: str) -> None:
        with imaplib.IMAP4("127.0.0.1", server.imap) as client:
            client.login(anna, dovecot.PASSWORD)
            for raw in (mail(1), b"\xff\xfe nothing\r\n\r\nbody\r\n", b"\r\n", mail(4)):
                client.append("INBOX", "", imaplib.Time2Internaldate(1.0), raw)
        pages = collect(server, anna)
        assert ids(pages) == ["1@x", "4@x"]
        assert [(one.reason, one.excerpt) for one in pages[0].aside] == [
            ("it names no sender", "folder INBOX, uid 2"), ("it names no sender", "folder INBOX, uid 3")]

    def test_vanished_mails_leave_the_rest(self, server: dovecot.Dovecot, anna: str) -> None:
        server.deliver([mail(1), mail(2), mail(3)], anna)
        server.admin("expunge", "-u", anna, "mailbox", "INBOX", "uid", "3")
        pages = collect(server, anna)
        assert ids(pages) == ["1@x", "2@x"]
        inbox = pages[-1].cursor["folders"]["INBOX"]
        assert inbox["uid"] == 3
        # `UID 3:*` still names mail 2: the star means the last one there is.
        assert ids(collect(server, anna, {"folders": {"INBOX": inbox | {"uid": 2, "modseq": 0}}})) == []

    def test_names_with_blanks_quotes_and_umlauts(self, server: dovecot.Dovecot, anna: str) -> None:
        for name in ('Kunden "Süd"', "a b"):
            server.admin("mailbox", "create", "-u", anna, name)
        pages = collect(server, anna, folders=['Kunden "Süd"', "a b", "inbox"])
        assert list(pages[-1].cursor["folders"]) == ['Kunden "Süd"', "a b", "INBOX"]

    def test_wrong_password(self, server: dovecot.Dovecot, anna: str) -> None:
        with pytest.raises(FixSettings, match="AUTHENTICATIONFAILED") as refused:
            collect(server, anna, password="wrong")
        assert anna not in str(refused.value)
        assert "refused the login" in opened(server, anna, password="dürfte falsch sein").check()[0]

    def test_unknown_folder_names_the_known_ones(self, server: dovecot.Dovecot, anna: str) -> None:
        with pytest.raises(FixSettings, match=r"'Snt' .*INBOX, Sent"):
            collect(server, anna, folders=["INBOX", "Snt"])
        with pytest.raises(FixSettings, match=r"Junk' .*INBOX, Sent"):
            collect(server, anna, folders=["\\Junk"])

    def test_check_logs_in_and_asks_what_is_inside(self, server: dovecot.Dovecot, anna: str) -> None:
        assert opened(server, anna).check() == []
        [problem] = opened(server, anna, folders=["Snt"]).check()
        assert "choose from INBOX, Sent" in problem
        settings = {one.name: one.default for one in CONNECTOR.settings} | {
            "host": "127.0.0.1", "port": server.imap, "tls": "none", "user": "desk", "password": dovecot.PASSWORD}
        assert "own_domains" in CONNECTOR.open(Opening("mail", settings)).check()[0]

    @pytest.mark.parametrize("tls", ["ssl", "starttls"])
    def test_encrypted_lines(self, server: dovecot.Dovecot, anna: str, tls: str) -> None:
        server.deliver([mail(1)], anna)
        safe: dict[str, Any] = {"tls": tls, "host": "localhost", "ca": str(server.certificate),
                                "port": server.imaps if tls == "ssl" else server.imap}
        with contextlib.closing(opened(server, anna, **safe)) as source:
            cursor = list(source.pull({}))[-1].cursor
            sender = threading.Timer(0.3, server.deliver, ([mail(2)], anna))
            sender.start()
            assert source.wait(60)
            sender.join()
            assert ids(list(source.pull(cursor))) == ["2@x"]
        with pytest.raises(FixSettings, match="is not trusted"):
            collect(server, anna, **{**safe, "ca": ""})
        with pytest.raises(FixSettings, match="is not trusted"):
            collect(server, anna, **{**safe, "host": "127.0.0.1"})

    def test_tls_on_the_wrong_port(self, server: dovecot.Dovecot, anna: str) -> None:
        with pytest.raises(FixSettings, match="check port and tls"):
            collect(server, anna, tls="ssl")

    def test_a_server_killed_in_the_middle_comes_back(self, anna: str) -> None:
        with dovecot.start() as first:
            first.deliver([mail(number) for number in range(PAGE_SIZE + 30)], anna)
            source = opened(first, anna)
            pages = source.pull({})
            page = next(pages)
            first.stop()
            with pytest.raises(RetryLater, match="trying again"):
                list(pages)
            with pytest.raises(RetryLater):
                list(source.pull(page.cursor))
            with pytest.raises(RetryLater):
                source.wait(5)
            assert "trying again" in source.check()[0]
            second = dovecot.launch(first.root, ports=(first.imap, first.imaps, first.lmtp))
            try:
                rest = list(source.pull(page.cursor))
                assert sorted([*ids([page]), *ids(rest)], key=lambda one: int(one.split("@")[0])) == [
                    f"{number}@x" for number in range(PAGE_SIZE + 30)]
                second.stop()
                with pytest.raises(RetryLater):
                    source.wait(5)
                source.close()
            finally:
                second.stop()

    @pytest.mark.skipif(not REAL.exists(), reason="the 1,900 real mails are not on this machine")
    def test_hundreds_of_real_mails_pass_through_a_real_server(self, server: dovecot.Dovecot, anna: str) -> None:
        with tarfile.open(REAL) as archive:
            members = sorted((one for one in archive if one.isfile()), key=lambda one: one.name)
            raws = [archive.extractfile(one).read() for one in members[::6]]  # type: ignore[union-attr]
        assert server.deliver(raws, anna) == len(raws) == 317
        pages = collect(server, anna, own_domains=())
        found = Counter(event.activity for page in pages for event in page.events)
        assert not [aside for page in pages for aside in page.aside]
        assert found.pop("msg.in") == 317
        assert set(found) <= set(SIGNAL_ACTIVITIES)
        assert ids(collect(server, anna, own_domains=())) == ids(pages)


class Scripted(threading.Thread):
    """A server that says fixed lines and breaks off: what no healthy server can be made to do."""

    def __init__(self, *answers: bytes) -> None:
        super().__init__(daemon=True)
        self._answers = answers
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self.start()

    def run(self) -> None:
        """One greeting, then one answer a command; `%` stands for its tag. Hangs up when out of patience."""
        line, _ = self._door.accept()
        line.settimeout(5)
        tag = b""
        with line, line.makefile("rwb") as stream, contextlib.suppress(OSError):
            for number, answer in enumerate(self._answers):
                command = stream.readline() if number else b""
                tag = tag if command == b"DONE\r\n" else command.split(b" ")[0]
                stream.write(answer.replace(b"%", tag))
                stream.flush()
        self._door.close()


def towards(port: int) -> Source:
    """The connector on a server of ours that is no Dovecot."""
    settings: dict[str, Any] = {one.name: one.default for one in CONNECTOR.settings}
    return CONNECTOR.open(Opening("mail", settings | {
        "host": "127.0.0.1", "port": port, "tls": "none", "user": "anna@firm.example", "password": "pw",
        "timeout_seconds": 5.0}))


def scripted(*answers: bytes) -> FrontviewError:
    """What collecting from such a server ends with."""
    peer = Scripted(*answers)
    source = towards(peer.port)
    with pytest.raises(FrontviewError) as ended:
        list(source.pull({}))
    source.close()
    peer.join(10)
    return ended.value


GREETING = b"* OK [CAPABILITY IMAP4rev1] ready\r\n"
CAPABLE = b"* CAPABILITY IMAP4rev1 IDLE\r\n% OK done\r\n"
LISTED = b'* LIST () "/" INBOX\r\n* LIST (\\Sent) "/" "Gesendet"\r\n% OK done\r\n'


@pytest.mark.parametrize("answers", [
    (b"* BYE too many connections\r\n",),
    (b"* OK rea",),
    (b"220 mail.firm.example ESMTP\r\n",),
    (GREETING, CAPABLE, b"% NO [UNAVAILABLE] directory is down\r\n"),
    (GREETING, CAPABLE, b"% OK in\r\n", CAPABLE, b"* BYE going down\r\n"),
    (GREETING, CAPABLE, b"% OK in\r\n", CAPABLE, b"* LIST () \"/\" INB"),
    (GREETING, CAPABLE, b"% OK in\r\n", CAPABLE, LISTED, b"* STATUS INBOX (MESSAGES 1)\r\n% OK done\r\n"),
    (GREETING, CAPABLE, b"% OK in\r\n", CAPABLE, LISTED, b"% NO [INUSE] locked\r\n"),
    (GREETING, CAPABLE, b"% OK in\r\n", CAPABLE, LISTED,
     b"* STATUS INBOX (UIDVALIDITY 1 UIDNEXT 9)\r\n% OK done\r\n",
     b"* STATUS Gesendet (UIDVALIDITY 1 UIDNEXT 1)\r\n% OK done\r\n"),
])
def test_a_server_in_trouble_means_try_again(answers: tuple[bytes, ...]) -> None:
    ended = scripted(*answers)
    assert isinstance(ended, RetryLater)
    assert "firm.example" not in str(ended)


@pytest.mark.parametrize(("answers", "remedy"), [
    ((GREETING, CAPABLE, b"% NO wrong password for anna@firm.example\r\n"), "correct user or password"),
    ((GREETING, CAPABLE, b"% NO [PRIVACYREQUIRED] not in the clear\r\n"), "set tls"),
])
def test_a_refused_login_names_the_remedy(answers: tuple[bytes, ...], remedy: str) -> None:
    ended = scripted(*answers)
    assert isinstance(ended, FixSettings)
    assert remedy in str(ended)
    assert "anna@" not in str(ended)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    source = towards(port)
    with pytest.raises(RetryLater, match="cannot be reached"):
        list(source.pull({}))
    source.close()


def test_news_in_the_same_breath_as_the_go_ahead_is_heard() -> None:
    peer = Scripted(GREETING, CAPABLE, b"% OK in\r\n", CAPABLE, LISTED,
                    b"* 4 EXISTS\r\n% OK [READ-ONLY] opened\r\n",
                    b"+ idling\r\n* 5 EXISTS\r\n", b"% OK done\r\n")
    source = towards(peer.port)
    assert source.wait(600)
    source.close()
    peer.join(10)


def test_a_server_that_cannot_tell_is_looked_at_by_the_clock() -> None:
    modest = b"* CAPABILITY IMAP4rev1\r\n% OK done\r\n"
    peer = Scripted(GREETING, modest, b"% OK in\r\n", modest, LISTED)
    source = towards(peer.port)
    closer = threading.Timer(0.3, source.close)
    closer.start()
    assert not source.wait(600)
    closer.join()
    peer.join(10)


@pytest.mark.parametrize(("given", "remedy"), [
    ({"tls": "none", "host": "imap.firm.example"}, "in the clear"),
    ({"tls": "plain"}, "choose ssl, starttls or none"),
    ({"folders": "INBOX"}, "is no list"),
    ({"ca": "/nowhere/ca.pem"}, "is no file"),
    ({"skip_addresses": "council@firm.example"}, "is no list"),
])
def test_settings_that_cannot_work_are_refused_at_once(given: dict[str, Any], remedy: str) -> None:
    settings = {one.name: one.default for one in CONNECTOR.settings} | {
        "host": "localhost", "user": "anna@firm.example", "password": "pw"}
    with pytest.raises(FixSettings, match=remedy):
        CONNECTOR.open(Opening("mail", settings | given))


def test_insecure_lines_can_be_allowed() -> None:
    settings = {one.name: one.default for one in CONNECTOR.settings} | {
        "host": "imap.firm.example", "user": "a", "password": "b", "tls": "none", "insecure": True}
    CONNECTOR.open(Opening("mail", settings)).close()


def test_fetch_answers_of_all_shapes() -> None:
    answer = [
        (b'1 (UID 11 RFC822.SIZE 99 INTERNALDATE " 2-Nov-2026 10:00:00 +0100" BODY[HEADER]<0> {9}', b"From: a@x"),
        b")",
        b"2 (FLAGS (\\Seen) UID 12)",
        (b"3 (BODY[HEADER]<0> {9}", b"From: b@x"), b" RFC822.SIZE 5 UID 13)",
        b'4 (UID 14 RFC822.SIZE 0 INTERNALDATE "never" BODY[HEADER]<0> "")',
        None,
    ]
    assert [tuple(one) for one in _fetched(answer)] == [
        (11, 99, datetime(2026, 11, 2, 9, tzinfo=UTC), b"From: a@x"),
        (13, 5, None, b"From: b@x"),
        (14, 0, None, b""),
    ]
