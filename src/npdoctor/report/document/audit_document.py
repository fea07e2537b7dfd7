"""The document of an audit alone: files, without an environment beside them."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.model.audit import Audit
from npdoctor.model.finding import Finding
from npdoctor.model.rules import RuleBook
from npdoctor.report.audit_json import spare_judged
from npdoctor.report.audit_text import counts, verdict
from npdoctor.report.document.blocks import Block, Bullets, Case, Document, Mark, Paragraph, Section, Words
from npdoctor.report.document.changes import correction_blocks
from npdoctor.report.document.compose import finished
from npdoctor.report.document.references import code_references, package_references
from npdoctor.report.document.stack import declared_blocks, transitive_blocks
from npdoctor.report.document.summary import by_code
from npdoctor.report.document.unseen import audit_notes, ignored_items
from npdoctor.report.ignored import Ignored
from npdoctor.report.redact import Redactor


def audit_document(
    audit: Audit,
    book: RuleBook,
    redactor: Redactor,
    exit_code: int,
    left_out: int = 0,
    ignored: tuple[Ignored, ...] = (),
) -> Document:
    """Return the document of an audit, redacted; `left_out` findings were not asked for."""
    spare_judged(audit, redactor)
    title = f"npdoctor audit: {', '.join(source.path for source in audit.sources)}"
    state = next((f.severity.value for f in audit.findings), "ok")
    said = (Mark(state), f": {counts(audit)} Exit code {exit_code}.")
    notes = tuple(audit_notes(audit))
    sections = (
        Section("summary", "Summary", (Paragraph(said), Paragraph((verdict(audit),)))),
        _section("causes", "Findings", tuple(_kinds(audit.findings, book)), "There is none."),
        Section("declared", "Declared requirements", tuple(declared_blocks(audit))),
        Section("transitive", "Transitive distributions to watch", tuple(transitive_blocks(audit))),
        _section(
            "changes",
            "Recommended changes",
            tuple(correction_blocks(audit.corrections)),
            "No range has to change.",
        ),
        _listed("unseen", "What could not be looked at", notes, "Everything was."),
        _listed("references", "References", _sources(audit, book), "No finding, so nothing to refer to."),
    )
    return finished(title, sections, ignored_items(ignored), left_out, redactor)


def _kinds(findings: tuple[Finding, ...], book: RuleBook) -> Iterator[Block]:
    for group in by_code(findings):
        rule = book.codes[group[0].code]
        cases = tuple(Case(f) for f in group)
        yield Section(
            f"cause-{rule.code.lower()}", f"{rule.code}: {rule.title}", (Paragraph((rule.meaning,)), *cases)
        )


def _sources(audit: Audit, book: RuleBook) -> tuple[Words, ...]:
    names = {j.name for j in audit.judged if j.state != "ok"}
    return (*code_references(audit.findings, book), *package_references(names, book))


def _section(name: str, title: str, blocks: tuple[Block, ...], nothing: str) -> Section:
    return Section(name, title, blocks or (Paragraph((nothing,)),))


def _listed(name: str, title: str, items: tuple[Words, ...], nothing: str) -> Section:
    return _section(name, title, (Bullets(items),) if items else (), nothing)
