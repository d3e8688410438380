"""What a metric is: a figure with a name, the way it is computed, and what it cannot see."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from data.errors import SkipRecord
from data.event import micros
from data.scope import Role, Scope
from data.store import Store

News = Callable[[int], tuple[int, frozenset[int] | None]]
"""See `data.store.Store.news`."""


@dataclass(frozen=True, slots=True)
class Read:
    """`Store.read` bound to one viewer's scope: called with a SELECT and its named parameters it returns rows."""

    run: Callable[[str, Mapping[str, Any], Scope], list[dict[str, Any]]]
    scope: Scope
    memo: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    news: News | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, store: Store, scope: Scope) -> Read:
        """A reader who remembers names until a commit changes them; without `news` that is a matter of time."""
        return cls(store.read, scope, news=store.news)

    @property
    def is_narrow(self) -> bool:
        """Whether objects may be out of scope now and in it later."""
        return self.scope.role is Role.REP or self.scope.teams is not None

    def __call__(self, sql: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        return self.run(sql, params, self.scope)


SECOND: Final = 1_000_000
"""Moments and spans in the store are whole microseconds."""
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR

WINDOWS: Final[dict[str, int]] = {"15m": HOUR // 4, "1h": HOUR, "8h": 8 * HOUR, "24h": DAY}
SPANS: Final[dict[str, int]] = {"1d": 1, "7d": 7, "30d": 30, "90d": 90, "all": 40_000}


@dataclass(frozen=True, slots=True)
class Metric:
    """How a figure is shown, computed and limited. `METRIC` in each public module of this folder."""

    id: str
    title: str
    formula: str
    blind: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What the viewer looks at. Empty words mean everything; hashable, so equal views are computed once."""

    team: str = ""
    channel: str = ""
    window: str = "1h"
    otype: str = ""
    span: str = "7d"
    detail: int = 3
    measure: str = "n"
    rule: str = ""
    severity: str = ""
    sort: str = ""
    group: str = ""
    asof_t: int = 0
    queue: str = ""
    pick: str = ""
    versus: str = ""
    tab: str = ""

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Filters:
        """The filters of an address; what is not understood falls back to the default."""
        team, channel, otype = (query.get(key, "")[:120] for key in ("team", "channel", "otype"))
        found = cls(team, channel, otype=otype)
        if query.get("window") in WINDOWS:
            found = replace(found, window=query["window"])
        if query.get("span") in SPANS:
            found = replace(found, span=query["span"])
        if query.get("detail") in {"1", "2", "3", "4", "5"}:
            found = replace(found, detail=int(query["detail"]))
        if query.get("measure") in {"n", "time"}:
            found = replace(found, measure=query["measure"])
        if query.get("queue") in {"breach", "review", "sample", "closed"}:
            found = replace(found, queue=query["queue"])
        rule, severity, sort, group = (query.get(key, "")[:80] for key in ("rule", "severity", "sort", "group"))
        found = replace(found, rule=rule, severity=severity, sort=sort, group=group)
        tab, versus, pick = (query.get(key, "")[:1000] for key in ("tab", "versus", "pick"))
        found = replace(found, tab=tab, versus=versus, pick=pick)
        return replace(found, asof_t=past(query.get("asof", "")))

    @property
    def window_us(self) -> int:
        """Length of the window in microseconds."""
        return WINDOWS[self.window]

    def first_day(self, now_t: int) -> int:
        """The first day (days since 1970 UTC) of the span that ends now."""
        return now_t // DAY - SPANS[self.span] + 1


def past(text: str) -> int:
    """The moment (microseconds since 1970 UTC) that an address asks about, 0 for now or what is no moment."""
    try:
        at = datetime.fromisoformat(text)
        return micros(at if at.tzinfo else at.replace(tzinfo=UTC))
    except (ValueError, SkipRecord):
        return 0


@cache
def statement(name: str) -> tuple[str, tuple[str, ...]]:
    """The text of metrics/sql/<name>.sql and the names of its parameters."""
    text = (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    # A scope's own CTEs are put in front, so the statement must begin with its first word.
    text = re.sub(r"\A(\s*--[^\n]*\n)+", "", text)
    names = set(re.findall(r"\$([a-z_]+)", text))
    # What is read of a few objects only takes their numbers along without naming them.
    return text, tuple(sorted(names | {"objs"} if re.search(r"\bfew_[a-z]", text) else names))


def ask(read: Read, name: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of metrics/sql/<name>.sql; `params` may hold more than the statement names."""
    text, names = statement(name)
    return read(text, {key: params[key] for key in names})
