"""`npdoctor run -- CMD...`: the program has stdout, stderr and the exit code as if npdoctor were not there.

The summary comes after it, on stderr, or goes to the file of -o: stdout belongs to the program. That holds
for --json too.
"""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import sys

from npdoctor import __version__
from npdoctor.cli.output import Output
from npdoctor.cli.page import check_format
from npdoctor.cli.screen import NARROWEST, WIDEST
from npdoctor.errors import UsageError
from npdoctor.model.rules import RuleBook
from npdoctor.model.run import RunRecord, exit_code
from npdoctor.report.person import person_redactor
from npdoctor.report.run_json import run_json
from npdoctor.report.run_text import run_text
from npdoctor.report.style import Style, wants_color
from npdoctor.report.text import Layout
from npdoctor.watch.run import run_watched


def run(args: argparse.Namespace, output: Output) -> int:
    """Run the program, write the summary and return the program's exit code."""
    check_format("run", args)
    command = args.program[1:] if args.program[:1] == ["--"] else args.program
    if not command:
        raise UsageError("no program given: npdoctor run -- PROGRAM ARGUMENTS\nSee: npdoctor run --help")
    book = functools.cache(_rule_book)
    record = run_watched(command, os.environ, book, direct=args.direct)
    text = _summary(record, book() if record.causes else None, args, output)
    if output.path:
        output.result(text)
        output.hint(f"npdoctor: the summary is in {args.output}")
    else:
        Output().say(text.rstrip("\n"))
    return exit_code(record.ending)


def _rule_book() -> RuleBook:
    """Load the rule book only for a program that failed: it costs time."""
    from npdoctor.rulebook.load import load_rule_book

    return load_rule_book()


def _summary(record: RunRecord, book: RuleBook | None, args: argparse.Namespace, output: Output) -> str:
    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    if args.format == "json":
        return run_json(record, redactor, book, __version__)
    text = run_text(record, redactor, _layout(args, output), book)
    return text if output.path else "\n" + text


def _layout(args: argparse.Namespace, output: Output) -> Layout:
    """Return the layout for stderr, where the summary goes unless it goes to a file."""
    columns = shutil.get_terminal_size((80, 24)).columns
    is_terminal = output.path is None and sys.stderr.isatty()
    return Layout(
        width=max(NARROWEST, min(columns, WIDEST)),
        verbose=bool(args.verbose),
        ascii_only=bool(args.ascii) or (output.path is None and not _speaks_unicode()),
        style=Style(wants_color(args.color, is_terminal, os.environ)),
    )


def _speaks_unicode() -> bool:
    try:
        "▁█…".encode(sys.stderr.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
