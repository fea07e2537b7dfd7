"""Start the program as a shell would, bound to npdoctor's life."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence

from npdoctor.errors import NpdoctorError

NOT_FOUND, NOT_EXECUTABLE = 127, 126
FAULT_HANDLER = "PYTHONFAULTHANDLER"
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


class CannotStart(NpdoctorError):
    """Say why the program could not be started; the code is that of a shell: 127 not found, else 126."""

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.exit_code = code


def program_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with faulthandler switched on, unless the person has decided about it."""
    return {FAULT_HANDLER: "1", **environ}


def start(
    command: Sequence[str],
    environ: Mapping[str, str],
    stdout: int | None,
    stderr: int | None,
    mask: Iterable[int],
) -> tuple[subprocess.Popen[bytes], float]:
    """Start the program and return it with the monotonic time just before.

    Call it from the main thread while there is no other: the program is killed when the thread that
    started it ends. `mask` is the signal mask that it gets. Every descriptor that npdoctor was given stays
    open in it. Raises CannotStart.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    own, blocked = os.getpid(), list(mask)

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != own:
            os._exit(NOT_EXECUTABLE)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    begun = time.monotonic()
    try:
        process = subprocess.Popen(
            list(command),
            env=dict(environ),
            stdout=stdout,
            stderr=stderr,
            close_fds=False,
            preexec_fn=bind,
        )
    except (OSError, ValueError) as error:
        raise _refused(command[0], error, environ) from None
    return process, begun


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that they stay in sight."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _refused(program: str, error: OSError | ValueError, environ: Mapping[str, str]) -> CannotStart:
    if not isinstance(error, OSError):
        return CannotStart(f"the program cannot be started: {error}", NOT_EXECUTABLE)
    if error.errno != errno.ENOENT:
        if error.errno == errno.ENOEXEC:
            words = "it is no program, and its first line names no interpreter"
        else:
            words = error.strerror or str(error)
        return CannotStart(f"{program} cannot be started: {words}", NOT_EXECUTABLE)
    if os.sep in program:
        there = os.path.exists(program)
        words = "the interpreter in its first line does not exist" if there else "there is no such file"
        return CannotStart(f"{program} cannot be started: {words}", NOT_FOUND)
    if shutil.which(program, path=environ.get("PATH")):
        words = "the interpreter in its first line does not exist"
        return CannotStart(f"{program} cannot be started: {words}", NOT_FOUND)
    return CannotStart(f"{program} was not found on PATH", NOT_FOUND)
