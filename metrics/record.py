"""The record against reality: where the CRM says something that the captured activity contradicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from metrics import _risk_read as source
from metrics._contract import DAY, SECOND, Filters, Metric, Read, ask
from metrics._labels import Label, describe
from metrics._risk_kit import History, Row, keep, kept, spelled
from metrics._words import people

METRIC = Metric(
    "record",
    "Record against reality",
    "Open deals that moved in the last 180 days. A record is current when nobody's captured activity contradicts it: "
    "its close date is to come and was not pushed twice or by more than 30 days, somebody owns it, its stage did not "
    "move without contact, it was talked about within ten working days (or P90 of the gaps in won deals of its "
    "segment, if longer), the people recorded are those who talk, and no "
    "planned step was let slip. The share is value of current records / value of all; deals without an amount are "
    "counted apart. Computed at most once a minute.",
    "Talk where no connected system sees it: then the record may be right and the capture wrong. Next steps agreed by "
    "word of mouth.",
)
LASTS_US: Final = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Check:
    """One way in which a record can be contradicted; `told` gives (the record says, what was seen), or None."""

    id: str
    title: str
    told: Callable[[Row, History], tuple[str, str] | None]
    is_review: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A contradiction: what the record says, and what was seen."""

    check: Check
    says: str
    seen: str


@dataclass(frozen=True, slots=True)
class DealRow:
    """One open deal and what contradicts its record; `talk_t` is when it was last talked about."""

    label: Label
    amount: float | None
    stage: str
    close_t: int | None
    owner: str
    talk_t: int | None
    gaps: Sequence[Gap]


@dataclass(frozen=True, slots=True)
class Records:
    """All open deals of a scope at `made_t`: those contradicted, by value; values in the record's currency."""

    made_t: int
    rows: Sequence[DealRow]
    deals: int
    current: int
    value: float
    current_value: float
    valueless: int
    left_out: int
    by_check: Mapping[str, tuple[int, float]]

    @property
    def share(self) -> float | None:
        """The share of the pipeline's value whose record is current; None where no deal has an amount."""
        return self.current_value / self.value if self.value else None


def _past(row: Row, history: History) -> tuple[str, str] | None:
    if row["close_t"] is None or row["close_t"] >= history.now_t:
        return None
    late = spelled((history.now_t - row["close_t"]) / DAY, "days")
    return "closes on a day that has passed", f"{late} ago, still open"


def _pushed(row: Row, _: History) -> tuple[str, str] | None:
    if row["pushes"] < 2 and row["pushed_days"] <= 30:
        return None
    return "a close date to come", f"moved later {row['pushes']} times, {row['pushed_days']} d in all"


def _quiet(row: Row, history: History) -> tuple[str, str] | None:
    key = ("gap", row["segment"], "")
    limit = max(history.mark(key, 14 * DAY, "").limit, history.business(10))
    last = row["talk_t"] or row["first_t"]
    if history.now_t - last < limit:
        return None
    seen = "no talk was captured" if row["talk_t"] is None else "no talk"
    return f"stage {row['stage'] or 'open'}", f"{seen} for {spelled(history.now_t - last, 'time')}"


def _dark(row: Row, _: History) -> tuple[str, str] | None:
    if row["dark_t"] is None:
        return None
    return f"moved on to {row['stage'] or 'the next stage'}", "no contact captured in the 14 d before"


def _ownerless(row: Row, _: History) -> tuple[str, str] | None:
    return None if row["owner"] or row["actor"] else ("no owner", "nobody of ours has acted either")


def _strangers(row: Row, _: History) -> tuple[str, str] | None:
    """People who talk but are not linked in the record, or linked people none of whom ever talked."""
    linked, talking = row["linked"], row["people_ever"] or 0
    if not linked and talking:
        return "no contact", f"{talking} of the customer's people {'talks' if talking == 1 else 'talk'} with us"
    if linked and row["talk_t"] is not None and not talking:
        return f"{linked} contact{'s' * (linked > 1)}", "none of the customer's people has written or called"
    return None


