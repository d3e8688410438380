"""How the demo firm serves: tickets on every channel, hand-offs, complaints, credit notes, privacy requests."""

from __future__ import annotations

from typing import Final

from connectors._demo_case import DAY, HOUR, ROBOT, Case, Scene, hand_off_outcome
from connectors._demo_people import SALES, SERVICE, SERVICE_MANAGER, Contact
from data.event import Link, Ref

_CHANNELS: Final = (("email", 45), ("chat", 26), ("phone", 17), ("social", 12))
_PRIORITIES: Final = (("low", 25), ("normal", 50), ("high", 20), ("urgent", 5))
_SUBJECTS: Final = ("invoice", "delivery", "fault", "access", "spare part", "how-to", "return", "contract")
# Median minutes to our first answer, by channel.
_FIRST_ANSWER: Final = {"email": 48.0, "chat": 1.6, "phone": 25.0, "social": 40.0}


def ticket(scene: Scene, at: float) -> None:
    """A customer has a problem; we answer, sometimes pass it on, solve it, and sometimes not for good."""
    case, channel = _opened(scene, at)
    if not _first_answer(case, channel):
        case.wait(6 * DAY, 0.3).act("ticket.closed", "", automatic=True)
        return
    channel = _detour(case, channel)
    pace = 2.5 if channel == "chat" else 3 * HOUR
    for _ in range(scene.rng.choices((0, 1, 2, 3), (3, 4, 2, 1))[0]):
        case.wait(pace, 0.9).hear(channel)
        case.wait(*_answer_time(case, channel)).say(channel, case.owner)
    if scene.chance(0.14):
        case.promise("email", "promised answer", scene.rng.choice((2, 4, 8, 24)) * HOUR)
    if scene.chance(0.07):
        _complaint(case, channel)
    if scene.chance(0.10):
        _credit(case)
    _solve(case, channel)


def privacy_request(scene: Scene, at: float) -> None:
    """Somebody asks for their personal data, or for its deletion; the law gives a month."""
    case = _ticket(scene, scene.rng.choice(scene.firm.contacts), at)
    case.owner = scene.rep(SERVICE).id
    case.hear("email")
    case.wait(20).act("dsr.received", case.owner, type=scene.rng.choice(("access", "erasure", "rectification")),
                      traits=[(case.ref, "owner", case.owner), (case.ref, "subject", "privacy request")])
    case.wait(2 * HOUR).say("email", case.owner)
    if scene.chance(0.1):
        case.wait(20 * DAY, 0.1).act("dsr.extended", case.owner)
    case.wait(9 * DAY, 0.7).act("dsr.closed", case.owner)


def _ticket(scene: Scene, contact: Contact, at: float) -> Case:
    return Case(scene, Ref("ticket", f"desk/T-{scene.number('ticket')}"), contact, at)


def _opened(scene: Scene, at: float) -> tuple[Case, str]:
    rng = scene.rng
    contact = rng.choice(scene.firm.contacts)
    case = _ticket(scene, contact, at)
    channel = rng.choices([c for c, _ in _CHANNELS], [w for _, w in _CHANNELS])[0]
    priority = rng.choices([p for p, _ in _PRIORITIES], [w for _, w in _PRIORITIES])[0]
    subject = rng.choice(_SUBJECTS)
    case.hear(channel, **({"kind": rng.choice(("mention", "direct message"))} if channel == "social" else {}))
    case.wait(0.4)
    case.act("ticket.created", "", priority=priority, subject=subject, origin=channel,
             traits=[(case.ref, "priority", priority), (case.ref, "subject", subject),
                     (case.ref, "status", "open")],
             links=[Link(case.ref, contact.ref, "requester")])
    if channel == "email" and scene.chance(0.85):
        # A machine's receipt is not an answer; figures that count it as one show a firm better than it is.
        case.at += 0.2
        case.say("email", ROBOT, automatic=True)
    if scene.chance(0.04):
        case.wait(1.6 * DAY, 0.5)  # Nobody took it: the queue is watched by all and owned by none.
    else:
        case.wait(0.6 if channel == "chat" else 5, 0.8)
    case.own(scene.rep(SERVICE).id, "ticket.assigned")
    return case, channel


def _first_answer(case: Case, channel: str) -> bool:
    """Usually prompt; some are forgotten over a shift, a few until the customer asks again. False: for ever."""
    scene, luck = case.scene, case.scene.rng.random()
    if luck < 0.02:
        # The customer asks again before we have said anything; a third of these never hear from a person.
        case.wait(1.4 * DAY, 0.4).hear(channel)
        if scene.chance(0.35):
            return False
    elif luck < 0.07:
        case.wait(7 * HOUR, 0.5)
    case.wait(_FIRST_ANSWER[channel] / scene.firm.diligence[case.owner], 0.9).say(channel, case.owner)
    return True


