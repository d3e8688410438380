"""Conditions of rules: text -> typed tree -> SQL with bound parameters. Nothing is ever evaluated as code.

A condition knows the event's attributes and its actor, team, channel, direction and activity; between two events
the names are prefixed: `target.actor != activation.actor`. `object.stage` is what the object's attribute was at that
moment. A missing attribute makes a comparison unknown, as in SQL, and an unknown condition makes the verdict
unknown. Names with odd characters stand in double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from data.errors import FixSettings

CODED: Final = {"actor": "actor", "team": "team", "channel": "channel", "activity": "activity"}
_DIRECTION: Final = {"internal": 0, "inbound": 1, "outbound": 2}
_SIDES: Final = ("activation", "target", "object")
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>'(?:[^']|'')*')
    |(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\."[^"]+")?|"[^"]+")|(?P<op><=|>=|<>|!=|==|[-=<>+*(),]))""",
    re.VERBOSE,
)
_WORDS: Final = {"and", "or", "not", "in", "is", "null", "true", "false"}


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute or built-in of one of the events, or of the object; `side` is activation, target or object."""

    side: str
    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text or a truth value written in the condition."""

    value: float | str | bool


@dataclass(frozen=True, slots=True)
class Node:
    """An operator over its parts: and, or, not, =, <>, <, <=, >, >=, in, null, +, -, *."""

    op: str
    parts: tuple[Node | Field | Literal, ...]


Tree = Node | Field | Literal


