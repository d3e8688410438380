"""The command line: which commands there are, what they take, and how they are explained."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from layouts import _cmd_audit, _cmd_backtest, _cmd_evidence, _cmd_explain, _cmd_export, _cmd_user

# The commands that look into the file and need no connector, in the order they are listed.
COMMANDS: Final = {
    "explain": _cmd_explain,
    "backtest": _cmd_backtest,
    "export": _cmd_export,
    "evidence": _cmd_evidence,
    "audit": _cmd_audit,
    "user": _cmd_user,
}
_PORT = "the port of the pages, 8050 where not given (or FRONTVIEW_PORT)"


def command_line(version: str, work: Mapping[str, Callable[..., None]]) -> argparse.ArgumentParser:
    """The parser; `args.work` is what `work` holds under the command's name, `args.name` that name."""
    top = argparse.ArgumentParser(
        prog="python app.py",
        epilog="`python app.py COMMAND --help` explains one.",
        description="Frontview shows what happens at a company's front line, live, with nobody typing anything in.",
    )
    top.add_argument("--version", action="version", version=f"Frontview {version}")
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--db", type=Path, metavar="FILE", help="the database file (or FRONTVIEW_DB)")
    every.add_argument("--config", type=Path, metavar="FILE", help="the settings; frontview.toml where not given")
    every.add_argument("--verbose", action="store_true", help="say on stderr what is being done")
    parts = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        part = parts.add_parser(name, help=text, description=text, parents=[every])
        part.set_defaults(work=work[name], name=name)
        return part

    add("demo", "show a made-up front office, clearly marked as such").add_argument("--port", type=int, help=_PORT)
    add("serve", "collect from the configured sources and show it, with sign-in").add_argument(
        "--port", type=int, help=_PORT
    )
    check = add("check", "find what is wrong with settings, sources, file and machine")
    check.add_argument("--port", type=int, help=_PORT)
    check.add_argument("--send-test-alert", action="store_true", help="send every alert channel a test message")
    add("collect", "collect from the configured sources until nothing more is there, then end").add_argument(
        "--once", action="store_true", required=True, help="one look at each source; `serve` collects continuously"
    )
    _add_import(add("import", "take files in: XES, OCEL 2.0, CSV, Parquet, mbox, Maildir"))
    for name, module in COMMANDS.items():
        module.arguments(add(name, module.HELP))
    return top


def _add_import(part: argparse.ArgumentParser) -> None:
    part.add_argument("files", nargs="+", metavar="FILE", help="told apart by their content, not their name")
    part.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="ROLE=COLUMN",
        help="what a column means: case=number, activity=state, time=updated_at ...",
    )
    part.add_argument("--yes", action="store_true", help="take the guessed meaning of columns without asking")
