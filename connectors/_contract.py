"""What a connector is: a description that everybody can read, and a source that yields pages of facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from data.page import Cursor, Page

__all__ = ["Connector", "Cursor", "Opening", "Page", "Setting", "Source"]


class Source(Protocol):
    """One configured source. Methods raise the families of data.errors and nothing else on purpose."""

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        """Pages from the cursor until nothing more is there now. Each page's cursor resumes after that page.

        The caller stores a page before it asks for the next. Raises RetryLater, FixSettings, or CursorExpired
        (the caller starts again from {}).
        """

    def wait(self, seconds: float) -> bool:
        """Block until the source says 'look now' (True) or the time is over (False). A source that cannot be
        told simply sleeps in small steps until `close` is called."""

    def check(self) -> Sequence[str]:
        """What would keep this source from working, each with its remedy; empty when all is well."""

    def close(self) -> None:
        """Let go of connections; `wait` returns soon after. Safe to call twice and from another thread."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key under `[sources.<id>]` in frontview.toml. `secret` ones may be given as `env:NAME` or `file:PATH`."""

    name: str
    help: str
    default: Any = None
    required: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """What a source is opened with: its id (`[sources.<id>]`), its settings with defaults filled in and secrets
    resolved, the firm's own e-mail domains (they tell inside from outside), who is in which team
    (actor -> team), and the clock."""

    source: str
    settings: Mapping[str, Any]
    own_domains: frozenset[str] = frozenset()
    teams: Mapping[str, str] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Connector:
    """A kind of source system.

    `blind`: one sentence on what the picture lacks while such a source is down, and what it never tells.
    `every_seconds`: how often to look when nobody calls. `activities`: what it can bring.
    """

    id: str
    title: str
    shape: Literal["pull", "push", "file"]
    activities: Sequence[str]
    settings: Sequence[Setting]
    blind: str
    open: Callable[[Opening], Source]
    every_seconds: float = 60.0
