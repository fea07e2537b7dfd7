"""Hand the program its stdout and stderr, and learn what passes there without touching a byte.

A regular file is handed over as it is and read afterwards. In place of a pipe the program gets a pipe, in
place of a terminal a terminal, and npdoctor copies; stdout and stderr that lead to one place get one, so
that their order stays. Anything else, such as /dev/null, is handed over unseen. stdin is never touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import termios
import time
from dataclasses import dataclass
from typing import TypeAlias

from npdoctor.model.run import FirstOutput
from npdoctor.watch.captured import FIRST, LAST, Captured
from npdoctor.watch.pump import Pump
from npdoctor.watch.terminal import Terminal

NAMES = {1: "stdout", 2: "stderr"}


@dataclass(slots=True)
class Copied:
    """A pipe or terminal in between; `theirs` is the side that the program gets."""

    theirs: int
    pump: Pump
    terminal: Terminal | None


@dataclass(slots=True)
class Written:
    """A regular file that the program writes itself; `start` is where its part begins."""

    descriptor: int
    start: int
    first: float | None = None

    def look(self) -> None:
        """Note the time when the file has grown."""
        if self.first is None:
            with contextlib.suppress(OSError):
                if os.fstat(self.descriptor).st_size > self.start:
                    self.first = time.monotonic()

    def text(self) -> str | None:
        """Return beginning and end of what was written since the start; None where it cannot be read."""
        kept = Captured()
        try:
            with open(f"/proc/self/fd/{self.descriptor}", "rb") as file:
                size = os.fstat(file.fileno()).st_size
                file.seek(self.start)
                kept.add(file.read(FIRST))
                if size - file.tell() > LAST:
                    kept.add(b"\n[...]\n")
                    file.seek(size - LAST)
                kept.add(file.read(LAST))
        except OSError:
            return None
        return kept.text()


@dataclass(frozen=True, slots=True)
class Unseen:
    """A stream that is handed over as it is, and why nothing is learnt of it."""

    reason: str


Stream: TypeAlias = Copied | Written | Unseen


class Streams:
    """Where stdout and stderr of the program go; with `direct` no pipe or terminal comes in between."""

    def __init__(self, direct: bool = False) -> None:
        self._streams: dict[int, Stream] = {}
        places: dict[object, Stream] = {}
        for descriptor in NAMES:
            place = _place(descriptor)
            if place not in places:
                places[place] = _open(descriptor, direct)
            self._streams[descriptor] = places[place]
        self._distinct = list({id(stream): stream for stream in self._streams.values()}.values())

    def given(self, descriptor: int) -> int | None:
        """Return what the program gets in place of the descriptor; None is the descriptor itself."""
        stream = self._streams[descriptor]
        return stream.theirs if isinstance(stream, Copied) else None

    def begin(self) -> None:
        """Start to copy; the program has been started and holds its sides."""
        for stream in self._copied():
            os.close(stream.theirs)
            stream.pump.start()

    def give_up(self) -> None:
        """Close what was opened: the program was not started."""
        for stream in self._copied():
            os.close(stream.theirs)
            os.close(stream.pump.source)

    def look(self) -> None:
        """Look whether files have grown."""
        for stream in self._distinct:
            if isinstance(stream, Written):
                stream.look()

    def resize(self) -> bool:
        """Take over the size of the terminals; tell whether one stands in between."""
        terminals = [stream.terminal for stream in self._copied() if stream.terminal]
        for terminal in terminals:
            terminal.resize()
        return bool(terminals)

    def finish(self) -> None:
        """Copy the rest, and leave a process behind for what descendants still write."""
        for stream in self._copied():
            stream.pump.finish()
        held = [stream.pump for stream in self._copied() if not stream.pump.over]
        for pump in held:
            _leave_behind(pump, held)
        for pump in held:
            os.close(pump.source)
        self.look()

    def first_output(self, begun: float) -> FirstOutput:
        """Return when something was first seen, in seconds after `begun`."""
        times = []
        for stream in self._distinct:
            first = stream.pump.first if isinstance(stream, Copied) else None
            first = stream.first if isinstance(stream, Written) else first
            times += [first - begun] if first is not None else []
        unseen = tuple(NAMES[n] for n, stream in self._streams.items() if isinstance(stream, Unseen))
        return FirstOutput(max(0.0, min(times)) if times else None, unseen)

    def texts(self) -> tuple[str, str]:
        """Return what is kept of stderr, then of stdout where that went elsewhere."""
        err, out = self._text(self._streams[2]), self._text(self._streams[1])
        return err, ("" if self._streams[1] is self._streams[2] else out)

    def notes(self) -> tuple[str, ...]:
        """Say which streams were not seen, and why."""
        return tuple(
            f"{NAMES[number]} was not seen: {stream.reason}"
            for number, stream in self._streams.items()
            if isinstance(stream, Unseen) and stream.reason
        )

    def _copied(self) -> list[Copied]:
        return [stream for stream in self._distinct if isinstance(stream, Copied)]

    @staticmethod
    def _text(stream: Stream) -> str:
        if isinstance(stream, Copied):
            return stream.pump.captured.text()
        return (stream.text() or "") if isinstance(stream, Written) else ""


def _place(descriptor: int) -> object:
    """Return what is equal for two descriptors that lead to one place."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return descriptor
    return (status.st_dev, status.st_ino, status.st_rdev)


def _open(descriptor: int, direct: bool) -> Stream:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return Unseen("it is closed")
    if stat.S_ISREG(mode):
        return Written(descriptor, _start_of(descriptor))
    if direct:
        return Unseen("--direct hands it over as it is")
    if os.isatty(descriptor):
        return _through_terminal(descriptor)
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        ours, theirs = os.pipe()
        return Copied(theirs, Pump(ours, descriptor), None)
    return Unseen("it leads to a device")


def _through_terminal(descriptor: int) -> Stream:
    try:
        terminal = Terminal(descriptor)
    except (OSError, termios.error) as error:
        return Unseen(f"no second terminal could be opened ({error})")
    return Copied(terminal.theirs, Pump(terminal.ours, descriptor, terminal.mirror), terminal)


def _start_of(descriptor: int) -> int:
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND:
        return os.fstat(descriptor).st_size
    return os.lseek(descriptor, 0, os.SEEK_CUR)


def _leave_behind(pump: Pump, held: list[Pump]) -> None:
    """Fork a process that copies on until the last writer has gone."""
    if os.fork() == 0:
        with contextlib.suppress(BaseException):
            nowhere = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                if descriptor != pump.target:
                    os.dup2(nowhere, descriptor)
            for other in held:
                if other is not pump:
                    os.close(other.source)
            pump.go_on()
        os._exit(0)
