"""Annotations of GitHub Actions: workflow commands on stdout, one for each finding."""

from __future__ import annotations

from collections.abc import Iterable

from npdoctor.model.finding import Finding, Severity
from npdoctor.report.formats.places import place_of
from npdoctor.report.formats.spans import evidence_words
from npdoctor.report.prose import printable
from npdoctor.report.redact import Redactor

_COMMANDS = {
    Severity.BROKEN: "error",
    Severity.WARNING: "warning",
    Severity.UNKNOWN: "warning",
    Severity.INFO: "notice",
}


def github(findings: Iterable[Finding], redactor: Redactor, closing: str, project: str = "") -> str:
    """Return one annotation for each finding, redacted, and a closing line for the log.

    File and line are named only where a file of the project declares what is wrong: no line of the
    repository is to blame for what is installed. GitHub shows ten annotations of a kind for each step.
    `project` is the file to name for what no line declares.
    """
    lines = [_annotation(redactor.redact_finding(finding), project) for finding in findings]
    return "\n".join([*lines, f"npdoctor: {redactor.redact(closing)}"]) + "\n"


def _annotation(finding: Finding, project: str) -> str:
    place = place_of(finding, None, project)
    subject = f"{finding.subject} {finding.version}" if finding.version else finding.subject
    unseen = "could not look: " if finding.severity is Severity.UNKNOWN else ""
    properties = {"title": f"{finding.code} {subject}: {unseen}{finding.title}"}
    if not place.installed:
        line = {"line": str(place.line)} if place.line else {}
        properties = {"file": place.path, **line, **properties}
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {given}::{_data(_message(finding))}"


def _message(finding: Finding) -> str:
    parts = [finding.message or f"{finding.title}.", finding.remedy]
    parts += [evidence_words(e.source, e.detail) for e in finding.evidence[:3]]
    return "\n".join(part for part in parts if part)


def _data(text: str) -> str:
    """Escape as the runner's own toolkit does."""
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
