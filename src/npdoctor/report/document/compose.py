"""Put the sections of a document in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from npdoctor.report.as_json import spare_installed
from npdoctor.report.audit_json import spare_judged
from npdoctor.report.document.actions import actions
from npdoctor.report.document.blocks import Document, Section, Words
from npdoctor.report.document.causes import causes, critical, notes, symptoms
from npdoctor.report.document.changes import changes
from npdoctor.report.document.checklist import tests
from npdoctor.report.document.criteria import criteria
from npdoctor.report.document.machine import machine
from npdoctor.report.document.material import Material
from npdoctor.report.document.redacting import redacted
from npdoctor.report.document.references import references
from npdoctor.report.document.risks import risks
from npdoctor.report.document.rollback import rollback
from npdoctor.report.document.stack import declared, stack, transitive
from npdoctor.report.document.summary import summary
from npdoctor.report.document.unseen import hidden, ignored_items, unseen
from npdoctor.report.redact import Redactor

SECTIONS: tuple[Callable[[Material], Section | None], ...] = (
    summary,
    causes,
    symptoms,
    critical,
    stack,
    declared,
    transitive,
    changes,
    tests,
    risks,
    actions,
    criteria,
    rollback,
    machine,
    notes,
    unseen,
    references,
)
NOT_REDACTED = "Not redacted: this document may hold secrets, names and paths. Do not publish it."


def composed(m: Material, redactor: Redactor) -> Document:
    """Return the document of a diagnosis, redacted, with what was hidden in its last section but one."""
    spare(m, redactor)
    made = [section for section in (part(m) for part in SECTIONS) if section]
    title = f"npdoctor report: {m.diagnosis.snapshot.target.prefix}"
    return finished(title, made, ignored_items(m.ignored), m.left_out, redactor)


def finished(
    title: str,
    sections: Iterable[Section],
    ignored: tuple[Words, ...],
    left_out: int,
    redactor: Redactor,
) -> Document:
    """Return sections as a document, redacted; what was hidden comes before the last of them."""
    document = redacted(Document(title, tuple(sections)), redactor)
    shown = redacted(ignored, redactor)
    *others, last = document.sections
    said = hidden(shown, left_out, redactor.counts, redactor.enabled)
    return Document(document.title, (*others, said, last), "" if redactor.enabled else NOT_REDACTED)


def spare(m: Material, redactor: Redactor) -> None:
    """Tell the redactor which names and versions are those of distributions."""
    spare_installed(m.diagnosis, redactor)
    if m.mending:
        changed = m.mending.plan.changes
        redactor.spare({c.name for c in changed}, {v for c in changed for v in (c.old, c.new) if v})
    if m.audit:
        spare_judged(m.audit, redactor)
