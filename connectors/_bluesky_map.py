"""What a record on Bluesky means as a fact: one function for what others did to us, one for what we wrote.

The text of a post is measured, looked through for signals, and never kept. People are known by their DID,
which outlives their handle; a conversation is known by the address of the post that opened it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from connectors._signals import signals_of
from data.errors import SkipRecord
from data.event import Change, Event, Link, Ref, Scalar, micros, moment

POSTS: Final = "app.bsky.feed.post"
_ALPHABET: Final = "234567abcdefghijklmnopqrstuvwxyz"
_WRITTEN: Final = frozenset({"mention", "reply", "quote"})
_REACTIONS: Final = {"like": "like", "like-via-repost": "like", "repost": "repost", "repost-via-repost": "repost"}
_NOT_TO_US: Final = frozenset({"starterpack-joined", "verified", "unverified", "subscribed-post", "contact-match"})


@dataclass(frozen=True, slots=True)
class Account:
    """Our own account, the team that answers for it, and whether posts are looked through for signals."""

    did: str
    handle: str
    team: str
    signals: bool = True

    @property
    def person(self) -> Ref:
        """The account as one of the firm's own."""
        return Ref("person", self.did)


class Facts(NamedTuple):
    """What one record brings."""

    event: Event
    links: tuple[Link, ...] = ()
    changes: tuple[Change, ...] = ()
    signals: tuple[Event, ...] = ()


def received(item: Mapping[str, Any], account: Account) -> Facts | None:
    """What a notification tells: somebody wrote to us, reacted to us or follows us. None when it tells of
    something that was not done to us; SkipRecord when it cannot be understood."""
    reason = text(item, "reason")
    if reason in _NOT_TO_US:
        return None
    author, at = text(item, "author", "did"), parse(text(item, "indexedAt"))
    activity, objects, attrs = _deed(item, reason, account)
    event = Event(source_id(text(item, "uri"), text(item, "cid")), at, activity,
                  [*objects, Ref("contact", author, "from")], actor=author, team=account.team, channel="social",
                  direction="inbound", attrs={"network": "bluesky", **attrs})
    links = (Link(objects[1], objects[0], "part of"),) if activity == "msg.in" else ()
    name = find(item, "author", "displayName") or find(item, "author", "handle")
    changes = (Change(Ref("contact", author), "name", name, at),) if isinstance(name, str) else ()
    # What is said to somebody else further down in our threads is not said to us.
    spoken = activity == "msg.in" and bool(attrs["direct"])
    return Facts(event, links, changes, _signals(event, find(item, "record"), account) if spoken else ())


def _deed(item: Mapping[str, Any], reason: str, account: Account) -> tuple[str, list[Ref], dict[str, Scalar]]:
    """The activity a notification's reason stands for, what it was done to, and its attributes."""
    if reason in _WRITTEN:
        uri, record = text(item, "uri"), find(item, "record")
        # Answers further down in our threads are told to us as well; they speak to somebody else.
        direct = reason != "reply" or _owner(find(record, "reply", "parent", "uri")) == account.did
        objects = [Ref("conversation", _root(record, uri)), Ref("message", uri)]
        return "msg.in", objects, {"kind": reason, "direct": direct, **_measures(record)}
    if reason in _REACTIONS:
        # A reaction to a repost of ours names the repost; the post that was liked stands in the record itself.
        subject = find(item, "record", "subject", "uri") or text(item, "reasonSubject")
        attrs: dict[str, Scalar] = {"kind": _REACTIONS[reason], "of_repost": reason.endswith("-via-repost")}
        return "reaction.received", [Ref("message", str(subject), "about")], attrs
    if reason == "follow":
        return "follow.received", [account.person], {}
    raise SkipRecord(f"the notification gives the reason {reason[:40]!r}, which is not known here")


