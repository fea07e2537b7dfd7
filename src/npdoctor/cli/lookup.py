"""Find what a person names to `npdoctor explain` and write its page."""

from __future__ import annotations

import difflib
import re

from npdoctor.cli.page import Page
from npdoctor.diagnose.signatures import fill
from npdoctor.errors import UsageError
from npdoctor.model.rules import CodeRule, RuleBook, Signature
from npdoctor.report.redact import Json

SCHEMA = 1

# Stands for what a text names only where it was found.
_OPEN = {str(number): "…" for number in range(10)}


def looked_up(what: str | None, book: RuleBook, page: Page) -> dict[str, Json]:
    """Write the page of a code or of a signature, or the list of codes, and return the same as JSON."""
    if what is None:
        return _all_codes(book, page)
    code = _as_code(what)
    if code in book.codes:
        return _code(book.codes[code], page)
    for signature in book.signatures:
        if signature.id.lower() == what.lower():
            return _signature(signature, book, page)
    raise UsageError(f"nothing is known under {what!r}.{_nearest(what, code, book)}\nSee: npdoctor explain")


def _as_code(what: str) -> str:
    """Return NPD101 for npd101, NPD-101 and 101."""
    found = re.fullmatch(r"(?:NPD)?[-_ ]?([0-9]{1,3})", what.strip().upper())
    return f"NPD{found[1]:0>3}" if found else what.strip().upper()


def _nearest(what: str, code: str, book: RuleBook) -> str:
    near = difflib.get_close_matches(code, book.codes, n=3, cutoff=0.6)
    near += difflib.get_close_matches(what.lower(), [s.id for s in book.signatures], n=3, cutoff=0.6)
    return f" Near it: {', '.join(near)}" if near else ""


def _all_codes(book: RuleBook, page: Page) -> dict[str, Json]:
    family = ""
    for rule in sorted(book.codes.values(), key=lambda rule: rule.code):
        if rule.family != family:
            family = rule.family
            page.gap()
            page.text(family, strong=True)
        page.text(f"{rule.code}  {rule.severity.value:<7}  {rule.title}", later=" " * 17)
    page.gap()
    page.text("npdoctor explain CODE tells more; npdoctor explain - reads a traceback or log from stdin.")
    return {
        "schema": SCHEMA,
        "codes": [
            {"code": rule.code, "title": rule.title, "family": rule.family, "severity": rule.severity.value}
            for rule in sorted(book.codes.values(), key=lambda rule: rule.code)
        ],
    }


def _code(rule: CodeRule, page: Page) -> dict[str, Json]:
    page.text(f"{rule.code}  {rule.title}", strong=True)
    page.line(f"{rule.family}, usually {rule.severity.value}")
    _sections(
        page,
        ("What it means", rule.meaning),
        ("How to check it by hand", rule.check),
        ("What mends it", rule.remedy),
        ("When it is wrong", rule.wrong_when),
        ("See", "; ".join(rule.see)),
    )
    return {
        "schema": SCHEMA,
        "code": rule.code,
        "title": rule.title,
        "family": rule.family,
        "severity": rule.severity.value,
        "meaning": rule.meaning,
        "check": rule.check,
        "remedy": rule.remedy,
        "wrong_when": rule.wrong_when,
        "see": list(rule.see),
    }


def _signature(rule: Signature, book: RuleBook, page: Page) -> dict[str, Json]:
    known = book.codes.get(rule.code)
    page.text(rule.id, strong=True)
    page.line(f"{rule.role}, {rule.code}  {known.title}" if known else rule.role)
    _sections(
        page,
        ("What it means", fill(rule.cause, _OPEN)),
        ("What mends it", fill(rule.remedy, _OPEN)),
        ("How it looks", rule.example),
        ("Source", rule.source if rule.verified else f"{rule.source} (not verified by the authors)"),
    )
    return {
        "schema": SCHEMA,
        "signature": rule.id,
        "role": rule.role,
        "code": rule.code or None,
        "title": known.title if known else None,
        "pattern": rule.pattern.pattern,
        "cause": rule.cause,
        "remedy": rule.remedy,
        "example": rule.example,
        "source": rule.source,
        "verified": rule.verified,
    }


def _sections(page: Page, *sections: tuple[str, str]) -> None:
    """Put each text below its heading, leaving out what is empty."""
    for heading, text in sections:
        if text:
            page.gap()
            page.text(heading, strong=True)
            page.text(text, indent="  ")
