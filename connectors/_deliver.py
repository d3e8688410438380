"""Sends messages out: mail over SMTP, Slack's incoming webhooks, and signed JSON to any other receiver.

Every fault is sorted by how to recover: RetryLater for a server that is down, slow or limiting, FixSettings for
what a person must change. No error text holds an address, a password or what a server said.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from connectors import _deliver_mail, _deliver_post
from connectors._collect import plainly
from data.alerts import Letter, Message
from data.errors import FixSettings
from data.settings import Settings

SECONDS: Final = 15.0


class Delivery:
    """Callable with a letter; returns "" or what part of it did not arrive, and raises when none of it did.

    Thread-safe: each letter has a connection of its own. `seconds` is how long a server may be silent.
    """

    def __init__(self, settings: Settings, *, seconds: float = SECONDS,
                 now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._channels = settings.alerts
        self._environ = settings.environ
        self._seconds = seconds
        self._now = now

    def __call__(self, letter: Letter) -> str:
        """Send it to the channel it is for; RetryLater and FixSettings as the module says."""
        return plainly(lambda: self._send(letter), f"sending alert {letter.channel!r}")

    def _send(self, letter: Letter) -> str:
        alert = self._channels.get(letter.channel)
        if alert is None:
            raise FixSettings(f"the settings have no [alerts.{letter.channel}] any more")
        if alert.to == "mail":
            return _deliver_mail.send(alert, alert.password(self._environ), letter, self._seconds)
        if alert.to == "slack":
            post = _deliver_post.slack(letter)
        else:
            post = _deliver_post.signed(letter, alert.secret(self._environ), int(self._now().timestamp()))
        _deliver_post.send(alert, alert.address(self._environ), post, self._seconds)
        return ""


def trial_letter(channel: str, made_t: int, link: str) -> Letter:
    """A letter that says it is a test and tells of nothing."""
    intro = "This is a test from Frontview: alerts of this channel arrive. Nothing happened."
    return Letter(0, channel, made_t, 0, Message("Frontview: a test alert", intro, (), 0, link))
