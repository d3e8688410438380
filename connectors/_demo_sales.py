"""How the demo firm sells: a lead is answered, becomes a deal, and is won or lost for reasons one can find.

Three habits truly help (a fast first answer, a next step after each meeting, several people at the customer) and
one does nothing (the recap mail), though won deals show more of it, since they live to see more meetings. Large
customers get faster answers and buy more rarely, so that a comparison that ignores the segment misleads.
"""

from __future__ import annotations

from typing import Final

from connectors._demo_case import DAY, HOUR, Case, Scene, hand_off_outcome
from connectors._demo_people import DIRECTOR, SALES, SALES_MANAGER, SEGMENTS, SERVICE, Contact, Trait
from data.event import Link, Ref

STAGES: Final = ("New", "Qualified", "Proposal", "Negotiation")
DISCOUNT_LIMIT: Final = 15.0
# By segment: how often the first answer is fast, how often a deal with no good habit is won, how long it takes and
# what it is worth. The first two run against each other on purpose.
_FAST: Final = dict(zip(SEGMENTS, (0.35, 0.55, 0.8), strict=True))
_WIN: Final = dict(zip(SEGMENTS, (0.26, 0.17, 0.08), strict=True))
_CYCLE: Final = dict(zip(SEGMENTS, (9 * DAY, 14 * DAY, 22 * DAY), strict=True))
_AMOUNT: Final = dict(zip(SEGMENTS, (6_000, 24_000, 90_000), strict=True))
_ORIGINS: Final = (("web", 38), ("email", 30), ("phone", 18), ("social", 14))


def lead(scene: Scene, at: float) -> None:
    """A possible customer turns up; about half of them become a deal."""
    contact = _newcomer(scene)
    case = Case(scene, Ref("lead", f"crm/L-{scene.number('lead')}"), contact, at)
    origin = scene.rng.choices([o for o, _ in _ORIGINS], [w for _, w in _ORIGINS])[0]
    if origin != "web":
        case.hear(origin)
        case.wait(2)
    case.act("lead.created", "", origin=origin, segment=contact.account.segment, traits=contact.facts(),
             links=[Link(contact.ref, contact.account.ref, "works for")])
    case.at += 0.5
    _assign(case)
    # A web form leaves no thread of its own; its answer begins one by mail.
    channel = "email" if origin == "web" else origin
    fast = scene.chance(_FAST[contact.account.segment] * scene.firm.diligence[case.owner])
    if not _first_answer(case, channel, fast=fast):
        return
    for _ in range(scene.rng.choice((0, 1, 1, 2))):
        case.wait(9 * HOUR, 0.9).hear(channel)
        case.wait(70, 1.2).say(channel, case.owner)
    case.wait(3 * HOUR)
    if scene.chance(0.48 + 0.12 * fast):
        case.act("lead.qualified", case.owner)
        _open_deal(case, fast=fast)
        return
    for _ in range(scene.rng.choice((1, 2, 3))):
        case.wait(2 * DAY, 0.5).say(scene.rng.choice(("email", "email", "phone")), case.owner)
    case.wait(2 * DAY).act("lead.lost", case.owner, cause=scene.rng.choice(("no need", "no answer", "no budget")))


def repeat_order(scene: Scene, at: float) -> None:
    """A known customer asks for a price, gets a quote, and mostly orders within days."""
    contact = scene.rng.choice(scene.firm.contacts)
    case = _deal(scene, contact, at)
    case.hear("email")
    case.wait(6, 0.5)
    case.owner = scene.rep(SALES).id
    amount = round(scene.spell(_AMOUNT[contact.account.segment] / 3))
    _create(case, amount, at + 6 * DAY, "Repeat order")
    _quote(case, amount, scene.spell(11.0, 0.6))
    case.wait(14 * HOUR).hear("email")
    case.wait(50, 1.1).say("email", case.owner)
    case.wait(5 * HOUR)
    _close(case, amount, won=scene.chance(0.72))


def _newcomer(scene: Scene) -> Contact:
    rng, firm = scene.rng, scene.firm
    account = rng.choice(firm.accounts)
    if scene.chance(0.5):
        return firm.join(rng, account)
    return rng.choice(firm.colleagues[account.ref.id])


def _assign(case: Case) -> None:
    """Somebody takes the lead; now and then it lies ownerless for days first."""
    scene = case.scene
    if scene.chance(0.04):
        case.wait(2.2 * DAY, 0.4)
    else:
        case.wait(2, 0.6)
    case.own(scene.rep(SALES).id)


def _first_answer(case: Case, channel: str, *, fast: bool) -> bool:
    """We answer, soon or late; False when we never do and the lead goes cold."""
    scene = case.scene
    if scene.chance(0.035):
        case.wait(1.5 * DAY, 0.4).hear(channel)
        if scene.chance(0.5):
            case.wait(4 * DAY).act("lead.lost", case.owner, cause="no answer from us")
            return False
    by_phone = scene.chance(0.2)
    case.wait(*((11, 0.6) if fast else (110, 1.1))).say("phone" if by_phone else channel, case.owner)
    return True


