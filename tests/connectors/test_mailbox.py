"""Mail files that grow, are rewritten and are moved about, as mail programs do it."""

from __future__ import annotations

import mailbox as writers
import os
import tarfile
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors._contract import Opening, Page, Source
from connectors.mailbox import CONNECTOR, sniff
from data.errors import FixSettings

REAL = Path(__file__).parents[2] / "../shared/datasets/mail_rfc822/easy-ham-2_spam-1.tar.gz"


def source(path: Path, **given: Any) -> Source:
    """The connector on this path."""
    settings = {one.name: one.default for one in CONNECTOR.settings} | {"path": str(path)} | given
    return CONNECTOR.open(Opening("archive", settings, frozenset({"firm.example"})))


def ids(pages: Sequence[Page]) -> list[str]:
    """The events' ids in order."""
    return [event.source_id for page in pages for event in page.events]


def collect(path: Path, cursor: Mapping[str, Any] | None = None) -> tuple[list[str], Mapping[str, Any]]:
    """Ids of what came, and the cursor to go on from."""
    pages = list(source(path).pull(cursor or {}))
    return ids(pages), pages[-1].cursor


def mail(number: int, body: str = "Hello\n") -> bytes:
    """A raw mail with this number as its id."""
    return (f"From: carla@customer.example\nTo: anna@firm.example\nMessage-ID: <{number}@x>\n"
            f"Subject: Mail {number}\nDate: Mon, 2 Nov 2026 10:00:{number % 60:02} +0000\n\n{body}").encode()


def spool(path: Path, *numbers: int, body: str = "Hello\n") -> None:
    """Append mails to an mbox as a delivery agent does."""
    with path.open("ab") as stream:
        for number in numbers:
            stream.write(b"From carla@customer.example Mon Nov  2 10:00:00 2026\n" + mail(number, body) + b"\n")


def test_an_mbox_is_read_once_and_then_from_where_it_ended(tmp_path: Path) -> None:
    box = tmp_path / "inbox"
    spool(box, 1, 2, 3)
    found, cursor = collect(box)
    assert found == ["1@x", "2@x", "3@x"]
    assert collect(box, cursor) == ([], cursor)
    spool(box, 4)
    assert collect(box, cursor)[0] == ["4@x"]


def test_evidence_and_freshness_of_an_mbox(tmp_path: Path) -> None:
    box = tmp_path / "inbox"
    spool(box, 1)
    os.utime(box, (1_700_000_000, 1_700_000_000))
    [page] = source(box).pull({})
    assert page.watermark == datetime.fromtimestamp(1_700_000_000, UTC)
    assert {name: page.events[0].attrs[name] for name in ("folder", "offset", "size")} == {
        "folder": "inbox", "offset": 0, "size": box.stat().st_size}


def test_a_rewritten_mbox_is_read_again_with_the_same_ids(tmp_path: Path) -> None:
    box = tmp_path / "inbox"
    spool(box, 1, 2, 3)
    _, cursor = collect(box)
    box.unlink()
    spool(box, 2, 3, 4, body="Status lines and bodies of another length\n")
    assert collect(box, cursor)[0] == ["2@x", "3@x", "4@x"]
    box.unlink()
    spool(box, 2)
    assert collect(box, cursor)[0] == ["2@x"]


def test_a_mail_that_is_being_written_is_left_for_later(tmp_path: Path) -> None:
    box = tmp_path / "inbox"
    spool(box, 1, 2)
    whole = box.read_bytes()
    for cut in range(len(whole) + 1):
        box.write_bytes(whole[:cut])
        first, cursor = collect(box) if sniff(box) else ([], {})
        box.write_bytes(whole)
        later, _ = collect(box, cursor)
        assert sorted({*first, *later}) == ["1@x", "2@x"], f"cut at byte {cut}"


def test_from_lines_in_bodies_begin_no_mail(tmp_path: Path) -> None:
    box = tmp_path / "inbox"
    spool(box, 1, body="Dear all\n\nFrom here on it is easy.\nFrom: is no line of ours\nFrom x\n\nFrom y\n")
    spool(box, 2)
    assert collect(box)[0] == ["1@x", "2@x"]


def test_windows_line_ends(tmp_path: Path) -> None:
    box = tmp_path / "inbox"
    spool(box, 1, 2)
    box.write_bytes(box.read_bytes().replace(b"\n", b"\r\n"))
    assert collect(box)[0] == ["1@x", "2@x"]


def test_a_long_mbox_comes_in_pages_that_resume(tmp_path: Path) -> None:
    box = tmp_path / "inbox"
    spool(box, *range(1201))
    pages = list(source(box).pull({}))
    assert [len(page.events) for page in pages] == [500, 500, 201]
    assert [page.watermark is None for page in pages] == [True, True, False]
    assert collect(box, pages[0].cursor)[0] == ids(pages[1:])


def test_a_maildir_tells_of_each_mail_and_of_new_ones(tmp_path: Path) -> None:
    box = writers.Maildir(tmp_path / "Maildir", create=True)
    sent = box.add_folder("Sent")
    box.add(mail(1))
    sent.add(mail(2))
    found, cursor = collect(tmp_path / "Maildir")
    assert sorted(found) == ["1@x", "2@x"]
    assert collect(tmp_path / "Maildir", cursor)[0] == []
    box.add(mail(3))
    assert collect(tmp_path / "Maildir", cursor)[0] == ["3@x"]


