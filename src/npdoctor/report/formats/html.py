"""One self-contained HTML page: it runs no script, asks for nothing and sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

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
from npdoctor.report.document.words import VERIFIED, subject_of
from npdoctor.report.formats.html_style import style
from npdoctor.report.formats.spans import CHECK_WORDS, SIGNS, evidence_words, one_line, spans
from npdoctor.report.prose import number, printable

SHOWN = 5  # pieces of evidence before the others go into a fold
_DEEPEST = 6
# Says to the browser what is so anyway: whatever slipped through could neither run nor load anything.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_LINES = {"+": "added", "-": "removed", "@": "place"}


def html(document: Document) -> str:
    """Return the document as an HTML page."""
    return "\n".join(_page(document)) + "\n"


def _page(document: Document) -> Iterator[str]:
    title = _text(document.title)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{title}</title>\n<style>{style()}</style>\n</head>\n<body>"
    yield '<a class="skip" href="#summary">To the summary</a>'
    yield f"<header>\n<h1>{title}</h1>"
    if document.warning:
        yield f'<p class="banner">{_text(document.warning)}</p>'
    yield "</header>"
    yield '<nav aria-label="Contents">\n<ol>'
    yield from (f'<li><a href="#{s.id}">{_text(s.title)}</a></li>' for s in document.sections)
    yield "</ol>\n</nav>\n<main>"
    for section in document.sections:
        yield from _section(section, 2)
    yield "</main>\n</body>\n</html>"


def _text(text: str) -> str:
    return escape(one_line(text))


def _inline(part: Inline) -> str:
    if isinstance(part, Code):
        return f"<code>{_text(part.text)}</code>"
    if isinstance(part, Mark):
        return f'<span class="mark {part.state}">{SIGNS[part.state]} {part.state}</span>'
    if isinstance(part, Link):
        safe = part.address.startswith("https://")
        return f'<a href="{_text(part.address)}">{_text(part.text)}</a>' if safe else _text(part.text)
    return _text(part)


def _words(words: Words) -> str:
    return "".join(map(_inline, spans(words)))


def _section(section: Section, depth: int) -> Iterator[str]:
    name = escape(section.id)
    level = min(depth, _DEEPEST)
    yield f'<section aria-labelledby="{name}">\n<h{level} id="{name}">{_text(section.title)}</h{level}>'
    for block in section.blocks:
        if isinstance(block, Section):
            yield from _section(block, depth + 1)
        else:
            yield from _block(block, depth + 1)
    yield "</section>"


def _block(block: Block, depth: int) -> Iterator[str]:
    if isinstance(block, Paragraph):
        verdict = ' class="verdict"' if block.words and isinstance(block.words[0], Mark) else ""
        yield f"<p{verdict}>{_words(block.words)}</p>"
    elif isinstance(block, (Bullets, Numbered)):
        name = "ol" if isinstance(block, Numbered) else "ul"
        yield f"<{name}>"
        yield from (f"<li>{_words(item)}</li>" for item in block.items)
        yield f"</{name}>"
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, CodeBlock):
        yield f"<pre><code>{escape(printable(block.text))}</code></pre>"
    elif isinstance(block, Diff):
        yield f"<pre><code>{''.join(map(_line, block.lines))}</code></pre>"
    elif isinstance(block, Checklist):
        yield '<ul class="checks">'
        yield from map(_check, block.items)
        yield "</ul>"
    elif isinstance(block, Case):
        yield from _case(block, min(depth, _DEEPEST))


def _line(line: str) -> str:
    role = _LINES.get(line[:1])
    shown = escape(printable(line))
    return f'<span class="{role}">{shown}</span>\n' if role else f"{shown}\n"


def _table(table: Table) -> Iterator[str]:
    """Show a table that scrolls by itself where it is wider than the screen."""
    caption = _text(table.caption)
    yield f'<div class="wide" role="region" aria-label="{caption}" tabindex="0">\n<table>'
    yield f"<caption>{caption}</caption>"
    if any(table.head):
        yield "<thead><tr>"
        yield from (f'<th scope="col">{_text(name)}</th>' for name in table.head)
        yield "</tr></thead>"
    yield "<tbody>"
    for row in table.rows:
        first, *others = (_words(cell) for cell in row)
        yield f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'
    yield "</tbody>\n</table>\n</div>"


def _check(check: Check) -> str:
    evidence = f' <span class="kind">({_words(check.evidence)})</span>' if check.evidence else ""
    mark = f'<span class="mark {check.state}">{SIGNS[check.state]} {CHECK_WORDS[check.state]}</span>'
    return f"<li>{mark}: {_words(check.words)}{evidence}</li>"


def _case(case: Case, depth: int) -> Iterator[str]:
    finding = case.finding
    state = finding.severity.value
    head = f"{finding.code} {subject_of(finding)}: {finding.title}"
    yield f'<article class="case {state}">'
    yield f"<h{depth}>{_inline(Mark(state))} {_text(head)}</h{depth}>"
    if finding.message:
        yield f"<p>{_words((finding.message,))}</p>"
    if finding.cause:
        yield f"<p>Because of {_text(finding.cause)}.</p>"
    if case.symptoms:
        yield f"<p>Because of it fail: {_text(', '.join(case.symptoms))}.</p>"
    if finding.remedy:
        yield f"<p><strong>Remedy:</strong> {_words((finding.remedy,))}</p>"
    if finding.fix and finding.fix.pins:
        pins = ", ".join(f"<code>{_text(pin)}</code>" for pin in finding.fix.pins)
        yield f"<p><strong>Install:</strong> {pins} ({VERIFIED[finding.fix.verified]})</p>"
    yield from _evidence(case)
    yield "</article>"


def _evidence(case: Case) -> Iterator[str]:
    said = [(e.kind, evidence_words(e.source, e.detail)) for e in case.finding.evidence]
    items = [f'<li><span class="kind">{_text(kind)}</span> <code>{_text(w)}</code></li>' for kind, w in said]
    if items:
        yield f"<p>Evidence:</p>\n<ul>{''.join(items[:SHOWN])}</ul>"
    if items[SHOWN:]:
        title = number(len(items) - SHOWN, "more piece")
        yield f"<details><summary>{title} of evidence</summary><ul>{''.join(items[SHOWN:])}</ul></details>"
