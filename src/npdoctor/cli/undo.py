"""`npdoctor fix --undo`: take the newest fix back, or the one that is named."""

from __future__ import annotations

import argparse
import difflib
import json
import os
from collections.abc import Iterator

from npdoctor.cli.output import Output
from npdoctor.errors import EXIT_FINDINGS, EXIT_INTERNAL, EXIT_OK
from npdoctor.fix.write.outcome import NothingToUndo, UndoConflict, Undone, UndoOutcome
from npdoctor.mend import take_back
from npdoctor.model.plan import Conflict
from npdoctor.report.person import person_redactor
from npdoctor.report.redact import Json


def undo(args: argparse.Namespace, output: Output) -> int:
    """Take a fix back and say what became of it; 0 where it is done, 1 where nothing was touched."""
    from npdoctor.probe.describe import describe
    from npdoctor.probe.launch import current_folder
    from npdoctor.probe.locate import choose

    folder = current_folder()
    target = describe(choose(args.python, os.environ, working_folder=folder), working_folder=folder)
    outcome = take_back(args.undo or None, target.prefix)
    code = _exit_code(outcome)
    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    if args.format == "json":
        document = redactor.redact_diagnosis(_json(outcome, code))
        output.result(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        output.result("".join(f"{redactor.redact(line)}\n" for line in _words(outcome)))
    return code


def _exit_code(outcome: UndoOutcome) -> int:
    if isinstance(outcome, Undone):
        return EXIT_FINDINGS if outcome.lost else EXIT_OK
    return EXIT_FINDINGS if isinstance(outcome, (UndoConflict, NothingToUndo)) else EXIT_INTERNAL


def _words(outcome: UndoOutcome) -> Iterator[str]:
    if isinstance(outcome, Undone):
        yield f"Fix {outcome.entry.id} is undone."
        for change in outcome.entry.changes:
            yield f"  {change.name}  {change.new or 'removed'} -> {change.old or 'not installed'}"
        yield from (f"  {path} is as it was" for path in outcome.files)
        yield f"  {outcome.restored} files put back, {outcome.removed} removed."
        yield from (f"  could not be put back: {path}" for path in outcome.lost)
    elif isinstance(outcome, UndoConflict):
        yield f"Fix {outcome.entry.id} is not undone, nothing was touched: this was changed since."
        for conflict in outcome.conflicts:
            yield from _conflict(conflict)
    else:
        yield outcome.reason


def _conflict(conflict: Conflict) -> Iterator[str]:
    yield f"  {conflict.subject}: expected {conflict.expected}, found {conflict.found}"
    if conflict.before is not None and conflict.now is not None:
        old, new = (b.decode("utf-8", "replace").splitlines() for b in (conflict.before, conflict.now))
        names = ("before the fix", "as it is")
        yield from (f"    {line}" for line in difflib.unified_diff(old, new, *names, lineterm=""))


def _json(outcome: UndoOutcome, code: int) -> Json:
    done = isinstance(outcome, Undone)
    entry = getattr(outcome, "entry", None)
    return {
        "schema": 1,
        "undone": entry.id if entry and done else None,
        "files": list(outcome.files) if isinstance(outcome, Undone) else [],
        "lost": list(outcome.lost) if isinstance(outcome, Undone) else [],
        "conflicts": [
            {"subject": c.subject, "expected": c.expected, "found": c.found}
            for c in (outcome.conflicts if isinstance(outcome, UndoConflict) else ())
        ],
        "reason": getattr(outcome, "reason", None),
        "exit_code": code,
    }
