"""The keys that look again: at one distribution, or at everything."""

from __future__ import annotations

from npdoctor.tui.again import has_imports
from npdoctor.tui.extensions import Extension
from npdoctor.tui.packages import Package
from npdoctor.tui.telling import Telling
from npdoctor.tui.work import Carrying, TakingBack


class Looking(Telling):
    """Imports again what is under the cursor, or examines everything anew."""

    def can_look(self, action: str) -> bool:
        """Tell whether a key of this part does something now."""
        state = self.state
        if self.board.page not in ("", "detail") or isinstance(state.work, (Carrying, TakingBack)):
            return False
        if action == "over":
            return not self.board.page and state.ended and not state.is_trying
        name = self._chosen_name()
        if not name or not state.final or state.lens or state.is_trying or state.diagnosis is None:
            return False
        return has_imports(state.diagnosis, name)

    def action_again(self) -> None:
        """Import what is under the cursor again."""
        self.source.try_again(self._chosen_name())
        self.follow()

    def action_over(self) -> None:
        """Examine everything anew."""
        self.source.start_over()
        self.follow()

    def look(self) -> None:
        """Take the newest state, and say what came of trying again."""
        was = self.state.is_trying
        super().look()
        if was and self.state.again and self.state.again.said:
            self.tell(self.state.again.said)

    def _chosen_name(self) -> str:
        """Return the distribution under the cursor, empty where there is none."""
        item = self.board.selected
        if isinstance(item, Package):
            return item.state.name
        if isinstance(item, Extension):
            return item.name
        return self.board.row.finding.subject if self.board.row else ""
