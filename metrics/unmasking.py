"""Requests to name the people of a case, as officers see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.unmask import WAITS_US
from metrics._contract import Metric, Read
from metrics._labels import Label, describe

METRIC = Metric(
    "unmasking",
    "Names in a case",
    "Names show in one case while it is escalated: an officer asked with a reason and another officer agreed, for "
    "seven days. Every request, consent and look is in the audit trail. A request lapses after seven days.",
    "Who recognises a person from the case itself.",
)
_OPEN = """SELECT * FROM unmasking WHERE agreed_t IS NULL AND until_t IS NULL AND asked_t > $since_t
           ORDER BY asked_t LIMIT 20"""
_LAST = "SELECT * FROM unmasking WHERE obj = $obj ORDER BY n DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `until_t`: when names cease to show, or when it was withdrawn or declined."""

    number: int
    obj: int
    asked_t: int
    asked_by: str
    reason: str
    agreed_t: int | None
    agreed_by: str
    until_t: int | None

    def is_open(self, now_t: int) -> bool:
        """It waits for the second officer."""
        return self.agreed_t is None and self.until_t is None and self.asked_t > now_t - WAITS_US

    def is_in_force(self, now_t: int) -> bool:
        """Names show."""
        return self.agreed_t is not None and (self.until_t or 0) > now_t


def open_requests(read: Read, now_t: int) -> list[tuple[Request, Label]]:
    """Those that wait for a second officer, oldest first, with their case."""
    found = [_request(row) for row in read(_OPEN, {"since_t": now_t - WAITS_US})]
    names = describe(read, [one.obj for one in found])
    return [(one, names[one.obj]) for one in found if one.obj in names]


def of_case(read: Read, obj: int) -> Request | None:
    """The latest request about a case, whatever became of it."""
    rows = read(_LAST, {"obj": obj})
    return _request(rows[0]) if rows else None


def _request(row: Mapping[str, Any]) -> Request:
    told = {name: row[name] for name in ("obj", "asked_t", "asked_by", "reason", "agreed_t", "until_t")}
    return Request(number=row["n"], agreed_by=row["agreed_by"] or "", **told)
