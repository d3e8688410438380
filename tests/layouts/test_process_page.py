"""The process page: each part computes only under its tab, says what it shows, and every choice is an address."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from data.scope import Role, Scope
from layouts import process
from layouts._html import to_html
from metrics._contract import Filters, Read
from metrics._selection import Selection
from tests.metrics._process_world import NOW_T, deals, told

MANAGER = Scope(Role.MANAGER, teams=None)
TABS = {"": "process-steps", "variants": "process-variants", "times": "process-times", "compare": "process-compare",
        "causes": "process-causes"}


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    store, writer = told(deals())
    yield Read(store.read, MANAGER)
    writer.stop()
    store.close()


def shown(read: Read, home: str, **asked: str) -> str:
    """What stands in an element under these words of the address."""
    filters = Filters.parse({"span": "30d", **asked})
    return to_html(process.VIEW.properties(read, filters, NOW_T)[home]["children"])


@pytest.mark.parametrize("tab", TABS)
def test_only_the_chosen_part_is_computed(read: Read, tab: str) -> None:
    for other, home in TABS.items():
        page = shown(read, home, tab=tab)
        is_told = bool(page) and "bone" not in page
        assert is_told == (other == tab), (tab, other)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("pick", ["", "via:quote.sent;not:approval", "is:region=West;state:closed", "type:*customer",
                                  "variant:none", "via:nobody.knows"])
def test_no_selection_breaks_a_part(read: Read, tab: str, pick: str) -> None:
    assert "cannot be shown" not in shown(read, TABS[tab], tab=tab, pick=pick)


@pytest.mark.parametrize("versus", ["", "before", "rest", "team=sales", "channel=email", "via:approval", "odd"])
def test_whatever_it_is_set_against_both_sides_are_told(read: Read, versus: str) -> None:
    page = shown(read, "process-compare", tab="compare", pick="via:quote.sent", versus=versus)
    assert "cannot be shown" not in page
    assert "Chosen cases" in page or "nothing to compare" in page


def test_a_choice_adds_to_the_selection_and_a_chip_takes_away(read: Read) -> None:
    bar = shown(read, "process-bar", pick="via:quote.sent")
    offered = {Selection.parse(value) for value in re.findall(r'<option value="([^"]*)"', bar)}
    assert Selection(via=("quote.sent", "approval")) in offered
    assert Selection(via=("quote.sent",), known=(("region", "West"),)) in offered
    assert not any("owner" in dict(one.known) for one in offered)
    assert re.search(r'data-value=""[^>]*>through Quote sent', bar)


def test_a_filtered_map_says_that_whole_cases_are_counted(read: Read) -> None:
    assert "whole cases" in shown(read, "process-map-note", pick="via:quote.sent")
    assert "whole cases" not in shown(read, "process-map-note")


def test_types_together_get_a_colour_and_a_word_of_caution(read: Read) -> None:
    page = shown(read, "process-map", pick="type:opportunity;type:*customer")
    assert "Deals" in page
    assert "Customers" in page
    assert "an event of two types counts for each" in page


def test_the_comparison_with_nothing_says_so(read: Read) -> None:
    assert "nothing to compare" in shown(read, "process-compare", tab="compare", span="all")


def test_too_short_a_history_tells_no_pattern(read: Read) -> None:
    assert "pattern" in shown(read, "process-drift")


def test_figures_open_their_cases(read: Read) -> None:
    for tab, home in TABS.items():
        page = shown(read, home, tab=tab, pick="is:region=West")
        opened = set(re.findall(r'data-open="figure:(\w+):([^"]*)"', page))
        assert opened, tab
        for name, said in sorted(opened)[:6]:
            word = said.replace("&gt;", ">")
            filters = Filters.parse({"span": "30d", "tab": tab, "pick": "is:region=West"})
            assert process.VIEW.evidence[name](read, filters, NOW_T, word).rows, (name, word)
