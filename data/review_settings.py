"""The tables of a settings file that say who reviews what: `[people]` and `[review]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data._tables import filled, place, refuse_unknown, want
from data.errors import FixSettings


@dataclass(frozen=True, slots=True)
class People:
    """`[people.superior]`: person -> whom they answer to; `[people.class]`: person -> class, for sampling.

    Persons are named by their ids in the sources, usually e-mail addresses, in small letters.
    """

    superior: Mapping[str, str] = field(default_factory=dict)
    class_of: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draw:
    """`[[review.sample]]`: how many percent of what matches are drawn. An empty word matches everything."""

    rule: str = ""
    person_class: str = ""
    channel: str = ""
    percent: float = -1.0


@dataclass(frozen=True, slots=True)
class Review:
    """`[review]`: `percent` of the decided activations without a breach are drawn as samples, unless a `sample`
    says otherwise; the first that matches counts."""

    percent: float = 5.0
    sample: tuple[Draw, ...] = ()


def read_people(raw: Mapping[str, Any], file: Path) -> People:
    """The table `[people]`. FixSettings where somebody is, over however many steps, his own superior."""
    refuse_unknown(raw, ("superior", "class"), place(file, "people"))
    superior = {person: name.lower() for person, name in _words(raw, "superior", file).items()}
    for person, above in superior.items():
        seen = {person}
        top = above
        while top in superior and top not in seen:
            seen.add(top)
            top = superior[top]
        if top in seen:
            raise FixSettings(f"{place(file, 'people.superior')}: {above!r} is above {person!r} and below as well; "
                              "take out the line that is wrong")
    return People(superior, _words(raw, "class", file))


def read_review(raw: Mapping[str, Any], file: Path) -> Review:
    """The table `[review]` with its `[[review.sample]]`."""
    where = place(file, "review")
    refuse_unknown(raw, ("percent", "sample"), where)
    percent = _percent(want(f"{where}: 'percent'", raw.get("percent", 5.0), float), where)
    draws = []
    for number, body in enumerate(want(f"{where}: 'sample'", raw.get("sample", []), list), 1):
        here = f"{place(file, 'review.sample')} number {number}"
        draw = filled(Draw, want(here, body, dict), here)
        if "percent" not in body:
            raise FixSettings(f"{here}: 'percent' is missing; say how many of a hundred, like percent = 20")
        _percent(draw.percent, here)
        draws.append(draw)
    return Review(percent, tuple(draws))


def _percent(value: float, where: str) -> float:
    if not 0 <= value <= 100:
        raise FixSettings(f"{where}: percent is {value:g}; give a number from 0 to 100")
    return value


def _words(raw: Mapping[str, Any], name: str, file: Path) -> dict[str, str]:
    where = place(file, f"people.{name}")
    table = want(where, raw.get(name, {}), dict)
    words = {person: want(f"{where}: {person!r}", word, str) for person, word in table.items()}
    return {person.strip().lower(): word.strip() for person, word in words.items()}
