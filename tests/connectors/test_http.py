"""The shared HTTP layer against a server of our own that does what bad servers do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors._http import Http, Limits, Refused, walk
from connectors._http_wait import wait_seconds
from data.errors import CursorExpired, FixSettings, RetryLater

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUICK = Limits(connect_seconds=5, read_seconds=0.4, answer_seconds=0.6, max_bytes=10_000, retry_seconds=0.01)
Act = Callable[["Hostile"], None]


class Hostile(BaseHTTPRequestHandler):
    """Answers each request as the test wants it. `Server` below is what tests talk to."""

    protocol_version = "HTTP/1.1"
    server: Server

    def handle_any(self) -> None:
        """Note the request and do what the test wants."""
        length = int(self.headers.get("Content-Length") or 0)
        self.server.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
        self.server.act(self)

    do_GET = do_POST = handle_any  # noqa: N815 (the base class looks for these names)

    def answer(self, status: int, body: Any = b"", headers: Mapping[str, str] | None = None) -> None:
        """A whole answer; anything but bytes is sent as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        # The base class would add a Date of its own, which waits are counted from.
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def drop(self) -> None:
        """Close the connection without a word."""
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A hostile server on the loopback address; `act` is what it does, `asked` what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hostile)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.act: Act = lambda request: request.answer(200, {"ok": True})
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what half of these tests are about."""


@pytest.fixture
def server() -> Iterator[Server]:
    hostile = Server()
    thread = threading.Thread(target=hostile.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield hostile
    hostile.released.set()
    hostile.shutdown()
    hostile.server_close()
    thread.join()


@pytest.fixture
def opened(server: Server) -> Iterator[Callable[..., Http]]:
    """Clients of the server, closed at the end."""
    clients: list[Http] = []

    def make(url: str = "", **given: Any) -> Http:
        clients.append(Http(url or server.url, limits=given.pop("limits", QUICK), now=lambda: NOW, **given))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def test_reads_json_with_parameters_headers_and_credentials(server, opened) -> None:
    server.act = lambda request: request.answer(200, "﻿{\"größe\": 1}".encode(), {"X-Total": "7"})
    client = opened(server.url + "/api/", auth={"Authorization": "Bearer abc"})
    reply = client.get_reply("/deals", {"since": "a b&c"})
    assert reply.body == {"größe": 1} and reply.headers["x-total"] == "7"
    method, path, headers, _ = server.asked[0]
    assert (method, path, headers["Authorization"]) == ("GET", "/api/deals?since=a+b%26c", "Bearer abc")
    opened().post("/rpc", {"method": "read"})
    assert server.asked[1][0] == "POST" and json.loads(server.asked[1][3]) == {"method": "read"}


def test_a_server_that_is_down_is_tried_again_for_a_moment_and_then_later(server, opened) -> None:
    gone = Server()
    url = gone.url
    gone.server_close()
    with pytest.raises(RetryLater, match=r"cannot be reached \(3 attempts\)"):
        opened(url).get("deals", {"token": "secret"})


def test_a_connection_that_breaks_once_is_not_even_noticed(server, opened) -> None:
    def act(request: Hostile) -> None:
        if len(server.asked) == 1:
            request.drop()
        else:
            request.answer(200, [1])

    server.act = act
    assert opened().get("deals") == [1]
    assert len(server.asked) == 2


def test_a_slow_server_is_not_asked_twice(server, opened) -> None:
    def act(request: Hostile) -> None:
        server.released.wait(20)
        request.drop()

    server.act = act
    with pytest.raises(RetryLater, match=r"did not answer within 0.4 s"):
        opened().get("deals")
    assert len(server.asked) == 1


def test_an_answer_that_drips_is_given_up(server, opened) -> None:
    def act(request: Hostile) -> None:
        request.send_response_only(200)
        request.send_header("Content-Length", "10000000")
        request.end_headers()
        while not server.released.is_set():
            request.wfile.write(b" " * 70_000)
            time.sleep(0.1)

    server.act = act
    with pytest.raises(RetryLater, match=r"more than 0.6 s for one answer"):
        opened(limits=Limits(read_seconds=5, answer_seconds=0.6)).get("deals")


RESETS = [
    ({"Retry-After": "17"}, 17), ({"Retry-After": "0"}, 1), ({"Retry-After": "99999999"}, 86_400),
    ({"Retry-After": format_datetime(NOW + timedelta(seconds=40), usegmt=True)}, 40),
    ({"Retry-After": format_datetime(NOW - timedelta(days=1), usegmt=True)}, 1),
    ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 90)}, 90),
    ({"RateLimit-Reset": "25"}, 25), ({"RateLimit-Reset": str(int(NOW.timestamp()) + 7)}, 7),
    ({"X-RateLimit-Reset": "2026-11-22T12:05:00.000Z"}, 300),
    ({"X-RateLimit-Reset": str((int(NOW.timestamp()) + 60) * 1000)}, 60),
    ({"Retry-After": "soon", "RateLimit-Reset": "9"}, 9), ({"Retry-After": "inf"}, None), ({}, None),
    # The server's clock is an hour ahead of ours: its own Date is what its moments are counted from.
    ({"Date": format_datetime(NOW + timedelta(hours=1), usegmt=True),
      "RateLimit-Reset": str(int(NOW.timestamp()) + 3630)}, 30),
]


@pytest.mark.parametrize(("headers", "seconds"), RESETS)
def test_a_rate_limit_says_how_long_to_wait(server, opened, headers: dict[str, str], seconds: float | None) -> None:
    server.act = lambda request: request.answer(429, {"error": "RateLimitExceeded"}, headers)
    with pytest.raises(RetryLater, match="slow down") as met:
        opened().get("deals")
    assert met.value.after_seconds == seconds
    server.act = lambda request: request.answer(503, b"<h1>busy</h1>", headers)
    with pytest.raises(RetryLater, match=r"failed \(503\)") as met:
        opened().get("deals")
    assert met.value.after_seconds == seconds


@pytest.mark.parametrize(("body", "headers"), [
    ({"errorCode": "REQUEST_LIMIT_EXCEEDED"}, {}), ({}, {"X-RateLimit-Remaining": "0"}), ({}, {"Retry-After": "5"}),
])
def test_a_403_that_means_too_many_is_no_wrong_password(server, opened, body, headers) -> None:
    server.act = lambda request: request.answer(403, body, headers)
    with pytest.raises(RetryLater, match="slow down"):
        opened().get("deals")


@pytest.mark.parametrize("status", [500, 502, 504, 408])
def test_a_fault_of_the_server_is_tried_later(server, opened, status: int) -> None:
    server.act = lambda request: request.answer(status, {"message": "database gone"}, {"RateLimit-Reset": "200"})
    with pytest.raises(RetryLater, match=f"{status}, database gone") as met:
        opened().get("deals")
    assert met.value.after_seconds is None


@pytest.mark.parametrize(("status", "remedy"), [
    (401, "password"), (403, "may read"), (404, "address"), (400, "settings")])
def test_a_refusal_needs_a_person(server, opened, status: int, remedy: str) -> None:
    server.act = lambda request: request.answer(status, {"error": {"code": "Nope", "message": "no such thing"}})
    with pytest.raises(Refused, match=remedy) as met:
        opened().get("deals")
    assert isinstance(met.value, FixSettings) and (met.value.status, met.value.code) == (status, "Nope")


def test_a_cursor_that_is_gone_means_reading_from_the_start(server, opened) -> None:
    server.act = lambda request: request.answer(410, {"code": "syncStateNotFound"})
    with pytest.raises(CursorExpired, match="syncStateNotFound"):
        opened().get("delta", {"cursor": "old"})


@pytest.mark.parametrize(("body", "what"), [
    (b"<!doctype html><title>Sign in</title>", "a web page"), (b'{"deals": [1, 2', "broken JSON"), (b"", "nothing"),
    (b"[" * 9_000, "broken JSON"), (b"\xff\xfe{", "broken JSON"),
])
def test_something_else_than_json_says_what_came(server, opened, body: bytes, what: str) -> None:
    server.act = lambda request: request.answer(200, body, {"Content-Type": "text/html; charset=utf-8"})
    with pytest.raises(RetryLater, match=f"{what} where JSON was due \\(text/html"):
        opened().get("deals")


def test_no_content_is_none(server, opened) -> None:
    server.act = lambda request: request.answer(204)
    assert opened().post("touch") is None


def test_half_a_page_is_not_taken_for_a_page(server, opened) -> None:
    def act(request: Hostile) -> None:
        request.answer(200, b'{"deals": []}', {"Content-Length": "500"})
        request.close_connection = True

    server.act = act
    with pytest.raises(RetryLater, match="broke off its answer"):
        opened().get("deals")


def test_an_answer_that_stops_halfway_is_not_asked_for_again_at_once(server, opened) -> None:
    def act(request: Hostile) -> None:
        request.answer(200, b'{"deals": [', {"Content-Length": "500"})
        server.released.wait(20)

    server.act = act
    with pytest.raises(RetryLater, match="broke off its answer"):
        opened().get("deals")
    assert len(server.asked) == 1


def test_an_answer_beyond_the_limit_is_not_read_to_its_end(server, opened) -> None:
    server.act = lambda request: request.answer(200, b"[" + b"1," * 50_000 + b"1]")
    with pytest.raises(FixSettings, match="more than 10,000 bytes"):
        opened().get("deals")


def test_redirects_are_followed_at_home_and_nowhere_else(server, opened) -> None:
    foreign = Server()
    thread = threading.Thread(target=foreign.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()

    def act(request: Hostile) -> None:
        where = {"/old?page=2": "/new?page=2", "/away": foreign.url + "/steal?it=1", "/circle": "/circle",
                 "/nowhere": "http://["}
        to = where.get(request.path)
        request.answer(302, b"", {"Location": to}) if to else request.answer(200, {"at": request.path})

    server.act = act
    client = opened(auth={"Authorization": "Bearer abc"})
    try:
        assert client.get("old", {"page": 2}) == {"at": "/new?page=2"}
        with pytest.raises(FixSettings, match="must not get our credentials"):
            client.get("away")
        with pytest.raises(FixSettings, match="must not get our credentials"):
            client.get(foreign.url + "/next-page")
        with pytest.raises(FixSettings, match=r"redirects to .*/new; set the address"):
            client.post("old?page=2", {})
        with pytest.raises(RetryLater, match="in a circle"):
            client.get("circle")
        with pytest.raises(RetryLater, match="no address"):
            client.get("nowhere")
        assert foreign.asked == []
    finally:
        foreign.shutdown()
        foreign.server_close()
        thread.join()


def test_a_full_next_address_on_the_same_host_is_read(server, opened) -> None:
    server.act = lambda request: request.answer(200, {"at": request.path})
    assert opened(server.url + "/api").get(server.url + "/api/v2?page=3") == {"at": "/api/v2?page=3"}


def test_credentials_are_renewed_once_when_they_have_expired(server, opened) -> None:
    tokens = ["old", "new"]

    def auth(refused: Refused | None) -> dict[str, str] | None:
        if refused is not None:
            if refused.code != "ExpiredToken":
                return None
            tokens.pop(0)
        return {"Authorization": tokens[0]}

    def act(request: Hostile) -> None:
        fresh = request.headers["Authorization"] == "new"
        request.answer(200, [1]) if fresh else request.answer(400, {"error": "ExpiredToken", "message": "expired"})

    server.act = act
    client = opened(auth=auth)
    assert client.get("deals") == [1] and len(server.asked) == 2
    server.act = lambda request: request.answer(401, {"error": "Banned"})
    with pytest.raises(Refused, match="Banned"):
        client.get("deals")
    assert len(server.asked) == 3


def test_no_error_text_gives_away_a_secret_or_an_address(server, opened) -> None:
    said = {"error": "Denied",
            "message": "ada@example.com may not; password=pa55word&x=1 Authorization: Bearer abc.def"}
    server.act = lambda request: request.answer(401, said)
    client = opened(auth={"Authorization": "Bearer abc.def"}, secrets=["s3cr3t-key", ""])
    with pytest.raises(FixSettings) as met:
        client.get("deals/", {"api_key": "s3cr3t-key"})
    for leaked in ("ada@", "pa55word", "abc.def", "s3cr3t-key", "api_key"):
        assert leaked not in str(met.value)
    assert client.redact("the key s3cr3t-key") == "the key ***"
    assert client.redact("token eyJhbGciOi.eyJzdWIi.c2ln has expired") == "token *** has expired"
    with pytest.raises(FixSettings) as met:
        opened("https://eve:pa55word@crm.example?token=s3cr3t")
    assert "pa55word" not in str(met.value) and "s3cr3t" not in str(met.value)


@pytest.mark.parametrize("url", [
    "", "crm.example", "ftp://crm.example", "http://", "http://crm.example:99999", "http://["])
def test_an_address_that_is_none_is_refused_at_once(opened, url: str) -> None:
    with pytest.raises(FixSettings, match="cannot be used"):
        Http(url)


def test_a_server_without_tls_and_a_header_that_cannot_be_sent_need_a_person(server, opened) -> None:
    with pytest.raises(FixSettings, match="speak TLS"):
        opened(server.url.replace("http:", "https:")).get("deals")
    with pytest.raises(FixSettings, match="does not allow"):
        opened(auth={"Authorization": "Bearer a\nb"}).get("deals")
    with pytest.raises(FixSettings, match="does not allow"):
        opened(auth={"Authorization": "Bearer ключ"}).get("deals")


def test_a_closed_client_does_not_go_on_trying(server, opened) -> None:
    client = opened(limits=Limits(retries=50, retry_seconds=30))
    def act(request: Hostile) -> None:
        client.close()
        request.drop()

    server.act = act
    with pytest.raises(RetryLater, match="closed"):
        client.get("deals")
    assert len(server.asked) == 1


def test_pages_are_walked_to_their_end(server, opened) -> None:
    server.act = lambda request: request.answer(200, {"items": [request.path], "next": {
        "/p?c=0": 1, "/p?c=1": 2}.get(request.path)})
    client = opened()

    def fetch(cursor: int) -> tuple[list[str], int | None]:
        body = client.get("p", {"c": cursor})
        return body["items"], body["next"]

    assert list(walk(fetch, 0)) == [["/p?c=0"], ["/p?c=1"], ["/p?c=2"]]


def test_a_cursor_that_repeats_or_a_list_without_end_is_left() -> None:
    got = []
    with pytest.raises(RetryLater, match="for the second time"):
        for item in walk(lambda cursor: (cursor, {None: "a", "a": "b", "b": "a"}[cursor])):
            got.append(item)
    assert got == [None, "a", "b"]
    with pytest.raises(RetryLater, match="more than 5 pages"):
        list(walk(lambda cursor: (cursor, cursor + 1), 0, max_pages=5))
    assert list(walk(lambda cursor: (cursor, ""))) == [None]


def test_waits_are_read_without_regard_to_case() -> None:
    assert wait_seconds({"retry-AFTER": "3"}, NOW) == 3
