"""`npdoctor rules verify`: hold the rule book's floors against the wheels on the package index."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from packaging.utils import canonicalize_name

from npdoctor.audit.floors.releases import Shelf
from npdoctor.audit.floors.verify import Outcome, Verification, verify_all
from npdoctor.cli.output import Output
from npdoctor.cli.page import Page, show
from npdoctor.cli.screen import layout_for
from npdoctor.errors import EXIT_COULD_NOT_LOOK, EXIT_FINDINGS, EXIT_OK, UsageError
from npdoctor.model.rules import PackageRule, RuleBook
from npdoctor.probe.describe import describe
from npdoctor.probe.index.config import read_indexes
from npdoctor.probe.launch import current_folder
from npdoctor.probe.locate import choose
from npdoctor.report.as_json import redacted
from npdoctor.report.person import person_redactor
from npdoctor.report.redact import Json, Redactor

_SIGNS = {Outcome.CONFIRMED: "✓", Outcome.WRONG: "✗", Outcome.UNKNOWN: "?"}


def rules_verify(args: argparse.Namespace, book: RuleBook, output: Output) -> int:
    """Verify the entries that were named, or all; exit 1 where the book is wrong, 3 where none could be."""
    entries = _entries(args.names, book)
    folder = current_folder()
    target = describe(choose(None, os.environ, working_folder=folder), working_folder=folder)
    floors = {name: rule.numpy2 for name, rule in book.packages.items() if rule.numpy2}
    shelf = Shelf(read_indexes(target.executable, os.environ, folder), target, floors, book.optional)
    lively = sys.stderr.isatty() and not args.quiet

    def done(count: int, last: Verification) -> None:
        if lively:
            output.status(f"{count}/{len(entries)} entries, {last.name}: {last.outcome.value}")

    output.hint(f"npdoctor: reading wheels of {len(entries)} packages on {shelf.indexes.origin}…")
    found = verify_all(entries, shelf, done)
    if lively:
        output.status("")
    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    page = Page(layout_for(args, output))
    _write(found, page, redactor, verbose=args.verbose)
    code = _exit_code(found)
    document: dict[str, Json] = {
        "schema": 1,
        "verified": [_json(v) for v in found],
        "exit_code": code,
    }
    show(redacted(document, redactor), page, args, output)
    return code


def _entries(names: Sequence[str], book: RuleBook) -> list[PackageRule]:
    wanted = [canonicalize_name(name) for name in names]
    strangers = [name for name in wanted if name not in book.packages]
    if strangers:
        raise UsageError(f"the rule book has no entry for {', '.join(strangers)}\nSee: npdoctor rules")
    return [book.packages[name] for name in dict.fromkeys(wanted)] or list(book.packages.values())


def _exit_code(found: Sequence[Verification]) -> int:
    outcomes = {verification.outcome for verification in found}
    if Outcome.WRONG in outcomes:
        return EXIT_FINDINGS
    return EXIT_OK if Outcome.CONFIRMED in outcomes or not found else EXIT_COULD_NOT_LOOK


def _write(found: Sequence[Verification], page: Page, redactor: Redactor, verbose: bool) -> None:
    wide = max((len(v.name) for v in found), default=0)
    for v in found:
        later = " " * (wide + 4)
        page.text(f"{_SIGNS[v.outcome]} {v.name:<{wide}}  {redactor.redact(v.found)}", later=later)
        if v.outcome is Outcome.WRONG:
            page.text(f"the book says: {v.book}", indent=later, strong=True)
        if verbose or v.outcome is Outcome.WRONG:
            for evidence in v.evidence:
                told = redactor.redact(f"{evidence.source}: {evidence.detail}")
                page.text(told, indent=later, later=later + "  ")
    counts = [f"{sum(v.outcome is o for v in found)} {o.value}" for o in Outcome]
    page.gap()
    page.line(", ".join(counts))


def _json(v: Verification) -> Json:
    return {
        "name": v.name,
        "outcome": v.outcome.value,
        "book": v.book,
        "found": v.found,
        "evidence": [{"kind": e.kind, "source": e.source, "detail": e.detail} for e in v.evidence],
    }
