"""`npdoctor explain`: what a code means, and the cause in a pasted traceback or log."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from npdoctor.cli.lookup import looked_up
from npdoctor.cli.output import Output
from npdoctor.cli.page import Page, check_format, show
from npdoctor.cli.screen import layout_for
from npdoctor.diagnose.signatures import Match, cause_of, explain_text
from npdoctor.errors import EXIT_FINDINGS, EXIT_OK
from npdoctor.model.rules import RuleBook
from npdoctor.report.person import person_redactor
from npdoctor.report.prose import printable
from npdoctor.report.redact import Json, Redactor
from npdoctor.rulebook.load import load_rule_book

if TYPE_CHECKING:
    from npdoctor.cli.explain_here import Here

MOST_BYTES = 5_000_000
SCHEMA = 1
MOST_LINES = 6


def explain(args: argparse.Namespace, output: Output) -> int:
    """List the codes, explain one, or name the cause in what stdin holds."""
    check_format("explain", args)
    book = load_rule_book()
    page = Page(layout_for(args, output))
    if args.what != "-":
        show(looked_up(args.what, book, page), page, args, output)
        return EXIT_OK
    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    text = _read_stdin(output)
    matches = explain_text(text, book)
    document = _cause(matches, book, redactor, page)
    here = _here(args, book, text, matches, output)
    document["environment"] = here.document(redactor) if here else None
    if here:
        here.write(page, redactor)
    show(document, page, args, output)
    return EXIT_OK if document["cause"] else EXIT_FINDINGS


def _here(
    args: argparse.Namespace, book: RuleBook, text: str, matches: tuple[Match, ...], output: Output
) -> Here | None:
    """Consult the environment, unless there was nothing to explain."""
    if not text.strip():
        return None
    from npdoctor.cli.explain_here import look_here

    root = cause_of(matches)
    return look_here(args, book, text, root.signature.code if root else None, output)


def _read_stdin(output: Output) -> str:
    if sys.stdin is None:
        return ""
    if sys.stdin.isatty():
        output.hint("npdoctor: paste the traceback or log, then press ctrl+d on a line of its own.")
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        output.say(f"npdoctor: only the first {MOST_BYTES // 1_000_000} MB were read.")
    return data[:MOST_BYTES].decode("utf-8", "replace")


def _cause(matches: tuple[Match, ...], book: RuleBook, redactor: Redactor, page: Page) -> dict[str, Json]:
    root = cause_of(matches)
    others = [match for match in matches if match is not root]
    if root:
        _write_cause(root, book, redactor, page)
    else:
        _write_no_cause(matches, page)
    page.gap()
    for match in others:
        page.line(f"{_KIND[match.signature.role]}: {match.signature.id}, line {match.line}")
        page.text(redactor.redact(match.cause), indent="  ")
    return {
        "schema": SCHEMA,
        "cause": _document(root, book, redactor) if root else None,
        "others": [_document(match, book, redactor) for match in others],
        "exit_code": EXIT_OK if root else EXIT_FINDINGS,
    }


_KIND = {"cause": "also seen", "wrapper": "only wraps another error", "noise": "harmless beside it"}


def _write_cause(match: Match, book: RuleBook, redactor: Redactor, page: Page) -> None:
    rule = match.signature
    page.text(f"{rule.code}  {book.codes[rule.code].title}", strong=True)
    page.gap()
    page.text(redactor.redact(match.cause))
    page.gap()
    page.line(f"seen in line {match.line}:")
    lines = [line for line in printable(redactor.redact(match.excerpt)).split("\n") if line.strip()]
    for line in lines[:MOST_LINES]:
        page.text(line, indent="  ")
    page.gap()
    page.text(f"remedy: {redactor.redact(match.remedy)}")
    proof = "seen and verified" if rule.verified else "not verified by the authors of the rule book"
    page.text(f"rule: {rule.id} ({proof}; {rule.source})")
    page.text(f"more: npdoctor explain {rule.code}")


def _write_no_cause(matches: tuple[Match, ...], page: Page) -> None:
    page.text("No cause recognised in this text.", strong=True)
    roles = {match.signature.role for match in matches}
    if "wrapper" in roles:
        page.text(
            "It holds an error that only wraps another one. Paste the whole traceback:"
            " the cause stands elsewhere."
        )
    elif roles:
        page.text("What was recognised is harmless by itself.")
    else:
        page.text("That is no sign of health: the rule book does not know this failure. Try: npdoctor check")


def _document(match: Match, book: RuleBook, redactor: Redactor) -> Json:
    rule = match.signature
    known = book.codes.get(rule.code)
    return {
        "signature": rule.id,
        "role": rule.role,
        "code": rule.code or None,
        "title": known.title if known else None,
        "cause": redactor.redact(match.cause),
        "remedy": redactor.redact(match.remedy),
        "line": match.line,
        "excerpt": redactor.redact(match.excerpt),
        "verified": rule.verified,
        "source": rule.source,
    }
