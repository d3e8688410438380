"""What an evidence pack tells: the activations it is about, their verdicts, the rules, the cases, the coverage."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from data.errors import FixSettings
from data.scope import Role
from metrics._contract import Read, ask
from metrics._export_facts import FOREVER
from metrics._labels import Label, describe
from metrics._words import words
from metrics.binding import RuleText, rule_text

MOST_BELIEFS: Final = 20_000
MOST_CASES: Final = 1_000
VERDICTS: Final = ("pending", "fulfilled", "violated", "holding", "kept", "unknown", "waived")
PENDING: Final = 0
VIOLATED: Final = 2
WORTH_CHECKING: Final = ("violated", "for review", "overdue, not certain yet", "unknown", "waived", "withdrawn")
_BY_WEIGHT: Final = (*WORTH_CHECKING, "pending", "holding", "fulfilled", "kept")

_KEYS: Final = ("id", "title", "object", "template", "activation", "target", "steps", "where", "within", "grace",
                "until", "calendar", "matching", "quantifier", "count", "sum", "limit", "kind", "severity", "nudge",
                "effective", "source", "help", "needs", "examples")


@dataclass(frozen=True, slots=True)
class PackWish:
    """What the evidence is asked about: cases (by number), a rule (by id), a span of time in which the activations
    lie (microseconds since 1970 UTC); what is not said does not narrow it. `asked_by` is shown with its role."""

    objs: tuple[int, ...] = ()
    rule: str = ""
    since_t: int = 0
    until_t: int = FOREVER
    asked_by: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Belief:
    """What was believed of an activation from `believed_t` until `until_t` (None: still)."""

    verdict: int
    reason: str
    due_t: int | None
    decided_t: int | None
    target_seq: int | None
    believed_t: int
    until_t: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One activation of a rule in one case. `beliefs` come newest first; `said` is what holds at the moment of the
    pack: a verdict in words."""

    rule: int
    obj: int
    act_seq: int
    t: int
    beliefs: Sequence[Belief]
    said: str

    @property
    def now(self) -> Belief:
        """What is believed now."""
        return self.beliefs[0]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in force: in words, and its text word for word."""

    text: RuleText
    template: str
    digest: str
    body: Mapping[str, Any]
    certain_t: int | None
    waits_for: str

    def says(self, verdict: int) -> str:
        """A verdict in words: what a person must judge is never called violated."""
        return "for review" if verdict == VIOLATED and self.text.kind == "review" else VERDICTS[verdict]


@dataclass(frozen=True, slots=True)
class Happening:
    """One event with where its record comes from. `who` is a pseudonym that holds within the case, or a name where
    two officers agreed that this case may be named."""

    seq: int
    t: int
    activity: str
    channel: str
    direction: int
    who: str
    team: str
    source: str
    source_title: str
    source_id: str
    collected_t: int | None


@dataclass(frozen=True, slots=True)
class Wording:
    """The text of a rule as it stood from one moment to another; `until_t` None: it is in force."""

    id: str
    pack: str
    digest: str
    body: Mapping[str, Any]
    from_t: int
    until_t: int | None


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything that goes into an evidence pack. `courses` holds the events in order of each case whose events are
    told; of very many cases these are the ones with something worth checking."""

    wish: PackWish
    now_t: int
    findings: Sequence[Finding]
    rules: Mapping[int, Rule]
    labels: Mapping[int, Label]
    courses: Mapping[int, Sequence[Happening]]
    sources: Sequence[Mapping[str, Any]]
    named: Sequence[int]
    shown: Mapping[int, str]
    wordings: Sequence[Wording]

    @property
    def tally(self) -> dict[int, dict[str, int]]:
        """Rule -> verdict in words -> how many."""
        found: dict[int, dict[str, int]] = {code: {} for code in self.rules}
        for one in self.findings:
            found[one.rule][one.said] = found[one.rule].get(one.said, 0) + 1
        return found

    @property
    def by_weight(self) -> list[Finding]:
        """What is worth checking first, the rest after it; each in the order of time."""
        return sorted(self.findings, key=lambda one: (_BY_WEIGHT.index(one.said), one.t, one.obj))


