"""The command `backtest`: what a pack of rules would have said about the history in the file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from data.settings import Settings
from data.store import now_us
from layouts._cmd_audit import Opened
from layouts._moments import typed
from metrics._backtest import EVER, VERDICTS, Trial, Tried, try_pack

_COLUMNS = ("activations", *VERDICTS)


HELP = "try a pack of rules on the history in the file; nothing that is stored changes"


def arguments(part: argparse.ArgumentParser) -> None:
    """What the command takes."""
    part.add_argument("pack", type=Path, metavar="PACK.yaml", help="the rules to try; nothing that is stored changes")
    part.add_argument("--since", default="", metavar="MOMENT", help="only activations from this day or moment on")
    part.add_argument("--until", default="", metavar="MOMENT", help="only activations before this day or moment")
    part.add_argument("--closed", action="store_true", help="treat every object as ended at its last event")
    part.add_argument("--reviewers", type=int, default=1, help="how many people share the load")
    part.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(opened: Opened, settings: Settings, args: argparse.Namespace) -> None:
    """Try the pack and print what it would have said."""
    zone = settings.firm.time_zone
    since_t = typed(args.since, zone) if args.since else EVER[0]
    until_t = typed(args.until, zone) if args.until else EVER[1]
    wish = Trial(since_t, until_t, args.closed, max(1, args.reviewers))
    now_t = now_us()
    with opened(settings, create=False) as (store, _):
        found = try_pack(store, args.pack, wish, now_t, list(settings.calendars.values()))
    if args.json:
        body = {"pack": args.pack.stem, "as_of_t": now_t, "closed": args.closed, "rules": [t.as_json() for t in found]}
        print(json.dumps(body, indent=1))
        return
    for line in _table(found):
        print(line)


def _table(found: Sequence[Tried]) -> Sequence[str]:
    wide = max([len(tried.rule.id) for tried in found], default=4)
    head = [f"{'rule':{wide}}", *(f"{word:>11}" for word in (*_COLUMNS, "conformance")), "  load/day"]
    lines = [" ".join(head)]
    for tried in found:
        numbers = [sum(tried.counts.values()), *(tried.counts[verdict] for verdict in VERDICTS)]
        rate = "-" if tried.conformance is None else f"{100 * tried.conformance:.1f} %"
        cells = [f"{tried.rule.id:{wide}}", *(f"{n:>11,}" for n in numbers), f"{rate:>11}", f"{tried.load:>10.1f}"]
        lines.append(" ".join(cells))
        if tried.missing:
            lines.append(f"{'':{wide}} no source has brought {', '.join(tried.missing)}")
    return lines
