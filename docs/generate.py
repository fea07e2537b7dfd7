"""Write a page per code, and migration.md: `python docs/generate.py`, or `--check` to compare only."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import migration

from npdoctor.diagnose.signatures import explain_text
from npdoctor.model.finding import Severity
from npdoctor.model.rules import CodeRule, RuleBook, Signature
from npdoctor.rulebook.load import load_rule_book

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs/codes"
NOTICE = "<!-- Written by docs/generate.py from rules.toml: change that file, then run it again. -->"
PLANNED = ("fleet",)
SEVERITIES = {
    Severity.BROKEN: "broken: fails now",
    Severity.WARNING: "warning: works today, wrong or at risk",
    Severity.UNKNOWN: "unknown: could not look, never counted as healthy",
    Severity.INFO: "info: good to know, nothing to mend",
}
SIGNATURE_ROLES = {
    "wrapper": "This text only wraps another error: the cause stands elsewhere in it.",
    "noise": "This text alone is harmless.",
}
_MARKUP = re.compile(r"(?P<code>(`+)(?:.|\n)*?\2)|[*~|]|<(?=[A-Za-z/!])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def pages(book: RuleBook) -> dict[str, str]:
    """Return every page by its file name."""
    codes = sorted(book.codes.values(), key=lambda rule: rule.code)
    written = {f"{rule.code}.md": _page(rule, book) for rule in codes}
    written["README.md"] = _index(codes)
    return written


def differences(folder: Path, wanted: dict[str, str]) -> list[str]:
    """Name the files of the folder that are missing, different, or of no code."""
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*") if path.is_file()}
    return sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or with `--check` exit 1 where one is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args(arguments).check
    book = load_rule_book(str(ROOT / "rules.toml"))
    wanted = pages(book)
    stale = {PAGES / name: wanted.get(name) for name in differences(PAGES, wanted)}
    beside = migration_page(book)
    if not migration.PAGE.is_file() or migration.PAGE.read_text(encoding="utf-8") != beside:
        stale[migration.PAGE] = beside
    for path, text in stale.items():
        if not check:
            PAGES.mkdir(exist_ok=True)
            _write(path, text)
        print(f"{path.relative_to(ROOT)}: {'out of date' if check else 'written'}", file=sys.stderr)
    return 1 if check and stale else 0


def migration_page(book: RuleBook) -> str:
    """Return the text of migration.md."""
    return migration.page(book, _prose)


def _write(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
    else:
        path.write_text(text, encoding="utf-8")


def _index(codes: Sequence[CodeRule]) -> str:
    lines = [NOTICE, "", "# Codes", "", "The same texts as `npdoctor explain CODE` prints.", ""]
    for family in dict.fromkeys(rule.family for rule in codes):
        lines += [f"## {_capital(family)}", ""]
        if family in PLANNED:
            lines += [_planned(), ""]
        lines += ["| code | usually | title |", "|---|---|---|"]
        lines += [
            f"| [{rule.code}]({rule.code}.md) | {rule.severity.value} | {_prose(rule.title)} |"
            for rule in codes
            if rule.family == family
        ]
        lines.append("")
    return "\n".join(lines)


def _page(rule: CodeRule, book: RuleBook) -> str:
    lines = [
        NOTICE,
        "",
        f"# {rule.code}: {rule.title}",
        "",
        f"{_capital(rule.family)}. Usually {SEVERITIES[rule.severity]}.",
        "",
    ]
    if rule.family in PLANNED:
        lines += [_planned(), ""]
    for heading, text in (
        ("What it means", rule.meaning),
        ("How to check it by hand", rule.check),
        ("What mends it", rule.remedy),
        ("When it is wrong", rule.wrong_when),
    ):
        lines += [f"## {heading}", "", _prose(text), ""]
    if rule.see:
        lines += ["## Sources", "", *(f"- {_prose(source)}" for source in rule.see), ""]
    leading = [signature for signature in book.signatures if signature.code == rule.code]
    if leading:
        lines += ["## Failure texts that lead here", "", "`npdoctor explain -` recognises them.", ""]
        for signature in leading:
            lines += [*_signature(signature, book), ""]
    lines.append("[All codes](README.md)")
    return "\n".join(lines) + "\n"


def _planned() -> str:
    return (
        "`npdoctor check` does not look for this by itself yet. `npdoctor explain` knows the code,"
        " and the failure texts where there are any."
    )


def _signature(signature: Signature, book: RuleBook) -> Iterator[str]:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", signature.example)), default=0))
    yield f"### {signature.id}"
    yield ""
    yield f"{fence}text"
    yield from signature.example.strip("\n").split("\n")
    yield fence
    yield ""
    if signature.role in SIGNATURE_ROLES:
        yield SIGNATURE_ROLES[signature.role]
        yield ""
    (match,) = explain_text(signature.example, replace(book, signatures=(signature,)))
    yield _prose(match.cause)
    if match.remedy:
        yield ""
        yield f"Remedy: {_prose(match.remedy)}"
    yield ""
    yield f"Source: {_prose(signature.source)}{'' if signature.verified else ' (not verified)'}."


def _capital(text: str) -> str:
    words = text.replace("gpu", "GPU").replace("cuda", "CUDA")
    return words if words.startswith("npdoctor") else words[:1].upper() + words[1:]


def _prose(text: str) -> str:
    """Escape what Markdown would read as markup, but for what stands in backticks."""
    return _MARKUP.sub(lambda found: found[0] if found["code"] else f"\\{found[0]}", text.strip())


if __name__ == "__main__":
    sys.exit(main())
