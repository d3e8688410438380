"""An administrator writes frontview.toml by hand: what is right is taken as meant, what is wrong is explained."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from data.errors import FixSettings
from data.settings import EXAMPLE, Settings, SourceSettings, demo, example, load, source_values

Write = Callable[[str], Path]


@dataclass(frozen=True)
class Setting:
    """What a connector says of one of its keys."""

    name: str
    help: str
    default: Any = None
    required: bool = False
    secret: bool = False


IMAP = [
    Setting("host", "the server's name", required=True),
    Setting("port", "its port", 993),
    Setting("password", "the password", required=True, secret=True),
    Setting("folders", "which folders to read", ("INBOX",)),
    Setting("tls", "whether to encrypt", True),
    Setting("pause_seconds", "how long to wait", 0.5),
]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        file = tmp_path / "frontview.toml"
        file.write_text(text, encoding="utf-8")
        return file
    return written


def source(settings: Settings) -> SourceSettings:
    return settings.sources["mail"]


def test_everything_written_is_taken_over(write: Write, tmp_path: Path) -> None:
    settings = load(write("""
        [firm]
        name = "Acme"
        own_domains = ["ACME.example"]
        time_zone = "Europe/Berlin"
        [server]
        port = 9000
        public_url = "https://front.acme.example"
        [store]
        db = "var/acme.duckdb"
        [teams]
        "Sales" = ["Ana@acme.example", "ben@acme.example"]
        "Außendienst" = ["cleo@acme.example"]
        [rules]
        packs = ["packs"]
        disable = ["COR-05"]
        [privacy]
        exclude = ["doctor.example"]
        [calendars.default]
        open = "09:00-12:00, 13:00-17:30"
        days = "mon-thu, sat"
        holidays = [2026-12-25, "2027-01-01"]
        [calendars.night]
        zone = "America/New_York"
        days = "fri-mon"
        [sources.mail]
        connector = "imap"
        host = "imap.acme.example"
        every_seconds = 30
    """), {})
    assert (settings.firm.name, settings.firm.own_domains) == ("Acme", ("acme.example",))
    assert (settings.server.port, settings.server.host, settings.server.secure) == (9000, "127.0.0.1", True)
    assert settings.store.db == tmp_path / "var" / "acme.duckdb"
    assert settings.rules.packs == (str(tmp_path / "packs"),)
    assert settings.team_of == {"ana@acme.example": "Sales", "ben@acme.example": "Sales",
                                "cleo@acme.example": "Außendienst"}
    calendar = settings.calendars["default"]
    assert calendar.zone == "Europe/Berlin"
    assert calendar.spans == ((time(9), time(12)), (time(13), time(17, 30)))
    assert calendar.weekdays == {0, 1, 2, 3, 5}
    assert calendar.holidays == (date(2026, 12, 25), date(2027, 1, 1))
    assert settings.calendars["night"].weekdays == {4, 5, 6, 0}
    assert source(settings).title == "mail"
    assert source(settings).every_seconds == 30
    assert source(settings).values == {"host": "imap.acme.example"}


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(environ={})
    assert settings.sources == {}
    assert settings.server.port == 8050
    assert settings.calendars["default"].weekdays == {0, 1, 2, 3, 4}
    assert settings.store.db.is_absolute()


def test_the_file_of_the_current_folder_is_found(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write('[firm]\nname = "Here"').parent)
    assert load(environ={}).firm.name == "Here"


def test_the_environment_has_the_last_word(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTVIEW_DB", "/elsewhere/facts.duckdb")
    monkeypatch.setenv("FRONTVIEW_PORT", "8765")
    settings = load(write('[server]\nport = 9000\n[store]\ndb = "a.duckdb"'))
    assert (str(settings.store.db), settings.server.port) == ("/elsewhere/facts.duckdb", 8765)


def test_the_demonstration_needs_no_file_and_keeps_to_its_own_database() -> None:
    assert demo({}).firm.demo
    assert demo({}).store.db.name == "demo.duckdb"
    assert demo({"FRONTVIEW_DB": "/x/y.duckdb"}).store.db == Path("/x/y.duckdb")


def test_the_example_loads_as_it_stands_and_shows_every_table() -> None:
    settings = load(EXAMPLE, {})
    assert example() == EXAMPLE.read_text(encoding="utf-8")
    assert settings.teams
    assert settings.sources
    shown = set(tomllib.loads(example().replace("# [store]", "[store]")))
    assert shown == {"firm", "server", "store", "teams", "calendars", "rules", "privacy", "sources"}


@pytest.mark.parametrize(("text", "says"), [
    ("[frim]\n", ["'frim'", "did you mean 'firm'?"]),
    ('[firm]\nnmae = "x"', ["[firm]", "'nmae'", "did you mean 'name'?"]),
    ('firm = "x"', ["'firm'", "'x'", "a table"]),
    ('[server]\nport = "8050"', ["[server]", "'port'", "'8050'", "without quotes"]),
    ("[server]\nport = true", ["'port'", "true", "a whole number"]),
    ("[server]\nport = 99999", ["99999", "no port"]),
    ("[server]\nsession_hours = 0", ["session_hours", "0"]),
    ("[firm]\ndemo = 1", ["'demo'", "true or false"]),
    ('[firm]\nown_domains = "acme.example"', ["'own_domains'", "a list of texts"]),
    ('[firm]\nown_domains = ["ana@acme.example"]', ["own_domains", "'ana@acme.example'", "follows the @"]),
    ('[firm]\ntime_zone = "Europe/Berlim"', ["time_zone", "did you mean 'Europe/Berlin'?"]),
    ('[calendars.default]\nzone = "Mars"', ["[calendars.default]", "'Mars'"]),
    ('[calendars.default]\nopens = "9-5"', ["'opens'", "did you mean 'open'?"]),
    ('[calendars.default]\nopen = "9-5"', ["'9-5'", "09:00-17:00"]),
    ('[calendars.default]\nopen = "17:00-09:00"', ["'17:00-09:00'", "does not run forward"]),
    ('[calendars.default]\ndays = "mon-frei"', ["'mon-frei'", "mon-fri"]),
    ('[calendars.default]\nholidays = ["25.12.2026"]', ["'holidays'", "25.12.2026", "2026-12-25"]),
    ('[teams]\nA = ["x@y.example"]\nB = ["X@y.example"]', ["'B'", "'x@y.example'", "in team 'A' too"]),
    ('[teams]\nA = "x@y.example"', ["'A'", "a list of texts"]),
    ('[sources.mail]\nhost = "x"', ["[sources.mail]", "'connector' is missing"]),
    ('[sources."My mail"]\nconnector = "imap"', ["'My mail'", "small letters"]),
    ("[sources]\nmail = 3", ["[sources.mail]", "3", "a table"]),
    ('[sources.mail]\nconnector = "imap"\nevery_seconds = 0', ["every_seconds", "0", "once a second"]),
    ("[firm\n", ["TOML", "line 1"]),
])
def test_a_mistake_is_named_with_its_place_and_its_remedy(write: Write, text: str, says: list[str]) -> None:
    with pytest.raises(FixSettings) as refused:
        load(write(text), {})
    assert [part for part in ["frontview.toml", *says] if part not in str(refused.value)] == []


def test_a_port_in_the_environment_that_is_none_is_refused(write: Write) -> None:
    with pytest.raises(FixSettings, match="FRONTVIEW_PORT is 'http'"):
        load(write(""), {"FRONTVIEW_PORT": "http"})


def test_a_file_that_is_not_there_leads_to_the_example(tmp_path: Path) -> None:
    with pytest.raises(FixSettings, match=r"does not exist.*frontview\.example\.toml"):
        load(tmp_path / "none.toml", {})


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    file = tmp_path / "frontview.toml"
    file.write_bytes('[firm]\nname = "Müller"'.encode("latin-1"))
    with pytest.raises(FixSettings, match="not UTF-8"):
        load(file, {})


def test_a_file_saved_by_a_windows_editor_is_read(tmp_path: Path) -> None:
    file = tmp_path / "frontview.toml"
    file.write_bytes('[firm]\r\nname = "Müller"\r\n'.encode("utf-8-sig"))
    assert load(file, {}).firm.name == "Müller"


MAIL = '[sources.mail]\nconnector = "imap"\nhost = "h.example"\n'


def test_a_source_gets_its_values_with_defaults_and_secrets(write: Write) -> None:
    settings = load(write(MAIL + 'password = "env:MAIL_PASSWORD"\npause_seconds = 2'), {"MAIL_PASSWORD": "s3cret"})
    assert source_values(settings, source(settings), IMAP) == {
        "host": "h.example", "port": 993, "password": "s3cret", "folders": ("INBOX",), "tls": True,
        "pause_seconds": 2}


def test_a_secret_is_read_from_a_file_beside_the_settings(write: Write, tmp_path: Path) -> None:
    (tmp_path / "mail.secret").write_text("from-file\n", encoding="utf-8")
    settings = load(write(MAIL + 'password = "file:mail.secret"'), {})
    assert source_values(settings, source(settings), IMAP)["password"] == "from-file"


def test_a_secret_may_hold_a_colon(write: Write) -> None:
    settings = load(write(MAIL + 'password = "ab:cd"'), {})
    assert source_values(settings, source(settings), IMAP)["password"] == "ab:cd"


@pytest.mark.parametrize(("line", "says"), [
    ("", ["'password' is missing", "the password"]),
    ('password = "env:NOT_SET"', ["'password'", "NOT_SET", "set it before"]),
    ('password = "file:nowhere"', ["'password'", "nowhere", "cannot be read"]),
    ('password = "file:empty"', ["'password'", "is empty"]),
    ("password = 1234", ["'password'", "in quotes"]),
    ('password = "p"\nfolder = ["INBOX"]', ["'folder'", "did you mean 'folders'?"]),
    ('password = "p"\nport = "993"', ["'port'", "'993'", "a whole number"]),
    ('password = "p"\ntls = "yes"', ["'tls'", "'yes'", "true or false"]),
    ('password = "p"\nfolders = "INBOX"', ["'folders'", "'INBOX'", "a list"]),
])
def test_a_source_set_wrongly_is_explained(write: Write, tmp_path: Path, line: str, says: list[str]) -> None:
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    settings = load(write(MAIL + line), {})
    with pytest.raises(FixSettings) as refused:
        source_values(settings, source(settings), IMAP)
    assert [part for part in ["[sources.mail]", *says] if part not in str(refused.value)] == []


def test_no_secret_shows_where_settings_are_printed_or_refused(write: Write) -> None:
    text = MAIL + 'password = "hunter2"\nport = "x"'
    settings = load(write(text), {"OTHER_SECRET": "swordfish"})
    with pytest.raises(FixSettings) as refused:
        source_values(settings, source(settings), IMAP)
    for shown in (repr(settings), str(refused.value)):
        assert "hunter2" not in shown
        assert "swordfish" not in shown
    numeric = SourceSettings("mail", "imap", "Mail", values={"host": "h", "password": 987654})
    with pytest.raises(FixSettings) as refused:
        source_values(settings, numeric, IMAP)
    assert "987654" not in str(refused.value)
