"""Somebody hands over files: they are taken for what they are, shown while they come, and never taken twice."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors._import import Bar, Importer, Wishes, parsed_mapping
from data.errors import FixSettings
from data.scope import SYSTEM
from data.settings import Firm, Settings
from data.store import Store
from data.writer import Writer

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT.parent / "shared" / "datasets" / "eventlogs"
STEPS = ("asked", "offered", "signed")


class Desk:
    """An open store and what was written on the terminal."""

    def __init__(self) -> None:
        self.store = Store.open(":memory:")
        self.writer = Writer(self.store)
        self.writer.start()
        self.shown: list[str] = []

    def importer(self, *, terminal: bool = False, confirm: bool = True, **mapping: str) -> Importer:
        wishes = Wishes(mapping, lambda text: self.shown.append(text) or confirm, self.shown.append, terminal)
        return Importer(Settings(firm=Firm(time_zone="Europe/Zurich")), self.store, self.writer, wishes)

    def rows(self, sql: str) -> list[dict[str, object]]:
        return self.store.read(sql, {}, SYSTEM)


@pytest.fixture
def desk() -> Iterator[Desk]:
    built = Desk()
    yield built
    built.writer.stop()
    built.store.close()


def table(file: Path, cases: int) -> Path:
    """A table with three steps for each case; times are local and name no zone."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["number", "step", "stamp"])
        rows.writerows([f"A{case}", step, f"2026-07-{1 + case % 28:02d} {9 + hour:02d}:{case // 28 % 60:02d}:00"]
                       for case in range(cases) for hour, step in enumerate(STEPS))
    return file


def mbox(file: Path, mails: int) -> Path:
    text = "".join(f"From x Mon May  4 09:00:00 2026\nMessage-ID: <m{n}@x.example>\nFrom: ana@customer.example\n"
                   f"To: desk@firm.example\nDate: Mon, 4 May 2026 09:{n % 60:02d}:00 +0000\n\nHi\n\n"
                   for n in range(mails))
    file.write_text(text, encoding="utf-8")
    return file


def test_a_table_is_imported_after_its_mapping_was_agreed_to(desk: Desk, tmp_path: Path) -> None:
    (done,) = desk.importer(case="number", activity="step", time="stamp").run([table(tmp_path / "deals.csv", 50)])
    assert (done.state, done.kind, done.source, done.tally.n_new, done.reasons) == ("live", "csv", "deals", 150, {})
    assert "number" in desk.shown[0]
    assert "stamp" in desk.shown[0]
    assert "150 records" in desk.shown[-1]
    names = {row["name"] for row in desk.rows("SELECT name FROM activity")}
    assert set(STEPS) <= names
    # Nine o'clock in a Zurich summer is seven o'clock UTC: the firm's own zone holds where a file names none.
    first = desk.rows("SELECT min(t) AS t FROM event")[0]["t"]
    assert first == 1_782_889_200_000_000
    assert desk.rows("SELECT state, title FROM source") == [{"state": "off", "title": "deals.csv"}]


def test_a_mapping_that_is_not_agreed_to_leaves_the_file_out(desk: Desk, tmp_path: Path) -> None:
    (done,) = desk.importer(confirm=False, activity="step").run([table(tmp_path / "deals.csv", 20)])
    assert (done.state, done.tally.n_new) == ("off", 0)
    assert desk.rows("SELECT seq FROM event") == []


def test_the_same_file_again_brings_nothing_new(desk: Desk, tmp_path: Path) -> None:
    file = table(tmp_path / "deals.csv", 50)
    desk.importer(activity="step").run([file])
    (again,) = desk.importer(activity="step").run([file])
    assert (again.state, again.tally.n_new) == ("live", 0)
    assert "imported before" in again.message
    assert len(desk.rows("SELECT seq FROM event")) == 150


def test_mail_is_told_apart_from_logs_and_both_come_in_one_go(desk: Desk, tmp_path: Path) -> None:
    settings = Settings(firm=Firm(own_domains=("firm.example",)))
    named = tmp_path / "named.csv"
    named.write_text(table(tmp_path / "deals.csv", 5).read_text().replace("step", "activity"))
    done = Importer(settings, desk.store, desk.writer).run([named, mbox(tmp_path / "desk.mbox", 40)])
    assert [(one.kind, one.tally.n_new) for one in done] == [("csv", 15), ("mail", 40)]


