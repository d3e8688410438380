"""Rule packs: YAML files to typed rules. What is not understood is refused with its place and the nearest name."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from data.errors import FixSettings
from data.event import LATEST, micros
from data.vocabulary import ACTIVITIES
from metrics.conformance.condition import Tree, parse
from metrics.conformance.deadline import Duration, parse_duration

PACKS: Final = Path(__file__).parent.parent / "packs"
TEMPLATES: Final = ("response", "precedence", "absence", "not_response", "four_eyes")
SEVERITIES: Final = ("critical", "high", "medium", "low")
OBJECTS: Final = ("case", "lead", "opportunity", "ticket", "conversation", "contact")
_KEYS: Final = {
    "id",
    "title",
    "object",
    "template",
    "activation",
    "target",
    "where",
    "within",
    "grace",
    "calendar",
    "until",
    "kind",
    "severity",
    "nudge",
    "effective",
    "source",
    "help",
    "examples",
}
_PACK_KEYS: Final = {"pack", "title", "jurisdiction", "enabled", "activities", "rules"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """Events of one of these activities that meet the condition."""

    activities: tuple[str, ...]
    where: Tree | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from, and the day somebody last looked whether it still says so."""

    title: str
    url: str
    checked: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule about objects of one type. `body` is its YAML as JSON, as it stood when it was read."""

    id: str
    pack: str
    title: str
    object: str
    template: str
    activation: Pattern
    target: Pattern | None
    until: Pattern | None
    where: Tree | None
    within: Duration
    grace: Duration
    calendar: str
    kind: str
    severity: str
    nudge_us: int
    from_us: int
    to_us: int
    source: Source
    help: str
    examples: Mapping[str, Sequence[str]]
    body: str

    @property
    def digest(self) -> str:
        """Changes exactly when the rule's text changes."""
        return hashlib.sha256(self.body.encode()).hexdigest()[:16]


def nearest(word: str, known: Collection[str]) -> str:
    """A hint for a misspelt word: the nearest known one, or the whole choice where it is short."""
    close = difflib.get_close_matches(word, known, 1, 0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"choose one of {', '.join(sorted(known)[:12])}"


def _checked(word: Any, known: Collection[str], what: str, place: str) -> str:
    if word not in known:
        raise FixSettings(f"{place}: {what} {word!r} is unknown; {nearest(str(word), known)}")
    return str(word)


def _pattern(raw: Any, side: str, known: Collection[str], place: str) -> Pattern | None:
    if raw is None:
        return None
    if not isinstance(raw, dict) or not raw.get("activity"):
        raise FixSettings(f"{place}: {side} names no activity; write for example {side}: {{activity: msg.out}}")
    if unknown := set(raw) - {"activity", "where"}:
        raise FixSettings(
            f"{place}: {side} has an unknown key {min(unknown)!r}; {nearest(min(unknown), ('activity', 'where'))}"
        )
    listed = raw["activity"] if isinstance(raw["activity"], list) else [raw["activity"]]
    for activity in listed:
        _checked(activity, known, "activity", place)
    where = parse(str(raw["where"]), side) if "where" in raw else None
    return Pattern(tuple(listed), where)


def _day(raw: Any, place: str, default: int) -> int:
    if raw is None:
        return default
    try:
        day = raw if isinstance(raw, date) else date.fromisoformat(str(raw))
    except ValueError as error:
        raise FixSettings(f"{place}: {raw!r} is no day; write it as 2026-11-22") from error
    return micros(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _rule(raw: Mapping[str, Any], pack: str, known: Collection[str], objects: Collection[str]) -> Rule:
    place = f"pack {pack}, rule {raw.get('id', '?')}"
    if unknown := set(raw) - _KEYS:
        raise FixSettings(f"{place}: unknown key {min(unknown)!r}; {nearest(min(unknown), _KEYS)}")
    for key in ("id", "title", "object", "template", "activation"):
        if not raw.get(key):
            raise FixSettings(f"{place}: {key!r} is missing")
    template = _checked(raw["template"], TEMPLATES, "template", place)
    activation = _pattern(raw["activation"], "activation", known, place)
    target = _pattern(raw.get("target"), "target", known, place)
    if target is None and template != "absence":
        raise FixSettings(f"{place}: template {template} needs a target")
    source = raw.get("source") or {}
    effective = raw.get("effective") or {}
    assert activation is not None
    return Rule(
        id=str(raw["id"]),
        pack=pack,
        title=str(raw["title"]),
        template=template,
        object=_checked(raw["object"], objects, "object type", place),
        activation=activation,
        target=target,
        until=_pattern(raw.get("until"), "until", known, place),
        where=parse(str(raw["where"])) if "where" in raw else None,
        within=parse_duration(raw["within"]) if "within" in raw else Duration(),
        grace=parse_duration(raw["grace"]) if "grace" in raw else Duration(),
        calendar=str(raw.get("calendar", "default")),
        kind=_checked(raw.get("kind", "violation"), ("violation", "review"), "kind", place),
        severity=_checked(raw.get("severity", "medium"), SEVERITIES, "severity", place),
        nudge_us=parse_duration(raw["nudge"]).n if "nudge" in raw else 0,
        from_us=_day(effective.get("from"), place, 0),
        to_us=_day(effective.get("to"), place, micros(LATEST.replace(year=2099))),
        source=Source(str(source.get("title", "")), str(source.get("url", "")), str(source.get("checked", ""))),
        help=str(raw.get("help", "")),
        examples=raw.get("examples") or {},
        body=json.dumps(raw, sort_keys=True, default=str),
    )


def read_pack(path: Path, seen: Collection[str] = (), objects: Collection[str] = ()) -> Sequence[Rule]:
    """The rules of one pack, none when it is switched off.

    `seen` are activities that sources have brought besides the shared vocabulary, `objects` object types likewise.
    Raises FixSettings for anything that is not understood, so that a misspelt rule is never silently met by all.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf8"))
    except (OSError, yaml.YAMLError) as error:
        raise FixSettings(f"pack {path.name} cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(raw, dict) or raw.get("pack") != path.stem:
        raise FixSettings(f"pack {path.name}: the key 'pack' must repeat the file's name, {path.stem!r}")
    if unknown := set(raw) - _PACK_KEYS:
        raise FixSettings(f"pack {path.name}: unknown key {min(unknown)!r}; {nearest(min(unknown), _PACK_KEYS)}")
    if not raw.get("enabled", True):
        return []
    known = set(ACTIVITIES) | set(seen)
    return [_rule(entry, path.stem, known, set(OBJECTS) | set(objects)) for entry in raw.get("rules") or ()]


def read_packs(
    folders: Sequence[Path],
    *,
    disabled: Collection[str] = (),
    seen: Collection[str] = (),
    objects: Collection[str] = (),
) -> Sequence[Rule]:
    """All rules of the shipped packs and of further folders, in order; `disabled` names rules or packs."""
    rules: dict[str, Rule] = {}
    for path in [p for folder in (PACKS, *folders) for p in sorted(folder.glob("*.yaml"))]:
        for rule in read_pack(path, seen, objects):
            if rule.id in rules:
                raise FixSettings(f"rule {rule.id!r} stands in pack {rules[rule.id].pack} and again in {path.stem}")
            rules[rule.id] = rule
    for name in disabled:
        packs = {rule.pack for rule in rules.values()}
        _checked(name, set(rules) | packs, "rule or pack", "rules.disable")
    return [rule for rule in rules.values() if rule.id not in disabled and rule.pack not in disabled]
