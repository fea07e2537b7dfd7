"""The result of `npdoctor gpu` as the JSON object of schema 1."""

from __future__ import annotations

from npdoctor.model.diagnosis import Diagnosis
from npdoctor.report.as_json import (
    SCHEMA,
    JsonObject,
    assumed_json,
    finding_json,
    redacted,
    spare_installed,
    target_json,
)
from npdoctor.report.facts_json import gpu_json, host_json
from npdoctor.report.redact import Redactor


def gpu_document(diagnosis: Diagnosis, redactor: Redactor, tool_version: str, exit_code: int) -> JsonObject:
    """Return the facts and findings on GPUs and this machine, redacted."""
    spare_installed(diagnosis, redactor)
    document: JsonObject = {
        "schema": SCHEMA,
        "tool": {"name": "npdoctor", "version": tool_version},
        "target": target_json(diagnosis.snapshot),
        "assumed": assumed_json(diagnosis.snapshot),
        "gpu": gpu_json(diagnosis),
        "host": host_json(diagnosis.snapshot.host),
        "findings": [finding_json(finding) for finding in diagnosis.findings],
        "exit_code": exit_code,
    }
    return redacted(document, redactor)
