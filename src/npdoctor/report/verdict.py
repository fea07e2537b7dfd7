"""From findings to an exit code, after the person's choice of codes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from npdoctor.errors import EXIT_COULD_NOT_LOOK, EXIT_FINDINGS, EXIT_OK
from npdoctor.model.diagnosis import Diagnosis, DistributionState
from npdoctor.model.finding import Finding, Severity

FAIL_ON = ("broken", "warning", "never")


def is_chosen(code: str, select: Sequence[str], ignore: Sequence[str]) -> bool:
    """Tell whether a code is asked for: the longest prefix that fits decides, --ignore on a tie."""
    wanted = max((len(p) for p in select if code.startswith(p)), default=-1 if select else 0)
    unwanted = max((len(p) for p in ignore if code.startswith(p)), default=-1)
    return wanted >= 0 and wanted > unwanted


def chosen(diagnosis: Diagnosis, select: Sequence[str], ignore: Sequence[str]) -> Diagnosis:
    """Return the diagnosis with only the findings that are asked for.

    A distribution whose findings were all left out counts by what remains.
    """
    return keeping(diagnosis, tuple(f for f in diagnosis.findings if is_chosen(f.code, select, ignore)))


def keeping(diagnosis: Diagnosis, kept: tuple[Finding, ...]) -> Diagnosis:
    """Return the diagnosis with only these of its findings; what they leave without one counts anew."""
    if len(kept) == len(diagnosis.findings):
        return diagnosis
    dropped = {f.subject for f in diagnosis.findings if f not in kept}
    return replace(
        diagnosis,
        findings=kept,
        distributions=tuple(
            replace(d, state=_state(d, kept)) if d.name in dropped else d for d in diagnosis.distributions
        ),
    )


def _state(distribution: DistributionState, findings: Collection[Finding]) -> str:
    left = [
        f.severity for f in findings if f.subject == distribution.name and f.severity is not Severity.INFO
    ]
    return min(left, key=lambda s: s.rank).value if left else "ok"


def unchecked(diagnosis: Diagnosis) -> int:
    """Count what could not be looked at: findings that say so, or else distributions left unknown."""
    return diagnosis.count(Severity.UNKNOWN) or sum(d.state == "unknown" for d in diagnosis.distributions)


def exit_code(diagnosis: Diagnosis, fail_on: str = "broken", strict: bool = False) -> int:
    """Return 0, 1 or 3 as the contract says, the same for every format."""
    broken, warnings = diagnosis.count(Severity.BROKEN), diagnosis.count(Severity.WARNING)
    failing = {"broken": broken, "warning": broken + warnings}.get(fail_on, 0)
    if failing:
        return EXIT_FINDINGS
    if strict and not broken and unchecked(diagnosis):
        return EXIT_COULD_NOT_LOOK
    return EXIT_OK
