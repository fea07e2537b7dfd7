"""Lines of text in roles, cut and wrapped by terminal cells; no widget and no colour here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from rich.cells import cell_len, chop_cells, set_cell_size

Span: TypeAlias = tuple[str, str]
Line: TypeAlias = tuple[Span, ...]
EMPTY: Line = ()


def plain(line: Line) -> str:
    """Return the text of a line without its roles."""
    return "".join(text for text, _ in line)


def width_of(line: Line) -> int:
    """Return how many cells a line takes."""
    return sum(cell_len(text) for text, _ in line)


def cut(text: str, width: int, more: str) -> str:
    """Return the text, its end replaced by `more` where it does not fit."""
    if cell_len(text) <= width:
        return text
    return (
        set_cell_size(text, max(0, width - len(more))).rstrip() + more if width > len(more) else more[:width]
    )


def cut_front(text: str, width: int, more: str) -> str:
    """Return the text, its beginning replaced by `more` where it does not fit, as suits a path."""
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) > width - len(more):
        text = text[1:]
    return more + text if width > len(more) else more[:width]


def fit(line: Line, width: int, more: str) -> Line:
    """Return the line, its end replaced by `more` where it does not fit."""
    if width_of(line) <= width:
        return line
    left, kept = width - len(more), []
    if left < 0:
        return ((more[: max(0, width)], ""),)
    for text, role in line:
        if cell_len(text) > left:
            kept.append((set_cell_size(text, left).rstrip() + more, role))
            break
        kept.append((text, role))
        left -= cell_len(text)
    return tuple(kept)


def spread(left: Line, right: Line, width: int, more: str) -> Line:
    """Put one line at both ends of the width; the left one gives way."""
    room = width - width_of(right) - 1
    if room < 1:
        return fit(left, width, more)
    left = fit(left, room, more)
    return (*left, (" " * (width - width_of(left) - width_of(right)), ""), *right)


def wrap(text: str, width: int) -> list[str]:
    """Break a paragraph at spaces, and inside a word only where it is longer than a line."""
    width = max(width, 2)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        rest = paragraph.rstrip()
        while cell_len(rest) > width:
            end = _break(rest, width)
            lines.append(rest[:end].rstrip())
            rest = rest[end:].lstrip()
        lines.append(rest)
    return lines


def _break(text: str, width: int) -> int:
    """Return where to break a text that is too long: after a space, else after a mark of a path."""
    room = max(1, len(chop_cells(text, width)[0]))
    if text[room] == " ":
        return room
    space = text.rfind(" ", 0, room) + 1
    if text[:space].strip():
        return space
    return max((text.rfind(mark, room // 2, room) + 1 for mark in "/._-,"), default=0) or room


def block(text: str, width: int, role: str = "", first: Line = EMPTY) -> Iterable[Line]:
    """Yield a paragraph indented by one cell, or by what stands before its first line."""
    before = first or ((" ", ""),)
    if width_of(before) * 2 > width:
        yield fit(before, width, "")
        before = (("   ", ""),)
    indent = width_of(before)
    for number, line in enumerate(wrap(text, width - indent - 1)):
        yield (*(before if number == 0 else ((" " * indent, ""),)), (line, role))
