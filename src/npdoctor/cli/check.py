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
    from npdoctor.model.diagnosis import Diagnosis
    from npdoctor.model.rules import RuleBook


def check(args: argparse.Namespace, output: Output) -> int:
    """Examine the chosen interpreter and write the result."""
    form = args.format or "text"
    if form not in ("text", "json"):
        raise UsageError(f"check --format {form} is not built yet in this version: there are text and json")
    assumed = _assumed(args)
    if args.online:
        output.hint("npdoctor: check uses no network in this version: --online changes nothing.")
    found, _, _ = examine_target(args, assumed, output)

    from npdoctor.cli.screen import layout_for
    from npdoctor.report.person import person_redactor
    from npdoctor.report.verdict import chosen, exit_code

    shown = chosen(found, args.select, args.ignore)
    code = exit_code(shown, args.fail_on, args.strict)
    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    if form == "json":
        from npdoctor.report.as_json import to_json

        document = to_json(shown, redactor, __version__, code)
        output.result(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        from npdoctor.report.text import to_text

        left_out = len(found.findings) - len(shown.findings)
        output.result(to_text(shown, redactor, __version__, code, layout_for(args, output), left_out))
    return code


def _assumed(args: argparse.Namespace) -> dict[str, str]:
    assumed: dict[str, str] = {}
    for name, version in args.assume:
        if assumed.setdefault(name, version) != version:
            raise UsageError(f"--assume names {name} twice, as {assumed[name]} and as {version}")
    if args.smoke and (assumed or args.no_import):
        other = "--assume" if assumed else "--no-import"
        raise UsageError(f"--smoke runs what is installed and {other} runs nothing: give one of them")
    return assumed


def examine_target(
    args: argparse.Namespace, assumed: dict[str, str], output: Output
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
        imports=not args.no_import and not assumed,
        smoke=args.smoke,
        timeout=args.timeout,
        jobs=args.jobs,
        working_folder=folder,
    )
    try:
        return examine(request, book, progress), book, request
    finally:
        progress.close()


def _check_prefixes(prefixes: Sequence[str], book: RuleBook) -> None:
    for prefix in prefixes:
        if not any(code.startswith(prefix) for code in book.codes):
            raise UsageError(f"no code begins with {prefix}\nSee: npdoctor explain")
