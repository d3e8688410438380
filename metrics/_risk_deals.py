"""The indicators of open deals and of their customers. To add one: a few lines here, over a column of its SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

from metrics._contract import DAY
from metrics._risk_kit import History, Indicator, Mark, Row, ago, fixed

SUBSTANTIAL: Final = 10_000.0
"""What a deal must be worth to be looked at by some indicators, while its segment has too little history."""
_TALK: Final = ("msg.in", "msg.out", "call.in", "call.out", "meeting.held")
_UNSEEN: Final = "Talk where no connected system sees it: private telephones, the corridor."


def _by(what: str, of: str, days: float, *, staged: bool = False) -> Callable[[Row, History], Mark]:
    """The threshold from won deals of the segment, else a fixed number of days."""

    def mark(row: Row, history: History) -> Mark:
        key = (what, row["segment"], row["stage"] if staged else "")
        return at_least(history, history.mark(key, days * DAY, f"{of}, {row['segment'] or 'no segment'}"))

    return mark


def at_least(history: History, mark: Mark) -> Mark:
    """A span under two working days is not worth anybody's attention, however quick won deals went."""
    least = history.business(2)
    return mark if mark.limit >= least else Mark(least, mark.n, f"two working days; {mark.of} is less")


def _worth(row: Row, history: History) -> Mark:
    return history.mark(("amount", row["segment"], ""), SUBSTANTIAL, "median amount of won deals")


def _ghosted(row: Row, history: History) -> float | None:
    return ago("unanswered_t")(row, history) if (row["unanswered"] or 0) >= 2 else None


def _ghosted_mark(row: Row, history: History) -> Mark:
    key = ("reply", row["segment"], row["stage"])
    of = f"P90 of customers' answers in won deals at this stage, {row['segment'] or 'no segment'}"
    return at_least(history, history.mark(key, history.business(10), of))


def _single(row: Row, history: History) -> float | None:
    place = history.place(row["stage"])
    is_early = row["stage_t"] is None if place is None else place < 1.5
    is_small = (row["amount"] or 0) < _worth(row, history).limit
    return None if is_early or is_small or not row["people"] else float(row["people"])


def backs(row: Row, history: History) -> float | None:
    """How often the stage went back: by the order in which won deals pass stages, else to one it had left."""
    left, n = set(), 0
    for before, after in row["path"] or ():
        places = history.place(before or ""), history.place(after or "")
        if places[0] is not None and places[1] is not None:
            n += places[1] < places[0]
        else:
            n += after in left
        left.add(before)
    return float(n)


def _overdue(row: Row, history: History) -> float | None:
    return None if row["close_t"] is None else (history.now_t - row["close_t"]) / DAY


def _unpriced(row: Row, history: History) -> float | None:
    return None if row["price_t"] is not None else float(history.now_t - row["first_t"])


def _champion_mark(row: Row, history: History) -> Mark:
    own = 3 * float(row["champion_gap"] or 0)
    least = history.business(2)
    return Mark(own, 0, "three times their own median gap") if own > least else Mark(least)


def _reciprocity(row: Row, history: History) -> float | None:
    new, old = row["all_new"] or 0, row["all_old"] or 0
    if new < 6 or old < 6 or not row["in_old"]:
        return None
    return 1.0 - (row["in_new"] / new) / (row["in_old"] / old)


def _slowing(row: Row, history: History) -> float | None:
    gaps = row["latencies"] or []
    if len(gaps) < 15:
        return None
    return median(gaps[:5]) / max(1, median(gaps[5:15]))


def _ladder(row: Row, history: History) -> float | None:
    """The longest run of quotes, each deeper than the one before, without an approval between them."""
    best, run, last = 0, 0, None
    for step in row["prices"] or ():
        if step["act"] == "approval":
            run, last = 0, None
        elif step["discount"] is not None:
            run = run + 1 if last is not None and step["discount"] > last else 1
            best, last = max(best, run), step["discount"]
    return float(best)


def _backdated(row: Row, history: History) -> float | None:
    """Approvals that came after a quote of that discount had left without one."""
    quoted: list[float] = []
    n = 0
    for step in row["prices"] or ():
        if step["discount"] is None:
            continue
        if step["act"] == "quote.sent":
            quoted.append(step["discount"])
        elif step["discount"] in quoted:
            n += 1
        else:
            quoted = []
    return float(n)


def _dark(row: Row, history: History) -> float | None:
    if row["dark_t"] is None:
        return None
    return float(max(14 * DAY, row["dark_t"] - (row["dark_since_t"] or row["first_t"])))


def _ownerless(row: Row, history: History) -> float | None:
    if row["owner"] or row["actor"] or row["waiting_t"] is None:
        return None
    return float(history.now_t - row["waiting_t"])


def _queued(row: Row, history: History) -> float | None:
    return float(row["suppressed"]) if (row["next_t"] or 0) > history.now_t else None


def _next(row: Row, history: History) -> float | None:
    # A deal of yesterday need not have one yet.
    is_new = history.now_t - row["first_t"] < history.business(2)
    return None if is_new else float((row["next_t"] or 0) > history.now_t)


def _dependent(row: Row, history: History) -> float | None:
    if row["n_ours"] < 10 or not row["n_in"] or row["worth"] < _worth(row, history).limit:
        return None
    return float(row["top_share"])


def _quiet(row: Row, history: History) -> float | None:
    has_history = (row["oldest"] or 0) >= 12 and median(_weeks(row)) >= 3
    return float(row["this_week"]) if has_history and row["moved_t"] > history.now_t - 7 * DAY else None


