"""`python app.py export`: takes the log out in the formats of process mining."""

from __future__ import annotations

import argparse
from pathlib import Path

from data.audit import COMMAND_LINE, append
from data.scope import SYSTEM
from data.settings import Settings
from layouts._cmd_audit import Opened
from layouts._moments import typed
from metrics._contract import Read
from metrics._export import FORMATS, Wish, export, format_of
from metrics._export_facts import FOREVER

HELP = "take the log out: OCEL 2.0, XES, Parquet or CSV"


def arguments(part: argparse.ArgumentParser) -> None:
    """What `export` takes."""
    part.add_argument("-o", "--out", type=Path, required=True, metavar="FILE",
                      help="where to; it appears when it is complete, and replaces a file of that name")
    part.add_argument("--format", choices=list(FORMATS), help="what the file's name tells where not given")
    part.add_argument("--case", default="", metavar="ID", help="one case only, by its id as the source writes it")
    part.add_argument("--otype", action="append", default=[], metavar="TYPE",
                      help="objects of this type only; for XES, CSV and Parquet it is what a case is")
    part.add_argument("--since", default="", metavar="MOMENT", help="events from this day or moment on")
    part.add_argument("--until", default="", metavar="MOMENT", help="events before this day or moment")


def run(opened: Opened, settings: Settings, args: argparse.Namespace) -> None:
    """Write the file and say how much is in it; the audit trail tells that it was made."""
    zone = settings.firm.time_zone
    wish = Wish(args.format or format_of(args.out), args.case, tuple(dict.fromkeys(args.otype)),
                typed(args.since, zone) if args.since else 0, typed(args.until, zone) if args.until else FOREVER)
    with opened(settings, create=False) as (store, writer):
        tally = export(Read(store.read, SYSTEM), wish, args.out)
        detail = {"format": wish.format, "otypes": list(wish.otypes), "since": args.since, "until": args.until,
                  "one_case": bool(wish.case), "events": tally.events}
        writer.do(lambda con: append(con, writer.clock(), COMMAND_LINE, "log exported", detail=detail))
    print(f"{args.out} ({wish.format}): {tally}")
