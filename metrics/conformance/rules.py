"""Rule packs: YAML files to typed rules. What is not understood is refused with its place and the nearest name."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from data.errors import FixSettings
from data.event import LATEST, micros
from data.ingest import PARTY_TYPES, REFERENCE_TYPES
from data.vocabulary import ACTIVITIES
from metrics.conformance.condition import Tree, parse
from metrics.conformance.deadline import Duration, parse_duration
from metrics.conformance.templates import COMMON, SOMEWHERE, TEMPLATES, UNARY, WHOLE_COURSE

PACKS: Final = Path(__file__).parent.parent / "packs"
SEVERITIES: Final = ("critical", "high", "medium", "low")
OBJECTS: Final = ("case", "lead", "opportunity", "ticket", "conversation", "contact")
MOST_STEPS: Final = 40
_A: Final = {
    "target": "a target",
    "activation": "an activation",
    "within": "a duration `within`",
    "sum": "`sum`, the attribute to add up",
    "limit": "a `limit` for the sum",
    "steps": "`steps`",
}
_PACK_KEYS: Final = {"pack", "title", "jurisdiction", "enabled", "activities", "attributes", "rules"}


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
    """One rule about objects of one type. Without an activation it holds once for each object, from its first event
    on. `steps` are those of a playbook, each with whether it may be left out. `body` is its YAML as JSON, as it stood
    when it was read."""

    id: str
    pack: str
    jurisdiction: str
    title: str
    object: str
    template: str
    activation: Pattern | None
    target: Pattern | None
    until: Pattern | None
    where: Tree | None
    within: Duration
    grace: Duration
    calendar: str
    injective: bool
    quantifier: str
    count: int
    sum: str
    limit: float
    steps: Sequence[tuple[Pattern, bool]]
    needs: Sequence[str]
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


@dataclass(frozen=True, slots=True)
class Pack:
    """A file of rules. `attributes` are names its conditions use that no event may have brought yet."""

    id: str
    title: str
    jurisdiction: str
    enabled: bool
    attributes: frozenset[str]
    rules: Sequence[Rule] = ()


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
    return Pattern(tuple(str(a) for a in listed), _where(raw, "target" if side == "target" else "activation", place))


def _where(raw: Mapping[str, Any], side: str, place: str) -> Tree | None:
    if raw.get("where") is None:
        return None
    try:
        return parse(str(raw["where"]), side)
    except FixSettings as error:
        raise FixSettings(f"{place}: {error}") from error


def _span(raw: Mapping[str, Any], key: str, place: str) -> Duration:
    if raw.get(key) is None:
        return Duration()
    try:
        return parse_duration(raw[key])
    except FixSettings as error:
        raise FixSettings(f"{place}: {key}: {error}") from error


def _day(raw: Any, place: str, default: int) -> int:
    if raw is None:
        return default
    try:
        day = raw if isinstance(raw, date) else date.fromisoformat(str(raw))
    except ValueError as error:
        raise FixSettings(f"{place}: {raw!r} is no day; write it as 2026-11-22") from error
    return micros(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _rule(raw: Mapping[str, Any], pack: Pack, known: Collection[str], objects: Collection[str]) -> Rule:
    place = f"pack {pack.id}, rule {raw.get('id', '?')}"
    template = _template(raw, place)
    activation = _pattern(raw.get("activation"), "activation", known, place)
    target = _pattern(raw.get("target"), "target", known, place)
    if target is None and template in UNARY:
        # How often something happens needs one pattern only; it is the counted one, by whichever name.
        activation, target = None, activation
    source, effective = raw.get("source") or {}, raw.get("effective") or {}
    for activity in raw.get("needs") or ():
        _checked(activity, known, "activity", place)
    return Rule(
        id=str(raw["id"]),
        pack=pack.id,
        jurisdiction=pack.jurisdiction,
        title=str(raw["title"]),
        template=template,
        object=_object(raw, template, activation, objects, place),
        activation=activation,
        target=target,
        until=_pattern(raw.get("until"), "until", known, place),
        where=_where(raw, "activation", place),
        within=_span(raw, "within", place),
        grace=_span(raw, "grace", place),
        calendar=str(raw.get("calendar", "default")),
        injective=_checked(raw.get("matching", "shared"), ("shared", "injective"), "matching", place)
        == "injective",
        quantifier=_checked(raw.get("quantifier", "each"), ("each", "all", "any"), "quantifier", place),
        count=int(_number(raw.get("count", 1), "count", place)),
        sum=str(raw.get("sum", "")),
        limit=_number(raw.get("limit", 0), "limit", place),
        steps=_steps(raw.get("steps") or (), known, place),
        needs=tuple(raw.get("needs") or ()),
        kind=_checked(raw.get("kind", "violation"), ("violation", "review"), "kind", place),
        severity=_checked(raw.get("severity", "medium"), SEVERITIES, "severity", place),
        nudge_us=_span(raw, "nudge", place).n,
        from_us=_day(effective.get("from"), place, 0),
        to_us=_day(effective.get("to"), place, micros(LATEST.replace(year=2099))),
        source=Source(str(source.get("title", "")), str(source.get("url", "")), str(source.get("checked", ""))),
        help=str(raw.get("help", "")),
        examples=raw.get("examples") or {},
        body=json.dumps({**raw, "jurisdiction": pack.jurisdiction}, sort_keys=True, default=str),
    )


def _template(raw: Mapping[str, Any], place: str) -> str:
    """The rule's template, once its keys are those that the template takes."""
    if unknown := set(raw) - SOMEWHERE:
        raise FixSettings(f"{place}: unknown key {min(unknown)!r}; {nearest(min(unknown), SOMEWHERE)}")
    for key in ("id", "title", "object", "template"):
        if not raw.get(key):
            raise FixSettings(f"{place}: {key!r} is missing")
    name = _checked(raw["template"], TEMPLATES, "template", place)
    template = TEMPLATES[name]
    wanted = template.needs | (frozenset() if "activation" in template.takes else {"activation"})
    if name == "sequence":
        wanted -= {"activation"}
    for key in sorted(wanted):
        # A unary template may name what it counts as its activation.
        if raw.get(key) is None and not (key == "target" and name in UNARY and raw.get("activation")):
            raise FixSettings(f"{place}: template {name} needs {_A.get(key, key)}")
    if surplus := set(raw) - COMMON - template.takes - template.needs:
        # What every rule may say by its default is no contradiction.
        if surplus == {"matching"} and raw["matching"] == "shared":
            return name
        raise FixSettings(f"{place}: template {name} takes no {min(surplus)!r}")
    return name


