"""Bluesky: what people write to our account, how they react, and what we publish and answer.

Read over the AT protocol (XRPC) from the account's own server: notifications for what others do, the repository
for what we do. Metadata and signals only: no text of a post is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors._bluesky_map import Account, find
from connectors._bluesky_read import copied, notifications, own_posts
from connectors._contract import Connector, Cursor, Opening, Page, Setting
from connectors._http import Http, Refused
from connectors._signals import SIGNAL_ACTIVITIES, SIGNALS_SETTING
from data.errors import FixSettings, FrontviewError, RetryLater
from data.event import Change

_PLACE = "make an app password in Bluesky under Settings, Privacy and security, and set it here"


class Bluesky:
    """One account. It signs in when it is first read, and renews its session when the server says so."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._settings = opening.settings
        self._history = timedelta(days=_days(self._settings["history_days"]))
        self._closed = threading.Event()
        self._session: Mapping[str, Any] = {}
        self._http = Http(str(self._settings["service"]), auth=self._headers, now=opening.now,
                          secrets=[str(self._settings["password"])])

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        """Own posts forward, then notifications backward to what was seen before."""
        now, state = self._opening.now(), copied(cursor)
        account = self._account()
        if state.get("did", account.did) != account.did:
            raise FixSettings(f"handle {account.handle!r} is another account than the one read so far; "
                              "give it a source of its own")
        if not state:
            start = now - self._history
            state = {"did": account.did, "from": start.isoformat()}
            yield Page(copied(state), changes=[Change(account.person, "name", account.handle, start)])
        yield from own_posts(self._http, account, state, now)
        yield from notifications(self._http, account, state, now)

    def wait(self, seconds: float) -> bool:
        """Sleep, for nobody tells us when to look; False."""
        self._closed.wait(seconds)
        return False

    def check(self) -> Sequence[str]:
        """Whether the account can be signed in to."""
        try:
            self._account()
            self._http.get("xrpc/com.atproto.server.getSession")
        except FrontviewError as problem:
            return [str(problem)]
        return []

    def close(self) -> None:
        """End waiting and let go of the connection."""
        self._closed.set()
        self._http.close()

    def _account(self) -> Account:
        if not self._session:
            self._sign_in()
        did, handle = str(self._session["did"]), str(self._session.get("handle") or self._settings["handle"])
        teams = self._opening.teams
        return Account(did, handle, str(self._settings["team"] or teams.get(did) or teams.get(handle) or ""),
                       bool(self._settings.get("signals", True)))

    def _headers(self, refused: Refused | None) -> Mapping[str, str] | None:
        """The bearer of our session; after a refusal that a new session mends, the bearer of that."""
        if refused is None:
            if not self._session:
                self._sign_in()
        elif refused.code in {"ExpiredToken", "InvalidToken"} or refused.status == 401:
            self._renew()
        else:
            return None
        return {"Authorization": f"Bearer {self._session['accessJwt']}"}

    def _renew(self) -> None:
        bearer = {"Authorization": f"Bearer {self._session['refreshJwt']}"}
        try:
            self._take(self._http.post_reply("xrpc/com.atproto.server.refreshSession", headers=bearer).body)
        except Refused:
            # The refresh token lives for weeks, but it dies with the app password or a restored server.
            self._sign_in()

    def _sign_in(self) -> None:
        handle = str(self._settings["handle"]).lstrip("@").strip()
        who = {"identifier": handle, "password": str(self._settings["password"])}
        try:
            self._take(self._http.post_reply("xrpc/com.atproto.server.createSession", who, {}).body)
        except Refused as refused:
            if refused.code == "AuthFactorTokenRequired":
                raise FixSettings(f"the password of {handle!r} asks for a code by e-mail; {_PLACE}") from refused
            if refused.code == "AuthenticationRequired":
                raise FixSettings(f"Bluesky does not accept the password of {handle!r}; {_PLACE}") from refused
            raise

    def _take(self, session: Any) -> None:
        if not all(isinstance(find(session, key), str) for key in ("did", "accessJwt", "refreshJwt")):
            raise RetryLater("the server answered a sign-in without a session; it will be tried again")
        self._session = session


def _days(value: Any) -> float:
    if isinstance(value, (int, float)) and 0 <= value <= 10_000:
        return float(value)
    raise FixSettings(f"history_days is {value!r}; give a number of days from 0 to 10000")


CONNECTOR = Connector(
    id="bluesky",
    title="Bluesky",
    shape="pull",
    activities=("msg.in", "msg.out", "publish", "reaction.received", "follow.received", *SIGNAL_ACTIVITIES),
    settings=(
        Setting("handle", "the account's name, such as acme.bsky.social", required=True),
        Setting("password", "an app password of the account", required=True, secret=True),
        Setting("service", "the account's server", default="https://bsky.social"),
        Setting("team", "the team that answers for the account", default=""),
        Setting("history_days", "how many days back the first look goes", default=30),
        SIGNALS_SETTING,
    ),
    blind="While Bluesky is down mentions, replies, reactions and own posts are missing; it never tells when "
          "others delete or take back something, when an own post older than the newest 100 is deleted or "
          "edited, or what is said in direct messages.",
    open=Bluesky,
    every_seconds=60.0,
)
