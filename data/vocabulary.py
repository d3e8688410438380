"""The activities that connectors and rules agree on, each with its label and meaning.

A connector may bring others (an imported log keeps its own names); these names are fixed. Direction and channel
are fields of the event and not part of the name, but that a message came in or went out is.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Term(NamedTuple):
    """How an activity is shown, and what has happened when it is recorded."""

    label: str
    meaning: str


ACTIVITIES: Final[dict[str, Term]] = {
    "msg.in": Term("Message in", "somebody outside wrote to us, on the event's channel"),
    "msg.out": Term("Message out", "we wrote to somebody outside; attrs: commercial, unsub, postal, automatic"),
    "msg.internal": Term("Internal message", "we wrote among ourselves"),
    "call.in": Term("Call in", "somebody outside called us; attrs: seconds"),
    "call.out": Term("Call out", "we called somebody outside; attrs: seconds, purpose (sales, service)"),
    "meeting.scheduled": Term("Meeting scheduled", "a meeting was put into a calendar; attrs: starts_at, external"),
    "meeting.held": Term("Meeting held", "a scheduled meeting took place; attrs: external"),
    "meeting.cancelled": Term("Meeting cancelled", "a scheduled meeting was called off"),
    "lead.created": Term("Lead created", "a possible customer became known"),
    "lead.qualified": Term("Lead qualified", "a lead became an opportunity"),
    "lead.lost": Term("Lead lost", "a lead was given up"),
    "opportunity.created": Term("Opportunity created", "a deal was opened; attrs: amount, stage"),
    "stage.changed": Term("Stage changed", "a deal moved; attrs: from, to"),
    "closedate.changed": Term("Close date changed", "the expected close moved; attrs: from, to (ISO days)"),
    "owner.changed": Term("Owner changed", "another person answers for it; attrs: from, to"),
    "amount.changed": Term("Amount changed", "the deal's value moved; attrs: from, to"),
    "quote.sent": Term("Quote sent", "a price left the house; attrs: amount, discount (percent)"),
    "approval.requested": Term("Approval requested", "somebody asked for a decision; attrs: discount, level"),
    "approval": Term("Approval given", "somebody with the right to do so agreed; attrs: discount, level"),
    "opportunity.won": Term("Deal won", "the customer signed; attrs: amount"),
    "opportunity.lost": Term("Deal lost", "the deal ended without an order; attrs: cause"),
    "lead.archived": Term("Lead archived", "a lead was put away without being won or lost"),
    "opportunity.archived": Term("Deal archived", "a deal was put away without being won or lost"),
    "task.planned": Term("Task planned", "a follow-up was planned; attrs: kind, due_on"),
    "task.done": Term("Task done", "a planned follow-up was done; attrs: kind"),
    "note.added": Term("Note added", "somebody wrote an internal note in the record"),
    "ticket.created": Term("Ticket opened", "a request for service was recorded; attrs: priority"),
    "ticket.assigned": Term("Ticket assigned", "somebody was made responsible"),
    "transfer": Term("Hand-off", "a case went to another team; attrs: from, to"),
    "referral": Term("Referral", "we asked the customer to turn to another channel; attrs: to_channel"),
    "resolved": Term("Resolved", "the case was declared solved"),
    "reopened": Term("Reopened", "a solved case came back"),
    "ticket.closed": Term("Ticket closed", "the ticket ended for good"),
    "optout": Term("Opt-out", "somebody does not want commercial messages; attrs: scope"),
    "objection": Term("Objection", "somebody objects to direct marketing in every channel"),
    "consent.given": Term("Consent given", "attrs: purpose"),
    "consent.withdrawn": Term("Consent withdrawn", "attrs: purpose"),
    "suppression.added": Term("Suppression entry", "an address was put on the do-not-contact list"),
    "complaint.signal": Term("Complaint signal", "a customer sounds dissatisfied; to be looked at"),
    "complaint.logged": Term("Complaint logged", "the complaint was recorded as one"),
    "triage.dismissed": Term("Signal dismissed", "somebody looked and found no complaint; attrs: cause"),
    "complaint.ack": Term("Complaint acknowledged", "the customer was told that the complaint is being handled"),
    "complaint.final": Term("Final response", "the customer got the final or holding response"),
    "complaint.resolved": Term("Complaint resolved", "the customer accepted the outcome"),
    "dsr.received": Term("Data request", "somebody asked about, or for, their personal data; attrs: type"),
    "dsr.closed": Term("Data request answered", "the data-subject request was answered"),
    "credit.created": Term("Credit created", "a credit note or refund was prepared; attrs: amount"),
    "credit.released": Term("Credit released", "a credit note or refund was paid out; attrs: amount"),
    "publish": Term("Published", "we published something for everybody on the event's channel"),
    "reaction.received": Term("Reaction", "somebody liked or shared what we published; attrs: kind"),
    "follow.received": Term("New follower", "somebody began to follow one of our accounts"),
}


def label(activity: str) -> str:
    """How an activity is shown to people; unknown names are shown as they are."""
    term = ACTIVITIES.get(activity)
    return term.label if term else activity
