"""`npdoctor audit`: judge what files declare for the wanted NumPy, and write the right ranges on request."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import time
from typing import TYPE_CHECKING

from npdoctor import __version__
from npdoctor.audit.listener import AuditListener
from npdoctor.cli.output import Output
from npdoctor.errors import UsageError

if TYPE_CHECKING:
    from npdoctor.fix.write.outcome import WriteOutcome
    from npdoctor.model.audit import Audit
    from npdoctor.model.rules import RuleBook

SHORTEST_PAUSE = 0.1


def audit(args: argparse.Namespace, output: Output) -> int:
    """Audit the files, write the result, and return the exit code."""
    form = args.format or "text"
    found, book = _audited(args, output)
    outcome = _write(args, found) if args.write and found.corrections else None

    from npdoctor.cli.check import read_config
    from npdoctor.cli.screen import layout_for
    from npdoctor.fix.write.outcome import Failed
    from npdoctor.report.audit_json import audit_json
    from npdoctor.report.audit_text import audit_text
    from npdoctor.report.audit_verdict import audit_exit_code, chosen_audit, without_ignored_findings
    from npdoctor.report.person import person_redactor

    failure = outcome.reason if isinstance(outcome, Failed) else ""
    written = outcome.paths if outcome and not isinstance(outcome, Failed) else ()
    undo = outcome.entry.id if outcome and outcome.entry and written else None
    kept, ignored = without_ignored_findings(found, read_config(output).ignores)
    shown = chosen_audit(kept, args.select, args.ignore)
    code = audit_exit_code(shown, args.fail_on, args.strict)
    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    left_out = len(kept.findings) - len(shown.findings)
    layout = layout_for(args, output)
    if form == "json":
        document = audit_json(shown, redactor, __version__, code, ignored, written, undo)
        output.result(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    elif form != "text":
        from npdoctor.report.render import rendered_audit

        output.result(
            rendered_audit(shown, book, form, redactor, layout, __version__, code, left_out, ignored)
        )
    else:
        text = audit_text(shown, redactor, __version__, code, layout, left_out, ignored, written, failure)
        output.result(text)
    if failure:
        raise UsageError(f"not written: {failure}")
    return code


def _audited(args: argparse.Namespace, output: Output) -> tuple[Audit, RuleBook]:
    from npdoctor.audit.auditor import AuditRequest
    from npdoctor.audit.auditor import audit as audit_files
    from npdoctor.cli.assuming import sorted_out
    from npdoctor.probe.launch import current_folder
    from npdoctor.rulebook.load import load_rule_book

    assumed, machine = sorted_out(args.assume)
    if machine or set(assumed) - {"numpy"}:
        raise UsageError(
            "audit judges what files declare: --assume takes numpy==VERSION here, and nothing else"
        )
    book = load_rule_book()
    for prefix in (*args.select, *args.ignore):
        if not any(code.startswith(prefix) for code in book.codes):
            raise UsageError(f"no code begins with {prefix}\nSee: npdoctor explain")
    request = AuditRequest(tuple(args.files), current_folder(), args.python, assumed, args.online)
    progress = AuditProgress(output)
    try:
        return audit_files(request, book, progress), book
    finally:
        progress.close()


def _write(args: argparse.Namespace, found: Audit) -> WriteOutcome:
    """Write the corrected ranges, so that `npdoctor fix --undo` takes them back."""
    from npdoctor.audit.target import target_at_hand
    from npdoctor.fix.write.journal import Journal
    from npdoctor.fix.write.texts import write_files
    from npdoctor.model.plan import Plan, Strategy
    from npdoctor.probe.launch import current_folder

    target, _ = target_at_hand(args.python, os.environ, current_folder())
    plan_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    plan = Plan(plan_id, Strategy.LATEST, "none", edits=found.corrections)
    return write_files(plan, Journal.of(os.environ), target.prefix)


class AuditProgress(AuditListener):
    """Show on stderr what is looked at; where no terminal is, name the stages."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lively = sys.stderr.isatty() and not output.quiet
        self._last = 0.0
        self._shown = False

    def stage(self, words: str) -> None:
        """Name what begins."""
        if self._lively:
            self._show(f"{words}…")
        else:
            self._output.hint(f"npdoctor: {words}…")

    def looked(self, done: int, total: int, name: str) -> None:
        """Count the distributions that were looked at."""
        now = time.monotonic()
        if self._lively and (done == total or now - self._last >= SHORTEST_PAUSE):
            self._last = now
            self._show(f"{done}/{total} distributions looked at (last: {name})")

    def close(self) -> None:
        """Take the progress line away."""
        if self._shown:
            self._output.status("")
            self._shown = False

    def _show(self, text: str) -> None:
        self._shown = True
        self._output.status(text)
