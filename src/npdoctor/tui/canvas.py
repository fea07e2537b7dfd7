"""A widget that shows lines and repaints only those that differ from what it showed before."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from npdoctor.tui.line import EMPTY, Line

STYLES = {
    "": Style(),
    "strong": Style(bold=True),
    "faint": Style(dim=True),
    "broken": Style(color="red", bold=True),
    "warning": Style(color="yellow"),
    "unknown": Style(color="magenta"),
    "info": Style(color="cyan"),
    "ok": Style(color="green"),
    "reverse": Style(reverse=True),
}


class Canvas(Widget):
    """Lines from the top; `draw` replaces them."""

    can_focus = False

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.lines: tuple[Line, ...] = ()

    def draw(self, lines: Sequence[Line]) -> None:
        """Show these lines and repaint what changed."""
        before, self.lines = self.lines, tuple(lines)
        regions = []
        for y in range(min(max(len(before), len(self.lines)), self.size.height)):
            old = before[y] if y < len(before) else EMPTY
            new = self.lines[y] if y < len(self.lines) else EMPTY
            if old != new:
                regions.append(Region(0, y, self.size.width, 1))
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """Return one line as Textual wants it."""
        line = self.lines[y] if y < len(self.lines) else EMPTY
        style = self.rich_style
        segments = [Segment(text, style + STYLES[role]) for text, role in line]
        return Strip(segments).simplify().adjust_cell_length(self.size.width, style)
