"""Show on a terminal's stderr how far a fix is."""

from __future__ import annotations

import sys

from npdoctor.cli.output import Output
from npdoctor.mend import MendListener


class MendingProgress(MendListener):
    """Show rounds, stages and what the installer prints last; where no terminal is, name the stages."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lively = sys.stderr.isatty() and not output.quiet
        self._shown = False
        self._stage = ""

    def round(self, number: int, words: str) -> None:
        """Show which round of planning goes on."""
        self._say(f"Planning, round {number}: {words}…")

    def stage(self, name: str, detail: str = "") -> None:
        """Show which stage begins."""
        self._stage = f"{name} {detail}".strip()
        self._say(f"{self._stage}…")

    def output(self, line: str) -> None:
        """Show the installer's last line behind the stage."""
        if self._lively and line.strip():
            self._show(f"{self._stage}: {line.strip()[:60]}")

    def close(self) -> None:
        """Take the progress line away."""
        if self._shown:
            self._output.status("")
            self._shown = False

    def _say(self, text: str) -> None:
        if self._lively:
            self._show(text)
        else:
            self._output.hint(f"npdoctor: {text}")

    def _show(self, text: str) -> None:
        self._shown = True
        self._output.status(text)
