"""Find where in a TOML text each value stands, which the parsers do not tell."""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass

Keys = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY = re.compile(r"[ \t]*(?:([A-Za-z0-9_-]+)|\"((?:[^\"\\\n]|\\.)*)\"|'([^'\n]*)')[ \t]*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_OTHER = re.compile(r"[^,\]}#\n]+")


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end` stands a value, of a string what is between its quotes; `line` counts from 1."""

    start: int
    end: int
    line: int


def spans(text: str) -> dict[Keys, Span]:
    """Return where the values and tables of a valid TOML text stand, by the keys that lead to them.

    What comes after something unexpected is left out: a place that is not known is better than a wrong one.
    """
    scanner = _Scanner(text)
    with suppress(_Unexpected, RecursionError):
        scanner.document()
    return scanner.found


class _Unexpected(Exception):
    """Say that the text is not what a TOML text can be."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._counts: dict[Keys, int] = {}
        self.found: dict[Keys, Span] = {}

    def document(self) -> None:
        table: Keys = ()
        while True:
            self._skip()
            if self._at >= len(self._text):
                return
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Keys:
        start, many = self._at, self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        keys = self._keys()
        self._expect("]]" if many else "]")
        table: Keys = ()
        for position, key in enumerate(keys):
            table = (*table, key)
            if many and position == len(keys) - 1:
                self._counts[table] = self._counts.get(table, 0) + 1
            if table in self._counts:
                table = (*table, self._counts[table] - 1)
        self._note(table, start, self._at)
        return table

    def _pair(self, table: Keys) -> None:
        keys = (*table, *self._keys())
        self._expect("=")
        self._value(keys)

    def _keys(self) -> Keys:
        keys: list[str] = []
        while True:
            match = _KEY.match(self._text, self._at)
            if match is None:
                raise _Unexpected
            keys.append(next(group for group in match.groups() if group is not None))
            self._at = match.end()
            if not self._text.startswith(".", self._at):
                return tuple(keys)
            self._at += 1

    def _value(self, keys: Keys) -> None:
        self._skip()
        start = self._at
        first = self._text[start : start + 1]
        if first == "[":
            self._list(keys)
        elif first == "{":
            self._inline(keys)
        else:
            match = (_STRING if first in ("'", '"') else _OTHER).match(self._text, start)
            if match is None or not first:
                raise _Unexpected
            self._at = match.end()
            quotes = 3 if self._text.startswith((first * 3,), start) else 1
            quotes = quotes if first in ("'", '"') else 0
            self._note(keys, start + quotes, self._at - quotes)
            return
        self._note(keys, start, self._at)

    def _list(self, keys: Keys) -> None:
        self._at += 1
        index = 0
        while not self._closed("]"):
            self._value((*keys, index))
            index += 1
            self._separated("]")

    def _inline(self, keys: Keys) -> None:
        self._at += 1
        while not self._closed("}"):
            self._pair(keys)
            self._separated("}")

    def _closed(self, mark: str) -> bool:
        self._skip()
        if not self._text.startswith(mark, self._at):
            return False
        self._at += 1
        return True

    def _separated(self, mark: str) -> None:
        self._skip()
        if not self._text.startswith(mark, self._at):
            self._expect(",")

    def _expect(self, mark: str) -> None:
        if not self._text.startswith(mark, self._at):
            raise _Unexpected
        self._at += len(mark)

    def _skip(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _note(self, keys: Keys, start: int, end: int) -> None:
        self.found[keys] = Span(start, end, bisect_right(self._ends, start - 1) + 1)
