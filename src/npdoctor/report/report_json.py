"""The report as JSON of schema 1: the object of a check, and what the document has beside it."""

from __future__ import annotations

from npdoctor.report.as_json import JsonObject, finding_json, redacted, to_json
from npdoctor.report.audit_json import audit_json
from npdoctor.report.document.actions import actions_of
from npdoctor.report.document.blocks import Check, Words
from npdoctor.report.document.checklist import functional_checks
from npdoctor.report.document.compose import spare
from npdoctor.report.document.criteria import criteria_of
from npdoctor.report.document.material import Material
from npdoctor.report.document.risks import risks_of
from npdoctor.report.document.rollback import todays_pins
from npdoctor.report.formats.spans import CHECK_WORDS
from npdoctor.report.plan_json import mending_json
from npdoctor.report.redact import Json, Redactor

# Of the report as a whole, or of writing, which a report does not do.
_OWN = ("schema", "tool", "exit_code", "ignored", "redacted", "written", "undo")


def report_json(m: Material, redactor: Redactor) -> JsonObject:
    """Return everything that the document holds, redacted, with what was hidden last."""
    spare(m, redactor)
    open_ = Redactor(enabled=False)
    document = to_json(m.diagnosis, open_, m.tool_version, m.exit_code, m.ignored)
    del document["redacted"]
    plan = mending_json(m.mending, open_, m.exit_code) if m.mending else None
    pins, others = todays_pins(m)
    document |= {
        "audit": _audit(m),
        "plan": plan["plan"] if plan else None,
        "rehearsal": plan["rehearsal"] if plan else None,
        "not_rehearsed": plan["not_rehearsed"] if plan else None,
        "tests": [_check(check) for check in functional_checks(m)],
        "risks": [
            {
                "severity": r.severity.value,
                "code": r.code or None,
                "subject": r.subject,
                "risk": r.risk,
                "impact": r.impact,
                "mitigation": r.mitigation,
            }
            for r in risks_of(m)
        ],
        "actions": [
            {
                "what": a.what,
                "codes": list(a.codes),
                "subjects": list(a.subjects),
                "command": a.command or None,
            }
            for a in actions_of(m)
        ],
        "criteria": [_check(check) for check in criteria_of(m)],
        "rollback": {"pins": list(pins), "not_on_an_index": list(others), "other_major": _other(m)},
    }
    return redacted(document, redactor)


def _audit(m: Material) -> Json:
    """Return what `npdoctor audit` prints, less what the report says of itself."""
    if m.audit is None:
        return None
    said = audit_json(m.audit, Redactor(enabled=False), m.tool_version, m.exit_code)
    return {key: value for key, value in said.items() if key not in _OWN}


def _check(check: Check) -> Json:
    return {
        "what": _plain(check.words),
        "result": CHECK_WORDS[check.state],
        "evidence": _plain(check.evidence) or None,
    }


def _plain(words: Words) -> str:
    return "".join(part for part in words if isinstance(part, str))


def _other(m: Material) -> Json:
    if m.other is None:
        return None
    findings = [finding_json(f) for f in m.other.diagnosis.findings if f.code.startswith("NPD1")]
    return {"numpy": m.other.numpy, "findings": findings}
