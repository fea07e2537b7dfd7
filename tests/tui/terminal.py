"""Run npdoctor in a terminal of its own, type, and read what is drawn."""

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
from collections.abc import Iterator, Mapping

COMMAND = (sys.executable, "-m", "npdoctor")


class Terminal:
    """A terminal of 80 by 24 in which npdoctor runs."""

    def __init__(self, environ: Mapping[str, str], command: tuple[str, ...] = COMMAND) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.drawn = b""
        self.pid = os.fork()
        if self.pid == 0:
            os.login_tty(slave) if hasattr(os, "login_tty") else _login(slave)
            kept = {k: v for k, v in os.environ.items() if k != "CI"}
            os.execve(command[0], command, {**kept, "TERM": "xterm-256color", **environ})

    def read_until(self, words: bytes, seconds: float = 30) -> None:
        """Read until these words were drawn."""
        end = time.monotonic() + seconds
        while words not in self.drawn:
            assert time.monotonic() < end, f"{words!r} did not come: {self.drawn[-2000:]!r}"
            self.read(0.05)

    def read(self, seconds: float) -> None:
        """Read what comes in this time."""
        if select.select([self.master], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self.drawn += os.read(self.master, 65536)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.master, keys)

    def wait(self, seconds: float = 10) -> int:
        """Return the exit code, once it has ended within this time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                self.read(0.1)
                return os.waitstatus_to_exitcode(status)
        raise AssertionError(f"still running after {seconds} s: {self.drawn[-500:]!r}")

    @property
    def is_restored(self) -> bool:
        """Tell whether the screen was left and the terminal is as it was."""
        left = self.drawn.rfind(b"\x1b[?1049l") > self.drawn.rfind(b"\x1b[?1049h") >= 0
        shown = self.drawn.rfind(b"\x1b[?25h") > self.drawn.rfind(b"\x1b[?25l")
        return left and shown and termios.tcgetattr(self.slave) == self.before

    def hang_up(self) -> None:
        """Take the terminal away, as when a shell in a pod is closed."""
        os.close(self.slave)
        os.close(self.master)

    def close(self) -> None:
        """End what still runs."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        for descriptor in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _login(slave: int) -> None:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in (0, 1, 2):
        os.dup2(slave, descriptor)


@contextlib.contextmanager
def terminal(*arguments: str, **environ: str) -> Iterator[Terminal]:
    """Open a terminal with npdoctor in it, and leave nothing behind."""
    opened = Terminal(environ, (*COMMAND, *arguments))
    try:
        yield opened
    finally:
        opened.close()


def processes_with(mark: str) -> list[str]:
    """Return the processes whose environment holds this mark."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
            if mark.encode() in file.read():
                found.append(pid)
    return found
