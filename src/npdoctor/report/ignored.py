"""Take out of a diagnosis what the person's config file says to ignore."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from npdoctor.config import Ignore
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Finding
from npdoctor.report.prose import number, wrapped
from npdoctor.report.redact import Json, Redactor
from npdoctor.report.verdict import keeping


@dataclass(frozen=True, slots=True)
class Ignored:
    """A finding that is not counted, and the reason the person gave."""

    finding: Finding
    reason: str


def without_ignored(diagnosis: Diagnosis, ignores: Iterable[Ignore]) -> tuple[Diagnosis, tuple[Ignored, ...]]:
    """Return the diagnosis without what is ignored, and that; code and subject must both be the same."""
    reasons = {(ignore.code, ignore.subject): ignore.reason for ignore in ignores}
    ignored = tuple(
        Ignored(f, reasons[f.code, f.subject]) for f in diagnosis.findings if (f.code, f.subject) in reasons
    )
    if not ignored:
        return diagnosis, ()
    kept = tuple(f for f in diagnosis.findings if (f.code, f.subject) not in reasons)
    return keeping(diagnosis, kept), ignored


def ignored_lines(ignored: tuple[Ignored, ...], redactor: Redactor, width: int) -> Iterator[str]:
    """Say how many findings are ignored, which, and why; nothing where none is."""
    if not ignored:
        return
    each = (f"{i.finding.code} {i.finding.subject} ({i.reason})" for i in ignored)
    said = f"{number(len(ignored), 'finding')} ignored: {', '.join(map(redactor.redact, each))}"
    yield from wrapped(said, width, "", "  ")


def ignored_json(ignored: tuple[Ignored, ...]) -> Json:
    """Return what is ignored as the JSON of a check has it."""
    return [
        {
            "code": i.finding.code,
            "severity": i.finding.severity.value,
            "subject": i.finding.subject,
            "version": i.finding.version,
            "title": i.finding.title,
            "reason": i.reason,
        }
        for i in ignored
    ]
