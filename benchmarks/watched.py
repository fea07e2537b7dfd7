"""A program in a terminal of its own, watched: when it writes, how much, and what is to be seen then."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from tui.picture import Picture

SYNC_ASKED, SYNC_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"


@dataclass(frozen=True, slots=True)
class Written:
    """What a program wrote at one moment, in seconds since it was started."""

    at: float
    size: int


class Watched:
    """A program in a terminal that, like most, draws a whole update at once where it is asked to."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], width: int, height: int) -> None:
        self.picture = Picture(width, height)
        self.written: list[Written] = []
        self.data: list[tuple[float, bytes]] = []
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.began = time.perf_counter()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for descriptor in (0, 1, 2):
                os.dup2(slave, descriptor)
            os.execvpe(command[0], list(command), dict(environ))
        os.close(slave)

    @property
    def total(self) -> int:
        """Return how many bytes were written so far."""
        return sum(written.size for written in self.written)

    def now(self) -> float:
        """Return the seconds since the program was started."""
        return time.perf_counter() - self.began

    def type(self, keys: bytes) -> float:
        """Press keys; return when."""
        os.write(self.master, keys)
        return self.now()

    def read(self, seconds: float) -> bool:
        """Wait this long for something to be written; tell whether it was."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.written.append(Written(self.now(), len(data)))
        self.data.append((self.now(), data))
        self.picture.feed(data)
        if SYNC_ASKED in data:
            os.write(self.master, SYNC_ANSWER)
        return True

    def until(self, seen: Callable[[Picture], bool], seconds: float = 60) -> float:
        """Read until this is to be seen; return when that was written."""
        end = self.now() + seconds
        while not seen(self.picture):
            if self.now() > end:
                raise TimeoutError(f"not seen within {seconds} s:\n{self.picture.text}")
            self.read(0.1)
        return self.written[-1].at if self.written else 0.0

    def settle(self, quiet: float, seconds: float = 60) -> int:
        """Read until nothing is written for this long; return how many bytes came."""
        before, end = self.total, self.now() + seconds
        while self.read(quiet) and self.now() < end:
            pass
        return self.total - before

    def answer(self, keys: bytes, quiet: float = 0.06, seconds: float = 5) -> tuple[float, int]:
        """Press keys; return the seconds until the first byte, and the bytes until it was quiet."""
        pressed, count, before = self.type(keys), len(self.written), self.total
        while len(self.written) == count:
            if self.now() - pressed > seconds:
                raise TimeoutError(f"no answer to {keys!r}:\n{self.picture.text}")
            self.read(0.05)
        first = self.written[count].at - pressed
        self.settle(quiet, 0.2)
        return first, self.total - before

    def wait(self, seconds: float = 10) -> float:
        """Return when the program had ended."""
        end = self.now() + seconds
        while self.now() < end:
            self.read(0.002)
            if self.pid and os.waitpid(self.pid, os.WNOHANG)[0]:
                self.pid = 0
                return self.now()
        raise TimeoutError(f"still running:\n{self.picture.text}")

    def close(self) -> None:
        """End what still runs."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)


@contextlib.contextmanager
def watched(
    command: Sequence[str], environ: Mapping[str, str], size: tuple[int, int] = (80, 24)
) -> Iterator[Watched]:
    """Start a program in a terminal, and leave nothing behind."""
    opened = Watched(command, environ, *size)
    try:
        yield opened
    finally:
        opened.close()
