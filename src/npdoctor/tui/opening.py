"""The first picture: drawn with the terminal's own codes while Textual is still being loaded."""

from __future__ import annotations

import contextlib
import os
import sys
import termios
from types import TracebackType
from typing import Any

from npdoctor.tui.glass import Glass
from npdoctor.tui.keys import key_line
from npdoctor.tui.line import EMPTY, Line, block
from npdoctor.tui.panes import FINDINGS, tabs
from npdoctor.tui.present import notice, one_line, rooms_for_tabs, second_line, status_line
from npdoctor.tui.signs import Signs
from npdoctor.tui.state import State

TO_SCREEN = "\x1b[?1049h"
FROM_SCREEN = "\x1b[?1049l\x1b[?25h"
CODES = {"strong": "1", "faint": "2"}
WORKING = frozenset({"next_pane", "help", "quit"})
STDIN, STDERR = 0, 2
LOCAL, CONTROL = 3, 6  # where tcgetattr has the local modes and the control characters


class Opening:
    """The screen from the first picture until Textual takes it over; keys that come meanwhile wait."""

    def __init__(self) -> None:
        size = os.get_terminal_size(STDERR)
        self.glass = Glass(size.columns, size.lines)
        self._before: list[Any] | None = None
        self._open = False

    def draw(self, state: State, signs: Signs, usual_keys: bool = True) -> None:
        """Show the first picture; the key line stays empty where the person has put others."""
        width, height = self.glass.size
        lines = first_lines(state, width, height, signs)
        if not usual_keys:
            lines[-1] = EMPTY
        self._silence_keys()
        self._open = True
        picture = self.glass.paint(
            (y, 0, [(text, CODES.get(role, "")) for text, role in line]) for y, line in enumerate(lines)
        )
        sys.stderr.write(f"{TO_SCREEN}\x1b[?25l\x1b[H\x1b[2J{picture}")
        sys.stderr.flush()

    def hand_over(self) -> list[Any] | None:
        """Leave the terminal to who draws from here on; return how its keys were before."""
        before, self._before = self._before, None
        self._open = False
        return before

    def close(self) -> None:
        """Leave the terminal as it was, where nobody took it over."""
        self._restore_keys()
        if self._open:
            self._open = False
            with contextlib.suppress(OSError):
                sys.stderr.write(FROM_SCREEN)
                sys.stderr.flush()

    def __enter__(self) -> Opening:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _silence_keys(self) -> None:
        with contextlib.suppress(termios.error):
            before = termios.tcgetattr(STDIN)
            silent = [*before[:CONTROL], list(before[CONTROL])]
            silent[LOCAL] &= ~(termios.ECHO | termios.ICANON)
            silent[CONTROL][termios.VSUSP] = b"\0"
            termios.tcsetattr(STDIN, termios.TCSANOW, silent)
            self._before = before

    def _restore_keys(self) -> None:
        if self._before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(STDIN, termios.TCSANOW, self._before)
            self._before = None


def first_lines(state: State, width: int, height: int, signs: Signs) -> list[Line]:
    """Return the whole screen before anything was found."""
    if width < 20 or height < 5:
        return [one_line(state, width, signs)]
    lines = [status_line(state, width, signs)]
    if width >= 60 and height >= 10:
        panes = tabs(state, FINDINGS, 0, rooms_for_tabs(state, width, signs))
        lines.append(second_line(state, panes, width, signs))
    lines += block(signs.text(notice(state)), width, "strong")
    keys = key_line(WORKING, "", {}, width, signs)
    lines = lines[: height - 1]
    return [*lines, *[EMPTY] * (height - 1 - len(lines)), keys]
