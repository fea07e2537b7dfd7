"""The command line: its words, and the checks that need nothing but the words themselves."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from npdoctor import __version__
from npdoctor.errors import UsageError

NOT_BUILT = {
    "compare": "what differs between environments",
    "fleet": "check on every node of a cluster",
}
FORMATS = ("text", "json", "markdown", "html", "sarif", "github")
LONGEST_TIMEOUT = 3600.0
MOST_JOBS = 256

_EPILOG = """exit codes: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage, 3 could not look,
4 npdoctor's own failure, 130 interrupted.  Not built yet in this version: """ + ", ".join(NOT_BUILT)

_RUN = """Run a program with its streams and its exit code untouched, and sample the memory of its processes
and of the GPUs. The summary, also as JSON, goes to stderr after it, or to the file of -o. Signals are passed
on, and the program is killed if npdoctor is. PYTHONFAULTHANDLER=1 is set unless you have set it; an empty
value switches it off. In place of a terminal the program gets another one, in which bytes and settings pass
unchanged; --direct hands over your own, which an interactive shell needs."""
_RUN_EXITS = """exit codes: those of the program, 128 and the number for a signal, 127 where it is not found,
126 where it cannot be started, 2 where none is given."""


_AUDIT = """Judge every range that the files declare against a NumPy: the one of --assume numpy==X, else the
newest that the files and the Python admit. The rule book says what it knows; --online also reads the wheels
of the lowest and the highest release that each range admits, and resolves what comes along."""


class Parser(argparse.ArgumentParser):
    """Raise a UsageError where argparse would print its usage; take options also between words."""

    _inside = False

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Put the words aside while the options are read, except where a command line follows."""
        whole = (argparse.REMAINDER, argparse.PARSER)
        if self._inside or any(action.nargs in whole for action in self._get_positional_actions()):
            return super().parse_known_args(args, namespace)
        self._inside = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._inside = False

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read on."""
        raise UsageError(f"{message}\nSee: {self.prog} --help")


def parser() -> Parser:
    """Build the parser of every command that is built."""
    common = _common()
    root = Parser(
        prog="npdoctor",
        allow_abbrev=False,
        description="Find out why Python broke in this pod. Without a command: the screen, where there is a "
        "terminal and no option but --python, --timeout, --jobs and --ascii; else check.",
        epilog=_EPILOG,
    )
    root.add_argument("--version", action="version", version=f"npdoctor {__version__}")
    root.add_argument(
        "--serve", action="store_true", help="show the screen in a browser; see npdoctor --serve --help"
    )
    commands = root.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    commands.add_parser(
        "check",
        parents=[common, _examining()],
        allow_abbrev=False,
        help="diagnose, print, exit with the verdict",
    )
    _add_fix(
        commands.add_parser(
            "fix",
            parents=[common, _examining()],
            allow_abbrev=False,
            help="plan what mends it, show it as a diff; write, install, take back",
        )
    )
    _add_report(
        commands.add_parser(
            "report",
            parents=[common, _examining()],
            allow_abbrev=False,
            help="the full diagnosis as one document: --format markdown, html, json, sarif, text",
        )
    )
    _add_audit(
        commands.add_parser(
            "audit",
            parents=[common, _judging()],
            allow_abbrev=False,
            help="judge requirements, pyproject, locks and Dockerfiles for the move to NumPy 2",
            description=_AUDIT,
        )
    )
    gpu = commands.add_parser(
        "gpu",
        parents=[common, _examining()],
        allow_abbrev=False,
        help="GPUs, driver, CUDA, and which installed builds can use them",
    )
    gpu.add_argument(
        "--watch",
        metavar="SECONDS",
        type=seconds,
        nargs="?",
        const=1.0,
        help="show the load again and again until interrupted (default every second)",
    )
    explain = commands.add_parser(
        "explain", parents=[common], allow_abbrev=False, help="what a code means; - reads a traceback or log"
    )
    explain.add_argument(
        "what", nargs="?", metavar="CODE|-", help="a code, the id of a signature, or - for stdin"
    )
    explain.add_argument(
        "--python", metavar="PATH", help="with -: the interpreter or environment folder to consult"
    )
    _add_run(
        commands.add_parser(
            "run",
            parents=[common],
            allow_abbrev=False,
            usage="npdoctor run [OPTIONS] -- PROGRAM [ARGUMENTS...]",
            help="run a program of yours and watch it; if it fails, name the cause",
            description=_RUN,
            epilog=_RUN_EXITS,
        )
    )
    rules = commands.add_parser(
        "rules", parents=[common], allow_abbrev=False, help="list what the rule book knows"
    )
    rules.add_argument(
        "action", nargs="?", choices=["verify"], help="derive the floors again from the wheels on the index"
    )
    rules.add_argument("names", nargs="*", metavar="PKG", help="verify these only")
    return root


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument(
        "--direct",
        action="store_true",
        help="hand over terminals and pipes as they are: then npdoctor reads nothing of the output",
    )
    run.add_argument("program", nargs=argparse.REMAINDER, metavar="PROGRAM", help=argparse.SUPPRESS)


