"""A run as JSON (schema 1): memory in bytes, times in seconds."""

from __future__ import annotations

import json

from npdoctor.model.rules import RuleBook
from npdoctor.model.run import Cause, Ending, Exited, Growth, RunRecord, Signalled, exit_code
from npdoctor.report.redact import Json, Redactor
from npdoctor.report.run_text import shown_command

SCHEMA = 1


def run_json(record: RunRecord, redactor: Redactor, book: RuleBook | None, tool_version: str) -> str:
    """Return the document; the command is one text, since a secret may span two of its words."""
    causes = [_cause(cause, redactor, book) for cause in record.causes]
    document: dict[str, Json] = {
        "schema": SCHEMA,
        "tool": {"name": "npdoctor", "version": tool_version},
        "command": shown_command(record.command, redactor),
        "exit_code": exit_code(record.ending),
        "ending": _ending(record.ending),
        "seconds": round(record.seconds, 3),
        "first_output": {
            "after": None if record.first_output.after is None else round(record.first_output.after, 4),
            "unseen": list(record.first_output.unseen),
        },
        "ram": {
            "peak": record.ram.peak,
            "last": record.ram.last,
            "largest_process": record.ram.largest,
            "processes": record.ram.processes,
            "counted": record.ram.counted.value,
            "growth": _growth(record.ram.growth),
        },
        "gpus": [
            {
                "index": gpu.index,
                "total": gpu.total,
                "first": gpu.first,
                "peak": gpu.peak,
                "growth": _growth(gpu.growth),
            }
            for gpu in record.gpus
        ],
        "samples": [
            {"at": round(s.at, 3), "ram": s.ram, "processes": s.processes, "vram": list(s.vram)}
            for s in record.samples
        ],
        "crash": _crash(record, redactor),
        "cause": causes[0] if causes else None,
        "others": list(causes[1:]),
        "notes": [redactor.redact(note) for note in record.notes],
    }
    document["redacted"] = [{"kind": kind, "count": count} for kind, count in redactor.counts.items()]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _ending(ending: Ending) -> Json:
    if isinstance(ending, Exited):
        return {"kind": "exited", "code": ending.code}
    return {"kind": "signalled" if isinstance(ending, Signalled) else "stopped", "signal": ending.number}


def _growth(growth: Growth | None) -> Json:
    if growth is None:
        return None
    return {"per_minute": round(growth.per_minute), "seconds": round(growth.seconds, 1)}


def _crash(record: RunRecord, redactor: Redactor) -> Json:
    if record.crash is None:
        return None
    return {
        "kind": redactor.redact(record.crash.kind),
        "frames": [redactor.redact(frame) for frame in record.crash.frames],
        "modules": [redactor.redact(name) for name in record.crash.modules],
        "library": redactor.redact(record.crash.library),
    }


def _cause(cause: Cause, redactor: Redactor, book: RuleBook | None) -> Json:
    known = book.codes.get(cause.code) if book else None
    return {
        "code": cause.code or None,
        "title": cause.title or (known.title if known else None),
        "words": redactor.redact(cause.words),
        "remedy": redactor.redact(cause.remedy),
        "signature": cause.rule or None,
        "evidence": [redactor.redact(line) for line in cause.evidence],
        "earlier": cause.earlier,
    }
