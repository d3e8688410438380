"""Teams as they may be shown: people appear only in groups of five and more."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from metrics._contract import Read

SMALLEST_GROUP: Final = 5
_FRESH_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Team:
    """An own team and the number of people known in it."""

    code: int
    name: str
    people: int


def teams(read: Read) -> list[Team]:
    """All named teams the viewer may see, by name; remembered for a few seconds."""
    at, known = read.memo.get("teams", (0.0, []))
    if time.monotonic() - at > _FRESH_SECONDS:
        allowed = read.scope.teams
        rows = read("SELECT code, name, people FROM team WHERE name <> '' ORDER BY name", {})
        known = [Team(r["code"], r["name"], r["people"]) for r in rows if not allowed or r["name"] in allowed]
        read.memo["teams"] = (time.monotonic(), known)
    return known


def fold_small(known: Sequence[Team]) -> dict[int, str]:
    """Team code -> the name it is shown under.

    Small teams share 'other teams'. If these together are still fewer than five people the next smallest team
    joins them; otherwise subtraction from the total would show what folding hides.
    """
    by_size = sorted(known, key=lambda team: (team.people, team.name))
    hidden = [team for team in by_size if team.people < SMALLEST_GROUP]
    rest = by_size[len(hidden) :]
    while hidden and rest and sum(team.people for team in hidden) < SMALLEST_GROUP:
        hidden.append(rest.pop(0))
    return {team.code: team.name for team in rest} | {team.code: "other teams" for team in hidden}
