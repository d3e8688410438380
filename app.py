"""Frontview: what happens at a company's front line, live. This is the door: command line and wiring, no logic."""

from __future__ import annotations

import argparse
import getpass
import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import connectors
from connectors._check import check
from connectors._demo_settings import personas
from connectors._hooks import Hooks
from connectors._import import Importer, Wishes, parsed_mapping
from connectors._schedule import Collector
from data import settings as settings_of
from data.accounts import create_account, list_accounts, set_active
from data.errors import FixSettings, FrontviewError
from data.plugins import discover
from data.scope import SYSTEM, Principal, Role
from data.settings import Settings, StorePlace
from data.store import Store, now_us
from data.writer import Writer
from layouts._server import ServerOptions, create_server, run
from metrics._contract import Read
from metrics._engine import Engine
from metrics._explain import explain
from metrics.conformance.decide import Conformance

VERSION = "0.1.0"


@contextmanager
def opened(settings: Settings, *, create: bool = True) -> Iterator[tuple[Store, Writer]]:
    """The store and its running writer, closed in order whatever happens."""
    store = Store.open(settings.store.db, create=create)
    folders = [Path(pack) for pack in settings.rules.packs]
    conformance = Conformance(folders, disabled=settings.rules.disable, calendars=list(settings.calendars.values()))
    # A file that can no longer be written ends the program: SIGTERM lets the server close its streams first.
    writer = Writer(store, [Engine(conformance)], on_fatal=lambda _: os.kill(os.getpid(), signal.SIGTERM))
    try:
        writer.start()
        yield store, writer
        if writer.fault:
            raise writer.fault
    finally:
        writer.stop()
        store.close()


def serve(settings: Settings, args: argparse.Namespace) -> None:
    """Collect continuously and show it."""
    with opened(settings) as (store, writer):
        demo = settings.firm.demo
        if not demo and not list_accounts(writer):
            raise FixSettings("nobody can sign in yet; make the first administrator: "
                              f"python app.py user add NAME --role administrator --db {settings.store.db}")
        catalogue = discover(connectors, "CONNECTOR")
        hooks = Hooks(settings, catalogue, writer)
        server = settings.server
        app = create_server(store, writer, ServerOptions(
            version=VERSION, personas=personas() if demo else (), hooks=hooks, session_hours=server.session_hours,
            secure=server.secure))
        collector = Collector(settings, store, writer, catalogue)
        collector.start()
        print(f"Frontview is on http://{server.host}:{server.port}  (database {settings.store.db}; Ctrl-C ends it)")
        try:
            run(app, server.host, server.port)
        finally:
            collector.stop()


def collect(settings: Settings, args: argparse.Namespace) -> None:
    """Collect once and say what came."""
    with opened(settings) as (store, writer):
        for row in Collector(settings, store, writer, discover(connectors, "CONNECTOR")).once():
            print(row)


def take(settings: Settings, args: argparse.Namespace) -> None:
    """Import files."""
    def confirm(mapping: str) -> bool:
        print(mapping)
        return args.yes or not sys.stdin.isatty() or input("Is this right? [Y/n] ").strip().lower() in ("", "y", "yes")
    wishes = Wishes(parsed_mapping(args.map), confirm, sys.stderr.write, sys.stderr.isatty())
    with opened(settings) as (store, writer):
        for result in Importer(settings, store, writer, wishes).run(args.files):
            print(result)


def examine(settings: Settings, args: argparse.Namespace) -> None:
    """Say what is wrong and what to do."""
    findings = check(settings, discover(connectors, "CONNECTOR"))
    for finding in findings:
        print(finding)
    if any(finding.level == "problem" for finding in findings):
        raise SystemExit(1)


def tell(settings: Settings, args: argparse.Namespace) -> None:
    """Print a case's timeline and bindings."""
    with opened(settings, create=False) as (store, _):
        for line in explain(Read(store.read, SYSTEM), args.case, now_us()):
            print(line)


def user(settings: Settings, args: argparse.Namespace) -> None:
    """Make, list and deactivate accounts."""
    with opened(settings) as (_, writer):
        if args.what == "list":
            for account in list_accounts(writer):
                who = account.principal
                print(f"{who.login:24} {who.role:14} {who.name}{'' if account.active else '  (deactivated)'}")
        elif args.what == "off":
            set_active(writer, args.login, active=False)
        else:
            password = sys.stdin.readline().rstrip("\n") if args.password_stdin else getpass.getpass("Password: ")
            teams = frozenset(args.team) if args.team else None if args.role != Role.REP else frozenset()
            create_account(writer, Principal(args.login, args.name or args.login, Role(args.role), args.person, teams), password)
            print(f"{args.login} can sign in as {args.role}")


def demo(settings: Settings, args: argparse.Namespace) -> None:
    """The demonstration firm, with one-click personas."""
    serve(settings, args)


def commands() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python app.py", description="Frontview shows what happens at a company's front "
                                  "line, live, with nobody typing anything in.", epilog="`python app.py COMMAND --help` explains one.")
    top.add_argument("--version", action="version", version=f"Frontview {VERSION}")
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--db", type=Path, metavar="FILE", help="the database file (or FRONTVIEW_DB)")
    every.add_argument("--config", type=Path, metavar="FILE", help="the settings, frontview.toml where not given")
    every.add_argument("--verbose", action="store_true", help="say on stderr what is being done")
    parts = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, work: object, text: str) -> argparse.ArgumentParser:
        part = parts.add_parser(name, help=text, description=text, parents=[every])
        part.set_defaults(work=work, name=name)
        return part
    for name, work, text in (("demo", demo, "show a made-up front office, clearly marked as such"),
                             ("serve", serve, "collect from the configured sources and show it, with sign-in"),
                             ("check", examine, "find what is wrong with settings, sources, file and machine")):
        add(name, work, text).add_argument("--port", type=int, help="the port of the pages, 8050 where not given (or FRONTVIEW_PORT)")
    add("collect", collect, "collect from the configured sources until nothing more is there, then end").add_argument(
        "--once", action="store_true", required=True, help="one look at each source; `serve` collects continuously")
    part = add("import", take, "take files in: XES, OCEL 2.0, CSV, Parquet, mbox, Maildir")
    part.add_argument("files", nargs="+", metavar="FILE", help="told apart by their content, not their name")
    part.add_argument("--map", action="append", default=[], metavar="ROLE=COLUMN", help="case=number, activity=state, time=updated_at ...")
    part.add_argument("--yes", action="store_true", help="take the guessed mapping of columns without asking")
    add("explain", tell, "print a case's timeline and why each rule was decided as it was").add_argument("case", metavar="CASE")
    part = add("user", user, "make, list or deactivate accounts (while the server is stopped; later on its accounts page)")
    part.add_argument("what", choices=("add", "list", "off"))
    part.add_argument("login", nargs="?", default="")
    part.add_argument("--role", choices=[role.value for role in Role if role is not Role.SYSTEM], default="manager")
    part.add_argument("--name", default="", help="as shown to others")
    part.add_argument("--person", default="", help="the id of this user's person object, usually the e-mail address")
    part.add_argument("--team", action="append", default=[], help="a manager's team; every team where none is named")
    part.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 1 something must be changed first, said in one sentence."""
    args = commands().parse_args(words)
    logging.basicConfig(level=logging.INFO if args.verbose else logging.ERROR, format="%(levelname)s %(message)s")
    warnings.filterwarnings("ignore", module="dash")
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
