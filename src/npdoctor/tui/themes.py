"""The colours of the screen. Every sign and word means the same without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.style import Style

from npdoctor.tui.canvas import STYLES


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by role; without a background it takes those of the terminal."""

    name: str
    meaning: str
    roles: Mapping[str, Style]
    background: str = ""
    foreground: str = ""
    colours: Mapping[str, str] = field(default_factory=dict)


def _theme(name: str, meaning: str, background: str, foreground: str, **colours: str) -> Theme:
    roles = {role: Style(color=colour, bold=role == "broken") for role, colour in colours.items()}
    usual = {"": Style(), "strong": Style(bold=True), "reverse": Style(reverse=True)}
    return Theme(name, meaning, {**usual, **roles}, background, foreground, colours)


_WITHOUT = {
    "": Style(),
    "strong": Style(bold=True),
    "faint": Style(dim=True),
    "broken": Style(bold=True, underline=True),
    "warning": Style(bold=True),
    "unknown": Style(),
    "info": Style(),
    "ok": Style(),
    "reverse": Style(reverse=True),
}

THEMES = (
    Theme("terminal", "the terminal's own colours", dict(STYLES)),
    _theme(
        "light", "for a light background", "#fdfdf8", "#1c1c1c",
        faint="#5f6368", broken="#b00020", warning="#7a5000", unknown="#7b1fa2", info="#00608f", ok="#1b6e1b",
    ),
    _theme(
        "dark", "for a dark background", "#101418", "#d8dee9",
        faint="#8f99a8", broken="#ff6b6b", warning="#ffcc66", unknown="#c792ea", info="#82d2ff", ok="#8fd67f",
    ),
    _theme(
        "contrast", "as much contrast as there is", "#000000", "#ffffff",
        faint="#d0d0d0", broken="#ff7070", warning="#ffff00", unknown="#ff87ff", info="#5fd7ff", ok="#5fff5f",
    ),
    _theme(
        "blue", "orange and blue in place of red and green", "#101418", "#d8dee9",
        faint="#8f99a8", broken="#ff8c1a", warning="#f0e442", unknown="#dda0c6", info="#9ad1ff", ok="#56b4e9",
    ),
    Theme("none", "no colour at all", _WITHOUT),
)  # fmt: skip
USUAL = THEMES[0]


def theme_named(name: str) -> Theme | None:
    """Return the theme of this name, None where there is none."""
    return next((theme for theme in THEMES if theme.name == name), None)


def wear(theme: Theme) -> None:
    """Paint in these colours from here on; what is painted already stays until it is painted again."""
    STYLES.update(theme.roles)
