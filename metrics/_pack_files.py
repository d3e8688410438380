"""The data files of an evidence pack: events, verdicts with their history, and the rules as they stood."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from data.event import moment
from data.vocabulary import label
from metrics._contract import Read
from metrics._export_facts import Facts, Wish
from metrics._export_ocel import write_json
from metrics._pack_facts import Pack

DIRECTIONS: Final = ("internal", "inbound", "outbound")
_RULES_HEAD: Final = """# The rules as they stood, by the pack of rules they belong to, one entry a wording.
# `digest` changes exactly when the text of a rule changes; in_force_until_utc is empty for the present text.
"""


def stamp(at_us: int | None) -> str:
    """A moment in UTC to the second; empty for none."""
    return f"{moment(at_us):%Y-%m-%dT%H:%M:%SZ}" if at_us is not None else ""


def events_csv(pack: Pack) -> bytes:
    """One row for each event of each case."""
    rows = ((pack.labels[obj].otype, pack.labels[obj].id, f"{e.source}/{e.source_id}", stamp(e.t), e.activity,
             label(e.activity), e.channel, DIRECTIONS[e.direction], e.who, e.team, e.source_title,
             stamp(e.collected_t))
            for obj, course in pack.courses.items() for e in course)
    return _table(("case_type", "case", "event_id", "time_utc", "activity", "activity_in_words", "channel",
                   "direction", "who", "team", "source", "collected_utc"), rows)


def verdicts_csv(pack: Pack) -> bytes:
    """One row for each belief about each activation, the newest first; `believed_until_utc` is empty where it still
    is believed. `verdict_at_pack_time` counts what fell due unanswered, as far as that is certain."""
    ids = {e.seq: f"{e.source}/{e.source_id}" for course in pack.courses.values() for e in course}
    rows = ((pack.rules[one.rule].text.id, pack.rules[one.rule].digest, pack.labels[one.obj].otype,
             pack.labels[one.obj].id, ids.get(one.act_seq, ""), stamp(one.t), one.said,
             pack.rules[one.rule].says(b.verdict), b.reason,
             stamp(b.due_t), stamp(b.decided_t), ids.get(b.target_seq or 0, ""), stamp(b.believed_t), stamp(b.until_t))
            for one in pack.findings for b in one.beliefs)
    return _table(("rule", "rule_digest", "case_type", "case", "activation_event", "activation_utc",
                   "verdict_at_pack_time", "verdict", "reason", "due_utc", "decided_utc", "deciding_event",
                   "believed_from_utc", "believed_until_utc"), rows)


def rules_yaml(pack: Pack) -> bytes:
    """Every text the rules had while they were in force here, in the form in which a pack of rules is written."""
    packs: dict[str, list[dict[str, Any]]] = {}
    for text in pack.wordings:
        stood = {"in_force_from_utc": stamp(text.from_t), "in_force_until_utc": stamp(text.until_t)}
        packs.setdefault(text.pack, []).append({"digest": text.digest, **stood, **text.body})
    documents = [{"pack": name, "rules": rules} for name, rules in packs.items()]
    return (_RULES_HEAD + yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, width=100)).encode()


def ocel_json(read: Read, pack: Pack, folder: Path) -> bytes:
    """The events and objects as an OCEL 2.0 log."""
    path = folder / "events.ocel.json"
    write_json(Facts(read, Wish(objs=tuple(pack.courses)), pack.shown), path)
    return path.read_bytes()


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    # Programs for tables tell the encoding by the first bytes.
    text = io.StringIO("")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return "\ufeff".encode() + text.getvalue().encode("utf-8", "replace")


def _harmless(cell: Any) -> str:
    """A cell that no program for tables takes for a formula; the OCEL file has it as it was."""
    text = str(cell)
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} and text[:1] else text
