"""The filter line: what is typed or pasted narrows the list at once."""

from __future__ import annotations

from textual.events import Key as KeyPress
from textual.events import Paste

from npdoctor.tui.ground import Ground


class TypingFilter(Ground):
    """Takes the keys while a filter is typed."""

    def action_filter(self) -> None:
        """Begin to type a filter."""
        self.typing = True
        self.draw_keys()

    def on_key(self, event: KeyPress) -> None:
        """Take what is typed for the filter."""
        if not self.typing or event.key == "ctrl+c":
            return
        event.prevent_default()
        if event.key in ("enter", "escape"):
            self.typing = False
            self.filter = self.filter.strip() if event.key == "enter" else ""
        elif event.key in ("backspace", "ctrl+h"):
            self.filter = self.filter[:-1]
        elif event.key == "ctrl+u":
            self.filter = ""
        elif event.is_printable and event.character:
            self.filter += event.character
        self.draw()

    def on_paste(self, event: Paste) -> None:
        """Take what is pasted into the filter."""
        if self.typing:
            self.filter += " ".join(event.text.split())
            self.draw()
