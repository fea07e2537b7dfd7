"""Read what changes from second to second of one GPU, with few calls.

Runs in the child: of npdoctor it imports the model alone.
"""

from __future__ import annotations

from typing import Any

from npdoctor.model.gpu import (
    GpuProcess,
    Load,
    Maybe,
    Memory,
    ProcessKind,
    Reason,
    Unavailable,
    Utilisation,
)
from npdoctor.probe.gpu.binding import Nvml, converted
from npdoctor.probe.gpu.processes import placed

_MEMORY_V2 = 0x02000028  # nvmlMemory_v2 of nvml.h: the size of the structure and its version
_SENSOR_GPU = 0


def read_load(nvml: Nvml, handle: Any, proc: str) -> Load:
    """Return the load of the GPU behind a handle; `proc` is where /proc is."""
    temperature = nvml.first(
        lambda: nvml.ask("nvmlDeviceGetTemperatureV", handle, _SENSOR_GPU),
        lambda: nvml.ask("nvmlDeviceGetTemperature", handle, _SENSOR_GPU),
    )
    return Load(
        memory=read_memory(nvml, handle, proc),
        utilisation=converted(
            nvml.ask("nvmlDeviceGetUtilizationRates", handle),
            lambda rates: Utilisation(int(rates.gpu), int(rates.memory)),
        ),
        temperature=converted(temperature, int),
        power=converted(nvml.ask("nvmlDeviceGetPowerUsage", handle), lambda milliwatts: milliwatts / 1000),
        processes=read_processes(nvml, handle, proc),
    )


def read_memory(nvml: Nvml, handle: Any, proc: str) -> Maybe[Memory]:
    """Return the memory in bytes: the machine's where the GPU has none of its own.

    Such boards answer "not supported", or a total of zero.
    """
    answer = nvml.first(
        lambda: nvml.ask("nvmlDeviceGetMemoryInfo", handle, version=_MEMORY_V2),
        lambda: nvml.ask("nvmlDeviceGetMemoryInfo", handle),
    )
    if isinstance(answer, Unavailable):
        return _unified(proc) if answer.reason is Reason.NOT_SUPPORTED else answer
    memory = converted(answer, _memory)
    return _unified(proc) if isinstance(memory, Memory) and memory.total == 0 else memory


def _memory(info: Any) -> Memory:
    reserved = getattr(info, "reserved", None)
    return Memory(
        total=int(info.total),
        used=int(info.used),
        free=int(info.free),
        reserved=Unavailable(Reason.NOT_OFFERED) if reserved is None else int(reserved),
    )


def _unified(proc: str) -> Maybe[Memory]:
    sizes: dict[str, int] = {}
    try:
        with open(f"{proc}/meminfo", encoding="ascii", errors="replace") as stream:
            for line in stream:
                name, _, size = line.partition(":")
                if name in ("MemTotal", "MemAvailable"):
                    sizes[name] = int(size.split()[0]) * 1024
        total, free = sizes["MemTotal"], sizes["MemAvailable"]
    except (OSError, KeyError, ValueError, IndexError):
        return Unavailable(Reason.NOT_SUPPORTED, "unified memory, and /proc/meminfo cannot be read")
    return Memory(total, total - free, free, Unavailable(Reason.NOT_SUPPORTED), unified=True)


def read_processes(nvml: Nvml, handle: Any, proc: str) -> Maybe[tuple[GpuProcess, ...]]:
    """Return the processes on a GPU by number; one list that cannot be had does not hide the other."""

    def running(function: str) -> Any:
        return nvml.first(lambda: nvml.ask(function, handle), lambda: nvml.ask(f"{function}_v2", handle))

    lists = {
        ProcessKind.COMPUTE: running("nvmlDeviceGetComputeRunningProcesses"),
        ProcessKind.GRAPHICS: running("nvmlDeviceGetGraphicsRunningProcesses"),
    }
    if all(isinstance(answer, Unavailable) for answer in lists.values()):
        reason: Unavailable = lists[ProcessKind.COMPUTE]
        return reason
    found: dict[int, GpuProcess] = {}
    for kind, answer in lists.items():
        rows = converted(answer, lambda rows: [(int(row.pid), _size(row.usedGpuMemory)) for row in rows])
        for pid, memory in () if isinstance(rows, Unavailable) else rows:
            both = pid in found and found[pid].kind is not kind
            found[pid] = GpuProcess(pid, memory, ProcessKind.BOTH if both else kind)
    return tuple(placed(found[pid], proc) for pid in sorted(found))


def _size(memory: int | None) -> Maybe[int]:
    return Unavailable(Reason.NOT_SUPPORTED) if memory is None else int(memory)
