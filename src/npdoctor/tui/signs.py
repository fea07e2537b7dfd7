"""The signs on the screen, and their stand-ins where only ASCII can be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from npdoctor.model.finding import Severity
from npdoctor.report.prose import plain_ascii, printable
from npdoctor.report.text import ASCII_SIGNS, SIGNS


@dataclass(frozen=True, slots=True)
class Signs:
    """One set of signs; each means the same without colour.

    `keys` names by action the keys that the person has put in place of the usual ones.
    """

    ok: str = "✓"
    no: str = "✗"
    cursor: str = "▸"
    more: str = "…"
    dot: str = "·"
    rule: str = "─"
    side: str = "│"
    full: str = "▇"
    empty: str = "▁"
    only_ascii: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)

    def of(self, severity: Severity) -> str:
        """Return the sign of a severity."""
        return (ASCII_SIGNS if self.only_ascii else SIGNS)[severity]

    def key(self, action: str, usual: str) -> str:
        """Return the key of an action as a text names it."""
        return self.keys.get(action, usual)

    def text(self, text: str) -> str:
        """Return a text of any origin as it can be shown: nothing in it steers the terminal."""
        text = printable(text)
        return plain_ascii(text) if self.only_ascii else text


UNICODE = Signs()
ASCII = Signs("+", "x", ">", "...", "-", "-", "|", "#", ".", only_ascii=True)


def signs_for(environ: Mapping[str, str], encoding: str | None) -> Signs:
    """Choose by NPDOCTOR_ASCII and by what the terminal's encoding can carry."""
    if environ.get("NPDOCTOR_ASCII", "") not in ("", "0"):
        return ASCII
    return UNICODE if (encoding or "").lower().replace("-", "") == "utf8" else ASCII
