"""Read what the driver's files say, for where NVML says nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from npdoctor.model.gpu import (
    DeviceNode,
    InjectedLibrary,
    KernelGpu,
    KernelModule,
    Maybe,
    Reason,
    Unavailable,
    version_of,
)

VARIABLES = (
    "CUDA_DEVICE_ORDER",
    "CUDA_VERSION",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_DRIVER_CAPABILITIES",
    "NVIDIA_REQUIRE_CUDA",
    "NVIDIA_VISIBLE_DEVICES",
    "RUNPOD_GPU_COUNT",
)
_NODE = re.compile(r"nvidia(\d+|ctl|-modeset|-uvm|-uvm-tools)|dxg")  # dxg: WSL
_MODULE = re.compile(r"^NVRM version:\s*(.*Kernel Module.*?)\s+(\d+\.\d[\d.]*)", re.M)
# Three digits: some libraries that come along, such as libnvidia-egl-wayland, count versions of their own.
_DRIVER_LIBRARY = re.compile(
    r"(lib(?:cuda|cudadebugger|nvcuvid|nvoptix|nvidia-[\w-]+))\.so\.\d{3}\d*\.[\d.]+"
)


def device_nodes(dev: str) -> tuple[DeviceNode, ...]:
    """List the driver's device files, GPUs first.

    Those of GPUs are not opened: that would wake a sleeping board, for seconds. access(2) obeys the device
    rules of the control group all the same.
    """
    try:
        names = [name for name in os.listdir(dev) if _NODE.fullmatch(name)]
    except OSError:
        return ()
    names.sort(key=lambda name: (not name[6:].isdigit(), len(name), name))
    return tuple(DeviceNode(os.path.join(dev, name), _problem(os.path.join(dev, name))) for name in names)


def _problem(path: str) -> str | None:
    try:
        if os.path.basename(path)[6:].isdigit():
            os.stat(path)
            return None if os.access(path, os.R_OK | os.W_OK) else "permission denied"
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY))
    except OSError as problem:
        return (problem.strerror or str(problem)).lower()
    return None


def kernel_module(proc: str) -> Maybe[KernelModule]:
    """Return the version of the driver in the kernel, and whether it is the open one."""
    text = _read(f"{proc}/driver/nvidia/version")
    if isinstance(text, Unavailable):
        return text
    found = _MODULE.search(text)
    if not found:
        return Unavailable(Reason.UNREADABLE, text.strip()[:200])
    return KernelModule(found[2], "Open Kernel Module" in found[1])


def kernel_gpus(proc: str) -> tuple[KernelGpu, ...]:
    """Return the GPUs that the kernel's driver lists, by bus id."""
    folder = f"{proc}/driver/nvidia/gpus"
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return ()
    return tuple(_kernel_gpu(folder, name) for name in names)


def _kernel_gpu(folder: str, name: str) -> KernelGpu:
    text = _read(f"{folder}/{name}/information")
    if isinstance(text, Unavailable):
        return KernelGpu(name, text, text, text)
    fields = {key.strip(): value.strip() for key, _, value in (s.partition(":") for s in text.splitlines())}
    absent = Unavailable(Reason.ABSENT)
    minor = fields.get("Device Minor", "")
    return KernelGpu(
        bus_id=name,
        model=fields.get("Model") or absent,
        uuid=fields.get("GPU UUID") or absent,
        minor=int(minor) if minor.isdecimal() else absent,
    )


def injected_libraries(mountinfo: str) -> tuple[InjectedLibrary, ...]:
    """Return the driver's libraries that are mounted one by one, as container runtimes do it."""
    text = _read(mountinfo)
    found = []
    for line in () if isinstance(text, Unavailable) else text.splitlines():
        fields = line.split(" ")
        path = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4]) if fields[4:] else ""
        library = _DRIVER_LIBRARY.fullmatch(os.path.basename(path))
        version = version_of(path)
        if library and version:
            found.append(InjectedLibrary(library[1], version, path))
    return tuple(found)


def visibility_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that decide which GPUs are seen; an empty value says something too."""
    return {name: environ[name] for name in VARIABLES if name in environ}


def _read(path: str) -> str | Unavailable:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(1 << 22)
    except (FileNotFoundError, NotADirectoryError):
        return Unavailable(Reason.ABSENT)
    except PermissionError:
        return Unavailable(Reason.NO_PERMISSION)
    except OSError as problem:
        return Unavailable(Reason.FAILED, problem.strerror or str(problem))
