"""A small front office in which Nora owes things: a customer waits, promises, a meeting, a silent deal, a breach."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import live_world
from live_world import NORTH, NOW, SOUTH, Answer, Browser, World, at

from data.event import Change, Event, Link, Ref
from data.mine_settings import Embed, Mine
from data.page import Page
from data.scope import Principal, Role

NORA = live_world.REP
SAM = Principal("simon", "Simon", Role.REP, actor=SOUTH[0])
ERIC = Principal("eric", "Eric", Role.OFFICER, NORTH[0], None)
BOSS = Principal("bea", "Bea", Role.MANAGER, NORTH[1], frozenset({"North"}))
PEOPLE = (NORA, SAM, ERIC, BOSS, live_world.MANAGER, live_world.OFFICER, live_world.ADMINISTRATOR)
SITE = "https://crm.example"
JSON = {"content-type": "application/json"}


def event(name: str, minutes: float, activity: str, case: Ref, actor: str = NORTH[0], **attrs: Any) -> Event:
    """One event in a case with its customer."""
    direction: Any = "inbound" if activity == "msg.in" else "outbound" if activity == "msg.out" else "internal"
    team = "North" if actor in NORTH or activity == "msg.in" else "South"
    contact = Ref("contact", f"{case.id.rsplit('/', 1)[-1]}@customer.example")
    return Event(name, at(minutes), activity, [case, contact], actor="" if activity == "msg.in" else actor, team=team,
                 channel="email", direction=direction, attrs=attrs)


def asks(name: str, minutes: float, owner: str = NORTH[0]) -> Page:
    """A customer writes in a thread that somebody owns."""
    case = Ref("conversation", f"mail/{name}")
    return Page({"ask": name}, [event(f"{name}-in", minutes, "msg.in", case)],
                [Change(case, "owner", owner, at(minutes + 1))], watermark=NOW)


def answers(name: str, owner: str = NORTH[0]) -> Page:
    """The answer to it, now."""
    return Page({"answer": name}, [event(f"{name}-out", 0, "msg.out", Ref("conversation", f"mail/{name}"), owner)],
                watermark=NOW)


def deals() -> Page:
    """Nora's deals: a promise due in two hours, a meeting of three hours ago, one silent for twenty days."""
    promised, met, silent = (Ref("opportunity", f"crm/D-{name}") for name in ("promised", "met", "silent"))
    owners = [Change(ref, "owner", NORTH[0], at(40_000)) for ref in (promised, met, silent)]
    amounts = [Change(ref, "amount", amount, at(40_000))
               for ref, amount in ((promised, 900), (met, 70_000), (silent, 5_000))]
    made = [
        event(f"new-{n}", 29_000 + n, "opportunity.created", ref) for n, ref in enumerate((promised, met, silent))
    ]
    made += [
        event("said", 60, "promise.made", promised, due_at=(NOW + timedelta(hours=2)).isoformat(), days=0,
              confidence=0.9),
        event("met", 180, "meeting.held", met, external=True),
    ]
    links = [Link(ref, Ref("account", ref.id + "-firm")) for ref in (promised, met, silent)]
    return Page({"deals": 1}, made, [*owners, *amounts], links, watermark=NOW)


def make(**options: Any) -> World:
    """The world of live_world with what Nora owes; panels may be framed by SITE."""
    mine = options.pop("mine", Mine(embed=Embed((SITE,)), base_url="https://front.example"))
    world = live_world.make(personas=PEOPLE, mine=mine, **options)
    for page in (asks("soon", 60), asks("late", 500), asks("sams", 60, SOUTH[0]), deals()):
        world.writer.put(live_world.SOURCE, page)
    # An answer after six hours where four are allowed: broken for good.
    case = Ref("conversation", "mail/broken")
    world.writer.put(live_world.SOURCE, Page({"broken": 1}, [
        event("broken-in", 900, "msg.in", case), event("broken-out", 500, "msg.out", case)],
        [Change(case, "owner", NORTH[0], at(901))], watermark=NOW))
    return world


async def signed_in(world: World, login: str) -> Browser:
    """A browser of this persona."""
    browser = Browser(world.app)
    assert (await browser.form("/login", persona=login)).status == 303
    return browser


async def say(browser: Browser, **told: Any) -> Answer:
    """What a button of these pages sends."""
    return await browser.ask("POST", "/mirror", json.dumps(told).encode(), headers=JSON)


def rows(world: World, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """What is stored, whoever may see it."""
    return world.store.connection.cursor().execute(sql, list(values)).fetchall()


def number(world: World, case: str) -> int:
    """Our own number of a case."""
    return rows(world, "SELECT obj FROM object WHERE id = ?", case)[0][0]


def binding(world: World, case: str) -> dict[str, int]:
    """Rule, obj and seq of the first activation in a case."""
    found = rows(world, "SELECT b.rule, b.obj, b.act_seq FROM binding b JOIN object o USING (obj) JOIN rule r "
                        "ON r.code = b.rule WHERE o.id = ? ORDER BY r.id DESC LIMIT 1", case)
    return dict(zip(("rule", "obj", "seq"), found[0], strict=True))
