"""The options with which the screen opens: those of `check` that mean the same there."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any

from npdoctor.cli.options import Parser, jobs, seconds
from npdoctor.errors import UsageError

LOWEST_PORT, HIGHEST_PORT = 1024, 65535


def screen_options(arguments: Sequence[str]) -> dict[str, Any] | None:
    """Return what is asked of the screen; None where something among it is for the command line."""
    try:
        args, others = _screen_parser().parse_known_args(list(arguments))
    except UsageError:
        return None
    return None if others else vars(args)


def serving_options(arguments: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """Return the port for the browser, and the options that the screen gets; raise UsageError."""
    parser = _screen_parser()
    parser.prog = "npdoctor --serve"
    parser.description = "Show the screen in a browser on this machine, and nowhere else."
    parser.add_argument("--port", type=port, default=0, help="of 127.0.0.1 (default: one that is free)")
    parser.add_argument("-h", "--help", action="help")
    args = parser.parse_args(list(arguments))
    given = {"--python": args.python, "--timeout": args.timeout, "--jobs": args.jobs}
    passed = [f"{name}={value}" for name, value in given.items() if value]
    return args.port, (*passed, *(["--ascii"] if args.ascii_only else []))


def port(text: str) -> int:
    """Read the number of a port that needs no privilege."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not LOWEST_PORT <= int(text) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from {LOWEST_PORT} to {HIGHEST_PORT}")
    return int(text)


def _screen_parser() -> Parser:
    parser = Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--python", metavar="PATH", help="interpreter or environment folder to examine")
    parser.add_argument("--timeout", metavar="SECONDS", type=seconds, default=20.0, help="per import")
    parser.add_argument("--jobs", metavar="N", type=jobs, default=0, help="imports at once")
    parser.add_argument("--ascii", dest="ascii_only", action="store_true", help="no character beyond ASCII")
    return parser
