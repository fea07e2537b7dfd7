"""Start the process that talks to NVML, listen to it for so long, and end it for certain."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from enum import Enum
from typing import Any

import npdoctor
from npdoctor.model.gpu import FailureKind, NvmlFailure
from npdoctor.probe.gpu.wire import from_line
from npdoctor.probe.launch import start_agent

# -S leaves .pth files unrun, and the place of npdoctor comes after the standard library: works from a
# folder and from a zip file alike. -B: npdoctor may be installed where it looks.
_OPTIONS = ("-I", "-S", "-B", "-c")
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); from npdoctor.probe.gpu.child import main; main(sys.argv[2:])"
)
_LONGEST_LINE = 1 << 22
_ENDING = 1.0
_REAPING = 0.1


class Silence(Enum):
    """Why there is no line."""

    YET = "none has come yet"
    ENDED = "the process has ended"


class CannotAsk(Exception):
    """Carry the failure to start the process."""

    def __init__(self, problem: Exception) -> None:
        words = f"no process to ask NVML can be started: {problem}"
        super().__init__(words)
        self.failure = NvmlFailure(FailureKind.NOT_ASKED, words)


class Asking:
    """The running process; a context manager that ends it, hung or not.

    `interval` in seconds makes it sample for ever, 0 read once.
    """

    def __init__(self, environ: Mapping[str, str], proc: str, interval: float = 0) -> None:
        self._buffer = b""
        self._over = False
        try:
            self._line, theirs = socket.socketpair()
        except OSError as problem:
            raise CannotAsk(problem) from problem
        with theirs:
            try:
                self._process = _start(theirs.fileno(), environ, proc, interval)
            except (OSError, ValueError, importlib.metadata.PackageNotFoundError) as problem:
                self._line.close()
                raise CannotAsk(problem) from problem

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def hear(self, until: float) -> Any:
        """Return the next word of the model, or Silence; ValueError says that it is not one.

        `until` is a time of the monotonic clock.
        """
        while True:
            line, found, rest = self._buffer.partition(b"\n")
            if found:
                self._buffer = rest
                return from_line(line)
            if self._over:
                return Silence.ENDED
            if len(self._buffer) > _LONGEST_LINE:
                raise ValueError("a line without an end")
            self._line.settimeout(max(0.001, until - time.monotonic()))
            try:
                chunk = self._line.recv(1 << 16)
            except TimeoutError:
                return Silence.YET
            except OSError:
                chunk = b""
            self._buffer += chunk
            self._over = not chunk

    def how_it_ended(self) -> tuple[FailureKind, str]:
        """Return how the process ended, once it has: a signal is the driver's doing, a code may be ours."""
        try:
            status = self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            return FailureKind.DIED, "the process that asked NVML fell silent"
        if status < 0:
            return FailureKind.DIED, f"the process that asked NVML was ended by {_signal(-status)}"
        return FailureKind.NOT_ASKED, f"the process that asked NVML ended with code {status}"

    def end(self) -> None:
        """Kill the process; one that hangs in the driver is left to the system, not waited for."""
        self._line.close()
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_REAPING)


def _start(line: int, environ: Mapping[str, str], proc: str, interval: float) -> subprocess.Popen[bytes]:
    place = os.path.abspath(os.path.dirname(npdoctor.__path__[0]))
    return start_agent(
        sys.executable,
        [*_OPTIONS, _PROGRAM, place, str(line), _binding_file(), proc, str(interval)],
        cwd=os.sep,
        pass_fds=(line,),
        environ=environ,
    )


def _binding_file() -> str:
    """Return where nvidia-ml-py keeps its module: another distribution may offer the same name first."""
    return os.path.abspath(str(importlib.metadata.distribution("nvidia-ml-py").locate_file("pynvml.py")))


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
