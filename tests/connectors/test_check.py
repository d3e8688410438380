"""`app.py check`: somebody sets Frontview up and learns what is missing, in words that lead on."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors._check import Finding, check
from connectors._contract import Connector, Opening, Setting
from data.event import Event, Ref
from data.page import Cursor, Page
from data.settings import Firm, Rules, Server, Settings, SourceSettings, StorePlace
from data.store import Store
from data.writer import Writer

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.now(UTC)


class Asked:
    """A source whose check answers, raises or hangs as it was told."""

    def __init__(self, answer: Callable[[], Sequence[str]]) -> None:
        self.answer = answer
        self.closed = threading.Event()

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        yield from ()

    def wait(self, seconds: float) -> bool:
        return False

    def check(self) -> Sequence[str]:
        return self.answer()

    def close(self) -> None:
        self.closed.set()


def connector(answer: Callable[[], Sequence[str]]) -> Connector:
    settings = [Setting("host", "the server's name", ""), Setting("password", "the password", secret=True)]

    def opening(given: Opening) -> Asked:
        return Asked(answer)

    return Connector("asked", "Asked", "pull", ["msg.in"], settings, "Nothing is seen.", opening)


def found(findings: Sequence[Finding], *words: str) -> Finding:
    """The one finding with these words in it."""
    fitting = [one for one in findings if all(word in one.what for word in words)]
    assert len(fitting) == 1, [one.what for one in findings]
    return fitting[0]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Settings(firm=Firm(own_domains=("firm.example",)), server=Server(port=port),
                    store=StorePlace(tmp_path / "new" / "facts.duckdb"),
                    sources={"one": SourceSettings("one", "asked", "One")})


def looked(settings: Settings, answer: Callable[[], Sequence[str]] = lambda: [], **how: float) -> list[Finding]:
    return check(settings, {"asked": connector(answer)}, now=NOW, **how)


def filled(db: Path, at: datetime = NOW) -> None:
    store = Store.open(db)
    writer = Writer(store, clock=lambda: int(at.timestamp() * 1_000_000))
    writer.start()
    writer.put("one", Page({}, [Event(f"e{n}", NOW - timedelta(days=1), "msg.in", [Ref("case", "c")])
                                for n in range(1234)]))
    writer.stop()
    store.close()


def test_where_all_is_well_nothing_needs_a_remedy(settings: Settings) -> None:
    findings = looked(settings)
    assert found(findings, "source 'one'", "answers").level == "ok"
    assert found(findings, "will be made at the first start").level == "ok"
    assert found(findings, "Python", "cores").level == "ok"
    assert found(findings, f"{settings.server.port} is free").level == "ok"
    assert all(bool(one.remedy) == (one.level != "ok") for one in findings)


def test_the_database_is_counted(settings: Settings) -> None:
    filled(settings.store.db)
    assert "1,234 events of 1 sources" in found(looked(settings), "database", "events").what


def test_a_source_in_trouble_is_quoted(settings: Settings) -> None:
    findings = looked(settings, lambda: ["the password is refused; set it anew", "no folder is called 'Snt'"])
    assert found(findings, "the password is refused").level == "problem"
    assert "[sources.one]" in found(findings, "'Snt'").remedy
    assert str(found(findings, "'Snt'")).startswith("problem  source 'one' (asked): no folder")


def test_a_check_that_breaks_is_our_fault_and_tells_nothing_personal(settings: Settings) -> None:
    def breaking() -> Sequence[str]:
        raise ValueError("ana@customer.example")

    finding = found(looked(settings, breaking), "ValueError")
    assert finding.level == "problem"
    assert "ana" not in finding.what


def test_one_source_that_hangs_does_not_hold_up_the_others(settings: Settings) -> None:
    released, calls = threading.Event(), iter([True, False])

    def hanging() -> Sequence[str]:
        if next(calls):
            released.wait()
        return []

    two = Settings(sources={name: SourceSettings(name, "asked", name) for name in ("one", "two")},
                   store=settings.store, server=settings.server)
    findings = looked(two, hanging, source_seconds=0.5)
    released.set()
    assert found(findings, "did not answer within 0.5 s").level == "problem"
    assert len([one for one in findings if "answers" in one.what]) == 1


def test_a_source_that_is_set_wrongly_is_explained(settings: Settings) -> None:
    wrong = Settings(sources={"one": SourceSettings("one", "asked", "One", values={"hots": "x"}),
                              "two": SourceSettings("two", "aksed", "Two")}, store=settings.store,
                     server=settings.server)
    findings = looked(wrong)
    assert "did you mean 'host'?" in found(findings, "'hots'").what
    assert "did you mean 'asked'?" in found(findings, "'aksed'").what


def test_no_source_no_domain_and_no_such_folder_are_pointed_out(settings: Settings, tmp_path: Path) -> None:
    bare = Settings(store=settings.store, server=settings.server, rules=Rules(packs=(str(tmp_path / "none"),)))
    assert "demo" in found(looked(bare), "no source is configured").remedy
    assert found(looked(bare), "no folder").level == "problem"
    unknown = Settings(sources=settings.sources, store=settings.store, server=settings.server)
    assert found(looked(unknown), "own_domains is empty").level == "warning"


def test_a_password_that_everybody_can_read_is_pointed_out(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "frontview.toml"
    file.write_text("x")
    file.chmod(0o644)
    given = {"one": SourceSettings("one", "asked", "One", values={"password": "hunter2"})}
    open_to_all = Settings(sources=given, store=settings.store, server=settings.server, file=file)
    finding = found(looked(open_to_all), "can be read by others")
    assert "[sources.one] password" in finding.what
    assert "hunter2" not in finding.what
    file.chmod(0o600)
    assert not [one for one in looked(open_to_all) if "can be read by others" in one.what]


def test_a_database_in_use_names_who_uses_it(settings: Settings) -> None:
    filled(settings.store.db)
    code = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code, str(settings.store.db)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        finding = found(looked(settings), "in use by")
        holder.communicate("")
    assert finding.level == "warning"
    assert str(holder.pid) in finding.what


def test_a_file_that_is_no_database_is_a_problem(settings: Settings) -> None:
    settings.store.db.parent.mkdir()
    settings.store.db.write_bytes(b"this is no database at all " * 500)
    finding = next(one for one in looked(settings) if str(settings.store.db) in one.what)
    assert finding.level == "problem"
    assert finding.remedy


def test_a_port_that_is_taken_or_elsewhere_is_said(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.server.port))
        taken.listen()
        assert found(looked(settings), f"{settings.server.port} is taken").level == "warning"
    elsewhere = Settings(server=Server(host="192.0.2.1", port=8050), store=settings.store)
    assert found(looked(elsewhere), "192.0.2.1:8050 is no address of this machine").level == "problem"


def test_a_clock_that_cannot_be_right_is_said(settings: Settings) -> None:
    filled(settings.store.db, at=NOW + timedelta(days=400))
    assert found(looked(settings), "was last written on").level == "warning"
    early = check(settings, {"asked": connector(lambda: [])}, now=datetime(2001, 1, 1, tzinfo=UTC))
    assert found(early, "before this program was installed").level == "problem"
