"""The report as a document to hand on, with the places where something was hidden in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from npdoctor import __version__
from npdoctor.config import Ignore
from npdoctor.report.as_json import to_json
from npdoctor.report.ignored import without_ignored
from npdoctor.report.person import person_redactor
from npdoctor.report.redact import Redactor
from npdoctor.report.text import Layout, to_text
from npdoctor.report.verdict import exit_code
from npdoctor.tui.bench import Case


class Form(str, Enum):
    """In which form a report is written."""

    TEXT = "text"
    JSON = "json"

    @property
    def extension(self) -> str:
        """Return how the name of its file ends."""
        return "txt" if self is Form.TEXT else "json"


@dataclass(frozen=True, slots=True)
class Document:
    """A redacted report; `hidden` counts by kind, `places` are the redacted lines they were in."""

    form: Form
    text: str
    hidden: dict[str, int] = field(default_factory=dict)
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)


class WatchedRedactor(Redactor):
    """Keep for each kind the lines in which something of it was hidden, as they are shown."""

    def __init__(
        self,
        home: str | None = None,
        user: str | None = None,
        host: str | None = None,
        enabled: bool = True,
        *,
        known: Iterable[str] = (),
    ) -> None:
        super().__init__(home, user, host, enabled, known=known)
        self.places: dict[str, dict[str, None]] = {}

    def redact(self, text: str) -> str:
        """Return the text without secrets, and note which lines of it had any."""
        before = self.counts
        shown = super().redact(text)
        if shown == text:
            return shown
        given = set(text.split("\n"))
        lines = [line.strip() for line in shown.split("\n") if line not in given]
        for kind, count in self.counts.items():
            if count > before.get(kind, 0):
                self.places.setdefault(kind, {}).update(dict.fromkeys(lines))
        return shown


def document_of(case: Case, ignores: Iterable[Ignore], form: Form) -> Document:
    """Return the report on the newest verdict, as `npdoctor check` writes it, with all evidence."""
    redactor = person_redactor(os.environ, made=WatchedRedactor)
    diagnosis, ignored = without_ignored(case.diagnosis, ignores)
    code = exit_code(diagnosis)
    if form is Form.JSON:
        document = to_json(diagnosis, redactor, __version__, code, ignored)
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    else:
        text = to_text(diagnosis, redactor, __version__, code, Layout(verbose=True), ignored=ignored)
    places = {kind: tuple(lines) for kind, lines in redactor.places.items()}
    return Document(form, text, redactor.counts, places)
