"""What answers POST /hooks/<source>: the receiver checks and reads, the writer stores, the sender is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors._contract import Connector
from connectors._exclude import excluding
from connectors._schedule import opening
from connectors.webhook import CONNECTOR, receive
from data.errors import FrontviewError, NotAllowed, SkipRecord
from data.settings import Settings
from data.writer import Writer


class Hooks:
    """Callable with source, headers and body; answers with a status and a JSON object. Thread-safe."""

    def __init__(self, settings: Settings, connectors: Mapping[str, Connector], writer: Writer) -> None:
        self._writer = writer
        self._left_out = excluding(settings.privacy.exclude)
        self._openings = {
            source.id: opening(settings, source, connectors)
            for source in settings.sources.values() if source.connector == CONNECTOR.id}

    def __call__(self, source: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        known = self._openings.get(source)
        if known is None:
            return 404, {"error": f"no webhook source {source!r} is configured"}
        now = datetime.now(UTC)
        try:
            page = receive(known, headers, body, now)
            receipt = self._writer.put(source, self._left_out(page))
        except NotAllowed as problem:
            return 401, {"error": str(problem)}
        except SkipRecord as problem:
            return 400, {"error": str(problem)}
        except FrontviewError:
            # Nothing was stored; a sender that repeats later loses nothing.
            return 503, {"error": "it could not be stored now; send it again later"}
        return 200, {"new": receipt.n_new, "known": receipt.n_again, "aside": receipt.n_aside}
