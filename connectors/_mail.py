"""Mail headers become facts: who wrote to whom, when, in which thread. Of bodies at most signals are kept.

`MailReader.read` makes the events of one mail; `Batch` gathers a page and keeps aside what makes none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors._contract import Cursor, Opening, Page, Setting
from connectors._mail_headers import Headers, Party
from connectors._signal_mail import Heard
from connectors._signals import SIGNAL_ACTIVITIES, SIGNALS_SETTING
from data.errors import FixSettings, SkipRecord
from data.event import Aside, Change, Direction, Event, Ref, Scalar

MAIL_ACTIVITIES = ("msg.in", "msg.out", "msg.internal", "optout", *SIGNAL_ACTIVITIES)
MAIL_SETTINGS = (
    Setting("address", "the mailbox's own e-mail address; it counts as inside even without `own_domains`", ""),
    Setting("team", "the team to book mail to when the people in it have none", ""),
    Setting("subjects", "keep the subject line (true or false)", True),
    Setting("skip_sensitive", "leave out mail whose sender marked it personal, private or confidential", True),
    Setting("skip_addresses", "addresses and domains whose mail is left out: works council, doctors, ...", ()),
    SIGNALS_SETTING,
)
PAGE_SIZE = 500
CLOCK_TOLERANCE = timedelta(hours=1)
MOST_PARTIES = 500
_NOT_OURS_TO_READ = ("personal", "private", "company-confidential")
_BULK_PRECEDENCE = ("bulk", "list", "junk")
_AUTOMATIC_FIELDS = ("x-autoreply", "x-autorespond", "x-autoresponse", "x-autoresponder", "x-failed-recipients")
# What mail programs send when somebody clicks a List-Unsubscribe address; anything longer needs a human reading.
_OPTOUT_SUBJECT = re.compile(r"(?:un-?subscribe|remove|opt[ -]?out|abmelden|abbestellen|d[ée]sabonner)[.!]?", re.I)


@dataclass(frozen=True, slots=True)
class MailReader:
    """Turns headers into events by the settings of one source."""

    own_domains: tuple[str, ...]
    own_addresses: frozenset[str]
    mailbox: str
    teams: Mapping[str, str]
    team: str
    subjects: bool
    skip_sensitive: bool
    skipped: tuple[str, ...]
    now: Callable[[], datetime]
    signals: bool

    @classmethod
    def opened(cls, opening: Opening, *, login: str = "") -> MailReader:
        """A reader for this source. `login` is the mailbox's own address where `address` is not set."""
        given = opening.settings
        mailbox = str(given.get("address") or login).lower()
        teams = {person.lower(): team for person, team in opening.teams.items()}
        own = frozenset({mailbox, *teams}) if "@" in mailbox else frozenset(teams)
        return cls(tuple(domain.lower() for domain in opening.own_domains), own, mailbox if "@" in mailbox else "",
                   teams, str(given.get("team") or ""), bool(given.get("subjects", True)),
                   bool(given.get("skip_sensitive", True)), _skipped(opening), opening.now,
                   bool(given.get("signals", True)))

    @property
    def knows_inside(self) -> bool:
        """Whether anything says which addresses are the firm's own; if not, all mail counts as inbound."""
        return bool(self.own_domains or self.own_addresses)

    def read(self, headers: Headers, evidence: Mapping[str, Scalar],
             arrived_at: datetime | None = None) -> list[Event]:
        """The message event, and an opt-out where the mail is one. `evidence` (size, folder, uid) goes into attrs.

        `arrived_at`, where the mailbox tells it, dates a mail that does not date itself.
        Raises SkipRecord when the mail is not ours to read, or names no sender or no believable moment.
        """
        sender, *recipients = self._parties(headers)
        at, clock = self._moment(headers, arrived_at)
        direction = self._direction(sender, recipients)
        inbound = direction == "inbound"
        if inbound:
            recipients += self._reached(headers, recipients)
        objects = [Ref("conversation", headers.thread)]
        objects += [self.ref(party) for party in [sender, *recipients][:MOST_PARTIES]]
        team = self._team(recipients if inbound else [sender])
        attrs = {**self._signals(headers), "n_recipients": len(recipients), **clock, **evidence}
        message = Event(headers.message_id, at, _ACTIVITY[direction], objects, sender.address, team, "email",
                        direction, attrs)
        if not (inbound and _OPTOUT_SUBJECT.fullmatch(headers.text("subject"))):
            return [message]
        return [message, Event(f"{headers.message_id}#optout", at, "optout", objects[:2], sender.address, team,
                               "email", "inbound", {"scope": "commercial"})]

    def names(self, headers: Headers, at: datetime) -> list[Change]:
        """What the mail tells about names: of the people in it, and of the thread when it begins one.

        What others call somebody is believed only of contacts in our own mail: it comes from our address book.
        """
        sender, *others = self._parties(headers)
        ours = [party for party in others if self._inside(sender.address) and not self._inside(party.address)]
        told = [Change(self.ref(party)._replace(qualifier=""), "name", party.name, at)
                for party in [sender, *ours] if party.name]
        subject = headers.text("subject") if self.subjects and headers.thread == headers.message_id else ""
        return [*told, Change(Ref("conversation", headers.thread), "name", subject, at)] if subject else told

    def ref(self, party: Party) -> Ref:
        """The object that stands for an address: a person of the firm, or a contact outside."""
        return Ref("person" if self._inside(party.address) else "contact", party.address, party.role)

    def _inside(self, address: str) -> bool:
        return address in self.own_addresses or _in_domains(address, self.own_domains)

    def _skips(self, address: str) -> bool:
        return address in self.skipped or _in_domains(address, self.skipped)

    def _parties(self, headers: Headers) -> list[Party]:
        """Sender first, then the recipients; guards what must not be read before anything else is."""
        marked = headers.first("sensitivity").strip().lower()
        if self.skip_sensitive and marked in _NOT_OURS_TO_READ:
            raise SkipRecord(f"left out: its sender marked it {marked}")
        senders = headers.parties("from") or headers.parties("sender", "return-path")
        recipients = headers.parties("to", "cc", "bcc")
        if any(self._skips(party.address) for party in [*senders, *recipients]):
            raise SkipRecord("left out: somebody in it is on skip_addresses")
        if not senders:
            raise SkipRecord("it names no sender")
        sender = senders[0]._replace(role="from")
        return [sender, *(party for party in recipients if party.address != sender.address)]

    def _moment(self, headers: Headers, arrived_at: datetime | None) -> tuple[datetime, dict[str, Scalar]]:
        """When it was sent. The newest Received date stands in for a Date that cannot be right.

        A clock that is off by less than CLOCK_TOLERANCE is believed, because the Date is the same on every copy
        of the mail and Received is not: the copies must become one event.
        """
        limit = self.now() + timedelta(days=1)
        received = max((at for at in headers.received if at <= limit), default=None)
        sent = headers.sent
        if received:
            if sent and sent.zone_stated and sent.at <= received + CLOCK_TOLERANCE:
                return sent.at, {}
            return received, {"clock": "received"}
        if sent and sent.at <= limit:
            return sent.at, {}
        if arrived_at and arrived_at <= limit:
            return arrived_at, {"clock": "arrived"}
        raise SkipRecord("its Date lies in the future and no Received date corrects it" if sent
                         else "it has neither a readable Date nor a Received date")

    def _direction(self, sender: Party, recipients: Sequence[Party]) -> Direction:
        """By the From line, which anybody can forge; forged own addresses count as ours."""
        if not self._inside(sender.address):
            return "inbound"
        outside = any(not self._inside(party.address) for party in recipients)
        return "outbound" if outside else "internal"

    def _reached(self, headers: Headers, recipients: Sequence[Party]) -> list[Party]:
        """The own person whom a mail to a list, or a blind copy, reached after all; empty where one is named."""
        if any(self._inside(party.address) for party in recipients):
            return []
        delivered = [p for p in headers.parties("delivered-to", "x-original-to") if self._inside(p.address)]
        address = delivered[0].address if delivered else self.mailbox
        return [Party(address, "", "bcc")] if address else []

    def _team(self, people: Sequence[Party]) -> str:
        return next((self.teams[p.address] for p in people if p.address in self.teams), self.team)

    def _signals(self, headers: Headers) -> dict[str, Scalar]:
        """What the header says about the kind of mail. An automatic answer is no mass mail, though it says bulk."""
        kind = headers.first("content-type").lower()
        bounce = kind.startswith("multipart/report") and "delivery-status" in kind
        automatic = bounce or _automatic(headers)
        unsub = bool(headers.all("list-unsubscribe"))
        precedence = headers.first("precedence").lower()
        bulk = unsub or precedence in _BULK_PRECEDENCE or bool(headers.all("list-id"))
        told: dict[str, Scalar] = {"commercial": bulk and not automatic, "unsub": unsub, "automatic": automatic,
                                   "message_id": headers.message_id}
        optional: dict[str, Scalar] = {
            "in_reply_to": headers.in_reply_to, "bounce": bounce,
            "subject": headers.text("subject") if self.subjects else "",
        }
        return told | {name: value for name, value in optional.items() if value}


