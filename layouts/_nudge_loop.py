"""The running side of messages to single people: what alerts do for channels, for everybody who wants to be told.

Looked at once a minute, one person after the other. Retries, at least once, and giving up are those of alerts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler

from data import alerts as kept
from data import own_choices
from data.accounts import find
from data.alert_settings import AlertSettings
from data.alerts import Letter
from data.errors import FrontviewError
from data.own_choices import Chosen
from data.scope import Principal, Role
from data.settings import Settings
from data.store import Store
from data.writer import Writer
from layouts._alarm_loop import AlarmLoop, Send
from metrics._nudges import channel_of, due_letter

log = logging.getLogger(__name__)
EVERY_SECONDS: Final = 60.0


class NudgeLoop(AlarmLoop):
    """Morning lists and nudges of everybody, from `start` to `stop`. The writer has to be started already.

    `carrier` makes what sends out of settings whose `alerts` are the ways to each person. `who` finds the principal
    of a login, None when it may not sign in (where not given: among the accounts).
    """

    def __init__(self, settings: Settings, store: Store, writer: Writer, carrier: Callable[[Settings], Send], *,
                 who: Callable[[str], Principal | None] | None = None) -> None:
        super().__init__(replace(settings, alerts={}), store, writer, self._carry)
        self._settings, self._carrier = settings, carrier
        self._who = who or (lambda login: find(writer, login))
        self._people: Mapping[str, Chosen] = {}

    def start(self) -> None:
        """Begin to look; returns at once. Without a way to tell anybody nothing is done."""
        nudges = self._settings.nudges
        if not (nudges.mail or nudges.slack or nudges.webhook):
            return
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": self._threads})
        self._scheduler.add_job(
            self.all, "interval", id="nudges", seconds=EVERY_SECONDS, jitter=2, next_run_time=datetime.now(UTC),
            max_instances=1, coalesce=True, misfire_grace_time=None)
        self._scheduler.start()

    def all(self) -> int:
        """One look for everybody; how many letters arrived."""
        try:
            self._call()
        except FrontviewError as error:
            log.warning("nudges could not look: %s", type(error).__name__)
            return 0
        arrived = 0
        for name in self._people:
            try:
                arrived += self.once(name)
            except FrontviewError as error:
                log.warning("nudges of %s could not look: %s", name, type(error).__name__)
        return arrived

    def _call(self) -> None:
        """Who wants to be told now, and where each letter then goes."""
        found: dict[str, Chosen] = {}
        ways: dict[str, AlertSettings] = {}
        for person in self._writer.do(own_choices.chosen):
            principal, channel = self._who(person.login), channel_of(person)
            way = self._settings.nudges.to(person.actor, person.choice.via, channel, self._settings.alerts)
            # An account that was switched off, or has become another person's or role's, is told nothing more.
            if way and principal and principal.role is Role.REP and principal.actor == person.actor:
                found[channel], ways[channel] = person, way
        self._people, self._alerts = found, ways
        kept.give_up_others(self._writer, list(ways), personal=True)

    def _made(self, alert: AlertSettings) -> Letter | None:
        return due_letter(self._store, self._writer, self._people[alert.id], self._base_url)

    def _carry(self, letter: Letter) -> str:
        return self._carrier(replace(self._settings, alerts=self._alerts))(letter)