def _slipped(row: Row, history: History) -> tuple[str, str] | None:
    if row["missed_t"] is None:
        return None
    return "a step planned", f"let slip {spelled(history.now_t - row['missed_t'], 'time')} ago"


CHECKS: Final[Sequence[Check]] = (
    Check("stage", "Stage without talk", _quiet),
    Check("dark", "Dark progress", _dark, is_review=True),
    Check("past", "Close date passed", _past),
    Check("pushed", "Close date pushed", _pushed),
    Check("contacts", "Contacts do not match", _strangers),
    Check("step", "Planned step let slip", _slipped),
    Check("owner", "No owner", _ownerless),
)


def records(read: Read, filters: Filters, now_t: int) -> Records:
    """All open deals against what was captured; at most a minute old."""
    name = source.remembered(filters)
    old = kept(read, "record", name, LASTS_US, now_t)
    if old is not None:
        known: Records = old[1]
        return known
    found = _records(read, filters, now_t)
    keep(read, "record", name, now_t, found)
    return found


def _records(read: Read, filters: Filters, now_t: int) -> Records:
    history = source.known(read, source.ended(read, now_t), now_t)
    found = source.deals(read, filters, now_t)
    deals = [row for row in found.rows if not row["is_won"]]
    linked = _linked(read, [row["obj"] for row in deals])
    gaps: dict[int, list[Gap]] = {}
    by_check: dict[str, tuple[int, float]] = {check.id: (0, 0.0) for check in CHECKS}
    for row in deals:
        gaps[row["obj"]] = _gaps({**row, "linked": linked.get(row["obj"], 0)}, history)
        for gap in gaps[row["obj"]]:
            n, value = by_check[gap.check.id]
            by_check[gap.check.id] = (n + 1, value + (row["amount"] or 0))
    current = [row for row in deals if not gaps[row["obj"]]]
    return Records(
        made_t=now_t,
        rows=_rows(read, [row for row in deals if gaps[row["obj"]]], gaps),
        deals=len(deals),
        current=len(current),
        value=_value(deals),
        current_value=_value(current),
        valueless=sum(not row["amount"] for row in deals),
        left_out=found.left_out,
        by_check=by_check,
    )


def _value(rows: Sequence[Row]) -> float:
    return sum(row["amount"] or 0 for row in rows)


def _gaps(row: Row, history: History) -> list[Gap]:
    told = [(check, check.told(row, history)) for check in CHECKS]
    return [Gap(check, *said) for check, said in told if said is not None]


def _linked(read: Read, objs: Sequence[int]) -> dict[int, int]:
    """How many contacts the record links to each deal."""
    if not objs:
        return {}
    return {row["obj"]: row["n"] for row in ask(read, "risk_contacts", {"ids": objs})}


def _rows(read: Read, deals: Sequence[Row], gaps: Mapping[int, Sequence[Gap]]) -> list[DealRow]:
    labels = describe(read, [row["obj"] for row in deals])
    owners = people(read, [label.owner for label in labels.values()])
    found = []
    for row in sorted(deals, key=lambda row: (-(row["amount"] or 0), -len(gaps[row["obj"]]), row["obj"])):
        label = labels.get(row["obj"])
        if label is not None:
            owner = owners.get(label.owner)
            found.append(DealRow(label, row["amount"], row["stage"], row["close_t"], owner.name if owner else "",
                                 row["talk_t"], gaps[row["obj"]]))
    return found


def chosen(found: Records, filters: Filters) -> list[DealRow]:
    """The contradicted deals, of one check where the filters name one, by value or by close date."""
    rows = [row for row in found.rows if filters.rule not in {check.id for check in CHECKS}
            or any(gap.check.id == filters.rule for gap in row.gaps)]
    if filters.sort == "left":
        rows.sort(key=lambda row: (row.close_t is None, row.close_t or 0, row.label.obj))
    return rows
