"""What `app.py check` says of alerts: secrets that are missing, filters that fit nothing, and a test message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from connectors._deliver import Delivery, trial_letter
from connectors._deliver_mail import trusted
from data.alert_settings import EVERY_TEAM, AlertSettings
from data.errors import FrontviewError
from data.scope import SYSTEM
from data.settings import Settings
from data.store import Store, now_us

Level = Literal["ok", "warning", "problem"]
Found = tuple[Level, str, str]
_SECONDS = 10.0


def alert_findings(settings: Settings, *, send_test: bool = False) -> Iterator[Found]:
    """Level, what, and remedy for every alert channel; with `send_test` each that can be used is sent a message."""
    delivery = Delivery(settings, seconds=_SECONDS)
    for alert in settings.alerts.values():
        name = f"alert {alert.id!r} ({alert.to})"
        trouble = _unusable(alert, settings)
        if trouble:
            yield "problem", f"{name}: {trouble}", f"see [alerts.{alert.id}] in frontview.toml"
            continue
        yield from _fitting(alert, settings)
        yield _tried(delivery, settings, alert) if send_test else ("ok", f"{name} is set up", "")
    if settings.alerts and not settings.server.public_url:
        yield ("warning", "[server] public_url is empty, so the links in alerts lead to this machine only",
               "set it to the address that people type")


def _unusable(alert: AlertSettings, settings: Settings) -> str:
    """Why nothing could be sent, "" where it could: what only shows when secrets and files are looked at."""
    try:
        trusted(alert)
        if alert.to == "mail":
            alert.password(settings.environ)
        else:
            alert.address(settings.environ)
        if alert.to == "webhook":
            alert.secret(settings.environ)
    except FrontviewError as error:
        return str(error)
    return ""


def _fitting(alert: AlertSettings, settings: Settings) -> Iterator[Found]:
    """Words that nothing is called by: an alert that never comes looks like a quiet day."""
    where = f"[alerts.{alert.id}]"
    remedy = "correct the name, or leave it out"
    unknown = [team for team in alert.teams if settings.teams and team not in {*settings.teams, EVERY_TEAM}]
    if unknown:
        yield "warning", f"{where} names the team {unknown[0]!r}, which [teams] does not have", remedy
    if not alert.rules or not settings.store.db.exists():
        return
    rules = _rules(settings)
    missing = [rule for rule in alert.rules if rules and rule not in rules]
    if missing:
        yield "problem", f"{where} names the rule {missing[0]!r}, which is not in force", remedy


def _rules(settings: Settings) -> set[str]:
    """The rules in force, none when the file cannot be opened: then that is told on its own."""
    try:
        store = Store.open(settings.store.db, create=False)
    except FrontviewError:
        return set()
    try:
        return {row["id"] for row in store.read("SELECT id FROM rule WHERE active", {}, SYSTEM)}
    except FrontviewError:
        return set()
    finally:
        store.close()


def _tried(delivery: Delivery, settings: Settings, alert: AlertSettings) -> Found:
    server = settings.server
    link = server.public_url or f"http://{server.host}:{server.port}"
    try:
        partly = delivery(trial_letter(alert.id, now_us(), link))
    except FrontviewError as error:
        return "problem", f"alert {alert.id!r}: {error}", f"see [alerts.{alert.id}] in frontview.toml"
    if partly:
        return "warning", f"alert {alert.id!r}: a test message was sent, but {partly}", "check 'recipients'"
    return "ok", f"alert {alert.id!r}: a test message was sent", ""
