"""The rule lab: a pack as text is tried on the history in the file, and its hits are judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import yaml

from data.errors import FixSettings
from data.judgements import Hit
from data.store import Store
from metrics._backtest import Progress, Trial, Tried, try_pack, understood
from metrics._bench import Bench, named
from metrics._contract import Metric, Read
from metrics.conformance.condition import Field, Node, Tree
from metrics.conformance.rules import Pack, Rule
from metrics.review import FEWEST, wilson

METRIC = Metric(
    "lab",
    "Rule lab",
    "Each rule is decided over all history in the file exactly as in live use, as it stands at the moment of the "
    "trial. Conformance: (fulfilled + kept) / (fulfilled + kept + violated). Load: violated / days with an "
    "activation / reviewers. Against the version in force: activations it has and the trial has not (gone), the other "
    "way round (new), and those with another verdict (changed). Precision: real breaches / hits judged, of the "
    "(up to) 20 drawn, with Wilson's 95% interval; below ten it is not measured yet.",
    "What no source has brought, and whether people acted otherwise because a rule was in force.",
)

LONGEST_TEXT: Final = 100_000
_PLACE: Final = re.compile(r"line (\d+), column \d+")
_RULE: Final = re.compile(r"rule ([\w.-]+):")
_QUOTED: Final = re.compile(r"'([^']+)'")
_SAID: Final = re.compile(r"\s*(title|help):")
_CHANGES_OWNER: Final = "owner.changed"


@dataclass(frozen=True, slots=True)
class Precision:
    """How many of the hits drawn were judged, and how many of those are real breaches."""

    right: int
    judged: int

    @property
    def share(self) -> float | None:
        """Real ones of those judged; None below FEWEST: not measured yet."""
        return self.right / self.judged if self.judged >= FEWEST else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the share."""
        return wilson(self.right, self.judged)


def check_text(store: Store, text: str, bench: Bench) -> Pack:
    """The pack that a text describes. FixSettings when it is not understood, or asks who a person is."""
    con = store.connection.cursor()
    try:
        with _file(text) as path:
            pack = understood(con, path, bench.calendars)
    except RecursionError as error:
        raise FixSettings("the text, or a condition in it, is nested too deeply to be understood") from error
    finally:
        con.close()
    for rule in pack.rules:
        _pseudonymous(rule)
    return pack


def try_text(
    store: Store, text: str, wish: Trial, now_t: int, bench: Bench, progress: Progress | None = None
) -> Sequence[Tried]:
    """What each rule of the text would have said; see `try_pack`."""
    with _file(text) as path:
        return try_pack(store, path, wish, now_t, bench.calendars, progress)


def packs_in_force(read: Read) -> set[str]:
    """The packs some rule of which is in force."""
    return {row["pack"] for row in read("SELECT DISTINCT pack FROM rule WHERE active", {})}


@contextmanager
def _file(text: str) -> Iterator[Path]:
    """The text as the file that packs are read from."""
    if len(text) > LONGEST_TEXT:
        raise FixSettings(f"the text has {len(text):,} characters; a pack has {LONGEST_TEXT:,} at most")
    name = named(text)
    if not name:
        raise FixSettings("the text names no pack; begin it with a line such as pack: our-rules (letters, digits, -)")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            # A few lines of them can stand for more text than any machine holds.
            raise FixSettings("the text refers to itself (an alias, *name), which rules do not take; write it out")
    except yaml.YAMLError as error:
        raise FixSettings(f"pack {name} cannot be read: {' '.join(str(error).split())}") from error
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.yaml"
        path.write_text(text, encoding="utf8")
        yield path


def place(text: str, trouble: str) -> int | None:
    """The line of the text that an error is about, from 1; None where nothing of it can be found there."""
    if "condition" not in trouble and (told := _PLACE.findall(trouble)):
        return int(told[-1])
    lines = text.splitlines()
    ruled = _RULE.search(trouble)
    at = 0
    if ruled:
        own = re.compile(rf"\bid:\s*[\"']?{re.escape(ruled[1])}\b")
        at = next((n for n, line in enumerate(lines) if own.search(line)), 0)
    for word in _QUOTED.findall(trouble):
        for n, line in enumerate(lines[at:], at + 1):
            if word in line and not _SAID.match(line):
                return n
    return at + 1 if ruled else None


def _pseudonymous(rule: Rule) -> None:
    """Refuse what would tell who a person is: a rule may compare people with each other, but not with a word."""
    sides = (rule.activation, rule.target, rule.until, *(step for step, _ in rule.steps))
    for pattern in (pattern for pattern in sides if pattern is not None):
        _no_names(pattern.where, rule.id, is_hidden=_CHANGES_OWNER in pattern.activities)
    hidden = any(p is not None and _CHANGES_OWNER in p.activities for p in (rule.activation, rule.target))
    _no_names(rule.where, rule.id, is_hidden=hidden)


def _no_names(tree: Tree | None, rule: str, *, is_hidden: bool) -> None:
    if not isinstance(tree, Node):
        return
    people = [part for part in tree.parts if isinstance(part, Field) and _is_person(part, is_hidden=is_hidden)]
    is_between = tree.op in {"=", "<>"} and len(people) == len(tree.parts)
    if people and tree.op not in {"and", "or", "null"} and not is_between:
        name = people[0].name
        raise FixSettings(
            f"rule {rule}: {name!r} is compared with a word, and people stay pseudonymous here; compare it with "
            f"another event's (target.{name} != activation.{name}), or use the command `backtest`"
        )
    for part in tree.parts:
        _no_names(part, rule, is_hidden=is_hidden)


def _is_person(field: Field, *, is_hidden: bool) -> bool:
    if field.side == "object":
        return field.name == "owner"
    return field.name == "actor" or (is_hidden and field.name not in {"team", "channel", "direction", "activity"})


def hit_of(tried: Tried, hit: Mapping[str, object]) -> Hit:
    """What a judgement of this hit is stored under."""
    return Hit(tried.rule.id, tried.rule.digest, int(str(hit["obj"])), str(hit["source"]), str(hit["source_id"]))


def precision(tried: Tried, said: Mapping[Hit, bool]) -> Precision:
    """How often the hits drawn were real breaches, by what was said of them."""
    answers = [said[key] for hit in tried.hits if (key := hit_of(tried, hit)) in said]
    return Precision(sum(answers), len(answers))
