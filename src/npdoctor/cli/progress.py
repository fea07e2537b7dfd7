"""Show on a terminal's stderr how far an examination is."""

from __future__ import annotations

import os
import sys
import time

from npdoctor.checkup import Listener
from npdoctor.cli.output import Output
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Severity
from npdoctor.model.outcome import Died, NoAnswer, Outcome, Raised
from npdoctor.model.target import Target

SHORTEST_PAUSE = 0.1


class Progress(Listener):
    """Show how far the examination is; that a target was chosen is said before this can be loaded."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lively = sys.stderr.isatty() and not output.quiet
        self._last = 0.0
        self._shown = False
        self._failed = 0
        self._last_failed = ""

    def described(self, target: Target) -> None:
        """Say that the installed packages are being read."""
        self._show(f"Python {target.python}. Reading installed packages…", force=True)

    def reading(self, done: int, total: int) -> None:
        """Count the binaries that were read."""
        self._show(f"Reading {done}/{total} binaries…")

    def verdict(self, diagnosis: Diagnosis, final: bool) -> None:
        """Name at once what reading alone found broken; the imports then prove it."""
        broken = dict.fromkeys(f.subject for f in diagnosis.findings if f.severity is Severity.BROKEN)
        if not final and self._lively:
            self.close()
            said = ", ".join(broken) if broken else "nothing"
            self._output.hint(f"npdoctor: broken by reading the binaries: {said}. Importing to prove it…")

    def importing(self, done: int, total: int, path: str, outcome: Outcome | None) -> None:
        """Count the extension modules that were tried, and name the last that failed."""
        if isinstance(outcome, Raised | Died | NoAnswer):
            self._failed += 1
            self._last_failed = os.path.basename(path)
        failed = f", {self._failed} failed (last: {self._last_failed})" if self._failed else ""
        self._show(f"{done}/{total} imported{failed}", force=done == total)

    def close(self) -> None:
        """Take the progress line away."""
        if self._shown:
            self._output.status("")
            self._shown = False

    def _show(self, text: str, force: bool = False) -> None:
        now = time.monotonic()
        if self._lively and (force or now - self._last >= SHORTEST_PAUSE):
            self._last = now
            self._shown = True
            self._output.status(text)
