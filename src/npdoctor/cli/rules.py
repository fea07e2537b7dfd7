"""`npdoctor rules`: list what the rule book knows."""

from __future__ import annotations

import argparse

from npdoctor.cli.output import Output
from npdoctor.cli.page import Page, check_format, show
from npdoctor.cli.screen import layout_for
from npdoctor.errors import EXIT_OK
from npdoctor.model.rules import PackageRule, RuleBook
from npdoctor.report.redact import Json
from npdoctor.rulebook.load import load_rule_book
from npdoctor.rulebook.validate import validate

SCHEMA = 1


def rules(args: argparse.Namespace, output: Output) -> int:
    """Check the rule book for meaning and list it."""
    check_format("rules", args)
    book = load_rule_book()
    validate(book)
    if args.action == "verify":
        from npdoctor.cli.rules_verify import rules_verify

        return rules_verify(args, book, output)
    page = Page(layout_for(args, output))
    _write(book, page, verbose=args.verbose)
    show(_document(book), page, args, output)
    return EXIT_OK


def _write(book: RuleBook, page: Page, verbose: bool) -> None:
    page.text("Packages: first release that serves NumPy 2", strong=True)
    wide = max((len(name) for name in book.packages), default=0)
    for package in book.packages.values():
        proof = f"{package.how}: {package.source}" if verbose else package.how
        page.text(f"{package.name:<{wide}}  {_floor(package)}  ({proof})", later=" " * (wide + 2))
    page.gap()
    page.text("Failure texts, in order of precedence", strong=True)
    for signature in book.signatures:
        page.text(f"{signature.code or '-':<6}  {signature.role:<7}  {signature.id}", later=" " * 17)
    page.gap()
    page.line(
        f"{len(book.codes)} codes, {len(book.packages)} packages, {len(book.signatures)} failure texts,"
        f" {len(book.pairings)} pairings, {len(book.optional)} optional modules,"
        f" {len(book.smoke)} smoke tests"
    )


def _floor(package: PackageRule) -> str:
    if package.numpy2:
        return f"{package.numpy2}{' (unverified)' if package.unverified else ''}"
    if package.last_numpy1:
        return "none yet"
    return "no NumPy binaries" if package.binaries == "none" else "never tied to NumPy 1"


def _document(book: RuleBook) -> dict[str, Json]:
    return {
        "schema": SCHEMA,
        "packages": [
            {"name": p.name, "numpy2": p.numpy2, "binaries": p.binaries, "how": p.how, "source": p.source}
            for p in book.packages.values()
        ],
        "signatures": [
            {
                "id": s.id,
                "code": s.code or None,
                "role": s.role,
                "pattern": s.pattern.pattern,
                "cause": s.cause,
                "remedy": s.remedy,
                "source": s.source,
                "verified": s.verified,
            }
            for s in book.signatures
        ],
    }
