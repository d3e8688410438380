"""Which column of a table means what: guessed from names and contents, said with reasons, overruled by settings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Named
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import polars as pl

from connectors._eventlog_time import formats, has_zone
from data.errors import FixSettings

_SAMPLE_ROWS = 20_000
_BODY_LENGTH = 80
_BODY_NAMES = re.compile(r"\b(text|body|description|narrative|message|comments?|notes?)$")
# Names in order of strength; the first that fits counts .6, the last about .3.
_NAMES = {
    "source_id": (r"event ?id", r"identity id", r"(tweet|message|transaction|log|record|row) ?id"),
    "case": (r"case( ?id| concept name)?", r"process instance( id)?",
             r"(incident|ticket|opportunity|complaint|order|application|conversation|thread|deal|lead|request|claim)"
             r"( ?(id|number|no|nr|key))?", r"number", r"id|key", r".* (id|number)"),
    "activity": (r"activity( name)?|concept name", r"(event|task|action)( name| type)?",
                 r".*\b(state|status|stage|step)", r"operation|phase|type"),
    "time": (r"time( ?stamp)?|time timestamp|(event|activity) time(stamp)?",
             r"(end|completed?|finish(ed)?)( ?time| ?date| ?timestamp| at)?",
             r".*(updated|modified|changed)( at| on| date)?", r"date|.*\b(at|time|timestamp)", r".*date.*"),
    "start": (r"start(ed)?( ?time| ?date| ?timestamp| at)?", r"begin.*"),
    "actor": (r"(org )?resource|actor|performer",
              r"user( name| id)?|(sales )?agent|employee|operator|clerk",
              r".*updated by|.*modified by", r"author( id)?|owner( id)?|handled by|assigned to|.* by"),
    "team": (r"team|(org )?group|assignment group", r"department|queue|unit|(org )?role", r"(regional )?office"),
    "channel": (r"channel|medium", r"contact type|submitted via|via|origin"),
    "amount": (r"amount.*", r"(close|deal|order|total) ?(value|amount|price)|value|price|total", r"revenue|cost"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Why a column was given a role (or was left out), and how sure that is, from 0 to 1."""

    role: str
    column: str
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """What the columns of a table mean. Names of columns, "" where there is none; `activity` may also be a pattern
    like "{state} by {agent}" or a fixed name written "=call". `times` gives each column of moments the activity it
    stands for, for tables with one row per case. `time_formats`: the format per column of moments."""

    case: str
    activity: str = ""
    time: str = ""
    start: str = ""
    actor: str = ""
    team: str = ""
    channel: str = ""
    source_id: str = ""
    amount: str = ""
    times: Named[str, str] = field(default_factory=dict)
    objects: Named[str, str] = field(default_factory=dict)
    attributes: Sequence[str] = ()
    time_formats: Named[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    choices: Sequence[Choice] = ()

    @property
    def confidence(self) -> float:
        """How sure the least sure of the choices is that nothing can be read without."""
        needed = [c.confidence for c in self.choices if c.role in {"case", "activity", "time", "times"}]
        return min(needed, default=1.0)

    def __str__(self) -> str:
        lines = [f"{c.role:<10} {c.column:<28} {c.confidence:>4.0%}  {c.reason}" for c in self.choices]
        return "\n".join([*lines, "", "To confirm or correct it, write in the source's settings:", self.as_toml()])

    def as_toml(self) -> str:
        """The settings that say the same."""
        single = ("case", "activity", "time", "start", "actor", "team", "channel", "source_id", "amount")
        lines = [f"{name} = {json.dumps(getattr(self, name))}" for name in single if getattr(self, name)]
        for name, table in (("times", self.times), ("objects", self.objects)):
            if table:
                pairs = ", ".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in table.items())
                lines.append(f"{name} = {{ {pairs} }}")
        lines.append(f"attributes = {json.dumps(list(self.attributes))}")
        lines.append(f"zone = {json.dumps(self.zone)}")
        return "\n".join(lines)


def guess(table: pl.DataFrame, settings: Named[str, Any]) -> Mapping:
    """The mapping of a table whose missing values are null. Raises FixSettings when case, activity or time cannot
    be told, when a setting names no column, or when days and months cannot be told apart."""
    return _Guess(table, settings).mapping()


