"""Leaves out what must never be collected: everything that concerns an address or domain in `[privacy] exclude`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from data.batch import Frames
from data.page import Page


def excluding(entries: Sequence[str]) -> Callable[[Page], Page]:
    """A function that gives a page without the events, changes and links of these people.

    An entry with an @ is one address; another is a domain and stands for its subdomains too. An event is left out
    whole when any of its objects or its actor is meant: half of a conversation would still tell of it.
    """
    if not entries:
        return lambda page: page
    words = [re.escape(entry.lower()) if "@" in entry else rf"(?:.*[@.])?{re.escape(entry.lower())}"
             for entry in entries]
    pattern = f"(?i)^(?:{'|'.join(words)})$"
    meant = re.compile(pattern).match

    def cleaned(page: Page) -> Page:
        out = {e.source_id for e in page.events if meant(e.actor) or any(meant(ref.id) for ref in e.objects)}
        return replace(
            page,
            # A signal names fewer people than its message (`<id of the message>#<signal>`), and goes with it.
            events=[e for e in page.events if e.source_id not in out and e.source_id.rpartition("#")[0] not in out],
            changes=[change for change in page.changes if not meant(change.object.id)],
            links=[link for link in page.links if not meant(link.a.id) and not meant(link.b.id)],
            frames=_cleaned(page.frames, pattern) if page.frames is not None else None)

    return cleaned


def _cleaned(frames: Frames, pattern: str) -> Frames:
    def meant(column: str) -> pl.Expr:
        return pl.col(column).str.contains(pattern)

    out = pl.concat([frames.relations.filter(meant("id"))["source_id"],
                     frames.events.filter(meant("actor"))["source_id"]]).unique()
    stays = ~pl.col("source_id").is_in(out.implode())
    return Frames(frames.events.filter(stays), frames.relations.filter(stays), frames.changes.filter(~meant("id")),
                  frames.links.filter(~meant("a_id") & ~meant("b_id")))
