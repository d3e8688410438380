"""The demo firm's faults and habits: each kind occurs, as an exception, and good practice pays."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import pairwise

import pytest
from demo_reading import DAY, HOUR, Happening, Seen, seen_world

from data.event import Ref, micros


@pytest.fixture(scope="module")
def seen() -> Seen:
    return seen_world()


def first_after(events: list[Happening], *activities: str) -> Happening | None:
    return next((e for e in events if e.activity in activities), None)


def answered_late(seen: Seen) -> list[bool]:
    waits = [next((a.t for a in after if a.outbound), seen.until) - e.t
             for e, after in seen.pairs("ticket", "msg.in")
             if e.t < seen.until - DAY]
    return [wait > 4 * HOUR for wait in waits]


def never_answered(seen: Seen) -> list[bool]:
    return [not any(a.outbound for a in after) for e, after in seen.pairs("ticket", "ticket.created")
            if e.t < seen.until - 5 * DAY]


def promise_broken(seen: Seen) -> list[bool]:
    broken = []
    for kind in ("ticket", "opportunity"):
        for event, after in seen.pairs(kind, "msg.out"):
            due = event.attrs.get("promised_at")
            if due and micros(datetime.fromisoformat(due)) < seen.until:
                kept = next((a.t for a in after if a.outbound), seen.until)
                broken.append(kept > micros(datetime.fromisoformat(due)))
    return broken


def discount_without_approval(seen: Seen, fault: str) -> list[bool]:
    found = []
    for event, _ in seen.pairs("opportunity", "quote.sent"):
        if event.attrs["discount"] <= 15 or event.t > seen.until - 3 * DAY:
            continue
        given = [a for a in seen.cases[event.of("quote")[0]] if a.activity == "approval"]
        before = [a for a in given if a.t < event.t]
        kind = ("kept" if any(a.actor != event.actor for a in before) else "self" if before
                else "after" if given else "skipped")
        found.append(kind == fault)
    return found


def handed_off(seen: Seen, fault: str) -> list[bool]:
    found = []
    for kind in ("ticket", "opportunity"):
        for events in [e for ref, e in seen.cases.items() if ref.type == kind]:
            for index, event in enumerate(events):
                if event.activity not in ("transfer", "referral"):
                    continue
                channels = [e.channel for e in events[:index] if e.inbound]
                after = next((e for e in events[index + 1:] if e.inbound or e.outbound), None)
                if after:
                    chased = bool(channels) and after.channel == channels[-1]
                    found.append(after.inbound and chased == (fault == "chase"))
    return found


def mailed_after_opt_out(seen: Seen) -> list[bool]:
    found = []
    for ref, events in seen.cases.items():
        out = first_after(events, "optout", "objection") if ref.type == "contact" else None
        if out:
            back = first_after(events, "consent.given")
            until = back.t if back else seen.until
            found.append(any(e.attrs.get("commercial") and out.t + 2 * DAY < e.t < until for e in events))
    return found


def mailing_lacks(seen: Seen, what: str) -> list[bool]:
    return [not h.attrs[what] for h in seen.happened if h.attrs.get("commercial")]


def signal_ignored(seen: Seen) -> list[bool]:
    return [first_after(after, "complaint.logged", "triage.dismissed") is None
            for e, after in seen.pairs("ticket", "complaint.signal") if e.t < seen.until - 3 * DAY]


def acknowledged_late(seen: Seen) -> list[bool]:
    found = []
    for event, after in seen.pairs("ticket", "complaint.logged"):
        if event.t < seen.until - 14 * DAY:
            ack = first_after(after, "complaint.ack")
            found.append(ack is None or ack.t > event.t + 7 * DAY)
    return found


def credit_by_one_person(seen: Seen) -> list[bool]:
    found = []
    for ref, events in seen.cases.items():
        if ref.type == "credit" and len(events) == 2:
            assert [e.activity for e in events] == ["credit.created", "credit.released"]
            found.append(events[0].actor == events[1].actor)
    return found


def ownerless(seen: Seen) -> list[bool]:
    found = []
    kinds = (("ticket", "ticket.created", "ticket.assigned"), ("lead", "lead.created", "owner.changed"))
    for kind, born, owned in kinds:
        for event, after in seen.pairs(kind, born):
            if event.t < seen.until - 5 * DAY:
                owner = first_after(after, owned)
                found.append(owner is None or owner.t > event.t + 12 * HOUR)
    return found


def deals(seen: Seen) -> list[tuple[Happening, list[Happening]]]:
    return [(e, after) for e, after in seen.pairs("opportunity", "opportunity.created")
            if e.attrs["kind"] != "Repeat order"]


def pushed(seen: Seen) -> list[bool]:
    return [first_after(after, "closedate.changed") is not None for _, after in deals(seen)]


def went_back(seen: Seen) -> list[bool]:
    order = ["New", "Qualified", "Proposal", "Negotiation"]
    return [any(e.activity == "stage.changed" and order.index(e.attrs["to"]) < order.index(e.attrs["from"])
                for e in after) for _, after in deals(seen)]


def fell_silent(seen: Seen) -> list[bool]:
    found = []
    for event, after in deals(seen):
        contacts = [event.t, *(e.t for e in after if e.inbound or e.outbound or e.activity == "meeting.held")]
        ended = first_after(after, "opportunity.won", "opportunity.lost")
        found.append(any(b - a > 12 * DAY for a, b in pairwise([*contacts, ended.t if ended else seen.until])))
    return found


FAULTS = {
    "a reply later than four hours": (answered_late, 0.04, 0.2),
    "a ticket nobody answers": (never_answered, 0.001, 0.05),
    "a broken promise": (promise_broken, 0.04, 0.15),
    "a skipped approval": (lambda s: discount_without_approval(s, "skipped"), 0.02, 0.1),
    "an approval by the owner": (lambda s: discount_without_approval(s, "self"), 0.02, 0.1),
    "an approval after the quote": (lambda s: discount_without_approval(s, "after"), 0.02, 0.1),
    "a restart after a hand-off": (lambda s: handed_off(s, "restart"), 0.04, 0.2),
    "a chase after a hand-off": (lambda s: handed_off(s, "chase"), 0.02, 0.2),
    "a newsletter after an opt-out": (mailed_after_opt_out, 0.1, 0.9),
    "a newsletter without opt-out": (lambda s: mailing_lacks(s, "unsub"), 0.001, 0.05),
    "a newsletter without address": (lambda s: mailing_lacks(s, "postal"), 0.005, 0.1),
    "a complaint signal ignored": (signal_ignored, 0.05, 0.2),
    "a complaint acknowledged late": (acknowledged_late, 0.05, 0.2),
    "a credit by one person alone": (credit_by_one_person, 0.05, 0.2),
    "a case without owner": (ownerless, 0.01, 0.1),
    "a pushed close date": (pushed, 0.08, 0.4),
    "a stage taken back": (went_back, 0.01, 0.15),
    "a silent deal": (fell_silent, 0.05, 0.35),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_kind_of_fault_occurs_as_an_exception(seen: Seen, fault: str) -> None:
    look, least, most = FAULTS[fault]
    found = look(seen)
    assert len(found) >= 60
    assert least <= sum(found) / len(found) <= most


def test_practice_pays_and_the_segment_confounds_it(seen: Seen) -> None:
    changes = seen.told["crm"].all.changes
    segments = {Ref(kind, key): value for kind, key, attribute, value, _ in changes.iter_rows()
                if kind == "account" and attribute == "segment"}
    results: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for event, after in deals(seen):
        ended = first_after(after, "opportunity.won", "opportunity.lost")
        if not ended:
            continue
        won = ended.activity == "opportunity.won"
        segment = segments[event.of("account")[0]]
        planned = any(e.activity == "task.planned" and e.attrs["kind"] == "next step" for e in after)
        results["segment", segment].append(won)
        results["next step" if planned else "no next step", segment].append(won)
    share = {key: sum(won) / len(won) for key, won in results.items()}
    for segment in ("SMB", "Mid-market", "Enterprise"):
        assert len(results["next step", segment]) >= 20
        assert share["next step", segment] > share["no next step", segment]
    assert share["segment", "Enterprise"] < share["segment", "SMB"]