def _add_fix(fix: argparse.ArgumentParser) -> None:
    fix.add_argument(
        "--strategy",
        choices=("nearest", "latest", "back"),
        default="nearest",
        help="nearest: keep NumPy's major, change little (default); latest: the newest that fit; "
        "back: hold NumPy below 2",
    )
    fix.add_argument("--only", metavar="SUBJECT", action="append", default=[], help="mend only this one")
    fix.add_argument("--include-risks", action="store_true", help="also what imports but is unsafe")
    fix.add_argument("--file", metavar="PATH", help="where pins go (default: found from the project)")
    fix.add_argument("--engine", choices=("auto", "uv", "pip"), default="auto", help="who resolves")
    fix.add_argument("--no-rehearse", action="store_true", help="do not try it in a copy first")
    fix.add_argument(
        "--lock",
        metavar="FILE",
        help="also write a known-good lock of it all: pylock*.toml, else requirements with hashes",
    )
    fix.add_argument("--yes", action="store_true", help="ask nothing")
    doing = fix.add_mutually_exclusive_group()
    doing.add_argument("--write", action="store_true", help="write the pins")
    doing.add_argument("--apply", action="store_true", help="write the pins and install")
    doing.add_argument(
        "--undo", metavar="ID", nargs="?", const="", help="take the newest fix back, or that one"
    )


def _add_audit(audit: argparse.ArgumentParser) -> None:
    audit.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="requirements*.txt, constraints, pyproject.toml, Dockerfile, uv.lock, pylock.toml, poetry.lock",
    )
    audit.add_argument("--write", action="store_true", help="write the right ranges into the files")


def _add_report(report: argparse.ArgumentParser) -> None:
    report.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="requirements, pyproject, locks, Dockerfiles to audit (default: those of this folder)",
    )
    report.add_argument(
        "--rehearse", action="store_true", help="plan, which takes the network, and try the plan in a copy"
    )


def _common() -> Parser:
    common = Parser(add_help=False)
    common.add_argument("--format", choices=FORMATS, help="how the result is written (default text)")
    common.add_argument(
        "--json", dest="format", action="store_const", const="json", help="short for --format json"
    )
    common.add_argument("-o", "--output", metavar="FILE", help="write the result to FILE")
    common.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    common.add_argument("--ascii", action="store_true", help="write no character beyond ASCII")
    common.add_argument("--no-redact", action="store_true", help="hide nothing (files get mode 0600)")
    common.add_argument("-v", "--verbose", action="store_true", help="show all evidence")
    common.add_argument("-q", "--quiet", action="store_true", help="no progress and no hints on stderr")
    return common


def _judging() -> Parser:
    group = Parser(add_help=False)
    group.add_argument("--python", metavar="PATH", help="interpreter or environment folder to examine")
    group.add_argument("--fail-on", choices=("broken", "warning", "never"), default="broken")
    group.add_argument("--strict", action="store_true", help="exit 3 where something could not be looked at")
    group.add_argument("--select", metavar="CODES", type=codes, action="extend", default=[])
    group.add_argument("--ignore", metavar="CODES", type=codes, action="extend", default=[])
    group.add_argument(
        "--assume",
        metavar="PKG==VERSION",
        type=assumption,
        action="append",
        default=[],
        help="judge as if that were installed; also gpu=sm_120, gpu=none, driver=550.54, cuda=12.4",
    )
    network = group.add_mutually_exclusive_group()
    network.add_argument("--offline", action="store_true", help="use no network (the default)")
    network.add_argument(
        "--online", action="store_true", help="look on the package index, where that says more"
    )
    return group


def _examining() -> Parser:
    group = Parser(add_help=False, parents=[_judging()])
    group.add_argument("--no-import", action="store_true", help="static evidence only")
    group.add_argument("--smoke", action="store_true", help="also run the rule book's small functional tests")
    group.add_argument(
        "--timeout", metavar="SECONDS", type=seconds, default=20.0, help="per import (default 20)"
    )
    group.add_argument("--jobs", metavar="N", type=jobs, default=0, help="imports at once")
    return group


def codes(text: str) -> list[str]:
    """Read codes or prefixes of codes, separated by commas."""
    found = [part.strip().upper() for part in text.split(",") if part.strip()]
    for code in found:
        if not re.fullmatch(r"N|NP|NPD[0-9]{0,3}", code):
            raise argparse.ArgumentTypeError(f"{code!r} is no code: write NPD101, or a prefix such as NPD1")
    if not found:
        raise argparse.ArgumentTypeError("no code given: write NPD101, or a prefix such as NPD1")
    return found


def assumption(text: str) -> tuple[str, str]:
    """Read PKG==VERSION; the name comes back normalised. A fact of the machine comes back as `gpu=`."""
    from npdoctor.cli.assuming import machine_fact

    if fact := machine_fact(text):
        return fact
    name, sign, version = (part.strip() for part in text.partition("=="))
    if not sign or not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form PKG==VERSION, such as numpy==2.2.6")
    from packaging.version import InvalidVersion, Version

    try:
        parsed = Version(version)
    except InvalidVersion:
        raise argparse.ArgumentTypeError(
            f"{version!r} is no version, write one such as numpy==2.2.6"
        ) from None
    return re.sub(r"[-_.]+", "-", name).lower(), str(parsed)


def seconds(text: str) -> float:
    """Read a time limit."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= LONGEST_TIMEOUT:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of seconds above 0 and up to {LONGEST_TIMEOUT:.0f}"
        )
    return value


def jobs(text: str) -> int:
    """Read a number of processes."""
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= MOST_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes from 1 to {MOST_JOBS}")
    return int(text)
