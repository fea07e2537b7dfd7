"""Turn texts of any origin into lines that are safe and readable in a terminal."""

from __future__ import annotations

import re
import textwrap

NARROWEST = 40

_UNPRINTABLE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)
_ASCII_FOR = str.maketrans(
    {"…": "...", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "→": "->"}
)


def printable(text: str) -> str:
    """Take out what would steer the terminal instead of being read."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\t", "    "))


def wrapped(text: str, width: int, first: str = "", later: str = "") -> list[str]:
    """Break a paragraph into lines; words, paths and specifiers stay whole so that they can be copied."""
    lines = textwrap.wrap(
        printable(text).replace("\n", " "),
        width=max(width, NARROWEST),
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [first]


def plain_ascii(text: str) -> str:
    """Write a text without any character beyond ASCII."""
    return text.translate(_ASCII_FOR).encode("ascii", "backslashreplace").decode("ascii")


def number(count: int, noun: str) -> str:
    """Return `1 warning`, `2 warnings`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
