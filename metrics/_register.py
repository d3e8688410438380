"""The practices that are looked at, written down before any look; their order is that in practice_deals.sql.

What somebody claims of a practice elsewhere is a reason to test it here and never a result of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Practice:
    """Something that is done or happens on a deal up to its landmark. `kind`: ours is what we control, a signal is what
    the customer does, which is a sign and never advice. `needs`: activities without which it cannot be seen."""

    id: str
    title: str
    does: str
    needs: tuple[str, ...]
    kind: Literal["ours", "signal"] = "ours"
    claimed: str = ""


_IN, _OUT, _MET, _QUOTE = "msg.in", "msg.out", "meeting.held", "quote.sent"
_EFFORT: Final = "surveys on customer effort (switching channels, repeating)"

PRACTICES: Final = (
    Practice("answer-hour", "First answer within an hour", "answer the customer's first message within an hour",
             (_IN, _OUT), claimed="vendor studies of 2007 and 2011 on web leads; contact, not sale"),
    Practice("answer-day", "Every message answered within a day", "answer every message within a day", (_IN, _OUT)),
    Practice("same-channel", "Answers in the customer's channel", "answer where the customer wrote or called",
             (_IN, _OUT), claimed=_EFFORT),
    Practice("first-day", "We speak on the first day", "write or call within a day of the start", (_OUT,)),
    Practice("call", "At least one call by us", "call the customer", ("call.out",)),
    Practice("contacts", "Four contacts or more by us", "write or call four times or more", (_OUT,),
             claimed="vendor study on attempts before giving up"),
    Practice("no-silence", "No long silence of ours", "never be silent for a third of the time to the landmark",
             (_OUT,)),
    Practice("channels", "Two channels or more", "use two channels or more", (_OUT,)),
    Practice("colleagues", "Two of us or more", "bring in a colleague", (_OUT,)),
    Practice("meeting", "A meeting held", "meet the customer", (_MET,)),
    Practice("meetings", "Two meetings held or more", "meet the customer twice", (_MET,)),
    Practice("next-step", "Next step set after the meeting", "set a dated next step within a day of the first meeting",
             (_MET,), claimed="vendor study of 28,833 closed deals, time spent on next steps"),
    Practice("recap", "Recap sent after the meeting", "write within a day of the first meeting", (_MET, _OUT)),
    Practice("plan", "A follow-up planned", "put a follow-up into the record", ("task.planned",)),
    Practice("promise", "A dated promise made", "say by when something will be done", ("promise.made",)),
    Practice("quote", "Price on the table", "send a quote", (_QUOTE,),
             claimed="vendor warning 'pricing not mentioned'"),
    Practice("quote-early", "Price on the table early", "send a quote in the first half of the time to the landmark",
             (_QUOTE,)),
    Practice("quote-chased", "Quote followed up in two days", "write or call within two days of the quote",
             (_QUOTE, _OUT)),
    Practice("two-people", "Two customer people or more answer", "two people or more of the customer wrote or called",
             (_IN,), "signal", "a vendor's statement on contacts in won deals; no control"),
    Practice("three-people", "Three customer people or more answer", "three or more of the customer wrote or called",
             (_IN,), "signal"),
)
