"""What Odoo's records refer to: people of the firm, stages, partners, and the past of a lead.

One `Known` serves one look at the source: what it has read it keeps for that long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from connectors._contract import Opening
from connectors._odoo_rpc import Row, Rpc
from data.event import Change, Link, Ref

ROBOT = 1
"""The id of Odoo's own user, who acts when nobody does."""
TRACKED = ("type", "active", "stage_id", "user_id", "team_id", "expected_revenue", "date_deadline", "lost_reason",
           "lost_reason_id")
"""The fields of a lead whose past is looked at."""
_LEAD_FIELDS = ["name", "type", "active", "probability", "stage_id", "user_id", "team_id", "expected_revenue",
                "date_deadline", "partner_id", "email_normalized", "create_date", "create_uid", "write_date",
                "date_conversion"]
_OTHER = {"lead": "opportunity", "opportunity": "lead"}
_VALUES = frozenset(f"{when}_value_{kind}" for when in ("old", "new")
                    for kind in ("integer", "float", "monetary", "char", "datetime"))


class Step(NamedTuple):
    """One tracked change of a lead: `old` and `new` are an id for records, a number, text, an ISO day or bool."""

    id: int
    field: str
    old: Any
    new: Any
    at: datetime
    by: int
    message: int
    lead: int

    @property
    def then(self) -> Then:
        """The point right after this change."""
        return Then(self.at, self.message)


