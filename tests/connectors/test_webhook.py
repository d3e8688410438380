"""The generic receiver: what a sender's signed delivery becomes, and what is refused."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors._contract import Opening, Page
from connectors.webhook import CONNECTOR, MAX_BYTES, WINDOW_SECONDS, receive, sign
from data.batch import to_frames
from data.errors import FixSettings, NotAllowed, SkipRecord
from data.event import Ref

SECRET = "a secret of the till and us"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SALE = {"id": "s-1", "at": "2026-11-22T12:59:00+01:00", "activity": "quote.sent",
        "objects": [{"type": "opportunity", "id": "till/7"},
                    {"type": "contact", "id": "c@x.test", "qualifier": "to"}],
        "actor": "eve@firm.test", "channel": "email", "direction": "outbound",
        "attrs": {"amount": 9.5, "vip": True}, "order": 3}


def opening(**settings: object) -> Opening:
    given = {s.name: s.default for s in CONNECTOR.settings} | {"secret": SECRET}
    return Opening("till", given | settings, teams={"eve@firm.test": "sales"})


def delivered(payload: Any, **settings: object) -> Page:
    """A delivery as an honest sender makes it, a second ago."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    timestamp = int(NOW.timestamp()) - 1
    headers = {"x-frontview-timestamp": str(timestamp), "X-Frontview-Signature": sign(SECRET, timestamp, body)}
    return receive(opening(**settings), headers, body, NOW)


def reasons(page: Page) -> list[str]:
    return [aside.reason for aside in page.aside]


def test_one_event_arrives_as_it_was_sent() -> None:
    event = delivered(SALE).events[0]
    assert (event.source_id, event.activity) == ("s-1", "quote.sent")
    assert (event.actor, event.team, event.channel) == ("eve@firm.test", "sales", "email")
    assert event.at == datetime(2026, 11, 22, 11, 59, tzinfo=UTC)
    assert list(event.objects) == [Ref("opportunity", "till/7"), Ref("contact", "c@x.test", "to")]
    assert (event.attrs, event.order, event.direction) == ({"amount": 9.5, "vip": True}, 3, "outbound")


def test_an_envelope_brings_every_kind_of_fact_and_they_fit_the_store() -> None:
    page = delivered({
        "events": [SALE],
        "changes": [{"object": {"type": "opportunity", "id": "till/7"}, "attribute": "stage", "value": None,
                     "at": "2026-11-22T12:00:00Z"}],
        "links": [{"a": {"type": "opportunity", "id": "till/7"}, "b": {"type": "account", "id": 12}}],
        "retractions": [{"id": "s-0", "reason": "entered twice"}],
    })
    frames = to_frames(page.events, page.changes, page.links)
    heights = [frame.height for frame in (frames.events, frames.relations, frames.changes, frames.links)]
    assert heights == [1, 2, 1, 1]
    assert page.links[0].b == Ref("account", "12") and page.retractions[0].source_id == "s-0"
    assert not page.aside and dict(page.cursor) == {}


def test_good_items_are_taken_and_bad_ones_set_aside_with_the_reason() -> None:
    bad: list[tuple[Any, str]] = [
        ({**SALE, "activty": "x"}, "did you mean 'activity'?"),
        ({**SALE, "at": "2026-11-22T12:00:00"}, "no time zone"),
        ({**SALE, "at": "soon"}, "not a moment"),
        ({**SALE, "at": 1795340400}, "not a moment"),
        ({**SALE, "objects": []}, "names no object"),
        ({**SALE, "objects": {"type": "contact"}}, "needs 'objects'"),
        ({**SALE, "objects": [{"type": "Contact", "id": "1"}]}, "lower case"),
        ({**SALE, "objects": [{"type": "contact", "id": "1", "role": "to"}]}, "no field 'role'"),
        ({**SALE, "direction": "sideways"}, "not one of inbound"),
        ({**SALE, "attrs": {"lines": [1]}}, "only plain values"),
        ({**SALE, "attrs": {"body": "x" * 501}}, "send metadata, not texts"),
        ({**SALE, "attrs": {"name": "\ud800"}}, "not valid Unicode"),
        ({**SALE, "attrs": {"huge": 2**63}}, "larger than 2^63"),
        ({**SALE, "order": True}, "whole number"),
        ({**SALE, "id": ["s"]}, "'id' is missing or not a text"),
        ({**SALE, "activity": ""}, "'activity' is missing"),
        ("hello", "not a JSON object"),
    ]
    page = delivered([SALE, *(item for item, _ in bad), {**SALE, "id": "s-2"}])
    assert [event.source_id for event in page.events] == ["s-1", "s-2"]
    assert len(page.aside) == len(bad)
    for aside, (_, expected) in zip(page.aside, bad, strict=True):
        assert expected in aside.reason
        assert "c@x.test" not in repr(aside) and "eve@" not in repr(aside)


