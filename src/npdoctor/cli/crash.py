"""Keep what npdoctor's own failure left behind, for a bug report."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback

from npdoctor import __version__
from npdoctor.report.person import person_redactor


def crash_words(error: Exception) -> str:
    """Write the crash file and return the sentence for the person at the terminal, redacted."""
    hide = person_redactor(os.environ).redact
    said = f"npdoctor failed (not your environment): {hide(_summary(error))}."
    path = write_crash_file(error)
    return f"{said} Report: {path}" if path else said


def write_crash_file(error: Exception) -> str | None:
    """Write the redacted traceback to a file for its owner alone; None where none can be written."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    command = " ".join(sys.argv)
    head = f"npdoctor {__version__}, Python {platform.python_version()}, {platform.platform()}\n{command}\n\n"
    try:
        descriptor, path = tempfile.mkstemp(prefix="npdoctor-crash-", suffix=".txt")
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(person_redactor(os.environ).redact(head + text))
    except OSError:
        return None
    return path


def _summary(error: Exception) -> str:
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words[:200]}" if words else type(error).__name__