@dataclass(slots=True)
class Batch:
    """The mails of one page on their way to facts; a mail that makes none is kept aside with the reason.

    `unheard`: mails in a mailbox whose text may be looked through for signals, by uid; `hear` takes their texts.
    """

    reader: MailReader
    events: list[Event] = field(default_factory=list)
    changes: dict[tuple[Ref, Scalar], Change] = field(default_factory=dict)
    aside: list[Aside] = field(default_factory=list)
    unheard: dict[int, Heard] = field(default_factory=dict)

    def add(self, raw: bytes, evidence: Mapping[str, Scalar], arrived_at: datetime | None = None) -> None:
        """Read one mail; its header is enough, and what follows it in a file is looked through for signals.

        An unreadable mail is kept aside under the hash of its header.
        """
        headers = Headers(raw)
        try:
            events = self.reader.read(headers, evidence, arrived_at)
        except SkipRecord as skip:
            places = ("folder", "uid", "offset", "inode")
            where = ", ".join(f"{name} {evidence[name]}" for name in places if name in evidence)
            self.aside.append(Aside(headers.fingerprint, str(skip), where))
            return
        self.events += events
        heard = Heard.of(headers, events[0]) if self.reader.signals else None
        if heard and "uid" in evidence:
            self.unheard[int(evidence["uid"] or 0)] = heard
        elif heard:
            self.events += heard.in_whole(raw)
        # The same names stand in every mail of a thread; one change a page is enough.
        for change in self.reader.names(headers, events[0].at):
            self.changes.setdefault((change.object, change.value), change)

    def hear(self, texts: Iterable[tuple[int, bytes, bytes]]) -> None:
        """Add the signals in these texts: uid, header of the first part, the part itself. Nothing else is kept."""
        for uid, mime, body in texts:
            if uid in self.unheard:
                self.events += self.unheard.pop(uid).in_part(mime, body)

    def page(self, cursor: Cursor, *, watermark: datetime | None = None, behind: int | None = None) -> Page:
        """The page of what was added, and the cursor that resumes after it."""
        return Page(cursor, self.events, list(self.changes.values()), aside=self.aside,
                    watermark=watermark, behind=behind)


_ACTIVITY: Mapping[Direction, str] = {"inbound": "msg.in", "outbound": "msg.out", "internal": "msg.internal"}


def _skipped(opening: Opening) -> tuple[str, ...]:
    skipped = opening.settings.get("skip_addresses") or ()
    if isinstance(skipped, str) or not all(isinstance(one, str) for one in skipped):
        raise FixSettings(f"skip_addresses of source {opening.source!r} is no list of texts; "
                          'write it as ["council@firm.example", "doctor.example"]')
    return tuple(one.lower() for one in skipped)


def _automatic(headers: Headers) -> bool:
    """Whether a program wrote the mail by itself, as far as it says so."""
    stated = headers.first("auto-submitted").lower()
    return ((bool(stated) and not stated.startswith("no")) or headers.first("precedence").lower() == "auto_reply"
            or any(headers.all(name) for name in _AUTOMATIC_FIELDS))


def _in_domains(address: str, domains: Sequence[str]) -> bool:
    """Whether the address lies in one of the domains or below it."""
    domain = address.rpartition("@")[2]
    return any(domain == one or domain.endswith(f".{one}") for one in domains)
