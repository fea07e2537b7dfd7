"""Take what the workflow returns of a fix behind the redactor, in the words of the screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from npdoctor.fix.write.outcome import UndoConflict, Undone, UndoOutcome
from npdoctor.model.mending import Mending, Refusal
from npdoctor.model.plan import Change, Conflict, Entry, FileEdit, Plan, Rehearsal
from npdoctor.report.diff import unified_diff
from npdoctor.report.redact import Redactor
from npdoctor.tui.work import Clash, Clashed, NotTakenBack, Sheet, TakenBack, Undoing


def sheet_of(mending: Mending, redactor: Redactor) -> Sheet:
    """Return a mending with every text of it redacted, its edits as diffs."""
    changes = mending.plan.changes
    redactor.spare({c.name for c in changes}, {v for c in changes for v in (c.old, c.new) if v})
    hide = redactor.redact
    shown = replace(
        mending,
        plan=_plan(mending.plan, redactor),
        rehearsal=mending.rehearsal and _rehearsal(mending.rehearsal, redactor),
        refusals=tuple(Refusal(hide(r.reason), hide(r.advice)) for r in mending.refusals),
        written=_each(mending.written, redactor),
        left=None if mending.left is None else _each(mending.left, redactor),
        failure=hide(mending.failure),
        unrehearsed=hide(mending.unrehearsed),
    )
    return Sheet(shown, tuple(_each(unified_diff(edit), redactor) for edit in mending.plan.edits))


def shown_entry(entry: Entry, redactor: Redactor) -> Entry:
    """Return an entry of the journal with its paths and reasons redacted."""
    redactor.spare({c.name for c in entry.changes}, {v for c in entry.changes for v in (c.old, c.new) if v})
    return replace(
        entry,
        prefix=redactor.redact(entry.prefix),
        changes=_changes(entry.changes, redactor),
        files=_each(entry.files, redactor),
        folder=redactor.redact(entry.folder),
    )


def end_of(entry: Entry, outcome: UndoOutcome, redactor: Redactor) -> Undoing:
    """Return what became of undoing a fix."""
    if isinstance(outcome, Undone):
        files, lost = _each(outcome.files, redactor), _each(outcome.lost, redactor)
        return TakenBack(entry, files, outcome.restored, outcome.removed, lost)
    if isinstance(outcome, UndoConflict):
        return Clashed(entry, tuple(_clash(conflict, redactor) for conflict in outcome.conflicts))
    return NotTakenBack(entry, redactor.redact(outcome.reason))


def _clash(conflict: Conflict, redactor: Redactor) -> Clash:
    hide = redactor.redact
    diff: tuple[str, ...] = ()
    if conflict.before is not None or conflict.now is not None:
        edit = FileEdit(conflict.subject, conflict.before, conflict.now)
        diff = _each(unified_diff(edit), redactor)
    return Clash(hide(conflict.subject), hide(conflict.expected), hide(conflict.found), diff)


def _plan(plan: Plan, redactor: Redactor) -> Plan:
    return replace(
        plan,
        subjects=_each(plan.subjects, redactor),
        changes=_changes(plan.changes, redactor),
        remove=_each(plan.remove, redactor),
        pins=_each(plan.pins, redactor),
        edits=(),
        commands=tuple(_each(command, redactor) for command in plan.commands),
        steps=_each(plan.steps, redactor),
        notes=_each(plan.notes, redactor),
        impossible=redactor.redact(plan.impossible),
    )


def _changes(changes: Iterable[Change], redactor: Redactor) -> tuple[Change, ...]:
    return tuple(replace(c, why=redactor.redact(c.why)) for c in changes)


def _rehearsal(rehearsal: Rehearsal, redactor: Redactor) -> Rehearsal:
    return replace(
        rehearsal,
        before=_each(rehearsal.before, redactor),
        after=_each(rehearsal.after, redactor),
        worse=_each(rehearsal.worse, redactor),
        approximate=redactor.redact(rehearsal.approximate),
    )


def _each(texts: Iterable[str], redactor: Redactor) -> tuple[str, ...]:
    return tuple(redactor.redact(text) for text in texts)