def _deal(scene: Scene, contact: Contact, at: float) -> Case:
    return Case(scene, Ref("opportunity", f"crm/O-{scene.number('opportunity')}"), contact, at)


def _create(case: Case, amount: int, close_at: float, what: str, links: tuple[Link, ...] = ()) -> None:
    account = case.contact.account
    traits: list[Trait] = [
        (case.ref, "name", f"{account.name}: {what.lower()}"), (case.ref, "stage", "New"),
        (case.ref, "amount", amount), (case.ref, "owner", case.owner), (case.ref, "segment", account.segment),
        (case.ref, "close_date", case.scene.moment(close_at)[:10]), (case.ref, "account", account.ref.id),
    ]
    case.act("opportunity.created", case.owner, amount=amount, stage="New", kind=what, traits=traits,
             links=[Link(case.ref, account.ref, "with"), Link(case.ref, case.contact.ref, "contact"), *links])


def _open_deal(origin: Case, *, fast: bool) -> None:
    """The lead goes on as a deal, with a plan of its own and the habits of whoever owns it."""
    scene, contact = origin.scene, origin.contact
    case = _deal(scene, contact, origin.at + 0.3)
    case.owner, case.threads = origin.owner, dict(origin.threads)
    segment = contact.account.segment
    amount, cycle = round(scene.spell(_AMOUNT[segment])), scene.spell(_CYCLE[segment], 0.45)
    what = scene.rng.choice(("New installation", "Framework contract", "Pilot", "Extension"))
    close_at = case.at + 1.2 * cycle
    _create(case, amount, close_at, what, (Link(case.ref, origin.ref, "came from"),))
    diligence = scene.firm.diligence[case.owner]
    next_steps = scene.chance(0.6 * diligence)
    # Wide contact is more usual with large customers, who also buy more rarely: the second confounder.
    people = 1 + scene.rng.choices((0, 1, 2, 3), (5, 3, 2, 1) if segment == SEGMENTS[0] else (3, 3, 3, 2))[0]
    won = scene.chance(_WIN[segment] + 0.16 * fast + 0.15 * next_steps + 0.13 * (people > 2))
    # Lost deals end at any stage, most of them once the price is known.
    last = 3 if won else scene.rng.choices((0, 1, 2, 3), (1, 3, 4, 3))[0]
    others = [c for c in scene.firm.colleagues[contact.account.ref.id] if c is not contact]
    colleagues = [contact, *scene.rng.sample(others, min(people - 1, len(others)))]
    for stage in range(last + 1):
        started = case.at
        _work(case, colleagues, stage, next_steps=next_steps)
        if stage == 2:
            _quote(case, amount, scene.spell(10.0, 0.6))
        elif stage == 3:
            amount = _haggle(case, amount, close_at)
        case.at = max(case.at, started + cycle / 4 * scene.rng.uniform(0.7, 1.2))
        if stage < last:
            _move(case, stage, stage + 1)
    _setbacks(case, last, silence=scene.chance(0.1 if won else 0.35))
    _close(case, amount, won=won)


def _work(case: Case, colleagues: list[Contact], stage: int, *, next_steps: bool) -> None:
    """One stage of work: mails to and fro, and from the second stage on a meeting."""
    scene = case.scene
    if scene.chance(0.03):
        return  # Dark progress: the deal moves though nobody was seen to speak to the customer.
    for _ in range(scene.rng.choice((1, 1, 2, 3))):
        case.contact = scene.rng.choice(colleagues)
        case.wait(7 * HOUR, 0.8)
        if scene.chance(0.25):
            case.promise("email", "promised answer", scene.rng.choice((4, 8, 24, 48)) * HOUR)
        else:
            case.say(scene.rng.choice(("email", "email", "email", "phone")), case.owner)
        case.wait(9 * HOUR, 0.9).hear("email")
        _reply(case)
    if stage:
        _meeting(case, next_steps=next_steps)
    if scene.chance(0.3):
        case.wait(20).act("note.added", case.owner)


def _reply(case: Case) -> None:
    """We answer the customer's mail: mostly within hours, sometimes a day late, once in a while not at all."""
    luck = case.scene.rng.random()
    if luck < 0.025:
        return
    case.wait(*((55, 1.0) if luck < 0.93 else (26 * HOUR, 0.3))).say("email", case.owner)


