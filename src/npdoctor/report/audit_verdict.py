"""From the findings of an audit to an exit code, after the person's choice of codes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from npdoctor.config import Ignore
from npdoctor.errors import EXIT_COULD_NOT_LOOK, EXIT_FINDINGS, EXIT_OK
from npdoctor.model.audit import Audit, Judged
from npdoctor.model.finding import Finding, Severity
from npdoctor.report.ignored import Ignored
from npdoctor.report.verdict import is_chosen


def chosen_audit(audit: Audit, select: Sequence[str], ignore: Sequence[str]) -> Audit:
    """Return the audit with only the findings that are asked for."""
    return _keeping(audit, tuple(f for f in audit.findings if is_chosen(f.code, select, ignore)))


def without_ignored_findings(audit: Audit, ignores: Iterable[Ignore]) -> tuple[Audit, tuple[Ignored, ...]]:
    """Return the audit without what is ignored, and that; code and subject must both be the same."""
    reasons = {(ignore.code, ignore.subject): ignore.reason for ignore in ignores}
    ignored = tuple(
        Ignored(f, reasons[f.code, f.subject]) for f in audit.findings if (f.code, f.subject) in reasons
    )
    kept = tuple(f for f in audit.findings if (f.code, f.subject) not in reasons)
    return _keeping(audit, kept), ignored


def audit_exit_code(audit: Audit, fail_on: str, strict: bool) -> int:
    """Return 0, 1 or 3 as the contract says, the same for every format."""
    broken, warnings = audit.count(Severity.BROKEN), audit.count(Severity.WARNING)
    failing = {"broken": broken, "warning": broken + warnings}.get(fail_on, 0)
    if failing:
        return EXIT_FINDINGS
    unknown = audit.count(Severity.UNKNOWN) or any(j.state == "unknown" for j in audit.judged)
    return EXIT_COULD_NOT_LOOK if strict and not broken and unknown else EXIT_OK


def _keeping(audit: Audit, kept: tuple[Finding, ...]) -> Audit:
    if len(kept) == len(audit.findings):
        return audit
    dropped = {f.subject for f in audit.findings if f not in kept}
    judged = tuple(replace(j, state=_state(j, kept)) if j.name in dropped else j for j in audit.judged)
    return replace(audit, findings=kept, judged=judged)


def _state(judged: Judged, findings: Iterable[Finding]) -> str:
    left = [f.severity for f in findings if f.subject == judged.name and f.severity is not Severity.INFO]
    return min(left, key=lambda severity: severity.rank).value if left else "ok"
