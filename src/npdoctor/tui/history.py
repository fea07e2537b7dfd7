"""The fixes that were made: as rows, each in full, and what undoing one puts back; pure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from npdoctor.model.plan import Entry, Stage
from npdoctor.report.prose import number
from npdoctor.tui.line import EMPTY, Line, block, cut, fit, spread
from npdoctor.tui.preview import marked
from npdoctor.tui.progress import taking_back_lines
from npdoctor.tui.said import said_of
from npdoctor.tui.signs import Signs
from npdoctor.tui.work import Clashed, NotTakenBack, TakenBack, TakingBack, Work

NARROW = 56
COUNTED = 72
STATE_WIDTH = 12
ROLES = {Stage.APPLIED: "ok", Stage.UNDONE: "faint"}
STATES = {
    Stage.PREPARING: "not begun",
    Stage.READY: "not begun",
    Stage.APPLYING: "cut off",
    Stage.APPLIED: "applied",
    Stage.UNDOING: "undo cut off",
    Stage.UNDONE: "undone",
}


@dataclass(frozen=True, slots=True)
class Past:
    """One fix of the list."""

    entry: Entry

    @property
    def key(self) -> str:
        """Return what tells it from the others."""
        return self.entry.id


def past_of(history: tuple[Entry, ...] | None) -> tuple[Past, ...]:
    """Return the rows, newest first."""
    return tuple(Past(entry) for entry in history or ())


def what(entry: Entry) -> str:
    """Say in a few words what a fix changed."""
    if entry.changes:
        return ", ".join(f"{c.name} {c.new or 'removed'}" for c in entry.changes)
    return "pins only" if entry.files else "nothing"


def when(entry: Entry, form: str) -> str:
    """Return the local time of a fix."""
    return time.strftime(form, time.localtime(entry.when))


def past_head(width: int) -> Line:
    """Return the titles of the columns."""
    if width < NARROW:
        return ((f"  {'#':<3} {'WHEN':<11}  WHAT", "faint"),)
    counts = "  FILES  PKGS" if width >= COUNTED else ""
    return ((f"  {'#':<3} {'WHEN':<11}  {'WHAT':<{_room(width)}}{counts}  STATE", "faint"),)


def past_line(past: Past, width: int, selected: bool, signs: Signs) -> Line:
    """Return a fix as one line."""
    entry = past.entry
    marker = signs.cursor if selected else " "
    mark = (f"{marker} {entry.id:<3} ", "strong" if selected else "")
    start: Line = (mark, (when(entry, "%m-%d %H:%M"), ""))
    state = STATES[entry.stage]
    role = ROLES.get(entry.stage, "warning")
    if width < NARROW:
        sign = {"ok": signs.ok, "faint": "-"}.get(role, signs.no)
        return fit((*start, (f" {sign} ", role), (signs.text(what(entry)), "")), width, signs.more)
    room = _room(width)
    said = cut(signs.text(what(entry)), room, signs.more).ljust(room)
    counts = f"  {len(entry.files):>5}  {len(entry.changes):>4}" if width >= COUNTED else ""
    return fit((*start, (f"  {said}{counts}  ", ""), (state, role)), width, signs.more)


def _room(width: int) -> int:
    counts = 13 if width >= COUNTED else 0
    return width - 19 - counts - 2 - STATE_WIDTH - 1


def past_lines(past: Past, width: int, signs: Signs) -> list[Line]:
    """Return everything the journal knows of a fix."""
    entry = past.entry
    role = ROLES.get(entry.stage, "warning")
    head: Line = ((f" Fix {entry.id}", "strong"), (f"  {when(entry, '%Y-%m-%d %H:%M:%S')}", ""))
    lines = [spread(head, ((f"{STATES[entry.stage]} ", role),), width, signs.more)]
    lines += block(signs.text(entry.prefix), width, "faint")
    lines.append(EMPTY)
    names = _names(entry)
    for change in entry.changes:
        versions = f"{change.old or 'not installed'} → {change.new or 'removed'}"
        lines += block(signs.text(versions), width, "strong", ((f"   {change.name:<{names}}  ", ""),))
    lines += _paths("file", entry.files, width, signs)
    reasons = [change for change in entry.changes if change.why]
    if reasons:
        lines += [EMPTY, ((" Why", "faint"),)]
    for change in reasons:
        lines += block(signs.text(change.why), width, "", ((f"   {change.name}  ", "strong"),))
    if entry.stage is not Stage.UNDONE:
        lines += [EMPTY, *block(f"{signs.key('undo', 'u')} shows what undoing it puts back.", width, "faint")]
    return lines


def _names(entry: Entry) -> int:
    return max((len(change.name) for change in entry.changes), default=0)


def undo_lines(entry: Entry, work: Work | None, width: int, signs: Signs) -> list[Line]:
    """Return the page of an undo: what it would put back, how far it is, or what came of it."""
    if isinstance(work, TakingBack):
        return taking_back_lines(work, width, signs)
    if isinstance(work, (TakenBack, Clashed, NotTakenBack)):
        return list(_end(work, width, signs))
    right = "PREVIEW - nothing is undone" if width >= NARROW else "PREVIEW"
    title: Line = ((f" Undo fix {entry.id}", "strong"), (f"  of {when(entry, '%m-%d %H:%M')}", ""))
    lines = [spread(title, ((f"{right} ", "faint"),), width, signs.more), EMPTY]
    names = _names(entry)
    for change in entry.changes:
        versions = f"{change.new or 'removed'} → {change.old or 'not installed'}"
        lines += block(signs.text(versions), width, "strong", ((f"   {change.name:<{names}}  ", ""),))
    lines += _paths("as it was", entry.files, width, signs)
    again = signs.key("install", "A")
    words = (
        f"{again}, twice, puts this back. What was changed since the fix is never overwritten: it is shown."
    )
    return [*lines, EMPTY, *block(words, width)]


def _paths(title: str, paths: tuple[str, ...], width: int, signs: Signs) -> Iterator[Line]:
    for path in paths:
        yield from block(signs.text(path), width, "", ((f"   {title}  ", "faint"),))


def _end(work: TakenBack | Clashed | NotTakenBack, width: int, signs: Signs) -> Iterator[Line]:
    said = said_of(work)
    if said:
        sign = signs.ok if said.role == "ok" else signs.no
        yield from block(said.words, width, said.role, ((f" {sign} ", said.role),))
    if isinstance(work, NotTakenBack):
        yield from block(signs.text(work.reason), width, "", (("   ", ""),))
    elif isinstance(work, Clashed):
        yield from _clashes(work, width, signs)
    else:
        restored = number(work.restored, "file")
        yield from block(f"{restored} of the environment put back, {work.removed} removed.", width)
        yield from _paths("as it was", work.files, width, signs)
        yield from _paths("could not be put back", work.lost, width, signs)
        yield EMPTY
        yield from block("The environment is examined again; Esc goes back.", width, "faint")


def _clashes(work: Clashed, width: int, signs: Signs) -> Iterator[Line]:
    yield from block("This was changed since the fix, and undoing would overwrite it:", width)
    for clash in work.clashes:
        yield EMPTY
        yield from block(signs.text(clash.subject), width, "strong", (("   ", ""),))
        yield from block(signs.text(clash.expected), width, "", (("     expected  ", "faint"),))
        yield from block(signs.text(clash.found), width, "", (("     found     ", "faint"),))
        if clash.diff:
            yield from block("from before the fix to what is there:", width, "faint", (("     ", ""),))
            yield from marked(clash.diff, width, signs)
