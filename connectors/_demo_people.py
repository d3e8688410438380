"""Who lives in the demo: the firm's own people, its customers, and the names they go by.

Every address ends in `.example`, a domain reserved for examples: nobody real can be meant.
"""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

from data.event import Ref, Scalar
from data.scope import Role

OWN_DOMAIN: Final = "northwind-demo.example"
SALES: Final = "Sales"
SERVICE: Final = "Service"
SEGMENTS: Final = ("SMB", "Mid-market", "Enterprise")

Trait = tuple[Ref, str, Scalar]
"""An object, an attribute, and the value it has from some moment on."""


class Person(NamedTuple):
    """Somebody of the firm: how they sign in, what they may see, and which team's work they do."""

    login: str
    name: str
    role: Role
    team: str
    title: str
    sees: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id of their `person` object, which is their e-mail address."""
        return f"{self.login}@{OWN_DOMAIN}"


class Account(NamedTuple):
    """A customer or a firm that may become one; the id is its mail domain, which every system knows."""

    ref: Ref
    name: str
    segment: str


class Contact(NamedTuple):
    """Somebody who works for an account."""

    ref: Ref
    name: str
    title: str
    account: Account

    def facts(self) -> list[Trait]:
        """What the CRM knows about them."""
        return [(self.ref, "name", self.name), (self.ref, "title", self.title),
                (self.ref, "account", self.account.ref.id)]


def _staff(team: str, title: str, *names: str) -> tuple[Person, ...]:
    return tuple(Person(n.lower().replace(" ", "."), n, Role.REP, team, title) for n in names)


SALES_REPS: Final = _staff(SALES, "Account executive", "Ana Novak", "Ben Okafor", "Carla Mendes", "David Lindqvist",
                           "Elif Demir", "Farid Haddad", "Grace Kim")
SERVICE_REPS: Final = _staff(SERVICE, "Service agent", "Jonas Weber", "Kavya Rao", "Liam Byrne", "Mei Tanaka",
                             "Nadia Rossi", "Oscar Duarte")
REPS: Final = {SALES: SALES_REPS, SERVICE: SERVICE_REPS}
DIRECTOR: Final = Person("ingrid.solberg", "Ingrid Solberg", Role.MANAGER, SALES, "Sales director",
                         (SALES, SERVICE))
SALES_MANAGER: Final = Person("helen.brandt", "Helen Brandt", Role.MANAGER, SALES, "Sales manager", (SALES,))
SERVICE_MANAGER: Final = Person("paula.meyer", "Paula Meyer", Role.MANAGER, SERVICE, "Service manager",
                                (SERVICE,))
OFFICER: Final = Person("quentin.moreau", "Quentin Moreau", Role.OFFICER, "", "Compliance officer")
ADMINISTRATOR: Final = Person("rita.santos", "Rita Santos", Role.ADMINISTRATOR, "", "Systems administrator")

PEOPLE: Final = (DIRECTOR, SALES_MANAGER, SERVICE_MANAGER, OFFICER, ADMINISTRATOR, *SALES_REPS, *SERVICE_REPS)
"""Everybody of the firm. The director is the manager who sees both teams, and who approves discounts."""



def _words(text: str) -> list[str]:
    return text.split()


_FIRST: Final = _words("""
Ada Adam Aisha Alma Amir Anton Astrid Beata Boris Camille Chen Clara Daan Dalia Diego Edith Emil Erik Fatima
Felix Fiona Gita Goran Hana Hugo Ida Ines Ivan Jana Joel Julia Karim Karin Lara Leo Lena Luis Maja Marco Maria
Milan Mona Nils Nina Noor Olga Omar Otto Pia Rafael Rosa Sami Sara Simon Sofia Tara Theo Tomas Uma Vera Viktor
Yuki Zoe
""")
_LAST: Final = _words("""
Abbott Almeida Andersen Bauer Becker Bianchi Carlsen Costa Dahl Diaz Dubois Egger Farkas Fischer Fontaine
Garcia Greco Hansen Hartmann Horvat Ibrahim Ito Jansen Jovanovic Kaya Keller Khan Kovac Kraus Laurent Lehmann
Lopez Lund Maier Marino Martin Mishra Moreno Mueller Nielsen Nowak Ortega Olsen Park Pavlov Peeters Pereira
Popescu Quinn Ricci Romano Sato Schmid Silva Singh Stein Suzuki Toth Urban Vidal Vogel Wagner Wang Young
Zimmer
""")
_HEAD: Final = _words("""
Amber Arden Beacon Birch Bluewater Brightfield Cedar Cobalt Copper Crescent Delta Ember Evergreen Falcon
Fernhill Granite Harbor Hazel Juniper Keystone Lakeside Larch Maple Meridian Northgate Oakridge Orchard Pine
Quarry Ridgeway Silver Summit Thornbury Vale Willow
""")
_TAIL: Final = _words("Tools Logistics Foods Medical Systems Plastics Energy Textiles Paper Optics Freight Labs")
_TITLES: Final = {"Buyer": 4, "Operations manager": 4, "Engineer": 3, "Finance manager": 2, "Head of purchasing": 2,
                  "Managing director": 1}


class Firm:
    """The accounts and contacts that a seed gives, and who happens to write next."""

    def __init__(self, rng: Random) -> None:
        names = rng.sample([f"{head} {tail}" for head in _HEAD for tail in _TAIL], 150)
        self.accounts = [
            Account(Ref("account", f"{name.lower().replace(' ', '-')}.example"), name,
                    rng.choices(SEGMENTS, (50, 33, 17))[0])
            for name in names
        ]
        self._taken: set[str] = set()
        self.colleagues: dict[str, list[Contact]] = {a.ref.id: [] for a in self.accounts}
        self.contacts = [self.join(rng, account) for account in self.accounts
                         for _ in range(rng.choice((2, 3, 3, 4, 5)))]
        # How promptly a person tends to work: it shifts their delays and habits a little, for good or bad.
        self.diligence = {p.id: rng.uniform(0.8, 1.15) for p in PEOPLE}

    def join(self, rng: Random, account: Account) -> Contact:
        """Somebody not met before begins to work for the account."""
        # An address names one person for ever: two people of the same name at one firm would be merged.
        while True:
            first, last = rng.choice(_FIRST), rng.choice(_LAST)
            address = f"{first}.{last}@{account.ref.id}".lower()
            if address not in self._taken:
                break
        self._taken.add(address)
        title = rng.choices(list(_TITLES), list(_TITLES.values()))[0]
        contact = Contact(Ref("contact", address), f"{first} {last}", title, account)
        self.colleagues[account.ref.id].append(contact)
        return contact

    def directory(self) -> list[Trait]:
        """What the CRM knows on the first day: the firm's own people, its accounts and their people."""
        facts: list[Trait] = []
        for person in PEOPLE:
            ref = Ref("person", person.id)
            facts += [(ref, "name", person.name), (ref, "team", person.team), (ref, "role", str(person.role)),
                      (ref, "title", person.title)]
        for account in self.accounts:
            facts += [(account.ref, "name", account.name), (account.ref, "segment", account.segment)]
        for contact in self.contacts:
            facts += contact.facts()
        return facts
