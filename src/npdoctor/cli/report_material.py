"""Put together what a report is made of: the person's choice of codes, and paths as the person sees them."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass, replace

from npdoctor import __version__
from npdoctor.config import Config
from npdoctor.diagnose.engine import diagnose
from npdoctor.model.audit import Audit
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.mending import Mending
from npdoctor.model.plan import FileEdit
from npdoctor.model.rules import RuleBook
from npdoctor.report.audit_verdict import chosen_audit, without_ignored_findings
from npdoctor.report.document.material import Material, OtherMajor, gathered
from npdoctor.report.document.other_major import other_numpy
from npdoctor.report.ignored import Ignored, without_ignored
from npdoctor.report.verdict import chosen, exit_code


@dataclass(frozen=True, slots=True)
class Beside:
    """What was learnt beside the diagnosis, and in `notes` what could not be."""

    audit: Audit | None = None
    mending: Mending | None = None
    notes: tuple[str, ...] = ()


def check_material(
    args: argparse.Namespace,
    shown: Diagnosis,
    book: RuleBook,
    code: int,
    left_out: int,
    ignored: tuple[Ignored, ...],
) -> Material:
    """Return the material of a check: a diagnosis from which what was not asked for is gone already."""
    other = None if args.assume else _other(shown, book)
    return gathered(
        shown, book, __version__, code, other=other, left_out=left_out, ignored=ignored, made=_now()
    )


def report_material(
    args: argparse.Namespace, found: Diagnosis, book: RuleBook, beside: Beside, config: Config, folder: str
) -> Material:
    """Return the material of a report: the findings of the audit count as those of the environment do."""
    kept, ignored = without_ignored(found, config.ignores)
    shown = chosen(kept, args.select, args.ignore)
    left_out = len(kept.findings) - len(shown.findings)
    audit, mending = beside.audit, beside.mending
    if audit:
        audited, more = without_ignored_findings(audit, config.ignores)
        audit = chosen_audit(audited, args.select, args.ignore)
        audit = replace(audit, corrections=_as_seen_from(folder, audit.corrections))
        left_out += len(audited.findings) - len(audit.findings)
        ignored = (*ignored, *more)
        findings = sorted((*shown.findings, *audit.findings), key=lambda f: f.severity.rank)
        shown = replace(shown, findings=tuple(findings))
    if mending:
        edits = _as_seen_from(folder, mending.plan.edits)
        mending = replace(mending, plan=replace(mending.plan, edits=edits))
    return gathered(
        shown,
        book,
        __version__,
        exit_code(shown, args.fail_on, args.strict),
        audit,
        mending,
        None if args.assume else _other(found, book),
        left_out,
        ignored,
        _now(),
        beside.notes,
    )


def _as_seen_from(folder: str, edits: tuple[FileEdit, ...]) -> tuple[FileEdit, ...]:
    """Return the edits with their files named as a person in this folder would."""
    paths = [os.path.relpath(edit.path, folder) for edit in edits]
    return tuple(
        edit if path.startswith("..") else replace(edit, path=path)
        for edit, path in zip(edits, paths, strict=True)
    )


def _other(found: Diagnosis, book: RuleBook) -> OtherMajor | None:
    """Judge what the other major of NumPy would break, without importing anything."""
    snapshot = found.snapshot
    numpy = other_numpy(snapshot.version_of("numpy"), snapshot.target.version)
    if numpy is None:
        return None
    assumed = replace(snapshot, assumed={"numpy": numpy}, imports={}, smoke=())
    return OtherMajor(numpy, diagnose(assumed, book))


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
