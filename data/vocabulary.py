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
    "msg.in": Term("Message in", "somebody outside wrote to us, on the event's channel; attrs: message_id, "
                   "approved"),
    "msg.out": Term("Message out", "we wrote to somebody outside; attrs: message_id, commercial, unsub, postal, "
                    "automatic, topic, approved (false: not an approved channel), individual (subscriber), "
                    "confirms_optout"),
    "msg.internal": Term("Internal message", "we wrote among ourselves"),
    "call.in": Term("Call in", "somebody outside called us; attrs: seconds"),
    "call.out": Term("Call out", "we called somebody outside; attrs: seconds, purpose (sales, service), "
                     "callee_hour (hour of the day there, 21.5 is half past nine), consumer, invited, "
                     "existing_customer, registry (on a do-not-call register), list_age_days (since loaded), "
                     "automatic"),
    "meeting.scheduled": Term("Meeting scheduled", "a meeting was put into a calendar; attrs: starts_at, external"),
    "meeting.held": Term("Meeting held", "a scheduled meeting took place; attrs: external, in_person, about "
                         "(order where an order was talked about)"),
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
    "approval": Term("Approval given", "somebody with the right to do so agreed; attrs: discount, level, item"),
    "opportunity.won": Term("Deal won", "the customer signed; attrs: amount, optout_offered"),
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
    "optout": Term("Opt-out", "somebody does not want commercial messages; attrs: scope (commercial, phone, "
                   "sms, sale), topic"),
    "objection": Term("Objection", "somebody objects to direct marketing in every channel"),
    "consent.given": Term("Consent given", "somebody agreed to a use of their data; attrs: purpose, topic"),
    "consent.withdrawn": Term("Consent withdrawn", "somebody took an agreement back; attrs: purpose"),
    "data.used": Term("Data used", "personal data were used; attrs: purpose, basis (consent, contract, ...)"),
    "sale.stopped": Term("Sale of data stopped", "we no longer sell or share what we know of this person"),
    "list.exported": Term("List passed on", "an address left the house in a list; attrs: purpose"),
    "suppression.added": Term("Suppression entry", "an address was put on the do-not-contact list"),
    "complaint.signal": Term("Complaint signal", "a customer sounds dissatisfied; to be looked at; attrs: "
                             "confidence, method, rule"),
    "complaint.logged": Term("Complaint logged", "the complaint was recorded as one; attrs: written"),
    "triage.dismissed": Term("Signal dismissed", "somebody looked and found no complaint; attrs: cause"),
    "complaint.ack": Term("Complaint acknowledged", "the customer was told that the complaint is being handled"),
    "complaint.final": Term("Final response", "the customer got the final or holding response"),
    "complaint.resolved": Term("Complaint resolved", "the customer accepted the outcome; attrs: business_days "
                               "(since it came in)"),
    "complaint.src_sent": Term("Summary resolution sent", "the letter that sums up a complaint resolved quickly"),
    "dsr.received": Term("Data request", "somebody asked about, or for, their personal data; attrs: type (access, "
                         "delete, ...), regime (gdpr, ccpa, hipaa)"),
    "dsr.ack": Term("Data request confirmed", "we told the person that the request is here"),
    "dsr.extended": Term("Data request extended", "we told the person that the answer takes longer, and why"),
    "dsr.closed": Term("Data request answered", "the data-subject request was answered"),
    "breach.aware": Term("Data breach found", "we became aware of a breach of personal data; attrs: risk "
                         "(unlikely, likely, high), phi, unsecured"),
    "breach.notified": Term("Authority notified", "the authority was told of the breach"),
    "individuals.notified": Term("People notified", "those whose data were concerned were told of the breach"),
    "event.reportable": Term("Reportable event", "something that must be reported to the regulator became known; "
                             "attrs: ground"),
    "report.filed": Term("Report filed", "a report went to the regulator; attrs: form"),
    "credit.created": Term("Credit created", "a credit note or refund was prepared; attrs: amount"),
    "credit.released": Term("Credit released", "a credit note or refund was paid out; attrs: amount"),
    "gift.given": Term("Gift given", "something of value was given to a business contact; attrs: value, personal "
                       "(true: a personal or trifling gift, outside the limit)"),
    "promise.made": Term("Promise made", "a message of ours named a day by which something will be done; attrs: "
                         "due_at, days (until then), confidence (0 to 1), method"),
    "promise.kept": Term("Promise kept", "what had been promised was done, other than by a message or call"),
    "flag.raised": Term("Flag raised", "a message is to be looked at; attrs: signal, item, confidence, "
                        "method, rule"),
    "review.done": Term("Review done", "somebody looked at a flagged item; attrs: item, action, reviewer, author, "
                        "superior (the author is the reviewer's superior)"),
    "record.archived": Term("Archived", "a record reached the archive; attrs: item, hash"),
    "record.deleted": Term("Record deleted", "a record was destroyed; attrs: item, age_days, retention_days, hold"),
    "call.recorded": Term("Call recorded", "a conversation with a client was recorded; attrs: item"),
    "note.recorded": Term("Minutes recorded", "minutes of a meeting were put on the record"),
    "doc.delivered": Term("Document delivered", "a document that must be given was given; attrs: type (form_crs, "
                          "suitability, recording_notice, ...)"),
    "account.opened": Term("Account opened", "an account was opened for a client; attrs: retail"),
    "id.obtained": Term("Identity data obtained", "a client's name, birth date, address and number were collected"),
    "id.verified": Term("Identity verified", "the client's identity was verified"),
    "recommendation": Term("Recommendation", "we recommended a transaction or strategy; attrs: retail"),
    "order.executed": Term("Order executed", "a client's order was carried out; attrs: advised, retail, distance"),
    "oba.notice": Term("Outside activity declared", "a person of the firm declared an activity outside it"),
    "oba.signal": Term("Outside activity suspected", "something points to an activity outside the firm; attrs: "
                       "confidence, method"),
    "publish": Term("Published", "we published something for everybody on the event's channel; attrs: audience "
                    "(people it reaches), retail, interactive (an answer in a forum), item"),
    "reaction.received": Term("Reaction", "somebody liked or shared what we published; attrs: kind"),
    "follow.received": Term("New follower", "somebody began to follow one of our accounts"),
}


def label(activity: str) -> str:
    """How an activity is shown to people; unknown names are shown as they are."""
    term = ACTIVITIES.get(activity)
    return term.label if term else activity
