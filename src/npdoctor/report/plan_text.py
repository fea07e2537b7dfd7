"""A plan and what became of it, as plain text for a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from npdoctor.model.mending import Mending
from npdoctor.model.plan import Change, Plan, Rehearsal, Strategy
from npdoctor.report.diff import unified_diff
from npdoctor.report.prose import number, plain_ascii, wrapped
from npdoctor.report.redact import Redactor
from npdoctor.report.text import Layout

STRATEGIES = {
    Strategy.NEAREST: "nearest: NumPy keeps its major, as little as possible changes",
    Strategy.LATEST: "latest: the newest releases that fit",
    Strategy.BACK: "back: NumPy is held below 2",
}
NOTHING = "Nothing is broken that a change of distributions could mend."


def mending_text(mending: Mending, redactor: Redactor, layout: Layout, exit_code: int) -> str:
    """Return changes, diffs, commands, the rehearsal and what was done."""
    lines = [line.rstrip() for line in _whole(mending, layout)]
    text = "\n".join(redactor.redact(line) for line in lines).rstrip() + f"\n\nexit {exit_code}\n"
    return plain_ascii(text) if layout.ascii_only else text


def _whole(mending: Mending, layout: Layout) -> Iterator[str]:
    plan = mending.plan
    yield from _said(f"npdoctor fix  {STRATEGIES[plan.strategy]} (planned with {plan.engine})", layout)
    yield ""
    if plan.impossible:
        yield layout.style.paint("No plan.", "broken") + " Nothing was changed."
        for part in plan.impossible.split("\n"):
            yield from _said(part, layout, "  ")
    elif not plan.changes and not plan.remove:
        yield from _said("Nothing to change." if plan.steps else NOTHING, layout)
    yield from _changes(plan, layout)
    yield from _files(plan, layout)
    yield from _block("By hand it would be:", [shlex.join(c) for c in plan.commands], layout, wrap=False)
    yield from _block("Only you can do this:", plan.steps, layout)
    yield from _block("Note:", plan.notes, layout)
    yield from _rehearsal(mending, layout)
    yield from _outcome(mending, layout)


def _changes(plan: Plan, layout: Layout) -> Iterator[str]:
    if plan.changes:
        size = f", {plan.download / 1e6:.0f} MB" if plan.download else ""
        yield f"{number(len(plan.changes), 'distribution')} would change{size}:"
    name = max((len(c.name) for c in plan.changes), default=0)
    versions = max((len(_versions(c)) for c in plan.changes), default=0)
    for change in plan.changes:
        said = layout.style.paint(f"{_versions(change):<{versions}}", "strong")
        yield f"  {change.name:<{name}}  {said}  {_proof(change) if change.new else ''}"
        why = change.why if layout.verbose else change.why.partition("; ")[0]
        yield from (layout.style.paint(line, "faint") for line in _said(why, layout, "      "))
    for path in plan.remove:
        yield f"  delete {path}"


def _versions(change: Change) -> str:
    if change.new is None:
        return f"{change.old} → removed"
    if change.is_reinstall:
        return f"{change.old} → {change.new}, installed again"
    return f"{change.old or 'not installed'} → {change.new}"


def _proof(change: Change) -> str:
    return {
        "none": "not verified",
        "binary": "its wheel was read",
        "rehearsed": "rehearsed",
    }[change.verified.value]


def _files(plan: Plan, layout: Layout) -> Iterator[str]:
    roles = {"+": "ok", "-": "broken", "@": "info"}
    for edit in plan.edits:
        yield ""
        for line in unified_diff(edit):
            yield layout.style.paint(line, roles.get(line[:1], ""))


def _block(
    title: str, lines: tuple[str, ...] | list[str], layout: Layout, wrap: bool = True
) -> Iterator[str]:
    if not lines:
        return
    yield ""
    yield title
    for line in lines:
        yield from _said(line, layout, "  ") if wrap else [f"  {line}"]


def _rehearsal(mending: Mending, layout: Layout) -> Iterator[str]:
    rehearsal = mending.rehearsal
    if rehearsal is None:
        if mending.unrehearsed:
            yield ""
            yield from _said(f"Not rehearsed: {mending.unrehearsed}", layout)
        return
    yield ""
    yield from _said(rehearsed_words(rehearsal), layout)
    if rehearsal.after:
        yield from _said(f"Stays broken: {', '.join(rehearsal.after)}.", layout, "  ")
    if rehearsal.worse:
        yield from _said(f"Gets worse: {', '.join(rehearsal.worse)}.", layout, "  ")
    if rehearsal.approximate:
        yield from _said(f"The copy is not quite the environment: {rehearsal.approximate}", layout, "  ")


def rehearsed_words(rehearsal: Rehearsal) -> str:
    """Say in one line what the rehearsal showed."""
    return (
        f"Rehearsed in a copy: {len(rehearsal.before)} broken before, {len(rehearsal.after)} after"
        f" ({rehearsal.seconds:.1f} s to build it)."
    )


def _outcome(mending: Mending, layout: Layout) -> Iterator[str]:
    plan = mending.plan
    for refusal in mending.refusals:
        yield ""
        yield from _said(f"Not applied: {refusal.reason} {refusal.advice}".strip(), layout)
    if mending.failure:
        yield ""
        yield from _said(f"Failed: {mending.failure}", layout)
    yield ""
    if mending.undone:
        yield from _said("Everything was put back as it was.", layout)
    elif mending.applied:
        state = "not examined afterwards" if mending.left is None else "nothing is broken any more"
        if mending.left:
            state = f"{len(mending.left)} still broken: {', '.join(mending.left)}"
        yield from _said(f"Applied: {state}. Undo with: npdoctor fix --undo {mending.entry}", layout)
    elif mending.written:
        yield from _said(f"Written: {', '.join(mending.written)}. Undo: npdoctor fix --undo", layout)
    elif plan.changes and not mending.failure:
        yield from _said(
            "Nothing was written. npdoctor fix --write writes the pins, --apply writes and installs.", layout
        )


def _said(text: str, layout: Layout, indent: str = "") -> list[str]:
    return wrapped(text, layout.width, indent, indent)
