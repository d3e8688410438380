"""The line above the process: which part is looked at, which cases are meant, and what they are set against.

Each choice carries the whole new selection as its value, so the address alone says what is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts import _cards
from layouts._contract import Part, Properties
from layouts._map import name_of
from metrics import segments
from metrics._contract import Filters, Read
from metrics._people import fold_small, teams
from metrics._selection import CUSTOMER, Selection, present

TABS = (("", "Map"), ("variants", "Variants"), ("times", "Times"), ("compare", "Compare"), ("causes", "Causes"))
LONGER = (("1h", "1 hour"), ("8h", "8 hours"), ("1d", "1 day"), ("3d", "3 days"), ("7d", "7 days"), ("30d", "30 days"))
STATES = (("open", "still open"), ("closed", "have ended"))
BAR = "process-bar"


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen from, and what is."""

    chosen: Selection
    types: Sequence[str]
    activities: Sequence[str]
    segments: dict[str, Sequence[str]]
    teams: Sequence[str]
    filters: Filters


def frame() -> Component:
    """The bar with its tabs; the rest is filled by the stream."""
    tabs = [
        html.Button(text, **_cards.attrs({"data-filter": "tab", "data-value": value, "aria-pressed": "false"}))
        for value, text in TABS
    ]
    return html.Div(
        [
            html.Div(tabs, className="segments", role="group", **_cards.attrs({"aria-label": "Part"})),
            html.Div(id=BAR, className="picks"),
            _cards.explain("segments"),
        ],
        className="pick-bar",
    )


def _load(read: Read, filters: Filters, _now_t: int) -> Choices:
    named = {name for name in fold_small(teams(read)).values() if name != "other teams"}
    return Choices(
        Selection.parse(filters.pick),
        [*present(read), CUSTOMER],
        segments.activities(read),
        dict(segments.segments(read, filters)),
        sorted(named),
        filters,
    )


def _render(found: Choices) -> Properties:
    chosen = found.chosen
    chips = [_chip(words, without) for words, without in _conditions(chosen)]
    if chosen != Selection():
        chips.append(_button("clear", "", "link"))
    return {BAR: {"children": [_types(found), *chips, *_adds(found), *_versus(found)]}}


def _types(found: Choices) -> Component:
    """Several types of case may be looked at together; each is added to or taken from those chosen."""
    chosen = found.chosen
    options = []
    for name in found.types:
        is_on = name in chosen.types
        types = tuple(t for t in chosen.types if t != name) if is_on else (*chosen.types, name)
        word = "Customers" if name == CUSTOMER else f"{_cards.type_word(name)}s"
        options.append(((f"✓ {word} (take away)" if is_on else word), replace(chosen, types=types).text))
    title = " + ".join(_type_words(chosen.types)) or "types …"
    return _select("Types of case together", title, chosen.text, options)


def _type_words(types: Iterable[str]) -> list[str]:
    return ["Customers" if name == CUSTOMER else f"{_cards.type_word(name)}s" for name in types]


def _conditions(chosen: Selection) -> list[tuple[str, Selection]]:
    """Each condition in words, and the selection without it."""
    told = [
        (f"through {name_of(a)}", replace(chosen, via=tuple(x for x in chosen.via if x != a))) for a in chosen.via
    ]
    told += [
        (f"not through {name_of(a)}", replace(chosen, without=tuple(x for x in chosen.without if x != a)))
        for a in chosen.without
    ]
    told += [
        (f"{pair[0]}: {pair[1]}", replace(chosen, known=tuple(x for x in chosen.known if x != pair)))
        for pair in chosen.known
    ]
    if chosen.longer:
        told.append((f"longer than {chosen.longer}", replace(chosen, longer="")))
    if chosen.state:
        told.append((dict(STATES)[chosen.state], replace(chosen, state="")))
    if chosen.variant:
        told.append((f"variant {chosen.variant[:6]}", replace(chosen, variant="")))
    return told


def _adds(found: Choices) -> list[Component]:
    chosen = found.chosen
    through = [
        (name_of(a), replace(chosen, via=(*chosen.via, a)).text) for a in found.activities if a not in chosen.via
    ]
    around = [
        (name_of(a), replace(chosen, without=(*chosen.without, a)).text)
        for a in found.activities
        if a not in chosen.without
    ]
    known = [
        (f"{name}: {value}", replace(chosen, known=(*chosen.known, (name, value))).text)
        for name, values in found.segments.items()
        for value in values
        if (name, value) not in chosen.known
    ]
    longer = [(f"longer than {words}", replace(chosen, longer=word).text) for word, words in LONGER]
    states = [(words, replace(chosen, state=word).text) for word, words in STATES]
    selects = [
        _select("Passes through", "through …", chosen.text, through),
        _select("Does not pass through", "not through …", chosen.text, around),
        _select("Takes longer than", "longer than …", chosen.text, longer),
        _select("Open or ended", "state …", chosen.text, states),
    ]
    if known:
        selects.append(_select("Attribute", "attribute …", chosen.text, known))
    return selects


def _versus(found: Choices) -> list[Component]:
    """What the comparison sets the selection against."""
    if found.filters.tab != "compare":
        return []
    options = [("the time before", "before")]
    if found.chosen.narrows:
        options.append(("all other cases", "rest"))
    options += [(f"team {name}", f"team={name}") for name in found.teams]
    now = next((words for words, value in options if value == found.filters.versus), options[0][0])
    return [
        html.Span("against", className="soft"),
        _select("Against what", now, found.filters.versus, options, name="versus"),
    ]


def _select(
    label: str, title: str, now: str, options: Sequence[tuple[str, str]], name: str = "pick"
) -> Component:
    # The first entry stands for what is chosen now, so the control always reads as its title.
    entries = [html.Option(title, value=now), *(html.Option(text, value=value) for text, value in options)]
    select = html.Select(entries, **_cards.attrs({"data-filter": name, "aria-label": label}))
    return html.Span(select, className="pick")


def _chip(words: str, without: Selection) -> Component:
    more: dict[str, Any] = {"data-filter": "pick", "data-value": without.text, "aria-label": f"Take away: {words}"}
    return html.Button([words, _cards.icon("close")], className="chip", **_cards.attrs(more))


def _button(words: str, value: str, class_name: str) -> Component:
    return html.Button(words, className=class_name, **_cards.attrs({"data-filter": "pick", "data-value": value}))


PART = Part(BAR, _load, _render)
"""The conditions as they are, and what may be added."""
