"""The templates of the rule language: what each asks for, and which keys of a rule it takes.

Names are DECLARE's where it has one. The exact meaning of each is in `MEANING`, which the rule lab shows.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Template(NamedTuple):
    """`look`: how it is decided (the statement that does it); `takes`: optional keys; `needs`: keys it must have."""

    look: str
    meaning: str
    takes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()


_ALL = frozenset({"target"})
_NONE: frozenset[str] = frozenset()


def _keys(words: str) -> frozenset[str]:
    return frozenset(words.split())


TEMPLATES: Final[dict[str, Template]] = {
    "response": Template(
        "near", "the activation is followed by a target in time", _keys("within until matching where"), _ALL
    ),
    "not_response": Template(
        "near", "after the activation (and a grace) no target happens", _keys("within until grace where"), _ALL
    ),
    "precedence": Template(
        "near", "before the activation there was a target", _keys("within until matching where"), _ALL
    ),
    "not_precedence": Template(
        "near", "before the activation there was no target", _keys("within until where"), _ALL
    ),
    "absence": Template("near", "the activation itself must not happen", _keys("where")),
    "four_eyes": Template(
        "near", "every target is done by somebody else than the activation", _keys("within where"), _ALL
    ),
    "same_actor": Template(
        "near", "every target is done by the same person as the activation", _keys("within where"), _ALL
    ),
    "chain_response": Template(
        "race", "the very next event of the object is a target", _keys("within where"), _ALL
    ),
    "chain_precedence": Template(
        "race", "the event right before the activation is a target", _keys("within where"), _ALL
    ),
    "alternate_response": Template(
        "race", "a target follows before the next activation", _keys("within until where"), _ALL
    ),
    "existence": Template(
        "count", "a target happens somewhere in the object", _keys("within until where activation"), _ALL
    ),
    "at_least": Template(
        "count", "at least so many targets happen", _keys("within until where activation count"), _ALL
    ),
    "at_most": Template(
        "count", "no more than so many targets happen", _keys("within until where activation count"), _ALL
    ),
    "exactly_once": Template(
        "count", "one target happens, and no second one", _keys("within until where activation"), _ALL
    ),
    "not_coexistence": Template(
        "count", "activation and target never happen in the same object", _keys("within until where"), _ALL
    ),
    "sum_at_most": Template(
        "sum", "the sum of an attribute stays within a limit", _keys("within"), _keys("sum limit")
    ),
    "repeat_every": Template(
        "repeat",
        "targets follow one another without a longer silence",
        _keys("until where"),
        _keys("target within"),
    ),
    "sequence": Template(
        "steps", "the steps of a playbook happen in their order", _keys("within activation"), _keys("steps")
    ),
}
UNARY: Final = ("existence", "at_least", "at_most", "exactly_once")
"""About how often something happens; without an activation they hold once for the whole object."""
WHOLE_COURSE: Final = ("chain_response", "chain_precedence")
"""They look at every event of the object, not only at those some rule names."""
COMMON: Final = _keys(
    "id title object template activation calendar kind severity nudge effective source help examples "
    "needs quantifier"
)
SOMEWHERE: Final = COMMON.union(*(t.takes | t.needs for t in TEMPLATES.values()))
