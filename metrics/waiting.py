"""Which customers wait for us, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from metrics._contract import Filters, Metric, Read
from metrics._labels import Label, describe
from metrics._lines import once
from metrics._words import actor, codes, people, words

METRIC = Metric(
    "waiting",
    "Customers waiting",
    "One row for each customer whose message or call has had no answer since, counted "
    "from the first unanswered one while the case is open and has moved in the last thirty days.",
    "Answers given where no connected system sees them, such as a private telephone.",
)


ON_A_PAGE: Final = 10


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
    found = _found(read, filters, now_t, limit=limit, owner=owner)
    if not found["total"]:
        return Waiting([], 0, None, None)
    rows = found["top"][:limit]
    names = describe(read, _objects(rows))
    owners, channels, known = people(read, [r["actor"] for r in rows]), words(read, "channel"), words(read, "team")
    waits = [
        Wait(
            names[r["obj"]],
            _called(names[r["obj"]], names.get(r["party"])),
            r["t"],
            channels.get(r["channel"], ""),
            known.get(r["team"], ""),
            owners[r["actor"]].name if r["actor"] in owners else "",
        )
        for r in rows
        if r["obj"] in names
    ]
    return Waiting(waits, found["total"], found["top"][0]["t"], found["median_us"])


def ahead(read: Read, filters: Filters, now_t: int, owner: str = "") -> list[int]:
    """The objects that a page is about to show as waiting, to be named together with others."""
    return _objects(_found(read, filters, now_t, limit=ON_A_PAGE, owner=owner)["top"] or [])


def _objects(rows: Sequence[dict[str, Any]]) -> list[int]:
    return [obj for row in rows for obj in (row["obj"], row["party"]) if obj]


def _found(read: Read, filters: Filters, now_t: int, *, limit: int, owner: str) -> dict[str, Any]:
    # Pages show a few rows, some more and some fewer; all ask for the same number, so one reading serves them.
    params = {**codes(read, filters), "now_t": now_t, "limit": max(limit, ON_A_PAGE), "owner": actor(read, owner)}
    return once(read, now_t, "waiting", params)[0]


def _called(case: Label, whose: Label | None) -> str:
    """A customer is called by its firm where there is one, else by its own name."""
    if whose is None or (whose.obj == case.obj and case.otype != "contact"):
        return case.customer or case.name
    return whose.customer or whose.name or whose.id