class _Parser:
    def __init__(self, text: str, side: str) -> None:
        self.text, self.side, self.at = text, side, 0
        self.tokens: list[tuple[str, str, int]] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if not match:
                raise self.error(position, f"{text[position:].strip()[:12]!r} is not understood")
            kind = str(match.lastgroup)
            word = match.group(kind)
            if kind == "name" and word.lower() in _WORDS:
                kind, word = "op", word.lower()
            self.tokens.append((kind, word, match.start(kind)))
            position = match.end()

    def error(self, position: int, what: str) -> FixSettings:
        line = self.text.count("\n", 0, position) + 1
        column = position - (self.text.rfind("\n", 0, position) + 1) + 1
        return FixSettings(f"condition {self.text.strip()!r}: {what} (line {line}, column {column})")

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) and self.tokens[self.at][0] == "op" else ""

    def take(self, *operators: str) -> str:
        word = self.peek()
        if word not in operators or not word:
            return ""
        self.at += 1
        return word

    def expect(self, operator: str) -> None:
        if not self.take(operator):
            place = self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)
            raise self.error(place, f"{operator!r} is missing")

    def whole(self) -> Tree:
        tree = self.either()
        if self.at < len(self.tokens):
            raise self.error(self.tokens[self.at][2], f"{self.tokens[self.at][1]!r} is one too many")
        return tree

    def either(self) -> Tree:
        parts = [self.both()]
        while self.take("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Node("or", tuple(parts))

    def both(self) -> Tree:
        parts = [self.negation()]
        while self.take("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else Node("and", tuple(parts))

    def negation(self) -> Tree:
        return Node("not", (self.negation(),)) if self.take("not") else self.comparison()

    def comparison(self) -> Tree:
        left = self.total()
        if self.take("is"):
            negated = self.take("not")
            self.expect("null")
            tree = Node("null", (left,))
            return Node("not", (tree,)) if negated else tree
        negated = self.take("not")
        if self.take("in"):
            self.expect("(")
            choices = [left, self.total()]
            while self.take(","):
                choices.append(self.total())
            self.expect(")")
            tree = Node("in", tuple(choices))
            return Node("not", (tree,)) if negated else tree
        operator = self.take("=", "==", "!=", "<>", "<", "<=", ">", ">=")
        if not operator:
            return left
        return Node({"==": "=", "!=": "<>"}.get(operator, operator), (left, self.total()))

    def total(self) -> Tree:
        tree = self.product()
        while operator := self.take("+", "-"):
            tree = Node(operator, (tree, self.product()))
        return tree

    def product(self) -> Tree:
        tree = self.atom()
        while self.take("*"):
            tree = Node("*", (tree, self.atom()))
        return tree

    def atom(self) -> Tree:
        if self.take("("):
            tree = self.either()
            self.expect(")")
            return tree
        if self.take("-"):
            return Node("-", (Literal(0.0), self.atom()))
        if word := self.take("true", "false"):
            return Literal(word == "true")
        if self.at >= len(self.tokens) or self.tokens[self.at][0] == "op":
            place = self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)
            raise self.error(place, "a name or a value is missing")
        kind, word, place = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return Literal(float(word))
        if kind == "text":
            return Literal(word[1:-1].replace("''", "'"))
        side, _, name = word.rpartition(".") if not word.startswith('"') else ("", "", word)
        if side and side not in _SIDES:
            raise self.error(place, f"{side!r} is no event of a rule; write activation., target. or object.")
        return Field(side or self.side, name.strip('"'))


def parse(text: str, side: str = "activation") -> Tree:
    """The typed tree of a condition; names without a prefix belong to `side`.

    Raises FixSettings with line and column when the text is not understood.
    """
    return _Parser(text, side).whole()


@dataclass(slots=True)
class Compiler:
    """Turns trees into SQL over rows named by side. `code` gives the stored code of a word; parameters pile up
    in `params` under names that are unique to this compiler. `attributes` collects the object's attributes that
    are asked for; the i-th of them stands in the column `o<i>` of the row named `object`."""

    code: Callable[[str, str], int]
    rows: dict[str, str]
    attributes: list[str] = field(default_factory=list)
    params: dict[str, object] = field(default_factory=dict)

    def sql(self, tree: Tree) -> str:
        """The condition as a SQL expression of type BOOLEAN, NULL where an attribute is missing."""
        if isinstance(tree, Field | Literal):
            return self._truth(tree)
        if tree.op in ("and", "or"):
            return "(" + f" {tree.op.upper()} ".join(self.sql(part) for part in tree.parts) + ")"
        if tree.op == "not":
            return f"(NOT {self.sql(tree.parts[0])})"
        if tree.op == "null":
            return f"({self._value(tree.parts[0], 'text')} IS NULL)"
        if tree.op in ("+", "-", "*"):
            raise FixSettings("a condition compares; a sum alone is neither true nor false")
        return self._compare(tree)

    def _truth(self, tree: Field | Literal) -> str:
        if isinstance(tree, Literal):
            return "TRUE" if tree.value is True else "FALSE"
        return f"({self._value(tree, 'text')} = 'true')"

    def _compare(self, tree: Node) -> str:
        kind = self._kind(tree)
        left, *right = [self._value(part, kind) for part in tree.parts]
        if tree.op == "in":
            return f"({left} IN ({', '.join(right)}))"
        return f"({left} {tree.op} {right[0]})"

    @staticmethod
    def _kind(tree: Node) -> str:
        """How two sides are compared: as codes of a dictionary, as numbers, as truth values, or as text."""
        fields = [p.name for p in tree.parts if isinstance(p, Field) and p.side != "object"]
        coded = [name for name in fields if name in CODED or name == "direction"]
        if coded:
            return coded[0]
        numeric = any(
            isinstance(p, Node) or (isinstance(p, Literal) and isinstance(p.value, float)) for p in tree.parts
        )
        return "number" if numeric or tree.op in ("<", "<=", ">", ">=") else "text"

    def _value(self, tree: Tree, kind: str) -> str:
        if isinstance(tree, Node):
            return f"({self._value(tree.parts[0], 'number')} {tree.op} {self._value(tree.parts[1], 'number')})"
        return self._literal(tree, kind) if isinstance(tree, Literal) else self._field(tree, kind)

    def _literal(self, tree: Literal, kind: str) -> str:
        if kind in CODED:
            return self._bind(self.code(kind, str(tree.value)))
        if kind == "direction":
            if tree.value not in _DIRECTION:
                raise FixSettings(f"direction {tree.value!r} is unknown; choose one of {', '.join(_DIRECTION)}")
            return self._bind(_DIRECTION[str(tree.value)])
        if kind == "number":
            if not isinstance(tree.value, float):
                raise FixSettings(f"{tree.value!r} is compared as a number; write it without quotes")
            return self._bind(tree.value)
        if isinstance(tree.value, bool):
            return "'true'" if tree.value else "'false'"
        return self._bind(str(tree.value))

    def _field(self, tree: Field, kind: str) -> str:
        row = self.rows[tree.side]
        if tree.side == "object":
            if tree.name not in self.attributes:
                self.attributes.append(tree.name)
            value = f"{row}o{self.attributes.index(tree.name)}"
            return f"try_cast({value} AS DOUBLE)" if kind == "number" else value
        if tree.name in CODED:
            return f"nullif({row}.{CODED[tree.name]}, 0)"
        if tree.name == "direction":
            return f"{row}.direction"
        text = f"json_extract_string({row}.attrs, {self._bind('$.' + chr(34) + tree.name + chr(34))})"
        return f"try_cast({text} AS DOUBLE)" if kind == "number" else text

    def _bind(self, value: object) -> str:
        name = f"c{len(self.params)}"
        self.params[name] = value
        return f"${name}"


def fields(tree: Tree | None) -> Sequence[Field]:
    """The attributes and built-ins a condition reads."""
    if isinstance(tree, Field):
        return [tree]
    return [] if tree is None or isinstance(tree, Literal) else [f for part in tree.parts for f in fields(part)]
