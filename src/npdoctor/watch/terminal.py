"""A terminal in front of the terminal: the program sees one, and every byte passes unchanged."""

from __future__ import annotations

import contextlib
import fcntl
import os
import termios
from typing import Any

_OUTPUT, _SPEED_IN, _SPEED_OUT = 1, 4, 5
_STEERING = (0, 3, 6)  # input flags, local flags, control characters
_NO_SIZE = bytes(8)


class Terminal:
    """A pseudo terminal that stands for the real one on `descriptor`, in its size and its settings.

    It does not process output, since the real one will. What the program sets on it (no echo, single
    keys) is set on the real one. Raises OSError or termios.error where there is none to be had.
    """

    def __init__(self, descriptor: int) -> None:
        self._real = descriptor
        settings = termios.tcgetattr(descriptor)
        settings[_OUTPUT] &= ~termios.OPOST
        self.ours, self.theirs = os.openpty()
        try:
            termios.tcsetattr(self.theirs, termios.TCSANOW, settings)
            self._steering = _steering(termios.tcgetattr(self.ours))
            self.resize()
        except BaseException:
            os.close(self.ours)
            os.close(self.theirs)
            raise

    def resize(self) -> None:
        """Take over the size of the real terminal."""
        with contextlib.suppress(OSError):
            size = fcntl.ioctl(self._real, termios.TIOCGWINSZ, _NO_SIZE)
            fcntl.ioctl(self.ours, termios.TIOCSWINSZ, size)

    def mirror(self) -> None:
        """Set on the real terminal what the program has set on this one since."""
        with contextlib.suppress(termios.error, OSError):
            wanted = _steering(termios.tcgetattr(self.ours))
            if wanted == self._steering:
                return
            self._steering = wanted
            settings = termios.tcgetattr(self._real)
            for place, value in zip(_STEERING, wanted, strict=True):
                settings[place] = value
            termios.tcsetattr(self._real, termios.TCSANOW, settings)


def _steering(settings: list[Any]) -> list[Any]:
    return [settings[place] for place in _STEERING]