def test_a_number_beyond_all_bounds_does_not_become_infinity() -> None:
    page = delivered(json.dumps([SALE]).replace("9.5", "1e999").encode())
    assert not page.events and "larger than" in reasons(page)[0]


def test_an_unknown_list_is_refused_with_the_name_that_was_meant() -> None:
    with pytest.raises(SkipRecord, match="did you mean 'changes'"):
        delivered({"events": [], "change": []})
    with pytest.raises(SkipRecord, match="'links' must be a list"):
        delivered({"links": {}})


def test_a_repeated_delivery_is_the_same_event_with_or_without_an_id() -> None:
    assert delivered(SALE).events[0].source_id == delivered([SALE]).events[0].source_id
    nameless = {key: value for key, value in SALE.items() if key != "id"}
    first, again = delivered(nameless).events[0], delivered({"events": [nameless]}).events[0]
    assert first.source_id == again.source_id != delivered({**nameless, "order": 4}).events[0].source_id


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe\x00", b"[NaN]", b"7", b'"text"', b"[" * 100_000])
def test_a_body_of_another_shape_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(SkipRecord, match="the body"):
        delivered(body)


def test_a_body_over_the_limit_is_refused() -> None:
    with pytest.raises(SkipRecord, match="at most 1,000,000"):
        delivered(b" " * (MAX_BYTES + 1))
    assert len(delivered(json.dumps(SALE).encode().ljust(MAX_BYTES)).events) == 1


@pytest.mark.parametrize("change", [
    {"X-Frontview-Signature": None}, {"X-Frontview-Timestamp": None}, {"X-Frontview-Timestamp": "yesterday"},
    {"X-Frontview-Timestamp": "1795348799"}, {"X-Frontview-Signature": "v1="}, {"X-Frontview-Signature": "v1=é"},
    {"X-Frontview-Timestamp": "²"},
])
def test_a_delivery_that_is_not_signed_by_the_secret_is_not_allowed(change: dict[str, str | None]) -> None:
    body, timestamp = json.dumps(SALE).encode(), int(NOW.timestamp())
    headers = {"X-Frontview-Timestamp": str(timestamp), "X-Frontview-Signature": sign(SECRET, timestamp, body)}
    assert receive(opening(), headers, body, NOW).events
    changed = {name: value for name, value in (headers | change).items() if value is not None}
    with pytest.raises(NotAllowed):
        receive(opening(), changed, body, NOW)
    with pytest.raises(NotAllowed, match="does not fit"):
        receive(opening(), headers, body + b" ", NOW)
    with pytest.raises(NotAllowed, match="does not fit"):
        receive(opening(secret="another secret altogether"), headers, body, NOW)


def test_an_old_delivery_played_again_is_not_allowed() -> None:
    body, timestamp = json.dumps(SALE).encode(), int(NOW.timestamp())
    headers = {"X-Frontview-Timestamp": str(timestamp), "X-Frontview-Signature": sign(SECRET, timestamp, body)}
    for seconds in (-WINDOW_SECONDS, 0, WINDOW_SECONDS):
        assert receive(opening(), headers, body, NOW + timedelta(seconds=seconds)).events
    for seconds in (-WINDOW_SECONDS - 1, WINDOW_SECONDS + 1):
        with pytest.raises(NotAllowed, match="301 s"):
            receive(opening(), headers, body, NOW + timedelta(seconds=seconds))


def test_other_header_names_and_a_change_of_secret() -> None:
    body, timestamp = json.dumps(SALE).encode(), int(NOW.timestamp())
    both = sign("the secret before this one", timestamp, body) + ", " + sign(SECRET, timestamp, body)
    page = receive(opening(timestamp_header="X-When", signature_header="X-Sig"),
                   {"x-when": str(timestamp), "x-sig": both}, body, NOW)
    assert page.events


def test_the_signature_is_plain_hmac_that_any_sender_can_compute() -> None:
    digest = hmac.new(SECRET.encode(), b"1795348800." + b"{}", hashlib.sha256).hexdigest()
    assert sign(SECRET, 1795348800, b"{}") == f"v1={digest}"


def test_a_source_without_a_real_secret_takes_nothing_and_says_so() -> None:
    source = CONNECTOR.open(opening(secret="short"))
    assert "at least 16" in source.check()[0]
    body, timestamp = b"{}", int(NOW.timestamp())
    with pytest.raises(FixSettings, match="0 characters"):
        receive(opening(secret=""), {"X-Frontview-Timestamp": str(timestamp),
                                     "X-Frontview-Signature": sign("", timestamp, body)}, body, NOW)


def test_the_source_itself_brings_nothing_and_stops_waiting_when_closed() -> None:
    source = CONNECTOR.open(opening())
    assert list(source.pull({})) == [] and source.check() == []
    done = threading.Event()
    waiting = threading.Thread(target=lambda: (source.wait(600), done.set()))
    waiting.start()
    source.close()
    source.close()
    assert done.wait(30)
    waiting.join()
