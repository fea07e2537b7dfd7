"""Kill what an examination could not clear away in time: an interpreter that does not answer."""

from __future__ import annotations

import contextlib
import glob
import os
import signal


def end_children() -> None:
    """Kill every child of this process, each with its process group where it leads one."""
    for path in glob.glob("/proc/self/task/*/children"):
        with contextlib.suppress(OSError, ValueError):
            with open(path) as file:
                children = [int(pid) for pid in file.read().split()]
            for child in children:
                _kill(child)


def _kill(child: int) -> None:
    with contextlib.suppress(OSError):
        if os.getpgid(child) == child:
            os.killpg(child, signal.SIGKILL)
        else:
            os.kill(child, signal.SIGKILL)
