"""The document as plain text that a terminal, a log or a mail can carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from npdoctor.report.formats.spans import CHECK_WORDS, SIGNS, spans
from npdoctor.report.prose import plain_ascii, printable, wrapped
from npdoctor.report.text import Layout, finding_lines

_GAP = 2
_LEAST_LAST = 24  # columns that the last cell needs, lest a row be shown below itself
_ASCII = str.maketrans({"✗": "x", "·": "-", "✓": "+"})
_ROLES = {"+": "ok", "-": "broken", "@": "info"}


def text(document: Document, layout: Layout) -> str:
    """Return the document as lines of the layout's width; what has to be copied stays whole."""
    lines = list(wrapped(document.title, layout.width))
    lines += ["=" * min(len(lines[0]), layout.width), ""]
    if document.warning:
        lines += [*wrapped(document.warning, layout.width), ""]
    for section in document.sections:
        lines += _section(section, layout, "=")
    said = "\n".join(line.rstrip() for line in lines).rstrip() + "\n"
    if not layout.ascii_only:
        return said
    return plain_ascii(said.translate(_ASCII))


def _plain(part: Inline) -> str:
    if isinstance(part, Mark):
        return f"{SIGNS[part.state]} {part.state}"
    if isinstance(part, Link):
        return f"{part.text} ({part.address})"
    return part.text if isinstance(part, Code) else part


def _words(words: Words) -> str:
    return "".join(map(_plain, spans(words)))


def _section(section: Section, layout: Layout, rule: str) -> Iterator[str]:
    yield from (layout.style.paint(line, "strong") for line in wrapped(section.title, layout.width))
    yield rule * min(len(section.title), layout.width)
    yield ""
    for block in section.blocks:
        if isinstance(block, Section):
            yield from _section(block, layout, "-")
        else:
            yield from _block(block, layout)
            yield ""


def _block(block: Block, layout: Layout) -> Iterator[str]:
    width = layout.width
    if isinstance(block, Paragraph):
        yield from wrapped(_words(block.words), width)
    elif isinstance(block, Bullets):
        for item in block.items:
            yield from wrapped(_words(item), width, "- ", "  ")
    elif isinstance(block, Numbered):
        for place, item in enumerate(block.items, start=1):
            yield from wrapped(_words(item), width, f"{place:>2}. ", "    ")
    elif isinstance(block, Table):
        yield from _table(block, layout)
    elif isinstance(block, CodeBlock):
        yield from (f"    {line}" for line in printable(block.text).split("\n"))
    elif isinstance(block, Diff):
        yield from (layout.style.paint(printable(line), _ROLES.get(line[:1], "")) for line in block.lines)
    elif isinstance(block, Checklist):
        for check in block.items:
            yield from _check(check, layout)
    elif isinstance(block, Case):
        yield from _case(block, layout)


def _case(case: Case, layout: Layout) -> Iterator[str]:
    yield from finding_lines(case.finding, layout)
    if case.symptoms:
        yield from wrapped(
            f"because of it fail: {', '.join(case.symptoms)}", layout.width, " " * 10, " " * 10
        )


def _check(check: Check, layout: Layout) -> Iterator[str]:
    sign = f"{SIGNS[check.state]} {CHECK_WORDS[check.state]}"
    evidence = f" ({_words(check.evidence)})" if check.evidence else ""
    first, *rest = wrapped(f"{sign}: {_words(check.words)}{evidence}", layout.width, "", "    ")
    yield layout.style.paint(sign, check.state) + first[len(sign) :]
    yield from rest


def _table(table: Table, layout: Layout) -> Iterator[str]:
    """Put cells under each other where they fit, else each row as a paragraph with the names of its cells."""
    rows = [[_words(cell) for cell in row] for row in table.rows]
    yield from wrapped(table.caption, layout.width)
    shown = [list(table.head), *rows] if any(table.head) else rows
    widths = [max(len(row[place]) for row in shown) for place in range(len(table.head))]
    if sum(widths[:-1]) + _GAP * len(widths) + min(widths[-1], _LEAST_LAST) > layout.width:
        yield from _paragraphs(table.head, rows, layout)
        return
    for place, row in enumerate(shown):
        cells = [f"{cell:<{wide}}" for cell, wide in zip(row, widths, strict=True)][:-1]
        lead = " " * _GAP + "".join(f"{cell}{' ' * _GAP}" for cell in cells)
        lines = wrapped(row[-1], layout.width, lead, " " * len(lead)) if row[-1] else [lead]
        role = "faint" if place == 0 and any(table.head) else ""
        yield from (layout.style.paint(line, role) for line in lines)


def _paragraphs(head: Sequence[str], rows: Sequence[Sequence[str]], layout: Layout) -> Iterator[str]:
    for row in rows:
        first, *others = (
            f"{_label(name)}: {cell.removesuffix('.')}" if name and place else cell
            for place, (name, cell) in enumerate(zip(head, row, strict=True))
            if cell or not place
        )
        yield from wrapped("; ".join((first, *others)), layout.width, "  ", "      ")


def _label(name: str) -> str:
    """Return the name of a column as it stands inside a sentence."""
    return name if name.startswith("NumPy") else name[:1].lower() + name[1:]