def _answer_time(case: Case, channel: str) -> tuple[float, float]:
    if channel == "chat":
        return 1.2, 0.6
    return (9 * HOUR, 0.4) if case.scene.chance(0.05) else (50, 0.9)


def _detour(case: Case, channel: str) -> str:
    """Some tickets are passed to another team, some customers sent to another channel; the channel from then on."""
    scene, luck = case.scene, case.scene.rng.random()
    if luck < 0.11:
        helper = scene.rep(SALES).id
        case.wait(30).act("transfer", case.owner, moved=(SERVICE, SALES))
        hand_off_outcome(case, channel, helper)
        if scene.chance(0.4):
            case.wait(40).say("email", helper)
            case.wait(20).act("transfer", helper, moved=(SALES, SERVICE))
            hand_off_outcome(case, channel, case.owner)
    elif luck < 0.18:
        to_channel = "phone" if channel != "phone" else "email"
        case.wait(15).act("referral", case.owner, to_channel=to_channel)
        hand_off_outcome(case, to_channel if scene.chance(0.5) else channel, case.owner)
        # From now on the case lives on the new channel, whether or not the customer liked being sent there.
        return to_channel
    elif luck < 0.22:
        case.wait(2 * HOUR).own(scene.rep(SERVICE, but=case.owner).id)
    elif luck < 0.30:
        # Colleagues talk a case over; those mails concern it but are not for the customer.
        _talk_over(case)
    return channel


def _talk_over(case: Case) -> None:
    scene = case.scene
    case.wait(25)
    scene.tell(case.at, ("mail", "msg.internal"), (case.ref,), case.owner)
    case.wait(40)
    scene.tell(case.at, ("mail", "msg.internal"), (case.ref,), scene.rep(SALES).id)


def _complaint(case: Case, channel: str) -> None:
    """The customer sounds dissatisfied. It should be recorded and acknowledged, or dismissed with a reason."""
    scene, back = case.scene, case.at
    case.wait(HOUR).hear(channel)
    case.at += 0.5
    case.act("complaint.signal", "")
    fate = scene.rng.random()
    if fate < 0.12:
        # Answered like any other message: nobody saw a complaint in it, so nothing was recorded.
        case.at = back + 2 * HOUR
        case.say(channel, case.owner)
        return
    case.wait(2.5 * HOUR, 0.9).say(channel, case.owner)
    if fate < 0.34:
        case.act("triage.dismissed", case.owner, cause=scene.rng.choice(("question", "praise", "not about us")))
        return
    case.act("complaint.logged", case.owner)
    resume = case.at
    if not scene.chance(0.03):
        case.wait(*((9 * DAY, 0.2) if scene.chance(0.09) else (7 * HOUR, 0.9))).say("email", case.owner)
        case.act("complaint.ack", case.owner)
    case.wait(6 * DAY, 0.6).say("email", SERVICE_MANAGER.id)
    case.act("complaint.final", SERVICE_MANAGER.id)
    if scene.chance(0.7):
        case.wait(2 * DAY).act("complaint.resolved", case.owner)
    # The complaint runs for weeks beside the ticket, which goes on from here.
    case.at = resume


def _credit(case: Case) -> None:
    """Money goes back: one person prepares it and another releases it; in one of ten cases the same one does."""
    scene = case.scene
    credit = (Ref("credit", f"crm/N-{scene.number('credit')}"),)
    amount = round(scene.spell(180))
    case.wait(HOUR).note("credit.created", case.owner, objects=credit, amount=amount)
    releaser = case.owner if scene.chance(0.1) else SERVICE_MANAGER.id
    case.wait(5 * HOUR).note("credit.released", releaser, objects=credit, amount=amount)


def _solve(case: Case, channel: str) -> None:
    scene = case.scene
    solved = (case.ref, "status", "solved")
    case.wait(3 if channel == "chat" else 40).act("resolved", case.owner, traits=[solved])
    if scene.chance(0.08):
        case.wait(1.2 * DAY).hear(channel)
        case.at += 0.3
        case.act("reopened", "", traits=[(case.ref, "status", "open")])
        case.wait(70).say(channel, case.owner)
        case.wait(3 * HOUR).act("resolved", case.owner, traits=[solved])
    case.wait(2 * DAY, 0.3).act("ticket.closed", case.owner, traits=[(case.ref, "status", "closed")])
