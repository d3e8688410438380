"""What test_alarm_loop.py kills: `python _alarm_child.py DB URL MOMENT` looks once and stops at the moment.

MOMENT is `before`: the message is written down and not yet sent; or `after`: it has arrived and is not yet marked.
Says `there` when it is.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from connectors._deliver import Delivery
from data.alerts import Letter
from data.settings import Settings
from data.store import Store
from data.writer import Writer
from layouts._alarm_loop import AlarmLoop
from tests.metrics._alert_world import engine, officer

SECRET = "a secret of the desk and us"


def main(db: str, url: str, moment: str) -> None:
    """Look once, and stop at the moment until somebody kills us."""
    settings = Settings(alerts={"desk": officer(url=url, secret_env="S")}, environ={"S": SECRET})
    store = Store.open(db)
    writer = Writer(store, [engine()])
    writer.start()
    delivery = Delivery(settings)

    def send(letter: Letter) -> str:
        if moment == "after":
            delivery(letter)
        sys.stdout.write("there\n")
        sys.stdout.flush()
        threading.Event().wait()
        return ""

    AlarmLoop(settings, store, writer, send).once("desk")


if __name__ == "__main__":
    main(*sys.argv[1:])
