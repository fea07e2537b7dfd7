"""Find the processes that belong to a program: its descendants, and those it left to npdoctor."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

# A number may be given to another process: what was found to be outside is looked at anew after so many.
FORGET_AFTER = 50
_ASKS_NVML = b"npdoctor.probe.gpu.child"
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Process:
    """One process at one time: state letter and parent as /proc tells them, resident memory in bytes."""

    pid: int
    state: str
    parent: int
    rss: int


class ProcessTree:
    """The program with number `root`, everything below it, and its orphans that npdoctor adopted."""

    def __init__(self, root: int) -> None:
        self.root = root
        self._own = os.getpid()
        self._outside: set[int] = set()
        self._looks = 0

    def look(self) -> list[Process]:
        """Return the processes that are alive, and collect adopted ones that have ended."""
        self._looks += 1
        if self._looks % FORGET_AFTER == 0:
            self._outside.clear()
        present = {int(name) for name in os.listdir("/proc") if name.isdecimal()}
        self._outside &= present
        seen = {}
        for pid in present - self._outside - {self._own}:
            process = read_process(pid)
            if process:
                seen[pid] = process
        members: dict[int, bool] = {self.root: True, self._own: False}
        for process in seen.values():
            self._decide(process, seen, members)
        self._outside.update(pid for pid, inside in members.items() if not inside and pid != self._own)
        alive = []
        for process in seen.values():
            if not members.get(process.pid):
                continue
            if process.state != "Z":
                alive.append(process)
            elif process.parent == self._own and process.pid != self.root:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(process.pid, os.WNOHANG)
        return alive

    def _decide(self, process: Process, seen: dict[int, Process], members: dict[int, bool]) -> None:
        """Follow the parents up to one that is decided, and decide all on the way alike."""
        way = []
        at: Process | None = process
        inside = False
        while at is not None and at.pid not in way:
            if at.pid in members:
                inside = members[at.pid]
                break
            way.append(at.pid)
            if at.parent == self._own:
                inside = not _is_ours(at.pid)
                break
            at = seen.get(at.parent)
        members.update(dict.fromkeys(way, inside))


def read_process(pid: int) -> Process | None:
    """Read /proc/PID/stat; None where the process has gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return Process(pid, fields[0].decode(), int(fields[1]), int(fields[21]) * _PAGE)
    except (OSError, IndexError, ValueError):
        return None


def _is_ours(pid: int) -> bool:
    """Tell whether a child of npdoctor is its own helper: the one that asks NVML, or one just forked."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read(8192)
        with open("/proc/self/cmdline", "rb") as file:
            return _ASKS_NVML in command or command == file.read(8192)
    except OSError:
        return False