def _weeks(row: Row) -> list[int]:
    told = list(row["weeks"] or ())
    return sorted([0] * (12 - len(told)) + told)


def _quiet_mark(row: Row, history: History) -> Mark:
    weeks = _weeks(row)
    # The 5th percentile of twelve weeks lies between the two lowest.
    return Mark(weeks[0] + 0.55 * (weeks[1] - weeks[0]), 12, "5th percentile of its own last twelve weeks")


_D: Final = ("deal",)
_SQL: Final = "risk_deals"
DEALS: Final[Sequence[Indicator]] = (
    Indicator("K01", "Ghosted", _D, _SQL, "time", _ghosted, _ghosted_mark,
              "{unanswered} messages of ours without an answer, the first {value} ago", _UNSEEN, needs=("msg.out",)),
    Indicator("K02", "Silent", _D, _SQL, "time", ago("talk_t"), _by("gap", "P90 of gaps in won deals", 14),
              "nothing was said either way for {value}", _UNSEEN, needs=_TALK),
    Indicator("K03", "Single thread", _D, _SQL, "count", _single, fixed(2),
              "one person at the customer wrote or called in 30 days", "People who only sit in meetings.", below=True,
              needs=("msg.in", "call.in")),
    Indicator("K04", "No next step", _D, _SQL, "count", _next, fixed(1),
              "no meeting and no dated promise or task lies ahead", "Steps agreed by word of mouth.", below=True,
              needs=("meeting.scheduled", "task.planned", "promise.made")),
    Indicator("K05", "Stalled", _D, _SQL, "time",
              lambda row, history: float(history.now_t - (row["stage_t"] or row["first_t"])),
              _by("stage", "P80 of won deals at this stage", 21, staged=True), "in stage {stage} for {value}",
              "Stages moved late in the record."),
    Indicator("K06", "Pushed", _D, _SQL, "count", lambda row, _: float(row["pushes"]), fixed(2),
              "the close date moved to a later day {value} times", "Dates changed before the source was connected.",
              needs=("closedate.changed",)),
    Indicator("K06b", "Pushed far", _D, _SQL, "days", lambda row, _: float(row["pushed_days"]), fixed(31),
              "the close date moved back by {value} in all", "Dates changed before the source was connected.",
              needs=("closedate.changed",)),
    Indicator("K07", "Backwards", _D, _SQL, "count", backs, fixed(1), "the stage went back {value} times",
              "Corrections of a mistyped stage look the same.", needs=("stage.changed",)),
    Indicator("K08", "Overdue", _D, _SQL, "days", _overdue, fixed(0), "the close date passed {value} ago",
              "Deals without a close date."),
    Indicator("K09", "Price late", _D, _SQL, "time", _unpriced, _by("price", "P75 of won deals' first price", 30),
              "no price has left the house {value} after the deal began", "Prices told by word of mouth.",
              needs=("quote.sent",)),
    Indicator("K10", "Champion lost", _D, _SQL, "time", ago("champion_t"), _champion_mark,
              "the customer's most active person has been silent for {value}", "Bounces and people who left, unless "
              "they fall silent.", needs=("msg.in", "call.in")),
    Indicator("K11", "Reciprocity drop", _D, _SQL, "share", _reciprocity, fixed(0.5),
              "the customer's part of the talk fell by {value} in 14 days", _UNSEEN, needs=("msg.in", "call.in")),
    Indicator("K12", "Slowing replies", _D, _SQL, "ratio", _slowing, fixed(2),
              "the customer's last five answers took {value} as long as the ten before", _UNSEEN, needs=("msg.in",)),
    Indicator("K14", "Ownerless", ("deal", "case"), "risk_open", "time", _ownerless,
              lambda row, history: Mark(history.business(2)), "nobody owns it and the customer has waited for {value}",
              "Owners who have left, unless the source says so."),
    Indicator("K20", "Opt-out exposure", _D, "risk_suppressed", "count", _queued, fixed(1),
              "a step is planned though {value} of its contacts do not want commercial messages",
              "Contacts that are not linked to the deal; whether the planned step is commercial.",
              needs=("optout", "objection", "suppression.added")),
    Indicator("K21", "Dark progress", _D, _SQL, "time", _dark, fixed(14 * DAY),
              "it moved on though no contact had been captured for {value}", "Whether capture failed or the talk was "
              "elsewhere.", is_review=True, needs=_TALK),
    Indicator("K23", "Discount ladder", _D, _SQL, "count", _ladder, fixed(3),
              "{value} quotes, each deeper than the last, without a new approval", "Approvals outside the record.",
              needs=("quote.sent",)),
    Indicator("K23b", "Approved after the quote", _D, _SQL, "count", _backdated, fixed(1),
              "{value} approvals came after the quote had left", "Approvals by word of mouth, recorded later.",
              needs=("approval",)),
)
CUSTOMERS: Final[Sequence[Indicator]] = (
    Indicator("K13", "Rests on one of us", ("customer",), "risk_customers", "share", _dependent, fixed(0.8),
              "one colleague carries {value} of {n_ours} contacts in 90 days", _UNSEEN, needs=_TALK),
    Indicator("K22", "Captured talk collapsed", ("customer",), "risk_customers", "count", _quiet, _quiet_mark,
              "{value} captured contacts this week while a deal moved", "Whether capture failed or the talk was "
              "elsewhere.", below=True, is_review=True, needs=_TALK),
    Indicator("K22b", "Off approved channels", ("customer",), "risk_customers", "count",
              lambda row, _: float(row["off"] or 0), fixed(1), "{value} signs of talk off the approved channels in 30 "
              "days", "Signals from words may be wrong.", is_review=True, needs=("flag.raised", "msg.out")),
)
