"""Run all checks over a snapshot, tell causes from consequences, and order what is left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from packaging.version import Version

from npdoctor.diagnose.assumed import assumed_releases
from npdoctor.diagnose.companions import bitsandbytes_library, missing_cuda_libraries, other_torch
from npdoctor.diagnose.container import cpu_quota, full_disks, killed_for_memory, lost_caches, small_shm
from npdoctor.diagnose.context import Context
from npdoctor.diagnose.cpu_only import cpu_only, mixed_torch
from npdoctor.diagnose.cuda_paths import hijacked_libcuda, older_linker
from npdoctor.diagnose.driver import old_drivers
from npdoctor.diagnose.functional import failed_in_use
from npdoctor.diagnose.gpu_health import taken_memory, unhealthy
from npdoctor.diagnose.import_failures import import_failures
from npdoctor.diagnose.installation import (
    bad_pairs,
    damaged,
    leftovers,
    overlapping,
    recorded_twice,
    shadowed,
    stale_processes,
)
from npdoctor.diagnose.kernels import without_kernels
from npdoctor.diagnose.linkage import missing_libraries, missing_versions, other_python
from npdoctor.diagnose.numpy_abi import built_for_numpy1, needs_newer_numpy
from npdoctor.diagnose.numpy_mix import mixed_numpy
from npdoctor.diagnose.nvml import cut_short, mismatched, unreachable
from npdoctor.diagnose.requirements import broken_requirements
from npdoctor.diagnose.visible import hidden
from npdoctor.model.binary import NumpyAbi
from npdoctor.model.diagnosis import Diagnosis, DistributionState
from npdoctor.model.finding import Evidence, Finding, Fix, Severity
from npdoctor.model.outcome import Imported
from npdoctor.model.rules import RuleBook
from npdoctor.model.snapshot import Snapshot

Check = Callable[[Context], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (
    mixed_numpy,
    built_for_numpy1,
    assumed_releases,
    needs_newer_numpy,
    other_torch,
    import_failures,
    failed_in_use,
    other_python,
    missing_libraries,
    missing_versions,
    bad_pairs,
    recorded_twice,
    broken_requirements,
    leftovers,
    damaged,
    overlapping,
    shadowed,
    stale_processes,
    killed_for_memory,
    small_shm,
    full_disks,
    cpu_quota,
    lost_caches,
    missing_cuda_libraries,
    bitsandbytes_library,
    mixed_torch,
    unreachable,
    cut_short,
    mismatched,
    old_drivers,
    without_kernels,
    cpu_only,
    taken_memory,
    unhealthy,
    hidden,
    hijacked_libcuda,
    older_linker,
)
_TORCH_PIN = re.compile(r"torch(?![\w.-])")
# Codes of which one subject may have several, each with a title of its own.
SEVERAL = ("NPD000", "NPD113", "NPD206", "NPD207", "NPD304", "NPD308", "NPD403", "NPD406")


def diagnose(snapshot: Snapshot, book: RuleBook) -> Diagnosis:
    """Return the verdict; a check that fails becomes a finding of its own, and the others go on."""
    context = Context(snapshot, book)
    found: list[Finding] = [_own_failure(failure.what, failure.reason) for failure in snapshot.failures]
    for check in CHECKS:
        try:
            found += check(context)
        except Exception as error:
            found.append(_own_failure(check.__name__, f"{type(error).__name__}: {error}"))
    findings = tuple(sorted(_consequences(_merged(_without_echoes(found))), key=_weight))
    return Diagnosis(snapshot, findings, _states(context, findings))


def _own_failure(what: str, reason: str) -> Finding:
    return Finding(
        "NPD000",
        Severity.UNKNOWN,
        "npdoctor",
        None,
        f"a check of npdoctor's own failed: {what}",
        "This is npdoctor's fault, not the environment's. The other checks are complete.",
        (Evidence("rule", what, reason),),
        "Please report it with this text.",
    )


def _without_echoes(found: Iterable[Finding]) -> list[Finding]:
    """Leave out what only repeats a graver finding on the same subject."""
    found = list(found)
    beside: dict[str, list[Finding]] = {}
    for finding in found:
        beside.setdefault(finding.subject, []).append(finding)
    return [
        f
        for f in found
        if not _is_echo(f, {o.code for o in beside[f.subject] if o.severity.rank <= f.severity.rank})
    ]


def _is_echo(finding: Finding, beside: set[str]) -> bool:
    numpy_abi = beside & {"NPD101", "NPD102", "NPD103"}
    if finding.code == "NPD202":
        pins = finding.fix.pins if finding.fix else ()
        of_torch = "NPD107" in beside or "NPD208" in beside
        return (bool(numpy_abi) and all(pin.startswith("numpy") for pin in pins)) or (
            of_torch and bool(pins) and all(_TORCH_PIN.match(pin) for pin in pins)
        )
    if finding.code == "NPD208" and "NPD305" in beside:
        return True
    if finding.code in ("NPD110", "NPD203", "NPD205") and "NPD111" in beside:
        return True
    return finding.code == "NPD106" and "NPD107" in beside


def _merged(found: Iterable[Finding]) -> list[Finding]:
    """Make one of the findings that say the same of the same subject, with the evidence of all."""
    merged: dict[tuple[str, str, str | None], Finding] = {}
    for finding in found:
        key = (finding.code, finding.subject, finding.title if finding.code in SEVERAL else finding.cause)
        merged[key] = _joined(merged[key], finding) if key in merged else finding
    return list(merged.values())


def _joined(first: Finding, second: Finding) -> Finding:
    graver, other = sorted((first, second), key=lambda f: f.severity.rank)
    fixes = [f.fix for f in (graver, other) if f.fix]
    pins = dict.fromkeys(pin for fix in fixes for pin in fix.pins)
    return replace(
        graver,
        evidence=tuple(dict.fromkeys((*graver.evidence, *other.evidence))),
        fix=Fix(tuple(pins), fixes[0].verified) if fixes else None,
    )


def _consequences(found: Iterable[Finding]) -> list[Finding]:
    """Give what failed inside another distribution that distribution's finding as its cause."""
    found = list(found)
    roots = {f.subject: f for f in found if f.cause is None and f.severity is Severity.BROKEN}
    result = []
    for finding in found:
        if finding.cause is None:
            result.append(finding)
        elif finding.cause in roots and finding.cause != finding.subject:
            root = roots[finding.cause]
            result.append(
                replace(
                    finding,
                    code="NPD110",
                    title=f"fails because {root.subject} is broken ({root.code})",
                    message=f"Importing it fails inside {root.subject}, which is broken itself: {root.title}",
                    remedy=f"Mend {root.subject} first.",
                    fix=None,
                )
            )
        else:
            result.append(replace(finding, cause=None))
    return result


