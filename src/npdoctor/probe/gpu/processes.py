"""Tell which of the process numbers that NVML gives belong to this PID namespace.

Runs in the child: of npdoctor it imports the model alone.
"""

from __future__ import annotations

import os
from dataclasses import replace

from npdoctor.model.gpu import GpuProcess, Visibility

_DEVICES = "/dev/nvidia"


def placed(process: GpuProcess, proc: str) -> GpuProcess:
    """Return the process with its visibility, and its program's name where it is one of ours."""
    visibility = _visibility(f"{proc}/{process.pid}", proc)
    command = _program(f"{proc}/{process.pid}/comm") if visibility is Visibility.OWN else ""
    return replace(process, visibility=visibility, command=command)


def _visibility(folder: str, proc: str) -> Visibility:
    """Look whether the process of that number has the driver open.

    NVML may give numbers of the host, which here belong to other processes or to none.
    """
    try:
        descriptors = os.listdir(f"{folder}/fd")
    except FileNotFoundError:
        hidden = not os.path.isdir(f"{proc}/1")  # hidepid: not even process 1 shows
        return Visibility.UNKNOWN if hidden else Visibility.FOREIGN
    except OSError:
        return Visibility.UNKNOWN
    for descriptor in descriptors:
        try:
            if os.readlink(f"{folder}/fd/{descriptor}").startswith(_DEVICES):
                return Visibility.OWN
        except OSError:
            continue
    return Visibility.FOREIGN


def _program(path: str) -> str:
    """Return the kernel's name of the program: arguments may hold secrets."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return "".join(c for c in stream.read(64).strip() if c.isprintable())
    except OSError:
        return ""
