"""Pass on what the workflow says of a fix; imported with the workflow, never before the first screen."""

from __future__ import annotations

from npdoctor.mend import MendListener
from npdoctor.tui.bench import Ears


class Listening(MendListener):
    """Turns rounds and stages into steps."""

    def __init__(self, ears: Ears) -> None:
        self._ears = ears

    def round(self, number: int, words: str) -> None:
        """Pass on what is being tried."""
        self._ears.step(f"round {number}: {words}")

    def stage(self, name: str, detail: str = "") -> None:
        """Pass on which stage begins."""
        self._ears.step(f"{name} {detail}".strip())

    def output(self, line: str) -> None:
        """Pass on a line of the installer."""
        if line.strip():
            self._ears.line(line.strip())
