"""Who may read what. A scope is made from a signed-in principal and goes with every read; it has no default."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody came for; it decides which facts they can read."""

    MANAGER = "manager"
    OFFICER = "officer"
    REP = "rep"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Scope:
    """The facts a reader may see.

    manager: cases that `teams` took part in (None: every team). officer: every case, own people pseudonymous.
    rep: cases that `actor` took part in or owns. Figures of a team or a rep count what is theirs now.
    administrator: sources and accounts, no content.
    system: everything; only for the command line of the person who holds the file.
    Hashable: views are computed once per (view, scope, filters, version).
    """

    role: Role
    actor: str = ""
    teams: frozenset[str] | None = frozenset()


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person. `actor` is the id of their `person` object where they are a rep or manager."""

    login: str
    name: str
    role: Role
    actor: str = ""
    teams: frozenset[str] | None = frozenset()

    @property
    def scope(self) -> Scope:
        """The scope that every read on this person's behalf carries."""
        return Scope(self.role, self.actor, self.teams)


SYSTEM = Scope(Role.SYSTEM, teams=None)
