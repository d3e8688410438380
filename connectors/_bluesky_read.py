"""How Bluesky is read without losing or doubling anything: our own posts forward, notifications backward.

Both keep their place in plain JSON, which is the cursor of the page, so a walk that was broken off anywhere
goes on where it stood.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from connectors import _bluesky_map as facts
from connectors._http import Http, Refused, walk
from data.errors import RetryLater, SkipRecord
from data.event import Aside, Change, Event, Link, Ref, Retraction
from data.page import Page

PAGE: Final = 100
OVERLAP: Final = timedelta(hours=1)
"""How far back notifications are read again. They are sorted by the date their author's program gave them, so
one can arrive below the newest; the server's cursor also skips what shares a millisecond with a page's end."""
_RECENT_AT_MOST: Final = 2_000

State = dict[str, Any]
Look = Callable[[Mapping[str, Any]], facts.Facts | None]


def own_posts(http: Http, account: facts.Account, state: State, now: datetime) -> Iterator[Page]:
    """Posts of ours that are newer than the last one known, oldest first; then what changed among the newest."""
    own = state.setdefault("own", {"last": facts.tid(facts.parse(state["from"])), "known": {}})

    def look(item: Mapping[str, Any]) -> facts.Facts:
        return facts.written(item, account, now)

    def fetch(after: str) -> tuple[list[Any], str | None]:
        found = _records(http, account.did, {"reverse": "true", "cursor": after})
        return found, _key(found[-1]) if len(found) == PAGE else None

    for found in walk(fetch, own["last"]):
        if found:
            own["last"] = max([own["last"], *map(_key, found)])
            _remember(own, found)
            yield _page(state, found, look)
    changed, retractions = _compared(http, account, own, state)
    if changed or retractions:
        _remember(own, changed)
        yield _page(state, changed, look, retractions)


def notifications(http: Http, account: facts.Account, state: State, now: datetime) -> Iterator[Page]:
    """What others did to us, newest first, down to what was read before. A walk that was broken off is ended
    first; what came since then is met by the walk that follows it."""
    if "walk" in state:
        # A place that the server has forgotten is answered with 400 or 502, like a fault. Walking again from the
        # top, down to the old floor, is right in both cases, and raises by itself when the server is really down.
        with contextlib.suppress(RetryLater):
            yield from _descend(http, account, state, None)
    floor = facts.parse(state["from"])
    if "seen_at" in state:
        floor = max(floor, facts.parse(state["seen_at"]) - OVERLAP)
    state["walk"] = {"floor": floor.isoformat(), "top": None, "next": None, "recent": []}
    # The app view indexes some seconds after the fact; what is younger than a minute may still be on its way.
    yield from _descend(http, account, state, now - timedelta(minutes=1))


def _descend(http: Http, account: facts.Account, state: State, watermark: datetime | None) -> Iterator[Page]:
    on = state["walk"]
    floor, known = facts.parse(on["floor"]), frozenset(state.get("recent", ()))

    def fetch(position: str | None) -> tuple[tuple[list[Any], str | None], str | None]:
        body = _notified(http, position)
        items = _list(body, "notifications")
        wanted = _since(floor, items)
        # A page that reaches below the floor is the last; so is an empty one, whatever cursor it carries.
        older = facts.find(body, "cursor") if items and len(wanted) == len(items) else None
        return (wanted, older), older

    for wanted, older in walk(fetch, on["next"]):
        _note_recent(on, wanted)
        on["next"] = older
        if not older:
            _finish(state)
        new = [item for item in wanted if _mark(item) not in known]
        yield _page(state, new, lambda item: facts.received(item, account), watermark=None if older else watermark)


def _notified(http: Http, position: str | None) -> Any:
    more = {"cursor": position} if position else {}
    try:
        return http.get("xrpc/app.bsky.notification.listNotifications", {"limit": PAGE, **more})
    except Refused as refused:
        if position and refused.status == 400:
            raise RetryLater("the server no longer knows our place in the notifications "
                             f"({refused.code or 400}); they are read again from the newest") from refused
        raise


def _finish(state: State) -> None:
    """Turn a finished walk into the mark from which the next one starts."""
    on = state.pop("walk")
    if on["top"] is not None:
        state["seen_at"], state["recent"] = on["top"], on["recent"]


def _note_recent(on: State, items: Sequence[Any]) -> None:
    """Remember what the next walk will meet again. Beyond a limit the store has to drop the doubles."""
    moments = [at for at in map(_indexed_at, items) if at]
    if on["top"] is None and moments:
        on["top"] = max(moments).isoformat()
    if on["top"] is not None:
        fresh = [_mark(item) for item in _since(facts.parse(on["top"]) - OVERLAP, items)]
        on["recent"] = [*on["recent"], *fresh][:_RECENT_AT_MOST]


def _page(state: State, items: Sequence[Any], look: Look, retractions: Sequence[Retraction] = (), *,
          watermark: datetime | None = None) -> Page:
    """The items as facts, with a copy of the state as the cursor."""
    events: list[Event] = []
    links: list[Link] = []
    aside: list[Aside] = []
    changes: dict[Ref, Change] = {}
    for item in items:
        try:
            found = look(item)
        except SkipRecord as problem:
            aside.append(Aside(str(facts.find(item, "uri") or ""), str(problem)))
            continue
        if found is not None:
            events += [found.event, *found.signals]
            links.extend(found.links)
            changes.update({change.object: change for change in found.changes})
    return Page(copied(state), events=events, changes=list(changes.values()), links=links, aside=aside,
                retractions=list(retractions), watermark=watermark)


def _compared(http: Http, account: facts.Account, own: State, state: State) -> tuple[list[Any], list[Retraction]]:
    """Among the newest posts: those that are new or another version, and retractions of what is gone."""
    newest = _records(http, account.did, {})
    cids = {_key(item): item["cid"][-10:] for item in newest}
    oldest = min(cids) if len(newest) == PAGE else ""
    start = facts.tid(facts.parse(state["from"]))
    changed = [item for item in newest
               if _key(item) >= start and own["known"].get(_key(item)) != cids[_key(item)]]
    retractions = []
    for key, cid in list(own["known"].items()):
        uri = f"at://{account.did}/{facts.POSTS}/{key}"
        if key >= oldest and key not in cids and _gone(http, account.did, key):
            retractions.append(Retraction(facts.source_id(uri, cid), "the post was deleted"))
            del own["known"][key]
        elif cids.get(key, cid) != cid:
            retractions.append(Retraction(facts.source_id(uri, cid), "the post was edited"))
    return changed, retractions


def _gone(http: Http, did: str, key: str) -> bool:
    """Whether the server says so itself: a retraction cannot be taken back, and a list may be cut short."""
    try:
        http.get("xrpc/com.atproto.repo.getRecord", {"repo": did, "collection": facts.POSTS, "rkey": key})
    except Refused as refused:
        if refused.code == "RecordNotFound":
            return True
        raise
    return False


def _records(http: Http, did: str, more: Mapping[str, str]) -> list[Any]:
    body = http.get("xrpc/com.atproto.repo.listRecords",
                    {"repo": did, "collection": facts.POSTS, "limit": PAGE, **more})
    return [item for item in _list(body, "records") if isinstance(facts.find(item, "cid"), str) and _key(item)]


def _list(body: Any, name: str) -> list[Any]:
    found = facts.find(body, name)
    if not isinstance(found, list):
        raise RetryLater(f"the server answered without {name!r}; it will be asked again")
    return found


def _remember(own: State, items: Sequence[Any]) -> None:
    """Keep the newest posts with their versions: these are the ones whose deletion can be told."""
    known = own["known"] | {_key(item): item["cid"][-10:] for item in items}
    own["known"] = dict(sorted(known.items())[-PAGE:])


def _key(item: Any) -> str:
    return str(facts.find(item, "uri") or "").rsplit("/", 1)[-1]


def _mark(item: Any) -> str:
    """A short name of a notification, by record and version."""
    name = f"{facts.find(item, 'uri')} {facts.find(item, 'cid')}"
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def _since(floor: datetime, items: Sequence[Any]) -> list[Any]:
    """The items from `floor` on; those without a sound date are kept, to be set aside with their reason."""
    return [item for item in items if (_indexed_at(item) or floor) >= floor]


def _indexed_at(item: Any) -> datetime | None:
    try:
        return facts.parse(facts.text(item, "indexedAt"))
    except SkipRecord:
        return None


def copied(state: Mapping[str, Any]) -> State:
    """The state as it is now; later steps change the original."""
    return {key: copied(value) if isinstance(value, dict) else list(value) if isinstance(value, list) else value
            for key, value in state.items()}
