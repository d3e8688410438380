"""Every page: what it sends has a place in its layout, and every figure opens cases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import live_world
import pytest
from live_world import NOW_T, PERSONAS, World
from plotly.utils import PlotlyJSONEncoder

import layouts
import metrics
from data.plugins import discover
from data.scope import Principal
from layouts import _shell
from layouts._auth import viewer
from layouts._contract import Properties, View
from layouts._html import to_html
from metrics._contract import Filters, Metric, Read

VIEWS: dict[str, View] = discover(layouts, "VIEW")
PAIRS = [(view, person) for view in VIEWS.values() for person in PERSONAS if person.role in view.roles]


def shown(sent: Properties) -> str:
    """What the stream sends, as HTML."""
    return to_html([values["children"] for values in sent.values()])


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = live_world.make()
    yield made
    made.close()


@pytest.mark.parametrize(("view", "person"), PAIRS, ids=lambda x: x.id if isinstance(x, View) else x.login)
def test_all_that_is_sent_has_a_place_on_the_page(world: World, view: View, person: Principal) -> None:
    token = viewer.set(person)
    page = json.dumps(_shell.layout(VIEWS, is_demo=True), cls=PlotlyJSONEncoder)
    viewer.reset(token)
    read = Read(world.store.read, person.scope)
    for window in ("15m", "1h", "8h", "24h"):
        sent = view.properties(read, Filters(window=window), NOW_T, also=(_shell.SHELL,))
        assert "cannot be shown" not in shown(sent)
        for name in sent:
            assert f'"id": "{name}"' in page, name


@pytest.mark.parametrize(("view", "person"), PAIRS, ids=lambda x: x.id if isinstance(x, View) else x.login)
def test_every_figure_that_can_be_opened_has_cases(world: World, view: View, person: Principal) -> None:
    read = Read(world.store.read, person.scope)
    page = to_html(view.layout()) + shown(view.properties(read, Filters(), NOW_T))
    opened = {part.split(":")[0].split('"')[0] for part in page.split('"figure:')[1:]}
    assert opened <= set(view.evidence)
    for name in opened:
        found = view.evidence[name](read, Filters(), NOW_T, "")
        assert found.title


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda view: view.id)
def test_a_page_is_idle_when_nothing_changed(world: World, view: View) -> None:
    person = next(p for p in PERSONAS if p.role in view.roles)
    read = Read(world.store.read, person.scope)
    assert shown(view.properties(read, Filters(), NOW_T)) == shown(view.properties(read, Filters(), NOW_T))


def test_paths_and_ids_are_told_apart() -> None:
    assert len({view.path for view in VIEWS.values()}) == len(VIEWS)
    assert all(view.path.startswith("/") and view.roles for view in VIEWS.values())


def test_no_page_knows_sql_or_the_database() -> None:
    for path in Path(layouts.__path__[0]).glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "import duckdb" not in text
        assert "SELECT " not in text, path.name


def test_every_metric_says_how_it_is_computed_and_what_it_cannot_see() -> None:
    for metric in discover(metrics, "METRIC").values():
        assert isinstance(metric, Metric)
        assert metric.formula and metric.blind and metric.title


def test_nothing_on_a_page_asks_the_internet() -> None:
    for path in Path(layouts.__path__[0]).rglob("*"):
        if path.suffix in {".js", ".css", ".html", ".svg"}:
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org", "")
            assert "http://" not in text, path.name
            assert "https://" not in text, path.name
