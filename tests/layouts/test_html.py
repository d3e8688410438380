"""Components as HTML: everything is escaped, attributes have their HTML names, and nothing else slips through."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from dash import dcc, html

from layouts._cards import attrs
from layouts._html import to_html

EVIL = "<img src=x onerror='alert(1)'>&amp;\"quoted\""


class Reader(HTMLParser):
    """Reads HTML back: tags with attributes, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_text_and_values_of_others_stay_text_and_values() -> None:
    found = Reader(to_html(html.Span([EVIL, html.B(EVIL)], title=EVIL, **attrs({"data-open": EVIL}))))
    assert found.tags == [("span", {"title": EVIL, "data-open": EVIL}), ("b", {})]
    assert found.text == EVIL * 2


def test_attributes_have_their_html_names() -> None:
    more = attrs({"aria-hidden": "true", "data-empty": "", "aria-pressed": True, "aria-label": None})
    style = {"width": "5%", "maxHeight": 0}
    made = html.Td("x", id="i", className="a b", tabIndex="0", colSpan=2, hidden=True, style=style, **more)
    assert Reader(to_html(made)).tags == [
        (
            "td",
            {
                "id": "i",
                "class": "a b",
                "tabindex": "0",
                "colspan": "2",
                "hidden": None,
                "style": "width:5%;max-height:0",
                "aria-hidden": "true",
                "data-empty": "",
                "aria-pressed": "true",
            },
        )
    ]


def test_lists_numbers_and_nothing() -> None:
    assert to_html([html.P(["a", None, 3, [html.Br(), 0.5]]), None, "b"]) == "<p>a3<br>0.5</p>b"


@pytest.mark.parametrize("thing", [dcc.Store(id="s"), {"a": 1}, object()])
def test_what_no_page_can_show_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="HTML components"):
        to_html([thing])
