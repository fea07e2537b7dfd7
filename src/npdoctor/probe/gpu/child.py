"""The process that talks to NVML: the driver may hang it or bring it down, and nobody else.

It writes lines of the model over a socket as it goes, so that what it said before counts.
"""

from __future__ import annotations

import os
import resource
import threading
import time
from typing import Any

from npdoctor.model.gpu import GpuSystem, Sample, Unavailable
from npdoctor.probe.gpu.binding import NvmlUnreachable, converted, load, text_of
from npdoctor.probe.gpu.device import read_gpu
from npdoctor.probe.gpu.load import read_load
from npdoctor.probe.gpu.wire import to_line


def main(arguments: list[str]) -> None:
    """Read once or sample for ever: line (a socket), binding file, /proc and interval (0 for once)."""
    line, binding_file, proc, interval = int(arguments[0]), *arguments[1:3], float(arguments[3])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()
    try:
        if interval:
            _sample(line, binding_file, proc, interval)
        else:
            _read(line, binding_file, proc)
    except NvmlUnreachable as end:
        _say(line, end.failure)
    os._exit(0)  # NVML's own exit handlers may hang


def _end_with(line: int) -> None:
    """End this process when npdoctor closes its end of the line, or is gone; nothing else comes over it."""
    try:
        os.read(line, 1)
    finally:
        os._exit(0)


def _read(line: int, binding_file: str, proc: str) -> None:
    nvml = load(binding_file)
    _say(line, nvml.library)
    nvml.start()
    count = converted(nvml.ask("nvmlDeviceGetCount"), int)
    cuda = nvml.first(
        lambda: nvml.ask("nvmlSystemGetCudaDriverVersion_v2"),
        lambda: nvml.ask("nvmlSystemGetCudaDriverVersion"),
    )
    system = GpuSystem(
        driver_version=text_of(nvml.ask("nvmlSystemGetDriverVersion")),
        cuda_version=converted(cuda, lambda number: (number // 1000, number % 1000 // 10)),
        nvml_version=text_of(nvml.ask("nvmlSystemGetNVMLVersion")),
        library=nvml.library,
        count=count,
    )
    _say(line, system)
    for index in range(0 if isinstance(count, Unavailable) else count):
        _say(line, read_gpu(nvml, index, proc))


def _sample(line: int, binding_file: str, proc: str, interval: float) -> None:
    nvml = load(binding_file)
    nvml.start()
    count = converted(nvml.ask("nvmlDeviceGetCount"), int)
    numbers = range(0 if isinstance(count, Unavailable) else count)
    handles = [nvml.ask("nvmlDeviceGetHandleByIndex", index) for index in numbers]
    due = time.monotonic()
    while True:
        _say(line, Sample(time.monotonic(), tuple(read_load(nvml, handle, proc) for handle in handles)))
        due = max(due + interval, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


def _say(line: int, value: Any) -> None:
    """Write one word whole, or end: nobody listens any more."""
    word = to_line(value)
    try:
        while word:
            word = word[os.write(line, word) :]
    except OSError:
        os._exit(0)
