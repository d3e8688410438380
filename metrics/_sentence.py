"""A rule in one English sentence, from its text as it stood when it was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from data.vocabulary import label

Body = Mapping[str, Any]


def sentence(body: Body) -> str:
    """What the rule asks for or forbids; the title where its template is not known."""
    say = _SAY.get(str(body.get("template")))
    if say is None:
        return str(body.get("title", ""))
    told = " ".join(say(body).split()).replace(" ,", ",")
    between = f"; this counts where {body['where']}" if body.get("where") else ""
    return f"{told[:1].upper()}{told[1:]}{between}{_until(body)}."


def one_of(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def _side(body: Body, side: str) -> str:
    return _pattern(body.get(side) or {})


def _pattern(raw: Mapping[str, Any]) -> str:
    named = raw.get("activity") or []
    words = one_of([f"“{label(a)}”" for a in ([named] if isinstance(named, str) else named)])
    return f"{words} where {raw['where']}" if raw.get("where") else words


def _a(body: Body) -> str:
    return _side(body, "activation")


def _t(body: Body) -> str:
    """The target; a rule that counts one kind of event may name it as its activation."""
    return _side(body, "target") or _a(body)


def _object(body: Body) -> str:
    return str(body.get("object", "case"))


def _within(body: Body, word: str = "within") -> str:
    return f" {word} {body['within']}" if body.get("within") else ""


def _until(body: Body) -> str:
    return f", unless {_side(body, 'until')} comes first" if body.get("until") else ""


def _after(body: Body) -> str:
    """In which objects, or after what, something is counted."""
    return (
        f"after {_a(body)} in a {_object(body)}"
        if body.get("target") and body.get("activation")
        else (f"in every {_object(body)}")
    )


def _times(body: Body) -> str:
    count = int(body.get("count", 1))
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _steps(body: Body) -> str:
    steps = [
        _pattern(step) + (" (may be left out)" if step.get("optional") else "") for step in body.get("steps") or ()
    ]
    return ", then ".join(steps)


def _sum(body: Body) -> str:
    where = f"over all {_a(body)} of a {_object(body)}{_within(body)}"
    return f"the sum of {body.get('sum')} {where} is at most {body.get('limit')}"


_SAY: Final[Mapping[str, Callable[[Body], str]]] = {
    "response": lambda b: f"after {_a(b)} in a {_object(b)}, {_t(b)} must follow{_within(b)}",
    "chain_response": lambda b: (
        f"right after {_a(b)} in a {_object(b)}, the next event must be {_t(b)}{_within(b)}"
    ),
    "alternate_response": lambda b: (
        f"after {_a(b)} in a {_object(b)}, {_t(b)} must follow before it happens again{_within(b)}"
    ),
    "existence": lambda b: (
        f"every {_object(b)}{' with ' + _a(b) if b.get('target') and b.get('activation') else ''} "
        f"must have {_t(b)}{_within(b)}"
    ),
    "at_least": lambda b: f"{_t(b)} must happen at least {_times(b)} {_after(b)}{_within(b)}",
    "at_most": lambda b: f"{_t(b)} may happen at most {_times(b)} {_after(b)}{_within(b)}",
    "exactly_once": lambda b: f"{_t(b)} must happen exactly once {_after(b)}{_within(b)}",
    "repeat_every": lambda b: (
        f"after {_a(b)} in a {_object(b)}, {_t(b)} must come at the latest every {b.get('within')}"
    ),
    "sequence": lambda b: f"a {_object(b)} goes in this order: {_steps(b)}{_within(b)}",
    "not_response": lambda b: (
        f"after {_a(b)} in a {_object(b)}{', from ' + str(b['grace']) + ' on' if b.get('grace') else ''}, "
        f"{_t(b)} must not happen{_within(b, 'for')}"
    ),
    "not_coexistence": lambda b: f"a {_object(b)} with {_a(b)} must not have {_t(b)}",
    "four_eyes": lambda b: f"{_a(b)} and {_t(b)} of a {_object(b)} must be by different people",
    "same_actor": lambda b: f"{_a(b)} and {_t(b)} of a {_object(b)} must be by the same person",
    "precedence": lambda b: (
        f"before {_a(b)} in a {_object(b)}, there must have been {_t(b)}"
        f"{', at most ' + str(b['within']) + ' earlier' if b.get('within') else ''}"
    ),
    "chain_precedence": lambda b: f"right before {_a(b)} in a {_object(b)}, there must be {_t(b)}",
    "not_precedence": lambda b: f"{_a(b)} in a {_object(b)} must not come{_within(b)} after {_t(b)}",
    "absence": lambda b: f"{_a(b)} must not happen in a {_object(b)}",
    "sum_at_most": _sum,
}
