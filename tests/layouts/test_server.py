"""Who reaches what, by page, by stream and by callback; and what every answer carries."""

from __future__ import annotations

import asyncio
import http.client
import inspect
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import live_world
import pytest
from live_world import Browser, World, frames_of

from data.errors import FixSettings
from layouts._server import run

PATHS = {
    "live": "/live",
    "process": "/process",
    "waiting": "/waiting",
    "compliance": "/compliance",
    "me": "/me",
    "sources": "/sources",
    "accounts": "/accounts",
}
MINE = {
    "maya": {"live", "process", "waiting", "sources"},
    "sam": {"live", "process", "waiting", "sources"},
    "omar": {"compliance", "sources"},
    "nora": {"me", "sources"},
    "ada": {"sources", "accounts"},
}
LANDING = {"maya": "/live", "sam": "/live", "omar": "/compliance", "nora": "/me", "ada": "/sources"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = live_world.make(hooks=lambda source, headers, body: (202, {"source": source, "bytes": len(body)}))
    yield made
    made.close()


async def signed_in(world: World, login: str) -> Browser:
    browser = Browser(world.app)
    answer = await browser.form("/login", persona=login)
    assert answer.status == 303
    return browser


@pytest.mark.parametrize("login", MINE)
def test_each_persona_reaches_its_own_pages_streams_and_callbacks_and_no_others(world: World, login: str) -> None:
    async def story() -> None:
        browser = await signed_in(world, login)
        assert (await browser.ask("GET", "/")).header("location") == LANDING[login]
        for view, path in PATHS.items():
            page = await browser.ask("GET", path)
            stream = await browser.ask("GET", f"/stream/{view}", frames=2)
            clicked = await browser.click("metric:live", view)
            if view in MINE[login]:
                assert (page.status, stream.status) == (200, 200)
                assert "This part cannot be shown" not in stream.text
                assert "How this is computed" in clicked.text
            else:
                assert (page.status, stream.status) == (403, 403)
                assert "not part of your role" in page.text
                assert "not part of your role" in clicked.text

    asyncio.run(story())


def test_an_outsider_gets_the_sign_in_page_and_no_data(world: World) -> None:
    async def story() -> None:
        browser = Browser(world.app)
        for view, path in PATHS.items():
            page = await browser.ask("GET", path + "?team=North")
            assert (page.status, page.header("location")) == (303, f"/login?next=%2F{view}%3Fteam%3DNorth")
            assert (await browser.ask("GET", f"/stream/{view}")).status == 401
        assert (await browser.click("case:1", "live")).status == 401
        for path in ("/_dash-layout", "/_dash-dependencies", "/_dash-component-suites/dash/html/x.js"):
            assert (await browser.ask("GET", path)).status == 401
        forged = Browser(world.app, cookie="frontview_session=WyJtYXlhIl0.aaaa.bbbb")
        assert (await forged.ask("GET", "/stream/live")).status == 401

    asyncio.run(story())


def test_the_layout_holds_only_the_pages_of_the_role(world: World) -> None:
    async def story() -> None:
        for login, views in MINE.items():
            text = (await (await signed_in(world, login)).ask("GET", "/_dash-layout")).text
            assert {view for view in PATHS if f'"page-{view}"' in text} == views
            assert "demo data" in text

    asyncio.run(story())


def test_evidence_leads_from_figure_to_case_to_event_and_is_noted(world: World) -> None:
    async def story() -> None:
        maya = await signed_in(world, "maya")
        assert "Customer 3" in (await maya.click("figure:waiting", "live")).text
        obj = (
            world.store.connection.cursor().execute("SELECT obj FROM object WHERE id = 'desk/T-3'").fetchall()[0][0]
        )
        seq = (
            world.store.connection.cursor()
            .execute("SELECT max(seq) FROM case_event WHERE obj = ?", [obj])
            .fetchall()[0][0]
        )
        assert "Message in" in (await maya.click(f"case:{obj}", "live")).text
        record = (await maya.click(f"event:{seq}", "live")).text
        assert "m3-300-inbound" in record
        assert "Service desk (desk, webhook)" in record
        noted = world.writer.do(
            lambda con: con.execute("SELECT login, what, purpose FROM viewer_log WHERE obj = ?", [obj]).fetchall()
        )
        assert ("maya", "case", "Live: a test") in noted
        nora = await signed_in(world, "nora")
        assert "not in your scope" in (await nora.click(f"case:{obj}", "me")).text
        assert "not in your scope" in (await nora.click(f"event:{seq}", "me")).text

    asyncio.run(story())


def test_a_managers_team_bounds_figures_and_evidence(world: World) -> None:
    async def story() -> None:
        sam = await signed_in(world, "sam")
        text = (await sam.ask("GET", "/stream/waiting", frames=2)).text
        assert "Customer 3" in text
        assert "Customer 2" not in text
        hidden = (
            world.store.connection.cursor().execute("SELECT obj FROM object WHERE id = 'desk/T-2'").fetchall()[0][0]
        )
        assert "not in your scope" in (await sam.click(f"case:{hidden}", "live")).text

    asyncio.run(story())


def test_an_officer_sees_no_names_of_people(world: World) -> None:
    async def story() -> None:
        omar = await signed_in(world, "omar")
        text = (await omar.ask("GET", "/stream/compliance", frames=2)).text
        obj = (
            world.store.connection.cursor().execute("SELECT obj FROM object WHERE id = 'desk/T-2'").fetchall()[0][0]
        )
        text += (await omar.click(f"case:{obj}", "compliance")).text
        assert "Person " in text
        assert "@firm.example" not in text

    asyncio.run(story())


def test_filters_come_from_the_address_and_nonsense_falls_back(world: World) -> None:
    async def story() -> None:
        maya = await signed_in(world, "maya")
        north = frames_of(await maya.ask("GET", "/stream/waiting?team=North", frames=2))[0]["p"]
        assert "Customer 2" in json.dumps(north)
        assert "Customer 3" not in json.dumps(north)
        odd = await maya.ask("GET", "/stream/live?window=3y&detail=99&team=%27%3B--", frames=2)
        assert odd.status == 200
        assert "No customer waits" in odd.text

    asyncio.run(story())


def test_unknown_paths_and_other_ways_in_are_refused(world: World) -> None:
    async def story() -> None:
        maya = await signed_in(world, "maya")
        for path in (
            "/nope",
            "/live/x",
            "/docs",
            "/openapi.json",
            "/_reload-hash",
            "/stream/nope",
            "/stream/",
            "/assets/../_auth.py",
        ):
            assert (await maya.ask("GET", path)).status == 404, path
        assert (await maya.ask("PUT", "/live")).status == 405
        evil = {"origin": "https://evil.example", "content-type": "application/json"}
        assert (await maya.ask("POST", "/_dash-update-component", b"{}", headers=evil)).status == 403
        assert (await maya.ask("POST", "/logout", headers={"sec-fetch-site": "cross-site"})).status == 403
        big = {"content-length": "999999", "content-type": "application/json"}
        assert (await maya.ask("POST", "/_dash-update-component", b"x", headers=big)).status == 413
        assert (await maya.ask("POST", "/login", b"x" * 9000)).status == 413

    asyncio.run(story())


def test_every_answer_is_sealed(world: World) -> None:
    async def story() -> None:
        maya = await signed_in(world, "maya")
        for path in ("/live", "/nope", "/login", "/healthz"):
            answer = await maya.ask("GET", path)
            policy = answer.header("content-security-policy")
            assert "default-src 'none'" in policy
            assert "unsafe-eval" not in policy
            assert "script-src 'self' 'sha256-" in policy
            assert answer.header("x-content-type-options") == "nosniff"
            assert answer.header("cache-control") == "no-store"
        flags = (await Browser(world.app).form("/login", persona="maya")).header("set-cookie")
        assert "HttpOnly" in flags
        assert "SameSite=Strict" in flags

    asyncio.run(story())


def test_health_needs_no_login_and_tells_sources(world: World) -> None:
    told = json.loads(asyncio.run(Browser(world.app).ask("GET", "/healthz")).text)
    assert told["version"] == "0.1.0"
    assert told["events"] == world.store.connection.cursor().execute("SELECT count(*) FROM event").fetchall()[0][0]
    assert told["commit"] == world.store.version
    assert told["sources"] == [{"id": "desk", "state": "live", "watermark": "2026-03-04T15:00:00+00:00"}]


def test_hooks_are_handed_on_without_login(world: World) -> None:
    answer = asyncio.run(
        Browser(world.app).ask("POST", "/hooks/desk", b"12345", headers={"origin": "https://crm.example"})
    )
    assert (answer.status, json.loads(answer.text)) == (202, {"source": "desk", "bytes": 5})


def test_every_server_callback_is_a_coroutine(world: World) -> None:
    callbacks = [
        entry["callback"] for entry in world.app.app.state.dash.callback_map.values() if "callback" in entry
    ]
    assert callbacks
    # A plain function would hold up every stream while it reads the store.
    assert all(inspect.iscoroutinefunction(callback) for callback in callbacks)


def test_no_websocket_is_offered(world: World) -> None:
    assert world.app.app.state.dash.backend.websocket_capability is False
    sent: list[dict[str, object]] = []

    async def story() -> None:
        async def receive() -> dict[str, str]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        await world.app({"type": "websocket", "path": "/_dash-ws-callback", "headers": []}, receive, send)

    asyncio.run(story())
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_signing_out_ends_the_session_even_for_a_kept_cookie(world: World) -> None:
    async def story() -> None:
        maya = await signed_in(world, "maya")
        kept = Browser(world.app, cookie=maya.cookie)
        assert (await maya.form("/logout")).header("location") == "/login"
        assert (await kept.ask("GET", "/stream/live")).status == 401

    asyncio.run(story())


def test_sign_in_goes_on_only_to_paths_of_our_own(world: World) -> None:
    async def story() -> None:
        for wish, path in (
            ("/live?team=North", "/live?team=North"),
            ("https://evil.example", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
        ):
            answer = await Browser(world.app).form("/login", persona="maya", next=wish)
            assert answer.header("location") == path

    asyncio.run(story())


def test_without_personas_none_can_be_chosen() -> None:
    made = live_world.make(personas=())

    async def story() -> None:
        answer = await Browser(made.app).form("/login", persona="maya")
        assert answer.status == 401
        assert "demo data" not in (await Browser(made.app).ask("GET", "/login")).text

    asyncio.run(story())
    made.close()


def test_a_taken_port_is_one_sentence_with_the_remedy(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(FixSettings, match=rf"127.0.0.1:{port} is taken by another program; .* --port"):
            run(world.app, "127.0.0.1", port)


def test_an_address_of_another_machine_is_refused_as_such(world: World) -> None:
    with pytest.raises(FixSettings, match=r"192.0.2.1:8050 cannot be used \(.+\); choose another"):
        run(world.app, "192.0.2.1", 8050)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_open_streams_and_then_the_store_is_closed(told: signal.Signals, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    script = Path(__file__).parent / "signalled_server.py"
    words = [sys.executable, str(script), str(tmp_path / "s.duckdb"), str(port)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "starting\n"
        line = connected(port)
        line.request("POST", "/login", "persona=maya", {"content-type": "application/x-www-form-urlencoded"})
        answer = line.getresponse()
        answer.read()
        cookie = answer.headers["set-cookie"].partition(";")[0]
        line.request("GET", "/stream/live", headers={"cookie": cookie})
        stream = line.getresponse()
        assert stream.readline() == b"retry: 2000\n"
        process.send_signal(told)
        # The stream ends in good order, which reading to its end shows.
        stream.read()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "closed\n", "")


def connected(port: int) -> http.client.HTTPConnection:
    """A connection to the server as soon as it listens."""
    for _ in range(600):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            line.connect()
        except OSError:
            time.sleep(0.1)
        else:
            return line
    raise AssertionError("the server did not listen")
