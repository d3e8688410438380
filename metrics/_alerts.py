"""What is news to an alert channel: breaches that came to light, and what falls due soon, within its scope.

What a channel may know is read through its own scope, like a viewer's. What leaves is made of numbers, the words of
rules, teams and channels, and links: names, addresses and subjects are never even asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from data import alerts as kept
from data.alert_settings import SEVERITIES, AlertSettings
from data.alerts import Letter, Line, Message, Told
from data.event import moment
from data.scope import Role
from data.store import Store
from data.writer import Writer
from metrics._contract import DAY, HOUR, SECOND, Read, ask
from metrics._words import code, words

LISTED: Final = 20
_MOST: Final = 20_000
_MINUTE: Final = 60 * SECOND
# A clock that is set back makes what is new look older than the last look; what is found twice is told once.
_SLACK: Final = 10 * _MINUTE
_ALWAYS: Final = 9_000_000_000_000_000_000
_PAGES: Final = {Role.OFFICER: "/compliance", Role.MANAGER: "/live"}
_ADDRESS: Final = re.compile(r"[^\s<>()\[\],;:\"]+@[^\s<>()\[\],;:\"]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where was looked: the moment, from when on what is believed counts, and each rule's watermark then."""

    seen_t: int
    from_t: int
    marks: Mapping[int, int]

    def as_kept(self) -> dict[str, Any]:
        """As plain values."""
        return {"seen_t": self.seen_t, "from_t": self.from_t, "marks": {str(k): v for k, v in self.marks.items()}}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Place:
        """From plain values."""
        return cls(values["seen_t"], values["from_t"], {int(k): v for k, v in values["marks"].items()})


@dataclass(frozen=True, slots=True)
class Item:
    """One binding that is told of. `how`: broken, overdue (it can still be done), due."""

    told: Told
    rule: Mapping[str, Any]
    how: str
    at_t: int
    team: str
    channel: str


@dataclass(frozen=True, slots=True)
class News:
    """What was found at a moment, how many more there are than were read, and the place after it."""

    items: Sequence[Item]
    more: int
    place: Place


def due_message(store: Store, writer: Writer, alert: AlertSettings, base_url: str) -> Letter | None:
    """What the channel is to be told now, written down and not yet sent; None when there is nothing, or not yet.

    News are gathered while the channel's last message is young or still waits to be sent, so they come later and
    together; none is lost. The very first look only remembers how things stand, and tells what falls due.
    """
    now_t = kept.settled_now(writer)
    if _too_soon(writer, alert, now_t):
        return None
    read = Read(store.read, alert.scope)
    values = kept.place_of(writer, alert.id)
    before = Place.of(values) if values else None
    found = news(read, alert, before, now_t)
    fresh = kept.untold(writer, alert.id, [item.told for item in found.items])
    items = [item for item in found.items if item.told in fresh]
    if not items and not found.more:
        if before is None or now_t - before.seen_t > _SLACK:
            kept.keep_place(writer, alert.id, found.place.as_kept())
        return None
    message = compose(items, found.more, base_url + _PAGES[alert.scope.role], now_t)
    return kept.write_down(writer, alert.id, message, [item.told for item in items], found.place.as_kept())


def _too_soon(writer: Writer, alert: AlertSettings, now_t: int) -> bool:
    pace = kept.pace(writer, alert.id, now_t - HOUR)
    young = pace.last_t is not None and now_t - pace.last_t < alert.every_minutes * _MINUTE
    return pace.waits or young or pace.lately >= alert.at_most_per_hour


def news(read: Read, alert: AlertSettings, before: Place | None, now_t: int) -> News:
    """What came to light since `before`, and what is inside its rule's nudge; gravest first."""
    rules = {row["code"]: row for row in ask(read, "alert_rules", {})}
    marks = {number: _ALWAYS if row["watermark_t"] is None else row["watermark_t"] for number, row in rules.items()}
    place = before or Place(now_t, now_t + 1, marks)
    params = {
        **_times(place, marks, rules), "now_t": now_t, "limit": _MOST,
        "rules": [number for number, row in rules.items() if _wanted(alert, row)],
        "breach": "breach" in alert.what, "due": "due" in alert.what,
        **_chosen(read, "team", () if alert.scope.role is Role.MANAGER else alert.teams),
        **_chosen(read, "channel", alert.channels),
    }
    done, pending = ask(read, "alert_done", params), ask(read, "alert_open", params)
    more = sum(rows[0]["n_all"] - len(rows) for rows in (done, pending) if rows)
    items = [*_items(read, rules, done, "broken"), *_items(read, rules, pending, "overdue")]
    # What is beyond the limit is told as a number; it must not be found again at the next look.
    return News(sorted(items, key=_gravity), more, Place(now_t, now_t + 1 if more else place.from_t, marks))