def _weight(finding: Finding) -> tuple[int, bool, str, str]:
    return (finding.severity.rank, finding.cause is not None, finding.code, finding.subject)


def _states(context: Context, findings: Iterable[Finding]) -> tuple[DistributionState, ...]:
    worst: dict[str, Severity] = {}
    for finding in findings:
        if finding.severity is not Severity.INFO:
            worst[finding.subject] = min(
                worst.get(finding.subject, finding.severity), finding.severity, key=lambda s: s.rank
            )
    return tuple(_state(context, name, worst.get(name)) for name in sorted(context.installed))


def _state(context: Context, name: str, worst: Severity | None) -> DistributionState:
    distribution = context.installed[name]
    binaries = context.by_distribution.get(name, [])
    uses = [b.numpy for b in binaries if b.numpy]
    kinds = {use.abi for use in uses}
    minima = [use.minimum for use in uses if use.minimum]
    modules = [b for b in binaries if b.module]
    imported = sum(isinstance(context.snapshot.imports.get(b.path), Imported) for b in modules)
    return DistributionState(
        name=name,
        version=distribution.version,
        location=distribution.location,
        numpy_abi=NumpyAbi.NONE if not kinds else kinds.pop() if len(kinds) == 1 else _mixture(kinds),
        numpy_min=max(minima, key=Version, default=None),
        extensions=len(modules),
        imported=imported,
        state=worst.value if worst else "ok",
    )


def _mixture(kinds: set[NumpyAbi]) -> NumpyAbi:
    """Call it mixed only where some binaries serve NumPy 1 alone; numpy2 beside both is numpy2."""
    return NumpyAbi.MIXED if NumpyAbi.NUMPY1 in kinds else NumpyAbi.NUMPY2
