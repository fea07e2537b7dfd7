"""`npdoctor check`: diagnose, print, exit with the verdict.

What takes long to import is imported late: the first line on stderr must not wait for it.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from npdoctor import __version__
from npdoctor.cli.output import Output
from npdoctor.errors import UsageError

if TYPE_CHECKING:
    from npdoctor.checkup import Request
    from npdoctor.config import Config
    from npdoctor.model.diagnosis import Diagnosis
    from npdoctor.model.machine import AssumedMachine
    from npdoctor.model.rules import RuleBook


def check(args: argparse.Namespace, output: Output) -> int:
    """Examine the chosen interpreter and write the result."""
    form = args.format or "text"
    assumed, machine = assumptions(args)
    if args.online:
        output.hint("npdoctor: check uses no network in this version: --online changes nothing.")
    config = read_config(output)
    found, book, _ = examine_target(args, assumed, output, machine)

    from npdoctor.cli.screen import layout_for
    from npdoctor.report.ignored import without_ignored
    from npdoctor.report.person import person_redactor
    from npdoctor.report.verdict import chosen, exit_code

    found, ignored = without_ignored(found, config.ignores)
    shown = chosen(found, args.select, args.ignore)
    code = exit_code(shown, args.fail_on, args.strict)
    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    left_out = len(found.findings) - len(shown.findings)
    if form not in ("text", "json"):
        from npdoctor.cli.report import write
        from npdoctor.cli.report_material import check_material

        write(args, check_material(args, shown, book, code, left_out, ignored), output)
    elif form == "json":
        from npdoctor.report.as_json import to_json

        document = to_json(shown, redactor, __version__, code, ignored)
        output.result(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        from npdoctor.report.text import to_text

        layout = layout_for(args, output)
        output.result(to_text(shown, redactor, __version__, code, layout, left_out, ignored))
    return code


def read_config(output: Output) -> Config:
    """Return what the person's config file says, and name on stderr what in it means nothing."""
    from npdoctor.config import config_path, load_config

    config = load_config(config_path(os.environ))
    if config.unknown:
        output.hint(f"npdoctor: {config.path}: unknown: {', '.join(config.unknown)}")
    return config


def assumptions(args: argparse.Namespace) -> tuple[dict[str, str], AssumedMachine | None]:
    """Return what --assume says of distributions and of the machine; refuse it beside --smoke."""
    if args.smoke and (args.assume or args.no_import):
        other = "--assume" if args.assume else "--no-import"
        raise UsageError(f"--smoke runs what is installed and {other} runs nothing: give one of them")
    if not args.assume:
        return {}, None
    from npdoctor.cli.assuming import sorted_out

    return sorted_out(args.assume)


def examine_target(
    args: argparse.Namespace,
    assumed: dict[str, str],
    output: Output,
    machine: AssumedMachine | None = None,
) -> tuple[Diagnosis, RuleBook, Request]:
    """Examine the interpreter that the options choose; return the verdict, the book and what was asked."""
    from npdoctor.probe.launch import current_folder
    from npdoctor.probe.locate import choose

    folder = current_folder()
    choice = choose(args.python, os.environ, working_folder=folder)
    output.hint(f"npdoctor: looking at {choice.executable} ({choice.why})…")

    from npdoctor.checkup import Request, examine
    from npdoctor.cli.progress import Progress
    from npdoctor.rulebook.load import load_rule_book

    book = load_rule_book()
    _check_prefixes([*args.select, *args.ignore], book)
    progress = Progress(output)
    request = Request(
        python=args.python,
        assume=assumed,
        imports=not args.no_import and not assumed and not machine,
        smoke=args.smoke,
        timeout=args.timeout,
        jobs=args.jobs,
        working_folder=folder,
        machine=machine,
    )
    try:
        return examine(request, book, progress), book, request
    finally:
        progress.close()


def _check_prefixes(prefixes: Sequence[str], book: RuleBook) -> None:
    for prefix in prefixes:
        if not any(code.startswith(prefix) for code in book.codes):
            raise UsageError(f"no code begins with {prefix}\nSee: npdoctor explain")
