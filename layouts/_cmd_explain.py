"""`python app.py explain`: a case's timeline and why each rule was decided as it was."""

from __future__ import annotations

import argparse

from data.scope import SYSTEM
from data.settings import Settings
from data.store import now_us
from layouts._cmd_audit import Opened
from layouts._moments import typed
from metrics._contract import Read
from metrics._explain import explain

HELP = "print a case's timeline and why each rule was decided as it was"


def arguments(part: argparse.ArgumentParser) -> None:
    """What `explain` takes."""
    part.add_argument("case", metavar="CASE", help="its id as the source writes it, or text that only it holds")
    part.add_argument(
        "--as-of", default="", metavar="MOMENT", help="what was known and believed then: 2026-05-03T10:00, in UTC"
    )


def run(opened: Opened, settings: Settings, args: argparse.Namespace) -> None:
    """Print the case line by line."""
    as_of = typed(args.as_of) if args.as_of else None
    with opened(settings, create=False) as (store, _):
        for line in explain(Read(store.read, SYSTEM), args.case, now_us(), as_of):
            print(line)
