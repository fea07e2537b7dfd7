"""The board with its detail where the person wants it, and in the room it was given."""

from __future__ import annotations

from collections.abc import Callable

from textual.events import Resize

from npdoctor.tui.board import DETAIL_HEIGHT, Board
from npdoctor.tui.signs import Signs

RIGHT, BELOW, NONE = "right", "bottom", "off"
PLACES = (RIGHT, BELOW, NONE)
LIST_WIDTHS = {"wide": 86, "split": 58}
STEPS = {RIGHT: 8, BELOW: 3}
LEAST = {RIGHT: 28, BELOW: 4}


class ArrangedBoard(Board):
    """A board whose detail the person can move; `place` is empty where the size decides."""

    def __init__(self, signs: Signs, on_size: Callable[[], None]) -> None:
        super().__init__(signs, on_size)
        self.place = ""
        self.more = 0

    @property
    def can_arrange(self) -> bool:
        """Tell whether there is room for a list and a detail."""
        return not self.has_class("tiny")

    @property
    def placed(self) -> str:
        """Return where the detail is."""
        if self.has_class("bare"):
            return NONE
        return RIGHT if self.has_class("split") else BELOW

    def on_resize(self, event: Resize) -> None:
        """Choose what is shown by the size, and by what the person chose."""
        event.prevent_default()
        super().on_resize(event)
        self.lay_out_detail()

    def lay_out_detail(self) -> None:
        """Put the detail where it is wanted, in the room it was given; the size decides the rest."""
        if self.place and self.can_arrange:
            self.set_class(self.place == RIGHT, "split")
            self.set_class(self.place == NONE, "bare")
        place = self.placed
        self.detail.frame = "side" if self.has_class("split") else "above"
        self.list.styles.width = self.list_width() if place == RIGHT and self._is_own else None
        self.detail.styles.height = self.detail_height() if place == BELOW and self._is_own else None

    @property
    def _is_own(self) -> bool:
        return bool(self.place or self.more)

    @property
    def room(self) -> int:
        """Return how many cells the list has, or lines the detail."""
        return self.list_width() if self.placed == RIGHT else self.detail_height()

    def list_width(self) -> int:
        """Return how wide the list is beside the detail."""
        usual = LIST_WIDTHS["wide" if self.has_class("wide") else "split"]
        usual = min(usual, self.size.width // 2) if self.size.width < 100 else usual
        least = LEAST[RIGHT]
        return max(least, min(usual - self.more * STEPS[RIGHT], self.size.width - least))

    def detail_height(self) -> int:
        """Return how high the detail is below the list."""
        room = self.size.height - 3
        usual = min(DETAIL_HEIGHT, room // 2)
        return max(LEAST[BELOW], min(usual + self.more * STEPS[BELOW], room - LEAST[BELOW]))
