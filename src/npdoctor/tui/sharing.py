"""The keys that hand something on or set it aside: copy, show as plain text, export, ignore."""

from __future__ import annotations

from npdoctor.tui.exporting import PAGES, Exporting
from npdoctor.tui.ignoring import Ignoring
from npdoctor.tui.plain_screen import PlainScreen

SHARING = frozenset({"copy", "copy_report", "plain", "export", "hidden", "save", "ignore"})


class Sharing(PlainScreen, Exporting, Ignoring):
    """Everything that leaves the screen, redacted, and what the person has judged."""

    def can_share(self, action: str) -> bool:
        """Tell whether a key of this part does something now."""
        page, row = self.board.page, self.board.row
        if page in PAGES:
            document = self.document if page == "export" else None
            return document is not None and (
                action == "save" or (action == "hidden" and bool(document.hidden))
            )
        if action in ("copy", "plain"):
            return self.has_item()
        if self.state.lens is not None:
            return False
        if action == "copy_report":
            return page in ("", "detail", "why") and self.state.diagnosis is not None
        if action == "export":
            return page in ("", "detail") and self.state.diagnosis is not None
        return action == "ignore" and page in ("", "detail") and row is not None
