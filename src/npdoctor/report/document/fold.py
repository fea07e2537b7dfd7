"""Shorten a document where a place takes only so much, and say what was folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from npdoctor.model.finding import Evidence
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
    Mark,
    Numbered,
    Paragraph,
    Section,
    Table,
    Words,
)
from npdoctor.report.document.words import named
from npdoctor.report.prose import number

T = TypeVar("T")
ELSEWHERE = "in full in the HTML and JSON reports"
_MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of each thing is kept: rows and items, findings of a section, evidence, lines, characters."""

    rows: int
    cases: int
    evidence: int
    lines: int
    characters: int


# From hardly shortened to hardly more than the codes.
LEVELS = (
    Limits(200, 100, 20, 400, 4000),
    Limits(60, 40, 6, 200, 2000),
    Limits(30, 20, 3, 80, 600),
    Limits(12, 8, 2, 30, 300),
    Limits(5, 3, 1, 10, 160),
    Limits(2, 1, 0, 3, 80),
)


def folded(document: Document, limits: Limits) -> Document:
    """Return the document with everything that is long cut at these limits."""
    sections = tuple(_section(section, limits) for section in document.sections)
    return replace(document, title=_short(document.title, limits), sections=sections)


def _section(section: Section, limits: Limits) -> Section:
    return replace(section, blocks=tuple(_blocks(section.blocks, limits)))


def _blocks(blocks: Sequence[Block], limits: Limits) -> Iterator[Block]:
    cases = [block for block in blocks if isinstance(block, Case)]
    for block in blocks:
        if isinstance(block, Section):
            yield _section(block, limits)
        elif not isinstance(block, Case):
            yield from _block(block, limits)
        elif any(block is kept for kept in cases[: limits.cases]):
            yield _case(block, limits)
    if len(cases) > limits.cases:
        yield Bullets(tuple(_of_code(cases[limits.cases :], limits)))


def _of_code(cases: list[Case], limits: Limits) -> Iterator[Words]:
    """Name what is folded, by code: a code is never lost."""
    subjects: dict[str, list[str]] = {}
    for case in cases:
        subjects.setdefault(case.finding.code, []).append(_short(case.finding.subject, limits))
    for code, names in subjects.items():
        yield (f"{code}: {number(len(names), 'more finding')}, {ELSEWHERE}: {named(names, _MOST_NAMES)}",)


def _case(case: Case, limits: Limits) -> Case:
    finding = case.finding
    kept = finding.evidence[: limits.evidence]
    shorter = replace(
        finding,
        subject=_short(finding.subject, limits),
        title=_short(finding.title, limits),
        message=_short(finding.message, limits),
        remedy=_short(finding.remedy, limits),
        evidence=tuple(Evidence(e.kind, _short(e.source, limits), _short(e.detail, limits)) for e in kept),
        fix=finding.fix and replace(finding.fix, pins=finding.fix.pins[: limits.rows]),
    )
    left = len(finding.evidence) - len(kept)
    return Case(shorter, case.symptoms[: limits.rows], left)


def _block(block: Block, limits: Limits) -> Iterator[Block]:
    """Yield the block as far as it is kept, then what was left out of it."""
    left, noun = 0, "item"
    if isinstance(block, Paragraph):
        yield Paragraph(_words(block.words, limits))
    elif isinstance(block, (Bullets, Numbered)):
        kept, left = _cut(block.items, limits.rows)
        yield replace(block, items=tuple(_words(item, limits) for item in kept))
    elif isinstance(block, Checklist):
        checks, left = _cut(block.items, limits.rows)
        yield Checklist(tuple(_check(check, limits) for check in checks))
    elif isinstance(block, Table):
        rows, left = _cut(block.rows, limits.rows)
        noun = "row"
        yield replace(block, rows=tuple(tuple(_words(cell, limits) for cell in row) for row in rows))
    elif isinstance(block, CodeBlock):
        lines, left = _cut(block.text.split("\n"), limits.lines)
        noun = "line"
        yield replace(block, text="\n".join(_short(line, limits) for line in lines))
    elif isinstance(block, Diff):
        shown, left = _cut(block.lines, limits.lines)
        noun = "line"
        yield Diff(_short(block.path, limits), tuple(_short(line, limits) for line in shown))
    if left:
        yield Paragraph((f"… and {number(left, f'more {noun}')}, {ELSEWHERE}.",))


def _cut(items: Sequence[T], most: int) -> tuple[Sequence[T], int]:
    return items[:most], max(0, len(items) - most)


def _check(check: Check, limits: Limits) -> Check:
    return replace(check, words=_words(check.words, limits), evidence=_words(check.evidence, limits))


def _words(words: Words, limits: Limits) -> Words:
    return tuple(_inline(part, limits) for part in words)


def _inline(part: Inline, limits: Limits) -> Inline:
    if isinstance(part, str):
        return _short(part, limits)
    if isinstance(part, Mark):
        return part
    return Code(_short(part.text, limits)) if isinstance(part, Code) else part


def _short(text: str, limits: Limits) -> str:
    most = limits.characters
    return text if len(text) <= most else f"{text[: most - 1]}…"
