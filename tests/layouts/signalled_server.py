"""A server in a process of its own that says when its store was closed: `python signalled_server.py DB PORT`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from data.scope import Principal, Role
from data.store import Store
from data.writer import Writer
from layouts._server import ServerOptions, create_server, run
from metrics._engine import Engine


def main(db: str, port: int) -> None:
    """Serve until told to stop, then close in order."""
    store = Store.open(db)
    writer = Writer(store, [Engine()])
    writer.start()
    options = ServerOptions(personas=[Principal("maya", "Maya", Role.MANAGER, teams=None)])
    app = create_server(store, writer, options)
    print("starting", flush=True)
    try:
        run(app, "127.0.0.1", port)
    finally:
        writer.stop()
        store.close()
        print("closed", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
