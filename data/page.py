"""What one look at a source brought: facts, what had to be set aside, and where to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data.batch import Frames
from data.event import Aside, Change, Event, Link, Retraction

Cursor = Mapping[str, Any]
"""Where to resume, as JSON: {} at the very start. It is stored in the transaction of the page it came with."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one look at the source brought, and the cursor that resumes after it.

    `watermark`: every record that occurred up to this moment is known to be here (None: not known).
    `behind`: how many records are known to wait still (None: unknown). `frames`: the same kind of facts in
    columns, for bulk sources; `events` and `frames` may both be filled.
    """

    cursor: Cursor
    events: Sequence[Event] = ()
    changes: Sequence[Change] = ()
    links: Sequence[Link] = ()
    retractions: Sequence[Retraction] = ()
    aside: Sequence[Aside] = ()
    frames: Frames | None = None
    watermark: datetime | None = None
    behind: int | None = None
