"""`python app.py evidence`: the proof about a case, a rule or a period, as one ZIP file."""

from __future__ import annotations

import argparse
from pathlib import Path
from secrets import token_hex

from data.audit import COMMAND_LINE
from data.errors import FixSettings
from data.scope import Principal, Role
from data.settings import Settings
from layouts._cmd_audit import Opened
from layouts._download import OFFICER, make
from layouts._moments import typed
from metrics._contract import Read
from metrics._export_facts import FOREVER
from metrics._pack import PackWish
from metrics._pack_facts import numbered

HELP = "make an evidence pack of a case, a rule or a period: PDF, tables, rules and checksums"


def arguments(part: argparse.ArgumentParser) -> None:
    """What `evidence` takes."""
    part.add_argument("-o", "--out", type=Path, required=True, metavar="FILE", help="the ZIP file to make")
    part.add_argument("--case", default="", metavar="ID", help="about one case, by its id as the source writes it")
    part.add_argument("--rule", default="", metavar="RULE", help="about one rule, by its id")
    part.add_argument("--since", default="", metavar="MOMENT", help="activations from this day or moment on")
    part.add_argument("--until", default="", metavar="MOMENT", help="activations before this day or moment")


def run(opened: Opened, settings: Settings, args: argparse.Namespace) -> None:
    """Make the pack; the audit trail tells that it was made. People are pseudonymous as they are for an officer."""
    zone = settings.firm.time_zone
    if not (args.case or args.rule or args.since):
        raise FixSettings("say what the evidence is about: --case, --rule or --since")
    since_t = typed(args.since, zone) if args.since else 0
    until_t = typed(args.until, zone) if args.until else FOREVER
    with opened(settings, create=False) as (store, writer):
        objs = numbered(Read(store.read, OFFICER), args.case) if args.case else ()
        who = Principal(COMMAND_LINE[0], COMMAND_LINE[0], Role.SYSTEM)
        whole = make(store, writer, who, PackWish(objs, args.rule, since_t, until_t, *COMMAND_LINE), writer.clock())
    _write(args.out, whole)
    print(f"{args.out}: {len(whole):,} bytes")


def _write(path: Path, whole: bytes) -> None:
    """Under its name only when it is complete."""
    beside = path.with_name(f".{token_hex(6)}-{path.name}")
    try:
        beside.write_bytes(whole)
        beside.replace(path)
    except OSError as error:
        raise FixSettings(f"{path} cannot be written ({error.strerror}); choose another place with -o") from error
    finally:
        beside.unlink(missing_ok=True)
