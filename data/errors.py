"""Everything that can go wrong, sorted by how to recover. Each message says fact, value and remedy."""

from __future__ import annotations


class FrontviewError(Exception):
    """Base of all errors raised on purpose; its text is fit to be shown to the user."""


class RetryLater(FrontviewError):
    """The source cannot answer now. Try again after `after_seconds`; nothing is lost."""

    def __init__(self, message: str, *, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class SkipRecord(FrontviewError):
    """One record cannot be understood. It is set aside with this reason and counted."""


class CursorExpired(FrontviewError):
    """The source no longer knows our cursor: read again from the start; duplicates are dropped by the store."""


class FixSettings(FrontviewError):
    """A person must change something: a setting, a password, a file. Retrying does not help."""


class NotAllowed(FrontviewError):
    """The reader's scope does not include what was asked for."""


class OurFault(FrontviewError):
    """A broken promise inside Frontview itself; please report it."""