class Then(NamedTuple):
    """A point in a lead's past: once a message was written (0: when it was created), or a moment. Messages are
    numbered in the order in which they are written, which decides where whole seconds do not."""

    at: datetime
    message: int | None = None

    def before(self, step: Step) -> bool:
        """Whether the change came later than this."""
        return step.at > self.at if self.message is None else step.message > self.message


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as it is now, and its past: what it was at first, and when it became something else."""

    row: Row
    steps: Sequence[Step]
    objects: Sequence[Ref]
    source: str

    def kind(self, then: Then) -> str:
        """`lead` or `opportunity`, then."""
        now, flips = str(self.row["type"]), self.flips
        if not flips:
            converted = moment(self.row["date_conversion"])
            return "lead" if converted and then.at < converted else now
        return now if sum(then.before(flip) for flip in flips) % 2 == 0 else _OTHER[now]

    @property
    def own_id(self) -> str:
        """The id of the objects it is: the same number as a lead and as an opportunity."""
        return f"{self.source}/{self.row['id']}"

    @property
    def flips(self) -> list[Step]:
        """The changes between lead and opportunity, oldest first. There are only two kinds, so the last one led to
        what it is now; the words in the record are in the language of whoever changed it."""
        return [step for step in self.steps if step.field == "type"]

    def value(self, field: str, then: Then) -> Any:
        """What a field held then, as far as its changes were tracked."""
        return next((step.old for step in self.steps if step.field == field and then.before(step)),
                    key(self.row[field]))


class Known:
    """Looks up and keeps what records refer to; `people` and `stages` are read whole, the rest as needed."""

    def __init__(self, rpc: Rpc, opening: Opening) -> None:
        self.rpc, self.source = rpc, opening.source
        self._tracking_names = rpc.fields("mail.tracking.value")
        self._teams = {person.lower(): team for person, team in opening.teams.items()}
        self._own_domains = tuple(domain.lower() for domain in opening.own_domains)
        self._partner: dict[int, Row] = {}
        # Meetings that this look has told as held: two of its walks come by them.
        self.held: set[str] = set()
        users = rpc.records("res.users", [("share", "=", False)], ["login", "name", "email", "partner_id"])
        self._person = {user["id"]: self._person_id(user) for user in users}
        self._by_partner = {key(user["partner_id"]): user["id"] for user in users}
        self.people = [Change(Ref("person", self._person[user["id"]]), "name", user["name"], LONG_AGO)
                       for user in users if user["id"] != ROBOT]
        stages = rpc.records("crm.stage", [], ["name", "is_won"])
        self.stages = {stage["id"]: str(stage["name"]) for stage in stages}
        self.won = {stage["id"] for stage in stages if stage["is_won"]}
        self.teams = self._named("crm.team", [])
        self.reasons = self._named("crm.lost.reason", [])
        self.internal = frozenset(self._named("mail.message.subtype", [("internal", "=", True)]))
        self._field = self._named("ir.model.fields", [("model", "=", "crm.lead"), ("name", "in", list(TRACKED))])

    def person(self, user: Any) -> str:
        """The id of a user's `person` object; "" for nobody and for Odoo itself."""
        number = key(user)
        if not number or number == ROBOT:
            return ""
        return self._person.get(number, f"{self.source}/res.users/{number}")

    def user_of(self, partner: Any) -> int:
        """The user of the firm whom a partner record stands for, or 0."""
        return self._by_partner.get(key(partner), 0)

    def team(self, lead: Lead, then: Then, actor: str) -> str:
        """The lead's sales team then, else the team that the settings put the person in."""
        return self.teams.get(lead.value("team_id", then)) or self._teams.get(actor.lower(), "")

    def inside(self, address: str) -> bool:
        """Whether an e-mail address is the firm's own."""
        domain = address.rpartition("@")[2].lower()
        return any(domain == own or domain.endswith(f".{own}") for own in self._own_domains)

    def message_ids(self, references: Iterable[Any]) -> dict[int, str]:
        """The ids that some messages carry as mails, by record."""
        wanted = sorted({key(one) for one in references} - {0})
        rows = self.rpc.records("mail.message", [("id", "in", wanted)], ["message_id"]) if wanted else []
        return {row["id"]: bare(row["message_id"]) for row in rows}

    def partners(self, ids: Iterable[Any]) -> None:
        """Read the partners that are not known yet."""
        wanted = sorted({key(one) for one in ids if key(one)} - self._partner.keys())
        if wanted:
            for row in self.rpc.records("res.partner", [("id", "in", wanted)], [
                    "name", "email_normalized", "is_company", "commercial_partner_id", "create_date"]):
                self._partner[row["id"]] = row

    def contact(self, partner: Any) -> Ref | None:
        """The contact behind a partner: by e-mail address, which means the same in every source."""
        row = self._partner.get(key(partner))
        if row is None or (row["is_company"] and not row["email_normalized"]):
            return None
        return Ref("contact", row["email_normalized"] or f"{self.source}/res.partner/{row['id']}")

    def account(self, partner: Any) -> Ref | None:
        """The company behind a partner; None for private persons."""
        row = self._partner.get(key(partner))
        company = self._partner.get(key(row["commercial_partner_id"])) if row else None
        return Ref("account", f"{self.source}/{company['id']}") if company and company["is_company"] else None

    def leads(self, ids: Sequence[int], *, rows: Sequence[Row] | None = None) -> dict[int, Lead]:
        """The leads with these ids that still exist, with their past."""
        if rows is None:
            rows = self.rpc.records("crm.lead", [("id", "in", list(ids))], _LEAD_FIELDS)
        past: dict[int, list[Step]] = defaultdict(list)
        messages = self.rpc.records("mail.message", [
            ("model", "=", "crm.lead"), ("res_id", "in", [row["id"] for row in rows]),
            ("message_type", "=", "notification")], ["id"]) if rows else []
        if messages:
            for step in self.steps([("mail_message_id", "in", [message["id"] for message in messages])]):
                past[step.lead].append(step)
        self._partners_of(rows)
        return {row["id"]: Lead(row, past[row["id"]], self._around(row), self.source) for row in rows}

    def lead_page(self, domain: Sequence[Any], limit: int) -> dict[int, Lead]:
        """The next leads of a domain."""
        return self.leads([], rows=self.rpc.records("crm.lead", domain, _LEAD_FIELDS, limit=limit))

    def steps(self, domain: Sequence[Any], *, limit: int = 0) -> list[Step]:
        """Tracked changes of the fields of a lead that matter, oldest first. They are found by the field: asking
        for the model of their message makes Odoo check every message it has."""
        names = self._tracking_names
        named = "field_id" if "field_id" in names else "field"
        rows = self.rpc.records("mail.tracking.value", [(named, "in", list(self._field)), *domain], [
            named, "mail_message_id", "create_date", "create_uid", *sorted(_VALUES & names)], limit=limit)
        messages = sorted({key(row["mail_message_id"]) for row in rows})
        told = self.rpc.records("mail.message", [("id", "in", messages)], ["res_id"]) if messages else []
        leads = {message["id"]: message["res_id"] for message in told}
        return [_step(row, self._field[key(row[named])], leads) for row in rows]

    def links(self, lead: Lead) -> list[Link]:
        """What the lead belongs to, and its contact to the company."""
        here = Ref(str(lead.row["type"]), lead.own_id)
        links = [Link(here, other, other.type) for other in lead.objects]
        account = next((ref for ref in lead.objects if ref.type == "account"), None)
        return links + [Link(ref, account, "account") for ref in lead.objects if account and ref.type == "contact"]

    def names(self, lead: Lead) -> list[Change]:
        """The names of the companies and contacts around a lead."""
        row = self._partner.get(key(lead.row["partner_id"]))
        if row is None:
            return []
        company = self._partner.get(key(row["commercial_partner_id"]), row)
        told = [(self.account(row["id"]), company), (self.contact(row["id"]), row)]
        return [Change(ref, "name", one["name"], moment(one["create_date"]) or LONG_AGO)
                for ref, one in told if ref and one["name"]]

    def _named(self, model: str, domain: Sequence[Any]) -> dict[int, str]:
        return {row["id"]: str(row["name"]) for row in self.rpc.records(model, domain, ["name"])}

    def _partners_of(self, rows: Sequence[Row]) -> None:
        self.partners(row["partner_id"] for row in rows)
        self.partners(row["commercial_partner_id"] for row in list(self._partner.values()))

    def _around(self, row: Row) -> list[Ref]:
        """Account and contact of a lead. Without a partner its own e-mail address is the contact."""
        refs = [ref for ref in (self.account(row["partner_id"]), self.contact(row["partner_id"])) if ref]
        if not row["partner_id"] and row["email_normalized"]:
            refs.append(Ref("contact", str(row["email_normalized"])))
        return refs

    def _person_id(self, user: Row) -> str:
        for candidate in (user["login"], user["email"]):
            if candidate and "@" in candidate:
                return str(candidate).strip().lower()
        return f"{self.source}/{user['login']}"


LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""From when on a name holds that has no date of its own."""


def key(value: Any) -> Any:
    """The id in a reference to a record ([id, name], or false); other values as they are, without "false"."""
    if isinstance(value, list | tuple):
        return value[0] if value else 0
    return 0 if value is False or value is None else value


def moment(value: Any) -> datetime | None:
    """An Odoo time, which is UTC without saying so; None when there is none."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if value else None


def bare(message_id: Any) -> str:
    """A mail's id without brackets; "" for none."""
    return "".join(str(message_id or "").split()).strip("<>")


def _step(row: Row, field: str, leads: Mapping[int, int]) -> Step:
    message, at = key(row["mail_message_id"]), moment(row["create_date"]) or LONG_AGO
    return Step(row["id"], field, _value(row, "old", field), _value(row, "new", field), at,
                key(row["create_uid"]), message, int(leads.get(message) or 0))


def _value(row: Row, when: str, field: str) -> Any:
    """One side of a tracked change. Money moved from a column of its own to the floats in later releases."""
    if field == "expected_revenue":
        return row.get(f"{when}_value_monetary") or row.get(f"{when}_value_float") or 0.0
    if field == "date_deadline":
        return str(row.get(f"{when}_value_datetime") or "")[:10]
    if field == "type":
        return row.get(f"{when}_value_char") or ""
    return row.get(f"{when}_value_integer") or 0
