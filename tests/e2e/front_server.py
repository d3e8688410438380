"""A Frontview in a process of its own over a real store: `python front_server.py DB PORT`.

POST /hooks/test puts an event into it, which is how a test makes something happen.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from connectors._demo_settings import personas
from data.event import Event, Ref
from data.page import Page
from data.store import Store
from data.writer import Writer
from layouts._server import ServerOptions, create_server, run
from metrics._engine import Engine


def main(db: str, port: int) -> None:
    """Serve until killed."""
    store = Store.open(db)
    writer = Writer(store, [Engine()])
    writer.start()
    if not store.cursor("test"):
        writer.register("test", "webhook", "Test bench", "What the test makes happen is missing.")
        writer.report("test", "live")

    def hook(source: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        told = json.loads(body)
        if "state" in told:
            writer.report(source, told["state"], told.get("message", ""))
            return 200, {}
        event = Event(
            told["id"],
            datetime.now(UTC),
            told["activity"],
            [Ref(*ref) for ref in told["objects"]],
            actor=told.get("actor", ""),
            team=told.get("team", ""),
            channel=told.get("channel", ""),
            direction=told.get("direction", "internal"),
        )
        receipt = writer.put(source, Page({"n": told["id"]}, events=[event], watermark=datetime.now(UTC)))
        return 200, {"new": receipt.n_new}

    run(create_server(store, writer, ServerOptions(personas=personas(), hooks=hook)), "127.0.0.1", port)
    writer.stop()
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
