"""The filter of the list: words, alternatives, `!word` and `is:broken`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from npdoctor.tui.present import Row, named

T = TypeVar("T")
Told = tuple[tuple[str, ...], str]


def matching(rows: tuple[Row, ...], wanted: str) -> tuple[Row, ...]:
    """Return the findings that fit every word."""
    return fitting(rows, wanted, _told)


def fitting(rows: tuple[T, ...], wanted: str, told: Callable[[T], Told]) -> tuple[T, ...]:
    """Return the rows that fit every word; `a|b` is one or the other, `!word` is without it.

    `told` returns of a row the states that `is:` asks for, and the text that words are looked for in.
    """
    words = wanted.lower().split()
    if not words:
        return rows
    return tuple(row for row in rows if _fits_all(told(row), words))


def _told(row: Row) -> Told:
    finding = row.finding
    text = (finding.code, named(finding), finding.title, finding.message, finding.cause or "")
    return (finding.severity.value,), " ".join(text)


def _fits_all(told: Told, words: list[str]) -> bool:
    states, text = told
    text = text.lower()
    return all(_fits(states, text, word) for word in words)


def _fits(states: tuple[str, ...], text: str, word: str) -> bool:
    if word.startswith("!"):
        return len(word) == 1 or not _fits(states, text, word[1:])
    if word.startswith("is:"):
        return any(state.startswith(word[3:]) for state in states)
    options = [option for option in word.split("|") if option]
    return not options or any(option in text for option in options)
