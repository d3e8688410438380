"""The pages of risk and record: what they show, what opens from them, and what is said when nothing is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import live_world
import pytest
from live_world import MANAGER, NORTH, NOW, NOW_T, SOURCE, SOUTHERNER, World

from data.event import Change, Event, Ref
from data.page import Page
from data.scope import Principal, Role
from layouts import _risk_rows, record, risk
from layouts._html import to_html
from metrics._contract import Filters, Read
from metrics._predict import Bin, Quality
from metrics._risk_odds import Forecast
from metrics.record import CHECKS
from metrics.risk import INDICATORS


def _deal(name: str, amount: float | None, silent_days: int) -> Page:
    ref = Ref("opportunity", f"crm/{name}")
    customer = Ref("account", f"acme-{name}")
    told = {"stage": "Proposal", "amount": amount, "close_date": (NOW - timedelta(days=1)).date().isoformat()}
    begun = NOW - timedelta(days=silent_days)
    events = [
        Event(f"{name}-1", begun, "opportunity.created", [ref, customer], actor=NORTH[0], team="North", channel="crm"),
        Event(f"{name}-2", begun, "msg.out", [ref, customer], actor=NORTH[0], team="North", channel="email",
              direction="outbound"),
    ]
    changes = [Change(ref, key, value, begun) for key, value in told.items() if value is not None]
    return Page({"n": name}, events=events, changes=[*changes, Change(customer, "name", f"<Acme {name}>", begun)])


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = live_world.make()
    for name, amount, days in (("A", 5_000.0, 40), ("B", 70_000.0, 20), ("C", None, 30)):
        made.writer.put(SOURCE, _deal(name, amount, days))
    yield made
    made.close()


def read_of(world: World, person: Principal = MANAGER) -> Read:
    return Read(world.store.read, person.scope)


def shown(world: World, view: object, filters: Filters | None = None, person: Principal = MANAGER) -> str:
    """The page as HTML."""
    assert view in (risk.VIEW, record.VIEW)
    page = risk.VIEW if view is risk.VIEW else record.VIEW
    sent = page.properties(read_of(world, person), filters or Filters(), NOW_T)
    return to_html([values["children"] for values in sent.values()])


def opened(html: str) -> list[str]:
    """The cases that rows open, in order."""
    return re.findall(r'<tr[^>]*data-open="(case:\d+)"', html)


def test_the_most_valuable_deal_comes_first_and_opens_its_case(world: World) -> None:
    html = shown(world, risk.VIEW)
    assert html.index("&lt;Acme B&gt;") < html.index("&lt;Acme A&gt;")
    assert "<Acme" not in html
    assert opened(html)


def test_a_sign_says_value_threshold_number_and_blind_spot(world: World) -> None:
    html = shown(world, risk.VIEW)
    sign = re.search(r'figure:sign:(deal:\d+/K02)', html)
    assert sign
    found = risk.VIEW.evidence["sign"](read_of(world), Filters(), NOW_T, sign[1])
    assert "Value 20 d, worth checking from 14 d (fixed). Cannot see: talk where" in found.title
    assert [row.label.customer for row in found.rows] == ["<Acme B>"]


def test_every_indicator_and_every_check_can_be_opened(world: World) -> None:
    for name in INDICATORS:
        assert name in risk.VIEW.evidence["indicator"](read_of(world), Filters(), NOW_T, name).title
    for check in CHECKS:
        assert check.title in record.VIEW.evidence["check"](read_of(world), Filters(), NOW_T, check.id).title


@pytest.mark.parametrize("word", ["", "nonsense", "deal:1/K99", "deal:999999/K01"])
def test_what_is_not_there_is_said(world: World, word: str) -> None:
    for name in ("sign", "queue", "indicator"):
        assert risk.VIEW.evidence[name](read_of(world), Filters(), NOW_T, word).rows == []


def test_no_chance_is_shown_before_it_is_proved(world: World) -> None:
    html = shown(world, risk.VIEW)
    assert "not told" in html
    assert "No chance is shown: not enough yet" in html


def test_a_proved_chance_shows_its_reliability() -> None:
    bins = [Bin(100, 0.1, 0.12), Bin(100, 0.7, 0.66)]
    quality = Quality(200, 400, 0.4, 0.8, 0.15, 0.24, 0.03, 0.01, bins)
    html = to_html(_risk_rows.forecasts([Forecast("won", "Deal is won", quality, "", {1: 0.7})]))
    assert "AUC 0.80, Brier 0.150 (plain share 0.240), calibration error 0.030" in html
    assert "told 70 %, true 66 % of 100" in html
    silent = to_html(_risk_rows.forecasts([Forecast("won", "Deal is won", quality, "it was off", {})]))
    assert "No chance is shown: it was off" in silent
    assert "odds-box" not in silent


def test_the_board_narrows_to_a_kind_and_an_indicator(world: World) -> None:
    assert len(opened(shown(world, risk.VIEW, Filters(group="deal")))) == 3
    assert not opened(shown(world, risk.VIEW, Filters(group="queue")))
    assert "Nothing that fits is worth checking now." in shown(world, risk.VIEW, Filters(rule="K23"))


def test_the_record_shows_what_it_says_and_what_was_seen(world: World) -> None:
    html = shown(world, record.VIEW)
    assert "0 %" in html
    assert "0 of 75,000" in html
    assert "stage Proposal" in html
    assert "no talk for 20 d" in html
    assert "1 without an amount" in html
    assert len(opened(html)) == 3


def test_a_manager_of_another_team_sees_none_of_it(world: World) -> None:
    for view in (risk.VIEW, record.VIEW):
        html = shown(world, view, person=SOUTHERNER)
        assert "Acme" not in html
        assert "cannot be shown" not in html
    assert "No open deal is known." in shown(world, record.VIEW, person=SOUTHERNER)


def test_only_managers_have_these_pages() -> None:
    assert risk.VIEW.roles == record.VIEW.roles == frozenset({Role.MANAGER})


def test_words_are_about_items_and_not_about_people(world: World) -> None:
    html = (shown(world, risk.VIEW) + shown(world, record.VIEW)).lower()
    assert not {word for word in ("offender", "violation", "culprit", "worst performer") if word in html}
