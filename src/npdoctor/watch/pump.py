"""Pass bytes on from the program to where they belong, unchanged."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable

from npdoctor.watch.captured import Captured

CHUNK = 1 << 16
SETTLING = 0.05  # seconds in which the kernel hands over what was written to a terminal just before
LONGEST_REST = 0.3


class Pump:
    """A thread that copies from one descriptor to another and keeps a copy of the text.

    It owns `source` and leaves `target` open. `before` is called ahead of each chunk.
    """

    def __init__(self, source: int, target: int, before: Callable[[], None] | None = None) -> None:
        self.source, self.target = source, target
        self.captured = Captured()
        self.first: float | None = None
        self.over = False
        self._before = before
        self._woken, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="npdoctor-pump", daemon=True)

    def start(self) -> None:
        """Begin to copy."""
        self._thread.start()

    def finish(self) -> None:
        """Copy what is still there, then rest; `over` tells whether the last writer has gone.

        It waits for a reader that is slow, as the program itself would.
        """
        with contextlib.suppress(OSError):
            os.write(self._wake, b".")
        self._thread.join()
        os.close(self._woken)
        os.close(self._wake)

    def go_on(self) -> None:
        """Copy in this thread, keeping nothing, until the last writer has gone."""
        self._before = None
        while not self.over:
            self._pass_on(keep=False)

    def _run(self) -> None:
        waiting = select.poll()
        waiting.register(self.source, select.POLLIN)
        waiting.register(self._woken, select.POLLIN)
        while not self.over:
            ready = {descriptor for descriptor, _ in waiting.poll()}
            if self._woken in ready:
                self._rest()
                return
            self._pass_on()

    def _rest(self) -> None:
        until = time.monotonic() + LONGEST_REST
        waiting = select.poll()
        waiting.register(self.source, select.POLLIN)
        while not self.over and time.monotonic() < until and waiting.poll(SETTLING * 1000):
            self._pass_on()

    def _pass_on(self, keep: bool = True) -> None:
        try:
            data = os.read(self.source, CHUNK)
        except OSError:  # EIO: nobody has the other side of the terminal open
            data = b""
        if not data:
            self._close()
            return
        if self.first is None:
            self.first = time.monotonic()
        if keep:
            self.captured.add(data)
        if self._before:
            self._before()
        try:
            write_all(self.target, data)
        except OSError:  # the reader has gone: let the program learn of it by its next write
            self._close()

    def _close(self) -> None:
        self.over = True
        os.close(self.source)


def write_all(target: int, data: bytes) -> None:
    """Write every byte, also where somebody has set the descriptor not to block. Raises OSError."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(target, rest) :]
        except BlockingIOError:
            select.select([], [target], [])
