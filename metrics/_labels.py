"""What objects are called and whose they are, for the few that are shown; remembered, as names seldom change."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from metrics._contract import Read, ask
from metrics._words import code, words

_FRESH_SECONDS: Final = 60.0
_REMEMBERED: Final = 20_000
# The attributes that name an object, best first.
_NAMES: Final = ("name", "title")


@dataclass(frozen=True, slots=True)
class Label:
    """How an object is shown; `customer` is the account or contact it belongs to, empty when none is known, and
    `owner` the code of whoever answers for it, or 0."""

    obj: int
    otype: str
    id: str
    name: str
    customer: str
    owner: int = 0


def describe(read: Read, objs: Iterable[int | None]) -> dict[int, Label]:
    """Labels of a few objects; those out of scope are missing."""
    at, known, asked = read.memo.get("labels", (0.0, {}, set()))
    if time.monotonic() - at > _FRESH_SECONDS or len(asked) > _REMEMBERED:
        known, asked = {}, set()
        read.memo["labels"] = (time.monotonic(), known, asked)
    missing = sorted({obj for obj in objs if obj is not None} - asked)
    if missing:
        known.update(_look_up(read, missing))
        asked.update(missing)
    return known


def _look_up(read: Read, objs: Sequence[int]) -> dict[int, Label]:
    """Small statements after each other, each narrowed by what the one before it found: the store then reads only
    where these numbers lie, while one statement for all of it would read everything."""
    facts = {r["obj"]: r for r in ask(read, "label_parties", {"objs": objs})}
    whose = {obj: r["party"] for obj, r in facts.items() if r["party"]}
    types = words(read, "object_type")
    everybody = sorted({*objs, *whose.values()})
    things = {
        r["obj"]: (types.get(r["otype"], ""), r["id"]) for r in ask(read, "label_objects", {"objs": everybody})
    }
    contacts = [obj for obj in everybody if things.get(obj, ("",))[0] == "contact"]
    firms = _firms(read, contacts) if contacts else {}
    names = _names(read, [*things, *(firm for firm, _ in firms.values())])
    found = {}
    for obj in objs:
        if obj not in things:
            continue
        otype, id_ = things[obj]
        party = whose.get(obj, obj)
        if party in firms:
            firm, firm_id = firms[party]
            customer = names.get(firm) or firm_id
        else:
            customer = "" if party == obj else names.get(party) or things.get(party, ("", ""))[1]
        owner = facts[obj]["actor"] if obj in facts else 0
        found[obj] = Label(obj, otype, id_, names.get(obj, ""), customer, owner)
    return found


def _firms(read: Read, contacts: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Contact -> the account it is linked to, and that one's id."""
    links = [row for side in ("links_from", "links_to") for row in ask(read, side, {"objs": contacts})]
    if not links:
        return {}
    account = code(read, "object_type", "account")
    others = ask(read, "label_objects", {"objs": sorted({r["other"] for r in links})})
    ids = {r["obj"]: r["id"] for r in others if r["otype"] == account}
    # The one that was known first, where there are several.
    links.sort(key=lambda r: -r["other"])
    return {r["obj"]: (r["other"], ids[r["other"]]) for r in links if r["other"] in ids}


def _names(read: Read, objs: Iterable[int]) -> dict[int, str]:
    """Object -> its name, else its title."""
    title, name = (code(read, "attribute", word) for word in reversed(_NAMES))
    found: dict[int, dict[int, str]] = defaultdict(dict)
    # All attributes come and most are left: a few rows cost less than looking for two attributes among them.
    for r in ask(read, "label_names", {"objs": sorted(set(objs))}):
        found[r["obj"]][r["attribute"]] = r["value"] or ""
    return {obj: told.get(name, told.get(title, "")) for obj, told in found.items()}
