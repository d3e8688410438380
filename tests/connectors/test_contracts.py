"""Every connector keeps the same promises, whoever wrote it: one more file is tested by being there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import connectors
from connectors._contract import Connector
from connectors._schedule import opened
from data.errors import FixSettings
from data.plugins import discover
from data.settings import EXAMPLE, SourceSettings, example, load, source_values
from data.vocabulary import ACTIVITIES

FOLDER = Path(connectors.__file__).parent
FOUND: dict[str, Connector] = discover(connectors, "CONNECTOR")
EVERY = pytest.mark.parametrize("connector", FOUND.values(), ids=FOUND.keys())
REQUIRING = [c for c in FOUND.values() if any(s.required for s in c.settings)]


@EVERY
def test_its_id_is_its_file(connector: Connector) -> None:
    assert (FOLDER / f"{connector.id}.py").is_file()
    assert connector.id in FOUND


@EVERY
def test_its_file_is_short_enough_to_be_read_at_once(connector: Connector) -> None:
    assert len((FOLDER / f"{connector.id}.py").read_text(encoding="utf-8").splitlines()) <= 150


@EVERY
def test_each_setting_says_what_it_is(connector: Connector) -> None:
    names = [setting.name for setting in connector.settings]
    assert len(set(names)) == len(names)
    for setting in connector.settings:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", setting.name)
        assert setting.name not in ("connector", "title", "every_seconds"), "these belong to every source"
        assert len(setting.help) >= 8, f"{setting.name} wants a word of help"
        assert not (setting.required and setting.default), f"{setting.name} has a default and so is not required"


@EVERY
def test_it_says_what_the_picture_lacks_without_it(connector: Connector) -> None:
    assert re.fullmatch(r"[A-Z].{20,}\.", connector.blind, re.DOTALL), "blind is a sentence"


@EVERY
def test_it_brings_activities_that_rules_know(connector: Connector) -> None:
    if connector.shape == "file":
        return  # an imported log keeps its own names
    assert connector.activities
    assert set(connector.activities) <= set(ACTIVITIES)


@EVERY
def test_it_promises_things_in_words(connector: Connector) -> None:
    assert connector.title
    assert connector.shape in ("pull", "push", "file")
    assert connector.every_seconds >= 1
    assert importlib.import_module(f"connectors.{connector.id}").__doc__


@pytest.mark.parametrize("connector", REQUIRING, ids=lambda c: c.id)
def test_without_its_settings_it_says_which_is_missing(connector: Connector) -> None:
    with pytest.raises(FixSettings) as refused:
        opened(load("/dev/null", {}), SourceSettings("one", connector.id, "One"), FOUND)
    missing = next(setting for setting in connector.settings if setting.required)
    assert missing.name in str(refused.value)
    assert "[sources.one]" in str(refused.value)


def test_the_example_of_the_settings_fits_the_connectors_in_it() -> None:
    settings = load(EXAMPLE, {"IMAP_PASSWORD": "x"})
    assert settings.sources
    for source in settings.sources.values():
        assert source_values(settings, source, FOUND[source.connector].settings)


def test_the_commented_sources_of_the_example_would_work(tmp_path: Path) -> None:
    """Whoever takes the marks of comment away has a file that loads and sources that open."""
    text = re.sub(r"^# (?=\[|\w+ = )", "", example(), flags=re.MULTILINE)
    file = tmp_path / "frontview.toml"
    file.write_text(text, encoding="utf-8")
    (tmp_path / "bluesky.secret").write_text("x")
    settings = load(file, {"IMAP_PASSWORD": "x", "ODOO_PASSWORD": "x"})
    assert len(settings.sources) > 3
    for source in settings.sources.values():
        opened(settings, source, FOUND).close()
