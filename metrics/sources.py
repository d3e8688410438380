"""Is the picture complete: every source's state, freshness, pace, and what was set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from metrics._contract import HOUR, Metric, Read, ask

METRIC = Metric(
    "sources",
    "Sources",
    "State as each collector reports it; fresh as of its watermark, up to which all is known.",
    "A source that answers but leaves records out; it looks healthy from here.",
)

# What came in the last hour is told by the minute, so that it is counted once for everybody who looks.
MINUTE: Final = HOUR // 60
LATE_US: Final = HOUR // 4
Health = Literal["ok", "late", "blind"]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source. `health`: ok, late (its picture lags) or blind (nothing comes in)."""

    id: str
    connector: str
    title: str
    blind: str
    state: str
    message: str
    next_t: int | None
    seen_t: int | None
    watermark_t: int | None
    behind: int | None
    n_new: int
    n_again: int
    n_aside: int
    n_hour: int

    def health(self, now_t: int) -> Health:
        """Whether its part of the picture can be trusted now."""
        if self.state in {"failed", "off"} or self.seen_t is None:
            return "blind"
        if self.state != "live" or now_t - (self.watermark_t or self.seen_t) > LATE_US:
            return "late"
        return "ok"


@dataclass(frozen=True, slots=True)
class AsideRow:
    """Records of one source that were set aside for one reason."""

    source: str
    reason: str
    n: int
    last_t: int


@dataclass(frozen=True, slots=True)
class HealthRow:
    """What the health check tells of a source."""

    id: str
    state: str
    watermark_t: int | None


def sources(read: Read, now_t: int) -> list[SourceRow]:
    """Every source by id."""
    return [
        SourceRow(
            r["id"],
            r["connector"],
            r["title"],
            r["blind"],
            r["state"],
            r["message"],
            r["next_t"],
            r["seen_t"],
            r["watermark_t"],
            r["behind"],
            r["n_new"],
            r["n_again"],
            r["n_aside"],
            int(r["n_hour"]),
        )
        for r in ask(read, "sources", {"hour_t": now_t // MINUTE * MINUTE - HOUR})
    ]


def asides(read: Read) -> list[AsideRow]:
    """What was set aside, most frequent reasons first."""
    return [AsideRow(r["source"], r["reason"], r["n"], r["last_t"]) for r in ask(read, "asides", {})]


def fresh_t(rows: Sequence[SourceRow]) -> int | None:
    """Up to when the whole picture is known: the least watermark of all sources that tell one."""
    known = [row.watermark_t for row in rows if row.watermark_t is not None]
    return min(known, default=None)


def health(read: Read) -> tuple[int, list[HealthRow]]:
    """Number of events, and each source's state."""
    events = read("SELECT count(*) AS n FROM event", {})[0]["n"]
    rows = read("SELECT id, state, watermark_t FROM source ORDER BY id", {})
    return events, [HealthRow(r["id"], r["state"], r["watermark_t"]) for r in rows]
