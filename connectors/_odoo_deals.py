"""Leads and deals: that they exist, what they are worth, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from connectors._odoo_facts import RANKS, Facts, Look, Told, when
from connectors._odoo_known import Lead, Step, Then, key
from connectors._odoo_rpc import Row
from data.event import Change, Event, Link, Ref, Scalar

_CHANGED = {"stage_id": "stage.changed", "user_id": "owner.changed", "expected_revenue": "amount.changed",
            "date_deadline": "closedate.changed", "team_id": "transfer"}
_ATTRIBUTE = {"stage_id": "stage", "user_id": "owner", "expected_revenue": "amount", "date_deadline": "close_date",
              "team_id": "team"}
# What happens in one transaction has one moment in Odoo: this is the order in which people mean it.
_RANK = ("lead.qualified", "opportunity.created", "reopened", "transfer", "owner.changed", "amount.changed",
         "closedate.changed", "stage.changed", "opportunity.won")


class _Meaning(NamedTuple):
    """What a tracked change is called; several from one record differ in the end of their source id."""

    suffix: str
    activity: str
    attrs: Mapping[str, Scalar]


def leads(look: Look, domain: Sequence[Any], limit: int) -> Facts:
    """Leads and opportunities: that they exist, their attributes, what they belong to."""
    page, facts = look.known.lead_page(domain, limit), Facts()

    def read(row: Row) -> None:
        lead = page[row["id"]]
        first = Then(when(row["create_date"]), 0)
        if first.at >= look.since:
            facts.events += _created(look, lead, first)
            facts.changes += _at_first(look, lead, first)
        facts.changes += _attributes(look, lead, Ref(str(row["type"]), lead.own_id), row["write_date"])
        facts.changes += look.known.names(lead)
        facts.links += look.known.links(lead)
    return facts.each("crm.lead", [lead.row for lead in page.values()], read)


def steps(look: Look, domain: Sequence[Any], limit: int) -> Facts:
    """Tracked changes: stage, owner, team, amount, close date, qualified, won, lost, reopened."""
    page, facts = look.known.steps(domain, limit=limit), Facts()
    leads = look.known.leads(sorted({step.lead for step in page}))

    def read(step: Step) -> None:
        if step.lead not in leads:
            return
        lead = leads[step.lead]
        here = Ref(lead.kind(step.then), lead.own_id)
        if step.field in _ATTRIBUTE:
            facts.changes.append(Change(here, _ATTRIBUTE[step.field], _value(look, step.field, step.new), step.at))
        if step.field == "type" and here.type == "opportunity":
            facts.links.append(Link(Ref("lead", here.id), here, "qualified"))
        facts.events += _step_events(look, lead, step, here)
    return facts.each("mail.tracking.value", page, read)


def _created(look: Look, lead: Lead, first: Then) -> Iterator[Event]:
    """That it was created; won or lost only where it came into the system that way."""
    kind, stage = lead.kind(first), lead.value("stage_id", first)
    name, actor = f"crm.lead/{lead.row['id']}", look.known.person(lead.row["create_uid"])
    worth = _worth(lead, first)
    yield look.event(lead, f"{kind}.created", Told(
        f"{name}/created", first, actor, 0, worth | {"stage": look.known.stages.get(stage)}))
    if stage in look.known.won and kind == "opportunity":
        yield look.event(lead, "opportunity.won", Told(f"{name}/won", first, actor, 1, worth))
    if not lead.value("active", first) and not lead.row["probability"]:
        yield look.event(lead, f"{kind}.lost", Told(f"{name}/lost", first, actor, 1, {"cause": ""}))


def _at_first(look: Look, lead: Lead, first: Then) -> Iterator[Change]:
    """The attributes it was created with, as far as its past tells."""
    here = Ref(lead.kind(first), lead.own_id)
    yield Change(here, "name", lead.row["name"] or "", first.at)
    for name, attribute in _ATTRIBUTE.items():
        if name != "date_deadline":
            yield Change(here, attribute, _value(look, name, lead.value(name, first)), first.at)


def _attributes(look: Look, lead: Lead, here: Ref, written: str) -> Iterator[Change]:
    """The attributes it has now: since it was last written, for all we know."""
    at = when(written)
    yield Change(here, "name", lead.row["name"] or "", at)
    yield Change(here, "probability", lead.row["probability"], at)
    for name, attribute in _ATTRIBUTE.items():
        yield Change(here, attribute, _value(look, name, key(lead.row[name])), at)


def _value(look: Look, name: str, value: Any) -> Scalar:
    """A field's value as people know it: names for stages and teams, a person's id for the owner."""
    if name == "expected_revenue":
        return float(value or 0)
    if not value:
        return None
    table = {"stage_id": look.known.stages, "team_id": look.known.teams}.get(name)
    if table is not None:
        return table.get(value, str(value))
    return look.known.person(value) or None if name == "user_id" else str(value)


def _step_events(look: Look, lead: Lead, step: Step, here: Ref) -> Iterator[Event]:
    actor, name = look.known.person(step.by), f"mail.tracking.value/{step.id}"
    for suffix, activity, attrs in _meaning(look, lead, step, here):
        rank = _RANK.index(activity) if activity in _RANK else len(_RANK)
        more = [Ref("person", str(attrs["to"]), "owner")] if activity == "owner.changed" and attrs["to"] else []
        if activity == "lead.qualified":
            more = [Ref("lead", here.id)]
        yield look.event(lead, activity, Told(
            name + suffix, step.then, actor, step.message * RANKS + rank, attrs, more))


def _meaning(look: Look, lead: Lead, step: Step, here: Ref) -> Iterator[_Meaning]:
    """What a tracked change is called."""
    deal = here.type == "opportunity"
    if step.field in _CHANGED:
        old, new = (_value(look, step.field, side) for side in (step.old, step.new))
        # Getting a first team or close date is no hand-off and no move.
        if step.field not in {"team_id", "date_deadline"} or (old and new):
            yield _Meaning("", _CHANGED[step.field], {"from": old, "to": new})
    if step.field == "type" and deal:
        stage = look.known.stages.get(lead.value("stage_id", step.then))
        yield _Meaning("", "lead.qualified", {})
        yield _Meaning("/opportunity", "opportunity.created", _worth(lead, step.then) | {"stage": stage})
    elif step.field == "stage_id" and deal:
        was, is_now = step.old in look.known.won, step.new in look.known.won
        if is_now and not was:
            yield _Meaning("/won", "opportunity.won", _worth(lead, step.then))
        elif was and not is_now:
            yield _Meaning("/reopened", "reopened", {})
    elif step.field == "active":
        yield _Meaning("", "reopened", {}) if step.new else _ended(look, lead, step, here.type)


def _ended(look: Look, lead: Lead, step: Step, kind: str) -> _Meaning:
    """Lost, or only put away: Odoo archives both, and sets the probability of what is lost to zero."""
    reason = next((other.new for other in lead.steps if other.message == step.message
                   and other.field.startswith("lost_reason")), 0)
    if reason or lead.row["active"] or not lead.row["probability"]:
        return _Meaning("", f"{kind}.lost", {"cause": look.known.reasons.get(reason, "")})
    return _Meaning("", f"{kind}.archived", {})


def _worth(lead: Lead, then: Then) -> dict[str, Scalar]:
    return {"amount": float(lead.value("expected_revenue", then))}
