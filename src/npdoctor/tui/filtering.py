"""The filter of the list: words, alternatives, `!word` and `is:broken`."""

from __future__ import annotations

from npdoctor.tui.present import Row, named


def matching(rows: tuple[Row, ...], wanted: str) -> tuple[Row, ...]:
    """Return the rows that fit every word; `a|b` is one or the other, `!word` is without it."""
    words = wanted.lower().split()
    return tuple(row for row in rows if all(_fits(row, word) for word in words))


def _fits(row: Row, word: str) -> bool:
    if word.startswith("!"):
        return len(word) == 1 or not _fits(row, word[1:])
    if word.startswith("is:"):
        return row.finding.severity.value.startswith(word[3:])
    finding = row.finding
    text = " ".join(
        (finding.code, named(finding), finding.title, finding.message, finding.cause or "")
    ).lower()
    options = [option for option in word.split("|") if option]
    return not options or any(option in text for option in options)
