"""One npdoctor at a time alters an environment."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator

from npdoctor.fix.write.state import environment_key, make_private

_ORPHAN_SECONDS = 20.0
_LOOK_SECONDS = 0.3  # who only looks whether it is free holds it for a moment
_PAUSE = 0.05


class InUse(Exception):
    """Say who holds the environment."""


class Lock:
    """A lock that is held; an installer inherits it, so that it outlives a killed npdoctor with it."""

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def note(self, installer: int | None = None) -> None:
        """Write down who holds the lock, and the leader of the installer's session."""
        started = _started(installer) if installer else None
        note = {
            "pid": os.getpid(),
            "started": _started(os.getpid()),
            "installer": installer,
            "since": started,
        }
        os.ftruncate(self.handle, 0)
        os.pwrite(self.handle, json.dumps(note).encode(), 0)


@contextlib.contextmanager
def hold(state: str, prefix: str) -> Iterator[Lock]:
    """Hold the lock of an environment; raises InUse where another npdoctor does.

    An installer whose npdoctor was killed is ended first: what it does would race with what follows.
    """
    handle = os.open(_path(state, prefix), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(handle)
        lock = Lock(handle)
        lock.note()
        yield lock
    finally:
        os.close(handle)


def holder(state: str, prefix: str) -> str:
    """Tell in words who holds the lock of an environment, empty where nobody alive does."""
    try:
        handle = os.open(_path(state, prefix), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return ""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        note = _note(handle)
        return "" if _orphaned(note) else _words(note)
    else:
        return ""
    finally:
        os.close(handle)


def _path(state: str, prefix: str) -> str:
    return os.path.join(make_private(os.path.join(state, "locks")), environment_key(prefix))


def _acquire(handle: int) -> None:
    begun = time.monotonic()
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note = _note(handle)
            orphaned = _orphaned(note)
            if time.monotonic() - begun > (_ORPHAN_SECONDS if orphaned else _LOOK_SECONDS):
                raise InUse(_words(note)) from None
            if orphaned:
                _end_installer(note)
            time.sleep(_PAUSE)
        else:
            return


def _note(handle: int) -> dict[str, int | None]:
    try:
        note = json.loads(os.pread(handle, 4096, 0))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _orphaned(note: dict[str, int | None]) -> bool:
    """Tell whether the npdoctor that took the lock is dead, so that only its installer still holds it."""
    pid = note.get("pid")
    return isinstance(pid, int) and _started(pid) != note.get("started")


def _end_installer(note: dict[str, int | None]) -> None:
    leader = note.get("installer")
    if isinstance(leader, int) and leader > 1 and _started(leader) == note.get("since"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


def _words(note: dict[str, int | None]) -> str:
    pid = note.get("pid")
    return f"Another npdoctor is changing this environment{f' (process {pid})' if pid else ''}."


def _started(pid: int) -> int | None:
    """Return when a living process began, in clock ticks since boot; None where there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[19])