def written(item: Mapping[str, Any], account: Account, now: datetime) -> Facts:
    """What a post in our own repository is: an answer to somebody (msg.out) or something published."""
    uri, record = text(item, "uri"), find(item, "value")
    root, message = _root(record, uri), Ref("message", uri)
    partner = _owner(find(record, "reply", "parent", "uri"))
    answers = bool(partner) and partner != account.did
    objects = [Ref("conversation", root), message, account.person._replace(qualifier="from")]
    if answers:
        objects.append(Ref("contact", partner, "to"))
    kind = "reply" if answers else "thread" if partner else "post"
    event = Event(source_id(uri, text(item, "cid")), _written_at(record, uri, now),
                  "msg.out" if answers else "publish", objects, actor=account.did, team=account.team,
                  channel="social", direction="outbound",
                  attrs={"network": "bluesky", "kind": kind, **_measures(record)})
    part = Link(message, Ref("conversation", root), "part of")
    return Facts(event, (part,), signals=_signals(event, record, account))


def _signals(event: Event, record: Any, account: Account) -> tuple[Event, ...]:
    words = find(record, "text")
    return tuple(signals_of(event, words)) if account.signals and isinstance(words, str) else ()


def source_id(uri: str, cid: str) -> str:
    """One version of a record: its address and the end of its content hash."""
    return f"{uri}#{cid[-10:]}"


def find(value: Any, *path: str) -> Any:
    """What lies at the end of the path in nested objects, or None."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def _items(value: Any, key: str) -> list[Any]:
    found = find(value, key)
    return found if isinstance(found, list) else []


def text(value: Any, *path: str) -> str:
    """The text at the end of the path; SkipRecord when there is none."""
    found = find(value, *path)
    if not isinstance(found, str) or not found:
        raise SkipRecord(f"the record has no {'.'.join(path)}")
    return found


def parse(stamp: str) -> datetime:
    """An ISO moment with its offset; SkipRecord when it is not one."""
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError as error:
        raise SkipRecord(f"{stamp[:40]!r} is not a moment") from error
    micros(at)
    return at


def tid(at: datetime) -> str:
    """The first record key of that moment: keys are microseconds in a sortable base 32, then a clock's number."""
    number, key = micros(at) << 10, ""
    for _ in range(13):
        number, digit = divmod(number, 32)
        key = _ALPHABET[digit] + key
    return key


def tid_moment(key: str) -> datetime:
    """When a record key was made; SkipRecord for keys of another kind."""
    if len(key) != 13 or not set(key) <= set(_ALPHABET):
        raise SkipRecord("the record has neither a sound date nor a key made from one")
    number = 0
    for sign in key:
        number = number * 32 + _ALPHABET.index(sign)
    at = moment(number >> 10)
    micros(at)
    return at


def _written_at(record: Any, uri: str, now: datetime) -> datetime:
    """The author's own date, or the record key's where that is missing or lies in the future."""
    try:
        at = parse(text(record, "createdAt"))
    except SkipRecord:
        return tid_moment(uri.rsplit("/", 1)[-1])
    return at if at <= now + timedelta(minutes=5) else tid_moment(uri.rsplit("/", 1)[-1])


def _root(record: Any, uri: str) -> str:
    """The post that opened the conversation: for a quote or a lone mention that is the post itself."""
    root = find(record, "reply", "root", "uri")
    return root if isinstance(root, str) and root.startswith("at://") else uri


def _owner(uri: Any) -> str:
    """Whose record an at:// address names."""
    return uri.removeprefix("at://").split("/", 1)[0] if isinstance(uri, str) else ""


def _measures(record: Any) -> dict[str, Scalar]:
    """What may be kept of a post: language, length in characters, whether it holds links or media."""
    words = find(record, "text")
    languages = [lang for lang in _items(record, "langs") if isinstance(lang, str)]
    features = [str(find(feature, "$type")) for facet in _items(record, "facets")
                for feature in _items(facet, "features")]
    embeds = f"{find(record, 'embed', '$type')} {find(record, 'embed', 'media', '$type')}"
    return {
        "language": languages[0] if languages else None,
        "length": len(words) if isinstance(words, str) else 0,
        "has_link": "app.bsky.richtext.facet#link" in features or "embed.external" in embeds,
        "has_media": "embed.images" in embeds or "embed.video" in embeds,
    }
