"""Replace what a pattern finds, and count it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

Count: TypeAlias = Callable[[str], None]
Show: TypeAlias = Callable[[re.Match[str]], "str | None"]


def words(block: str) -> frozenset[str]:
    """Return the words of a block of text."""
    return frozenset(block.split())


def hide(pattern: re.Pattern[str], text: str, kind: str, show: Show, count: Count) -> str:
    """Return the text with what `show` makes of each match; None, or the same text, hides nothing."""

    def put(match: re.Match[str]) -> str:
        shown = show(match)
        if shown is None or shown == match[0]:
            return match[0]
        count(kind)
        return shown

    return pattern.sub(put, text)
