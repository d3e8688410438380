"""A front office to try Frontview with: a made-up firm seen through five systems, past and live, faults included.

The history ends at the anchor; from there on records go on falling due at the pace of a busy desk, for ever. The
same settings always give the same records. What happens and why stands in `_demo_sales` and `_demo_service`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event as Flag
from time import monotonic
from typing import Any, Final

from connectors._contract import Connector, Opening, Setting
from connectors._demo_people import OWN_DOMAIN, PEOPLE
from connectors._demo_records import directory, to_page
from connectors._demo_world import LAG, NEVER_TOLD, PACE, World, WorldSettings, shared_world
from data.errors import FixSettings
from data.page import Cursor, Page
from data.vocabulary import ACTIVITIES

__all__ = ["CONNECTOR", "OWN_DOMAIN", "PEOPLE", "SYSTEMS"]

SYSTEMS: Final = tuple(LAG)
_PAGE: Final = 5_000
_STEP_SECONDS: Final = 0.25


class Demo:
    """One of the firm's systems, read like any other: pages from a cursor, and a wait for what comes next."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._closed = Flag()
        self._world: World | None = None
        self._position = 0

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        """The history in pages of 5,000 records, then whatever has fallen due up to now."""
        system, asked = _parsed(self._opening.settings)
        self._position = _position(cursor, asked)
        world = self._world = self._world or shared_world(asked)
        while not self._closed.is_set():
            now = _minute(self._opening.now(), asked)
            found = world.due(system, self._position, now, _PAGE)
            if found is None:
                # Somebody starts again from the beginning, which this world no longer remembers.
                world = self._world = shared_world(asked, instead_of=world)
                continue
            batch, left = found
            resume = {"position": self._position + len(batch), "world": asked.name}
            page = to_page(batch, asked.anchor, resume)
            known_until = batch[-1].due if left else now
            page = replace(page, watermark=asked.at(known_until - LAG[system][1]), behind=left)
            if self._position == 0 and system == "crm":
                page = replace(page, changes=[*directory(world.directory, asked.at(world.start)), *page.changes])
            self._position += len(batch)
            yield page
            if not left:
                # The caller asked for more, so all of it is stored: the memory can go.
                world.forget(system, self._position)
                return

    def wait(self, seconds: float) -> bool:
        """True as soon as the next record falls due."""
        system, asked = _parsed(self._opening.settings)
        self._world = self._world or shared_world(asked)
        ends = monotonic() + seconds
        due = self._world.next_due(system, self._position, _minute(self._opening.now(), asked))
        while not self._closed.is_set():
            if _minute(self._opening.now(), asked) >= due:
                return True
            left = ends - monotonic()
            if left <= 0:
                return False
            self._closed.wait(min(_STEP_SECONDS, left))
        return False

    def check(self) -> Sequence[str]:
        """What is wrong with the settings."""
        try:
            _parsed(self._opening.settings)
        except FixSettings as error:
            return [str(error)]
        return []

    def close(self) -> None:
        """Ends a wait, and a pull after its page."""
        self._closed.set()


def _position(cursor: Cursor, asked: WorldSettings) -> int:
    told = cursor.get("world", asked.name)
    if told != asked.name:
        # Other settings number other records: the same number would be taken for the same event.
        raise FixSettings(f"this database holds the demo {told} (seed/days/anchor/pace), the settings now say "
                          f"{asked.name}; set them back or begin with a new database")
    return int(cursor.get("position", 0))


def _minute(now: datetime, asked: WorldSettings) -> float:
    return (now - asked.anchor) / timedelta(minutes=1)


def _parsed(settings: Mapping[str, Any]) -> tuple[str, WorldSettings]:
    """The system to play and the world it belongs to; FixSettings names the setting that cannot be used."""
    system = settings.get("system", "")
    if system not in LAG:
        raise FixSettings(f"demo.system is {system!r}; choose one of {', '.join(SYSTEMS)}")
    raw = settings.get("anchor", "")
    try:
        anchor = raw if isinstance(raw, datetime) else datetime.fromisoformat(raw)
    except (TypeError, ValueError) as error:
        raise FixSettings(f"demo.anchor is {raw!r}; write a moment such as 2026-05-04T09:00:00+00:00") from error
    if anchor.tzinfo is None:
        raise FixSettings(f"demo.anchor {raw!s} has no time zone; add one, such as +00:00")
    numbers: dict[str, float] = {}
    for name, lowest, highest, default in (("seed", 0, 2**31, 7), ("days", 1, 730, 90), ("pace", 0.1, 600, PACE)):
        value = settings.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
            raise FixSettings(f"demo.{name} is {value!r}; give a number from {lowest} to {highest}")
        numbers[name] = value
    return system, WorldSettings(int(numbers["seed"]), int(numbers["days"]), anchor.astimezone(UTC),
                                 float(numbers["pace"]))


CONNECTOR = Connector(
    id="demo",
    title="Demo front office",
    shape="pull",
    activities=[name for name in ACTIVITIES if name not in NEVER_TOLD],
    settings=[
        Setting("system", "which of the firm's systems to be: crm, mail, phone, social or desk", required=True),
        Setting("anchor", "the moment (ISO 8601, with its zone) at which history ends and the live part begins",
                required=True),
        Setting("seed", "another number gives another firm", 7),
        Setting("days", "length of the history", 90),
        Setting("pace", "live events a minute in busy hours, over all five systems", PACE),
    ],
    blind="That system's share of the made-up firm is missing; none of it ever tells of a real person or deal.",
    open=Demo,
    every_seconds=15.0,
)
