"""What is said and planned around a lead: messages, notes, follow-ups, meetings. Their text is never kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from email.utils import parseaddr
from typing import Any, NamedTuple

from connectors._odoo_facts import RANKS, Facts, Look, Told, name_of, when
from connectors._odoo_known import ROBOT, Lead, Then, bare, key, moment
from connectors._odoo_rpc import Row
from connectors._signals import signals_of
from data.event import Event, Ref, Scalar

# Senders set the date of a mail themselves; a clock that is off by more than this is not believed.
CLOCK_TOLERANCE = timedelta(hours=1)


def messages(look: Look, domain: Sequence[Any], limit: int) -> Facts:
    """Messages in and out, notes, and activities that were done."""
    rows = look.known.rpc.records("mail.message", domain, [
        "res_id", "message_type", "subtype_id", "is_internal", "author_id", "email_from", "partner_ids",
        "notified_partner_ids", "date", "create_date", "message_id", "parent_id", "mail_activity_type_id",
        *(["subject"] if look.subjects else []), *(["body"] if look.signals else [])], limit=limit)
    leads = look.known.leads(sorted({row["res_id"] for row in rows}))
    look.known.partners(one for row in rows for one in [row["author_id"], *_recipients(row)])
    roots = look.known.message_ids(row["parent_id"] for row in rows)
    facts = Facts()

    def read(row: Row) -> None:
        if row["res_id"] in leads:
            message = _message(look, leads[row["res_id"]], row, roots)
            facts.events.append(message)
            if look.signals and message.activity in ("msg.in", "msg.out"):
                facts.events += signals_of(message, str(row["body"] or ""), markup=True)
    return facts.each("mail.message", rows, read)


def activities(look: Look, domain: Sequence[Any], limit: int) -> Facts:
    """Follow-ups that are planned and not done yet."""
    rows = look.known.rpc.records("mail.activity", domain, [
        "res_id", "activity_type_id", "date_deadline", "user_id", "create_uid", "create_date"], limit=limit)
    leads, facts = look.known.leads(sorted({row["res_id"] for row in rows})), Facts()

    def read(row: Row) -> None:
        if row["res_id"] not in leads:
            return
        kind, due_on = name_of(row["activity_type_id"]), row["date_deadline"] or None
        owner = look.known.person(row["user_id"])
        facts.events.append(look.event(leads[row["res_id"]], "task.planned", Told(
            f"mail.activity/{row['id']}", Then(when(row["create_date"])), look.known.person(row["create_uid"]), 1,
            {"kind": kind, "due_on": due_on}, [Ref("person", owner, "owner")] if owner else [])))
    return facts.each("mail.activity", rows, read)


def meetings(look: Look, domain: Sequence[Any], limit: int) -> Facts:
    """Meetings of a lead: put into the calendar, held, called off."""
    rows = look.known.rpc.records("calendar.event", domain, [
        "opportunity_id", "start", "stop", "active", "partner_ids", "user_id", "create_uid", "create_date",
        "write_date"], limit=limit)
    leads = look.known.leads(sorted({key(row["opportunity_id"]) for row in rows} - {0}))
    look.known.partners(one for row in rows for one in row["partner_ids"])
    facts = Facts()

    def read(row: Row) -> None:
        lead = leads.get(key(row["opportunity_id"]))
        if lead is not None:
            facts.events += _meeting(look, lead, row)
    facts.each("calendar.event", rows, read)
    look.known.held.update(event.source_id for event in facts.events if event.activity == "meeting.held")
    return facts


def held(look: Look, domain: Sequence[Any], limit: int) -> Facts:
    """Meetings whose time is over. Nothing is written in Odoo when a meeting passes, so they are asked for."""
    told = look.known.held.copy()
    facts = meetings(look, domain, limit)
    facts.events = [event for event in facts.events
                    if event.activity == "meeting.held" and event.source_id not in told]
    return facts


class _Party(NamedTuple):
    """Who wrote: the id of a person or contact, whether of the firm, whether Odoo itself did."""

    id: str
    inside: bool
    automatic: bool


def _sender(look: Look, row: Row) -> _Party:
    user = look.known.user_of(row["author_id"])
    if user:
        return _Party(look.known.person(user), True, user == ROBOT)
    contact = look.known.contact(row["author_id"])
    address = contact.id if contact else parseaddr(row["email_from"] or "")[1].lower()
    return _Party(address, look.known.inside(address), False)


def _outside(look: Look, partners: Sequence[int], role: str) -> list[Ref]:
    """The contacts among some partners: who is neither a user nor has an address of the firm."""
    contacts = [look.known.contact(one) for one in partners if not look.known.user_of(one)]
    return [ref._replace(qualifier=role) for ref in contacts if ref and not look.known.inside(ref.id)]


def _message(look: Look, lead: Lead, row: Row, roots: Mapping[int, str]) -> Event:
    sender, recipients = _sender(look, row), _outside(look, _recipients(row), "to")
    activity = _kind(look, row, inside=sender.inside, outside=bool(recipients))
    stored_at = when(row["create_date"])
    sent_at = moment(row["date"]) or stored_at
    attrs: dict[str, Scalar] = {"automatic": True} if sender.automatic else {}
    if sent_at > stored_at + CLOCK_TOLERANCE:
        sent_at, attrs["clock"] = stored_at, "received"
    if activity == "task.done":
        attrs["kind"] = name_of(row["mail_activity_type_id"])
    elif look.subjects and row["subject"]:
        attrs["subject"] = row["subject"]
    more = recipients if sender.inside or not sender.id else [Ref("contact", sender.id, "from"), *recipients]
    mail = activity == "msg.out" or (activity == "msg.in" and row["message_type"] == "email")
    if mail and (own_id := bare(row["message_id"])):
        # The same ids stand in the mail itself: what a mailbox brings of this thread meets it here.
        attrs["message_id"] = own_id
        more = [Ref("conversation", roots.get(key(row["parent_id"])) or own_id), *more]
    return look.event(lead, activity, Told(
        f"mail.message/{row['id']}", Then(sent_at, row["id"]), sender.id, row["id"] * RANKS + RANKS - 1, attrs,
        more, channel="email" if mail else "crm", inside=sender.inside))


def _kind(look: Look, row: Row, *, inside: bool, outside: bool) -> str:
    """The activity that a message is."""
    if row["mail_activity_type_id"]:
        return "task.done"
    if not inside:
        return "msg.in"
    if row["is_internal"] or key(row["subtype_id"]) in look.known.internal:
        return "note.added"
    return "msg.out" if outside else "msg.internal"


def _meeting(look: Look, lead: Lead, row: Row) -> Iterator[Event]:
    name, created_at, stop_at = f"calendar.event/{row['id']}", when(row["create_date"]), when(row["stop"])
    guests = _outside(look, row["partner_ids"], "attendee")
    people = [look.known.person(look.known.user_of(one)) for one in row["partner_ids"]]
    more = [*guests, *(Ref("person", person, "attendee") for person in people if person)]
    external: dict[str, Scalar] = {"external": bool(guests)}
    owner = look.known.person(row["user_id"])
    if created_at >= look.since:
        yield look.event(lead, "meeting.scheduled", Told(
            name, Then(created_at), look.known.person(row["create_uid"]), 2,
            external | {"starts_at": when(row["start"]).isoformat()}, more))
    if not row["active"]:
        yield look.event(lead, "meeting.cancelled", Told(
            f"{name}/cancelled", Then(when(row["write_date"])), owner, 3, external, more))
    elif stop_at <= look.now:
        yield look.event(lead, "meeting.held", Told(f"{name}/held", Then(stop_at), owner, 3, external, more))


def _recipients(row: Row) -> list[int]:
    return list(dict.fromkeys([*row["partner_ids"], *row["notified_partner_ids"]]))
