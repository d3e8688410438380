"""Bluesky against a real network: directory, personal data server and app view on this machine.

The firm's account is read by the connector; Ada and Ben write with their own clients.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from connectors import _bluesky_map
from connectors._contract import Opening, Page
from connectors.bluesky import CONNECTOR, Bluesky
from data.errors import FixSettings, RetryLater, SkipRecord
from tests.peers import bluesky as peer

NO_PEER = peer.missing()
needs_network = pytest.mark.skipif(bool(NO_PEER), reason=NO_PEER or "ready")


@pytest.fixture(scope="module")
def network() -> Iterator[peer.Network]:
    with peer.start() as running:
        yield running


@pytest.fixture
def accounts(network: peer.Network, request: pytest.FixtureRequest) -> tuple[peer.Account, ...]:
    """The firm, Ada and Ben, fresh for each test."""
    number = request.node.name.removeprefix("test_").replace("_", "")[:12]
    return tuple(network.join(f"{name}-{number}") for name in ("us", "ada", "ben"))


def opened(account: peer.Account, **settings: object) -> Bluesky:
    """The connector on an account, with the settings' defaults filled in."""
    given = {s.name: s.default for s in CONNECTOR.settings}
    given |= {"service": account.url, "handle": account.handle, "password": peer.PASSWORD, "team": "social"}
    source = CONNECTOR.open(Opening("bsky", given | settings))
    assert isinstance(source, Bluesky)
    return source


def pulled(source: Bluesky, cursor: dict | None = None) -> list[Page]:
    """The pages of one look, and the connection closed."""
    try:
        return list(source.pull(cursor or {}))
    finally:
        source.close()


def events(pages: list[Page]) -> list:
    return [event for page in pages for event in page.events]


def until(account: peer.Account, enough: Callable[[list[dict]], bool]) -> None:
    """Wait until the app view tells the account what is waited for; it indexes a moment after the fact."""
    pause = threading.Event()
    for _ in range(600):
        answer = requests.get(f"{account.url}/xrpc/app.bsky.notification.listNotifications?limit=100", timeout=20,
                              headers={"Authorization": f"Bearer {account.token}"})
        if answer.status_code == 200 and enough(answer.json()["notifications"]):
            return
        pause.wait(0.1)
    raise AssertionError("the app view never told of it")


def told(count: int) -> Callable[[list[dict]], bool]:
    return lambda notifications: len(notifications) >= count


