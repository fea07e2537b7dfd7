"""The keys that move: in a list, in the detail beside it, on a page, and from pane to pane."""

from __future__ import annotations

from npdoctor.tui.ground import Ground
from npdoctor.tui.panes import EXTENSIONS, FINDINGS, HISTORY, PACKAGES, PANES
from npdoctor.tui.sorting import Ordering

FAR = 1_000_000


class Moving(Ground):
    """Moves the cursor of a list, and the text of a page."""

    def _move(self, by: int) -> None:
        if self.board.page:
            self.board.full.scroll(by)
            return
        self.board.list.move_to(self.board.list.cursor + by)
        self.board.show_selected(self.state)
        self.draw_keys()

    def _screenful(self) -> int:
        page = self.board.full if self.board.page else self.board.list
        return max(1, page.size.height - 1)

    def action_down(self) -> None:
        """Go one down."""
        self._move(1)

    def action_up(self) -> None:
        """Go one up."""
        self._move(-1)

    def action_top(self) -> None:
        """Go to the first."""
        self._move(-FAR)

    def action_bottom(self) -> None:
        """Go to the last."""
        self._move(FAR)

    def action_half_down(self) -> None:
        """Go half a screen down."""
        self._move(max(1, self._screenful() // 2))

    def action_half_up(self) -> None:
        """Go half a screen up."""
        self._move(-max(1, self._screenful() // 2))

    def action_page_down(self) -> None:
        """Go a screen down."""
        self._move(self._screenful())

    def action_page_up(self) -> None:
        """Go a screen up."""
        self._move(-self._screenful())

    def action_detail_down(self) -> None:
        """Scroll the detail, or the page, down."""
        (self.board.full if self.board.page else self.board.detail).scroll(1)

    def action_detail_up(self) -> None:
        """Scroll the detail, or the page, up."""
        (self.board.full if self.board.page else self.board.detail).scroll(-1)

    def _show_pane(self, position: int) -> None:
        self.wanted_in[self.board.pane.name] = self.filter
        self.board.list.turn_to(PANES[position % len(PANES)])
        self.filter = self.wanted_in.get(self.board.pane.name, "")
        self.draw()

    def _position(self) -> int:
        return PANES.index(self.board.pane)

    def action_next_pane(self) -> None:
        """Show the next pane."""
        self._show_pane(self._position() + 1)

    def action_pane_before(self) -> None:
        """Show the pane before."""
        self._show_pane(self._position() - 1)

    def action_findings(self) -> None:
        """Show the findings."""
        self._show_pane(PANES.index(FINDINGS))

    def action_packages(self) -> None:
        """Show what is installed."""
        self._show_pane(PANES.index(PACKAGES))

    def action_extensions(self) -> None:
        """Show the extension modules and what became of importing them."""
        self._show_pane(PANES.index(EXTENSIONS))

    def action_history(self) -> None:
        """Show the fixes that were made."""
        self._show_pane(PANES.index(HISTORY))

    def action_sort(self) -> None:
        """List in the next order."""
        self._arrange(self.board.ordering.following(self.board.pane.sorts))

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._arrange(self.board.ordering.turned())

    def _arrange(self, ordering: Ordering) -> None:
        self.board.orderings[self.board.pane.name] = ordering
        self.draw()
