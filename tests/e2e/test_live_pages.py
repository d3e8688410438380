"""The pages in a real browser against a server process over a real store with demo history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
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

NEW = {
    "activity": "msg.in",
    "channel": "email",
    "team": "Service",
    "direction": "inbound",
    "actor": "zoe@bright.example",
}


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


def test_a_new_event_shows_without_reload(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/live") as page:
        page.evaluate("() => { window.isSamePage = true }")
        front.tell(id="new-1", objects=[["ticket", "bench/T-90001"], ["contact", "zoe@bright.example"]], **NEW)
        page.locator("#live-feed tr", has_text="T-90001").wait_for()
        front.tell(id="new-2", objects=[["ticket", "bench/T-90002"], ["contact", "yan@bright.example"]], **NEW)
        page.locator("#live-feed tr", has_text="T-90002").wait_for()
        assert page.evaluate("() => window.isSamePage")


def test_a_frame_touches_only_what_changed(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/live?window=24h") as page:
        page.locator("#live-activities .figure").focus()
        row = page.locator("#live-feed tr[data-open]").first
        row.evaluate("(row) => { row.isThisOne = true }")
        opened = row.get_attribute("data-open")
        before = page.locator("#live-activities .figure").inner_text()
        front.tell(id="patch-1", objects=[["ticket", "bench/T-50001"], ["contact", "pia@bright.example"]], **NEW)
        page.locator("#live-feed tr", has_text="T-50001").wait_for()
        page.locator("#live-activities .figure", has_not_text=before).wait_for()
        assert page.evaluate("() => document.activeElement.matches('#live-activities .figure')")
        # The row went down by one and is still the same element.
        moved = page.locator("#live-feed tr[data-open]").nth(1)
        assert moved.get_attribute("data-open") == opened
        assert moved.evaluate("(row) => row.isThisOne === true")


def test_names_from_outside_stay_words(front: Front, browser: Any) -> None:
    evil = "bench/<img src=x onerror=alert(1)>"
    with page_of(browser, front, Role.MANAGER, "/live") as page:
        front.tell(id="evil-1", objects=[["ticket", evil], ["contact", "<b>eve</b>@bright.example"]], **NEW)
        page.locator("#live-feed tr", has_text="<img src=x").wait_for()
        assert page.locator("#live-feed img, #live-feed b").count() == 0


def test_figure_leads_to_case_to_event_to_source_record_and_back(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/live") as page:
        page.click("#live-waiting .figure")
        first = page.locator(".case-list button").first
        first.wait_for()
        first.click()
        page.locator(".course button").first.click()
        page.get_by_text("Source record").wait_for()
        assert page.locator("#drawer dt", has_text="Collected").count() == 1
        assert page.locator("#drawer dt", has_text="Record").count() == 1
        address = page.url
        page.click("#drawer-back")
        page.locator(".course button").first.wait_for()
        page.keyboard.press("Escape")
        assert page.locator("#drawer").is_hidden()
        assert "open=" not in page.url
        page.goto(address)
        page.get_by_text("Source record").wait_for()


def test_the_map_opens_the_cases_of_a_step_and_keeps_its_places(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/live?otype=ticket") as page:
        page.locator("#live-map g.node").first.wait_for()
        places = (
            "() => [...document.querySelectorAll('#live-map g.node rect')].map((r) => r.getAttribute('x')).join()"
        )
        total = "() => [...document.querySelectorAll('#live-map g.node .n')].map((t) => t.textContent).join()"
        before, counted = page.evaluate(places), page.evaluate(total)
        for n in range(3):
            front.tell(id=f"map-{n}", objects=[["ticket", f"bench/T-8000{n}"]], **NEW)
        page.wait_for_timeout(100)
        page.locator("#live-feed tr", has_text="T-80002").wait_for()
        assert page.evaluate(places) == before
        assert page.evaluate(total) != counted
        page.locator("#live-map g.arc").first.focus()
        page.keyboard.press("Enter")
        page.locator(".case-list button").first.wait_for()


def test_filters_live_in_the_address_and_change_the_figures(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/live?window=24h") as page:
        assert page.locator("button[data-value='24h']").get_attribute("aria-pressed") == "true"
        whole = page.locator("#live-activities .figure").inner_text()
        page.select_option("#f-channel", "phone")
        page.wait_for_url("**channel=phone**")
        page.locator("#live-activities .figure", has_not_text=whole).wait_for()
        page.get_by_role("button", name="15 min").click()
        page.wait_for_url("**window=15m**")
        page.click("#nav a[data-view=waiting]")
        page.wait_for_url("**/waiting?**channel=phone**")
        page.get_by_role("heading", name="Who waits for us").last.wait_for()


def test_keys_search_pause_and_walk_the_rows(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/live") as page:
        page.keyboard.press("/")
        page.keyboard.type("T-1")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Found for").wait_for()
        page.keyboard.press("Escape")
        page.locator("#main").focus()
        page.keyboard.press("p")
        page.locator("#top[data-live=paused]").wait_for()
        page.keyboard.press("p")
        page.locator("#top[data-live=on]").wait_for()
        rows = page.locator("#live-waits tr[data-open]")
        rows.nth(0).focus()
        page.keyboard.press("ArrowDown")
        assert rows.nth(1).evaluate("(row) => row === document.activeElement")
        page.keyboard.press("Enter")
        page.locator("#drawer-body h2").wait_for()


def test_a_row_under_the_pointer_keeps_still(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/live") as page:
        page.locator("#live-feed tr[data-open]").nth(3).hover()
        held = page.locator("#live-feed").inner_text().splitlines()[-3:]
        front.tell(id="still-1", objects=[["ticket", "bench/T-70001"]], **NEW)
        page.locator("#live-rules").wait_for()
        page.wait_for_timeout(1500)
        assert page.locator("#live-feed tr", has_text="T-70001").count() == 0
        assert page.locator("#live-feed").inner_text().splitlines()[-3:][-1] == held[-1]
        page.locator("#live-activities").hover()
        page.locator("#live-feed tr", has_text="T-70001").wait_for()


def test_a_blind_source_is_told_on_every_page(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.OFFICER) as page:
        front.tell(state="failed", message="the password was refused")
        page.locator("#completeness, .chip.amber", has_text="sources lag").first.wait_for()
        page.click("#nav a[data-view=sources]")
        page.locator("#sources-blind", has_text="What the test makes happen is missing").wait_for()
        page.locator("#sources-list", has_text="blind: failed").wait_for()
        front.tell(state="live")
        page.locator("#sources-blind", has_text="nothing is known to be missing").wait_for()


def test_a_dead_server_is_told_and_its_return_heals_the_page(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/live") as page:
        front.stop()
        page.locator("#banner", has_text="No news since").wait_for()
        assert page.locator("#banner").is_visible()
        front.start()
        page.locator("#top[data-live=on]").wait_for()
        assert page.locator("#banner").is_hidden()
        front.tell(id="after-1", objects=[["ticket", "bench/T-60001"]], **NEW)
        page.locator("#live-feed tr", has_text="T-60001").wait_for()


def test_signing_out_elsewhere_sends_the_page_to_the_sign_in(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.REP) as page:
        page.click("#me summary")
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/login")
        page.goto(front.url + "/me")
        assert "/login?next=%2Fme" in page.url


def test_sign_in_works_without_script(front: Front, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(front.url + "/compliance")
    page.click(f"button[value='{front_bench.WHO[Role.REP]}']")
    page.get_by_role("heading", name="This page is not part of your role").wait_for()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("role", "path", "name"), front_bench.SHOTS)
def test_nothing_keeps_anybody_out(
    front: Front, browser: Any, role: Role, path: str, name: str, scheme: str
) -> None:
    with page_of(browser, front, role, path, color_scheme=scheme, bypass_csp=True) as page:
        assert page.evaluate("() => document.documentElement.dataset.theme") == scheme
        if name in {"live", "compliance"}:
            page.locator("tr[data-open^='case:'], tr[data-open^='binding:']").first.click()
            page.locator(".course").wait_for()
        assert grave(page) == []


def test_nothing_keeps_anybody_out_before_sign_in(front: Front, browser: Any) -> None:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(front.url + "/login")
    assert grave(page) == []
    context.close()


def grave(page: Any) -> list[str]:
    """What axe-core calls serious or critical, with the elements."""
    page.add_script_tag(path=str(chromium.AXE))
    told = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [
        f"{v['id']}: {[n['target'] for n in v['nodes']][:3]}"
        for v in told
        if v["impact"] in {"serious", "critical"}
    ]


def test_a_tablet_gets_one_column_and_no_sideways_scrolling(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.MANAGER, "/live", viewport={"width": 820, "height": 1100}) as page:
        lefts = page.evaluate(
            "() => [...document.querySelectorAll('#page-live .column')].map((e) => e.getBoundingClientRect().left)"
        )
        assert len(set(lefts)) == 1
        assert page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_pictures_can_be_taken(front: Front, browser: Any, tmp_path: Path) -> None:
    with page_of(browser, front, Role.MANAGER, "/live") as page:
        page.screenshot(path=tmp_path / "live.png")
    assert (tmp_path / "live.png").stat().st_size > 20_000
