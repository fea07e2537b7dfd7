"""The keys that move the detail beside the list, and give it more room or less."""

from __future__ import annotations

from npdoctor.tui.arranged import NONE, PLACES
from npdoctor.tui.ground import Ground


class Arranging(Ground):
    """Moves the detail, and gives it more room or less."""

    def can_arrange(self, action: str) -> bool:
        """Tell whether a key of this part does something now."""
        if self.board.page or not self.board.can_arrange:
            return False
        return action == "layout" or self.board.placed != NONE

    def action_layout(self) -> None:
        """Put the detail at the next place."""
        self.board.place = PLACES[(PLACES.index(self.board.placed) + 1) % len(PLACES)]
        self.board.more = 0
        self._arrange_anew()

    def action_bigger(self) -> None:
        """Give the detail more room."""
        self._give(1)

    def action_smaller(self) -> None:
        """Give the detail less room."""
        self._give(-1)

    def _give(self, more: int) -> None:
        before = self.board.room
        self.board.more += more
        if self.board.room == before:
            self.board.more -= more
        self._arrange_anew()

    def _arrange_anew(self) -> None:
        self.board.lay_out_detail()
        self.call_after_refresh(self.draw)
