"""An officer works through the review queue in a real browser, with the pointer and with keys alone."""

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
ROWS = "#review-queue tr[data-open]"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    made = Front(tmp_path_factory.mktemp("review") / "front.duckdb")
    front_bench.fill(made.db)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium.start() as running:
        yield running


def test_a_breach_is_claimed_commented_and_closed(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.OFFICER, "/review?queue=breach") as page:
        first = page.locator(ROWS).first
        first.wait_for()
        opened = first.get_attribute("data-open")
        waiting = page.locator("#review-open .figure").inner_text()
        first.click()
        page.get_by_text("looking is no review yet").wait_for()
        page.get_by_role("button", name="Claim").click()
        page.locator("#review-work [data-key='4']").wait_for()
        page.locator(f"tr[data-open='{opened}']", has_text="quentin.moreau").wait_for()
        page.fill("#review-text", "The customer was called.")
        page.get_by_role("button", name="Comment only").click()
        page.locator(".deeds .words", has_text="The customer was called.").wait_for()
        assert page.input_value("#review-text") == ""
        page.get_by_role("button", name="Not a breach").click()
        assert "Write why first" in page.locator("#review-said").inner_text()
        page.fill("#review-text", "The call is not in the record.")
        page.get_by_role("button", name="Not a breach").click()
        page.get_by_text("Closed as “not a breach” by quentin.moreau").wait_for()
        page.locator("#review-open .figure", has_not_text=waiting).wait_for()
        page.keyboard.press("Escape")
        page.locator(f"tr[data-open='{opened}']").wait_for(state="detached")
        page.get_by_role("button", name="Closed", exact=True).click()
        page.wait_for_url("**queue=closed**")
        page.locator(f"tr[data-open='{opened}']", has_text="not a breach, quentin.moreau").wait_for()


def test_keys_alone_do_the_work_and_do_not_hinder_typing(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.OFFICER, "/review?queue=review") as page:
        rows = page.locator(ROWS)
        rows.first.wait_for()
        page.locator("#main").focus()
        page.keyboard.press("j")
        page.keyboard.press("j")
        assert rows.nth(1).evaluate("(row) => row === document.activeElement")
        page.keyboard.press("k")
        assert rows.nth(0).evaluate("(row) => row === document.activeElement")
        page.keyboard.press("c")
        page.locator(ROWS, has_text="claimed by you").first.wait_for()
        page.keyboard.press("Enter")
        page.locator("#review-work [data-key='1']").wait_for()
        page.locator("#review-text").click()
        page.keyboard.type("jk c 1234")
        assert page.input_value("#review-text") == "jk c 1234"
        page.fill("#review-text", "")
        page.locator("#drawer").focus()
        page.keyboard.press("4")
        assert page.evaluate("() => document.activeElement.id") == "review-text"
        page.locator("#drawer").focus()
        page.keyboard.press("1")
        page.get_by_text("Closed as “confirmed” by quentin.moreau").wait_for()
        # The open panel goes on to the next item.
        number = page.locator("#review-work").get_attribute("data-item")
        page.keyboard.press("j")
        page.locator(f"#review-work:not([data-item='{number}'])").wait_for()


def test_rules_and_teams_narrow_the_queue_and_a_link_opens_the_item(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.OFFICER, "/review") as page:
        page.locator(ROWS).first.wait_for()
        page.locator("#review-rule-pick option[value='CMP-01']").wait_for(state="attached")
        page.select_option("#review-rule-pick", "CMP-01")
        page.wait_for_url("**rule=CMP-01**")
        page.locator("#review-queue", has_not_text="Deal ").wait_for()
        page.locator(ROWS, has_text="Dissatisfaction").first.click()
        page.locator("#review-work").wait_for()
        number = page.locator("#review-work").get_attribute("data-item")
        address = page.url
        page.goto(address)
        page.locator(f"#review-work[data-item='{number}']").wait_for()
        page.get_by_role("button", name="the case").click()
        page.locator(".course").wait_for()
        page.click("#drawer-back")
        page.locator(f"#review-work[data-item='{number}']").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 820])
def test_nothing_keeps_anybody_out(front: Front, browser: Any, scheme: str, width: int) -> None:
    more = {"color_scheme": scheme, "bypass_csp": True, "viewport": {"width": width, "height": 900}}
    with page_of(browser, front, Role.OFFICER, "/review", **more) as page:
        page.locator(ROWS).first.wait_for()
        assert page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert grave(page) == []
        page.locator(ROWS).nth(2 if scheme == "light" else 4).click()
        page.locator("#review-work").wait_for()
        page.keyboard.press("c")
        page.locator("#review-work [data-key='1']").wait_for()
        assert grave(page) == []


def grave(page: Any) -> list[str]:
    """What axe-core calls serious or critical, with the elements."""
    page.add_script_tag(path=str(chromium.AXE))
    told = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [
        f"{v['id']}: {[n['target'] for n in v['nodes']][:3]}" for v in told if v["impact"] in {"serious", "critical"}
    ]