def _meeting(case: Case, *, next_steps: bool) -> None:
    scene = case.scene
    starts = scene.spell(2 * DAY, 0.4)
    case.wait(30).act("meeting.scheduled", case.owner, starts_at=scene.moment(case.at + starts), external=True)
    if scene.chance(0.12):
        case.at += starts * 0.8
        case.act("meeting.cancelled", case.owner)
        starts = scene.spell(2 * DAY, 0.4)
        case.wait(2 * HOUR).act("meeting.scheduled", case.owner, starts_at=scene.moment(case.at + starts),
                                external=True)
    case.at += starts
    case.act("meeting.held", case.owner, external=True)
    if scene.chance(0.55):
        case.wait(3 * HOUR).say("email", case.owner, kind="recap")
    if next_steps and scene.chance(0.85):
        case.wait(40)
        due = scene.moment(case.at + 3 * DAY)
        case.act("task.planned", case.owner, kind="next step", due_on=due[:10], due_at=due)
        if scene.chance(0.92):
            case.wait(1.6 * DAY, 0.4).say("email", case.owner)
            case.at += 0.5
            case.act("task.done", case.owner, kind="next step")


def _quote(case: Case, amount: int, discount: float) -> None:
    """A price leaves the house. Above the limit the director agrees first: mostly, not always."""
    scene = case.scene
    percent = round(min(discount, 35.0), 1)
    quote = (Ref("quote", f"crm/Q-{scene.number('quote')}"),)
    case.wait(90)
    if percent <= DISCOUNT_LIMIT:
        case.act("quote.sent", case.owner, objects=quote, amount=amount, discount=percent)
    else:
        # One draw: never asked (to .05), agreed after the quote had left, agreed by the owner, or as it should be.
        fault = scene.rng.random()
        if fault > 0.05:
            case.act("approval.requested", case.owner, objects=quote, discount=percent, level="director")
        if fault > 0.14:
            case.wait(100).act("approval", DIRECTOR.id, objects=quote, discount=percent, level="director")
        elif fault > 0.09:
            case.wait(15).act("approval", case.owner, objects=quote, discount=percent, level="director")
        case.wait(25).act("quote.sent", case.owner, objects=quote, amount=amount, discount=percent)
        if 0.05 < fault <= 0.09:
            case.wait(9 * HOUR).act("approval", DIRECTOR.id, objects=quote, discount=percent, level="director")
    case.at += 1
    case.say("email", case.owner, kind="quote")
    if scene.chance(0.5):
        case.wait(2 * DAY, 0.4).say("email", case.owner, kind="reminder")


def _haggle(case: Case, amount: int, close_at: float) -> int:
    """The last round: a lower amount, another quote, a later date."""
    scene = case.scene
    if scene.chance(0.35):
        lower = round(amount * scene.rng.uniform(0.75, 0.95))
        case.wait(5 * HOUR).act("amount.changed", case.owner, traits=[(case.ref, "amount", lower)],
                                moved=(amount, lower))
        amount = lower
        _quote(case, amount, scene.spell(14.0, 0.4))
    for _ in range(scene.rng.choices((0, 1, 2), (6, 3, 1))[0]):
        former, close_at = close_at, close_at + scene.rng.uniform(7, 25) * DAY
        day, later = scene.moment(former)[:10], scene.moment(close_at)[:10]
        case.wait(DAY, 0.5).act("closedate.changed", case.owner, traits=[(case.ref, "close_date", later)],
                                moved=(day, later))
    return amount


def _setbacks(case: Case, stage: int, *, silence: bool) -> None:
    """What makes a deal worth a look: it goes back a stage, changes hands, or nobody speaks for weeks."""
    scene = case.scene
    if stage and scene.chance(0.07):
        _move(case, stage, stage - 1)
        case.wait(DAY)
        _move(case, stage - 1, stage)
    if scene.chance(0.06):
        case.own(scene.rep(SALES, but=case.owner).id)
        case.wait(5 * HOUR).say("email", case.owner)
    if silence:
        # The record says "open" while nobody has spoken to the customer for weeks.
        case.wait(17 * DAY, 0.25)
        case.say("email", case.owner, kind="reminder")
        case.wait(DAY)


def _move(case: Case, before: int, after: int) -> None:
    case.act("stage.changed", case.owner, traits=[(case.ref, "stage", STAGES[after])],
             moved=(STAGES[before], STAGES[after]))
    case.at += 0.3


def _close(case: Case, amount: int, *, won: bool) -> None:
    """The end; a third of the won deals are handed to Service for the installation."""
    scene = case.scene
    if not won:
        cause = scene.rng.choice(("price", "competitor", "no decision", "timing"))
        case.act("opportunity.lost", case.owner, cause=cause, traits=[(case.ref, "stage", "Lost")])
        return
    case.act("opportunity.won", case.owner, amount=amount, traits=[(case.ref, "stage", "Won")])
    if scene.chance(0.33):
        case.wait(HOUR).act("transfer", case.owner, moved=(SALES, SERVICE))
        hand_off_outcome(case, "email", scene.rep(SERVICE).id)
    elif scene.chance(0.2):
        case.wait(HOUR).say("email", SALES_MANAGER.id)
