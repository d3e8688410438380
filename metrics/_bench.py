"""Which rule packs there are, shipped and the firm's own, and what has to be written to switch one on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from data.settings import CalendarSettings, Settings
from metrics.conformance.rules import PACKS

_NAMED: Final = re.compile(r"^pack:[ \t]*[\"']?([A-Za-z0-9][\w-]{0,60})[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
_LINE: Final = re.compile(r"^(title|enabled):[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_OFF: Final = {"false", "no", "off"}


@dataclass(frozen=True, slots=True)
class Bench:
    """What the settings say of rules: folders of the firm's own packs, what is switched on and off, calendars, and
    the time zone that days are written in."""

    folders: Sequence[Path] = ()
    enable: Sequence[str] = ()
    disable: Sequence[str] = ()
    calendars: Sequence[CalendarSettings] = ()
    zone: str = "UTC"

    @classmethod
    def of(cls, settings: Settings) -> Bench:
        """As the settings say."""
        rules = settings.rules
        folders = [Path(folder) for folder in rules.packs]
        return cls(folders, rules.enable, rules.disable, list(settings.calendars.values()), settings.firm.time_zone)


@dataclass(frozen=True, slots=True)
class PackFile:
    """A pack that lies in a file. `is_default`: it is in force unless the settings switch it off."""

    id: str
    title: str
    path: Path
    is_shipped: bool
    is_default: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """How a text comes into force: what to do, in sentences, and what to write into frontview.toml (may be empty)."""

    todo: str
    settings: str = ""


def named(text: str) -> str:
    """The id of the pack that the text describes; empty where it names none, or one that cannot be a file's name."""
    found = _NAMED.search(text)
    return found[1] if found else ""


def packs(bench: Bench) -> Sequence[PackFile]:
    """The shipped packs and the firm's own, switched on or not, understood or not."""
    found = []
    for folder in (PACKS, *bench.folders):
        for path in sorted(folder.glob("*.yaml")):
            told = _head(text_of(path))
            title = told.get("title", "").strip("\"'") or path.stem
            found.append(PackFile(path.stem, title, path, folder == PACKS, _is_default(told)))
    return found


def text_of(path: Path) -> str:
    """What stands in a pack's file."""
    return path.read_text(encoding="utf8", errors="replace")


def switching(bench: Bench, text: str, in_force: Iterable[str]) -> Switch:
    """How the pack of this text comes into force. `in_force`: ids of packs some rule of which is already."""
    id_ = named(text)
    known = next((pack for pack in packs(bench) if pack.id == id_), None)
    is_same = known is not None and text_of(known.path).strip() == text.strip()
    if known and known.is_shipped and not is_same:
        return Switch(
            f"The pack {id_} comes with the program, and this text differs from it. Save it under a name of its own: "
            "give it another first line, and its rules other ids."
        )
    folder = known.path.parent if known else bench.folders[0] if bench.folders else Path("rules")
    save = f"Save the text as {folder / (id_ + '.yaml')}; a changed file is taken over while the program runs."
    asked = _asked(bench, id_, None if known else folder, is_default=_is_default(_head(text)))
    todo = [] if is_same else [save]
    if asked:
        todo.append("Write this into frontview.toml and start the program again; other keys of [rules] stay.")
    elif is_same:
        todo.append("This very text is in force." if id_ in set(in_force) else "It is taken over within seconds.")
    return Switch(" ".join(todo), "\n".join(["[rules]", *asked]) if asked else "")


def _asked(bench: Bench, id_: str, folder: Path | None, *, is_default: bool) -> Sequence[str]:
    """The keys of [rules] that must change for the pack, whole; `folder`: where it will lie, if it is new."""
    before = {"packs": [str(f) for f in bench.folders], "enable": [*bench.enable], "disable": [*bench.disable]}
    after = {**before, "disable": [name for name in bench.disable if name != id_]}
    if folder and not bench.folders:
        after["packs"] = [str(folder)]
    if not is_default and id_ not in bench.enable:
        after["enable"] = [*bench.enable, id_]
    return [f"{key} = {json.dumps(after[key], ensure_ascii=False)}" for key in after if after[key] != before[key]]


def _head(text: str) -> Mapping[str, str]:
    return dict(_LINE.findall(text))


def _is_default(told: Mapping[str, str]) -> bool:
    return told.get("enabled", "true").partition("#")[0].strip().lower() not in _OFF
