"""The attributes inside a stretch of XES text as a table, one row per attribute.

Two readers give the same table. The quick one rests on a fact about exported logs: between the quotes stand keys
and values, and all mark-up between two attributes is one of a few dozen different texts. So the text is split at
its quotes in one go, each different gap is understood once, and whole columns follow from that. Wherever a
stretch is written in another way (nested attributes, single quotes, CDATA) a real XML parser reads it.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from xml.parsers import expat

import polars as pl

KINDS = ("string", "date", "int", "float", "boolean", "id")
_KIND = pl.Enum(KINDS)
CASE, EVENT = 1, 2
_STRUCTURE = re.compile(r"<(/?)(trace|event)>")
_GAP = re.compile(
    r"(?P<closed>/>)?\s*(?:<!--[^<>]*-->\s*)*(?P<structure>(?:</?(?:trace|event)>\s*)*)"
    rf"(?:<(?P<kind>{'|'.join(KINDS)}) key=)?"
)
_OPENS = {("", "trace"): (0, CASE), ("", "event"): (CASE, EVENT), ("/", "event"): (EVENT, CASE),
          ("/", "trace"): (CASE, 0)}


@dataclass(frozen=True)
class Tags:
    """`rows`: level (CASE or EVENT), trace and event (both counted from 1 within the stretch), kind, key, value.
    `owners`: the trace of every event."""

    rows: pl.DataFrame
    owners: pl.Series
    traces: int

    @cached_property
    def keys(self) -> list[str]:
        """Every key of the stretch, in order of appearance."""
        return self.rows["key"].unique(maintain_order=True).to_list()


_SCHEMA = pl.Schema([("level", pl.Int8), ("trace", pl.Int32), ("event", pl.Int32), ("kind", _KIND),
                     ("key", pl.String), ("value", pl.String)])
NO_TAGS = Tags(pl.DataFrame(schema=_SCHEMA), pl.Series([], dtype=pl.Int32), 0)


class Malformed(Exception):
    """The stretch is not well-formed XML: what is wrong, and after how many characters."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


class _Step(NamedTuple):
    """What one gap between two attributes does: the level it must start from, the level it leads to (None: the
    same), how many traces and events it opens, and the kind of attribute that follows."""

    enter: int | None
    leave: int | None
    traces: int
    events: int
    kind: str | None
    closed: bool


_STEP_SCHEMA = pl.Schema([("enter", pl.Int8), ("leave", pl.Int8), ("traces", pl.Int32), ("events", pl.Int32),
                          ("kind", _KIND), ("closed", pl.Boolean)])


def read_tags(text: str) -> Tags:
    """All attributes of a stretch that consists of whole traces. Raises Malformed."""
    return _split(text) or _parse(text)


def _step(gap: str) -> _Step | None:
    match = _GAP.fullmatch(gap.rstrip() if not gap.endswith("key=") else gap)
    if not match:
        return None
    enter = leave = None
    opened = {"trace": 0, "event": 0}
    for slash, name in _STRUCTURE.findall(match["structure"]):
        before, after = _OPENS[slash, name]
        if leave is not None and leave != before:
            return None
        enter = before if enter is None else enter
        leave = after
        opened[name] += not slash
    if opened["event"] > 1 or (opened["event"] and leave != EVENT):
        # An event without attributes has no row of its own to be counted by.
        return None
    return _Step(enter, leave, opened["trace"], opened["event"], match["kind"], bool(match["closed"]))


def _split(text: str) -> Tags | None:
    """The quick reading; None when the stretch is not written in the plain way, or not well-formed."""
    parts = pl.Series([text]).str.split('"').explode()
    if len(parts) % 4 != 1 or len(parts) == 1:
        return None
    gaps, keys, equals, values = (parts.gather_every(4, i) for i in range(4))
    distinct = gaps.unique()
    steps = [_step(gap) for gap in distinct]
    known = [step for step in steps if step is not None]
    if len(known) < len(steps) or not (equals == " value=").all():
        return None
    lookup = pl.DataFrame(known, _STEP_SCHEMA, orient="row")
    codes = gaps.cast(pl.Enum(distinct)).to_physical()
    walk = lookup.select("enter", "leave", "traces", "events", "kind")[codes]
    level = walk["leave"].forward_fill()
    if not _is_sound(codes, lookup) or not _is_nested(walk["enter"], level):
        return None
    # The last gap closes the stretch and no attribute follows it.
    table = pl.DataFrame({
        "level": level, "trace": walk["traces"].cum_sum(), "event": walk["events"].cum_sum(), "kind": walk["kind"],
    })
    opened = table["trace"].filter(walk["events"] > 0)
    if "&" in text:
        keys, values = _unescaped(keys), _unescaped(values)
    return Tags(table[:-1].with_columns(key=keys, value=values), opened, int(table["trace"][-1]))


def _is_sound(codes: pl.Series, steps: pl.DataFrame) -> bool:
    """Whether only the first gap closes no attribute and only the last one opens none."""
    begins, ends = (~steps["closed"]).arg_true().to_list(), steps["kind"].is_null().arg_true().to_list()
    once = (codes == codes[0]).sum() == 1 and (codes == codes[-1]).sum() == 1
    return once and begins == [codes[0]] and ends == [codes[-1]]


def _is_nested(enter: pl.Series, level: pl.Series) -> bool:
    """Whether every gap starts from the level that the one before led to, and attributes stand inside a trace."""
    fits = (enter == level.shift(1, fill_value=0)).fill_null(True).all()
    return bool(fits and (level[:-1] > 0).all() and level[-1] == 0)


def _unescaped(texts: pl.Series) -> pl.Series:
    marked = texts.filter(texts.str.contains("&", literal=True)).unique()
    plain = [html.unescape(t) for t in marked]
    return texts.replace(marked, pl.Series(plain, dtype=pl.String)) if len(marked) else texts


class _Reader:
    """Collects attributes while a real parser walks through the stretch."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int, str, str, str]] = []
        self.owners: list[int] = []
        self.traces = 0
        self.level = 0
        self.path: list[str] = []

    def start(self, name: str, given: dict[str, str]) -> None:
        """An element begins."""
        if name == "trace":
            self.traces += 1
            self.level = CASE
        elif name == "event":
            self.owners.append(self.traces)
            self.level = EVENT
        elif self.level:
            self.path.append(given.get("key", ""))
            if "key" in given and "value" in given:
                # An attribute inside another is told from its peers by the path of keys that leads to it.
                key = "/".join(k for k in self.path if k)
                kind = name if name in KINDS else "string"
                self.rows.append((self.level, self.traces, len(self.owners), kind, key, given["value"]))

    def end(self, name: str) -> None:
        """An element ends."""
        if name in {"trace", "event"}:
            self.level -= 1
        elif self.path:
            self.path.pop()


def _parse(text: str) -> Tags:
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    try:
        parser.Parse("<log>", False)
        parser.Parse(text.encode(), False)
        parser.Parse("</log>", True)
    except expat.ExpatError as error:
        before = text.encode()[: max(0, parser.ErrorByteIndex - len("<log>"))]
        raise Malformed(expat.ErrorString(error.code), len(before.decode(errors="ignore"))) from error
    return Tags(pl.DataFrame(reader.rows, _SCHEMA, orient="row"), pl.Series(reader.owners, dtype=pl.Int32),
                reader.traces)
