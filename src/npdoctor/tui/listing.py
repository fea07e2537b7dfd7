"""The list of findings: rows change in place, and cursor and scroll stay when findings arrive."""

from __future__ import annotations

from textual.events import Resize

from npdoctor.tui.canvas import Canvas
from npdoctor.tui.line import Line
from npdoctor.tui.present import Row, row_line, subject_width
from npdoctor.tui.signs import Signs


class Listing(Canvas):
    """Rows with a cursor that follows its finding, not its position."""

    def __init__(self, signs: Signs) -> None:
        super().__init__("list")
        self.signs = signs
        self.rows: tuple[Row, ...] = ()
        self.cursor = 0
        self.top = 0

    @property
    def selected(self) -> Row | None:
        """Return the row under the cursor."""
        return self.rows[self.cursor] if self.rows else None

    def show(self, rows: tuple[Row, ...]) -> None:
        """Take new rows; the cursor's finding keeps its place on the screen as long as it is there."""
        selected = self.selected
        on_screen = self.cursor - self.top
        self.rows = rows
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
        """Return how many rows are shown; a line is kept to say that there are more."""
        height = max(1, self.size.height)
        return height - 1 if 1 < height < len(self.rows) else height

    def on_resize(self, _: Resize) -> None:
        """Lay the rows out anew."""
        self.move_to(self.cursor)

    def _paint(self) -> None:
        width = self.size.width
        subjects = subject_width(self.rows, width)
        shown = self.rows[self.top : self.top + self.room]
        lines: list[Line] = [
            row_line(row, width, subjects, number == self.cursor, self.signs)
            for number, row in enumerate(shown, start=self.top)
        ]
        below = len(self.rows) - self.top - len(shown)
        if below:
            lines.append(((f" {self.signs.more} {below} more below", "faint"),))
        self.draw(lines)
