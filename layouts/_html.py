"""Dash's HTML components as text, so that a live page is patched by a few lines of script and not by React."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from dash.development.base_component import Component

_NAMES = {"className": "class", "htmlFor": "for"}
_INNER = frozenset({"children", "available_properties", "available_wildcard_properties"})
_VOID = frozenset({"br", "hr", "img", "input"})


def to_html(thing: Any) -> str:
    """HTML of components, text, numbers and lists of them; all text and every value is escaped.

    Raises TypeError for anything else, such as a component that only Dash's own script can draw.
    """
    parts: list[str] = []
    _write(thing, parts)
    return "".join(parts)


def _write(thing: Any, parts: list[str]) -> None:
    if thing is None:
        return
    if isinstance(thing, str):
        parts.append(escape(thing, quote=False))
    elif isinstance(thing, Component):
        _element(thing, parts)
    elif isinstance(thing, list | tuple):
        for one in thing:
            _write(one, parts)
    elif isinstance(thing, int | float):
        parts.append(str(thing))
    else:
        raise TypeError(f"a page shows text and HTML components, not {type(thing).__name__}")


def _element(thing: Component, parts: list[str]) -> None:
    # The instance's own dictionary is some ten times faster than to_plotly_json, which builds lists of names first.
    told = vars(thing)
    if getattr(thing, "_namespace", "") != "dash_html_components":
        raise TypeError(f"a live part is made of HTML components, not {type(thing).__name__}")
    tag = type(thing).__name__.lower()
    parts.append("<" + tag)
    for name, value in told.items():
        if value is not None and value is not False and name not in _INNER and name[0] != "_":
            parts.append(_attribute(name, value))
    parts.append(">")
    if tag not in _VOID:
        _write(told.get("children"), parts)
        parts.append(f"</{tag}>")


def _attribute(name: str, value: Any) -> str:
    name = _NAMES.get(name) or (name if "-" in name else name.lower())
    if value is True:
        # aria-* and data-* have words for true; the others only need to be there.
        return f' {name}="true"' if "-" in name else f" {name}"
    if name == "style":
        value = ";".join(f"{re.sub('[A-Z]', lambda m: '-' + m[0].lower(), k)}:{v}" for k, v in value.items())
    return f' {name}="{escape(str(value))}"'
