"""What is said while a fix is planned or carried out, and what became of it; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from npdoctor.report.prose import number
from npdoctor.tui.line import EMPTY, Line, block, fit, spread
from npdoctor.tui.preview import diff_lines, head, preview_lines
from npdoctor.tui.said import said_of_mending
from npdoctor.tui.signs import Signs
from npdoctor.tui.work import (
    Carried,
    Carrying,
    NotPlanned,
    Planned,
    Planning,
    TakingBack,
    Work,
)

STAGES = {
    "preparing": "looking at what is there",
    "keeping": "keeping what will be replaced",
    "ready": "everything is kept",
    "editing": "writing the files",
    "applying": "beginning",
    "removing": "removing",
    "clearing": "removing folders",
    "installing": "installing",
    "verifying": "reading the records",
    "applied": "installed",
    "examining": "examining what changed",
    "undoing": "beginning to undo",
    "restoring": "putting files back",
    "files": "putting the project's files back",
}
REHEARSING = {
    "installing": "rehearsal: installing into a copy",
    "linking": "rehearsal: linking what stays",
    "examining": "rehearsal: examining the copy",
}


def fix_lines(work: Work | None, subject: str, width: int, signs: Signs) -> list[Line]:
    """Return the page of a fix in the state it is in; `subject` is marked among what changes."""
    if isinstance(work, Planned):
        return preview_lines(work, subject, width, signs)
    if isinstance(work, Planning):
        return [
            *head(work.order, f"planning, {work.seconds} s", width, signs),
            EMPTY,
            *steps(work.heard, "", REHEARSING, width, signs),
            EMPTY,
            *block(f"Nothing is written. {signs.key('close', 'Esc')} cancels.", width, "faint"),
        ]
    if isinstance(work, NotPlanned):
        lines = head(work.order, "NOT PLANNED", width, signs)
        return [*lines, EMPTY, *block(signs.text(work.reason), width, "broken")]
    if isinstance(work, Carrying):
        return _carrying(work, width, signs)
    return _carried(work, width, signs) if isinstance(work, Carried) else []


def steps(
    heard: tuple[str, ...], line: str, names: Mapping[str, str], width: int, signs: Signs
) -> Iterator[Line]:
    """Yield what was done and, last, what goes on, with the installer's last word below."""
    for position, words in enumerate(heard):
        done = position < len(heard) - 1
        sign, role = (signs.ok, "ok") if done else (signs.cursor, "strong")
        text: Line = (
            (f"   {sign} ", role),
            (signs.text(names.get(words.split(" ")[0], words)), "" if done else "strong"),
        )
        yield fit(text, width, signs.more)
    if line:
        yield fit((("       ", ""), (signs.text(line), "faint")), width, signs.more)


def clock(seconds: int) -> str:
    """Return a time span as minutes and seconds."""
    return f"{seconds // 60:02}:{seconds % 60:02}"


def _carrying(work: Carrying, width: int, signs: Signs) -> list[Line]:
    title: Line = ((f" {_doing(work)}", "strong"),)
    elapsed: Line = ((f"{clock(work.seconds)} ", ""),)
    end = "Stopping at the next step." if work.stopping else _way_out(work, signs)
    return [
        spread(title, elapsed, width, signs.more),
        EMPTY,
        *steps(work.heard, work.line, STAGES, width, signs),
        EMPTY,
        *block(end, width, "strong" if work.stopping else "faint"),
    ]


def _doing(work: Carrying) -> str:
    files = number(len(work.sheet.diffs), "file")
    if not work.install:
        return f"Writing {files}"
    changes = number(len(work.sheet.mending.plan.changes), "distribution")
    return f"Writing {files}, changing {changes}" if work.sheet.diffs else f"Changing {changes}"


def _way_out(work: Carrying, signs: Signs) -> str:
    if not work.install:
        return ""
    stop, undo = signs.key("close", "Esc"), signs.key("undo", "u")
    return f"{stop} stops it. What was done is put back at once, or with {undo}."


def _carried(work: Carried, width: int, signs: Signs) -> list[Line]:
    mending = work.sheet.mending
    undo = signs.key("undo", "u")
    said = said_of_mending(mending, undo)
    sign = signs.ok if said.role == "ok" else signs.no
    lines = list(block(signs.text(said.words), width, said.role, ((f" {sign} ", said.role),)))
    for part in mending.failure.split("\n")[1:]:
        lines += block(signs.text(part), width, "faint", (("   ", ""),))
    for path in mending.written:
        lines += block(signs.text(path), width, "", (("   written  ", "faint"),))
    if mending.entry and not mending.undone:
        lines += [
            EMPTY,
            *block(f"{undo}, or npdoctor fix --undo {mending.entry}, puts everything back.", width),
        ]
    if mending.plan.commands and not work.install:
        lines += [EMPTY, *block(_not_installed(signs), width)]
    if mending.plan.steps:
        lines += [EMPTY, fit(((" Only you can do this", "faint"),), width, signs.more)]
        for step in mending.plan.steps:
            lines += block(signs.text(step), width, "", (("   ", ""),))
    if work.install:
        back = signs.key("close", "Esc")
        words = f"The environment is examined again; {back} shows what is found."
        lines += [EMPTY, *block(words, width, "faint")]
    return [*lines, *diff_lines(work.sheet, width, signs)] if mending.written else lines


def _not_installed(signs: Signs) -> str:
    fix, install = signs.key("fix", "f"), signs.key("install", "A")
    return f"Nothing is installed yet. {fix} plans again, {install} installs."


def taking_back_lines(work: TakingBack, width: int, signs: Signs) -> list[Line]:
    """Return how far an undo is."""
    title: Line = ((f" Undoing fix {work.entry.id}", "strong"),)
    elapsed: Line = ((f"{clock(work.seconds)} ", ""),)
    return [
        spread(title, elapsed, width, signs.more),
        EMPTY,
        *steps(work.heard, work.line, STAGES, width, signs),
    ]
