"""Evidence packs: what is in them, whom they name, who gets one, and that making one is recorded."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import live_world
import pytest
import yaml
from live_world import NORTH, NOW_T, OFFICER, Browser, World, at

from data.audit import entries, verify
from data.errors import FixSettings
from data.event import Change, Event, Ref, Retraction
from data.page import Page
from data.scope import Principal, Role, Scope
from data.store import now_us
from data.unmask import agree, ask
from layouts._download import button, make
from metrics import _pack_facts, _pack_style
from metrics._contract import Read
from metrics._pack import PackWish
from metrics._pack_facts import Pack, gather, numbered

SECOND_OFFICER = Principal("olga", "Olga", Role.OFFICER, teams=None)
FILES = ["events.csv", "events.ocel.json", "evidence.pdf", "manifest.json", "rules.yaml", "verdicts.csv"]


def credit(n: int, kind: str, minutes_ago: float, actor: str) -> Event:
    return Event(f"{kind}-{n}", at(minutes_ago), kind, [Ref("ticket", f"desk/T-{n}"), Ref("person", actor, "by")],
                 actor=actor, team="North", channel="desk", attrs={"amount": 20, "note": "=1+1"})


def credits() -> Page:
    """Ticket 1: one person creates and releases a credit. Ticket 2: two people do."""
    events = [credit(1, "credit.created", 300, NORTH[0]), credit(1, "credit.released", 200, NORTH[0]),
              credit(2, "credit.created", 300, NORTH[0]), credit(2, "credit.released", 200, NORTH[1]),
              Event("hand-1", at(150), "owner.changed", [Ref("ticket", "desk/T-1")], actor=NORTH[0], team="North",
                    attrs={"from": NORTH[0], "to": NORTH[1]})]
    names = [Change(Ref("person", NORTH[0]), "name", "Nora Real-Name", at(600))]
    return Page({"n": 2}, events=events, changes=names)


@pytest.fixture
def world() -> Iterator[World]:
    made = live_world.make()
    made.writer.put("crm", credits())
    yield made
    made.close()


def number(world: World, case: str) -> int:
    return numbered(Read(world.store.read, OFFICER.scope), case)[0]


def opened(whole: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def made(world: World, **wish: Any) -> dict[str, bytes]:
    asked = PackWish(asked_by="omar", role="officer", **wish)
    return opened(make(world.store, world.writer, OFFICER, asked, NOW_T))


def recorded(world: World) -> list[str]:
    """Who made packs, as the audit trail tells."""
    return [e.login for e in world.writer.do(lambda con: list(entries(con))) if e.what == "evidence pack made"]


async def signed_in(world: World, login: str) -> Browser:
    browser = Browser(world.app)
    assert (await browser.form("/login", persona=login)).status == 303
    return browser


def test_a_pack_about_a_case_holds_its_proof(world: World) -> None:
    obj = number(world, "desk/T-1")
    files = made(world, objs=(obj,))
    assert sorted(files) == FILES
    (verdict,) = [row for row in table(files["verdicts.csv"]) if row["rule"] == "COR-02"]
    assert verdict["case"] == "desk/T-1"
    assert (verdict["verdict_at_pack_time"], verdict["verdict"]) == ("violated", "violated")
    assert (verdict["activation_event"], verdict["deciding_event"]) == (
        "crm/credit.released-1", "crm/credit.created-1")
    events = table(files["events.csv"])
    course = world.store.connection.execute(
        "SELECT count(DISTINCT seq) FROM event_object WHERE obj = ?", [obj]).fetchall()[0][0]
    assert len(events) == course == len(json.loads(files["events.ocel.json"])["events"])
    assert [row["time_utc"] for row in events] == sorted(row["time_utc"] for row in events)
    (rules,) = [one for one in yaml.safe_load_all(files["rules.yaml"]) if one["pack"] == "core"]
    told = {rule["id"]: rule for rule in rules["rules"]}
    body = world.store.connection.execute("SELECT body, digest FROM rule WHERE id = 'COR-02'").fetchall()[0]
    stood = {key: told["COR-02"].pop(key) for key in ("in_force_from_utc", "in_force_until_utc")}
    assert stood["in_force_from_utc"] and not stood["in_force_until_utc"]
    assert told["COR-02"] == {"digest": body[1], **json.loads(body[0])}
    assert next(iter(json.loads(json.dumps(told["COR-02"])))) == "digest"


def test_the_manifest_proves_each_file_and_names_the_record_in_the_trail(world: World) -> None:
    files = made(world, rule="COR-02")
    manifest = json.loads(files["manifest.json"])
    assert {one["name"]: one["sha256"] for one in manifest["files"]} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"}
    assert (manifest["asked_by"], manifest["cases"]) == ({"login": "omar", "role": "officer"}, 2)
    last = world.writer.do(lambda con: list(entries(con)))[-1]
    assert (last.login, last.role, last.what) == ("omar", "officer", "evidence pack made")
    assert manifest["audit_head"] == {"n": last.n, "sha256": last.hash}
    assert world.writer.do(verify).ok
    looked = world.writer.do(lambda con: con.execute(
        "SELECT obj FROM viewer_log WHERE what = 'evidence pack' ORDER BY obj").fetchall())
    assert len(looked) == 2


def test_the_document_is_a_pdf_whose_fonts_travel_with_it(world: World) -> None:
    document = made(world, objs=(number(world, "desk/T-1"),))["evidence.pdf"]
    assert document.startswith(b"%PDF-1.")
    assert document.count(b"/FontFile2") == 2
    assert b"Helvetica" not in document, "no font is left to the machine of the reader"
    assert document.count(b"/Type /Page\n") + document.count(b"/Type /Page ") >= 2


def test_letters_that_a_font_lacks_are_shown_by_the_nearest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pack_style, "_FILES", _pack_style._FILES[1:])
    for cached in (_pack_style.fonts, _pack_style._letters, _pack_style.style):
        cached.cache_clear()
    assert _pack_style.text("Müller & Söhne") == "Müller &amp; Söhne"
    assert _pack_style.text("Zoë \u65e5\uff21") == "Zoë ?A"
    assert b"BitstreamVera" in made(world, rule="COR-02")["evidence.pdf"]
    for cached in (_pack_style.fonts, _pack_style._letters, _pack_style.style):
        cached.cache_clear()


def test_nobody_of_the_firm_is_named_until_two_officers_agree(world: World) -> None:
    obj = number(world, "desk/T-1")
    secret = [*NORTH, "Nora", "Real-Name"]

    def texts(files: dict[str, bytes]) -> str:
        return "".join(data.decode("utf-8-sig") for name, data in files.items() if name != "evidence.pdf")

    before = texts(made(world, objs=(obj,)))
    assert not [word for word in secret if word in before]
    assert "Person " in before

    request = world.writer.do(lambda con: ask(con, NOW_T, OFFICER, obj, "a complaint names the clerk"))
    assert "Real-Name" not in texts(made(world, objs=(obj,))), "asking alone shows nothing"
    # Names show until a week after the agreement by the clock of the machine, which this world is behind of.
    world.writer.do(lambda con: con.execute("UPDATE unmasking SET asked_t = ?", [now_us()]).fetchall())
    world.writer.do(lambda con: agree(con, now_us(), SECOND_OFFICER, request))
    named = made(world, objs=(obj,))
    assert "Nora Real-Name" in texts(named)
    assert json.loads(named["manifest.json"])["cases_with_names"] == 1
    both = texts(made(world, objs=(obj, number(world, "desk/T-2"))))
    other = [row["who"] for row in table(made(world, objs=(number(world, "desk/T-2"),))["events.csv"])]
    assert "Nora Real-Name" in both and not [who for who in other if "Nora" in who]
    seen = [e.what for e in world.writer.do(lambda con: list(entries(con)))]
    assert seen.count("names seen") == 2


def test_what_was_believed_before_stays_in_the_pack(world: World) -> None:
    obj = number(world, "desk/T-1")
    world.writer.put("crm", Page({"n": 3}, retractions=[Retraction("credit.created-1", "entered by mistake")]))
    files = made(world, objs=(obj,))
    told = [(row["verdict_at_pack_time"], row["verdict"], bool(row["believed_until_utc"]))
            for row in table(files["verdicts.csv"]) if row["rule"] == "COR-02"]
    assert told[1] == (told[0][0], "violated", True)
    assert told[0][1] != "violated"
    world.writer.put("crm", Page({"n": 4}, retractions=[Retraction("credit.released-1", "entered by mistake")]))
    gone = [row for row in table(made(world, objs=(obj,))["verdicts.csv"]) if row["rule"] == "COR-02"]
    assert {row["verdict_at_pack_time"] for row in gone} == {"withdrawn"}
    assert len(gone) == 2


def test_cells_are_no_formulas_in_programs_for_tables(world: World) -> None:
    world.writer.put("crm", Page({"n": 5}, events=[
        Event("=cmd|' /C calc'!A0", at(10), "note.added", [Ref("ticket", "desk/T-1")], team="-Team")]))
    rows = table(made(world, objs=(number(world, "desk/T-1"),))["events.csv"])
    assert rows[-1]["team"] == "'-Team"
    assert not [cell for row in rows for cell in row.values() if cell[:1] in set("=+-@")]


def test_a_period_counts_activations_from_its_start_to_before_its_end(world: World) -> None:
    t = NOW_T - 200 * 60_000_000

    def found(**wish: Any) -> int:
        pack = gather(Read(world.store.read, OFFICER.scope), PackWish(rule="COR-02", **wish), NOW_T)
        return len(pack.findings)

    assert found(since_t=t) == found(until_t=t + 1) == found(since_t=t, until_t=t + 1) == 2
    for wish in ({"since_t": t + 1}, {"until_t": t}):
        with pytest.raises(FixSettings, match="no activation of a rule fits"):
            found(**wish)


def test_too_much_or_nothing_is_said_and_not_recorded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for wish, said in ((PackWish(rule="COR-99"), "no rule 'COR-99'"), (PackWish(objs=(99_999,)), "no such case")):
        with pytest.raises(FixSettings, match=said):
            make(world.store, world.writer, OFFICER, wish, NOW_T)
    monkeypatch.setattr(_pack_facts, "MOST_BELIEFS", 1)
    with pytest.raises(FixSettings, match="too many for one pack"):
        make(world.store, world.writer, OFFICER, PackWish(since_t=1), NOW_T)
    monkeypatch.undo()
    monkeypatch.setattr(_pack_facts, "MOST_CASES", 1)
    pack = gather(Read(world.store.read, OFFICER.scope), PackWish(rule="COR-02"), NOW_T)
    assert (len(pack.labels), len(pack.courses)) == (2, 1), "only the case with something worth checking"
    assert recorded(world) == []
    with pytest.raises(ValueError, match="officer's scope"):
        gather(Read(world.store.read, Scope(Role.MANAGER, teams=None)), PackWish(), NOW_T)


def test_a_late_promise_is_overdue_until_its_sources_are_complete(world: World) -> None:
    world.writer.put("crm", Page({"n": 6}, events=[
        Event("new", at(5), "lead.created", [Ref("lead", "crm/L-1")], team="North")]))
    obj = number(world, "crm/L-1")
    due_t = NOW_T + 115 * 60_000_000

    def said(now_t: int) -> list[str]:
        pack: Pack = gather(Read(world.store.read, OFFICER.scope), PackWish(objs=(obj,), rule="SLS-01"), now_t)
        return [one.said for one in pack.findings]

    assert (said(due_t), said(due_t + 1)) == (["pending"], ["overdue, not certain yet"])
    for source in ("desk", "crm"):
        world.writer.put(source, Page({"n": 7}, watermark=at(-115)))
    assert (said(due_t), said(due_t + 1)) == (["pending"], ["violated"])


@pytest.mark.parametrize(("login", "status"), [("omar", 200), ("maya", 403), ("nora", 403), ("ada", 403), ("", 401)])
def test_only_officers_download_a_pack(world: World, login: str, status: int) -> None:
    async def story() -> None:
        browser = await signed_in(world, login) if login else Browser(world.app)
        answer = await browser.ask("GET", f"/evidence?case={number(world, 'desk/T-1')}&rule=COR-02")
        assert answer.status == status
        assert recorded(world) == ([login] if status == 200 else [])
        if status != 200:
            assert b"PK" not in answer.body
            return
        assert answer.header("content-type") == "application/zip"
        assert answer.header("cache-control") == "no-store"
        assert answer.header("content-disposition").startswith('attachment; filename="evidence-COR-02-2026')
        assert sorted(opened(answer.body)) == FILES

    asyncio.run(story())


@pytest.mark.parametrize(("query", "said"), [
    ("", "name a case, a rule, or since when"), ("case=x", "no number of a case"), ("case=-1", "no number"),
    ("rule=COR-99", "no rule 'COR-99'"), ("since=someday", "no moment"), ("case=999999", "no such case"),
])
def test_what_cannot_be_made_is_told(world: World, query: str, said: str) -> None:
    async def story() -> None:
        answer = await (await signed_in(world, "omar")).ask("GET", f"/evidence?{query}")
        assert (answer.status, said in answer.text) == (400, True), answer.text
        assert (await (await signed_in(world, "omar")).ask("POST", "/evidence?rule=COR-02")).status in (403, 405)

    asyncio.run(story())


def test_the_button_leads_to_the_pack() -> None:
    link = button(case=12, rule="COR-02", since="")
    assert link.href == "/evidence?case=12&rule=COR-02"