def test_an_import_that_was_broken_off_goes_on_where_it_stopped(desk: Desk, tmp_path: Path) -> None:
    file = mbox(tmp_path / "desk.mbox", 1200)
    settings = Settings(firm=Firm(own_domains=("firm.example",)))

    def stop(text: str) -> None:
        raise KeyboardInterrupt

    # The bar moves after each page that is stored: somebody presses Ctrl-C at the first one.
    broken = Importer(settings, desk.store, desk.writer, Wishes(write=stop, terminal=True))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("connectors._import._TERMINAL_SECONDS", 0.0)
        broken.run([file])
    had = len(desk.rows("SELECT seq FROM event"))
    assert 0 < had < 1200
    (rest,) = Importer(settings, desk.store, desk.writer).run([file])
    assert (rest.state, rest.tally.n_new, rest.tally.n_again) == ("live", 1200 - had, 0)
    assert len(desk.rows("SELECT seq FROM event")) == 1200


@pytest.mark.parametrize(("mapping", "says"), [
    ({"csae": "number"}, "did you mean 'case'?"), ({"case": "nummer"}, "nummer"),
    ({"times": "{ broken"}, "no list or table"),
])
def test_a_wrong_wish_is_explained_before_anything_is_stored(
        desk: Desk, tmp_path: Path, mapping: dict[str, str], says: str) -> None:
    with pytest.raises(FixSettings, match=says.replace("?", r"\?")):
        desk.importer(**mapping).run([table(tmp_path / "deals.csv", 5)])
    assert desk.rows("SELECT id FROM source") == []


def test_files_that_cannot_be_imported_are_named(desk: Desk, tmp_path: Path) -> None:
    noise = tmp_path / "noise.bin"
    noise.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(FixSettings, match=r"noise\.bin"):
        desk.importer().run([noise])
    with pytest.raises(FixSettings, match=r"gone\.csv does not exist"):
        desk.importer().run([tmp_path / "gone.csv"])


def test_two_files_of_one_name_are_not_mixed(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    files = [table(tmp_path / "deals.csv", 5), table(tmp_path / "old" / "deals.csv", 5)]
    with pytest.raises(FixSettings, match="would both be source 'deals'"):
        desk.importer(activity="step").run(files)


def test_the_summary_says_what_was_set_aside_and_why(desk: Desk, tmp_path: Path) -> None:
    file = table(tmp_path / "deals.csv", 20)
    file.write_text(file.read_text() + "A1,asked,\n,asked,2026-07-01 09:00:00\n", encoding="utf-8")
    (done,) = desk.importer(activity="step").run([file])
    assert (done.tally.n_new, done.tally.n_aside, sum(done.reasons.values())) == (60, 2, 2)
    told = str(done)
    assert "60 new, 0 known already, 2 set aside" in told
    assert all(f"set aside {number}: {reason}" in told for reason, number in done.reasons.items())


def test_a_real_log_comes_whole(desk: Desk) -> None:
    file = LOGS / "receipt.xes.gz"
    if not file.exists():
        pytest.skip(f"{file.name} is not here: it is one of the shared event logs beside the repository")
    (done,) = desk.importer().run([file])
    assert (done.kind, done.source, done.tally.n_new, done.state) == ("xes", "receipt", 8577, "live")


def test_the_bar_tells_share_rate_and_time_left_on_one_moving_line() -> None:
    seconds = iter([0.0, 0.1, 10.0, 10.0, 10.0, 20.0, 20.0])
    shown: list[str] = []
    bar = Bar("log.csv", 1000, shown.append, terminal=True, clock=lambda: next(seconds))
    bar.moved(10, 990)
    bar.moved(240, 750)
    bar.end(complete=True)
    assert shown[0].startswith("\rlog.csv  [######------------------]  25%")
    assert "250 records, 25 a second, 30 s left" in shown[0]
    assert "100%" in shown[1]
    assert shown[-1] == "\n"


def test_elsewhere_the_bar_is_plain_lines_that_do_not_flood() -> None:
    seconds = iter(range(100))
    shown: list[str] = []
    bar = Bar("log.csv", None, shown.append, terminal=False, clock=lambda: float(next(seconds)))
    for _ in range(20):
        bar.moved(5, None)
    assert all(line.endswith("\n") and "\r" not in line and "[" not in line for line in shown)
    assert 2 <= len(shown) <= 5


def test_mapping_words_are_taken_apart() -> None:
    assert parsed_mapping(["case=number", "activity={state} by {group}", "a=b=c"]) == {
        "case": "number", "activity": "{state} by {group}", "a": "b=c"}
    with pytest.raises(FixSettings, match="--map case=number"):
        parsed_mapping(["number"])
