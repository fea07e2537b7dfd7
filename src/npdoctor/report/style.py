"""Colour by hand: a few roles, switched off wherever a terminal or a person asks for none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_CODES = {
    "broken": "1;31",
    "warning": "33",
    "unknown": "35",
    "info": "36",
    "ok": "32",
    "strong": "1",
    "faint": "2",
}


@dataclass(frozen=True, slots=True)
class Style:
    """Paint texts by role, or leave them as they are."""

    enabled: bool = False

    def paint(self, text: str, role: str) -> str:
        """Return the text in the colour of its role."""
        code = _CODES.get(role)
        return f"\x1b[{code}m{text}\x1b[0m" if self.enabled and code and text else text


def wants_color(mode: str, is_terminal: bool, environ: Mapping[str, str]) -> bool:
    """Decide on colour from --color, the stream, NO_COLOR (only if not empty) and TERM."""
    if mode != "auto":
        return mode == "always"
    return (
        is_terminal
        and not environ.get("NO_COLOR")
        and environ.get("TERM", "dumb") not in ("dumb", "unknown", "")
    )
