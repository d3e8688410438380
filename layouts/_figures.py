"""The cases behind the figures that several pages show."""

from __future__ import annotations

from collections.abc import Sequence

from layouts import _cards
from layouts._contract import Cases
from metrics import breaches, waiting
from metrics._contract import DAY, Filters, Read
from metrics.breaches import Choice, Item, Since
from metrics.case import CaseRow


def waiting_cases(read: Read, filters: Filters, now_t: int, owner: str) -> Cases:
    """The cases of everybody who waits, or with an owner of those who wait on that person."""
    found = waiting.waiting(read, filters, now_t, limit=100, owner=owner)
    return Cases(
        f"{_cards.number(found.total)} customers waiting, longest first",
        [CaseRow(w.case, w.since_t, w.channel) for w in found.rows],
    )


def breach_cases(read: Read, filters: Filters, now_t: int, rule: str) -> Cases:
    """Broken and overdue activations of a rule, or of all."""
    found = breaches.items(read, filters, now_t, Choice("broken", Since.window(filters, now_t), rule, 100))
    title = f"{found[0].title}: breaches" if rule and found else "Breaches in the window, newest first"
    return Cases(title, _notes(found) + (_due(read, filters, now_t, rule) if rule else []))


def span_breaches(read: Read, filters: Filters, now_t: int, rule: str) -> Cases:
    """The same over the days of the span."""
    since = Since.span(filters, now_t)
    found = breaches.items(read, filters, now_t, Choice("broken", since, rule, 100))
    unknown = breaches.items(read, filters, now_t, Choice("unknown", since, rule, 20)) if rule else []
    title = f"{found[0].title}: breaches" if rule and found else "Breaches in the span, newest first"
    return Cases(title, _notes(found) + _notes(unknown) + (_due(read, filters, now_t, rule) if rule else []))


def due_cases(read: Read, filters: Filters, now_t: int, rule: str) -> Cases:
    """What falls due within a day."""
    return Cases("Falls due within 24 hours", _due(read, filters, now_t, rule))


def _due(read: Read, filters: Filters, now_t: int, rule: str) -> list[CaseRow]:
    return _notes(breaches.items(read, filters, now_t, Choice("due", rule=rule, limit=100)))


def _notes(items: Sequence[Item]) -> list[CaseRow]:
    words = {0: "due", 2: "broken", 5: "cannot tell"}
    return [CaseRow(i.case, i.at_t, f"{i.title} · {words.get(i.verdict, '')}") for i in items]


def unknown_cases(read: Read, filters: Filters, now_t: int, rule: str) -> Cases:
    """Activations whose verdict cannot be told."""
    choice = Choice("unknown", Since.span(filters, now_t), rule, 100)
    return Cases("Cannot tell", _notes(breaches.items(read, filters, now_t, choice)))


def own_due(read: Read, now_t: int) -> Cases:
    """What the reader has overdue or due within three days."""
    return Cases("Overdue and due within three days", _notes(breaches.own(read, now_t, soon_us=3 * DAY, limit=50)))
