"""Each template read from its definition, in one world and for one activation (or for the whole object: None)."""

from __future__ import annotations

from collections.abc import Callable

from tests.metrics._reference_world import Happened, World

Anchor = Happened | None


def _unanswered(w: World, a: Anchor) -> str:
    return "violated" if w.closed(a) else "pending"


def _unbroken(w: World, a: Anchor) -> str:
    return "kept" if w.closed(a) else "holding"


def _released(w: World, a: Anchor, e: Happened) -> bool:
    return w.is_until(e) and e.hour <= w.due(a)


def _in_time(w: World, a: Anchor, e: Happened) -> str:
    return "fulfilled" if e.hour <= w.due(a) else "violated"


def _at_least(w: World, a: Anchor, number: int) -> str:
    found = 0
    for e in w.after(a):
        if w.is_target(a, e):
            found += 1
            if found == number:
                return _in_time(w, a, e)
        elif _released(w, a, e):
            return "waived"
    return _unanswered(w, a)


def _response(w: World, a: Anchor) -> str:
    return _injective(w, a) if w.rule.matching == "injective" else _at_least(w, a, 1)


def _injective(w: World, a: Anchor) -> str:
    used: list[Happened] = []
    verdict = ""
    for activation in w.order:
        if not w.is_activation(activation):
            continue
        verdict = _unanswered(w, activation)
        for e in w.after(activation):
            if w.is_target(activation, e) and e not in used:
                verdict = _in_time(w, activation, e)
                if verdict == "fulfilled":
                    used.append(e)
                break
            if _released(w, activation, e):
                verdict = "waived"
                break
        if activation is a:
            break
    return verdict


def _chain_response(w: World, a: Anchor) -> str:
    for e in w.after(a):
        return _in_time(w, a, e) if w.is_target(a, e) else "violated"
    return _unanswered(w, a)


def _alternate_response(w: World, a: Anchor) -> str:
    for e in w.after(a):
        if w.is_target(a, e):
            return _in_time(w, a, e)
        if _released(w, a, e):
            return "waived"
        if w.is_activation(e):
            return "violated"
    return _unanswered(w, a)


def _existence(w: World, a: Anchor) -> str:
    if a and any(w.is_target(a, e) for e in w.before(a)):
        return "fulfilled"
    return _at_least(w, a, 1)


def _exactly_once(w: World, a: Anchor) -> str:
    found, over = 0, w.closed(a)
    for e in w.after(a):
        if w.is_target(a, e):
            if e.hour > w.due(a):
                return "violated" if not found else "fulfilled" if over else "holding"
            found += 1
            if found == 2:
                return "violated"
        elif _released(w, a, e):
            return "fulfilled" if found else "waived"
    if not found:
        return _unanswered(w, a)
    return "fulfilled" if over else "holding"


def _repeat_every(w: World, a: Anchor) -> str:
    assert a
    end_h = w.end_h if w.closed(a) else None
    due = w.due(a)
    for e in w.after(a):
        if end_h is not None and e.hour > end_h:
            break
        if w.is_target(a, e):
            if e.hour > due:
                return "violated"
            due = e.hour + w.window()
        elif w.is_until(e) and e.hour <= due:
            return "fulfilled"
    if end_h is None:
        return "pending"
    return "fulfilled" if end_h <= due else "violated"


def _sequence(w: World, a: Anchor) -> str:
    seen: set[int] = set()
    numbers = range(len(w.rule.steps))
    required = {n for n in numbers if not w.rule.steps[n].optional}
    for e in [*([a] if a else []), *w.after(a)]:
        for n in numbers:
            if n in seen or not w.is_step(n, e):
                continue
            skipped = any(earlier not in seen for earlier in required if earlier < n)
            overtaken = n not in required and any(later in seen for later in numbers if later > n)
            if skipped or overtaken:
                return "violated"
            seen.add(n)
        if required <= seen:
            return _in_time(w, a, e)
    return _unanswered(w, a)


def _not_response(w: World, a: Anchor) -> str:
    assert a
    for e in w.after(a):
        if w.is_target(a, e) and (e.hour > a.hour + w.rule.grace_h or not w.rule.grace_h) and e.hour <= w.due(a):
            return "violated"
        if _released(w, a, e):
            return "kept"
    return _unbroken(w, a)


def _not_coexistence(w: World, a: Anchor) -> str:
    return "violated" if any(w.is_target(a, e) for e in w.order) else _unbroken(w, a)


def _at_most(w: World, a: Anchor) -> str:
    found = 0
    for e in w.after(a):
        if w.is_target(a, e) and e.hour <= w.due(a):
            found += 1
            if found > w.rule.count:
                return "violated"
        elif _released(w, a, e):
            return "kept"
    return _unbroken(w, a)


def _actors(w: World, a: Anchor, *, alike: bool) -> str:
    assert a
    others = [e for e in w.order if w.is_target(a, e)]
    if any((w.actor(e) == w.actor(a)) != alike for e in others):
        return "violated"
    return "fulfilled" if others else _unbroken(w, a)


def _precedence(w: World, a: Anchor) -> str:
    assert a
    found = any(e.hour >= a.hour - w.window() and w.is_target(a, e) for e in w.before(a))
    return "fulfilled" if found else "violated"


def _chain_precedence(w: World, a: Anchor) -> str:
    assert a
    found = any(e.hour >= a.hour - w.window() and w.is_target(a, e) for e in w.before(a)[-1:])
    return "fulfilled" if found else "violated"


def _sum_at_most(w: World, a: Anchor) -> str:
    assert a
    counted = [e for e in w.order if a.hour - w.window() <= e.hour <= a.hour and w.is_activation(e)]
    return "kept" if sum(w.amount(e) for e in counted) <= w.rule.limit else "violated"


TEMPLATES: dict[str, Callable[[World, Anchor], str]] = {
    "response": _response,
    "chain_response": _chain_response,
    "alternate_response": _alternate_response,
    "existence": _existence,
    "at_least": lambda w, a: _at_least(w, a, w.rule.count),
    "exactly_once": _exactly_once,
    "repeat_every": _repeat_every,
    "sequence": _sequence,
    "not_response": _not_response,
    "not_coexistence": _not_coexistence,
    "at_most": _at_most,
    "four_eyes": lambda w, a: _actors(w, a, alike=False),
    "same_actor": lambda w, a: _actors(w, a, alike=True),
    "precedence": _precedence,
    "chain_precedence": _chain_precedence,
    "not_precedence": lambda w, a: {"fulfilled": "violated", "violated": "kept"}[_precedence(w, a)],
    "absence": lambda w, a: "violated" if a and w.is_bad(a) else "kept",
    "sum_at_most": _sum_at_most,
}
