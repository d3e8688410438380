"""The generic receiver: any system posts facts as JSON, signed with a secret that both sides know.

The sender computes HMAC-SHA256 over the timestamp (seconds since 1970), a dot and the body, and sends

    X-Frontview-Timestamp: 1795340400
    X-Frontview-Signature: v1=<64 hexadecimal digits>

The body is one event, a list of events, or {"events": [...], "changes": [...], "links": [...],
"retractions": [...]}. A delivery may be repeated: the same id, or without ids the same content, counts once.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from connectors import _webhook_shape as shape
from connectors._contract import Connector, Cursor, Opening, Page, Setting
from data.errors import FixSettings, NotAllowed, SkipRecord
from data.event import Aside
from data.vocabulary import ACTIVITIES

MAX_BYTES: Final = 1_000_000
WINDOW_SECONDS: Final = 300
_SHORTEST_SECRET: Final = 16
_Fact = TypeVar("_Fact")


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The value of the signature header for a body that is sent at `timestamp` (seconds since 1970)."""
    return "v1=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def receive(opening: Opening, headers: Mapping[str, str], body: bytes, now: datetime) -> Page:
    """The facts of one delivery; what cannot be understood in it stands in the page's `aside`.

    NotAllowed (answer 401) when it is unsigned, wrongly signed or more than five minutes old; SkipRecord
    (answer 400) when the body as a whole is too large or not JSON of the expected shape.
    """
    if len(body) > MAX_BYTES:
        raise SkipRecord(f"the body has {len(body):,} bytes; send at most {MAX_BYTES:,} at once")
    _authenticate(opening, headers, body, now)
    lists = shape.lists(shape.parsed(body))
    aside: list[Aside] = []

    def read(name: str, reader: Callable[[Mapping[str, Any], Opening], _Fact]) -> list[_Fact]:
        found = []
        for item in lists.get(name, ()):
            try:
                if not isinstance(item, Mapping):
                    raise SkipRecord(f"an entry of {name!r} is not a JSON object")
                found.append(reader(item, opening))
            except SkipRecord as problem:
                aside.append(_aside(name, item, str(problem)))
        return found

    return Page({}, events=read("events", shape.event), changes=read("changes", shape.change),
                links=read("links", shape.link), retractions=read("retractions", shape.retraction), aside=aside)


class Webhook:
    """The receiving end seen as a source: nothing to pull, since whatever comes is handed to `receive`."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._closed = threading.Event()

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        """Nothing, ever: facts come when they are posted."""
        return iter(())

    def wait(self, seconds: float) -> bool:
        """Sleep until the time is over or the source is closed; False."""
        self._closed.wait(seconds)
        return False

    def check(self) -> Sequence[str]:
        """Whether the secret is one."""
        try:
            _secret(self._opening)
        except FixSettings as problem:
            return [str(problem)]
        return []

    def close(self) -> None:
        """End waiting."""
        self._closed.set()


def _authenticate(opening: Opening, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    named = {name.lower(): value.strip() for name, value in headers.items()}
    wanted_headers = str(opening.settings["timestamp_header"]), str(opening.settings["signature_header"])
    when, given = (named.get(header.lower(), "") for header in wanted_headers)
    if not when or not given:
        raise NotAllowed(f"the delivery is not signed; send {' and '.join(wanted_headers)}")
    if not (when.isascii() and when.isdigit() and len(when) <= 12):
        raise NotAllowed(f"{wanted_headers[0]} is not a count of seconds since 1970")
    # Several signatures may stand side by side while the sender changes its secret; one that fits is enough.
    wanted = sign(_secret(opening), int(when), body).encode()
    if not any(hmac.compare_digest(wanted, part.strip().encode()) for part in given.split(",")[:8]):
        raise NotAllowed("the signature does not fit the body; check the secret, and that timestamp, dot and the "
                         "raw body are signed")
    # Only a sender that knows the secret is told how far its clock is off.
    off = now.timestamp() - int(when)
    if abs(off) > WINDOW_SECONDS:
        raise NotAllowed(f"the delivery is dated {abs(off):.0f} s {'ago' if off > 0 else 'ahead'}; at most "
                         f"{WINDOW_SECONDS} s are taken: sign it anew, and set the sender's clock")


def _secret(opening: Opening) -> str:
    secret = str(opening.settings.get("secret") or "")
    if len(secret) < _SHORTEST_SECRET:
        raise FixSettings(f"the secret of webhook {opening.source!r} has {len(secret)} characters; set a random "
                          f"one of at least {_SHORTEST_SECRET}, and give it to the sender")
    return secret


def _aside(name: str, item: Any, reason: str) -> Aside:
    """The bad item by its id and the names of its fields: values may be personal."""
    try:
        source_id = shape.identity(item)
    except SkipRecord:
        source_id = ""
    fields = ", ".join(sorted(item))[:200] if isinstance(item, Mapping) else type(item).__name__
    return Aside(source_id, reason, f"{name}: {fields}".encode(errors="replace").decode())


CONNECTOR = Connector(
    id="webhook",
    title="Webhook",
    shape="push",
    activities=tuple(ACTIVITIES),
    settings=(
        Setting("secret", "16 random characters or more, to sign deliveries with", required=True, secret=True),
        Setting("team", "the team of events that name none", default=""),
        Setting("timestamp_header", "the header with the moment of sending", default="X-Frontview-Timestamp"),
        Setting("signature_header", "the header with the signature", default="X-Frontview-Signature"),
    ),
    blind="While the sender or this server is down nothing arrives; what the sender does not send again is never "
          "known, and silence cannot be told from nothing having happened.",
    open=Webhook,
)