def numbered(read: Read, case: str) -> tuple[int, ...]:
    """The numbers of what has this id at its source. FixSettings when there is nothing."""
    rows = read("SELECT obj FROM object WHERE id = $id ORDER BY obj", {"id": case})
    if not rows:
        raise FixSettings(f"there is no case {case!r}; give its id as the source writes it")
    return tuple(row["obj"] for row in rows)


def gather(read: Read, wish: PackWish, now_t: int) -> Pack:
    """Read what the wish is about, in an officer's scope.

    FixSettings when there is no such rule, nothing to tell, or more than a pack can hold.
    """
    if read.scope.role is not Role.OFFICER:
        raise ValueError(f"evidence is read in an officer's scope, not in that of a {read.scope.role.value}")
    rules = _rules(read, wish)
    findings = _findings(read, wish, rules, now_t)
    everybody = sorted({one.obj for one in findings} | set(wish.objs))
    if not everybody:
        raise FixSettings("no activation of a rule fits; there is nothing to put into a pack")
    labels = {obj: label for obj, label in describe(read, everybody).items() if obj in set(everybody)}
    if not labels:
        raise FixSettings("there is no such case")
    objs = _told(findings, labels)
    people, named = _people(read, objs)
    used = {one.rule for one in findings} | (set(rules) if wish.rule else set())
    # Over several cases a pseudonym would tie them together, so the common file then names nobody.
    shown = people.get(objs[0], {}) if len(objs) == 1 else {}
    sources = read("SELECT id, title, connector, state, message, seen_t, watermark_t, n_new, n_aside, blind "
                   "FROM source ORDER BY id", {})
    return Pack(wish, now_t, [one for one in findings if one.obj in labels],
                {code: rule for code, rule in rules.items() if code in used}, labels,
                _courses(read, objs, people), sources, named, shown,
                _wordings(read, sorted({rules[code].text.id for code in used})))


def _wordings(read: Read, ids: Sequence[str]) -> list[Wording]:
    """Every text that these rules had while they were in force here, the oldest first."""
    rows = read("SELECT id, pack, digest, body, from_t, until_t FROM rule_text WHERE list_contains($ids, id) "
                "ORDER BY id, from_t", {"ids": list(ids)})
    return [Wording(**row | {"body": _in_order(json.loads(row["body"]))}) for row in rows]


def _told(findings: Sequence[Finding], labels: Mapping[int, Label]) -> list[int]:
    """The cases whose events are told: all, or where these are too many those with something worth checking."""
    if len(labels) <= MOST_CASES:
        return sorted(labels)
    checked = {one.obj for one in findings if one.said in WORTH_CHECKING and one.obj in labels}
    if len(checked) > MOST_CASES:
        raise FixSettings(f"{len(checked):,} cases with something worth checking are too many for one pack "
                          f"(at most {MOST_CASES:,}); choose a shorter period or one rule")
    return sorted(checked)


def _rules(read: Read, wish: PackWish) -> dict[int, Rule]:
    marks = {r["rule"]: r for r in read("SELECT rule, watermark_t, waits_for FROM rule_watermark", {})}
    found = {}
    for row in read("SELECT * FROM rule WHERE active AND ($id = '' OR id = $id) ORDER BY id", {"id": wish.rule}):
        mark = marks.get(row["code"], {})
        found[row["code"]] = Rule(rule_text(row), row["template"], row["digest"], _in_order(json.loads(row["body"])),
                                  mark.get("watermark_t"), mark.get("waits_for") or "")
    if wish.rule and not found:
        raise FixSettings(f"there is no rule {wish.rule!r} in force; give its id as the compliance page shows it")
    return found


