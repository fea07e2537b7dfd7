"""One content in any format: what `--format` means, wherever it is given."""

from __future__ import annotations

import json

from npdoctor.model.audit import Audit
from npdoctor.model.rules import RuleBook
from npdoctor.report.audit_text import counts
from npdoctor.report.document.audit_document import audit_document
from npdoctor.report.document.blocks import Document
from npdoctor.report.document.compose import composed
from npdoctor.report.document.material import Material
from npdoctor.report.formats.github import github
from npdoctor.report.formats.html import html
from npdoctor.report.formats.markdown import markdown
from npdoctor.report.formats.sarif import sarif
from npdoctor.report.formats.text import text
from npdoctor.report.ignored import Ignored
from npdoctor.report.redact import Redactor
from npdoctor.report.report_json import report_json
from npdoctor.report.text import Layout, counts_line


def rendered(m: Material, form: str, redactor: Redactor, layout: Layout) -> str:
    """Return the report as text, markdown, html, json, sarif or github, redacted."""
    found = m.diagnosis
    if form == "json":
        return json.dumps(report_json(m, redactor), indent=2, ensure_ascii=False) + "\n"
    project = _project(m.audit)
    if form == "github":
        return github(found.findings, redactor, f"{counts_line(found)} exit {m.exit_code}", project)
    if form == "sarif":
        codes, snapshot = m.book.codes, found.snapshot
        return sarif(
            found.findings, codes, redactor, m.tool_version, m.exit_code, snapshot, m.ignored, project
        )
    return _written(composed(m, redactor), form, layout)


def rendered_audit(
    audit: Audit,
    book: RuleBook,
    form: str,
    redactor: Redactor,
    layout: Layout,
    tool_version: str,
    exit_code: int,
    left_out: int = 0,
    ignored: tuple[Ignored, ...] = (),
) -> str:
    """Return an audit alone as markdown, html, sarif or github, redacted."""
    project = _project(audit)
    if form == "github":
        return github(audit.findings, redactor, f"{counts(audit)} exit {exit_code}", project)
    if form == "sarif":
        codes = book.codes
        return sarif(audit.findings, codes, redactor, tool_version, exit_code, None, ignored, project)
    return _written(audit_document(audit, book, redactor, exit_code, left_out, ignored), form, layout)


def _project(audit: Audit | None) -> str:
    """Return the file to name for what no line declares."""
    return audit.sources[0].path if audit and audit.sources else ""


def _written(document: Document, form: str, layout: Layout) -> str:
    if form == "markdown":
        return markdown(document)
    return html(document) if form == "html" else text(document, layout)
