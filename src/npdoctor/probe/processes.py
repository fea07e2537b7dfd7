"""Find running processes that still hold libraries which an install has since replaced."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator

from npdoctor.model.host import StaleProcess

_DELETED = re.compile(
    rb"^\S+ \S+ \S+ \S+ \S+\s+(/[^\n]*/(?:site|dist)-packages/[^\n]*\.so[^\n/]*) \(deleted\)$", re.M
)
_SHOWN = 20
_OPTIONS_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")


def stale_processes(own_pid: int, budget: float = 0.3, proc: str = "/proc") -> tuple[StaleProcess, ...]:
    """Return the processes of this user that map a deleted library of a site-packages folder.

    Pythons are looked at first, so that what the budget (seconds) leaves out is least likely to matter.
    """
    until = time.monotonic() + budget
    found = []
    for pid in _pythons_first(proc):
        if time.monotonic() > until:
            break
        libraries = _deleted_libraries(f"{proc}/{pid}/maps")
        if libraries and not _descends(pid, own_pid, proc):
            found.append(StaleProcess(pid, _command(f"{proc}/{pid}/cmdline"), libraries[:_SHOWN]))
    return tuple(sorted(found, key=lambda process: process.pid))


def _pythons_first(proc: str) -> Iterator[int]:
    """Yield the process numbers that may be looked at, those running a Python program first."""
    others = []
    try:
        names = os.listdir(proc)
    except OSError:
        return
    for name in names:
        if not name.isdecimal():
            continue
        try:
            program = os.readlink(f"{proc}/{name}/exe")
        except OSError:  # a kernel thread, another user's process, or gone
            continue
        if "python" in os.path.basename(program):
            yield int(name)
        else:
            others.append(int(name))
    yield from others


def _deleted_libraries(maps: str) -> tuple[str, ...]:
    try:
        with open(maps, "rb") as stream:
            text = stream.read()
    except OSError:
        return ()
    if b"(deleted)" not in text:
        return ()
    return tuple(sorted({os.fsdecode(path) for path in _DELETED.findall(text)}))


def _descends(pid: int, ancestor: int, proc: str) -> bool:
    """Tell whether a process is that ancestor, or was started under it."""
    for _ in range(64):
        if pid == ancestor:
            return True
        try:
            with open(f"{proc}/{pid}/stat", "rb") as stat:
                pid = int(stat.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return False
        if pid <= 1:
            return pid == ancestor
    return False


def _command(cmdline: str) -> str:
    """Return the program and its script without arguments, which may hold secrets."""
    try:
        with open(cmdline, "rb") as stream:
            words = os.fsdecode(stream.read(65536)).split("\0")[:-1]
    except OSError:
        return ""
    if not words:
        return ""
    program = _plain(words[0])
    if "python" in os.path.basename(program):
        return " ".join([program, *_script(words[1:])])
    return program


def _script(arguments: list[str]) -> list[str]:
    """Return the script or `-m module` among an interpreter's arguments."""
    rest = iter(arguments)
    for word in rest:
        if word == "-m":
            return ["-m", _plain(next(rest, ""))]
        if word.startswith("-c"):
            return ["-c"]
        if word in _OPTIONS_WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            return [_plain(word)]
    return []


def _plain(word: str) -> str:
    """Cut a word at the first blank: a process may have put its whole title there."""
    parts = word.split(None, 1)
    return "".join(c for c in parts[0] if c.isprintable())[:200] if parts else ""
