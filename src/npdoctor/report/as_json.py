"""The diagnosis as the JSON object of schema 1."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from npdoctor.model.diagnosis import Diagnosis, DistributionState
from npdoctor.model.finding import Finding, Fix, Severity
from npdoctor.model.snapshot import Snapshot
from npdoctor.report.facts_json import gpu_json, host_json
from npdoctor.report.ignored import Ignored, ignored_json
from npdoctor.report.redact import Json, Redactor

SCHEMA = 1
JsonObject = dict[str, Json]


def to_json(
    diagnosis: Diagnosis,
    redactor: Redactor,
    tool_version: str,
    exit_code: int,
    ignored: tuple[Ignored, ...] = (),
) -> JsonObject:
    """Return the whole diagnosis, redacted, with the kinds and counts of what was hidden."""
    spare_installed(diagnosis, redactor)
    snapshot = diagnosis.snapshot
    document: JsonObject = {
        "schema": SCHEMA,
        "tool": {"name": "npdoctor", "version": tool_version},
        "target": target_json(snapshot),
        "assumed": assumed_json(snapshot),
        "summary": summary(diagnosis),
        "exit_code": exit_code,
        "findings": [finding_json(f) for f in diagnosis.findings],
        "ignored": ignored_json(ignored),
        "distributions": [_distribution(d) for d in diagnosis.distributions],
        "gpu": gpu_json(diagnosis),
        "host": host_json(snapshot.host),
    }
    return redacted(document, redactor)


def redacted(document: JsonObject, redactor: Redactor) -> JsonObject:
    """Return the document with its secrets hidden, and last what was hidden."""
    hidden = cast("JsonObject", redactor.redact_diagnosis(document))
    hidden["redacted"] = [{"kind": kind, "count": count} for kind, count in redactor.counts.items()]
    return hidden


def target_json(snapshot: Snapshot) -> Json:
    """Return the interpreter that was examined, and its NumPy as installed."""
    target = snapshot.target
    return {
        "executable": target.executable,
        "python": target.python,
        "implementation": target.implementation,
        "prefix": target.prefix,
        "platform": target.platform,
        "why": target.why,
        "numpy": replace(snapshot, assumed={}).version_of("numpy"),
    }


def assumed_json(snapshot: Snapshot) -> Json:
    """Return what was assumed: versions by distribution, and `gpu`, `driver`, `cuda` of the machine."""
    return {**snapshot.assumed, **(snapshot.machine.words if snapshot.machine else {})}


def spare_installed(diagnosis: Diagnosis, redactor: Redactor) -> None:
    """Tell the redactor which names and versions are those of distributions."""
    installed = diagnosis.snapshot.distributions
    redactor.spare(
        {d.name for d in installed} | {d.name for d in diagnosis.distributions},
        {d.version for d in installed} | set(diagnosis.snapshot.assumed.values()),
    )


def summary(diagnosis: Diagnosis) -> JsonObject:
    """Count findings by severity, distributions and extension modules."""
    counts: JsonObject = {severity.value: diagnosis.count(severity) for severity in Severity}
    counts["distributions"] = len(diagnosis.distributions)
    counts["extensions"] = diagnosis.extensions
    return counts


def finding_json(finding: Finding) -> Json:
    """Return one finding as every JSON of npdoctor has it."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "version": finding.version,
        "title": finding.title,
        "message": finding.message,
        "evidence": [{"kind": e.kind, "source": e.source, "detail": e.detail} for e in finding.evidence],
        "remedy": finding.remedy,
        "cause": finding.cause,
        "fix": _fix_json(finding.fix) if finding.fix else None,
    }


def _fix_json(fix: Fix) -> Json:
    said: JsonObject = {"pins": list(fix.pins), "verified": fix.verified}
    return said if fix.specifier is None else {**said, "specifier": fix.specifier}


def _distribution(state: DistributionState) -> Json:
    return {
        "name": state.name,
        "version": state.version,
        "location": state.location,
        "numpy_abi": state.numpy_abi.value,
        "numpy_min": state.numpy_min,
        "extensions": state.extensions,
        "imported": state.imported,
        "state": state.state,
    }
