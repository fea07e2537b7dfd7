"""A text that is wrapped to its widget and can be scrolled: a finding, a rule, the help."""

from __future__ import annotations

from collections.abc import Callable

from textual.events import Resize

from npdoctor.tui.canvas import Canvas
from npdoctor.tui.line import Line
from npdoctor.tui.signs import Signs

PLACE = 22

Content = Callable[[int], list[Line]]


def nothing(_: int) -> list[Line]:
    """Return no lines at any width."""
    return []


class Detail(Canvas):
    """A scrollable text; `framed` draws a rule above it or a line beside it."""

    def __init__(self, name: str, signs: Signs) -> None:
        super().__init__(name)
        self.signs = signs
        self.frame = ""
        self.top = 0
        self._key: object = None
        self._content: Content = nothing
        self._wrapped: list[Line] = []

    def show(self, key: object, content: Content) -> None:
        """Show a text; it starts at its top where `key` says that it is another one."""
        if key != self._key:
            self.top = 0
        self._key, self._content = key, content
        self.lay_out()

    def lay_out(self) -> None:
        """Wrap the text to the present size."""
        if self.size.width:
            self._wrapped = self._content(self.size.width - (1 if self.frame == "side" else 0))
        self.scroll(0)

    @property
    def room(self) -> int:
        """Return how many lines of the text fit."""
        return max(1, self.size.height - (1 if self.frame == "above" else 0))

    @property
    def overflows(self) -> bool:
        """Tell whether there is anything to scroll."""
        return len(self._wrapped) > self.room

    def scroll(self, by: int) -> None:
        """Move the text by some lines, within its ends."""
        self.top = max(0, min(self.top + by, len(self._wrapped) - self.room))
        self._paint()

    def on_resize(self, _: Resize) -> None:
        """Wrap the text anew."""
        self.lay_out()

    def _paint(self) -> None:
        shown = self._wrapped[self.top : self.top + self.room]
        left = len(self._wrapped) - self.top - self.room
        if left > 0 and self.frame != "above":
            shown[-1] = ((f" {self.signs.more} {left + 1} more lines", "faint"),)
        if not self._wrapped:
            self.draw([])
        elif self.frame == "side":
            side = (self.signs.side, "faint")
            padded = shown + [()] * (self.room - len(shown))
            self.draw([(side, *line) for line in padded])
        elif self.frame == "above":
            self.draw([self._rule(), *shown])
        else:
            self.draw(shown)

    def _rule(self) -> Line:
        width = self.size.width
        place = ""
        if self.overflows:
            last = min(self.top + self.room, len(self._wrapped))
            place = f" lines {self.top + 1}-{last} of {len(self._wrapped)} "
        place = place.rjust(PLACE, "=").replace("=", self.signs.rule)
        return ((place, "faint"), (self.signs.rule * max(0, width - PLACE), "faint"))
