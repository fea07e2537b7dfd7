"""The keys that copy: to the clipboard as far as the terminal allows it, and always to a file."""

from __future__ import annotations

import os
import shlex

from npdoctor.errors import NpdoctorError
from npdoctor.report.text import Layout, finding_lines
from npdoctor.tui.clipboard import clipboard_sequence
from npdoctor.tui.documents import Form, document_of
from npdoctor.tui.line import plain
from npdoctor.tui.pages import rule_lines
from npdoctor.tui.saving import save_copy, shown_path
from npdoctor.tui.telling import Telling
from npdoctor.tui.work import Carried, Carrying, Planned

WIDTH = 80


class Copying(Telling):
    """Copies what is under the cursor, or the whole report."""

    def commands(self) -> tuple[str, ...]:
        """Return the commands of the fix that is shown, each as a shell takes it."""
        work = self.state.work
        if self.board.page != "fix" or not isinstance(work, (Planned, Carrying, Carried)):
            return ()
        return tuple(shlex.join(command) for command in work.sheet.mending.plan.commands)

    def has_item(self) -> bool:
        """Tell whether there is anything under the cursor, without writing it out."""
        page = self.board.page
        if page == "fix":
            return bool(self.commands())
        return page in ("", "detail", "why") and self.board.selected is not None

    def item_text(self) -> str:
        """Return what is under the cursor as plain text, redacted; empty where nothing is."""
        board, row, book = self.board, self.board.row, self.state.book
        if board.page == "fix":
            lines = list(self.commands())
        elif board.page == "why" and row and book and row.finding.code in book.codes:
            lines = [plain(line) for line in rule_lines(book.codes[row.finding.code], WIDTH, board.signs)]
        elif board.page not in ("", "detail") or board.selected is None:
            lines = []
        elif row:
            layout = Layout(WIDTH, verbose=True, ascii_only=board.signs.only_ascii)
            lines = list(finding_lines(row.finding, layout))
            lines += [f"ignored: {row.reason}"] if row.reason else []
        else:
            lines = [plain(line) for line in board.pane.detail(board.selected, WIDTH, board.signs)]
        if lines and self.state.lens and board.page in ("", "detail"):
            lines = [
                f"As if NumPy {self.state.lens.numpy} were installed, by binaries and metadata only:",
                *lines,
            ]
        text = "\n".join(board.signs.text(line.rstrip()) for line in lines)
        return f"{text}\n" if text else ""

    def action_copy(self) -> None:
        """Copy what is under the cursor; in the preview of a fix, its commands."""
        self._copy(self.item_text())

    def action_copy_report(self) -> None:
        """Copy the whole report, redacted."""
        case = self.source.newest()
        if case:
            early = "" if case.final else " The examination had not ended."
            self._copy(document_of(case, self.source.ignores, Form.TEXT).text, early)

    def _copy(self, text: str, more: str = "") -> None:
        sequence = clipboard_sequence(text, os.environ)
        if sequence and self._driver:
            self._driver.write(sequence)
            self._driver.flush()
        size = len(text.encode("utf-8", "backslashreplace"))
        measured = f"{size / 1000:.1f} kB" if size >= 1000 else f"{size} bytes"
        try:
            saved = f"Saved: {shown_path(save_copy(text, os.environ))}"
        except (NpdoctorError, OSError) as error:
            saved = f"Not saved: {error}"
        copied = f"Copied {measured} if your terminal allows it (OSC 52)."
        self.tell(f"{copied if sequence else 'Too large for the clipboard.'} {saved}{more}")
