"""Leads, deals, messages, follow-ups and meetings from an Odoo CRM, read over JSON-RPC.

Odoo tells its times in whole seconds and keeps them in microseconds, so its pages cannot be cut by time: all the
records of an import share one. Each look reads what was written since the last one by ascending id instead, and
reaches back by `overlap_seconds`, because Odoo dates a record at the start of a transaction that ends later.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from connectors._contract import Connector, Cursor, Opening, Page, Setting
from connectors._odoo_facts import Recent
from connectors._odoo_known import Known
from connectors._odoo_rpc import Rpc
from connectors._odoo_streams import STREAMS, Walker, known_up_to
from connectors._signals import SIGNAL_ACTIVITIES, SIGNALS_SETTING
from data.errors import FixSettings, FrontviewError

OLDEST_RELEASE = 14
_RECORDS = ("crm.lead", "mail.tracking.value", "mail.message", "mail.activity", "res.users", "res.partner",
            "crm.stage", "crm.team", "crm.lost.reason", "calendar.event", "mail.message.subtype", "ir.model.fields")


class Odoo:
    """One configured Odoo."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._rpc = Rpc(opening)
        given = opening.settings
        overlap = timedelta(seconds=float(given["overlap_seconds"]))
        self._walker = Walker(self._rpc, overlap, int(given["page_size"]), bool(given["subjects"]),
                              bool(given.get("signals", False)))
        self._recent = Recent()
        self._closed = threading.Event()

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        """What is new in each kind of record, then one page that says up to when everything is here."""
        self._recent.begin(cursor)
        known, cursors = Known(self._rpc, self._opening), dict(cursor)
        # A look that broke off goes on with the kinds of record that it had not finished.
        walks = [name for name in STREAMS if name not in cursors.get("finished", ())]
        waiting = {name: self._walker.waiting(name, cursors.get(name, {})) for name in walks}
        for name in walks:
            # The first look can be as large as the whole of Odoo and is not repeated: nothing to remember.
            first = not cursors.get(name, {}).get("since")
            for facts, place in self._walker.walk(name, cursors.get(name, {}), known):
                cursors[name] = place
                waiting[name] = max(waiting[name] - facts.count, 0)
                page = Page(dict(cursors), facts.events, facts.changes, facts.links, aside=facts.aside,
                            behind=sum(waiting.values()))
                if facts.count:
                    yield self._recent.new(page, keep=not first)
            cursors["finished"] = [*cursors.get("finished", ()), name]
        del cursors["finished"]
        last = Page(cursors, changes=known.people, watermark=known_up_to(cursors), behind=0)
        yield self._recent.new(last)
        self._recent.end(cursors)

    def wait(self, seconds: float) -> bool:
        """Odoo does not call; sleeps until the time is over or the source is closed."""
        self._closed.wait(seconds)
        return False

    def check(self) -> Sequence[str]:
        """Whether the server answers, is new enough, and lets the account read every kind of record."""
        try:
            release, called = self._rpc.version()
            self._rpc.sign_in()
        except FrontviewError as error:
            return [str(error)]
        wrong = [f"the server is Odoo {called}; this connector reads Odoo {OLDEST_RELEASE} and later; update it"
                 ] if release < OLDEST_RELEASE else []
        for model in _RECORDS:
            try:
                self._rpc.records(model, [], ["id"], limit=1)
            except FrontviewError as error:
                wrong.append(str(error))
        return wrong

    def close(self) -> None:
        """Let go of the connection; whoever waits returns."""
        self._closed.set()
        self._rpc.close()


def _open(opening: Opening) -> Odoo:
    for name in ("overlap_seconds", "page_size"):
        if not str(opening.settings[name]).replace(".", "", 1).isdigit():
            raise FixSettings(f"{name} is {opening.settings[name]!r}; give it as a number, such as 120")
    return Odoo(opening)


CONNECTOR = Connector(
    id="odoo",
    title="Odoo CRM",
    shape="pull",
    activities=("lead.created", "lead.qualified", "lead.lost", "opportunity.created", "opportunity.won",
                "opportunity.lost", "stage.changed", "owner.changed", "amount.changed", "closedate.changed",
                "transfer", "reopened", "msg.in", "msg.out", "msg.internal", "note.added", "task.planned",
                "task.done", "meeting.scheduled", "meeting.held", "meeting.cancelled",
                "lead.archived", "opportunity.archived", *SIGNAL_ACTIVITIES),
    settings=(
        Setting("url", "the server's address, https://crm.firm.example", required=True),
        Setting("database", "the name of the database", required=True),
        Setting("login", "the account to read with", required=True),
        Setting("password", "its password or API key", required=True, secret=True),
        Setting("subjects", "keep the subject line of messages (true or false)", True),
        # Other than mail, Odoo would not send the texts unasked.
        replace(SIGNALS_SETTING, default=False),
        Setting("overlap_seconds", "how far each look reaches back; as long as Odoo lets a request take", 120),
        Setting("page_size", "records to ask for at a time", 500),
    ),
    blind="Deals, stages, follow-ups and messages in Odoo go unseen while it is down; it never tells of records "
          "that were deleted or merged away, of changes made with tracking off, of moved close dates (unless "
          "tracked), or of follow-ups planned and done between two looks.",
    open=_open,
    every_seconds=30.0,
)
