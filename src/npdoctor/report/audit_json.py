"""An audit as the JSON object of schema 1."""

from __future__ import annotations

from npdoctor.model.audit import Audit, Judged, Source, VersionFact
from npdoctor.model.declaration import Declared
from npdoctor.model.finding import Severity
from npdoctor.report.as_json import SCHEMA, JsonObject, finding_json, redacted
from npdoctor.report.diff import unified_diff
from npdoctor.report.ignored import Ignored, ignored_json
from npdoctor.report.redact import Json, Redactor


def audit_json(
    audit: Audit,
    redactor: Redactor,
    tool_version: str,
    exit_code: int,
    ignored: tuple[Ignored, ...] = (),
    written: tuple[str, ...] = (),
    undo: str | None = None,
) -> JsonObject:
    """Return the whole audit, redacted; `written` are the files corrected, `undo` what takes that back."""
    spare_judged(audit, redactor)
    document: JsonObject = {
        "schema": SCHEMA,
        "tool": {"name": "npdoctor", "version": tool_version},
        "basis": {
            "numpy": audit.basis.numpy,
            "numpy_why": audit.basis.numpy_why,
            "python": audit.basis.python,
            "python_why": audit.basis.python_why,
        },
        "assumed": dict(audit.assumed),
        "online": audit.online,
        "sources": [_source(source) for source in audit.sources],
        "summary": _summary(audit),
        "exit_code": exit_code,
        "findings": [finding_json(finding) for finding in audit.findings],
        "ignored": ignored_json(ignored),
        "distributions": [_judged(judged) for judged in audit.judged],
        "transitive": audit.transitive,
        "not_applying": [_line(line) for line in audit.unapplied],
        "corrections": [
            {"path": edit.path, "diff": "\n".join(unified_diff(edit))} for edit in audit.corrections
        ],
        "written": list(written),
        "undo": undo,
        "notes": list(audit.notes),
    }
    return redacted(document, redactor)


def spare_judged(audit: Audit, redactor: Redactor) -> None:
    """Tell the redactor which names and versions are those of distributions."""
    facts = [fact for j in audit.judged for fact in (j.lowest, j.highest) if fact]
    redactor.spare(
        {j.name for j in audit.judged} | {name for j in audit.judged for name in j.via},
        {fact.version for fact in facts} | {audit.basis.numpy, audit.basis.python},
    )


def _summary(audit: Audit) -> JsonObject:
    counts: JsonObject = {severity.value: audit.count(severity) for severity in Severity}
    counts["distributions"] = len(audit.judged)
    counts["ok"] = sum(judged.state == "ok" for judged in audit.judged)
    return counts


def _source(source: Source) -> Json:
    return {
        "path": source.path,
        "kind": source.kind,
        "declared": len(source.declared),
        "python": source.python or (source.image.python if source.image else "") or None,
        "notes": list(source.notes),
    }


def _judged(judged: Judged) -> Json:
    return {
        "name": judged.name,
        "specifier": judged.specifier,
        "state": judged.state,
        "numpy_abi": judged.numpy_abi.value if judged.numpy_abi else None,
        "group": judged.group or None,
        "statement": judged.statement,
        "recommended": judged.recommended,
        "lowest": _fact(judged.lowest),
        "highest": _fact(judged.highest),
        "declared": [_line(line) for line in judged.declared],
        "via": list(judged.via),
        "evidence": [{"kind": e.kind, "source": e.source, "detail": e.detail} for e in judged.evidence],
    }


def _fact(fact: VersionFact | None) -> Json:
    if fact is None:
        return None
    return {
        "version": fact.version or None,
        "serves": fact.serves,
        "numpy_abi": fact.numpy_abi.value if fact.numpy_abi else None,
        "requires_numpy": fact.holds_numpy or None,
        "evidence": {
            "kind": fact.evidence.kind,
            "source": fact.evidence.source,
            "detail": fact.evidence.detail,
        },
    }


def _line(line: Declared) -> Json:
    return {
        "name": line.name,
        "specifier": line.specifier,
        "path": line.path,
        "line": line.line or None,
        "marker": line.marker or None,
    }
