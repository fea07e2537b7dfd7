"""SARIF 2.1.0 (OASIS), for what shows findings beside code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from npdoctor.model.finding import Finding, Severity
from npdoctor.model.rules import CodeRule
from npdoctor.model.snapshot import Snapshot
from npdoctor.report.formats.places import FilePlace, place_of
from npdoctor.report.formats.spans import evidence_words
from npdoctor.report.ignored import Ignored
from npdoctor.report.prose import printable
from npdoctor.report.redact import Json, Redactor

SCHEMA_ADDRESS = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASES = {True: "ENVIRONMENT", False: "PROJECT"}
_LEVELS = {Severity.BROKEN: "error", Severity.WARNING: "warning"}
# A result of which nobody knows whether it is a problem is `open` there, and has no level.
_KINDS = {Severity.UNKNOWN: "open", Severity.INFO: "informational"}
_LEVEL_OF_RULE = {**_LEVELS, Severity.UNKNOWN: "none", Severity.INFO: "note"}


def sarif(
    findings: Iterable[Finding],
    codes: Mapping[str, CodeRule],
    redactor: Redactor,
    tool_version: str,
    exit_code: int,
    snapshot: Snapshot | None = None,
    ignored: Iterable[Ignored] = (),
    project: str = "",
) -> str:
    """Return findings as a SARIF log of one run, redacted; what is ignored is in it, suppressed.

    Paths of findings on declared requirements are as given, all others below the environment. `project`
    is the file to name for what no line declares.
    """
    given = [(f, "") for f in findings] + [(i.finding, i.reason) for i in ignored]
    used = sorted({finding.code for finding, _ in given})
    rules: list[Json] = [_rule(code, codes.get(code)) for code in used]
    results: list[Json] = [
        _result(redactor, finding, place_of(finding, snapshot, project), used.index(finding.code), reason)
        for finding, reason in given
    ]
    log: Json = {
        "$schema": SCHEMA_ADDRESS,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "npdoctor", "version": tool_version, "rules": rules}},
                "invocations": [{"executionSuccessful": True, "exitCode": exit_code}],
                "originalUriBaseIds": {
                    BASES[True]: {"description": {"text": "The environment that was examined."}},
                    BASES[False]: {"description": {"text": "The folder npdoctor was started in."}},
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return json.dumps(_plain(log), indent=2, ensure_ascii=False) + "\n"


def _plain(value: Json) -> Json:
    """Take out of every text what would steer what shows it."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return {key: _plain(member) for key, member in value.items()} if isinstance(value, dict) else value


def _rule(code: str, rule: CodeRule | None) -> Json:
    if rule is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.meaning},
        "help": {
            "text": f"{rule.check}\n\n{rule.remedy}\n\n{rule.wrong_when}",
            "markdown": (
                f"**Check by hand.** {rule.check}\n\n**Remedy.** {rule.remedy}\n\n"
                f"**Wrong when.** {rule.wrong_when}"
            ),
        },
        "defaultConfiguration": {"level": _LEVEL_OF_RULE[rule.severity]},
        "properties": {"tags": [rule.family]},
    }


def _result(redactor: Redactor, finding: Finding, place: FilePlace, index: int, ignored: str) -> Json:
    shown = redactor.redact_finding(finding)
    path = redactor.redact(place.path)
    result: dict[str, Json] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "kind": _KINDS.get(finding.severity, "fail"),
        "level": _LEVELS.get(finding.severity, "none"),
        "message": {"text": _message(shown)},
        "locations": [_location(place, path, shown.subject)],
        "partialFingerprints": {"npdoctor/v1": _fingerprint(shown, place, path)},
        "properties": {
            "severity": finding.severity.value,
            "subject": shown.subject,
            "version": shown.version,
            "cause": shown.cause,
            "pins": list(shown.fix.pins) if shown.fix else [],
            "evidence": [{"kind": e.kind, "source": e.source, "detail": e.detail} for e in shown.evidence],
        },
    }
    if ignored:
        reason = redactor.redact(ignored)
        result["suppressions"] = [{"kind": "external", "justification": reason}]
    return result


def _message(finding: Finding) -> str:
    subject = f"{finding.subject} {finding.version}" if finding.version else finding.subject
    parts = [f"{subject}: {finding.title}.", finding.message, finding.remedy]
    if finding.evidence:
        first = finding.evidence[0]
        parts.append(f"Evidence: {evidence_words(first.source, first.detail)}")
    return " ".join(part for part in parts if part)


def _location(place: FilePlace, path: str, subject: str) -> Json:
    physical: dict[str, Json] = {"artifactLocation": {"uri": _uri(path), "uriBaseId": BASES[place.installed]}}
    if place.line:
        physical["region"] = {"startLine": place.line}
    return {"physicalLocation": physical, "logicalLocations": [{"name": subject, "kind": "module"}]}


def _uri(path: str) -> str:
    """Return a relative reference; a leading slash would make it leave its base."""
    return quote(path.lstrip("/").removeprefix("./") or ".", safe="/~-._+")


def _fingerprint(finding: Finding, place: FilePlace, path: str) -> str:
    """Name the finding so that a later run knows it again: by no version, title or line."""
    where = "" if place.installed else path
    return hashlib.sha256(f"{finding.code}\0{finding.subject}\0{where}".encode()).hexdigest()[:32]
