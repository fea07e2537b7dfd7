"""The key that shows an item as plain text in the normal screen, where the terminal can select it."""

from __future__ import annotations

import os
import signal
import sys
import termios
import tty
from types import FrameType

from textual.app import SuspendNotSupported

from npdoctor.tui.copying import Copying

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Woken(Exception):
    """Leave the wait for a key because a signal came."""


class PlainScreen(Copying):
    """Leaves the screen to the terminal until a key is pressed."""

    def action_plain(self) -> None:
        """Print what is under the cursor in the normal screen, and come back at any key."""
        text = self.item_text()
        number: int | None = None
        try:
            with self.suspend():
                number = show_until_key(f"\n{text}\nAny key returns to npdoctor. ")
        except SuspendNotSupported:
            self.tell("This terminal cannot be given back for a while. y copies the same text.")
            return
        self.watch_signals()
        if number is not None:
            self.end_by(number)

    def watch_signals(self) -> None:
        """Let the application hear again of signals that end it."""
        raise NotImplementedError

    def end_by(self, number: int) -> None:
        """Leave because a signal says so."""
        raise NotImplementedError


def show_until_key(text: str) -> int | None:
    """Write a text to the terminal and wait for a key; return the number of a signal that came first."""
    received: list[int] = []

    def wake(number: int, _: FrameType | None) -> None:
        received.append(number)
        raise _Woken

    before = {number: signal.signal(number, wake) for number in ENDING}
    try:
        _write_and_wait(text)
    except _Woken:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return received[0] if received else None


def _write_and_wait(text: str) -> None:
    keyboard = sys.stdin.fileno()
    settings = termios.tcgetattr(keyboard)
    try:
        tty.setcbreak(keyboard, termios.TCSADRAIN)
        sys.stderr.write(text)
        sys.stderr.flush()
        os.read(keyboard, 1)
    finally:
        termios.tcsetattr(keyboard, termios.TCSAFLUSH, settings)
        sys.stderr.write("\n")
        sys.stderr.flush()
