"""What the demo firm says to everybody and hears from many: newsletters, opt-outs, social media, courtesy calls."""

from __future__ import annotations

from math import inf
from typing import Final

from connectors._demo_case import DAY, HOUR, Scene
from connectors._demo_people import OWN_DOMAIN, SALES, SALES_REPS, SERVICE, Contact
from data.event import Ref

MARKETING: Final = f"marketing@{OWN_DOMAIN}"
# A mailing in a real firm loses about half a percent of its readers.
_OPT_OUT_RATE: Final = 0.006
_LEAK: Final = 0.08


def newsletter(scene: Scene, at: float) -> None:
    """A mailing to some ninety contacts. Those who opted out should not be among them; a few are."""
    rng = scene.rng
    campaign = Ref("campaign", f"mail/N-{scene.number('campaign')}")
    whole = not scene.chance(0.03)  # A template without the postal address spoils the whole mailing.
    for contact in rng.sample(scene.firm.contacts, rng.randint(60, 110)):
        at += rng.expovariate(1 / 0.25)
        since, until = scene.opted_out.get(contact.ref.id, (inf, inf))
        # The list of addresses is a copy that lags behind the opt-outs: the usual way it goes wrong.
        if since < at < until and not scene.chance(_LEAK):
            continue
        scene.tell(at, ("mail", "msg.out"), (campaign, contact.ref, contact.account.ref), MARKETING,
                   commercial=True, unsub=not scene.chance(0.004), postal=whole and not scene.chance(0.006))
        if rng.random() < _OPT_OUT_RATE and contact.ref.id not in scene.opted_out:
            _opt_out(scene, at + scene.spell(5 * HOUR), contact)


def post(scene: Scene, at: float) -> None:
    """We publish something."""
    scene.tell(at, ("social", "publish"), (Ref("campaign", f"social/P-{scene.number('post')}"),), MARKETING)


def echo(scene: Scene, at: float) -> None:
    """Somebody follows us, or likes or shares one of our last posts."""
    rng = scene.rng
    stranger = _stranger(scene)
    if rng.random() < 0.14:
        scene.tell(at, ("social", "follow.received"), (stranger,), stranger.id)
        return
    # Reactions come within some days: only the last few posts still get any.
    post_number = max(10_001, scene.latest("post") - rng.randint(0, 5))
    scene.tell(at, ("social", "reaction.received"), (Ref("campaign", f"social/P-{post_number}"), stranger),
               stranger.id, kind=rng.choice(("like", "like", "share")))


def mention(scene: Scene, at: float) -> None:
    """A stranger speaks about us in public; we answer most of them, some of them late."""
    stranger, agent = _stranger(scene), scene.rep(SERVICE).id
    thread = (Ref("conversation", f"social/C-{scene.number('conversation')}"), stranger)
    scene.tell(at, ("social", "msg.in"), thread, stranger.id, kind="mention")
    if scene.chance(0.1):
        return
    at += scene.spell(55, 1.0)
    scene.tell(at, ("social", "msg.out"), thread, agent, kind="reply")
    if scene.chance(0.3):
        at += scene.spell(40)
        scene.tell(at, ("social", "msg.in"), thread, stranger.id, kind="reply")
        scene.tell(at + scene.spell(30), ("social", "msg.out"), thread, agent, kind="reply")


def courtesy_call(scene: Scene, at: float) -> None:
    """A sales rep keeps in touch with a customer who asked for nothing."""
    contact = scene.rng.choice(scene.firm.contacts)
    scene.tell(at, ("phone", "call.out"), (contact.ref, contact.account.ref), scene.rng.choice(SALES_REPS).id,
               seconds=int(scene.spell(180)), purpose="sales")


def team_talk(scene: Scene, at: float) -> None:
    """Colleagues write to each other about a customer."""
    account = scene.rng.choice(scene.firm.accounts)
    scene.tell(at, ("mail", "msg.internal"), (account.ref,), scene.rep(scene.rng.choice((SALES, SERVICE))).id)


def _stranger(scene: Scene) -> Ref:
    return Ref("contact", f"social/@visitor{scene.rng.randint(1, 4000)}")


def _opt_out(scene: Scene, at: float, contact: Contact) -> None:
    """No more mailings for this person; a few object to all marketing, and some agree again after weeks."""
    refs = (contact.ref, contact.account.ref)
    back = at + scene.spell(20 * DAY, 0.3) if scene.chance(0.4) else inf
    scene.opted_out[contact.ref.id] = (at, back)
    if scene.chance(0.15):
        scene.tell(at, ("mail", "objection"), refs, contact.ref.id)
    else:
        scene.tell(at, ("mail", "optout"), refs, contact.ref.id, scope="commercial")
    if scene.chance(0.92):
        scene.tell(at + scene.spell(3 * HOUR), ("crm", "suppression.added"), refs, "")
    if back < inf:
        scene.tell(back, ("crm", "consent.given"), refs, contact.ref.id, purpose="newsletter")
