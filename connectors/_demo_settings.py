"""What the demonstration firm would have written into frontview.toml: its sources, its domain and its teams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import duckdb

from connectors.demo import OWN_DOMAIN, PEOPLE, SYSTEMS
from data.scope import Principal, Role
from data.settings import Settings, SourceSettings
from data.writer import Writer

_TITLES: Final[Mapping[str, str]] = {
    "crm": "CRM", "mail": "Mail", "phone": "Telephone", "social": "Social media", "desk": "Service desk",
}


SECOND_OFFICER: Final = Principal("sofia.lindgren", "Sofia Lindgren", Role.OFFICER, "", None)
"""Names in a case need two officers: one who asks and one who agrees. She does no work that the story tells of."""


def with_demo(settings: Settings, anchor: datetime) -> Settings:
    """The settings with the demonstration firm in them, whose live part begins at `anchor`; unchanged when they
    do not ask for it or configure it themselves."""
    if not settings.firm.demo or any(source.connector == "demo" for source in settings.sources.values()):
        return settings
    systems = [SourceSettings(f"demo-{system}", "demo", f"{_TITLES.get(system, system)} (demo)",
                              values={"system": system, "anchor": anchor}) for system in SYSTEMS]
    teams: dict[str, tuple[str, ...]] = dict(settings.teams)
    for person in PEOPLE:
        if person.team:
            teams[person.team] = (*teams.get(person.team, ()), person.id)
    firm = replace(settings.firm, own_domains=(*settings.firm.own_domains, OWN_DOMAIN))
    return replace(settings, firm=firm, teams=teams,
                   sources={**settings.sources, **{source.id: source for source in systems}})


def kept_anchor(writer: Writer, now: datetime | None = None) -> datetime:
    """When this database's demonstration began: another moment would tell the same story twice."""
    first = (now or datetime.now(UTC)).replace(second=0, microsecond=0).isoformat()

    def work(con: duckdb.DuckDBPyConnection) -> str:
        rows = con.execute("SELECT value FROM setting WHERE name = 'demo_anchor'").fetchall()
        if not rows:
            con.execute("INSERT INTO setting VALUES ('demo_anchor', ?)", [first])
        return rows[0][0] if rows else first

    return datetime.fromisoformat(writer.do(work))


def personas() -> list[Principal]:
    """The people of the demonstration firm as whom one can look around without a password."""
    everything = {person.team for person in PEOPLE if person.team}
    people = [Principal(person.login, person.name, person.role, person.id if person.team else "",
                      frozenset() if person.role is Role.REP else
                      frozenset(person.sees) if person.sees and set(person.sees) < everything else None)
              for person in PEOPLE]
    # Beside the other officer, where who looks for her finds her.
    after = 1 + max(place for place, one in enumerate(people) if one.role is Role.OFFICER)
    return [*people[:after], SECOND_OFFICER, *people[after:]]
