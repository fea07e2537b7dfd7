"""A plan and what became of it, as the JSON object of schema 1."""

from __future__ import annotations

from typing import cast

from npdoctor.model.mending import Mending
from npdoctor.model.plan import Change, Rehearsal
from npdoctor.report.as_json import SCHEMA, JsonObject
from npdoctor.report.diff import unified_diff
from npdoctor.report.redact import Json, Redactor


def mending_json(mending: Mending, redactor: Redactor, exit_code: int) -> JsonObject:
    """Return the whole, redacted; `exit_code` is the process's own."""
    plan = mending.plan
    document: JsonObject = {
        "schema": SCHEMA,
        "plan": {
            "id": plan.id,
            "strategy": plan.strategy.value,
            "engine": plan.engine,
            "subjects": list(plan.subjects),
            "changes": [_change(change) for change in plan.changes],
            "remove": list(plan.remove),
            "pins": list(plan.pins),
            "rollback": list(plan.rollback),
            "files": [{"path": e.path, "diff": "\n".join(unified_diff(e))} for e in plan.edits],
            "commands": [list(command) for command in plan.commands],
            "steps": list(plan.steps),
            "notes": list(plan.notes),
            "impossible": plan.impossible or None,
            "download": plan.download,
        },
        "rehearsal": _rehearsal(mending.rehearsal),
        "not_rehearsed": mending.unrehearsed or None,
        "refused": [{"reason": r.reason, "advice": r.advice} for r in mending.refusals],
        "written": list(mending.written),
        "applied": mending.applied,
        "left": None if mending.left is None else list(mending.left),
        "failure": mending.failure or None,
        "undone": mending.undone,
        "undo": mending.entry,
        "exit_code": exit_code,
    }
    hidden = cast("JsonObject", redactor.redact_diagnosis(document))
    hidden["redacted"] = [{"kind": kind, "count": count} for kind, count in redactor.counts.items()]
    return hidden


def _change(change: Change) -> Json:
    return {
        "name": change.name,
        "from": change.old,
        "to": change.new,
        "why": change.why,
        "verified": change.verified.value,
    }


def _rehearsal(rehearsal: Rehearsal | None) -> Json:
    if rehearsal is None:
        return None
    return {
        "before": {"broken": len(rehearsal.before), "subjects": list(rehearsal.before)},
        "after": {"broken": len(rehearsal.after), "subjects": list(rehearsal.after)},
        "worse": list(rehearsal.worse),
        "approximate": rehearsal.approximate or None,
        "seconds": round(rehearsal.seconds, 2),
    }
