"""The officer's desk in a real browser: order and filters in the address, evidence, a past moment, names in a case."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import chromium
import front_bench
import pytest
from front_bench import PATIENCE_MS, Front, page_of
from test_live_pages import grave

from connectors._demo_settings import SECOND_OFFICER
from data.scope import Role

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.peer,
    pytest.mark.skipif(bool(chromium.missing()), reason=chromium.missing()),
]
REASON = "Three customers complain about late answers"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    made = Front(tmp_path_factory.mktemp("desk") / "front.duckdb")
    front_bench.fill(made.db)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium.start() as running:
        yield running


@contextlib.contextmanager
def second_officer(browser: Any, front: Front) -> Iterator[Any]:
    """The desk as the other officer sees it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(front.url + "/login")
    page.click(f"button[value='{SECOND_OFFICER.login}']")
    page.wait_for_selector("#top[data-live=on]")
    yield page
    context.close()


def owned(page: Any) -> Any:
    """The first listed breach of a case in which somebody of the firm took part."""
    return page.locator("#compliance-items tr[data-open]", has_text="Person ").first


def test_order_group_and_filters_live_in_the_address(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.OFFICER, "/compliance") as page:
        page.get_by_role("button", name="Severity", exact=True).first.click()
        page.wait_for_url("**group=severity**")
        page.locator("#compliance-items tr.group").first.wait_for()
        page.get_by_role("button", name="None", exact=True).click()
        page.locator("#compliance-items tr.group").first.wait_for(state="detached")
        page.locator("#compliance-items th[aria-sort] button", has_text="Age").click()
        page.wait_for_url("**sort=-age**")
        page.locator("#compliance-items th[aria-sort=ascending]", has_text="Age").wait_for()
        page.select_option("#desk-rule", "SVC-01")
        page.wait_for_url("**rule=SVC-01**")
        page.wait_for_function("() => document.querySelectorAll('#compliance-rates tbody tr').length === 1")
        page.goto(page.url)
        page.wait_for_function("() => document.querySelector('#desk-rule')?.value === 'SVC-01'")
        page.locator("#compliance-rates [data-draw=rates] svg").first.wait_for()


def test_a_rule_opens_its_figures_and_a_breach_its_proof(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.OFFICER, "/compliance") as page:
        page.locator("#compliance-rates tr[data-open='rule:SVC-01']").click()
        page.locator("#drawer .rates-big svg rect").first.wait_for()
        assert page.locator("#drawer .bringers li").count() > 1
        page.keyboard.press("Escape")
        row = page.locator("#compliance-items tr[data-open^='binding:']").first
        row.focus()
        page.keyboard.press("Enter")
        page.get_by_text("What was believed, newest first").wait_for()
        assert page.locator("#drawer .event").count() == 2
        page.locator("#drawer .event .link").first.click()
        page.get_by_text("Source record").wait_for()
        page.click("#drawer-back")
        page.locator("#drawer .sentence").wait_for()


def test_a_past_moment_is_chosen_told_and_left_again(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.OFFICER, "/compliance") as page:
        show = page.get_by_role("button", name="Show", exact=True)
        assert show.is_disabled()
        page.fill("#asof", f"{datetime.now(UTC) + timedelta(days=400):%Y-%m-%dT%H:%M}")
        assert show.is_disabled(), "a moment to come"
        page.fill("#asof", "2026-05-03T10:00")
        show.click()
        page.wait_for_url("**asof=2026-05-03T**Z**")
        page.get_by_text("not now.").wait_for()
        page.get_by_text("Nothing had been collected by then").wait_for()
        page.get_by_role("button", name="Back to now").click()
        page.get_by_text("not now.").wait_for(state="detached")
        assert "asof" not in page.url


def test_names_are_asked_for_agreed_to_and_hidden_again(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.OFFICER, "/compliance") as page, second_officer(browser, front) as other:
        owned(page).click()
        page.locator(".names summary").click()
        page.get_by_role("button", name="Ask a second officer").click()
        assert page.locator("#names-reason:invalid").count() == 1, "a reason is needed"
        page.fill("#names-reason", REASON)
        page.get_by_role("button", name="Ask a second officer").click()
        page.get_by_text("You asked for the names").wait_for()
        assert page.get_by_role("button", name="Agree for 7 days").count() == 0
        other.locator("#compliance-asked", has_text=REASON).wait_for()
        other.locator(".asked button").first.click()
        other.get_by_role("button", name="Agree for 7 days").click()
        other.get_by_text("Every look is recorded").wait_for()
        assert "Person " not in other.locator("#drawer .course").inner_text()
        page.locator("#compliance-asked .asked").wait_for(state="detached")
        assert page.locator("#compliance-items tr[data-open]", has_text="Person ").count() > 1, "lists name nobody"
        other.get_by_role("button", name="Hide names again").click()
        other.locator(".names summary").wait_for()
        assert "Person " in other.locator("#drawer .course").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("opened", ["binding", "rule", "past"])
def test_nothing_of_the_desk_keeps_anybody_out(front: Front, browser: Any, opened: str, scheme: str) -> None:
    path = "/compliance?group=team" + ("&asof=2026-05-03T10:00Z" if opened == "past" else "")
    with page_of(browser, front, Role.OFFICER, path, color_scheme=scheme, bypass_csp=True) as page:
        if opened != "past":
            page.locator(f"#page-compliance tr[data-open^='{opened}:']").first.click()
            page.locator("#drawer .sentence").wait_for()
        assert grave(page) == []


def test_the_desk_fits_a_tablet(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.OFFICER, "/compliance", viewport={"width": 820, "height": 1100}) as page:
        page.locator("#compliance-items tr[data-open]").first.wait_for()
        assert page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")
