"""Reads what indicators look at: open deals and cases as rows, and what the past of won deals says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from metrics._contract import DAY, HOUR, Filters, Read, ask
from metrics._risk_cases import Queue, promises
from metrics._risk_kit import History, Row, ask_few, keep, kept, open_days, within
from metrics._risk_odds import Course
from metrics._words import code, codes, words

DEAL: Final = "opportunity"
CASE_TYPES: Final = ("ticket", "case", "conversation")
_DEALS_US: Final = 180 * DAY
_CASES_US: Final = 30 * DAY
"""Deals and cases that nobody has touched for so long are over without anybody having said so."""
_MOST: Final = 5_000
_MOST_ENDED: Final = 1_500
_WON_LATELY_US: Final = 14 * DAY
_REMEMBER_US: Final = HOUR
_ATTRIBUTES: Final = ("stage", "amount", "close_date", "owner", "segment")


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of open items, and how many more there are that were not looked at."""

    rows: list[dict[str, Any]]
    left_out: int


def known(read: Read, ended: Sequence[Course], now_t: int) -> History:
    """What won deals say; read once an hour."""
    old = kept(read, "risk-history", (), _REMEMBER_US, now_t)
    if old is None:
        rows: Sequence[Row] = ()
        if ended:
            params = {"objs": [c.obj for c in ended], "since_t": min(c.first_t for c in ended)}
            rows = ask_few(read, "risk_history", params)
        told = {(row["what"], row["segment"], row["stage"]): (row["n"], float(row["q"] or 0)) for row in rows}
        keep(read, "risk-history", (), now_t, told)
    else:
        told = old[1]
    return History(told, open_days(read, now_t), now_t)


def ended(read: Read, now_t: int) -> list[Course]:
    """The deals that ended latest; read once an hour."""
    old = kept(read, "risk-ended", (), _REMEMBER_US, now_t)
    if old is not None:
        found: list[Course] = old[1]
        return found
    params = {"otypes": [code(read, "object_type", DEAL)], "now_t": now_t, "limit": _MOST_ENDED}
    rows = ask(read, "risk_ended", params)
    said = values(read, [row["obj"] for row in rows])
    found = [
        Course(row["obj"], row["first_t"], row["closed_t"], said.get(row["obj"], {}).get("segment", "")) for row in rows
    ]
    keep(read, "risk-ended", (), now_t, found)
    return found


def values(read: Read, objs: Sequence[int]) -> dict[int, dict[str, str]]:
    """What the record says of a few objects: object -> attribute -> value."""
    if not objs:
        return {}
    wanted = {code(read, "attribute", word): word for word in _ATTRIBUTES}
    found: dict[int, dict[str, str]] = {}
    for row in ask_few(read, "risk_values", {"objs": objs, "attributes": [c for c in wanted if c > 0]}):
        found.setdefault(row["obj"], {})[wanted[row["attribute"]]] = row["value"] or ""
    return found


def _open(read: Read, filters: Filters, now_t: int, which: tuple[Sequence[str], int]) -> Found:
    types, reach = which
    otypes = [number for number in (code(read, "object_type", word) for word in types) if number > 0]
    if not otypes:
        return Found([], 0)
    params = {**codes(read, filters), "otypes": otypes, "since_t": now_t - reach, "now_t": now_t, "limit": _MOST,
              "talk": code(read, "object_type", "conversation")}
    rows = ask(read, "risk_open", params)
    return Found(rows, rows[0]["total"] - len(rows) if rows else 0)


def deals(read: Read, filters: Filters, now_t: int) -> Found:
    """Open deals with everything that was told of them; and those won in the last 14 days, marked `is_won`."""
    found = _open(read, filters, now_t, ((DEAL,), _DEALS_US))
    rows = [{**row, "is_won": False} for row in found.rows] + _won(read, filters, now_t)
    if not rows:
        return found
    objs = [row["obj"] for row in rows]
    said = values(read, objs)
    params = {"objs": objs, "ids": objs, "parties": [row["party"] for row in rows], "now_t": now_t,
              "since_t": min(row["first_t"] for row in rows)}
    told = {row["obj"]: row for row in ask_few(read, "risk_deals", params)}
    # Somebody may take part in what is his without having seen any of it happen.
    rows = [{**row, **told[row["obj"]], **_record(said.get(row["obj"], {}))} for row in rows if row["obj"] in told]
    for row in rows:
        row["stage"] = row["stage"] or row["stage_to"] or ""
        row["suppressed"] = 0
    _suppress(read, [row for row in rows if (row["next_t"] or 0) > now_t], now_t)
    return Found(rows, found.left_out)


