"""Do alerts arrive: for each channel when something was sent last, what waits, and what failed and why."""

from __future__ import annotations

from dataclasses import dataclass

from metrics._contract import DAY, Metric, Read, ask

METRIC = Metric(
    "alerts",
    "Alerts",
    "Messages to each channel that ever had one. Waiting: written down and not yet sent. Failed: given up after 24 "
    "hours without success, within the last 30 days; their breaches stay on the pages.",
    "Whether anybody read a message; and a channel that has not had news yet. A message may arrive twice.",
)

_DAYS = 30


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """How one channel stands. Moments in microseconds; `trouble` is that of the latest message that has one and is
    not older than the last that arrived without; `arrived_in_part`: that one reached some of its recipients."""

    channel: str
    sent_t: int | None
    sent: int
    waiting: int
    waiting_t: int | None
    next_t: int | None
    failed: int
    trouble: str
    arrived_in_part: bool

    @property
    def ok(self) -> bool:
        """Nothing waits after a failed attempt, and nothing was given up since the last success."""
        return not self.trouble


def alerts(read: Read, now_t: int) -> list[ChannelRow]:
    """Every channel by name. NotAllowed for readers who do not look after alerts."""
    rows = ask(read, "alerts", {"since_t": now_t - _DAYS * DAY})
    return [ChannelRow(r["channel"], r["sent_t"], r["sent"], r["waiting"], r["waiting_t"], r["next_t"], r["failed"],
                       r["trouble"] or "", r["in_part"] or False) for r in rows]
