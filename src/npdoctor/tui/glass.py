"""What the terminal shows, cell by cell, and the fewest bytes that make it show something else; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from rich.cells import cell_len

Cell: TypeAlias = tuple[str, str]
Piece: TypeAlias = tuple[str, str]
Placed: TypeAlias = tuple[int, int, Iterable[Piece]]
BLANK: Cell = (" ", "")
GAP = 4  # cells that cost no more than moving over them
MARGIN = 3
SEEN_IN_SPACE = frozenset({"4", "7", "9", "21"})  # underlined, reversed, struck out


class Glass:
    """The cells of a terminal: each the text in it, empty behind a wide sign, and the codes of its style."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self._rows = _blank(width, height)
        self._known = True

    def forget(self, width: int, height: int) -> None:
        """Begin anew at this size: what the terminal shows is not known, and cleared first."""
        self.size = (width, height)
        self._known = False

    def paint(self, placed: Iterable[Placed]) -> str:
        """Return what to write so that these pieces, each a row, a column and texts with codes, are shown."""
        pen = _Pen()
        if not self._known:
            self._rows, self._known = _blank(*self.size), True
            pen.clear()
        width, height = self.size
        for y, x, pieces in placed:
            if not 0 <= y < height:
                continue
            new = cells_of(pieces)[: width - x]
            row = self._rows[y]
            old = row[x : x + len(new)]
            if old == new:
                continue
            end = len(new)
            if x + end == width:
                end = _end_of_text(new)
                if sum(was != BLANK for was in old[end:]) <= GAP:
                    end = len(new)
            margin = _margin(row)
            for first, last in _runs(old[:end], new[:end]):
                pen.write(y, x + first, new[first:last], margin)
            if end < len(new):
                pen.erase(y, x + end, margin)
            row[x : x + len(new)] = new
        return pen.lift()


def cells_of(pieces: Iterable[Piece]) -> list[Cell]:
    """Return the cells that texts take; a sign without width stays with the one before."""
    cells: list[Cell] = []
    for text, codes in pieces:
        space = (" ", codes) if _shows_in_space(codes) else BLANK
        if text.isascii():
            cells += [space if sign == " " else (sign, codes) for sign in text]
            continue
        for sign in text:
            width = cell_len(sign)
            if width:
                cells.append(space if sign == " " else (sign, codes))
                cells += [("", codes)] * (width - 1)
            elif cells:
                bearer = _whole(cells, len(cells) - 1)
                cells[bearer] = (cells[bearer][0] + sign, cells[bearer][1])
    return cells


def _shows_in_space(codes: str) -> bool:
    """Tell whether a space in this style looks otherwise than one without; bold and a colour do not."""
    parts = codes.split(";")
    return any(part in SEEN_IN_SPACE or part[:1] == "4" or part[:2] == "10" for part in parts)


def _blank(width: int, height: int) -> list[list[Cell]]:
    return [[BLANK] * width for _ in range(height)]


def _margin(row: list[Cell]) -> int:
    """Return how many cells at the beginning of a row are blank, as far as it is shorter to write them."""
    blank = 0
    while blank < min(MARGIN, len(row)) and row[blank] == BLANK:
        blank += 1
    return blank


def _end_of_text(cells: list[Cell]) -> int:
    end = len(cells)
    while end and cells[end - 1] == BLANK:
        end -= 1
    return end


def _runs(old: list[Cell], new: list[Cell]) -> Iterator[tuple[int, int]]:
    """Yield the stretches to write: where cells differ, and short gaps between those in the same style."""
    begun, last = -1, -1
    for position, (was, cell) in enumerate(zip(old, new, strict=True)):
        if was == cell:
            continue
        plain_gap = all(new[i] == BLANK or new[i][1] == new[last][1] for i in range(last + 1, position))
        if begun < 0:
            begun = _whole(new, position)
        elif position - last - 1 > GAP or not plain_gap:
            yield begun, _behind(new, last)
            begun = _whole(new, position)
        last = position
    if begun >= 0:
        yield begun, _behind(new, last)


def _whole(cells: list[Cell], position: int) -> int:
    """Return where the sign begins that a cell belongs to."""
    while position and not cells[position][0]:
        position -= 1
    return position


def _behind(cells: list[Cell], position: int) -> int:
    """Return where the sign ends that a cell belongs to."""
    position += 1
    while position < len(cells) and not cells[position][0]:
        position += 1
    return position


class _Pen:
    """Collects what is written, and knows where the cursor is and in which style it writes."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._at: tuple[int, int] | None = None
        self._codes = ""

    def clear(self) -> None:
        self._out.append("\x1b[m\x1b[2J")

    def write(self, y: int, x: int, cells: list[Cell], margin: int) -> None:
        self._move(y, x, margin)
        for cell in cells:
            if cell != BLANK or _shows_in_space(self._codes):
                self._turn_to(cell[1])
            self._out.append(cell[0])
        self._at = (y, x + len(cells))

    def erase(self, y: int, x: int, margin: int) -> None:
        """Clear the rest of a line."""
        self._move(y, x, margin)
        self._turn_to("")
        self._out.append("\x1b[K")

    def lift(self) -> str:
        """Return all that was written, and leave the terminal in its own style."""
        self._turn_to("")
        return "".join(self._out)

    def _move(self, y: int, x: int, margin: int) -> None:
        """Go there; to the beginning of the next line through its margin, which stays blank."""
        if self._at == (y, x):
            return
        row = self._at[0] if self._at else -1
        if row == y:
            self._out.append(f"\x1b[{x + 1}G")
        elif self._at and row + 1 == y and x <= margin and not _shows_in_space(self._codes):
            self._out.append("\r\n" + " " * x)
        else:
            self._out.append(f"\x1b[{y + 1};{x + 1}H")
        self._at = (y, x)

    def _turn_to(self, codes: str) -> None:
        if codes == self._codes:
            return
        self._out.append(f"\x1b[0;{codes}m" if codes and self._codes else f"\x1b[{codes}m")
        self._codes = codes
