"""The extension modules as lines: a distribution in one, and all of it file by file; pure."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.diagnose.imports import root_message
from npdoctor.model.binary import Binary
from npdoctor.model.outcome import Died, NoAnswer, NotTried, Raised
from npdoctor.report.prose import number
from npdoctor.tui.extensions import RANKS, Extension, built_for, last_answer, seconds_of, state_of
from npdoctor.tui.line import EMPTY, Line, block, cut, fit, spread
from npdoctor.tui.signs import Signs

NARROW = 50
TIMED = 70
STATE_WIDTH = 5
FILES_WIDTH = 7
TIME_WIDTH = 7
ROLES = {
    "fail": "broken",
    "crash": "broken",
    "slow": "unknown",
    "run": "info",
    "wait": "faint",
    "skip": "unknown",
    "ok": "ok",
}
NOT_PROOF = '"imports" is not "works": a package may still crash when it is used.'


def extension_head(width: int) -> Line:
    """Return the titles of the columns."""
    if width < NARROW:
        return (("   STATE DISTRIBUTION", "faint"),)
    name, built, answer = _rooms(width)
    rest = f"  {'TIME':>{TIME_WIDTH}}  {'LAST ANSWER':<{answer}}" if width >= TIMED else ""
    start = f"   {'STATE':<{STATE_WIDTH}}  {'DISTRIBUTION':<{name}}  {'FILES':>{FILES_WIDTH}}"
    return ((f"{start}  {'BUILT FOR':<{built}}{rest}", "faint"),)


def _rooms(width: int) -> tuple[int, int, int]:
    """Share what the narrow columns leave among name, what it is built for and the last answer."""
    left = width - 3 - STATE_WIDTH - FILES_WIDTH - 6
    if width < TIMED:
        return left - left // 2, left // 2, 0
    left -= TIME_WIDTH + 4
    name = left * 36 // 100
    built = min(24, name)
    return name, built, left - name - built


def sign_for(state: str, signs: Signs) -> str:
    """Return the sign of an import state."""
    return {"ok": signs.ok, "fail": signs.no, "crash": signs.no, "slow": "?", "run": "#", "wait": "."}.get(
        state, "-"
    )


def extension_line(row: Extension, width: int, selected: bool, signs: Signs) -> Line:
    """Return a distribution's imports as one line."""
    marker, role = signs.cursor if selected else " ", ROLES[row.state]
    head: Line = ((marker, ""), (f"{sign_for(row.state, signs)} {row.state:<{STATE_WIDTH}}", role))
    name, shown = signs.text(row.name), "strong" if selected else ""
    done, total = len(row.outcomes), len(row.files)
    files = str(total) if done == total else f"{done}/{total}"
    if width < NARROW:
        return fit((*head, (f" {name}", shown), (f" {files}", "")), width, signs.more)
    rooms = _rooms(width)
    took = row.seconds
    cells = [files.rjust(FILES_WIDTH), _cell(built_for(row.files), rooms[1], signs)]
    if width >= TIMED:
        cells.append(("-" if took is None else _seconds(took)).rjust(TIME_WIDTH))
        cells.append(_cell(last_answer(row), rooms[2], signs))
    spans: Line = ((f"  {_cell(name, rooms[0], signs)}", shown), ("  " + "  ".join(cells), ""))
    return fit((*head, *spans), width, signs.more)


def _seconds(took: float) -> str:
    return f"{took:.2f} s" if took < 100 else f"{took:.0f} s"


def _cell(text: str, room: int, signs: Signs) -> str:
    return cut(signs.text(text).replace("\n", " "), room, signs.more).ljust(room)


def extension_lines(row: Extension, width: int, signs: Signs) -> list[Line]:
    """Return every file with what became of it, what failed first."""
    done, total = len(row.outcomes), len(row.files)
    said: Line = ((f"{sign_for(row.state, signs)} {row.state} ", ROLES[row.state]),)
    title: Line = ((f" {signs.text(row.name)} {signs.text(row.version)}", "strong"),)
    lines = [spread((*title, (f"   {done} of {number(total, 'file')}", "")), said, width, signs.more)]
    lines += block(signs.text(f"built for {built_for(row.files)}"), width, "faint")
    lines += block(NOT_PROOF, width, "faint")
    lines.append(EMPTY)
    waiting = "wait" if row.state in ("run", "wait") else "skip"
    words = {file.path: _word(row, file, waiting) for file in row.files}
    for file in sorted(row.files, key=lambda file: (RANKS[words[file.path]], file.relative)):
        lines += _file_lines(row, file, words[file.path], width, signs)
    return lines


def _word(row: Extension, file: Binary, waiting: str) -> str:
    outcome = row.outcomes.get(file.path)
    return waiting if outcome is None else state_of(outcome)


def _file_lines(row: Extension, file: Binary, word: str, width: int, signs: Signs) -> Iterator[Line]:
    outcome = row.outcomes.get(file.path)
    optional = file.path in row.may_fail
    took = seconds_of(outcome) if outcome else None
    role = "faint" if optional else ROLES[word]
    first: Line = ((f" {sign_for(word, signs)} {word:<{STATE_WIDTH}} ", role),)
    time = "" if took is None else f"  {_seconds(took)}"
    yield from block(signs.text(file.relative) + time, width, "", first)
    if isinstance(outcome, (Raised, Died, NoAnswer)):
        why = "optional: " if optional else ""
        yield from block(signs.text(why + root_message(outcome)), width, "faint", ((" " * 9, ""),))
    elif isinstance(outcome, NotTried):
        yield from block(signs.text(outcome.reason), width, "faint", ((" " * 9, ""),))