@needs_network
@pytest.mark.peer
def test_what_happens_around_an_account_becomes_events(network, accounts) -> None:
    us, ada, ben = accounts
    link = {"index": {"byteStart": 0, "byteEnd": 4}, "features": [
        {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.com"}]}
    news = us.post("news: a new model", langs=["en"], facets=[link])
    question = ada.reply(news, news, "when can I have it?")
    answer = us.reply(question, news, "next week")
    ben.reply(question, news, "I would like one too")
    tag = {"index": {"byteStart": 0, "byteEnd": 3}, "features": [
        {"$type": "app.bsky.richtext.facet#mention", "did": us.did}]}
    ben.post("@us your shop is closed?", facets=[tag])
    ben.post("look at this", embed={"$type": "app.bsky.embed.record", "record": news})
    like = ada.write("app.bsky.feed.like", {"subject": news})
    ben.write("app.bsky.feed.repost", {"subject": news})
    ada.write("app.bsky.graph.follow", {"subject": us.did})
    until(us, told(7))

    pages = pulled(opened(us))
    found = events(pages)

    kinds = sorted((e.activity, e.attrs.get("kind", ""), e.attrs.get("direct", "")) for e in found)
    assert kinds == [
        ("follow.received", "", ""), ("msg.in", "mention", True), ("msg.in", "quote", True),
        ("msg.in", "reply", False), ("msg.in", "reply", True), ("msg.out", "reply", ""),
        ("publish", "post", ""), ("reaction.received", "like", ""), ("reaction.received", "repost", ""),
    ]
    by_id = {e.source_id.split("#")[0]: e for e in found}
    asked, said = by_id[question["uri"]], by_id[answer["uri"]]
    assert asked.objects[0] == said.objects[0] == ("conversation", news["uri"], "")
    assert (asked.direction, asked.actor, asked.team, asked.channel) == ("inbound", ada.did, "social", "social")
    assert ("contact", ada.did, "to") in said.objects and ("person", us.did, "from") in said.objects
    assert ("message", news["uri"], "about") in by_id[like["uri"]].objects
    published = by_id[news["uri"]]
    assert (published.attrs["language"], published.attrs["length"], published.attrs["has_link"]) == ("en", 17, True)
    assert {link.qualifier for page in pages for link in page.links} == {"part of"}
    names = {c.object.id: c.value for page in pages for c in page.changes}
    assert names[ada.did] == ada.handle and names[us.did] == us.handle
    assert pages[-1].watermark is not None and not any(page.aside for page in pages)
    assert "when can I have it" not in repr(pages) and "next week" not in repr(pages)


@needs_network
@pytest.mark.peer
def test_a_second_look_brings_only_what_is_new(network, accounts) -> None:
    us, ada, ben = accounts
    news = us.post("one")
    ada.reply(news, news, "first")
    until(us, told(1))
    before = pulled(opened(us))
    assert len(events(before)) == 2

    assert events(pulled(opened(us), before[-1].cursor)) == []
    late = ben.post("sent from a phone that was offline", reply={"root": news, "parent": news},
                    createdAt=(datetime.now(UTC) - timedelta(minutes=20)).isoformat())
    second = us.post("two")
    until(us, told(2))
    after = pulled(opened(us), before[-1].cursor)
    assert [e.source_id.split("#")[0] for e in events(after)] == [second["uri"], late["uri"]]
    # A page that could not be stored is asked for again with the same cursor.
    assert events(pulled(opened(us), before[-1].cursor)) == events(after)


@needs_network
@pytest.mark.peer
def test_a_walk_broken_off_between_pages_goes_on_where_it_stood(network, accounts) -> None:
    us, ada, ben = accounts
    news = us.post("please like this")
    for begun in range(0, 240, 80):
        ada.call("com.atproto.repo.applyWrites", {"repo": ada.did, "writes": [
            {"$type": "com.atproto.repo.applyWrites#create", "collection": "app.bsky.feed.post", "value": {
                "$type": "app.bsky.feed.post", "text": f"answer {n}", "reply": {"root": news, "parent": news},
                "createdAt": (datetime.now(UTC) - timedelta(days=1, seconds=n)).isoformat()}}
            for n in range(begun, begun + 80)]})
    last = ben.reply(news, news, "the newest")
    source = opened(us)
    until(us, lambda notifications: notifications[-1:] != [] and len(notifications) == 100)
    until_all(us, 241)

    first, reading = [], source.pull({})
    for page in reading:
        first.append(page)
        if len([e for e in events(first) if e.activity == "msg.in"]) == 100:
            break
    reading.close()
    source.close()
    assert all(page.watermark is None for page in first)
    meanwhile = ben.reply(news, news, "written while nobody read")
    until(us, lambda notifications: notifications[0]["uri"] == meanwhile["uri"])
    rest = pulled(opened(us), dict(first[-1].cursor))

    replies = [e.source_id.split("#")[0] for e in events(first + rest) if e.activity == "msg.in"]
    assert len(replies) == 242 and len(set(replies)) == 242
    assert replies[0] == last["uri"] and replies[-1] == meanwhile["uri"]
    assert rest[-1].watermark is not None


def until_all(account: peer.Account, count: int) -> None:
    """Wait until the app view has indexed that many notifications in all."""
    def listed() -> int:
        total, cursor = 0, ""
        while True:
            body = requests.get(f"{account.url}/xrpc/app.bsky.notification.listNotifications", timeout=20,
                                params={"limit": 100, **({"cursor": cursor} if cursor else {})},
                                headers={"Authorization": f"Bearer {account.token}"}).json()
            total += len(body["notifications"])
            if not body["notifications"] or not body.get("cursor"):
                return total
            cursor = body["cursor"]

    pause = threading.Event()
    for _ in range(300):
        if listed() >= count:
            return
        pause.wait(0.5)
    raise AssertionError(f"the app view never told of all {count}")


@needs_network
@pytest.mark.peer
def test_a_deleted_and_an_edited_post_are_retracted(network, accounts) -> None:
    us, _, _ = accounts
    kept, gone, edited = us.post("stays"), us.post("a mistake"), us.post("a typpo")
    first = pulled(opened(us))
    known = {e.source_id.split("#")[0]: e.source_id for e in events(first)}

    us.delete(gone["uri"])
    us.call("com.atproto.repo.putRecord", {
        "repo": us.did, "collection": "app.bsky.feed.post", "rkey": edited["uri"].rsplit("/", 1)[-1],
        "record": {"$type": "app.bsky.feed.post", "text": "a typo", "createdAt": datetime.now(UTC).isoformat()}})
    second = pulled(opened(us), first[-1].cursor)

    retracted = {r.source_id: r.reason for page in second for r in page.retractions}
    assert retracted == {known[gone["uri"]]: "the post was deleted", known[edited["uri"]]: "the post was edited"}
    assert [e.source_id.split("#")[0] for e in events(second)] == [edited["uri"]]
    assert known[kept["uri"]] not in retracted
    third = pulled(opened(us), second[-1].cursor)
    assert not events(third) and not any(page.retractions for page in third)


@needs_network
@pytest.mark.peer
def test_more_own_posts_than_a_page_are_all_read_and_only_those_asked_for(network, accounts) -> None:
    us, _, _ = accounts
    old = datetime.now(UTC) - timedelta(days=40)
    us.call("com.atproto.repo.putRecord", {
        "repo": us.did, "collection": "app.bsky.feed.post", "rkey": _bluesky_map.tid(old),
        "record": {"$type": "app.bsky.feed.post", "text": "long ago", "createdAt": old.isoformat()}})
    us.call("com.atproto.repo.applyWrites", {"repo": us.did, "writes": [
        {"$type": "com.atproto.repo.applyWrites#create", "collection": "app.bsky.feed.post", "value": {
            "$type": "app.bsky.feed.post", "text": f"post {n}", "createdAt": datetime.now(UTC).isoformat()}}
        for n in range(130)]})

    assert len(events(pulled(opened(us)))) == 130
    assert len(events(pulled(opened(us, history_days=60)))) == 131


@needs_network
@pytest.mark.peer
def test_a_real_rate_limit_is_met_waited_for_and_survived(network, accounts) -> None:
    us, _, _ = accounts
    us.post("hello")
    # A password this long is refused before it is hashed, so thirty sign-ins fit into the limit's window.
    with requests.Session() as client:
        statuses = [client.post(f"{us.url}/xrpc/com.atproto.server.createSession", timeout=20, json={
            "identifier": us.handle, "password": "x" * 600}).status_code for _ in range(50)]
    assert set(statuses) == {401, 429}

    source = opened(us)
    with pytest.raises(RetryLater, match="slow down") as met:
        list(source.pull({}))
    assert met.value.after_seconds is not None
    assert 1 <= met.value.after_seconds <= peer.RATE_WINDOW_SECONDS + 1
    # Windows of the server overlap, so it may ask for patience more than once, as it would ask the collector.
    patience = met.value.after_seconds
    for _ in range(10):
        assert not source.wait(patience + 0.5)
        try:
            assert len(events(pulled(source))) == 1
            return
        except RetryLater as again:
            patience = again.after_seconds or 1.0
            source = opened(us)
    raise AssertionError("the limit never ended")


@needs_network
@pytest.mark.peer
def test_an_expired_session_is_renewed_and_a_dead_one_is_made_anew(network, accounts) -> None:
    us, _, _ = accounts
    us.post("hello")
    source = opened(us)
    assert source.check() == []
    good = dict(source._session)

    source._session = {**good, "accessJwt": network.expired(good["accessJwt"])}
    assert len(events(list(source.pull({})))) == 1
    assert source._session["refreshJwt"] != good["refreshJwt"]

    source._session = {**good, "accessJwt": network.expired(good["accessJwt"]), "refreshJwt": "no token"}
    assert len(events(pulled(source))) == 1


@needs_network
@pytest.mark.peer
def test_a_wrong_password_says_what_to_do_and_does_not_show_it(network, accounts) -> None:
    us, _, _ = accounts
    source = opened(us, password="hunter2 hunter2")
    with pytest.raises(FixSettings, match="app password") as met:
        list(source.pull({}))
    assert "hunter2" not in str(met.value)
    assert source.check() == [str(met.value)]
    source.close()


@needs_network
@pytest.mark.peer
def test_the_server_killed_in_the_middle_loses_and_doubles_nothing(network, accounts) -> None:
    us, ada, _ = accounts
    us.call("com.atproto.repo.applyWrites", {"repo": us.did, "writes": [
        {"$type": "com.atproto.repo.applyWrites#create", "collection": "app.bsky.feed.post", "value": {
            "$type": "app.bsky.feed.post", "text": f"post {n}", "createdAt": datetime.now(UTC).isoformat()}}
        for n in range(150)]})
    news = us.post("the last before the fault")
    ada.reply(news, news, "seen")
    until(us, told(1))

    source, first = opened(us), []
    try:
        with pytest.raises(RetryLater, match="cannot be reached"):
            for page in source.pull({}):
                first.append(page)
                if events(first) and network.pds.poll() is None:
                    network.kill_pds()
    finally:
        network.start_pds()
    assert len(events(first)) == 100

    us.post("the first after it")
    rest = pulled(source, dict(first[-1].cursor))
    ids = [e.source_id for e in events(first + rest)]
    assert len(ids) == 153 and len(set(ids)) == 153
    assert [e.activity for e in events(rest)].count("msg.in") == 1


@needs_network
@pytest.mark.peer
def test_a_place_the_server_does_not_know_is_walked_to_again(network, accounts) -> None:
    us, ada, _ = accounts
    news = us.post("news")
    cursor = dict(pulled(opened(us))[-1].cursor)
    cursor["walk"] = {"floor": cursor["from"], "top": None, "next": "no__place", "recent": []}
    ada.reply(news, news, "interesting")
    until(us, told(1))

    source = opened(us)
    with pytest.raises(RetryLater):
        source._http.get("xrpc/app.bsky.notification.listNotifications", {"cursor": "no__place"})
    found = pulled(source, cursor)
    assert [e.activity for e in events(found)] == ["msg.in"]
    assert "walk" not in found[-1].cursor


def test_waiting_ends_when_the_source_is_closed() -> None:
    source = CONNECTOR.open(Opening("bsky", {"service": "http://localhost:1", "handle": "a.test", "password": "x",
                                             "team": "", "history_days": 1}))
    done = threading.Event()
    waiting = threading.Thread(target=lambda: (source.wait(600), done.set()))
    waiting.start()
    source.close()
    source.close()
    assert done.wait(30)
    waiting.join()


def test_history_that_is_no_number_is_refused() -> None:
    with pytest.raises(FixSettings, match="history_days is 'all'"):
        CONNECTOR.open(Opening("bsky", {"service": "http://localhost:1", "handle": "a.test", "password": "x",
                                        "team": "", "history_days": "all"}))


US = _bluesky_map.Account("did:plc:us", "us.test", "social")
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize("change", [
    {"reason": "poked"}, {"uri": None}, {"indexedAt": "yesterday"}, {"indexedAt": "2026-11-22T10:00:00"},
    {"author": 7},
    {"indexedAt": "0001-01-01T00:00:00Z"}, {"cid": ""}, {"reason": "like", "record": None},
])
def test_a_notification_that_makes_no_sense_is_set_aside(change: dict) -> None:
    sound = {"reason": "mention", "uri": "at://did:plc:ada/app.bsky.feed.post/3", "cid": "bafyabc",
             "indexedAt": "2026-11-22T10:00:00Z", "author": {"did": "did:plc:ada", "handle": "ada.test"},
             "record": {"text": "hi", "langs": "en", "facets": [None, {"features": [3]}]}}
    assert _bluesky_map.received(sound, US) is not None
    with pytest.raises(SkipRecord):
        _bluesky_map.received({**sound, **change}, US)


def test_a_post_dated_in_the_future_takes_the_moment_of_its_key() -> None:
    at = datetime(2026, 11, 1, 12, 30, 5, 123456, tzinfo=UTC)
    post = {"uri": f"at://{US.did}/app.bsky.feed.post/{_bluesky_map.tid(at)}", "cid": "bafyabc",
            "value": {"text": "hi", "createdAt": "2031-01-01T00:00:00Z"}}
    assert _bluesky_map.written(post, US, NOW).event.at == at
    with pytest.raises(SkipRecord, match="neither a sound date"):
        _bluesky_map.written({**post, "uri": f"at://{US.did}/app.bsky.feed.post/self"}, US, NOW)
