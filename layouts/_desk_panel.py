"""What an officer opens (an activation, a rule, a case, an event), now or as of a past moment; no names unasked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from layouts import _cards, _desk_names, _desk_proof, _desk_rates, _download, _panel
from metrics import binding, rates, unmasking
from metrics import case as cases
from metrics._asof import case_then
from metrics._contract import Filters, Read
from metrics._persons import by, in_case, known_as
from metrics.coverage import coverage


@dataclass(frozen=True, slots=True)
class Look:
    """What is opened (its word), by whom, with what filters. `named`: that names are looked at is written down."""

    read: Read
    word: str
    filters: Filters
    now_t: int
    login: str
    named: bool = False

    @property
    def at_t(self) -> int:
        """The moment that verdicts are judged against."""
        return self.filters.asof_t or self.now_t


def case_of(kind: str, word: str) -> int | None:
    """The case whose people what is opened shows, if it shows any. ValueError when the word cannot be read."""
    if kind == "case":
        return int(word)
    if kind == "binding":
        return binding.parse(word)[1]
    if kind == "event":
        seq, _, obj = word.partition("/")
        int(seq)
        return int(obj) if obj else None
    return None


def _case(look: Look) -> Any:
    found = cases.case(look.read, int(look.word))
    if found is None:
        return _panel.out_of_scope()
    found = in_case(look.read, found, named=look.named)
    if look.filters.asof_t:
        found = case_then(look.read, found, look.filters.asof_t)
    told = [*([_pack(found)] if found.bindings else []), *_people(look, found)]
    return [*_then(look), *_panel.case(found, proofs=True, people=told, at_t=look.at_t)]


def _people(look: Look, found: cases.Case) -> list[Component]:
    """Only of cases: the people around a contact or account take part in many."""
    obj = found.label.obj
    if not known_as(look.read, obj, named=False):
        return []
    return [_desk_names.block(obj, unmasking.of_case(look.read, obj), look.login, look.now_t)]


def _pack(found: cases.Case, rule: str = "") -> Component:
    """The download of what proves this case, or one rule in it."""
    return html.P(_download.button(case=found.label.obj, rule=rule), className="take")


def _binding(look: Look) -> Any:
    found = binding.evidence(look.read, look.word, look.filters.asof_t, named=look.named)
    if found is None:
        return _panel.out_of_scope()
    course = html.Div(
        [
            html.H3(f"Course of the case, {_panel.count(len(found.case.steps), 'event')}"),
            _panel.course(found.case),
            html.Button(
                "open the case", className="link", **_cards.attrs({"data-open": f"case:{found.case.label.obj}"})
            ),
        ]
    )
    told = [_pack(found.case, found.rule.id), *_people(look, found.case)]
    return [*_then(look), *_desk_proof.proof(found, look.at_t), *told, course]


def _event(look: Look) -> Any:
    seq, _, obj = look.word.partition("/")
    found = cases.record(look.read, int(seq))
    if found is None:
        return _panel.out_of_scope()
    # An event belongs to several objects: its person is told as in the case it was opened from, or not at all.
    is_part = bool(obj) and any(label.obj == int(obj) for label, _ in found.objects)
    names = known_as(look.read, int(obj), named=look.named) if is_part else {}
    return _panel.record(by(look.read, found, names))


def _rule(look: Look) -> Any:
    text = binding.rule(look.read, look.word)
    if text is None:
        return _cards.empty("This rule is not switched on, or no longer there.")
    only = replace(look.filters, rule=text.id, severity="")
    found = rates.rates(look.read, only, look.now_t)
    covered = coverage(look.read, look.now_t).get(text.id)
    return [*_then(look), *_desk_rates.rule(text, found[0] if found else None, covered)]


def _then(look: Look) -> list[Component]:
    asof = look.filters.asof_t
    return [_cards.amber(["As believed on ", _cards.moment(asof, "full"), ", not now."])] if asof else []


OPENERS: Final[Mapping[str, Callable[[Look], Any]]] = {
    "case": _case,
    "binding": _binding,
    "event": _event,
    "rule": _rule,
}
