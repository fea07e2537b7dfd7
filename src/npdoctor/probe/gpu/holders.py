"""Count the processes of this PID namespace that have the driver open, whatever NVML lists."""

from __future__ import annotations

import os
import time

_DEVICES = "/dev/nvidia"


def count_holders(proc: str, budget: float = 0.2) -> int | None:
    """Return how many hold a device of the driver open; None where some could not be looked at.

    NVML often shows a container none of its own processes. Looks for `budget` seconds at most.
    """
    until = time.monotonic() + budget
    count = 0
    try:
        names = [name for name in os.listdir(proc) if name.isdecimal()]
    except OSError:
        return None
    if "1" not in names:  # hidepid: not all of them show
        return None
    for name in names:
        if time.monotonic() > until:
            return None
        held = _holds(f"{proc}/{name}/fd")
        if held is None:
            return None
        count += held
    return count


def _holds(folder: str) -> bool | None:
    """Tell whether a process has the driver open; None where it may not be looked at."""
    try:
        with os.scandir(folder) as descriptors:
            for descriptor in descriptors:
                try:
                    if os.readlink(descriptor.path).startswith(_DEVICES):
                        return True
                except FileNotFoundError:
                    continue
    except (FileNotFoundError, ProcessLookupError):
        return False
    except OSError:
        return None
    return False
