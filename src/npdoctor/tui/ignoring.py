"""The key that ignores a finding, with a reason, in the config file; and that takes it out of there again."""

from __future__ import annotations

from textual.events import Key as KeyPress
from textual.events import Paste

from npdoctor.errors import NpdoctorError
from npdoctor.tui.line import Line, fit, width_of
from npdoctor.tui.present import Row, named
from npdoctor.tui.saving import shown_path
from npdoctor.tui.signs import Signs
from npdoctor.tui.telling import Telling

TIPS = ("Enter ignores it from here on  Esc leaves it ", "Enter ignore  Esc leave ", "")
REFUSED = "A reason is needed. Esc leaves it. "


class Ignoring(Telling):
    """Takes a reason, as the filter takes words."""

    _asking: Row | None = None
    _reason = ""
    _refused = False
    returning: Row | None = None

    def action_ignore(self) -> None:
        """Begin to ask for a reason; where the finding is ignored, ask whether it counts again."""
        row = self.board.row
        if row and row.reason:
            if self.returning is None:
                self._ask_to_count(row)
            else:
                self._count_again(self.returning)
        elif row:
            self._asking, self._reason, self._refused, self.typing = self.board.row, "", False, True
            self.draw_keys()

    def draw_keys(self) -> None:
        """Draw the reason in place of the keys while it is typed."""
        if self._asking is None:
            super().draw_keys()
            return
        tips = (REFUSED,) if self._refused else TIPS
        line = reason_line(self._asking, self._reason, tips, self.size.width, self.board.signs)
        self.board.keys.draw([line])

    def on_key(self, event: KeyPress) -> None:
        """Take what is typed for the reason."""
        if self._asking is None or event.key == "ctrl+c":
            return
        event.prevent_default()
        if event.key == "escape":
            self._stop_asking()
        elif event.key == "enter":
            self._take_reason(self._asking)
        elif event.key in ("backspace", "ctrl+h"):
            self._reason = self._reason[:-1]
        elif event.key == "ctrl+u":
            self._reason = ""
        elif event.is_printable and event.character:
            self._reason += event.character
        self._refused = event.key == "enter" and self._asking is not None
        self.draw_keys()

    def on_paste(self, event: Paste) -> None:
        """Take what is pasted into the reason."""
        if self._asking is not None:
            event.prevent_default()
            self._reason += " ".join(event.text.split())
            self.draw_keys()

    def _ask_to_count(self, row: Row) -> None:
        x = self.board.signs.key("ignore", "x")
        self.returning = row
        self.question = (
            f"{x} again: {row.finding.code} {row.finding.subject} counts again. Esc leaves it ignored.",
            f"{x} again: it counts again. Esc leaves it.",
            f"{x} again, or Esc",
        )
        self.draw_keys()

    def _count_again(self, row: Row) -> None:
        self.returning, self.question = None, ()
        try:
            path = self.source.count_again(row.finding)
        except NpdoctorError as error:
            self.tell(f"Still ignored: {error}")
            return
        if self.board.page == "detail":
            self.action_close()
        self.look()
        self.tell(f"{row.finding.code} {named(row.finding)} counts again. Taken out of {shown_path(path)}")

    def action_close(self) -> None:
        """Take the question back, or go back."""
        self.returning = None
        super().action_close()

    def _stop_asking(self) -> None:
        self._asking, self.typing = None, False

    def _take_reason(self, row: Row) -> None:
        reason = " ".join(self._reason.split())
        if not reason:
            return
        self._stop_asking()
        try:
            path = self.source.ignore(row.finding, reason)
        except NpdoctorError as error:
            self.tell(f"Not ignored: {error}")
            return
        if self.board.page == "detail":
            self.action_close()
        self.board.marked -= {row.key}
        self.look()
        self.tell(f"{row.finding.code} {named(row.finding)} is ignored. Written to {shown_path(path)}")


def reason_line(row: Row, typed: str, tips: tuple[str, ...], width: int, signs: Signs) -> Line:
    """Return the line in which a reason is typed; what was typed last stays in view."""
    head: Line = ((f" Why ignore {row.finding.code}? ", "strong"),)
    room = max(1, width - width_of(head) - 1)
    shown: Line = (*head, (signs.text(typed)[-room:], ""), (" ", "reverse"))
    left = width - width_of(shown)
    tip = next((tip for tip in tips if len(tip) < left), "")
    return (*shown, (tip.rjust(left), "faint")) if tip else fit(shown, width, signs.more)
