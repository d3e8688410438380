"""Reads XES logs (IEEE 1849): one object per trace, one event per event, in the order of the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from connectors._eventlog_file import Pieces
from connectors._eventlog_frames import (
    PAGE_EVENTS,
    Batch,
    Reading,
    asides,
    attrs_json,
    events_frame,
    frames,
    reason,
)
from connectors._eventlog_tags import CASE, EVENT, NO_TAGS, Malformed, Tags, read_tags
from connectors._eventlog_time import iso_micros
from data.batch import to_frames
from data.errors import FixSettings
from data.event import Aside

NAME, TIME, WHO, TEAM, IDENTITY = "concept:name", "time:timestamp", "org:resource", "org:group", "identity:id"
_END = b"</trace>"
_FIRST_STRETCH, _SMALLEST, _LARGEST = 6_000_000, 1_000_000, 32_000_000


@dataclass(slots=True)
class _Progress:
    """What is carried from one stretch of the log to the next. `seen`: events so far of each case."""

    seen: dict[str, int]
    traces: int = 0
    events: int = 0


def read_xes(path: Path, reading: Reading, position: int = 0) -> Iterator[Batch]:
    """Pages of the log from the event after `position` on. Where the file is damaged everything before the
    damage comes first; then FixSettings is raised."""
    log = _Stretches(path)
    progress = _Progress({})
    for text in log:
        batch = _stretch(text, reading, progress, log)
        if progress.events > position:
            yield batch
        if log.damage:
            break
    if log.damage:
        raise FixSettings(f"{path.name} {log.damage}. The {progress.events:,} events before that were read; "
                          "have the log exported again to get the rest")


def count_xes(path: Path) -> int:
    """How many events the log has, without reading what is in them."""
    return sum(len(re.findall(r"<event\b", text)) for text in _Stretches(path))


class _Stretches:
    """Cuts a log into texts of whole traces with some 20,000 events each. `damage` says why it ended early."""

    def __init__(self, path: Path) -> None:
        self.pieces = Pieces(path)
        self.damage = ""
        self.size = _FIRST_STRETCH

    def __iter__(self) -> Iterator[str]:
        source = iter(self.pieces)
        rest = bytearray()
        while b"<trace" not in rest and (piece := next(source, None)) is not None:
            rest += piece
        start = rest.find(b"<trace")
        encoding = _encoding(bytes(rest[:1_000]))
        del rest[: max(start, 0)]
        for piece in source:
            rest += piece
            if len(rest) >= self.size and (cut := rest.rfind(_END)) >= 0:
                text = self._text(rest, cut + len(_END), encoding)
                del rest[: cut + len(_END)]
                yield text
        cut = rest.rfind(_END)
        if cut >= 0:
            yield self._text(rest, cut + len(_END), encoding)
        self._judge(bytes(rest[cut + len(_END):]) if cut >= 0 else bytes(rest), empty=start < 0)

    def _text(self, stretch: bytearray, end: int, encoding: str) -> str:
        with memoryview(stretch) as view, view[:end] as part:
            try:
                return str(part, encoding)
            except UnicodeDecodeError as error:
                self.damage = f"is not valid {encoding} ({error.reason})"
                return str(part, encoding, errors="replace")

    def _judge(self, tail: bytes, *, empty: bool) -> None:
        if self.damage:
            return
        if self.pieces.damage:
            self.damage = self.pieces.damage
        elif empty and b"<event" in tail:
            self.damage = "has events outside any trace, which belong to no case"
        elif b"</log>" not in tail and not (empty and b"/>" in tail[-4:]):
            self.damage = "ends before its log does: it is cut off"

    def left(self, events: int) -> int:
        """An estimate of how many events follow, from how far the file has been read."""
        done, total = self.pieces.read_bytes, self.pieces.total_bytes
        return round(events * (total - done) / done) if done else 0

    def learn(self, length: int, events: int) -> None:
        """Choose the next stretch so that it holds some 20,000 events."""
        self.size = min(_LARGEST, max(_SMALLEST, PAGE_EVENTS * length // max(events, 1)))


def _encoding(start: bytes) -> str:
    named = re.search(rb"<\?xml[^>]*encoding=[\"']([\w.-]+)", start)
    return named[1].decode() if named else "utf-8"


def _stretch(text: str, reading: Reading, progress: _Progress, log: _Stretches) -> Batch:
    try:
        tags = read_tags(text)
    except Malformed as error:
        cut = text.rfind("</trace>", 0, error.at)
        good = text[: cut + len("</trace>")] if cut >= 0 else ""
        line = _line_of(log.pieces.path, text[: error.at])
        log.damage = f"is broken at line {line:,} ({error})"
        tags = read_tags(good) if good else NO_TAGS
    log.learn(len(text), len(tags.owners))
    return _batch(tags, reading, progress, log)


def _line_of(path: Path, before: str) -> int:
    """The line of the file on which a stretch goes wrong: its text up to there is looked up in the file."""
    whole = Pieces(path).all()
    mark = before.encode()
    return whole[: max(whole.find(mark), 0) + len(mark)].count(b"\n") + 1


def _batch(tags: Tags, reading: Reading, progress: _Progress, log: _Stretches) -> Batch:
    if not tags.traces:
        return Batch(to_frames(()), (), progress.events, log.left(progress.events))
    cases = _columns(tags, CASE, tags.traces)
    names = _case_names(cases.pop(NAME, None), tags.traces, progress.traces)
    lengths = _lengths(tags)
    rows = _event_rows(tags, names, lengths, reading, progress)
    good = rows.filter(pl.col("reason").is_null())
    changes = _case_changes(cases, good, names, reading)
    bad = asides(rows.filter(pl.col("reason").is_not_null())) if len(good) < len(rows) else []
    empty = [Aside(name, "the case has no events") for name in names.filter(lengths == 0)]
    progress.traces += tags.traces
    progress.events += len(rows)
    relations = good.select("source_id", type=pl.lit(reading.case_type), id="case", qualifier=pl.lit(""))
    return Batch(frames(events_frame(good, reading), relations, changes), bad + empty, progress.events,
                 log.left(progress.events))


def _columns(tags: Tags, level: int, height: int) -> dict[str, tuple[str, pl.Series]]:
    """Per key its kind and its values, one place for each trace or event in order, null where it has none."""
    # The few rows about cases are worth a table of their own; the many about events are not copied.
    rows = tags.rows.filter(pl.col("level") == CASE) if level == CASE else tags.rows
    numbers = rows["trace" if level == CASE else "event"]
    here = rows["level"] == level
    places = pl.int_range(1, height + 1, dtype=pl.Int32, eager=True)
    found: dict[str, tuple[str, pl.Series]] = {}
    for key in tags.keys:
        mask = here & (rows["key"] == key)
        where, values = numbers.filter(mask), rows["value"].filter(mask)
        if where.is_empty():
            continue
        kinds = rows["kind"].filter(mask).unique()
        found[key] = (kinds[0] if len(kinds) == 1 else "string", _placed(where, values, places))
    return found


def _placed(where: pl.Series, values: pl.Series, places: pl.Series) -> pl.Series:
    """The values at their places; the last one counts where an attribute is given twice."""
    if len(where) == len(places) and (where == places).all():
        return values
    part = pl.DataFrame({"place": where, "value": values}).unique("place", keep="last", maintain_order=True)
    return places.to_frame("place").join(part, on="place", how="left", maintain_order="left")["value"]


def _case_names(named: tuple[str, pl.Series] | None, traces: int, before: int) -> pl.Series:
    numbered = pl.Series([f"trace-{before + n + 1}" for n in range(traces)])
    return numbered if named is None else named[1].zip_with(named[1].fill_null("") != "", numbered)


def _event_rows(tags: Tags, names: pl.Series, lengths: pl.Series, reading: Reading,
                progress: _Progress) -> pl.DataFrame:
    height = len(tags.owners)
    events = _columns(tags, EVENT, height)
    nothing = ("string", pl.Series([None] * height, dtype=pl.String))
    activity, raw, who, team, identity = (events.pop(k, nothing)[1] for k in (NAME, TIME, WHO, TEAM, IDENTITY))
    attrs = attrs_json([(key, kind, values) for key, (kind, values) in events.items()], height)
    first_place = _first_places(names, lengths, progress) - (lengths.cum_sum() - lengths)
    rows = pl.DataFrame({
        "case": names.gather(tags.owners - 1), "activity": activity.replace("", None), "raw_time": raw,
        "t": iso_micros(raw, reading.zone), "actor": who, "team": team, "identity": identity, "trace": tags.owners,
        "first": first_place.gather(tags.owners - 1),
    }).with_columns(attrs)
    place = pl.col("first") + pl.int_range(pl.len())
    return rows.with_columns(
        source_id=pl.coalesce("identity", pl.concat_str("case", pl.lit("#"), place)),
        case=pl.lit(reading.prefix) + pl.col("case"),
        ord=pl.int_range(progress.events, progress.events + pl.len(), dtype=pl.Int64),
        reason=reason(),
    )


def _lengths(tags: Tags) -> pl.Series:
    """How many events each trace has."""
    runs = tags.owners.rle().struct.unnest()
    every = pl.DataFrame({"value": pl.int_range(1, tags.traces + 1, dtype=pl.Int32, eager=True)})
    joined = every.join(runs, on="value", how="left", maintain_order="left")
    return joined["len"].fill_null(0).cast(pl.Int64).rename("events")


def _first_places(names: pl.Series, lengths: pl.Series, progress: _Progress) -> pl.Series:
    """The place in its case of each trace's first event: more than 1 where an earlier trace has the same name."""
    case_names, counts = names.to_list(), lengths.to_list()
    if len(set(case_names)) == len(case_names) and progress.seen.keys().isdisjoint(case_names):
        progress.seen.update(zip(case_names, counts, strict=True))
        return pl.repeat(1, len(names), dtype=pl.Int64, eager=True)
    places = []
    for name, count in zip(case_names, counts, strict=True):
        before = progress.seen.get(name, 0)
        places.append(before + 1)
        progress.seen[name] = before + count
    return pl.Series(places, dtype=pl.Int64)


def _case_changes(cases: dict[str, tuple[str, pl.Series]], good: pl.DataFrame, names: pl.Series,
                  reading: Reading) -> pl.DataFrame | None:
    """What the log says of each case, as known from its first event on."""
    if not cases:
        return None
    values = {key: v.str.to_lowercase() if kind == "boolean" else v for key, (kind, v) in cases.items()}
    table = pl.DataFrame(values).with_columns(
        pl.Series("case id", reading.prefix + names),
        pl.int_range(1, pl.len() + 1, dtype=pl.Int32).alias("case trace"))
    first = good.group_by("trace", maintain_order=True).agg(pl.col("t").min()).rename({"trace": "case trace"})
    known = table.join(first, on="case trace", how="inner", maintain_order="left").drop("case trace")
    return known.unpivot(index=["case id", "t"], variable_name="attribute").drop_nulls("value").select(
        type=pl.lit(reading.case_type), id="case id", attribute="attribute", value="value", t="t")
