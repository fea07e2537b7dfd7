"""The mouse: off at first, so that the terminal selects text; on, it moves, opens and scrolls."""

from __future__ import annotations

import re
from collections.abc import Callable

from textual.events import Click, MouseScrollDown, MouseScrollUp

from npdoctor.tui.line import plain
from npdoctor.tui.listing import Listing
from npdoctor.tui.moving import Moving
from npdoctor.tui.panes import PANES
from npdoctor.tui.telling import Telling

WHEEL = 3
TAB = r"[ \[](\d)(?: [A-Z][^\[\]]*?)?(?=\]|  | \[|$)"
ON = "The mouse is on: click chooses and opens, the wheel scrolls. With shift the terminal selects text."
OFF = "The mouse is off: the terminal selects text with it."


class Mousing(Telling, Moving):
    """Lets the mouse in and out."""

    mouse_is_on = False

    def can_mouse(self) -> bool:
        """Tell whether this terminal's mouse can be turned on and off."""
        return self._switch(True) is not None

    def action_mouse(self) -> None:
        """Turn the mouse on or off."""
        switch = self._switch(not self.mouse_is_on)
        if switch and self._driver:
            self.mouse_is_on = not self.mouse_is_on
            self._driver._mouse = True
            switch()
            self._driver._mouse = self.mouse_is_on
            self.tell(ON if self.mouse_is_on else OFF)

    def _switch(self, on: bool) -> Callable[[], None] | None:
        name = "_enable_mouse_support" if on else "_disable_mouse_support"
        found: Callable[[], None] | None = getattr(self._driver, name, None)
        return found

    def on_click(self, event: Click) -> None:
        """Choose a row, open the chosen one, or show a pane."""
        widget, board = event.widget, self.board
        if self.typing or self.question or board.page:
            return
        if isinstance(widget, Listing):
            head = 1 if widget.rows and widget.pane.head(widget.size.width) else 0
            at = widget.top + event.y - head
            if event.y < head or not 0 <= at < len(widget.rows) or event.y >= head + widget.room:
                return
            if at == widget.cursor and self.check_action("open", ()):
                self.open("detail")
            else:
                self._move(at - widget.cursor)
        elif widget is board.status and event.y == 1:
            self._show_pane_at(event.x)

    def _show_pane_at(self, x: int) -> None:
        """Show the pane whose title lies under this cell of the second line."""
        numbers = {pane.number: position for position, pane in enumerate(PANES)}
        for found in re.finditer(TAB, plain(self.board.status.lines[1])):
            if found.start() <= x < found.end() + 1 and found[1] in numbers:
                self._show_pane(numbers[found[1]])
                return

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scroll what is under the mouse down."""
        self._wheel(event.widget is self.board.detail, 1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scroll what is under the mouse up."""
        self._wheel(event.widget is self.board.detail, -1)

    def _wheel(self, beside: bool, by: int) -> None:
        if self.typing or self.question:
            return
        if beside and not self.board.page:
            self.board.detail.scroll(by)
        elif self.board.page != "export":
            self._move(by * WHEEL)
