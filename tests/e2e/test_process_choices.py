"""The process page in a real browser: choices make the address, parts change places, figures open their cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import chromium
import front_bench
import pytest
from front_bench import Front, page_of

from data.scope import Role

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.peer,
    pytest.mark.skipif(bool(chromium.missing()), reason=chromium.missing()),
]


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    made = Front(tmp_path_factory.mktemp("front") / "front.duckdb")
    front_bench.fill(made.db)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium.start() as running:
        yield running


def test_choosing_a_path_narrows_the_map_and_a_chip_widens_it_again(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/process") as page:
        page.locator("#process-map g.node").first.wait_for()
        page.get_by_label("Passes through", exact=True).select_option(label="Quote sent")
        page.locator("#process-map-note", has_text="whole cases").wait_for()
        assert "pick=via" in page.url
        page.locator("#process-bar button.chip", has_text="through Quote sent").click()
        page.locator("#process-map-note", has_not_text="whole cases").wait_for()
        assert "pick=" not in page.url


def test_tabs_show_one_part_and_a_variant_opens_its_cases(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/process") as page:
        page.get_by_role("button", name="Variants").click()
        row = page.locator("#process-variants tr[data-open]").first
        row.wait_for()
        assert page.locator("#process-map").is_hidden()
        row.click()
        page.locator(".case-list button").first.wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Map", exact=True).click()
        page.locator("#process-map g.node").first.wait_for()
        assert page.locator("#process-variants").is_hidden()


def test_types_together_are_drawn_in_colours_of_their_own(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/process?pick=type:opportunity;type:ticket") as page:
        page.locator("#process-map g.arc.k1").first.wait_for()
        assert page.locator("#process-map g.arc.k2").count()
        page.locator("#process-map g.arc.k2").first.focus()
        page.keyboard.press("Enter")
        page.locator(".case-list button").first.wait_for()
