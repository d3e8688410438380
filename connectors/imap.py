"""E-mail from any IMAP server, read-only: who wrote to whom, when, in which thread.

Headers are fetched, and with `signals` the texts that pass between us and somebody outside, to be looked through
in place. New mail is noticed by IDLE within about half a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from threading import Event as Signal
from threading import Lock
from typing import Any, NamedTuple

from connectors._contract import Connector, Cursor, Opening, Page
from connectors._mail import MAIL_ACTIVITIES, MAIL_SETTINGS, PAGE_SIZE, Batch, MailReader
from connectors._mail_imap import ACCOUNT_SETTINGS, Account, FolderState, Session
from data.errors import FixSettings, RetryLater


class _Look(NamedTuple):
    """What one folder held when looked at: its state and the UIDs not yet collected, ascending."""

    folder: str
    state: FolderState
    uids: Sequence[int]


class ImapSource:
    """Folders of one account. The cursor holds uidvalidity, last uid and modseq of each folder."""

    def __init__(self, opening: Opening) -> None:
        given = opening.settings
        self._account = Account.from_settings(opening.source, given)
        self._reader = MailReader.opened(opening, login=self._account.user)
        self._now = opening.now
        if isinstance(given["folders"], str):
            raise FixSettings(f"folders of source {opening.source!r} is no list; write it as [\"INBOX\", \"Sent\"]")
        self._wanted = [str(name) for name in given["folders"]]
        self._session: Session | None = None
        self._busy = Lock()
        self._closed = Signal()
        self._first: tuple[str, int] | None = None

    def pull(self, cursor: Cursor) -> Iterator[Page]:
        """Pages of up to 500 mails; the last carries the watermark: the moment of the look.

        A changed UIDVALIDITY means that UIDs were dealt anew: that folder is read again from its start, and the
        events keep their ids because those do not come from UIDs.
        """
        looked_at = self._now()
        known: dict[str, Any] = dict(cursor.get("folders", {}))
        with self._busy:
            session = self._ready()
            looks = [self._look(session, name, known.get(name, {})) for name in session.folders(self._wanted)]
        behind = sum(len(look.uids) for look in looks)
        for look in looks:
            for start in range(0, len(look.uids), PAGE_SIZE):
                if self._closed.is_set():
                    return
                uids = look.uids[start:start + PAGE_SIZE]
                with self._busy:
                    batch = self._fetch(session, look, uids)
                behind -= len(uids)
                # Without a modseq the folder counts as unfinished and is looked into again.
                known[look.folder] = {"uidvalidity": look.state.uidvalidity, "uid": uids[-1], "modseq": 0}
                yield batch.page({"folders": dict(known)}, behind=behind)
            last = max([look.state.uidnext - 1, *look.uids[-1:]])
            known[look.folder] = look.state._asdict() | {"uid": last}
            known[look.folder].pop("uidnext")
        self._first = (looks[0].folder, known[looks[0].folder]["uid"]) if looks else None
        yield Batch(self._reader).page({"folders": known}, watermark=looked_at, behind=0)

    def wait(self, seconds: float) -> bool:
        """True when the first folder got mail; sleeps where the server cannot tell."""
        if self._closed.is_set():
            return False
        with self._busy:
            session = self._ready()
            folder, uid = self._first or (session.folders(self._wanted)[0], 0)
            if session.can_idle:
                return session.wait(folder, uid, seconds, self._closed)
        self._closed.wait(seconds)
        return False

    def check(self) -> Sequence[str]:
        """Logs in and looks for the folders; says how to tell inside from outside where nothing does."""
        hints = [] if self._reader.knows_inside else [
            "nothing says which addresses are inside; set own_domains, or address to the mailbox's own address"]
        try:
            # A connection of its own: the other one may be waiting for mail.
            session = Session(self._account)
            session.folders(self._wanted)
            session.end()
        except (FixSettings, RetryLater) as problem:
            return [str(problem), *hints]
        return hints

    def close(self) -> None:
        """Ends `wait` within half a second and logs out."""
        self._closed.set()
        if self._busy.acquire(timeout=2):
            try:
                if self._session:
                    self._session.end()
                self._session = None
            finally:
                self._busy.release()

    def _ready(self) -> Session:
        """The session, after making sure that the server has not ended it meanwhile."""
        if self._session and self._session.alive:
            try:
                self._session.noop()
                return self._session
            except RetryLater:
                self._session.end()
        self._session = Session(self._account)
        return self._session

    def _look(self, session: Session, folder: str, known: Mapping[str, Any]) -> _Look:
        state = session.status(folder)
        same = known.get("uidvalidity") == state.uidvalidity
        uid = known["uid"] if same else 0
        untouched = same and state.modseq and known["modseq"] == state.modseq
        if untouched or state.uidnext <= uid + 1:
            return _Look(folder, state, ())
        session.examine(folder)
        return _Look(folder, state, session.uids_after(uid))

    def _fetch(self, session: Session, look: _Look, uids: Sequence[int]) -> Batch:
        if session.examine(look.folder).uidvalidity != look.state.uidvalidity:
            raise RetryLater(f"folder {look.folder!r} was rebuilt while it was being read; trying again")
        batch = Batch(self._reader)
        for mail in session.fetch(uids[0], uids[-1]):
            batch.add(mail.header, {"folder": look.folder, "uid": mail.uid, "size": mail.size}, mail.arrived_at)
        batch.hear(session.texts(list(batch.unheard)))
        return batch


CONNECTOR = Connector(
    id="imap",
    title="E-mail (IMAP)",
    shape="pull",
    activities=MAIL_ACTIVITIES,
    settings=(*ACCOUNT_SETTINGS, *MAIL_SETTINGS),
    blind="While it is down no mail is seen, and mail deleted meanwhile never will be; deletions are not told, "
          "blind copies are not read, of bodies only signals are kept, and a From line can be forged.",
    open=ImapSource,
    every_seconds=60.0,
)
