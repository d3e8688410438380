"""What a page is: parts that load figures and render them, a layout with skeletons, the cases behind a figure."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dash.development.base_component import Component

from data.errors import FrontviewError
from data.scope import Role
from layouts import _cards
from metrics._contract import Filters, Read

log = logging.getLogger(__name__)

Properties = dict[str, dict[str, Any]]
"""Component id -> property -> value: what the stream sends and the browser sets."""

Load = Callable[[Read, Filters, int], Any]
"""(read, filters, now in microseconds) -> data; pure but for the read."""


@dataclass(frozen=True, slots=True)
class Part:
    """One card of a page. An error stays in it: `home` is the id of the element that then shows it."""

    home: str
    load: Load
    render: Callable[[Any], Properties]


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases behind one figure: what they are, and rows of metrics.case.CaseRow."""

    title: str
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class View:
    """A page. `filters` names the controls of the header it listens to; `evidence` opens a figure's cases."""

    id: str
    title: str
    path: str
    icon: str
    roles: frozenset[Role]
    parts: Sequence[Part]
    layout: Callable[[], Sequence[Component]]
    order: int = 50
    filters: Sequence[str] = ()
    evidence: Mapping[str, Callable[[Read, Filters, int, str], Cases]] = field(default_factory=dict)

    def properties(self, read: Read, filters: Filters, now_t: int, also: Sequence[Part] = ()) -> Properties:
        """Everything the page shows now: the one code path of first load, filter change and live update."""
        found: Properties = {}
        for part in (*also, *self.parts):
            # One of the two places that catch broadly: a card that fails must not take the others along.
            try:
                found.update(part.render(part.load(read, filters, now_t)))
            except FrontviewError as error:
                found[part.home] = {"children": _cards.trouble(str(error))}
            except Exception:
                log.exception("card failed view=%s card=%s", self.id, part.home)
                found[part.home] = {
                    "children": _cards.trouble("This card could not be computed; the log says why.")
                }
        return found
