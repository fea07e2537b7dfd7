"""Say something above the list until the next key: what a key did, or why it could not."""

from __future__ import annotations

from textual.events import Event
from textual.events import Key as KeyPress

from npdoctor.tui.ground import Ground


class Telling(Ground):
    """Shows words that the next key takes away."""

    def tell(self, words: str) -> None:
        """Say this, whole, however many lines it takes."""
        self.board.word = words
        self.draw()

    async def on_event(self, event: Event) -> None:
        """Take the words away where a key is pressed."""
        if isinstance(event, KeyPress) and self.board.word:
            self.tell("")
        await super().on_event(event)
