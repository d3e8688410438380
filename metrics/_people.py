"""Teams as they may be shown: people appear only in groups of five and more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from metrics._contract import Read
from metrics._words import team_sizes, words

SMALLEST_GROUP: Final = 5


@dataclass(frozen=True, slots=True)
class Team:
    """An own team and the number of people known in it."""

    code: int
    name: str
    people: int


def teams(read: Read) -> list[Team]:
    """All named teams the viewer may see, by name."""
    allowed = read.scope.teams
    sizes = team_sizes(read)
    known = [Team(number, name, sizes.get(number, 0)) for number, name in words(read, "team").items() if name]
    return sorted((team for team in known if not allowed or team.name in allowed), key=lambda team: team.name)


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
