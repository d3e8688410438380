"""The pages of risk and record in a real browser: order in the address, why a deal is there, and who is kept out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import chromium
import front_bench
import pytest
from front_bench import Front, page_of
from test_live_pages import grave

from data.scope import Role

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.peer,
    pytest.mark.skipif(bool(chromium.missing()), reason=chromium.missing()),
]
LISTS = {"/risk": "#risk-board", "/record": "#record-deals"}


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    made = Front(tmp_path_factory.mktemp("risk") / "front.duckdb")
    front_bench.fill(made.db, days=16)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium.start() as running:
        yield running


def test_order_kind_and_indicator_live_in_the_address(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/risk") as page:
        page.locator("#risk-board tr[data-open]").first.wait_for()
        page.locator("#page-risk").get_by_role("button", name="Time left").click()
        page.wait_for_url("**sort=left**")
        page.locator("#page-risk").get_by_role("button", name="Cases", exact=True).click()
        page.wait_for_url("**group=case**")
        page.locator("#risk-board tr[data-open]", has_text="Deal ").first.wait_for(state="detached")
        page.locator("#page-risk").get_by_role("button", name="All", exact=True).click()
        page.select_option("#risk-rule", "K04")
        page.wait_for_url("**rule=K04**")


def test_a_sign_says_why_and_its_case_opens(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/risk?group=deal") as page:
        sign = page.locator("#risk-board button.sign").first
        sign.wait_for()
        sign.focus()
        page.keyboard.press("Enter")
        page.locator("#drawer h2", has_text="Cannot see:").wait_for()
        page.locator("#drawer-body li button").first.click()
        page.locator("#drawer .course li").first.wait_for()


def test_a_contradicted_record_opens_its_case(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/record") as page:
        row = page.locator("#record-deals tr[data-open^='case:']").first
        row.focus()
        page.keyboard.press("Enter")
        page.locator("#drawer .course li").first.wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", LISTS)
def test_nothing_keeps_anybody_out(front: Front, browser: Any, path: str, scheme: str) -> None:
    with page_of(browser, front, Role.MANAGER, path, color_scheme=scheme, bypass_csp=True) as page:
        page.locator(f"{LISTS[path]} tr[data-open]").first.wait_for()
        assert grave(page) == []


@pytest.mark.parametrize("path", LISTS)
def test_it_fits_a_tablet(front: Front, browser: Any, path: str) -> None:
    with page_of(browser, front, Role.MANAGER, path, viewport={"width": 820, "height": 1100}) as page:
        page.locator(f"{LISTS[path]} tr[data-open]").first.wait_for()
        assert page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")
