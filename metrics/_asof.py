"""A case as it was known at a past moment: the events collected by then, and the verdicts believed then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from metrics._contract import Read, ask
from metrics.case import Binding, Case


def first_known_t(read: Read) -> int | None:
    """When the first record was collected; None before anything was."""
    told: int | None = read("SELECT min(at_t) AS at_t FROM commit_log", {})[0]["at_t"]
    return told


def case_then(read: Read, found: Case, at_t: int) -> Case:
    """The case's events that had been collected by then and its bindings as they were believed then.

    What is kept without its past (state, owner, attributes) is left out; the customer's name is today's.
    """
    rows = ask(read, "collected", {"at_t": at_t})
    cut = rows[0]["seq"] if rows and rows[0]["seq"] is not None else None
    steps = [step for step in found.steps if cut is None or step.seq < cut]
    return replace(
        found, fact=None, attributes=[], steps=steps, bindings=bindings_then(read, found.label.obj, at_t)
    )


def bindings_then(read: Read, obj: int, at_t: int) -> Sequence[Binding]:
    """The case's bindings as they were believed at a moment, latest activation first."""
    rules = {r["code"]: r for r in read("SELECT code, id, title, severity, kind, help FROM rule", {})}
    rows = ask(read, "case_believed", {"obj": obj, "at_t": at_t})
    return [_binding(rules[row["rule"]], row) for row in rows if row["rule"] in rules]


def _binding(rule: Mapping[str, Any], row: Mapping[str, Any]) -> Binding:
    told = {name: row[name] for name in ("act_seq", "target_seq", "t", "due_t", "decided_t", "verdict", "reason")}
    words = {name: rule[name] for name in ("title", "severity", "kind", "help")}
    return Binding(rule=rule["id"], **words, **told)
