"""Which customers wait for us, over all channels: from the oldest question that nobody answered anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from metrics._contract import Filters, Metric, Read, ask
from metrics._labels import Label, describe
from metrics._lines import once
from metrics._words import code, codes, people, words
from metrics.case import CaseRow

METRIC = Metric(
    "turns",
    "Where customers wait",
    "One row for each customer with a message that has had no answer, counted from the oldest one. It ends "
    "with the first answer of a person in the case, with one to the same customer in any other case or "
    "channel, or with the end of the case. Handing a case on does not start the customer's clock again; the "
    "team's own clock does start then. The promise is the earliest pending deadline of a rule that these "
    "messages activated. Who last wrote over thirty days ago is counted apart.",
    "Answers given where no connected system sees them, and the same person under another name in another "
    "channel.",
)

ON_A_PAGE: Final = 12


@dataclass(frozen=True, slots=True)
class Turn:
    """One customer who waits. `asked` messages in `channels` channels; `due_t` and `promise` of the earliest deadline;
    `hops` hand-offs since the first message, the last at `team_t`. `owner` is shown so that somebody can act."""

    case: Label
    customer: str
    whose: int
    since_t: int
    asked: int
    channel: str
    channels: int
    team: str
    owner: str
    due_t: int | None
    promise: str
    hops: int
    team_t: int | None


@dataclass(frozen=True, slots=True)
class Turns:
    """The longest waits, how many in all, their median in microseconds, and how many went silent."""

    rows: Sequence[Turn]
    total: int
    oldest_t: int | None
    median_us: float | None
    silent: int


def turns(read: Read, filters: Filters, now_t: int, *, limit: int = ON_A_PAGE) -> Turns:
    """Who waits, longest first."""
    params = {**codes(read, filters), "now_t": now_t, "limit": limit}
    (found,) = once(read, now_t, "turns_open", params)
    top: list[dict[str, Any]] = found["top"] or []
    if not top:
        return Turns([], 0, None, None, found["silent"])
    objs = sorted({row["oldest"]["obj"] for row in top})
    names = describe(read, [*objs, *(row["who"] for row in top if row["who"] > 0)])
    due = _promised(read, top)
    passed = _passed(read, objs, top[0]["t"])
    owners = people(read, [row["oldest"]["actor"] for row in top])
    said = {kind: words(read, kind) for kind in ("channel", "team")}
    rows = [_turn(row, names, said, owners) for row in top if row["oldest"]["obj"] in names]
    told = [_with(row, due, passed) for row in rows]
    return Turns(told, found["total"], top[0]["t"], found["median_us"], found["silent"])


def _turn(row: dict[str, Any], names: dict[int, Label], said: dict[str, dict[int, str]], owners: Any) -> dict[str, Any]:
    first, case = row["oldest"], names[row["oldest"]["obj"]]
    whose = names.get(row["who"])
    owner = owners.get(first["actor"])
    return {
        "case": case,
        "customer": _called(case, whose),
        "whose": row["who"] if row["who"] > 0 else case.obj,
        "since_t": first["t"],
        "asked": row["n"],
        "channel": said["channel"].get(first["channel"], ""),
        "channels": row["channels"],
        "team": said["team"].get(first["team"], ""),
        "owner": owner.name if owner else "",
        "objs": row["objs"],
    }


def _called(case: Label, whose: Label | None) -> str:
    if whose is None:
        return case.customer or case.name or case.id
    person = whose.name or whose.id
    return f"{person}, {whose.customer}" if whose.customer else person


def _with(row: dict[str, Any], due: dict[int, tuple[int, str]], passed: dict[int, tuple[int, int]]) -> Turn:
    promises = [due[obj] for obj in row.pop("objs") if obj in due]
    due_t, promise = min(promises) if promises else (None, "")
    hops, team_t = passed.get(row["case"].obj, (0, None))
    late = team_t if team_t and team_t > row["since_t"] else None
    return Turn(**row, due_t=due_t, promise=promise, hops=hops if late else 0, team_t=late)


def _promised(read: Read, top: Sequence[dict[str, Any]]) -> dict[int, tuple[int, str]]:
    params = {
        "objs": sorted({obj for row in top for obj in row["objs"]}),
        "seqs": sorted({seq for row in top for seq in row["seqs"]}),
    }
    titles = {r["code"]: r["title"] for r in read("SELECT code, title FROM rule", {})}
    return {r["obj"]: (r["due_t"], titles.get(r["rule"], "")) for r in ask(read, "turns_promised", params)}


def _passed(read: Read, objs: Sequence[int], since_t: int) -> dict[int, tuple[int, int]]:
    params = {"objs": list(objs), "since_t": since_t, "transfer": code(read, "activity", "transfer")}
    return {r["obj"]: (r["n"], r["t"]) for r in ask(read, "turns_passed", params)}


def silent(read: Read, filters: Filters, now_t: int) -> list[CaseRow]:
    """The cases of customers who asked long ago, were not answered and did not ask again."""
    rows = ask(read, "turns_silent", {**codes(read, filters), "now_t": now_t})
    names = describe(read, [row["obj"] for row in rows])
    return [CaseRow(names[r["obj"]], r["t"], "never answered") for r in rows if r["obj"] in names]
