"""The keys that export the report. Only `a` writes."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from npdoctor.errors import NpdoctorError
from npdoctor.tui.detail import Content
from npdoctor.tui.documents import Document, Form, document_of
from npdoctor.tui.export_page import export_lines, hidden_lines
from npdoctor.tui.line import Line
from npdoctor.tui.moving import Moving
from npdoctor.tui.saving import export_folder, export_name, save_export, shown_path
from npdoctor.tui.telling import Telling

PAGES = ("export", "hidden")


class Exporting(Telling, Moving):
    """Shows what would be saved, and saves exactly that."""

    document: Document | None = None
    _when = 0.0

    def action_export(self) -> None:
        """Show the report that would be saved, and what is hidden in it."""
        self._when = time.time()
        if self._compose(Form.TEXT):
            self.open("export")

    def action_hidden(self) -> None:
        """Show where each kind was hidden."""
        self.open("hidden")

    def action_save(self) -> None:
        """Save what is shown."""
        if self.document is None:
            return
        folder, name = export_folder(os.environ), export_name(self._when, self.document.form.extension)
        try:
            path = save_export(folder, name, self.document.text)
        except (NpdoctorError, OSError) as error:
            self.tell(f"Not saved: {error}")
            return
        self.tell(f"Saved: {shown_path(path)}")

    def _move(self, by: int) -> None:
        if self.board.page != "export" or self.document is None:
            super()._move(by)
            return
        forms = list(Form)
        position = forms.index(self.document.form) + by
        self._compose(forms[max(0, min(position, len(forms) - 1))])
        self.draw()

    def key_words(self) -> Mapping[str, str]:
        """Return the words on the key line that are not the usual ones now."""
        words = super().key_words()
        return {**words, "down": "choose"} if self.board.page == "export" else words

    def _compose(self, form: Form) -> bool:
        """Make the document as of now, and the pages on it; tell whether there is a verdict for it."""
        case = self.source.newest()
        if case is None:
            return False
        document = self.document = document_of(case, self.source.ignores, form)
        names = {form: export_name(self._when, form.extension) for form in Form}
        folder, signs = shown_path(export_folder(os.environ)), self.board.signs
        early = not case.final

        def export(width: int) -> list[Line]:
            return export_lines(document, names, folder, early, width, signs)

        pages: dict[str, Content] = {
            "export": export,
            "hidden": lambda width: hidden_lines(document, width, signs),
        }
        self.board.extra = {name: ((name, form), content) for name, content in pages.items()}
        return True
