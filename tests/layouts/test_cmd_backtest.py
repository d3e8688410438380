"""`python app.py backtest`: a pack is tried on the file and told as a table or as JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.errors import FixSettings
from data.event import Event, Ref
from data.page import Page
from data.settings import Settings
from data.store import Store
from data.writer import Writer
from layouts import _cmd_backtest
from metrics._backtest import VERDICTS

PACK = """pack: mine
title: Rules of mine
rules:
  - {id: MY-01, title: Answered within an hour, object: ticket, template: response,
     activation: {activity: msg.in}, target: {activity: msg.out}, within: 1 h}
  - {id: MY-02, title: Never heard of, object: ticket, template: absence, activation: {activity: referral}}
"""
DAY = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "mine.yaml").write_text(PACK, encoding="utf8")
    store = Store.open(tmp_path / "front.duckdb")
    writer = Writer(store, [])
    writer.start()
    said = [Event(f"in-{n}", DAY + timedelta(days=n), "msg.in", [Ref("ticket", str(n))]) for n in range(4)]
    said.append(Event("out", DAY + timedelta(minutes=30), "msg.out", [Ref("ticket", "0")]))
    writer.put("desk", Page({}, events=said, watermark=DAY + timedelta(days=9)))
    writer.stop()
    yield store
    store.close()


def told(db: Store, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    parser = ArgumentParser()
    _cmd_backtest.arguments(parser)

    @contextmanager
    def opened(settings: Settings, *, create: bool) -> Iterator[tuple[Store, Any]]:
        assert not create
        yield db, None

    pack = str(Path(db.path).parent / "mine.yaml")
    _cmd_backtest.run(opened, Settings(), parser.parse_args([pack, *words]))
    return capsys.readouterr().out


def test_the_json_has_every_figure_of_every_rule(db: Store, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(told(db, capsys, "--json"))
    assert (found["pack"], found["closed"]) == ("mine", False)
    one, two = found["rules"]
    assert {"id", "activations", *VERDICTS, "conformance", "load_per_reviewer_and_day"} <= one.keys()
    assert (one["id"], one["activations"], one["fulfilled"], one["violated"]) == ("MY-01", 4, 1, 3)
    assert (one["conformance"], one["load_per_reviewer_and_day"], len(one["hits"])) == (0.25, 0.75, 3)
    assert (two["activations"], two["conformance"], two["missing"]) == (0, None, ["referral"])


@pytest.mark.parametrize(("words", "n"), [
    (("--since", "2026-03-03"), 3), (("--until", "2026-03-03"), 1), (("--since", "2026-03-03T08:00Z"), 3),
    (("--since", "2026-03-03T08:01Z", "--until", "2026-03-05T08:00Z"), 1)])
def test_since_and_until_are_days_or_moments(
    db: Store, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], n: int
) -> None:
    assert json.loads(told(db, capsys, "--json", *words))["rules"][0]["activations"] == n


def test_the_table_says_what_no_source_has_brought(db: Store, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(db, capsys, "--reviewers", "3").splitlines()
    assert lines[0].split()[:3] == ["rule", "activations", "pending"]
    assert lines[1].split() == ["MY-01", "4", "0", "1", "3", "0", "0", "0", "0", "25.0", "%", "0.2"]
    assert lines[3].strip() == "no source has brought referral"


def test_a_moment_that_is_none_is_told_so(db: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(FixSettings, match="is no moment"):
        told(db, capsys, "--since", "last year")
