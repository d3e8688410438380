"""The slow reading is itself held against another one: regular expressions over short traces, and told examples."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product

import pytest

from tests.metrics._reference import OBJECT, Happened, Reading, Step, verdicts
from tests.metrics._rulebook import Cond

R = Reading
ACTORS = ("bob", "ana")


def first(text: str, *meanings: tuple[str, str]) -> str:
    """The verdict of the first expression that is found from the start of the text."""
    return next(verdict for pattern, verdict in meanings if re.match(pattern, text))


def last(text: str, *meanings: tuple[str, str]) -> str:
    """The verdict of the first expression that is found at the end of the text."""
    return next(verdict for pattern, verdict in meanings if re.search(f"(?:{pattern})$", text))


# From what stands before an activation, after it, and the verdicts of open promises and prohibitions.
Meaning = Callable[[str, str, str, str], str]
EACH: list[tuple[Reading, Meaning]] = [
    (R("response", "a", "b"), lambda p, s, o, h: first(s, (".*b", "fulfilled"), ("", o))),
    (R("response", "a", "b|c"), lambda p, s, o, h: first(s, ("[^bc]*[bc]", "fulfilled"), ("", o))),
    (
        R("response", "a", "b", until="c"),
        lambda p, s, o, h: first(s, ("[^bc]*b", "fulfilled"), ("[^bc]*c", "waived"), ("", o)),
    ),
    (
        R("chain_response", "a", "b"),
        lambda p, s, o, h: first(s, ("b", "fulfilled"), (".", "violated"), ("$", o)),
    ),
    (
        R("chain_response", "a", "a"),
        lambda p, s, o, h: first(s, ("a", "fulfilled"), (".", "violated"), ("$", o)),
    ),
    (
        R("alternate_response", "a", "b"),
        lambda p, s, o, h: first(s, ("c*b", "fulfilled"), ("c*a", "violated"), ("c*$", o)),
    ),
    (R("alternate_response", "a", "a"), lambda p, s, o, h: first(s, ("[bc]*a", "fulfilled"), ("", o))),
    (
        R("alternate_response", "a", "b", until="c"),
        lambda p, s, o, h: first(s, ("b", "fulfilled"), ("c", "waived"), ("a", "violated"), ("$", o)),
    ),
    (
        R("existence", "a", "b"),
        lambda p, s, o, h: first(f"{p}.{s}", (".*b", "fulfilled"), ("", o)),
    ),
    (
        R("at_least", "a", "b", count=2),
        lambda p, s, o, h: first(s, ("(.*b){2}", "fulfilled"), ("", o)),
    ),
    (
        R("at_least", "a", "b", count=2, until="c"),
        lambda p, s, o, h: first(s, ("a*ba*b", "fulfilled"), ("[ab]*c", "waived"), ("", o)),
    ),
    (
        R("exactly_once", "a", "b"),
        lambda p, s, o, h: first(
            s, (".*b.*b", "violated"), (".*b", "fulfilled" if h == "kept" else "holding"), ("", o)
        ),
    ),
    (
        R("exactly_once", "a", "b", until="c"),
        lambda p, s, o, h: first(
            s,
            ("a*ba*b", "violated"),
            ("a*ba*c", "fulfilled"),
            ("a*c", "waived"),
            ("a*b", "fulfilled" if h == "kept" else "holding"),
            ("", o),
        ),
    ),
    (
        R("sequence", "a", steps=(Step("a"), Step("b"), Step("c"))),
        lambda p, s, o, h: first(s, ("a*b[ab]*c", "fulfilled"), ("a*c", "violated"), ("", o)),
    ),
    (
        R("sequence", "a", steps=(Step("b"), Step("c", optional=True), Step("a"))),
        lambda p, s, o, h: first("a" + s, ("a", "violated")),
    ),
    (
        R("sequence", "b", steps=(Step("b"), Step("c", optional=True), Step("a"))),
        lambda p, s, o, h: first(s, ("[bc]*a", "fulfilled"), ("", o)),
    ),
    (R("not_response", "a", "b"), lambda p, s, o, h: first(s, (".*b", "violated"), ("", h))),
    (
        R("not_response", "a", "b", until="c"),
        lambda p, s, o, h: first(s, ("a*b", "violated"), ("a*c", "kept"), ("a*$", h)),
    ),
    (R("not_coexistence", "a", "b"), lambda p, s, o, h: first(p + s, (".*b", "violated"), ("", h))),
    (R("not_coexistence", "a", "a"), lambda p, s, o, h: first(p + s, (".*a", "violated"), ("", h))),
    (
        R("at_most", "a", "b", count=2),
        lambda p, s, o, h: first(s, ("(.*b){3}", "violated"), ("", h)),
    ),
    (
        R("at_most", "a", "b", until="c"),
        lambda p, s, o, h: first(s, ("a*ba*b", "violated"), ("[ab]*c", "kept"), ("", h)),
    ),
    (R("precedence", "a", "b"), lambda p, s, o, h: last(p, ("b.*", "fulfilled"), ("", "violated"))),
    (R("precedence", "a", "a"), lambda p, s, o, h: last(p, ("a.*", "fulfilled"), ("", "violated"))),
    (R("chain_precedence", "a", "b"), lambda p, s, o, h: last(p, ("b", "fulfilled"), ("", "violated"))),
    (R("not_precedence", "a", "b"), lambda p, s, o, h: last(p, ("b.*", "violated"), ("", "kept"))),
    (R("absence", "a"), lambda p, s, o, h: "violated"),
]

WHOLE: list[tuple[Reading, Callable[[str, str, str], str]]] = [
    (R("existence", "", "b"), lambda t, o, h: first(t, (".*b", "fulfilled"), ("", o))),
    (R("existence", "b"), lambda t, o, h: first(t, (".*b", "fulfilled"), ("", o))),
    (
        R("existence", "", "b", until="c"),
        lambda t, o, h: first(t, ("a*b", "fulfilled"), ("a*c", "waived"), ("", o)),
    ),
    (R("at_least", "b", count=3), lambda t, o, h: first(t, ("(.*b){3}", "fulfilled"), ("", o))),
    (R("at_most", "b", count=2), lambda t, o, h: first(t, ("(.*b){3}", "violated"), ("", h))),
    (
        R("exactly_once", "", "b"),
        lambda t, o, h: first(
            t, (".*b.*b", "violated"), (".*b", "fulfilled" if h == "kept" else "holding"), ("", o)
        ),
    ),
    (
        R("sequence", steps=(Step("a"), Step("b"), Step("c"))),
        lambda t, o, h: first(
            t, ("a+b[ab]*c", "fulfilled"), ("b", "violated"), ("a*c", "violated"), ("a+(b[ab]*)?$", o)
        ),
    ),
    (
        R("sequence", steps=(Step("c", optional=True), Step("a"), Step("b"))),
        lambda t, o, h: first(
            t,
            ("c*a[a]*b", "fulfilled"),
            ("c*b", "violated"),
            ("a+c", "violated"),
            ("c+a[ac]*b", "fulfilled"),
            ("", o),
        ),
    ),
]


def traces() -> list[str]:
    return ["".join(word) for length in range(1, 7) for word in product("abc", repeat=length)]


def happened(text: str) -> list[Happened]:
    return [Happened(str(j), s, float(j), order=j, actor=ACTORS[j % 2]) for j, s in enumerate(text)]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(("rule", "meaning"), EACH, ids=lambda part: getattr(part, "template", ""))
def test_rules_about_activations_read_as_expressions(rule: Reading, meaning: Meaning, *, closed: bool) -> None:
    open_, unbroken = ("violated", "kept") if closed else ("pending", "holding")
    for text in traces():
        expected = {
            str(place): meaning(text[:place], text[place + 1 :], open_, unbroken)
            for place, symbol in enumerate(text)
            if symbol in rule.activation
        }
        assert verdicts(rule, happened(text), end_h=float(len(text)) if closed else None) == expected, text


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(("rule", "meaning"), WHOLE, ids=lambda part: getattr(part, "template", ""))
def test_rules_about_objects_read_as_expressions(
    rule: Reading, meaning: Callable[[str, str, str], str], *, closed: bool
) -> None:
    open_, unbroken = ("violated", "kept") if closed else ("pending", "holding")
    for text in traces():
        found = verdicts(rule, happened(text), end_h=float(len(text)) if closed else None)
        assert found == {OBJECT: meaning(text, open_, unbroken)}, text


@pytest.mark.parametrize("closed", [False, True])
def test_one_answer_each_reads_as_brackets(closed: bool) -> None:
    """Oldest first, b takes the oldest open a: so many of the first ones are answered as there are b after them."""
    for text in traces():
        waiting, answered = list[int](), set[int]()
        for place, symbol in enumerate(text):
            if symbol == "a":
                waiting.append(place)
            elif symbol == "b" and waiting:
                answered.add(waiting.pop(0))
        expected = {
            str(place): "fulfilled" if place in answered else "violated" if closed else "pending"
            for place, symbol in enumerate(text)
            if symbol == "a"
        }
        rule = R("response", "a", "b", matching="injective")
        assert verdicts(rule, happened(text), end_h=float(len(text)) if closed else None) == expected, text


def test_actors_read_as_sets() -> None:
    for text in traces():
        for place in (place for place, symbol in enumerate(text) if symbol == "a"):
            own = ACTORS[place % 2]
            others = {ACTORS[other % 2] for other, symbol in enumerate(text) if symbol == "b"}
            four = "violated" if own in others else "fulfilled" if others else "holding"
            same = "violated" if others - {own} else "fulfilled" if others else "holding"
            assert verdicts(R("four_eyes", "a", "b"), happened(text))[str(place)] == four, text
            assert verdicts(R("same_actor", "a", "b"), happened(text))[str(place)] == same, text


def told(line: str) -> list[Happened]:
    """`0a 3b:7@eva#2`: a at hour 0, b at hour 3 with the amount 7, by eva, in the source's second place."""
    parts = [re.fullmatch(r"([\d.]+)(\w)(?::(\d+))?(?:@(\w+))?(?:#(\d))?", part) for part in line.split()]
    return [
        Happened(
            str(n),
            m[2],
            float(m[1]),
            order=int(m[5]) if m[5] else None,
            actor=m[4] or "",
            attrs={"amount": int(m[3])} if m[3] else {},
        )
        for n, m in enumerate(parts)
        if m
    ]


