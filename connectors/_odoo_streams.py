"""The kinds of record that are read, and how one is walked through page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from connectors import _odoo_deals as deals
from connectors import _odoo_talk as talk
from connectors._odoo_facts import Facts, Look
from connectors._odoo_known import LONG_AGO, Known, moment
from connectors._odoo_rpc import Rpc


class Stream(NamedTuple):
    """One kind of record: where it is, which of it is ours, which date says what is new, and who reads it."""

    model: str
    ours: Sequence[Any]
    dated: str
    read: Callable[[Look, Sequence[Any], int], Facts]


_ON_LEADS = ("res_id", "!=", 0)
# Most messages are Odoo's own notes of what changed, which the tracked changes tell better.
_WRITTEN = ("|", ("mail_activity_type_id", "!=", False),
            ("message_type", "not in", ("notification", "user_notification")))
STREAMS: Mapping[str, Stream] = {
    "leads": Stream("crm.lead", (), "write_date", deals.leads),
    "steps": Stream("mail.tracking.value", (), "write_date", deals.steps),
    "messages": Stream("mail.message", (("model", "=", "crm.lead"), _ON_LEADS, *_WRITTEN), "write_date",
                       talk.messages),
    "activities": Stream("mail.activity", (("res_model", "=", "crm.lead"), _ON_LEADS), "write_date",
                         talk.activities),
    "meetings": Stream("calendar.event", (("opportunity_id", "!=", False),), "write_date", talk.meetings),
    "held": Stream("calendar.event", (("opportunity_id", "!=", False),), "stop", talk.held),
}


@dataclass(frozen=True, slots=True)
class Walker:
    """Walks through one kind of record after another."""

    rpc: Rpc
    overlap: timedelta
    size: int
    subjects: bool
    signals: bool = False

    def walk(self, name: str, place: Mapping[str, Any], known: Known) -> Iterator[tuple[Facts, dict[str, Any]]]:
        """The pages of one kind of record, each with the place where to go on. The place holds `since` (moment, ""
        for the start), and within a walk when it `began` and the last id it came to (`after`)."""
        stream, now = STREAMS[name], self.rpc.server_now
        began, after = str(place.get("began") or _text(now)), int(place.get("after", 0))
        # The first walk through the meetings tells of those that are over by now.
        since = str(place.get("since", _text(now - self.overlap) if stream.dated == "stop" else ""))
        look = Look(known, self.subjects, moment(since) or LONG_AGO, now, self.signals)
        while True:
            facts = stream.read(look, _domain(stream, since, after, now), self.size)
            # Only an empty page is the last one: Odoo cuts a page short where it hides a message from the account.
            if not facts.count:
                yield facts, {"since": _text((moment(began) or LONG_AGO) - self.overlap)}
                return
            after = facts.last
            yield facts, {"since": since, "began": began, "after": after}

    def waiting(self, name: str, place: Mapping[str, Any]) -> int:
        """How many records there are to read at first; later looks are short and not worth the question."""
        stream = STREAMS[name]
        if place.get("since") or stream.dated == "stop":
            return 0
        domain = _domain(stream, "", int(place.get("after", 0)), self.rpc.server_now)
        return self.rpc.count(stream.model, domain)


def known_up_to(cursors: Mapping[str, Mapping[str, Any]]) -> datetime | None:
    """The moment from which the next look reads again: everything before it is here."""
    return min((at for name in STREAMS if (at := moment(cursors[name]["since"]))), default=None)


def _domain(stream: Stream, since: str, after: int, now: datetime) -> list[Any]:
    domain = [*stream.ours, *([(stream.dated, ">=", since)] if since else []), ("id", ">", after)]
    return [*domain, ("stop", "<=", _text(now)), ("active", "=", True)] if stream.dated == "stop" else domain


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")
