"""The recommended changes: pins, and files as diffs."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from npdoctor.model.mending import Mending
from npdoctor.model.plan import Change, FileEdit
from npdoctor.report.diff import unified_diff
from npdoctor.report.document.blocks import Block, Bullets, CodeBlock, Diff, Paragraph, Section, Table, Words
from npdoctor.report.document.material import Material
from npdoctor.report.document.words import VERIFIED, named, pins_of, said, subject_of
from npdoctor.report.plan_text import rehearsed_words
from npdoctor.report.prose import number


def changes(m: Material) -> Section:
    """Show the plan where one was made, else what the findings ask for, and the corrected files."""
    blocks: list[Block] = list(_plan(m.mending) if m.mending else _pins(m))
    blocks += correction_blocks(m.corrections)
    if m.corrected_by_plan:
        again = f"The plan edits {named(m.corrected_by_plan)} itself. Write it first, then audit again."
        blocks.append(Paragraph((again,)))
    nothing = "No requirement mends this: see the remedy of each finding." if m.roots else "Nothing."
    return Section("changes", "Recommended changes", tuple(blocks) or (Paragraph((nothing,)),))


def correction_blocks(corrections: Iterable[FileEdit]) -> Iterator[Block]:
    """Show the audited files with the recommended ranges in them, as diffs."""
    edits = tuple(corrections)
    if edits:
        yield Paragraph((f"Corrected declarations, in {number(len(edits), 'file')}:",))
    yield from _diffs(edits)


def _pins(m: Material) -> Iterator[Block]:
    pins = pins_of(f for f in m.roots if not f.code.startswith("NPD5"))
    if pins:
        yield Paragraph(
            (
                "Requirements that mend what was found, one for each finding. They were not resolved"
                " together: `npdoctor fix` does that, and tries the result in a copy.",
            )
        )
        yield CodeBlock("\n".join(pins), "requirements")
    others = [subject_of(f) for f in m.roots if not (f.fix and f.fix.pins) and not f.code.startswith("NPD5")]
    if others:
        yield Paragraph((f"Mended by no requirement, see the remedy of each: {named(others)}.",))


def _plan(mending: Mending) -> Iterator[Block]:
    plan = mending.plan
    if plan.impossible:
        yield Paragraph((f"No plan: {plan.impossible}",))
        return
    if not (plan.changes or plan.remove or plan.edits or plan.steps):
        yield Paragraph(("Nothing is broken that a change of distributions could mend.",))
        return
    yield Paragraph((f"Planned with {plan.engine}, strategy {plan.strategy.value}. {_rehearsed(mending)}",))
    if plan.changes:
        head = ("Distribution", "Now", "Then", "Verified", "Why")
        yield Table("Changes", head, tuple(map(_change, plan.changes)))
    if plan.pins:
        yield Paragraph(("The exact pins:",))
        yield CodeBlock("\n".join(plan.pins), "requirements")
    if plan.remove:
        yield Bullets(tuple((f"Delete {path}",) for path in plan.remove))
    yield from _diffs(plan.edits)
    if plan.commands:
        yield Paragraph(("By hand it would be:",))
        yield CodeBlock("\n".join(map(shlex.join, plan.commands)), "sh")
    if plan.notes:
        yield Bullets(tuple((note,) for note in plan.notes))


def _rehearsed(mending: Mending) -> str:
    rehearsal = mending.rehearsal
    if rehearsal is None:
        return f"Not rehearsed: {mending.unrehearsed}" if mending.unrehearsed else "Not rehearsed."
    words = [rehearsed_words(rehearsal)]
    if rehearsal.after:
        words.append(f"Stays broken: {', '.join(rehearsal.after)}.")
    if rehearsal.worse:
        words.append(f"Gets worse: {', '.join(rehearsal.worse)}.")
    if rehearsal.approximate:
        words.append(f"The copy is not quite the environment: {rehearsal.approximate}")
    return " ".join(words)


def _change(change: Change) -> tuple[Words, ...]:
    then = "removed" if change.new is None else change.new
    return (
        (change.name,),
        (change.old or "not installed",),
        (f"{then}, installed again" if change.is_reinstall else then,),
        said(VERIFIED[change.verified.value] if change.new else ""),
        said(change.why),
    )


def _diffs(edits: Iterable[FileEdit]) -> Iterator[Block]:
    for edit in edits:
        lines = unified_diff(edit)
        if lines:
            yield Diff(edit.path, lines)