def _in_order(body: Mapping[str, Any]) -> dict[str, Any]:
    """The rule's keys in the order in which people write them; the store sorts them by the alphabet."""
    places = {key: place for place, key in enumerate(_KEYS)}
    return dict(sorted(body.items(), key=lambda item: (places.get(item[0], len(places)), item[0])))


def _findings(read: Read, wish: PackWish, rules: Mapping[int, Rule], now_t: int) -> list[Finding]:
    rows = ask(read, "pack_bindings", {
        "since": wish.since_t, "until": wish.until_t, "few": bool(wish.objs), "objs": list(wish.objs),
        "ruled": bool(wish.rule), "rules": list(rules), "limit": MOST_BELIEFS + 1})
    if len(rows) > MOST_BELIEFS:
        raise FixSettings(f"more than {MOST_BELIEFS:,} verdicts are too many for one pack; "
                          "choose a shorter period, one rule or one case")
    by_key: dict[tuple[int, int, int], list[dict[str, Any]]] = {}
    for row in rows:
        # A rule that is no longer in force has no text to show; what was said of it stays in the store.
        if row["rule"] in rules:
            by_key.setdefault((row["rule"], row["obj"], row["act_seq"]), []).append(row)
    found = []
    for (rule, obj, act_seq), told in by_key.items():
        beliefs = [Belief(*(r[name] for name in Belief.__slots__)) for r in told]
        found.append(Finding(rule, obj, act_seq, told[0]["t"], beliefs, _said(beliefs[0], rules[rule], now_t)))
    return found


def _said(belief: Belief, rule: Rule, now_t: int) -> str:
    """The verdict as it stands now: what is due counts as broken only once its sources are complete up to there."""
    verdict = belief.verdict
    if belief.until_t is not None:
        return "withdrawn"
    if verdict == PENDING and belief.due_t is not None and belief.due_t < now_t:
        if rule.certain_t is None or belief.due_t > rule.certain_t:
            return "overdue, not certain yet"
        verdict = VIOLATED
    return rule.says(verdict)


def _people(read: Read, objs: Sequence[int]) -> tuple[dict[int, dict[int, str]], list[int]]:
    """Case -> code -> how the person is shown there; and the cases in which two officers let names be shown."""
    found: dict[int, dict[int, str]] = {}
    named = set()
    for row in ask(read, "pack_people", {"objs": list(objs)}):
        found.setdefault(row["obj"], {})[row["code"]] = row["name"] or row["alias"]
        if row["name"]:
            named.add(row["obj"])
    return found, sorted(named)


def _courses(read: Read, objs: Sequence[int], people: Mapping[int, Mapping[int, str]]) -> dict[int, list[Happening]]:
    pairs = ask(read, "pack_courses", {"objs": list(objs)})
    seqs = sorted({row["seq"] for row in pairs})
    if not seqs:
        return {obj: [] for obj in objs}
    rows = ask(read, "pack_origin", {"seqs": seqs, "low": seqs[0], "high": seqs[-1]})
    place = {row["seq"]: number for number, row in enumerate(rows)}
    mine: dict[int, list[int]] = {obj: [] for obj in objs}
    for pair in pairs:
        if pair["seq"] in place:
            mine[pair["obj"]].append(place[pair["seq"]])
    return {obj: [_happening(read, rows[number], people.get(obj, {})) for number in sorted(mine[obj])] for obj in objs}


def _happening(read: Read, row: Mapping[str, Any], known: Mapping[int, str]) -> Happening:
    return Happening(
        row["seq"], row["t"], words(read, "activity").get(row["activity"], ""),
        words(read, "channel").get(row["channel"], ""), row["direction"], known.get(row["actor"], ""),
        words(read, "team").get(row["team"], ""), row["source"], row["source_title"] or row["source"],
        row["source_id"], row["collected_t"])
