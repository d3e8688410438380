"""Frontview: what happens at a company's front line, live. This is the door: command line and wiring, no logic."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

import connectors
from connectors._check import check
from connectors._deliver import Delivery
from connectors._demo_settings import personas
from connectors._hooks import Hooks
from connectors._import import Importer, Wishes, parsed_mapping
from connectors._schedule import Collector
from data import settings as settings_of
from data.accounts import list_accounts
from data.errors import FixSettings, FrontviewError
from data.mine_settings import Mine
from data.plugins import discover
from data.reviews import Plan
from data.settings import Settings, StorePlace
from data.store import Store
from data.writer import Writer
from layouts._alarm_loop import AlarmLoop
from layouts._cli import COMMANDS, command_line
from layouts._nudge_loop import NudgeLoop
from layouts._server import ServerOptions, create_server, run
from metrics._bench import Bench
from metrics._engine import running
from metrics._rulebook import watching

VERSION = "0.1.0"


def opened(settings: Settings, *, create: bool = True) -> AbstractContextManager[tuple[Store, Writer]]:
    """The store and its running writer. A file that can no longer be written ends the program; SIGTERM lets the
    server close its streams first."""
    return running(settings, create=create, on_fatal=lambda _: os.kill(os.getpid(), signal.SIGTERM))


def serve(settings: Settings, args: argparse.Namespace) -> None:
    """Collect continuously and show it."""
    with opened(settings) as (store, writer):
        demo = settings.firm.demo
        if not demo and not list_accounts(writer):
            raise FixSettings("nobody can sign in yet; make the first administrator: "
                              f"python app.py user add NAME --role administrator --db {settings.store.db}")
        catalogue = discover(connectors, "CONNECTOR")
        server = settings.server
        options = ServerOptions(VERSION, personas() if demo else (), Hooks(settings, catalogue, writer),
                                server.session_hours, server.secure, review=Plan.of(settings),
                                bench=Bench.of(settings),
                                mine=Mine(settings.nudges, settings.embed, server.public_url))
        app = create_server(store, writer, options)
        collector = Collector(settings, store, writer, catalogue)
        alarms = AlarmLoop(settings, store, writer, Delivery(settings))
        nudges = NudgeLoop(settings, store, writer, Delivery)
        packs = [Path(folder) for folder in settings.rules.packs]

        def ready() -> None:
            print(f"Frontview is on http://{server.host}:{server.port}  (database {settings.store.db})")
            if not settings.sources and not demo:
                print("no source is configured; begin with: cp data/frontview.example.toml frontview.toml")
            collector.start()
            alarms.start()
            nudges.start()
        with watching(writer, packs):
            try:
                run(app, server.host, server.port, ready)
            finally:
                nudges.stop()
                alarms.stop()
                collector.stop()


def collect(settings: Settings, args: argparse.Namespace) -> None:
    """Collect once and say what came."""
    with opened(settings) as (store, writer):
        rows = Collector(settings, store, writer, discover(connectors, "CONNECTOR")).once()
        for row in rows:
            print(row)
    sys.exit(any(row.state == "failed" for row in rows))


def take(settings: Settings, args: argparse.Namespace) -> None:
    """Import files."""
    def confirm(mapping: str) -> bool:
        print(mapping)
        return args.yes or not sys.stdin.isatty() or input("Is this right? [Y/n] ").lower() in ("", "y", "yes")

    wishes = Wishes(parsed_mapping(args.map), confirm, sys.stderr.write, sys.stderr.isatty())
    with opened(settings) as (store, writer):
        for result in Importer(settings, store, writer, wishes).run(args.files):
            print(result)


def examine(settings: Settings, args: argparse.Namespace) -> None:
    """Say what is wrong and what to do."""
    findings = check(settings, discover(connectors, "CONNECTOR"), send_test_alert=args.send_test_alert)
    for finding in findings:
        print(finding)
    sys.exit(any(finding.level == "problem" for finding in findings))


WORK: dict[str, Callable[..., None]] = {
    "demo": serve, "serve": serve, "check": examine, "collect": collect, "import": take,
    **{name: partial(command.run, opened) for name, command in COMMANDS.items()}}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 1 something must be changed first, said in one sentence."""
    args = command_line(VERSION, WORK).parse_args(words)
    logging.basicConfig(level=logging.INFO if args.verbose else logging.ERROR, format="%(levelname)s %(message)s")
    warnings.filterwarnings("ignore", module="dash")
    # A way out that closes the store: for whoever stops us, and for a writer whose file has become unusable.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        settings = settings_of.demo() if args.name == "demo" else settings_of.load(args.config)
        if args.db:
            settings = replace(settings, store=StorePlace(args.db))
        if getattr(args, "port", None):
            settings = replace(settings, server=replace(settings.server, port=args.port))
        args.work(settings, args)
    except FrontviewError as problem:
        print(f"frontview: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
