"""Own people as an officer may know them: a pseudonym that holds in one case, names in cases two agreed on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from metrics._contract import Read, ask
from metrics.case import Case, Record

_REMEMBERED: Final = 20_000

Aliases = Mapping[tuple[int, int], str]
"""(object, code of a person) -> the pseudonym in that case."""


def aliases(read: Read, objs: Iterable[int]) -> Aliases:
    """The pseudonyms of those who took part in a few cases; they never change, so they are remembered."""
    known, asked = read.memo.get("aliases", ({}, set()))
    if len(asked) > _REMEMBERED:
        known, asked = {}, set()
    missing = sorted(set(objs) - asked)
    if missing:
        known.update({(r["obj"], r["code"]): r["alias"] for r in ask(read, "aliases", {"objs": missing})})
        asked.update(missing)
        read.memo["aliases"] = (known, asked)
    return known


def known_as(read: Read, obj: int, *, named: bool) -> dict[int, str]:
    """Code -> how a person is shown in this one case: a pseudonym, or with `named` the name while it may be told.

    Whoever asks for names has written down that they are looked at (`data.unmask.note_look`).
    """
    return {r["code"]: (named and r["name"]) or r["alias"] for r in ask(read, "known_as", {"objs": [obj]})}


def is_named(read: Read, obj: int) -> bool:
    """Whether the people of this case are shown by name now."""
    return bool(read("SELECT 1 AS one FROM case_actor WHERE obj = $obj AND name IS NOT NULL LIMIT 1", {"obj": obj}))


def in_case(read: Read, found: Case, *, named: bool) -> Case:
    """The case with its people as `known_as` says; those of a contact or account stay untold."""
    obj = found.label.obj
    names = known_as(read, obj, named=named)
    rows = ask(read, "case_steps_by", {"obj": obj}) if names else []
    by = {row["seq"]: names.get(row["actor"], "") for row in rows}
    fact = {**found.fact, "actor": names.get(found.label.owner, "")} if found.fact else None
    return replace(found, fact=fact, steps=[replace(step, actor=by.get(step.seq, "")) for step in found.steps])


def by(read: Read, found: Record, names: Mapping[int, str]) -> Record:
    """The record with whoever did it as `names` has it (see `known_as`); empty where it has nobody."""
    rows = read("SELECT e.actor FROM record AS e WHERE e.seq = $seq", {"seq": found.row["seq"]})
    return replace(found, row={**found.row, "actor": names.get(rows[0]["actor"], "") if rows else ""})
