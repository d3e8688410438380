"""One activation of a rule with all that proves its verdict: both events, the rule's text, every belief."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from metrics._asof import case_then
from metrics._contract import Metric, Read, ask
from metrics._persons import by, in_case, known_as
from metrics._sentence import sentence
from metrics.case import Case, Record, case, record

METRIC = Metric(
    "binding",
    "Evidence of one activation",
    "An activation is one event together with one case. Its verdict rests on that event, on the event that "
    "answered it (or on none having come by the due moment), and on the rule's text as it was read.",
    "What no source has brought; records that were taken back since are left out.",
)
_PACKS = Path(__file__).parent / "packs"


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule as people read it. Days are ISO days or empty."""

    id: str
    title: str
    severity: str
    kind: str
    pack: str
    sentence: str
    help: str
    source: str
    url: str
    jurisdiction: str
    checked: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Belief:
    """What was believed from `believed_t` until `until_t` (None: still)."""

    verdict: int
    reason: str
    due_t: int | None
    decided_t: int | None
    believed_t: int
    until_t: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The activation and what answered it, what was believed (newest first), and the case. `certain_t`: up to when
    an absence is certain. People are as the reader may know them."""

    rule: RuleText
    case: Case
    activation: Record | None
    target: Record | None
    beliefs: Sequence[Belief]
    t: int
    certain_t: int | None
    waits_for: str

    @property
    def now(self) -> Belief:
        """What is believed now, or was at the moment asked about."""
        return self.beliefs[0]


def rule_text(row: Mapping[str, Any]) -> RuleText:
    """From a row of `rule`."""
    body = json.loads(row["body"])
    source, effective = body.get("source") or {}, body.get("effective") or {}
    return RuleText(
        **{key: row[key] for key in ("id", "title", "severity", "kind", "pack", "help")},
        sentence=sentence(body),
        source=str(source.get("title", "")),
        url=str(source.get("url", "")),
        jurisdiction=str(body.get("jurisdiction") or _jurisdiction(row["pack"])),
        checked=str(source.get("checked", "")),
        since=str(effective.get("from", "")),
        until=str(effective.get("to", "")),
    )


@cache
def _jurisdiction(pack: str) -> str:
    """That of a shipped pack; empty for one that is not shipped."""
    path = _PACKS / f"{pack}.yaml"
    return str(yaml.safe_load(path.read_text(encoding="utf8")).get("jurisdiction", "")) if path.exists() else ""


def rule(read: Read, rule_id: str) -> RuleText | None:
    """The rule's text, or None when no such rule is active."""
    rows = read("SELECT * FROM rule WHERE id = $id AND active", {"id": rule_id})
    return rule_text(rows[0]) if rows else None


def parse(key: str) -> tuple[str, int, int]:
    """Rule, object and event of a key `RULE:OBJECT:EVENT`. ValueError when it cannot be read."""
    rule_id, obj, act_seq = key.rsplit(":", 2)
    return rule_id, int(obj), int(act_seq)


def evidence(read: Read, key: str, asof_t: int = 0, *, named: bool = False) -> Evidence | None:
    """The evidence of the binding, as of a past moment if one is named; `named` as for `known_as`.

    None when there is none in scope, or it was not known then. ValueError when the key cannot be read.
    """
    rule_id, obj, act_seq = parse(key)
    rules = read("SELECT * FROM rule WHERE id = $id AND active", {"id": rule_id})
    rows = ask(read, "beliefs", {"rule": rule_id, "obj": obj, "act_seq": act_seq})
    rows = [row for row in rows if not asof_t or row["believed_t"] <= asof_t]
    found = case(read, obj) if rules and rows else None
    if found is None:
        return None
    found = in_case(read, found, named=named)
    if asof_t:
        found = case_then(read, found, asof_t)
    marks = read("SELECT watermark_t, waits_for FROM rule_watermark WHERE rule = $rule", {"rule": rules[0]["code"]})
    told: Mapping[str, Any] = marks[0] if marks else {"watermark_t": None, "waits_for": ""}
    target, names = rows[0]["target_seq"], known_as(read, obj, named=named)
    return Evidence(
        rule=rule_text(rules[0]),
        case=found,
        activation=_record(read, act_seq, names),
        target=_record(read, target, names),
        beliefs=[_belief(row, asof_t) for row in rows],
        t=rows[0]["t"],
        certain_t=told["watermark_t"],
        waits_for=told["waits_for"] or "",
    )


def _record(read: Read, seq: int | None, names: Mapping[int, str]) -> Record | None:
    found = record(read, seq) if seq is not None else None
    return by(read, found, names) if found else None


def _belief(row: Mapping[str, Any], asof_t: int) -> Belief:
    until = row["until_t"] if not asof_t or (row["until_t"] or 0) <= asof_t else None
    told = {name: row[name] for name in ("verdict", "reason", "due_t", "decided_t", "believed_t")}
    return Belief(**told, until_t=until)
