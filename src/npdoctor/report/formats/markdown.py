"""Markdown for an issue on GitHub or a chat: nothing in it acts, and it fits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from npdoctor.report.document.blocks import (
    Block,
    Bullets,
    Case,
    Check,
    Checklist,
    Code,
    CodeBlock,
    Diff,
    Document,
    Inline,
    Link,
    Mark,
    Numbered,
    Paragraph,
    Section,
    Table,
    Words,
)
from npdoctor.report.document.fold import ELSEWHERE, LEVELS, folded
from npdoctor.report.document.words import VERIFIED, subject_of
from npdoctor.report.formats.spans import CHECK_WORDS, SIGNS, evidence_words, one_line, spans
from npdoctor.report.prose import number, printable

MOST_CHARACTERS = 65_536  # what GitHub takes in the body of an issue or a comment
SHOWN = 4  # pieces of evidence before the others go into a fold
_DEEPEST = 6

_ACTIVE = re.compile(r"[\\`*\[\]<|~$]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])")
_BLOCK_START = re.compile(r"^(#{1,6}(?=\s|$)|[-+=]+(?=\s|$)|\d{1,9}[.)](?=\s|$)|>)")
_NOT_IN_ADDRESS = re.compile(r"[<>\s]")
# GitHub makes links, and messages to people, of these even where they are escaped.
_CALLS = re.compile(r"@(?=\w)|#(?=\d)")


def markdown(document: Document) -> str:
    """Return the document as GitHub's Markdown, shortened where it would not fit into an issue."""
    text = _whole(document)
    for limits in LEVELS:
        if len(text) <= MOST_CHARACTERS:
            break
        text = _whole(folded(document, limits))
    return text


def _whole(document: Document) -> str:
    lines = [f"# {escaped(document.title)}", ""]
    if document.warning:
        lines += [f"**{escaped(document.warning)}**", ""]
    for section in document.sections:
        lines += _section(section, 2)
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    """Return a text that is shown as it is, on one line."""
    safe = _ACTIVE.sub(r"\\\g<0>", one_line(text))
    safe = _BLOCK_START.sub(lambda m: f"{m[0][:-1]}\\{m[0][-1]}", safe.lstrip())
    return _CALLS.sub(lambda m: f"{m[0]}\u200b", safe)


def code(text: str, cell: bool = False) -> str:
    """Return a text as code, whatever backticks are in it."""
    plain = one_line(text)
    fence = "`" * (_longest_run(plain) + 1)
    pad = " " if plain[:1] in ("`", " ", "") or plain[-1:] in ("`", " ") else ""
    return f"{fence}{pad}{plain.replace('|', chr(92) + '|') if cell else plain}{pad}{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _inline(part: Inline, cell: bool) -> str:
    if isinstance(part, Code):
        return code(part.text, cell)
    if isinstance(part, Mark):
        return f"{SIGNS[part.state]} {part.state}"
    if isinstance(part, Link):
        # This name of GitHub's own leads to the page without leaving a mention on it.
        address = part.address.replace("https://github.com/", "https://redirect.github.com/")
        return f"[{escaped(part.text)}](<{_NOT_IN_ADDRESS.sub('', address)}>)"
    lead, trail = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
    return f"{' ' * bool(lead)}{escaped(part.strip())}{' ' * bool(trail)}"


def _words(words: Words, cell: bool = False) -> str:
    return "".join(_inline(part, cell) for part in spans(words)).strip()


def _section(section: Section, depth: int) -> Iterator[str]:
    yield f"{'#' * min(depth, _DEEPEST)} {escaped(section.title)}"
    yield ""
    for block in section.blocks:
        if isinstance(block, Section):
            yield from _section(block, depth + 1)
        else:
            yield from _block(block)
            yield ""


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield _words(block.words)
    elif isinstance(block, Bullets):
        yield from (f"- {_words(item)}" for item in block.items)
    elif isinstance(block, Numbered):
        yield from (f"{place}. {_words(item)}" for place, item in enumerate(block.items, start=1))
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, CodeBlock):
        yield from _fenced(block.text, "text" if block.language == "requirements" else block.language)
    elif isinstance(block, Diff):
        yield from _fenced("\n".join(block.lines), "diff")
    elif isinstance(block, Checklist):
        yield from map(_check, block.items)
    elif isinstance(block, Case):
        yield from _case(block)


def _table(table: Table) -> Iterator[str]:
    yield f"**{escaped(table.caption)}**"
    yield ""
    head = tuple((name,) if name else () for name in table.head)
    rule = "|" + "---|" * len(table.head)
    yield from chain([_row(head), rule], map(_row, table.rows))


def _row(cells: tuple[Words, ...]) -> str:
    return "| " + " | ".join(_words(cell, cell=True) for cell in cells) + " |"


def _fenced(text: str, language: str) -> Iterator[str]:
    shown = printable(text)
    fence = "`" * max(3, _longest_run(shown) + 1)
    yield f"{fence}{language}"
    yield from shown.split("\n")
    yield fence


def _check(check: Check) -> str:
    evidence = f" ({_words(check.evidence)})" if check.evidence else ""
    if check.state == "ok":
        return f"- [x] {_words(check.words)}{evidence}"
    return f"- [ ] {SIGNS[check.state]} {CHECK_WORDS[check.state]}: {_words(check.words)}{evidence}"


def _case(case: Case) -> Iterator[str]:
    finding = case.finding
    head = f"{SIGNS[finding.severity.value]} {finding.code} {subject_of(finding)}"
    yield f"- **{escaped(head)}**: {_words((finding.title,))}"
    if finding.message:
        yield f"  - {_words((finding.message,))}"
    if finding.cause:
        yield f"  - Because of {escaped(finding.cause)}"
    if case.symptoms:
        yield f"  - Because of it fail: {escaped(', '.join(case.symptoms))}"
    if finding.remedy:
        yield f"  - Remedy: {_words((finding.remedy,))}"
    if finding.fix and finding.fix.pins:
        pins = ", ".join(map(code, finding.fix.pins))
        yield f"  - Install: {pins} ({VERIFIED[finding.fix.verified]})"
    evidence = [
        f"  - Evidence, {e.kind}: {code(evidence_words(e.source, e.detail))}" for e in finding.evidence
    ]
    yield from evidence[:SHOWN]
    if evidence[SHOWN:]:
        title = number(len(evidence) - SHOWN, "more piece") + " of evidence"
        yield from ("", f"  <details><summary>{title}</summary>", "", *evidence[SHOWN:], "", "  </details>")
    if case.folded:
        yield f"  - … and {number(case.folded, 'more piece')} of evidence, {ELSEWHERE}"