def _won(read: Read, filters: Filters, now_t: int) -> list[dict[str, Any]]:
    params = {**codes(read, filters), "otypes": [code(read, "object_type", DEAL)], "now_t": now_t,
              "since_t": now_t - _WON_LATELY_US, "limit": _MOST // 5}
    return [{**row, "is_won": True} for row in ask(read, "risk_won", params)]


def _record(said: Mapping[str, str]) -> dict[str, Any]:
    return {
        "stage": said.get("stage", ""),
        "segment": said.get("segment", ""),
        "owner": said.get("owner", ""),
        "amount": _number(said.get("amount", "")),
        "close_t": _day_end(said.get("close_date", "")),
    }


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _day_end(text: str) -> int | None:
    """The last microsecond of an ISO day, UTC."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000 + DAY - 1


def _suppress(read: Read, rows: Sequence[dict[str, Any]], now_t: int) -> None:
    names = ("optout", "objection", "suppression.added")
    if not rows or not any(code(read, "activity", name) > 0 for name in names):
        return
    hit = {row["obj"]: row["people"] for row in
           ask(read, "risk_suppressed", {"ids": [row["obj"] for row in rows], "now_t": now_t})}
    for row in rows:
        row["suppressed"] = hit.get(row["obj"], 0)


def cases(read: Read, filters: Filters, now_t: int) -> Found:
    """Open cases with how they were handed on and over how many channels the customer came."""
    found = _open(read, filters, now_t, (CASE_TYPES, _CASES_US))
    if not found.rows:
        return found
    objs = [row["obj"] for row in found.rows]
    params = {"objs": objs, "now_t": now_t, "since_t": min(row["first_t"] for row in found.rows)}
    told = {row["obj"]: row for row in ask_few(read, "risk_cases", params)}
    blank = {"channels": None, "transfers": 0, "bare": 0}
    said = values(read, objs)
    rows = [{**row, **told.get(row["obj"], blank), "owner": said.get(row["obj"], {}).get("owner", "")}
            for row in found.rows]
    # A thread about somebody's ticket is taken care of by whoever has the ticket.
    lone = [row["obj"] for row in rows if not row["owner"] and not row["actor"]]
    cared = {row["obj"] for row in ask(read, "risk_cared", {"ids": lone})} if lone else set()
    for row in rows:
        row["actor"] = row["actor"] or int(row["obj"] in cared)
    return Found(rows, found.left_out)


def pending(read: Read, filters: Filters, now_t: int) -> tuple[list[dict[str, Any]], dict[int, dict[str, Any]]]:
    """Promises not yet met or overdue, and what they mean case by case (see `_risk_cases.promises`)."""
    params = {**codes(read, filters), "now_t": now_t, "limit": 2 * _MOST}
    rows = ask(read, "risk_pending", params)
    answers = sorted({row["rule"] for row in rows if row["template"] == "response"})
    queues: dict[tuple[int, int], Queue] = {}
    if answers:
        lately = {"rules": answers, "since_t": now_t - 30 * DAY, "now_t": now_t, "limit": 2 * _MOST}
        found = ask(read, "risk_queue", lately)
        queues = {(row["rule"], row["team"]): Queue.of(row["waited"], row["met"]) for row in found}
    return rows, promises(rows, queues, now_t)


def customers(read: Read, deals_: Sequence[Row], filters: Filters, now_t: int) -> list[dict[str, Any]]:
    """Customers with open deals: how much of the talk is one colleague's, and its volume week by week."""
    whose: dict[int, list[Row]] = {}
    for row in deals_:
        if row["party"] and not row["is_won"]:
            whose.setdefault(row["party"], []).append(row)
    if not whose:
        return []
    found = ask(read, "risk_customers", {"parties": sorted(whose), "now_t": now_t})
    return [
        {
            **row,
            "worth": sum(deal["amount"] or 0 for deal in whose[row["obj"]]),
            "segment": max(whose[row["obj"]], key=lambda deal: deal["amount"] or 0)["segment"],
            "moved_t": max(deal["moved_t"] or 0 for deal in whose[row["obj"]]),
        }
        for row in found if row["obj"] in whose
    ]


def brought(read: Read) -> set[str]:
    """The activities that some source has ever brought."""
    names = words(read, "activity")
    return {names.get(row["activity"], "") for row in read("SELECT DISTINCT activity FROM activity_source", {})}


def remembered(filters: Filters) -> tuple[Any, ...]:
    """What a board is remembered under."""
    return within(filters)