class _Guess:
    def __init__(self, table: pl.DataFrame, settings: Named[str, Any]) -> None:
        self.table = table
        self.settings = settings
        self.zone = str(settings.get("zone") or "UTC")
        self.sample = table.head(_SAMPLE_ROWS)
        self.choices: list[Choice] = []
        self.moments = self._moments()
        self.taken: set[str] = set()

    def mapping(self) -> Mapping:
        """All roles, the needed ones first; a column has one role only."""
        times = self._given_times()
        source_id = self._role("source_id", self._identifying())
        case = self._role("case", self._others(self.moments), needed=True)
        if not times and not self.settings.get("activity") and self._one_row_per_case(case):
            times = self._guessed_times()
        activity = "" if times else self._activity()
        time = "" if times else self._time(case)
        start = "" if times else self._role("start", self.moments)
        rest = {role: self._role(role, self._others(self.moments)) for role in ("actor", "team", "channel")}
        rest["amount"] = self._role("amount", self._numeric())
        objects = self._given_objects()
        used = [c for c in (time, start, *times) if c]
        return Mapping(
            case, activity, time, start, source_id=source_id, times=times, objects=objects, zone=self.zone, **rest,
            attributes=self._attributes(), time_formats={c: self._format(c) for c in used}, choices=self.choices)

    def _moments(self) -> dict[str, Sequence[str]]:
        """The columns that hold moments, with the formats that fit; typed columns need none."""
        given = self.settings.get("time_format")
        found: dict[str, Sequence[str]] = {}
        for column in self.table.columns:
            if self.table[column].dtype.is_temporal():
                found[column] = ("",)
            elif self.table[column].dtype == pl.String and not re.search(r"(^|\b|_)id$", column, re.IGNORECASE):
                fitting = formats(self.table[column])
                if fitting:
                    found[column] = (given,) if given else fitting
        return found

    def _format(self, column: str) -> str:
        if self.settings.get("time_format") and self.table[column].dtype == pl.String:
            return str(self.settings["time_format"])
        fitting = self.moments.get(column, ())
        if not fitting:
            raise FixSettings(f"column {column!r} holds no moments that can be read; write their format as "
                              "time_format, like '%d/%m/%Y %H:%M', or choose another column")
        if len(fitting) > 1:
            example = self.table[column].drop_nulls()[0]
            raise FixSettings(f"column {column!r} can be read with day or month first (like {example!r}) and no "
                              f"value decides it; write time_format = {fitting[0]!r} or {fitting[1]!r}")
        if fitting[0] and not has_zone(fitting[0]):
            self.choices.append(Choice("zone", column, 0.5 if not self.settings.get("zone") else 1.0,
                                       f"its moments ({fitting[0]}) name no time zone: taken as {self.zone}"))
        return fitting[0]

    def _others(self, excluded: Iterable[str]) -> list[str]:
        return [c for c in self.table.columns if c not in set(excluded)]

    def _identifying(self) -> list[str]:
        return [c for c in self._others(self.moments)
                if self.table[c].null_count() == 0 and self.table[c].n_unique() == len(self.table)]

    def _numeric(self) -> list[str]:
        def numeric(column: pl.Series) -> bool:
            present = column.drop_nulls()
            return len(present) > 0 and present.cast(pl.Float64, strict=False).null_count() == 0
        return [c for c in self._others(self.moments) if numeric(self.sample[c])]

    def _role(self, role: str, among: Iterable[str], *, needed: bool = False) -> str:
        """The column given by the settings, or the one whose name fits best; "" when none does."""
        if given := self.settings.get(role):
            return self._given(role, str(given))
        best = max(((self._score(role, c), c) for c in among if c not in self.taken), default=(0.0, ""))
        if best[0] <= 0:
            if needed:
                raise self._cannot_tell(role)
            return ""
        return self._take(role, best[1], best[0], self._content(role, best[1])[1])

    def _take(self, role: str, column: str, confidence: float, reason: str) -> str:
        self.taken.add(column)
        self.choices.append(Choice(role, column, round(min(confidence, 0.99), 2), reason))
        return column

    def _given(self, role: str, column: str) -> str:
        if column not in self.table.columns:
            near = get_close_matches(column, self.table.columns, 3, 0.5) or self.table.columns[:12]
            raise FixSettings(f"{role} = {column!r} is not a column of the table; choose one of {', '.join(near)}")
        self.taken.add(column)
        self.choices.append(Choice(role, column, 1.0, "given by the settings"))
        return column

    def _cannot_tell(self, role: str) -> FixSettings:
        names = ", ".join(self.table.columns[:20])
        return FixSettings(f"no column can be told to be the {role}; write {role} = \"...\" with one of: {names}")

    def _score(self, role: str, column: str) -> float:
        words = re.sub(r"[^a-z0-9]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower()).strip()
        for strength, pattern in enumerate(_NAMES[role]):
            if re.fullmatch(pattern, words):
                return 0.6 - 0.06 * strength + self._content(role, column)[0]
        return 0.0

    def _content(self, role: str, column: str) -> tuple[float, str]:
        """What the values add to the name, up to .39, and in words."""
        values = self.sample[column]
        distinct, present = values.n_unique(), len(values) - values.null_count()
        if role == "case":
            per = present / max(distinct, 1)
            return (0.39 if per > 1.2 else 0.15), f"its name, and {per:.1f} rows share each value"
        if role == "activity":
            few = 2 <= distinct <= max(50, present // 50)
            return (0.39 if few else -0.5), f"its name, and {distinct:,} different values"
        if role in {"source_id", "amount"}:
            seen = "no value repeats" if role == "source_id" else "all its values are numbers"
            return 0.3, f"its name, and {seen}"
        return 0.3 * present / max(len(values), 1), f"its name; {present / max(len(values), 1):.0%} of rows have it"

    def _activity(self) -> str:
        given = str(self.settings.get("activity") or "")
        if given.startswith("=") or "{" in given:
            for name in re.findall(r"{([^{}]+)}", given):
                self._given("activity", name)
                self.taken.discard(name)
            return given
        return self._role("activity", self._others(self.moments), needed=True)

    def _time(self, case: str) -> str:
        """Among columns of moments the one that changes most from row to row of a case; the name breaks ties."""
        if self.settings.get("time"):
            return self._role("time", ())
        def varies(column: str) -> float:
            return self.sample.select(pl.struct(case, column).n_unique()).item() / max(len(self.sample), 1)
        starts = [c for c in self.moments if self._score("start", c) > 0]
        candidates = [c for c in self.moments if c not in starts] or starts
        if not candidates:
            raise self._cannot_tell("time")
        best = max(candidates, key=lambda c: (round(varies(c), 1), self._score("time", c)))
        return self._take("time", best, 0.5 + 0.4 * varies(best) + (0.09 if self._score("time", best) else 0),
                          f"it holds moments and tells {varies(best):.0%} of the rows of a case apart")

    def _one_row_per_case(self, case: str) -> bool:
        present = self.table[case].drop_nulls()
        return not self.settings.get("time") and len(self.moments) > 1 and present.n_unique() == len(present)

    def _guessed_times(self) -> dict[str, str]:
        for column in self.moments:
            self._take("times", column, 0.6, "each case has one row, so each column of moments is an activity")
        return {column: "=" + column for column in self.moments}

    def _given_times(self) -> dict[str, str]:
        given = self.settings.get("times") or {}
        for column in given:
            self._given("times", column)
        return {column: pattern if "{" in pattern else "=" + pattern.removeprefix("=")
                for column, pattern in given.items()}

    def _given_objects(self) -> dict[str, str]:
        given = self.settings.get("objects") or {}
        return {self._given("object", column): kind for column, kind in given.items()}

    def _attributes(self) -> list[str]:
        """All other columns but those that hold texts: an event carries metadata, never a body."""
        given = self.settings.get("attributes")
        if given is not None:
            return [self._given("attribute", str(column)) for column in given]
        kept = []
        for column in self._others(self.taken):
            values = self.sample[column]
            letters = int(values.str.len_chars().sum()) if values.dtype == pl.String else 0
            length = letters / max(values.count(), 1)
            if length > (_BODY_LENGTH / 4 if _BODY_NAMES.search(column.lower()) else _BODY_LENGTH):
                self.choices.append(Choice("left out", column, 0.9, "it holds texts, which are not kept"))
            else:
                kept.append(column)
        return kept
