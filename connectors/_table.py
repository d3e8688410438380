"""Reads tables (CSV, Parquet) in which a row is an event, or a case with several moments."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from collections.abc import Mapping as Named
from pathlib import Path
from typing import Any

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
from connectors._eventlog_guess import guess
from connectors._eventlog_time import from_typed, parse
from data.errors import FixSettings

MISSING = ("", "?", "NULL", "null", "N/A", "n/a", "NaN", "nan")
_SEPARATORS = ",;\t|"


class Table:
    """A table with its mapping. `damage` says why it ended early, if it did."""

    def __init__(self, path: Path, kind: str, settings: Named[str, Any]) -> None:
        self.path = path
        self.damage = ""
        self.rows = self._parquet() if kind == "parquet" else self._csv(settings)
        if self.rows.is_empty():
            raise FixSettings(f"{path.name} has no rows below its header; export it again")
        self.mapping = guess(self.rows, settings)

    def read(self, reading: Reading, position: int = 0) -> Iterator[Batch]:
        """Pages of the events of 20,000 rows each, from the row after `position` on. Rows without case, activity or
        a readable time are set aside."""
        self._refuse_repeated_ids()
        kinds = {name: kind_of(self.rows[name]) for name in (*self.mapping.attributes, self.mapping.amount) if name}
        rows = self.rows.with_columns(_row=pl.int_range(pl.len(), dtype=pl.Int64), _key=self._keys())
        for start in range(position, len(rows), PAGE_EVENTS):
            end = min(start + PAGE_EVENTS, len(rows))
            yield self._page(rows[start:end], kinds, reading, len(rows))
        if self.damage:
            raise FixSettings(f"{self.path.name} {self.damage}. The {len(rows):,} rows before that were read; "
                              "export it again to get the rest")

    def _parquet(self) -> pl.DataFrame:
        try:
            return pl.read_parquet(self.path)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise FixSettings(f"{self.path.name} is a damaged Parquet file ({type(error).__name__}); write it "
                              "again") from error

    def _csv(self, settings: Named[str, Any]) -> pl.DataFrame:
        pieces = Pieces(self.path)
        content = pieces.all()
        if pieces.damage:
            # The last line is cut somewhere, perhaps inside a number: it does not count.
            self.damage, content = pieces.damage, content[: content.rfind(b"\n") + 1]
        text = decoded(content, settings.get("encoding"), self.path)
        missing = [str(m) for m in settings.get("missing") or MISSING]
        try:
            return pl.read_csv(text.encode(), separator=settings.get("separator") or separator_of(text),
                               infer_schema=False, null_values=missing, truncate_ragged_lines=True)
        except pl.exceptions.PolarsError as error:
            raise FixSettings(f"{self.path.name} cannot be read as a table ({type(error).__name__}); name its "
                              "separator and encoding in the settings, or export it again") from error

    def _refuse_repeated_ids(self) -> None:
        column = self.mapping.source_id
        if column and (distinct := self.rows[column].n_unique()) < len(self.rows):
            raise FixSettings(f"source_id = {column!r} has {distinct:,} different values in {len(self.rows):,} "
                              "rows and so does not tell events apart; choose another column or leave it out")

    def _keys(self) -> pl.Expr:
        """What tells a row from all others: its own id, or its case and its place among the rows of the case."""
        if self.mapping.source_id:
            return pl.col(self.mapping.source_id).cast(pl.String)
        case = pl.col(self.mapping.case).cast(pl.String)
        place = pl.int_range(1, pl.len() + 1).over(self.mapping.case)
        return pl.when(case.is_not_null()).then(pl.concat_str(case, pl.lit("#"), place)).otherwise(
            pl.format("row {}", pl.int_range(1, pl.len() + 1)))

    def _page(self, rows: pl.DataFrame, kinds: Named[str, str], reading: Reading, total: int) -> Batch:
        times = self.mapping.times or {self.mapping.time: self.mapping.activity}
        shared = self._shared(rows, kinds, reading)
        parts = [self._at(rows, shared, column, pattern) for column, pattern in times.items()]
        bad = shared.filter(pl.all_horizontal([part["raw_time"].is_null() for part in parts]))
        timed = [part.filter(pl.col("raw_time").is_not_null()) for part in parts]
        found = pl.concat(timed).sort("ord", maintain_order=True).with_columns(reason=reason())
        good = found.filter(pl.col("reason").is_null())
        aside = asides(bad.with_columns(reason=pl.lit("it has no time")))
        aside += asides(found.filter(pl.col("reason").is_not_null()))
        end = int(rows["_row"][-1]) + 1
        return Batch(frames(events_frame(good, reading), self._relations(good, reading)), aside, end, total - end)

    def _shared(self, rows: pl.DataFrame, kinds: Named[str, str], reading: Reading) -> pl.DataFrame:
        """What all events of a row have in common."""
        chosen = self.mapping
        columns = {role: pl.col(name).cast(pl.String) for role, name in
                   (("actor", chosen.actor), ("team", chosen.team), ("channel", chosen.channel)) if name}
        others = {f"object {n}": pl.col(name).cast(pl.String) for n, name in enumerate(chosen.objects)}
        attrs = [(name, kinds[name], _plain(rows[name])) for name in chosen.attributes]
        if chosen.amount:
            attrs.append(("amount", kinds[chosen.amount], rows[chosen.amount]))
        if chosen.start:
            started = pl.from_epoch(self._micros(rows, chosen.start), time_unit="us")
            attrs.append(("started_at", "text", started.dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")))
        return rows.select(
            source_id="_key", case=pl.lit(reading.prefix) + pl.col(chosen.case).cast(pl.String), row="_row",
            **columns, **others).with_columns(attrs_json(attrs, len(rows)))

    def _at(self, rows: pl.DataFrame, shared: pl.DataFrame, column: str, pattern: str) -> pl.DataFrame:
        """The events that one column of moments stands for."""
        several = list(self.mapping.times)
        number = several.index(column) if several else 0
        suffix = f"#{column}" if several else ""
        return shared.with_columns(
            raw_time=rows[column].cast(pl.String), t=self._micros(rows, column),
            activity=rows.with_columns(_named(pattern, rows.columns).alias("_activity"))["_activity"],
            source_id=pl.col("source_id") + suffix, ord=pl.col("row") * max(len(several), 1) + number)

    def _micros(self, rows: pl.DataFrame, column: str) -> pl.Series:
        if rows[column].dtype.is_temporal():
            return from_typed(rows[column], self.mapping.zone)
        texts = rows[column].cast(pl.String).str.strip_chars()
        return parse(texts, self.mapping.time_formats[column], self.mapping.zone)

    def _relations(self, good: pl.DataFrame, reading: Reading) -> pl.DataFrame:
        parts = [good.select("source_id", type=pl.lit(reading.case_type), id="case", qualifier=pl.lit(""))]
        for number, kind in enumerate(self.mapping.objects.values()):
            other = good.filter(pl.col(f"object {number}").is_not_null())
            parts.append(other.select("source_id", type=pl.lit(kind), id=f"object {number}", qualifier=pl.lit("")))
        return pl.concat(parts)


def _named(pattern: str, columns: list[str]) -> pl.Expr:
    """The activity: a column, a fixed name written "=name", or a pattern with columns in braces."""
    if pattern.startswith("="):
        return pl.lit(pattern[1:])
    if pattern in columns:
        return pl.col(pattern).cast(pl.String)
    pieces = re.split(r"{([^{}]+)}", pattern)
    return pl.concat_str([pl.col(p).cast(pl.String) if n % 2 else pl.lit(p) for n, p in enumerate(pieces)])


def _plain(values: pl.Series) -> pl.Series:
    return values if values.dtype.is_numeric() or values.dtype == pl.Boolean else values.cast(pl.String)


def kind_of(values: pl.Series) -> str:
    """int, float, boolean or text: the narrowest that every present value of a column of texts fits."""
    if values.dtype != pl.String:
        return "text"
    present = values.drop_nulls()
    sample = present.head(1_000)
    if sample.is_empty() or present.str.contains(r"^[+-]?0\d").any():
        # A leading zero belongs to a code, not to a number.
        return "text"
    if sample.str.to_lowercase().is_in(["true", "false"]).all():
        return "boolean" if present.str.to_lowercase().is_in(["true", "false"]).all() else "text"
    for kind, dtype in (("int", pl.Int64), ("float", pl.Float64)):
        if all(texts.cast(dtype, strict=False).null_count() == 0 for texts in (sample, present)):
            return kind
    return "text"


def decoded(content: bytes, encoding: str | None, path: Path) -> str:
    """The text: in the encoding given, else UTF-8 with or without mark, else Latin-1, which fits any bytes."""
    try:
        if encoding:
            return content.decode(encoding)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("latin-1")
    except (UnicodeDecodeError, LookupError) as error:
        raise FixSettings(f"{path.name} is not in encoding {encoding!r} ({error}); correct or drop that setting"
                          ) from error


def separator_of(text: str) -> str:
    """The mark that splits the first lines into the same number of columns, the most there are."""
    lines = io.StringIO(text[:20_000]).read().splitlines()[:20]

    def columns(mark: str) -> tuple[bool, int]:
        widths = [len(row) for row in csv.reader(lines[:-1] or lines, delimiter=mark) if row]
        return (len(set(widths)) == 1 and widths[0] > 1, widths[0] if widths else 0)
    return max(_SEPARATORS, key=columns)
