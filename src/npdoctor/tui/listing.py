"""The list of a pane: rows change in place, and cursor and scroll stay when others arrive."""

from __future__ import annotations

from typing import Any

from textual.events import Resize

from npdoctor.tui.canvas import Canvas
from npdoctor.tui.line import EMPTY, Line, fit
from npdoctor.tui.panes import Item, Marked, Pane
from npdoctor.tui.signs import Signs

LOW = 6


class Listing(Canvas):
    """Rows with a cursor that follows its item, not its position; each pane keeps its own."""

    def __init__(self, signs: Signs, pane: Pane[Any]) -> None:
        super().__init__("list")
        self.signs = signs
        self.pane = pane
        self.rows: tuple[Any, ...] = ()
        self.marked: Marked = frozenset()
        self.foot = ""
        self.cursor = 0
        self.top = 0
        self._left: dict[str, tuple[tuple[Any, ...], int, int]] = {}

    @property
    def selected(self) -> Item | None:
        """Return the item under the cursor."""
        found: Item | None = self.rows[self.cursor] if self.rows else None
        return found

    def turn_to(self, pane: Pane[Any]) -> None:
        """List another pane, its cursor where it was left."""
        self._left[self.pane.name] = (self.rows, self.cursor, self.top)
        self.pane = pane
        self.rows, self.cursor, self.top = self._left.get(pane.name, ((), 0, 0))

    def show(self, rows: tuple[Any, ...], marked: Marked, foot: str = "") -> None:
        """Take new rows; the cursor's item keeps its place on the screen as long as it is there.

        `foot` stands in the last line, beside how many rows are below.
        """
        selected = self.selected
        on_screen = self.cursor - self.top
        self.rows, self.marked, self.foot = rows, marked, foot
        keys = [row.key for row in rows]
        if selected and selected.key in keys:
            self.cursor = keys.index(selected.key)
            self.top = self.cursor - on_screen
        self.move_to(self.cursor)

    def move_to(self, cursor: int) -> None:
        """Put the cursor on a row, as near as there is one, and bring it into view."""
        self.cursor = max(0, min(cursor, len(self.rows) - 1))
        room = self.room
        self.top = max(self.cursor - room + 1, min(self.top, self.cursor))
        self.top = max(0, min(self.top, len(self.rows) - room))
        self._paint()

    @property
    def room(self) -> int:
        """Return how many rows are shown; a line is kept for the foot, and to say that there are more."""
        height = max(1, self.size.height - len(self._head()))
        return height - 1 if height > 1 and (self._has_foot or height < len(self.rows)) else height

    @property
    def _has_foot(self) -> bool:
        return bool(self.foot and self.rows) and self.size.height > LOW

    def on_resize(self, _: Resize) -> None:
        """Lay the rows out anew."""
        self.move_to(self.cursor)

    def _head(self) -> list[Line]:
        head = self.pane.head(self.size.width)
        return [head] if head and self.rows else []

    def _paint(self) -> None:
        paint = self.pane.painter(self.rows, self.size.width, self.marked, self.signs)
        shown = self.rows[self.top : self.top + self.room]
        lines = self._head()
        lines += [paint(row, number == self.cursor) for number, row in enumerate(shown, start=self.top)]
        below = len(self.rows) - self.top - len(shown)
        words = [f"{self.signs.more} {below} more below"] if below else []
        if self._has_foot:
            words.append(self.foot)
        if words:
            lines += [EMPTY] * (self.size.height - 1 - len(lines))
            said = f" {f' {self.signs.dot} '.join(words)}"
            lines.append(fit(((said, "faint"),), self.size.width, self.signs.more))
        self.draw(lines)
