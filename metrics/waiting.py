"""Which customers wait for us, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metrics._contract import Filters, Metric, Read, ask
from metrics.case import Label, describe

METRIC = Metric(
    "waiting", "Customers waiting", "One row for each customer whose message or call has had no answer since, counted "
    "from the first unanswered one while the case is open.",
    "Answers given where no connected system sees them, such as a private telephone.",
)


@dataclass(frozen=True, slots=True)
class Wait:
    """One customer who waits. `owner` is whoever the item belongs to, shown so that somebody can act."""

    case: Label
    customer: str
    since_t: int
    channel: str
    team: str
    owner: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The longest waits, how many there are in all, and the median wait in microseconds."""

    rows: Sequence[Wait]
    total: int
    oldest_t: int | None
    median_us: float | None


def waiting(read: Read, filters: Filters, now_t: int, *, limit: int = 8, owner: str = "") -> Waiting:
    """Who waits, longest first; with `owner` only what waits on that person."""
    rows = ask(read, "waiting", {**filters.words, "now_t": now_t, "limit": limit, "owner": owner})
    if not rows:
        return Waiting([], 0, None, None)
    names = describe(read, [obj for row in rows for obj in (row["obj"], row["customer"])])
    waits = []
    for row in rows:
        case = names.get(row["obj"])
        if case is None:
            continue
        whose = names.get(row["customer"])
        # A customer is called by its own name, and its firm's where there is one.
        customer = (whose.customer or whose.name or whose.id) if whose else case.customer
        waits.append(Wait(case, customer or case.customer or case.name or case.id, row["waiting_t"], row["channel"] or "",
                          row["team"] or "", row["owner"] or ""))
    return Waiting(waits, rows[0]["total"], rows[0]["waiting_t"], rows[0]["median_us"])
