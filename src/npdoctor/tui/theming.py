"""The key that changes the colours."""

from __future__ import annotations

import os

from npdoctor.tui.telling import Telling
from npdoctor.tui.themes import THEMES, USUAL, Theme, theme_named, wear


class Theming(Telling):
    """Wears one theme at a time, the first as the config file says."""

    worn: Theme = USUAL

    def dress(self, name: str) -> str:
        """Wear the theme of the config file; return what is to be said where there is none of that name."""
        theme = theme_named(name) if name else USUAL
        wear(theme or USUAL)
        self.worn = theme or USUAL
        known = ", ".join(one.name for one in THEMES)
        return "" if theme else f"theme: there is no {name!r}. There are {known}."

    def on_mount(self) -> None:
        """Colour the ground."""
        self._ground()

    def action_theme(self) -> None:
        """Wear the next theme."""
        self.put_on(THEMES[(THEMES.index(self.worn) + 1) % len(THEMES)])

    def put_on(self, theme: Theme) -> None:
        """Wear a theme, and say how to keep it."""
        wear(theme)
        self.worn = theme
        self._ground()
        self.screen.refresh(layout=True)
        for canvas in self.screen.query("Canvas"):
            canvas.refresh()
        if os.environ.get("NO_COLOR"):
            self.tell("NO_COLOR is set: no theme shows.")
            return
        keep = f'theme = "{theme.name}" in the config file keeps it.'
        self.tell(f"Theme {theme.name}: {theme.meaning}. {keep}")

    def _ground(self) -> None:
        styles = self.screen.styles
        styles.background = self.worn.background or "ansi_default"
        styles.color = self.worn.foreground or None
