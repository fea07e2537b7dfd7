"""Find code in prose, at the last moment: after redaction."""

from __future__ import annotations

import re
from collections.abc import Iterator

from npdoctor.report.document.blocks import Code, Inline, Words
from npdoctor.report.prose import printable

SIGNS = {"broken": "✗", "warning": "!", "unknown": "?", "info": "·", "ok": "✓"}
CHECK_WORDS = {"ok": "checked", "broken": "failed", "unknown": "not looked at"}
_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)(.+?)(?<!`)\1(?!`)")


def spans(words: Words) -> Iterator[Inline]:
    """Yield the words with what stands between two backticks as code, and nothing that steers a terminal."""
    for part in words:
        if not isinstance(part, str):
            yield part
            continue
        # Each match splits into the text before it, the run of backticks, and what they enclose.
        for place, piece in enumerate(_CODE.split(one_line(part))):
            if piece and place % 3 != 1:
                yield Code(_unpadded(piece)) if place % 3 else piece


def _unpadded(text: str) -> str:
    """Take away the space on both sides that lets code begin or end with a backtick."""
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] == " " else text


def one_line(text: str) -> str:
    """Return a text without control characters and without a break of a line."""
    return " ".join(printable(text).split("\n"))


def evidence_words(source: str, detail: str) -> str:
    """Join the place of a piece of evidence and what it says."""
    return f"{source}: {detail}" if source and detail else source or detail
