"""Names in rules that only the file and the settings know: attributes and calendars. Unknown ones are refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

import duckdb

from data.errors import FixSettings
from data.vocabulary import ACTIVITIES
from metrics.conformance.condition import CODED, Field, fields
from metrics.conformance.rules import Pack, Rule, nearest

_BUILT_IN: Final = {*CODED, "direction"}
_SAMPLE: Final = """SELECT DISTINCT unnest(json_keys(attrs)) FROM (
    SELECT e.attrs FROM event e JOIN term t ON t.kind = 'activity' AND t.code = e.activity
    WHERE list_contains($activities, t.name) AND e.attrs IS NOT NULL LIMIT 2000)"""
_BROUGHT: Final = """SELECT 1 FROM event e JOIN term t ON t.kind = 'activity' AND t.code = e.activity
    WHERE list_contains($activities, t.name) AND json_exists(e.attrs, $path) LIMIT 1"""


def described(activity: str) -> Collection[str]:
    """The attributes that the shared vocabulary gives an activity."""
    term = ACTIVITIES.get(activity)
    if term is None or "attrs:" not in term.meaning:
        return []
    listed = re.sub(r"\([^)]*\)", "", term.meaning.split("attrs:", 1)[1])
    return [word.strip() for word in re.split(r"[,;]", listed) if word.strip()]


def check_names(con: duckdb.DuckDBPyConnection, packs: Sequence[Pack], calendars: Collection[str]) -> None:
    """Raises FixSettings for a calendar nobody configured, and for an attribute that neither the vocabulary nor any
    event or object in the file has, with the nearest name. A pack may declare others under `attributes`."""
    of_objects = {name for (name,) in con.execute("SELECT name FROM term WHERE kind = 'attribute'").fetchall()}
    for pack in packs:
        for rule in pack.rules:
            place = f"pack {pack.id}, rule {rule.id}"
            if rule.calendar not in calendars:
                hint = nearest(rule.calendar, calendars)
                raise FixSettings(f"{place}: calendar {rule.calendar!r} is unknown; {hint}")
            for name, activities in _asked(rule):
                if name in pack.attributes:
                    continue
                if not activities:
                    # An empty file knows no attributes of objects yet, so it cannot refuse one.
                    known: Collection[str] = of_objects or {name}
                else:
                    known = _attributes(con, activities, name)
                if name not in known:
                    raise FixSettings(
                        f"{place}: attribute {name!r} is unknown; {nearest(name, known)} "
                        "(one that is still to come stands under `attributes` of the pack)"
                    )


def _asked(rule: Rule) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Attribute names with the activities that should carry them; none for attributes of the object."""
    acting = rule.activation.activities if rule.activation else ()
    target = rule.target.activities if rule.target else ()
    found: list[tuple[Field, tuple[str, ...]]] = []
    for pattern in (rule.activation, rule.target, rule.until, *(step for step, _ in rule.steps)):
        if pattern is not None:
            found += [(field, pattern.activities) for field in fields(pattern.where)]
    found += [(field, target if field.side == "target" else acting) for field in fields(rule.where)]
    if rule.sum:
        yield rule.sum, acting
    for field, activities in found:
        if field.side == "object":
            yield field.name, ()
        elif field.name not in _BUILT_IN and activities:
            yield field.name, activities


def _attributes(con: duckdb.DuckDBPyConnection, activities: Sequence[str], asked: str) -> Collection[str]:
    """Every attribute known of these activities; the whole file is looked through only for a suspicious one."""
    known = {name for activity in activities for name in described(activity)}
    if asked in known:
        return known
    wanted: dict[str, object] = {"activities": list(activities)}
    brought = {name for (name,) in con.execute(_SAMPLE, wanted).fetchall()}
    if asked in brought:
        return brought
    found = con.execute(_BROUGHT, wanted | {"path": f'$."{asked}"'}).fetchall()
    if found or not (known | brought):
        # Of an activity that nobody has brought and nobody describes, any attribute may come.
        return {asked}
    return known | brought
