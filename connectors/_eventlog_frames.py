"""From what a log says of its events to the columns that the store takes, and what has to be set aside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from connectors._eventlog_time import LATEST_US
from data.batch import CHANGES, EVENTS, LINKS, RELATIONS, Frames
from data.event import Aside

PAGE_EVENTS = 20_000
_TO_ESCAPE = r'["\\\x00-\x1f]'


@dataclass(frozen=True, slots=True)
class Batch:
    """One page's worth of a log. `position`: how many records lie before its end. `behind`: how many follow
    (exact for tables and databases, an estimate from the bytes read for streams; None: unknown)."""

    frames: Frames
    aside: Sequence[Aside]
    position: int
    behind: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What every format needs to know: the zone of moments that name none, the type of a case, what is put
    before ids that mean something only inside the log, and who belongs to which team."""

    zone: str = "UTC"
    case_type: str = "case"
    prefix: str = ""
    teams: Mapping[str, str] = field(default_factory=dict)


def escaped(texts: pl.Series) -> pl.Series:
    """Texts as they stand between the quotes of a JSON string."""
    dirty = texts.str.contains(_TO_ESCAPE).fill_null(False)
    if not dirty.any():
        return texts
    fixed = texts.filter(dirty).unique()
    encoded = [json.dumps(t, ensure_ascii=False)[1:-1] for t in fixed]
    return texts.replace(fixed, pl.Series(encoded, dtype=pl.String))


def literals(values: pl.Series, kind: str) -> pl.Series:
    """Values as JSON literals; kind is int, float, boolean or anything else for text. A number that JSON cannot
    hold stays text."""
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        nothing = pl.Series([None], dtype=values.dtype)
        return (values.zip_with(values.is_finite(), nothing) if values.dtype.is_float() else values).cast(pl.String)
    texts = values.cast(pl.String)
    quoted = '"' + escaped(texts) + '"'
    if kind == "boolean":
        low = texts.str.to_lowercase()
        return low.zip_with(low.is_in(["true", "false"]).fill_null(True), quoted)
    if kind not in {"int", "float"}:
        return quoted
    numbers = texts.cast(pl.Int64 if kind == "int" else pl.Float64, strict=False)
    sound = numbers.is_not_null() & (numbers.cast(pl.Float64).is_finite())
    return numbers.cast(pl.String).zip_with(sound.fill_null(False), quoted)


def attrs_json(columns: Sequence[tuple[str, str, pl.Series]], height: int) -> pl.Series:
    """One JSON object per row from (key, kind, values), null where a row has none of them."""
    if not columns:
        return pl.repeat(None, height, dtype=pl.String, eager=True).alias("attrs")
    parts = pl.DataFrame({str(n): _members(*column) for n, column in enumerate(columns)})
    members = pl.concat_str(pl.all(), separator=", ", ignore_nulls=True)
    present = pl.any_horizontal(pl.all().is_not_null())
    return parts.select(attrs=pl.when(present).then(pl.concat_str(pl.lit("{"), members, pl.lit("}")))).to_series()


def _members(key: str, kind: str, values: pl.Series) -> pl.Series:
    """`"key": value` for each value; null for null."""
    label = json.dumps(key, ensure_ascii=False) + ": "
    distinct = values.drop_nulls().unique()
    if values.dtype != pl.String or len(distinct) > len(values) // 8:
        return label + literals(values, kind)
    # Most attributes have few different values: each is written once.
    written = label + literals(distinct, kind)
    return written.gather(values.cast(pl.Enum(distinct)).to_physical())


def reason(*, case: str = "case") -> pl.Expr:
    """Why a row cannot be an event: null when it can. Expects case, activity, t and raw_time columns."""
    shown = pl.col("raw_time").str.slice(0, 40)
    return (
        pl.when(pl.col("case").is_null()).then(pl.lit(f"it names no {case}"))
        .when(pl.col("activity").is_null()).then(pl.lit("it names no activity"))
        .when(pl.col("raw_time").is_null()).then(pl.lit("it has no time"))
        .when(pl.col("t").is_null()).then(pl.format("its time '{}' cannot be read", shown))
        .when((pl.col("t") < 0) | (pl.col("t") >= LATEST_US))
        .then(pl.format("its time '{}' lies outside 1970 to 2100", shown))
    )


def events_frame(rows: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """The store's event columns from good rows; columns that the log lacks are filled in."""
    texts = {name: pl.col(name).fill_null("") if name in rows.columns else pl.lit("") for name in
             ("actor", "team", "channel", "direction")}
    if reading.teams:
        own = pl.col("actor").replace_strict(dict(reading.teams), default="", return_dtype=pl.String).fill_null("")
        texts["team"] = pl.when(texts["team"] == "").then(own).otherwise(texts["team"])
    if "direction" not in rows.columns:
        texts["direction"] = pl.lit("internal")
    return rows.select(
        "source_id", "t", "activity", texts["actor"].alias("actor"), texts["team"].alias("team"),
        texts["channel"].alias("channel"), texts["direction"].alias("direction"), "attrs", "ord",
    ).cast(EVENTS)


def asides(rows: pl.DataFrame) -> list[Aside]:
    """One record for each row that has a reason."""
    return [Aside(source_id, why) for source_id, why in rows.select("source_id", "reason").iter_rows()]


def frames(events: pl.DataFrame, relations: pl.DataFrame, changes: pl.DataFrame | None = None,
           links: pl.DataFrame | None = None) -> Frames:
    """Columns in the store's order and types; absent tables are empty."""
    return Frames(
        events,
        relations.select(*RELATIONS).cast(RELATIONS),
        CHANGES.to_frame() if changes is None else changes.select(*CHANGES).cast(CHANGES),
        LINKS.to_frame() if links is None else links.select(*LINKS).cast(LINKS),
    )
