"""An officer in a real browser writes a rule, mends a typo, tries it, judges hits, and sees the precision."""

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
RULE = """pack: mine
title: Rules of mine
rules:
  - id: MY-01
    title: Every message is answered within one hour
    object: conversation
    template: response
    activation: {activity: msg.inn}
    target: {activity: msg.out}
    within: 1 h
"""
HITS = "#lab-hits tr.row"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    made = Front(tmp_path_factory.mktemp("lab") / "front.duckdb")
    front_bench.fill(made.db)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium.start() as running:
        yield running


def tried(page: Any, text: str) -> None:
    """Try a text that has the rule MY-01 and show its hits."""
    page.fill("#lab-text", text)
    page.click("#lab-run")
    page.locator("#lab-found tr[data-rule='MY-01']").click()
    page.locator(HITS).first.wait_for()


def test_a_rule_is_written_mended_tried_and_judged(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.OFFICER, "/lab") as page:
        page.locator("#lab-pack option", has_text="us-bd").wait_for(state="attached")
        page.fill("#lab-text", RULE)
        page.click("#lab-run")
        page.locator("#lab-error", has_text="Line 8").wait_for()
        said = page.locator("#lab-error").inner_text()
        assert "rule MY-01: activity 'msg.inn' is unknown; did you mean 'msg.in'?" in said
        picked = page.evaluate("() => { const t = document.getElementById('lab-text');"
                               "return t.value.slice(t.selectionStart, t.selectionEnd); }")
        assert picked == "    activation: {activity: msg.inn}"
        tried(page, RULE.replace("msg.inn", "msg.in"))
        assert page.locator("#lab-error").is_hidden()
        assert page.locator(HITS).count() == 20
        page.locator(HITS).first.click()
        page.locator(".course").wait_for()
        assert page.locator("#page-lab").is_visible()
        for n, words in enumerate(("A real breach", "A real breach", "Not one")):
            page.locator(HITS).nth(n).get_by_role("button", name=words).click()
            page.locator("#lab-hits", has_text=f"not measured yet: {n + 1} of 10 judged").wait_for()
        page.keyboard.press("Escape")
        for n in range(3, 10):
            page.locator(HITS).nth(n).focus()
            page.keyboard.press("1")
            page.locator(HITS).nth(n).locator("[aria-pressed=true]", has_text="A real breach").wait_for()
        page.locator("#lab-hits", has_text="90% (60 to 98), 10 judged").wait_for()
        page.locator("#lab-found tr[data-rule]", has_text="90%").wait_for()
        # Whoever comes back finds the text, the result, and what was said of the hits.
        page.reload()
        page.locator("#lab-found tr[data-rule='MY-01']", has_text="90%").wait_for()
        assert page.input_value("#lab-text") == RULE.replace("msg.inn", "msg.in")
        page.locator("#lab-switch", has_text="mine.yaml").wait_for()
        page.locator("#lab-switch code", has_text='packs = ["rules"]').wait_for()


def test_a_pack_that_is_off_is_tried_and_told_how_to_switch_on(front: Front, browser: Any) -> None:
    with page_of(browser, front, Role.OFFICER, "/lab") as page:
        choice = page.locator("#lab-pack option", has_text="us-bd")
        choice.wait_for(state="attached")
        page.select_option("#lab-pack", choice.get_attribute("value"))
        page.wait_for_function("() => document.getElementById('lab-text').value.includes('pack: us-bd')")
        page.click("#lab-run")
        page.locator("#lab-switch code", has_text='enable = ["us-bd"]').wait_for()
        page.locator("#lab-found", has_text="no source has brought").wait_for()
        page.fill("#lab-text", "pack: other")
        assert page.locator("#lab-stale").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 820])
def test_nothing_keeps_anybody_out(front: Front, browser: Any, scheme: str, width: int) -> None:
    more = {"color_scheme": scheme, "bypass_csp": True, "viewport": {"width": width, "height": 900}}
    with page_of(browser, front, Role.OFFICER, "/lab", **more) as page:
        page.locator("#lab-pack option", has_text="us-bd").wait_for(state="attached")
        tried(page, RULE.replace("msg.inn", "msg.in"))
        assert page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert grave(page) == []
        page.fill("#lab-text", RULE)
        page.click("#lab-run")
        page.locator("#lab-error").wait_for()
        assert grave(page) == []


def test_no_other_role_finds_the_page(front: Front, browser: Any) -> None:
    for role in (Role.MANAGER, Role.REP, Role.ADMINISTRATOR):
        with page_of(browser, front, role) as page:
            assert page.locator("#nav a[data-view=lab]").count() == 0
            assert page.locator("#page-lab").count() == 0


def grave(page: Any) -> list[str]:
    """What axe-core calls serious or critical, with the elements."""
    page.add_script_tag(path=str(chromium.AXE))
    told = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [
        f"{v['id']}: {[n['target'] for n in v['nodes']][:3]}" for v in told if v["impact"] in {"serious", "critical"}
    ]
