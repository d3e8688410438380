"""The document of an evidence pack: what a lawyer reads first, and can read without anything else."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Spacer

from data.audit import Head
from data.vocabulary import label
from metrics._pack_facts import Finding, Happening, Pack, Rule
from metrics._pack_style import (
    ALARM,
    Document,
    clock,
    code_lines,
    contents,
    facts,
    grid,
    numbered,
    para,
    short,
    style,
    text,
)

MOST_FINDINGS: Final = 40
MOST_STEPS: Final = 150
_MARKED: Final = ("violated", "for review")
_NOTE: Final = (
    "This pack shows what the connected sources recorded and what the rules made of it. “Violated” is said only where "
    "recorded facts decide; signals that a person must judge are called “for review”. An absence is certain only up "
    "to the moment to which every source concerned is complete. Nothing here is legal advice. All times are UTC.")
_PEOPLE: Final = (
    "People of the firm appear under pseudonyms that hold within one case only. In {n} of the cases two officers have "
    "agreed that names may be shown, and there they are.")
_CHECK: Final = (
    "manifest.json holds the SHA-256 of every file of this pack, this document included. The making of the pack is "
    "record {n} of the audit trail, whose hash is {hash}. Whoever runs Frontview can show with “python app.py audit "
    "verify --head {n}:{hash}” that the trail still holds that record, unchanged, with all before it.")
_ABSENCE: Final = {"violated": "none: what the rule asks for was not there",
                   "for review": "none: what the rule asks for was not there",
                   "kept": "none: what the rule forbids did not happen",
                   "holding": "none so far: what the rule forbids has not happened",
                   "pending": "none so far", "overdue, not certain yet": "none so far"}


def pdf(pack: Pack, head: Head, files: Mapping[str, tuple[str, str]]) -> bytes:
    """The document. `files`: the other files of the pack, each with its SHA-256 and what it holds."""
    whole = io.BytesIO()
    foot = f"Frontview evidence pack · made {clock(pack.now_t)} · audit record {head.n:,}"
    document = Document(whole, foot, "Evidence pack")
    story = [*_front(pack), Spacer(1, 4 * mm), contents(), *_asked(pack), *_coverage(pack), *_result(pack),
             *_rules(pack), *_findings(pack), *_timelines(pack), *_proof(head, files)]
    document.multiBuild(story, canvasmaker=numbered(foot))
    return whole.getvalue()


def _heading(words: str, level: str = "h1") -> Paragraph:
    return para(words, level)


def _front(pack: Pack) -> Iterator[Any]:
    yield para("Evidence pack", "title")
    yield para(f"{_about(pack)}, as known at {clock(pack.now_t)}", "soft")


def _about(pack: Pack) -> str:
    wish, parts = pack.wish, []
    if wish.objs:
        parts.append(", ".join(_case(pack, obj) for obj in list(pack.labels)[:3]))
    if wish.rule:
        parts.append(f"rule {wish.rule}")
    if wish.since_t:
        parts.append(f"activations from {clock(wish.since_t)}")
    if wish.until_t < 1 << 61:
        parts.append(f"activations before {clock(wish.until_t)}")
    return "; ".join(parts) or "Everything on record"


def _case(pack: Pack, obj: int) -> str:
    one = pack.labels[obj]
    return f"{one.otype} {one.id}"


def _asked(pack: Pack) -> Iterator[Any]:
    yield _heading("What was asked")
    yield facts([
        ("About", _about(pack)), ("Asked by", f"{pack.wish.asked_by} ({pack.wish.role})"),
        ("Made at", clock(pack.now_t)),
        ("Holds", ", ".join((_n(len(pack.labels), "case"), _n(len(pack.findings), "activation"),
                             _n(len(pack.rules), "rule"), _n(sum(map(len, pack.courses.values())), "event"))))])
    yield Spacer(1, 2 * mm)
    if len(pack.courses) < len(pack.labels):
        yield para(f"Events and timelines are given for {_n(len(pack.courses), 'case')} in which something is worth "
                   "checking; the verdicts on all others are in verdicts.csv.")
    yield para(_NOTE, "soft")
    yield para(_PEOPLE.format(n=f"{len(pack.named):,}") if pack.named else _PEOPLE.partition(" In {n}")[0], "soft")


def _n(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _coverage(pack: Pack) -> Iterator[Any]:
    yield _heading("What the sources covered")
    yield para("Complete up to: every record of the source older than this moment has been read. A source that is not "
               "live may lack later ones.", "soft")
    rows = [(s["title"] or s["id"], s["state"], short(s["watermark_t"]) or "not known",
             short(s["seen_t"]) or "never", f"{s['n_new']:,}", f"{s['n_aside']:,}", s["blind"]) for s in pack.sources]
    head = ("Source", "State", "Complete up to (UTC)", "Last read (UTC)", "Records", "Set aside", "Cannot see")
    yield grid(head, rows, (14, 7, 18, 18, 9, 7, 27))


def _result(pack: Pack) -> Iterator[Any]:
    yield _heading("What was found")
    if not pack.findings:
        yield para("No rule was activated by what was asked about.")
        return
    rows = [(pack.rules[code].text.id, pack.rules[code].text.title,
             "; ".join(f"{n:,} {said}" for said, n in sorted(told.items(), key=lambda item: -item[1])) or "none")
            for code, told in pack.tally.items()]
    yield grid(("Rule", "What it says", "Activations"), rows, (12, 48, 40))


def _rules(pack: Pack) -> Iterator[Any]:
    yield _heading("The rules as they stood")
    for rule in pack.rules.values():
        yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[Any]:
    told = rule.text
    force = f"from {told.since or 'the beginning'}{f' to {told.until}' if told.until else ''}"
    certain = f"{clock(rule.certain_t)}{f' (waits for {rule.waits_for})' if rule.waits_for else ''}"
    yield _heading(f"{told.id}  {told.title}", "h2")
    yield facts([
        ("In a sentence", told.sentence),
        ("Says", "a person judges (for review)" if told.kind == "review" else "decided by recorded facts"),
        ("Source", told.source or "not named"), ("Address", told.url), ("Jurisdiction", told.jurisdiction),
        ("In force", force if told.since or told.until else "no dates named"),
        ("Last checked", told.checked or "not named: somebody should check it"), ("Severity", told.severity),
        ("Absence certain to", certain if rule.certain_t else "not known"), ("Text's digest", rule.digest)])
    yield _heading("Its text as it stood", "h3")
    yield from code_lines(yaml.safe_dump(dict(rule.body), sort_keys=False, allow_unicode=True, width=100))


def _findings(pack: Pack) -> Iterator[Any]:
    yield _heading("Each activation")
    chosen = pack.by_weight[:MOST_FINDINGS]
    if len(pack.findings) > len(chosen):
        yield para(f"{len(chosen):,} of {len(pack.findings):,} are told here, those worth checking first; all are in "
                   "verdicts.csv.")
    for number, one in enumerate(chosen, 1):
        yield from _finding(pack, one, number)


def _finding(pack: Pack, one: Finding, number: int) -> Iterator[Any]:
    rule, course = pack.rules[one.rule], {e.seq: e for e in pack.courses.get(one.obj, ())}
    said = f'<font color="{ALARM.hexval().replace("0x", "#")}">{text(one.said)}</font>' if one.said in _MARKED else (
        text(one.said))
    verdict = Paragraph(f"<b>{said}</b>", style("cell"))
    yield _heading(f"{number}  {rule.text.id} · {_case(pack, one.obj)}", "h2")
    yield para(rule.text.sentence, "lead")
    yield facts([("Verdict", verdict), ("Because", one.now.reason), ("Activated", clock(one.t)),
                 ("Due", clock(one.now.due_t)), ("Decided", clock(one.now.decided_t)),
                 ("Believed since", clock(one.now.believed_t))])
    ends = (_side("Activation", course.get(one.act_seq), "the record was taken back"),
            _side("Decided by", course.get(one.now.target_seq or 0), _ABSENCE.get(one.said, "no single event")))
    yield _heading("The two events", "h3")
    yield grid(("", "Moment (UTC)", "What happened", "By", "Record at its source", "Collected (UTC)"), ends,
               (11, 18, 20, 15, 18, 18))
    yield _heading("What was believed when", "h3")
    yield grid(("From (UTC)", "Until", "Verdict", "Reason", "Due", "Decided"), [
        (short(b.believed_t), short(b.until_t) or "now", rule.says(b.verdict), b.reason, short(b.due_t),
         short(b.decided_t)) for b in one.beliefs], (18, 18, 10, 18, 18, 18))


def _side(name: str, event: Happening | None, absence: str) -> tuple[object, ...]:
    if event is None:
        return (name, "", absence, "", "", "")
    what = ", ".join(filter(None, (label(event.activity), event.channel)))
    return (name, short(event.t), what, _who(event),
            f"{event.source_title}: {event.source_id}", short(event.collected_t))


def _who(event: Happening) -> str:
    who = event.who or ("from outside" if event.direction == 1 else "")
    return f"{who}, {event.team}" if event.who and event.team else who


def _timelines(pack: Pack) -> Iterator[Any]:
    yield _heading("Timelines of the cases")
    yield para("● marks what activated a rule that was violated or is for review.", "soft")
    wanted = list(dict.fromkeys([*(one.obj for one in pack.by_weight[:MOST_FINDINGS]), *pack.wish.objs]))
    for obj in (obj for obj in wanted if obj in pack.courses):
        course = pack.courses[obj]
        marks = {one.act_seq for one in pack.findings if one.obj == obj and one.said in _MARKED}
        yield _heading(_case(pack, obj), "h2")
        if len(course) > MOST_STEPS:
            yield para(f"The last {MOST_STEPS:,} of {len(course):,} events; all are in events.csv.", "soft")
        rows = [(short(e.t), label(e.activity) + (" ●" if e.seq in marks else ""), _who(e), e.channel,
                 f"{e.source_title}: {e.source_id}") for e in course[-MOST_STEPS:]]
        yield grid(("Moment (UTC)", "What happened", "By", "Channel", "Record at its source"), rows,
                   (19, 24, 20, 10, 27))


def _proof(head: Head, files: Mapping[str, tuple[str, str]]) -> Iterator[Any]:
    yield _heading("What is in the pack, and how to check it")
    yield grid(("File", "Holds", "SHA-256"), [(name, holds, digest) for name, (digest, holds) in files.items()],
               (18, 37, 45))
    yield Spacer(1, 3 * mm)
    yield para(_CHECK.format(n=head.n, hash=head.hash), "soft")
