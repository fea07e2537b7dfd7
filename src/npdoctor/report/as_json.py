"""The diagnosis as the JSON object of schema 1."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from npdoctor.model.diagnosis import Diagnosis, DistributionState
from npdoctor.model.finding import Finding, Severity
from npdoctor.model.host import Host
from npdoctor.report.redact import Json, Redactor

SCHEMA = 1
JsonObject = dict[str, Json]


def to_json(diagnosis: Diagnosis, redactor: Redactor, tool_version: str, exit_code: int) -> JsonObject:
    """Return the whole diagnosis, redacted, with the kinds and counts of what was hidden."""
    spare_installed(diagnosis, redactor)
    snapshot = diagnosis.snapshot
    target = snapshot.target
    document: JsonObject = {
        "schema": SCHEMA,
        "tool": {"name": "npdoctor", "version": tool_version},
        "target": {
            "executable": target.executable,
            "python": target.python,
            "implementation": target.implementation,
            "prefix": target.prefix,
            "platform": target.platform,
            "why": target.why,
            "numpy": replace(snapshot, assumed={}).version_of("numpy"),
        },
        "assumed": dict(snapshot.assumed),
        "summary": summary(diagnosis),
        "exit_code": exit_code,
        "findings": [_finding(f) for f in diagnosis.findings],
        "distributions": [_distribution(d) for d in diagnosis.distributions],
        "gpu": {},
        "host": _host(snapshot.host),
    }
    hidden = cast("JsonObject", redactor.redact_diagnosis(document))
    hidden["redacted"] = [{"kind": kind, "count": count} for kind, count in redactor.counts.items()]
    return hidden


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


def _finding(finding: Finding) -> Json:
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
        "fix": {"pins": list(finding.fix.pins), "verified": finding.fix.verified} if finding.fix else None,
    }


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


def _host(host: Host) -> Json:
    return {
        "system": host.system,
        "machine": host.machine,
        "libc": " ".join(host.libc) if host.libc else None,
        "container": host.is_container,
    }
