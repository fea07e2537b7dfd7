"""What came of the last fix or undo, in one sentence; pure."""

from __future__ import annotations

from dataclasses import dataclass

from npdoctor.model.mending import Mending
from npdoctor.report.prose import number
from npdoctor.tui.work import Carried, Clashed, NotTakenBack, TakenBack, Work


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence on what came of the last fix, the same in a few words, and its role."""

    words: str
    brief: str
    role: str


def said_of(work: Work | None) -> Said | None:
    """Return what came of the last fix or undo, None where none ended."""
    if isinstance(work, Carried):
        return said_of_mending(work.sheet.mending)
    if isinstance(work, TakenBack):
        name = f"Fix {work.entry.id}"
        if work.lost:
            lost = number(len(work.lost), "file")
            return Said(f"{name} is undone but for {lost}.", f"{name} partly undone", "broken")
        return Said(f"{name} is undone.", f"{name} undone", "ok")
    if isinstance(work, (Clashed, NotTakenBack)):
        name = f"Fix {work.entry.id}"
        touched = ", nothing was touched" if isinstance(work, Clashed) else ""
        return Said(f"{name} is not undone{touched}.", f"{name} not undone", "warning")
    return None


def said_of_mending(mending: Mending, undo: str = "u") -> Said:
    """Return what came of carrying a plan out; `undo` is the key that shows what undoing does."""
    name = f"Fix {mending.entry}" if mending.entry else "The fix"
    if mending.failure:
        reason = mending.failure.split("\n")[0]
        if mending.undone:
            words = f"{name} failed: {reason} Everything was put back as it was."
            return Said(words, f"{name} failed, put back", "broken")
        kept = f" It was not put back: {undo} shows what undoing does." if mending.entry else ""
        return Said(f"{name} failed: {reason}{kept}", f"{name} failed", "broken")
    if mending.applied:
        if mending.left:
            left = f"{len(mending.left)} still broken"
            words = f"{name} is installed, {left}: {', '.join(mending.left)}."
            return Said(words, f"{name} installed, {left}", "warning")
        return Said(f"{name} worked: nothing is broken any more.", f"{name} worked", "ok")
    if mending.written:
        return Said(f"{name} is written, {number(len(mending.written), 'file')}.", f"{name} written", "ok")
    return Said("Nothing was changed.", "nothing changed", "warning")
