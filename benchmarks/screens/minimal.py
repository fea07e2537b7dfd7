"""The floor of a screen: an application of Textual that shows one line."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Static


class Minimal(App[None]):
    BINDINGS = [Binding("q", "quit")]  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        yield Static("ready")


if __name__ == "__main__":
    Minimal(ansi_color=True).run(mouse=False)