OVER = Cond("amount > 5", lambda e: e.attrs["amount"] > 5 if "amount" in e.attrs else None)
DAY = 3.0
EXAMPLES: list[tuple[Reading, str, float | None, str]] = [
    (R("response", "a", "b", within_h=DAY), "0a 3b", None, "fulfilled"),
    (R("response", "a", "b", within_h=DAY), "0a 3.5b", None, "violated"),
    (R("response", "a", "b", within_h=DAY), "0a 9c", None, "pending"),
    (R("response", "a", "b", within_h=DAY), "0a 1c", 1, "violated"),
    (R("response", "a", "b", within_h=DAY), "0a 0b", None, "unknown"),
    (R("response", "a", "b", within_h=DAY), "0a 0b 1b", None, "fulfilled"),
    (R("response", "a", "b"), "0a#1 0b#2", None, "fulfilled"),
    (R("response", "a", "b"), "0a#2 0b#1", None, "pending"),
    (R("response", "a", "b"), "0a#1 0b#1", None, "unknown"),
    (R("response", "a", "b"), "0a#1 0b", None, "unknown"),
    (R("response", "a", "b"), "1a", 1, "violated"),
    (R("response", "a", "b"), "1a", 0, "pending"),
    (R("response", "a", "b", until="u"), "0a 1u 1b", None, "unknown"),
    (R("response", "a", "b", until="u", within_h=DAY), "0a 4u", None, "pending"),
    (R("response", "a", "b", target_where=OVER), "0a 1b", None, "unknown"),
    (R("response", "a", "b", target_where=OVER), "0a 1b 2b:6", None, "fulfilled"),
    (R("response", "a", "b", target_where=OVER, within_h=DAY), "0a 4b", None, "pending"),
    (R("response", "a", "b", activation_where=OVER), "0a 1b", None, "unknown"),
    (R("response", "a", "b", matching="injective"), "0a 0a 1b", None, "unknown"),
    (R("response", "a", "b", matching="injective", within_h=DAY), "0a 1a 2b 4b", None, "fulfilled"),
    (R("chain_response", "a", "b"), "0a 1b 1c", None, "unknown"),
    (R("alternate_response", "a", "b", activation_where=OVER), "0a:6 1a 2b", None, "unknown"),
    (R("alternate_response", "a", "b", activation_where=OVER), "0a:6 1a:2 2b", None, "fulfilled"),
    (R("existence", "", "b", within_h=DAY), "0c 4b", None, "violated"),
    (R("existence", "", "b", within_h=DAY), "0b", None, "fulfilled"),
    (R("existence", "a", "b", within_h=DAY), "0b 9a", None, "fulfilled"),
    (R("existence", "a", "b"), "0a 0b", None, "fulfilled"),
    (R("at_least", "a", "b", count=2, within_h=DAY), "0a 1b 4b", None, "violated"),
    (R("exactly_once", "", "b"), "0a 1b", None, "holding"),
    (R("exactly_once", "", "b"), "0a 1b", 2, "fulfilled"),
    (R("exactly_once", "", "b", within_h=DAY), "0a 4b", None, "violated"),
    (R("exactly_once", "", "b", within_h=DAY), "0a 1b 4b", None, "holding"),
    (R("exactly_once", "a", "b", until="u"), "0a 1b 2u 3b", None, "fulfilled"),
    (R("repeat_every", "a", "b", within_h=DAY), "0a 3b 6b", None, "pending"),
    (R("repeat_every", "a", "b", within_h=DAY), "0a 3b 6b", 9, "fulfilled"),
    (R("repeat_every", "a", "b", within_h=DAY), "0a 3b 6b", 9.5, "violated"),
    (R("repeat_every", "a", "b", within_h=DAY), "0a 3b 7b 8b", None, "violated"),
    (R("repeat_every", "a", "b", within_h=DAY), "0a 9b", 2, "fulfilled"),
    (R("repeat_every", "a", "b", within_h=DAY, until="u"), "0a 2b 5u 20b", None, "fulfilled"),
    (R("sequence", steps=(Step("a"), Step("b")), within_h=DAY), "0c 1a 3b", None, "fulfilled"),
    (R("sequence", steps=(Step("a"), Step("b")), within_h=DAY), "0c 1a 4b", None, "violated"),
    (R("sequence", steps=(Step("a"), Step("b"))), "0c 1a 1b", None, "unknown"),
    (R("not_response", "a", "b", grace_h=2), "0a 2b", None, "holding"),
    (R("not_response", "a", "b", grace_h=2), "0a 2.5b", None, "violated"),
    (R("not_response", "a", "b", until="u"), "0a 1u 2b", None, "kept"),
    (R("not_response", "a", "b", until="u", until_where=OVER), "0a 1u", None, "holding"),
    (R("not_coexistence", "a", "b", target_where=OVER), "0b 1a", None, "unknown"),
    (R("at_most", "b", activation_where=OVER), "0b:6 1b", None, "unknown"),
    (R("four_eyes", "a", "b"), "0a@x 1b@y 2b", None, "unknown"),
    (R("four_eyes", "a", "b"), "0a@x 1b@x 2b", None, "violated"),
    (R("same_actor", "a", "b"), "0a 1b@x 2b@y", None, "violated"),
    (R("precedence", "a", "b", within_h=DAY), "0b 3a", None, "fulfilled"),
    (R("precedence", "a", "b", within_h=DAY), "0b 4a", None, "violated"),
    (R("chain_precedence", "a", "b"), "0b 1c 2a", None, "violated"),
    (R("not_precedence", "a", "b", within_h=DAY), "0b 4a", None, "kept"),
    (R("absence", "a", where=OVER), "0a:6", None, "violated"),
    (R("absence", "a", where=OVER), "0a", None, "unknown"),
    (R("sum_at_most", "a", within_h=DAY, sum_of="amount", limit=8), "9a:4", None, "kept"),
]


@pytest.mark.parametrize(("rule", "line", "end_h", "verdict"), EXAMPLES, ids=lambda part: str(part)[:24])
def test_examples_read_as_told(rule: Reading, line: str, end_h: float | None, verdict: str) -> None:
    found = verdicts(rule, told(line), end_h=end_h)
    assert next(iter(found.values())) == verdict, found


def test_a_sum_looks_back_over_its_window_and_not_further() -> None:
    rule = R("sum_at_most", "a", within_h=DAY, sum_of="amount", limit=8)
    assert verdicts(rule, told("0a:5 3a:4 6a:4 6a:1")) == {
        "0": "kept",
        "1": "violated",
        "2": "violated",
        "3": "violated",
    }
    assert verdicts(rule, told("0a:5 4a:4 4a")) == {"0": "kept", "1": "unknown", "2": "unknown"}