def _times(place: Place, marks: Mapping[int, int], rules: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """Moments as SQL parameters; each list has a rule at its code."""
    codes = range(max(rules, default=0) + 1)
    return {
        "seen_t": place.seen_t, "from_t": max(place.from_t, place.seen_t - _SLACK),
        "marks": [marks.get(number, 0) for number in codes],
        "old_marks": [place.marks.get(number, 0) for number in codes],
        "nudges": [rules[number]["nudge_us"] if number in rules else 0 for number in codes],
    }


def _wanted(alert: AlertSettings, rule: Mapping[str, Any]) -> bool:
    return (not alert.rules or rule["id"] in alert.rules) and (
        not alert.severities or rule["severity"] in alert.severities)


def _items(read: Read, rules: Mapping[int, Mapping[str, Any]], rows: Sequence[Mapping[str, Any]],
           how: str) -> list[Item]:
    """The rows as items; `how` is the word for what is late."""
    teams, channels = words(read, "team"), words(read, "channel")
    return [Item(Told(r["rule"], r["obj"], r["act_seq"], "breach" if r["late"] else "due"), rules[r["rule"]],
                 how if r["late"] else "due", r["at_t"], teams.get(r["team"], ""), channels.get(r["channel"], ""))
            for r in rows]


def _chosen(read: Read, kind: str, names: Sequence[str]) -> dict[str, Any]:
    return {f"every_{kind}": not names, f"{kind}s": [code(read, kind, name) for name in names]}


def _gravity(item: Item) -> tuple[int, bool, int]:
    severity = item.rule["severity"]
    rank = SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
    return rank, item.how == "due", -item.at_t


def compose(items: Sequence[Item], more: int, page: str, now_t: int) -> Message:
    """The message about these, gravest first; `page` is the address that opens the evidence."""
    def number(n: int, word: str, words: str) -> list[str]:
        return [f"{n:,} {word if n == 1 else words}"] if n else []

    late = [item for item in items if item.how != "due"]
    review = sum(item.rule["kind"] == "review" for item in late)
    parts = [*number(len(late) - review, "breach", "breaches"), *number(review, "for review", "for review"),
             *number(len(items) - len(late), "due soon", "due soon"), *number(more, "more", "more")]
    worst = f" (worst: {plain(items[0].rule['severity'])})" if items else ""
    listed = [_line(item, page, now_t) for item in items[:LISTED]]
    left = len(items) + more - len(listed)
    intro = "What came to light since the last message, gravest first." + (
        f" {left:,} more are on the page." if left else "")
    return Message(f"Frontview: {', '.join(parts)}{worst}", intro, listed, len(items) + more, page)


def _line(item: Item, page: str, now_t: int) -> Line:
    rule, told = item.rule, item.told
    at, age = moment(item.at_t), _span(abs(now_t - item.at_t))
    when = {"broken": f"broken {age} ago", "overdue": f"overdue by {age}", "due": f"due in {age}"}[item.how]
    if rule["kind"] == "review" and item.how != "due":
        when = f"for review since {age}"
    team, channel = plain(item.team), plain(item.channel)
    ids = {"rule": plain(rule["id"]), "title": plain(rule["title"]), "severity": plain(rule["severity"])}
    where = "".join(f", {word} {name}" for word, name in (("team", team), ("channel", channel)) if name)
    text = (f"[{ids['severity']}] {ids['rule']} {ids['title']}: case {told.obj}, {when} "
            f"({at:%Y-%m-%d %H:%M} UTC){where}")
    facts = {**ids, "kind": rule["kind"], "what": told.what, "state": item.how, "case": told.obj, "team": team,
             "channel": channel}
    return Line(text, f"{page}?open=case:{told.obj}", at.isoformat(), facts)


def plain(text: str, longest: int = 120) -> str:
    """A word as it may leave: one line, no mail address in it, not too long."""
    text = _ADDRESS.sub("(address)", " ".join("".join(c if c.isprintable() else " " for c in text).split()))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _span(us: int) -> str:
    minutes = us // _MINUTE
    if minutes < 120:
        return f"{minutes} min"
    return f"{us // HOUR} h" if us < 2 * DAY else f"{us // DAY} d"


