"""What a document is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from npdoctor.model.audit import Audit
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Finding, Severity
from npdoctor.model.mending import Mending
from npdoctor.model.plan import FileEdit
from npdoctor.model.rules import RuleBook
from npdoctor.report.document.dependents import Dependents, dependents_of
from npdoctor.report.ignored import Ignored

GRAVE = (Severity.BROKEN, Severity.WARNING)


@dataclass(frozen=True, slots=True)
class OtherMajor:
    """The verdict as it would be, from binaries and metadata alone, under the other major of NumPy."""

    numpy: str
    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True)
class Material:
    """One diagnosis, with all that was learnt beside it. `diagnosis` has the findings of the audit too.

    `left_out` counts findings that were not asked for. `made` says when, as words, `notes` what could not be
    done for it.
    """

    diagnosis: Diagnosis
    book: RuleBook
    tool_version: str
    exit_code: int
    audit: Audit | None = None
    mending: Mending | None = None
    other: OtherMajor | None = None
    left_out: int = 0
    ignored: tuple[Ignored, ...] = ()
    made: str = ""
    notes: tuple[str, ...] = ()
    dependents: Dependents = field(default_factory=dict)

    @property
    def roots(self) -> tuple[Finding, ...]:
        """Return the broken and the warnings that are no consequence of another."""
        return tuple(f for f in self.diagnosis.findings if f.severity in GRAVE and f.cause is None)

    @property
    def symptoms(self) -> tuple[Finding, ...]:
        """Return what is only the consequence of another finding."""
        return tuple(f for f in self.diagnosis.findings if f.cause is not None)

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of one severity that are no consequence."""
        return tuple(f for f in self.diagnosis.findings if f.severity is severity and f.cause is None)

    @property
    def corrections(self) -> tuple[FileEdit, ...]:
        """Return the corrected files of the audit, less those that the plan edits itself."""
        planned = {edit.path for edit in self.mending.plan.edits} if self.mending else set()
        return tuple(e for e in self.audit.corrections if e.path not in planned) if self.audit else ()

    @property
    def corrected_by_plan(self) -> tuple[str, ...]:
        """Return the paths that both the audit and the plan would edit."""
        own = {edit.path for edit in self.corrections}
        return tuple(e.path for e in self.audit.corrections if e.path not in own) if self.audit else ()

    def failing_because_of(self, subject: str) -> tuple[str, ...]:
        """Return the subjects whose finding names this one as its cause."""
        return tuple(dict.fromkeys(f.subject for f in self.symptoms if f.cause == subject))


def gathered(
    diagnosis: Diagnosis,
    book: RuleBook,
    tool_version: str,
    exit_code: int,
    audit: Audit | None = None,
    mending: Mending | None = None,
    other: OtherMajor | None = None,
    left_out: int = 0,
    ignored: tuple[Ignored, ...] = (),
    made: str = "",
    notes: tuple[str, ...] = (),
) -> Material:
    """Put the material together, with who requires whom."""
    required: Mapping[str, Mapping[str, str]] = dependents_of(diagnosis.snapshot)
    return Material(
        diagnosis,
        book,
        tool_version,
        exit_code,
        audit,
        mending,
        other,
        left_out,
        ignored,
        made,
        notes,
        required,
    )
