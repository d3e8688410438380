"""The insights of a rep's private coaching as data. The statement of each is metrics/sql/coaching_<id>.sql.

A statement gives a row an observation: the case `obj`, its moment `t`, `value`, `ended` (false: still counting) and
whether its deal was `won`; one of the kind `now` gives the cases to look at. It reads the reader's own relations only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Insight:
    """One insight. `kind`: length (microseconds, told as a median), share (0 or 1), now (cases to look at). `better`:
    whether less or more is the aim; empty where neither is. Below `minimum` observations nothing is told."""

    id: str
    title: str
    definition: str
    kind: Literal["length", "share", "now"]
    better: Literal["less", "more", ""] = ""
    minimum: int = 12
    claimed: str = ""

    @property
    def statement(self) -> str:
        """The name of its statement."""
        return f"coaching_{self.id.lower()}"


INSIGHTS: Final = (
    Insight("I03", "Waiting on me now", "My open cases in which a customer's message has had no answer.", "now"),
    Insight("I26", "My deadlines", "Promises in my cases that fall due.", "now"),
    Insight("I23", "Dormant good relations", "Customers with ten messages or calls each way with me in my cases, "
            "silent for a week and for more than three times their usual gap.", "now"),
    Insight("I01", "Speed to a new lead", "From the lead's creation to our first message or call that is not "
            "automatic.", "length", "less", claimed="Vendor studies of 2007 and 2011: contact, not sale."),
    Insight("I02", "Reply time to customers", "From the first unanswered message to the answer, in my cases.", "length",
            "less", claimed="Surveys on customer effort."),
    Insight("I11", "Longest wait in a deal", "The longest that the customer of a deal of mine waited for us.", "length",
            "less"),
    Insight("I13", "Time to the first price", "From a deal's first event to its first quote.", "length"),
    Insight("I15", "Pace of my deals", "From a deal's first event to its end; open ones count so far.", "length"),
    Insight("I04", "Next step set", "Meetings held after which a meeting, task or dated promise was set within a day.",
            "share", "more", claimed="Vendor study of 28,833 closed deals; no control."),
    Insight("I05", "Recap sent", "Meetings held after which we wrote within a day.", "share"),
    Insight("I06", "More than one contact", "Deals in which two people or more of the customer turned to us in the "
            "first 30 days.", "share", "more", claimed="A vendor's statement; no control."),
    Insight("I08", "Not alone on it", "Deals on which two of us or more worked in the first 30 days.", "share", "more"),
    Insight("I10", "Kept trying", "Leads and deals without any answer in which we tried three times or more.", "share",
            "more", claimed="Vendor study on attempts; secondary source."),
    Insight("I14", "Quote followed up", "Quotes after which we wrote or called within two days.", "share", "more"),
    Insight("I16", "Close date held", "Deals whose expected close was never moved to a later day.", "share", "more"),
    Insight("I18", "Same channel", "Answers given in the channel in which the customer asked.", "share", "more",
            claimed="Surveys on customer effort."),
    Insight("I19", "Warm hand-offs", "My hand-offs after which we spoke first, of those after which anybody spoke "
            "within a week.", "share", "more", claimed="Surveys on customer effort."),
    Insight("I20", "Solved at once", "Solved cases after which the customer did not come back for a week in any case "
            "of mine.", "share", "more"),
    Insight("I21", "Promises kept", "Dated promises that were due and were kept in time.", "share", "more"),
    Insight("I22", "Meetings that happen", "Meetings put into the calendar that were held as planned.", "share",
            "more"),
)

NOT_TOLD: Final = (
    ("I07", "Senior reached before the price", "no source tells who of the customer's people is senior"),
    ("I09", "Introduction path", "needs the consent of the colleague whose ties it would show"),
    ("I12", "Rhythm", "not measured yet"),
    ("I17", "Give and take", "not measured yet: messages of one deal are no independent observations"),
    ("I24", "Talk share in calls", "needs own recordings, which are not collected"),
    ("I25", "Good exceptions", "not measured yet: needs the usual path of each kind of case"),
)
"""Insights that are not told here: id, title and why."""
