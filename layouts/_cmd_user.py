"""`python app.py user`: makes, lists and deactivates accounts while the server is stopped."""

from __future__ import annotations

import argparse
import getpass
import sys

from data.accounts import create_account, list_accounts, set_active
from data.scope import Principal, Role
from data.settings import Settings
from layouts._cmd_audit import Opened

HELP = "make, list or deactivate accounts (while the server is stopped; else on its accounts page)"


def arguments(part: argparse.ArgumentParser) -> None:
    """What `user` takes."""
    part.add_argument("what", choices=("add", "list", "off"))
    part.add_argument("login", nargs="?", default="")
    part.add_argument("--role", choices=[role.value for role in Role if role is not Role.SYSTEM], default="manager")
    part.add_argument("--name", default="", help="as shown to others")
    part.add_argument("--person", default="", help="this user's own id in the sources, usually the e-mail address")
    part.add_argument(
        "--team", action="append", default=[], help="a manager's team; every team where none is named"
    )
    part.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def run(opened: Opened, settings: Settings, args: argparse.Namespace) -> None:
    """Do it and say what was done."""
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
            who = Principal(args.login, args.name or args.login, Role(args.role), args.person, teams)
            create_account(writer, who, password)
            print(f"{args.login} can sign in as {args.role}")
