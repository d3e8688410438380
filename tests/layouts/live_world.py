"""A small front office with a real store, its writer and its rules, and a client that talks ASGI to the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from data.event import Change, Event, Link, Ref
from data.page import Page
from data.scope import Principal, Role
from data.store import Store
from data.writer import Writer
from layouts._server import ServerOptions, create_server
from metrics._engine import Engine

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
NOW_T = int(NOW.timestamp() * 1_000_000)
SOURCE = "desk"
NORTH = [f"n{i}@firm.example" for i in range(6)]
SOUTH = [f"s{i}@firm.example" for i in range(6)]
TINY = [f"t{i}@firm.example" for i in range(2)]

MANAGER = Principal("maya", "Maya", Role.MANAGER, teams=None)
SOUTHERNER = Principal("sam", "Sam", Role.MANAGER, teams=frozenset({"South"}))
OFFICER = Principal("omar", "Omar", Role.OFFICER, teams=None)
REP = Principal("nora", "Nora", Role.REP, actor=NORTH[0])
ADMINISTRATOR = Principal("ada", "Ada", Role.ADMINISTRATOR, teams=None)
PERSONAS = (MANAGER, SOUTHERNER, OFFICER, REP, ADMINISTRATOR)


def at(minutes_ago: float) -> datetime:
    """A moment before NOW."""
    return NOW - timedelta(minutes=minutes_ago)


def message(n: int, minutes_ago: float, direction: str, team: str, actor: str) -> Event:
    """One message in ticket n with its customer."""
    activity = "msg.in" if direction == "inbound" else "msg.out"
    return Event(
        f"m{n}-{minutes_ago}-{direction}",
        at(minutes_ago),
        activity,
        [Ref("ticket", f"desk/T-{n}"), Ref("contact", f"c{n}@customer.example")],
        actor=actor if direction == "outbound" else f"c{n}@customer.example",
        team=team,
        channel="email",
        direction=direction,
    )  # type: ignore[arg-type]


def history() -> Page:
    """Three teams at work: ticket 1 was answered; 2 (North) waits for 50 minutes, 3 (South) for 5 hours."""
    events = [
        Event(
            f"hello-{who}",
            at(600 + i),
            "note.added",
            [Ref("ticket", f"desk/T-{100 + i}")],
            actor=who,
            team=team,
            channel="desk",
        )
        for i, (who, team) in enumerate(
            [*((w, "North") for w in NORTH), *((w, "South") for w in SOUTH), *((w, "Tiny") for w in TINY)]
        )
    ]
    for n, team, owner in ((1, "North", NORTH[0]), (2, "North", NORTH[0]), (3, "South", SOUTH[0])):
        events.append(
            Event(
                f"open-{n}",
                at(400 - n),
                "ticket.created",
                [Ref("ticket", f"desk/T-{n}"), Ref("contact", f"c{n}@customer.example")],
                actor=owner,
                team=team,
                channel="desk",
            )
        )
        events.append(message(n, 390 - n, "outbound", team, owner))
    events += [
        message(1, 40, "inbound", "North", ""),
        message(1, 30, "outbound", "North", NORTH[0]),
        message(2, 50, "inbound", "North", ""),
        message(3, 300, "inbound", "South", ""),
    ]
    links = [Link(Ref("ticket", f"desk/T-{n}"), Ref("contact", f"c{n}@customer.example")) for n in (1, 2, 3)]
    names = [Change(Ref("contact", f"c{n}@customer.example"), "name", f"Customer {n}", at(500)) for n in (1, 2, 3)]
    owners = [
        Change(Ref("ticket", f"desk/T-{n}"), "owner", who, at(399))
        for n, who in ((1, NORTH[0]), (2, NORTH[0]), (3, SOUTH[0]))
    ]
    return Page({"n": 1}, events=events, links=links, changes=[*names, *owners], watermark=NOW)


@dataclass
class World:
    """The store, the writer and the server over it."""

    store: Store
    writer: Writer
    app: Any

    def close(self) -> None:
        """End what was started."""
        self.app.app.state.hub.close()
        self.writer.stop()
        self.store.close()


def make(personas: tuple[Principal, ...] = PERSONAS, **options: Any) -> World:
    """A running world with the history in it, at NOW."""
    store = Store.open(":memory:")
    writer = Writer(store, [Engine()], clock=lambda: NOW_T)
    writer.start()
    writer.register(SOURCE, "webhook", "Service desk", "Tickets are missing.")
    writer.put(SOURCE, history())
    writer.report(SOURCE, "live")
    app = create_server(store, writer, ServerOptions(personas=personas, now=lambda: NOW_T, **options))
    return World(store, writer, app)


@dataclass
class Answer:
    """A finished or cut-off answer."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str:
        """The header's value or the empty word."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass
class Browser:
    """A client with a cookie jar that calls the ASGI application directly."""

    app: Any
    cookie: str = ""
    peer: str = "192.0.2.1"

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        frames: int = 0,
    ) -> Answer:
        """Send a request; with `frames` the client goes away once that many stream messages have come."""
        address, _, query = path.partition("?")
        sent = {"host": "front.example", **({"cookie": self.cookie} if self.cookie else {}), **(headers or {})}
        scope = {
            "type": "http",
            "method": method,
            "path": address,
            "raw_path": address.encode(),
            "http_version": "1.1",
            "query_string": query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
            "client": (self.peer, 1),
            "server": ("front.example", 80),
            "scheme": "http",
            "root_path": "",
            "asgi": {"version": "3.0"},
        }
        found, gone, parts = Answer(), asyncio.Event(), [body]

        async def receive() -> dict[str, Any]:
            if parts:
                return {"type": "http.request", "body": parts.pop(), "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                found.status = message["status"]
                found.headers = [(k.decode(), v.decode()) for k, v in message["headers"]]
                return
            found.body += message.get("body", b"")
            if frames and found.body.count(b"\n\n") >= frames:
                gone.set()

        with suppress(asyncio.CancelledError):
            await self.app(scope, receive, send)
        for name, value in found.headers:
            if name == "set-cookie":
                self.cookie = value.split(";")[0]
        return found

    async def form(self, path: str, **fields: str) -> Answer:
        """Post a form."""
        return await self.ask(
            "POST", path, urlencode(fields).encode(), headers={"content-type": "application/x-www-form-urlencoded"}
        )

    async def click(self, opened: str, view: str, **query: str) -> Answer:
        """What the evidence panel's callback sends."""
        asked = {"open": opened, "view": view, "query": query, "from": "a test", "n": 1}
        body = {
            "output": "drawer-body.children",
            "outputs": {"id": "drawer-body", "property": "children"},
            "inputs": [{"id": "ask", "property": "data", "value": asked}],
            "changedPropIds": ["ask.data"],
            "state": [],
        }
        return await self.ask(
            "POST",
            "/_dash-update-component",
            json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )


def frames_of(answer: Answer) -> list[dict[str, Any]]:
    """The stream's data frames."""
    parts = [part for part in answer.text.split("\n\n") if part.startswith("data: ")]
    return [json.loads(part[6:]) for part in parts]