def test_reading_mail_elsewhere_repeats_the_same_id(tmp_path: Path) -> None:
    box = writers.Maildir(tmp_path / "Maildir", create=True)
    key = box.add(mail(1))
    _, cursor = collect(tmp_path / "Maildir")
    message = box.get_message(key)
    message.set_subdir("cur")
    message.add_flag("S")
    box[key] = message
    assert set(collect(tmp_path / "Maildir", cursor)[0]) <= {"1@x"}
    assert collect(tmp_path / "Maildir")[0] == ["1@x"]


def test_old_files_dropped_into_a_folder_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.eml").write_bytes(mail(1))
    (tmp_path / "notes.txt").write_bytes(mail(9))
    found, cursor = collect(tmp_path)
    assert found == ["1@x"]
    (tmp_path / "sub/0.EML").write_bytes(mail(2))
    os.utime(tmp_path / "sub/0.EML", (1, 1))
    assert collect(tmp_path, cursor)[0] == ["2@x"]


def test_a_folder_comes_in_pages_that_resume(tmp_path: Path) -> None:
    for number in range(730):
        (tmp_path / f"{number}.eml").write_bytes(mail(number))
    pages = list(source(tmp_path).pull({}))
    assert [(len(page.events), page.behind) for page in pages] == [(500, 230), (230, 0)]
    assert collect(tmp_path, pages[0].cursor)[0] == ids(pages[1:])
    assert len(set(ids(pages))) == 730


def test_one_bad_file_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "bad.eml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "good.eml").write_bytes(mail(1))
    [page] = source(tmp_path).pull({})
    assert ids([page]) == ["1@x"]
    assert [(aside.reason, aside.excerpt) for aside in page.aside] == [
        ("it names no sender", f"folder {tmp_path.name}, inode {(tmp_path / 'bad.eml').stat().st_ino}")]


def test_a_single_mail_is_a_mailbox_too(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(mail(1))
    assert collect(tmp_path / "one.eml")[0] == ["1@x"]


def test_wait_wakes_for_new_mail_and_for_close(tmp_path: Path) -> None:
    box = tmp_path / "inbox"
    spool(box, 1)
    waiting = source(box)
    cursor = list(waiting.pull({}))[-1].cursor
    assert not waiting.wait(0.5)
    writer = threading.Timer(0.2, spool, (box, 2))
    writer.start()
    assert waiting.wait(60)
    writer.join()
    assert ids(list(waiting.pull(cursor))) == ["2@x"]
    closer = threading.Timer(0.2, waiting.close)
    closer.start()
    assert not waiting.wait(600)
    closer.join()
    waiting.close()


def test_an_empty_spool_is_fine_and_a_missing_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "spool").touch()
    assert collect(tmp_path / "spool")[0] == []
    assert source(tmp_path / "spool").check() == []
    with pytest.raises(FixSettings, match="cannot be read"):
        collect(tmp_path / "nowhere")
    assert "correct it" in source(tmp_path / "nowhere").check()[0]


def test_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("case,activity,time\n1,msg.in,2026-11-02\n")
    with pytest.raises(FixSettings, match="is no mail"):
        collect(tmp_path / "log.csv")


def test_sniff_tells_mail_from_other_files(tmp_path: Path) -> None:
    spool(tmp_path / "inbox", 1)
    (tmp_path / "mail").write_bytes(mail(1))
    writers.Maildir(tmp_path / "Maildir", create=True)
    (tmp_path / "log.csv").write_text("from,to,date\na,b,c\n")
    (tmp_path / "letter.txt").write_text("From here to there: a letter\nDate: today\n")
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    told = {path.name: sniff(path) for path in tmp_path.iterdir()}
    assert told == {"inbox": True, "mail": True, "Maildir": True, "log.csv": False, "letter.txt": False,
                    "empty": False, "folder": False}
    assert not sniff(tmp_path / "nowhere")
    assert not sniff(tmp_path.parent / "log.csv")


def test_check_asks_what_is_inside(tmp_path: Path) -> None:
    spool(tmp_path / "inbox", 1)
    settings = {one.name: one.default for one in CONNECTOR.settings} | {"path": str(tmp_path / "inbox")}
    [hint] = CONNECTOR.open(Opening("archive", settings)).check()
    assert "own_domains" in hint


@pytest.mark.skipif(not REAL.exists(), reason="the 1,900 real mails are not on this machine")
def test_real_mails_give_the_same_events_as_mbox_and_as_files(tmp_path: Path) -> None:
    box, folder = tmp_path / "real.mbox", tmp_path / "real"
    folder.mkdir()
    with tarfile.open(REAL) as archive, box.open("wb") as stream:
        for number, member in enumerate(one for one in archive if one.isfile()):
            raw = archive.extractfile(member).read()  # type: ignore[union-attr]
            (folder / f"{number}.eml").write_bytes(raw)
            # Bodies are taken as they are: their unquoted "From " lines must begin no mail.
            stream.write((b"" if raw.startswith(b"From ") else b"From - Mon Nov  2 10:00:00 2026\n") + raw + b"\n")
    as_mbox, as_files = list(source(box).pull({})), list(source(folder).pull({}))
    assert sorted(ids(as_mbox)) == sorted(ids(as_files))
    messages = [event for page in as_mbox for event in page.events if event.activity in ("msg.in", "msg.out")]
    assert len(messages) == 1899
    assert len(ids(as_mbox)) > 1899, "their texts hold signals, and those were found as well"
    # One mail is marked private by its sender.
    assert sum(len(page.aside) for page in as_mbox) == 1
