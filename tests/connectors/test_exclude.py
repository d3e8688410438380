"""The works council writes to people of the firm, and none of it is ever collected, whatever shape it comes in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors._exclude import excluding
from data.batch import to_frames
from data.event import Change, Event, Link, Ref
from data.page import Page

T0 = datetime(2026, 5, 4, 9, tzinfo=UTC)


def event(name: str, actor: str, *people: str) -> Event:
    return Event(name, T0, "msg.in", [Ref("conversation", name), *(Ref("contact", one) for one in people)], actor)


EVENTS = [
    event("customer", "carla@customer.example", "ana@firm.example"),
    event("council", "Works-Council@firm.example", "ana@firm.example"),
    event("to the council", "ana@firm.example", "carla@customer.example", "works-council@firm.example"),
    event("doctor", "reception@doctor.example", "ana@firm.example"),
    event("ward", "ana@firm.example", "ward@clinic.doctor.example"),
    event("namesake", "ana@firm.example", "someone@notdoctor.example"),
]
CHANGES = [Change(Ref("contact", one), "name", "A name", T0)
           for one in ("x@doctor.example", "carla@customer.example")]
LINKS = [Link(Ref("contact", "x@doctor.example"), Ref("account", "doctor.example")),
         Link(Ref("contact", "carla@customer.example"), Ref("account", "doctor.example")),
         Link(Ref("contact", "carla@customer.example"), Ref("account", "customer.example"))]
EXCLUDED = ("works-council@firm.example", "doctor.example")


def test_what_concerns_the_excluded_is_left_out_whole() -> None:
    page = excluding(EXCLUDED)(Page({"at": 7}, EVENTS, CHANGES, LINKS, watermark=T0, behind=3))
    assert [one.source_id for one in page.events] == ["customer", "namesake"]
    assert [one.object.id for one in page.changes] == ["carla@customer.example"]
    assert [one.b.id for one in page.links] == ["customer.example"]
    assert (page.cursor, page.watermark, page.behind) == ({"at": 7}, T0, 3)


def test_columns_are_treated_like_rows() -> None:
    frames = excluding(EXCLUDED)(Page({}, frames=to_frames(EVENTS, CHANGES, LINKS))).frames
    assert frames is not None
    assert frames.events["source_id"].to_list() == ["customer", "namesake"]
    assert set(frames.relations["source_id"]) == {"customer", "namesake"}
    assert frames.changes["id"].to_list() == ["carla@customer.example"]
    assert frames.links["b_id"].to_list() == ["customer.example"]
    assert frames.events.schema == to_frames(EVENTS).events.schema


def test_who_excludes_nobody_gets_the_page_itself() -> None:
    page = Page({}, EVENTS)
    assert excluding(())(page) is page


@pytest.mark.parametrize("entry", ["a+b@firm.example", "x.firm.example", "a-b.example"])
def test_marks_in_an_address_mean_themselves(entry: str) -> None:
    other = entry.replace("+", "aa").replace(".", "x", 1).replace("-", "+")
    kept = excluding([entry])(Page({}, [event("e", f"n@{entry}" if "@" not in entry else entry), event("o", other)],
                                   frames=to_frames([event("e", entry), event("o", other)])))
    assert [one.source_id for one in kept.events] == ["o"]
    assert kept.frames is not None
    assert kept.frames.events["source_id"].to_list() == ["o"]
