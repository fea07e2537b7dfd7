"""A terminal's screen, as far as npdoctor and Textual write to one: what a person would see."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from rich.cells import cell_len

TOKEN = re.compile(
    r"\x1b\[(?P<mode>[?<>=]?)(?P<numbers>[\d;]*)(?P<rest>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[=>78cDEM]"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
)


class Picture:
    """Cells, each a sign and the codes of its style; `alternate` where the other screen is shown."""

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.width, self.height = width, height
        self.alternate = False
        self.cells = self._blank()
        self._decode: Callable[[bytes], str] = codecs.getincrementaldecoder("utf-8")().decode
        self._rest = ""
        self._x = self._y = 0
        self._codes = ""

    @property
    def lines(self) -> list[str]:
        """Return the text of each line, without the spaces at its end."""
        return ["".join(sign for sign, _ in row).rstrip() for row in self.cells]

    @property
    def text(self) -> str:
        """Return all lines."""
        return "\n".join(self.lines)

    def feed(self, data: bytes) -> None:
        """Draw what was written."""
        text, self._rest = self._rest + self._decode(data), ""
        at = 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found:
                if len(text) - at > 64:
                    raise ValueError(f"not understood: {text[at : at + 64]!r}")
                self._rest = text[at:]
                return
            at = found.end()
            if found["text"]:
                self._write(found["text"])
            elif found["control"]:
                self._control(found["control"])
            elif found["final"]:
                self._command(found["mode"], found["numbers"], found["rest"], found["final"])

    def _blank(self) -> list[list[tuple[str, str]]]:
        return [[(" ", "")] * self.width for _ in range(self.height)]

    def _write(self, text: str) -> None:
        for sign in text:
            width = cell_len(sign)
            if self._x + width > self.width:
                continue
            if not width:
                row, bearer = self.cells[self._y], self._x - 1
                while not row[bearer][0]:
                    bearer -= 1
                row[bearer] = (row[bearer][0] + sign, row[bearer][1])
                continue
            cells = [(sign, self._codes), *[("", self._codes)] * (width - 1)]
            self.cells[self._y][self._x : self._x + width] = cells
            self._x += width

    def _control(self, sign: str) -> None:
        if sign == "\r":
            self._x = 0
        elif sign == "\n":
            self._y += 1
            if self._y == self.height:
                self._y -= 1
                self.cells = [*self.cells[1:], [(" ", "")] * self.width]

    def _command(self, mode: str, numbers: str, rest: str, final: str) -> None:
        given = [int(number) if number else 0 for number in numbers.split(";")]
        if mode == "?" and given == [1049] and final in "hl":
            self.alternate = final == "h"
            self.cells = self._blank()
        if mode or rest:
            return
        if final == "H":
            self._y = min(max(given[0], 1), self.height) - 1
            self._x = min(max([*given, 1][1], 1), self.width) - 1
        elif final == "G":
            self._x = min(max(given[0], 1), self.width) - 1
        elif final == "J" and given[0] == 2:
            self.cells = self._blank()
        elif final == "K" and given[0] == 0:
            self.cells[self._y][self._x :] = [(" ", "")] * (self.width - self._x)
        elif final == "m":
            self._turn_to(numbers)

    def _turn_to(self, numbers: str) -> None:
        codes = [] if not self._codes else self._codes.split(";")
        for code in numbers.split(";"):
            codes = [] if code in ("", "0") else [*codes, code]
        self._codes = ";".join(code for code in codes if code not in ("39", "49"))