def _object(
    raw: Mapping[str, Any], template: str, activation: Pattern | None, objects: Collection[str], place: str
) -> str:
    kind = _checked(raw["object"], objects, "object type", place)
    if kind in REFERENCE_TYPES:
        raise FixSettings(
            f"{place}: the events of a {kind} are not followed; write the rule about a contact or a case"
        )
    if kind in PARTY_TYPES and (template in WHOLE_COURSE or activation is None):
        raise FixSettings(
            f"{place}: of a {kind} only those events are kept that some rule names, and this template looks at all "
            "of them; write it about a case, ticket, conversation, lead or opportunity, or name an activation"
        )
    return kind


def _steps(raw: Any, known: Collection[str], place: str) -> Sequence[tuple[Pattern, bool]]:
    found: list[tuple[Pattern, bool]] = []
    for number, step in enumerate(raw, 1):
        if not isinstance(step, dict):
            raise FixSettings(f"{place}: step {number} is no pattern; write for example {{activity: quote.sent}}")
        rest = {key: value for key, value in step.items() if key != "optional"}
        pattern = _pattern(rest, "activation", known, place)
        assert pattern is not None
        if pattern in [other for other, _ in found]:
            raise FixSettings(f"{place}: step {number} repeats an earlier one; a step is named once")
        found.append((pattern, bool(isinstance(step, dict) and step.get("optional", False))))
    if len(found) > MOST_STEPS:
        raise FixSettings(f"{place}: {len(found)} steps are too many; a playbook has {MOST_STEPS} at most")
    return tuple(found)


def _number(raw: Any, what: str, place: str) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or raw < 0:
        raise FixSettings(f"{place}: {what} {raw!r} is no number from 0 on")
    return float(raw)


def read_pack(path: Path, seen: Collection[str] = (), objects: Collection[str] = ()) -> Pack:
    """One pack with all its rules, whether or not it is switched on.

    `seen` are activities that sources have brought besides the shared vocabulary, `objects` object types likewise.
    Raises FixSettings for anything that is not understood, so that a misspelt rule is never silently met by all.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        told = " ".join(str(error).split())
        raise FixSettings(f"pack {path.name} cannot be read: {told}") from error
    if not isinstance(raw, dict) or raw.get("pack") != path.stem:
        raise FixSettings(f"pack {path.name}: the key 'pack' must repeat the file's name, {path.stem!r}")
    if unknown := set(raw) - _PACK_KEYS:
        raise FixSettings(f"pack {path.name}: unknown key {min(unknown)!r}; {nearest(min(unknown), _PACK_KEYS)}")
    pack = Pack(
        path.stem,
        str(raw.get("title", path.stem)),
        str(raw.get("jurisdiction", "firm")),
        bool(raw.get("enabled", True)),
        frozenset(raw.get("attributes") or ()),
    )
    known, entries = set(ACTIVITIES) | set(seen) | set(raw.get("activities") or ()), raw.get("rules") or ()
    if not all(isinstance(entry, dict) for entry in entries):
        raise FixSettings(f"pack {path.name}: each entry of 'rules' must be a rule with an id")
    rules = [_rule(entry, pack, known, set(OBJECTS) | set(objects)) for entry in entries]
    return replace(pack, rules=tuple(rules))


def read_packs(
    folders: Sequence[Path],
    *,
    enabled: Collection[str] = (),
    disabled: Collection[str] = (),
    seen: Collection[str] = (),
    objects: Collection[str] = (),
) -> Sequence[Pack]:
    """The shipped packs and those of further folders, in order, each with the rules that are switched on.

    `enabled` names packs, or single rules of packs, that are off by default; `disabled` names rules or packs.
    """
    packs = [read_pack(p, seen, objects) for folder in (PACKS, *folders) for p in sorted(folder.glob("*.yaml"))]
    first: dict[str, str] = {}
    for pack in packs:
        for rule in pack.rules:
            if rule.id in first:
                raise FixSettings(f"rule {rule.id!r} stands in pack {first[rule.id]} and again in {pack.id}")
            first[rule.id] = pack.id
    known = {*first, *(pack.id for pack in packs)}
    for key, names in (("enable", enabled), ("disable", disabled)):
        for name in names:
            _checked(name, known, "rule or pack", f"rules.{key}")

    def on(rule: Rule, pack: Pack) -> bool:
        asked = rule.id in enabled or pack.id in enabled
        return (
            (asked or pack.enabled) and rule.id not in disabled and (pack.id not in disabled or rule.id in enabled)
        )

    return [replace(pack, rules=tuple(rule for rule in pack.rules if on(rule, pack))) for pack in packs]
