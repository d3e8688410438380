"""`python app.py audit`: what people did, and the proof that the record of it is whole."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from data.audit import Entry, Head, entries, verify
from data.settings import Settings
from data.store import Store
from data.writer import Writer
from layouts._moments import shown, typed

Opened = Callable[..., AbstractContextManager[tuple[Store, Writer]]]


HELP = "list what people did, or prove that the record of it is whole"


def arguments(part: argparse.ArgumentParser) -> None:
    """What `audit` takes."""
    part.add_argument("what", choices=("verify", "list"), help="go through the chain, or print it")
    part.add_argument("--since", default="", metavar="MOMENT", help="list: from this day or moment on")
    part.add_argument("--head", action="append", default=[], metavar="N:HASH",
                      help="verify: a head noted before, as in an evidence pack, must still be in the chain")


def run(opened: Opened, settings: Settings, args: argparse.Namespace) -> None:
    """Print the records, or the proof; ends with exit code 1 when the chain is broken."""
    noted = [Head.parse(text) for text in args.head]
    since_t = typed(args.since, settings.firm.time_zone) if args.since else 0
    with opened(settings, create=False) as (_, writer):
        if args.what == "list":
            for entry in writer.do(lambda con: list(entries(con, since_t))):
                print(_line(entry))
            return
        proof = writer.do(lambda con: verify(con, noted))
    if proof.ok:
        print(f"the audit trail is whole: {proof.n:,} records, head {proof.head}")
        return
    print(f"the audit trail is broken: {proof.why}. The {proof.n:,} before it are as they were written; "
          "compare with a backup, and with heads noted elsewhere (--head)")
    sys.exit(1)


def _line(entry: Entry) -> str:
    told: dict[str, Any] = json.loads(entry.detail)
    case = [f"case {entry.obj}"] if entry.obj is not None else []
    detail = [f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
              for name, value in told.items() if value is not None]
    said = ", ".join([entry.what, *case, *detail])
    return f"{entry.n:>7} {shown(entry.at_t)} {entry.login} ({entry.role}): {said}"
