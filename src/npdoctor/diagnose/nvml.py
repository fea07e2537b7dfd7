"""NPD301 and NPD302: a GPU is expected, and its driver cannot be reached or is of two versions."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.diagnose.boards import found, kernel_version, system_of, uses_cuda
from npdoctor.diagnose.context import Context
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.gpu import (
    CudaLibrary,
    CudaOrigin,
    FailureKind,
    GpuFacts,
    NvmlFailure,
    Unavailable,
)

_ASKED_FOR_NONE = ("", "none", "void")
_NEW_POD = "If the pod was meant to have a GPU, restart it, or replace it by another."
# By kind of failure: what it means, and what helps from inside a pod.
_WORDS = {
    FailureKind.NO_LIBRARY: (
        "The driver's management library was not given to this container.",
        "Start the container with a GPU, and with NVIDIA_DRIVER_CAPABILITIES=compute,utility. "
        "No Python package brings this library.",
    ),
    FailureKind.DAMAGED_LIBRARY: (
        "The driver's management library is there and cannot be loaded.",
        "Remove the copy if the image brought it; the container runtime puts in the right one. " + _NEW_POD,
    ),
    FailureKind.FOREIGN_LIBRARY: (
        "What the loader finds is a stub to link against, or another library of that name.",
        "Take its folder off LD_LIBRARY_PATH.",
    ),
    FailureKind.DRIVER_NOT_LOADED: (
        "The library is here and the driver is not running on this host.",
        _NEW_POD + " The driver belongs to the host.",
    ),
    FailureKind.NO_PERMISSION: (
        "The device files are here and may not be used.",
        "Run as a user who may open /dev/nvidia*, or start the container with the GPU given to it.",
    ),
    FailureKind.UNKNOWN: (
        "This is mostly a container that lost its right to the devices, after a reload of systemd on the "
        "host. Programs that run already may go on.",
        "Restart the pod.",
    ),
    FailureKind.TIMED_OUT: (
        "The driver gives no answer. A board that hangs does that.",
        "Wait and look again; if it stays so, take another pod and report this one.",
    ),
    FailureKind.DIED: (
        "The driver's library ended the process that asked it.",
        "Restart the pod; if it stays so, take another one and report this one.",
    ),
    FailureKind.NOT_ASKED: ("npdoctor could not ask.", "Look by hand: nvidia-smi."),
}
_COULD_NOT_LOOK = (FailureKind.TIMED_OUT, FailureKind.NOT_ASKED)


def unreachable(context: Context) -> Iterator[Finding]:
    """Yield NPD301 where something says that there should be a GPU and NVML cannot be reached."""
    facts = found(context)
    failure = facts.nvml if facts else None
    if facts is None or not isinstance(failure, NvmlFailure):
        return
    strong, weak = _signs(facts)
    if failure.kind in (FailureKind.MISMATCH, FailureKind.NOT_NEEDED) or not (strong or weak):
        return
    meaning, remedy = _WORDS[failure.kind]
    without_utility = failure.kind is FailureKind.NO_LIBRARY and isinstance(facts.files.libcuda, CudaLibrary)
    if without_utility and strong:
        meaning = "CUDA may work all the same: libcuda is here, and only the library to look at GPUs is not."
    severity = Severity.BROKEN if uses_cuda(context) and not without_utility else Severity.WARNING
    if failure.kind in _COULD_NOT_LOOK:
        severity = Severity.UNKNOWN
    yield Finding(
        "NPD301",
        severity if strong else Severity.INFO,
        "driver",
        failure.library_version,
        f"a GPU is expected, and NVML cannot be reached: {failure.kind.value}",
        meaning,
        (
            Evidence("nvml", failure.library or "NVML", _said(failure)),
            *strong,
            *weak,
            *(
                Evidence("host", node.path, node.problem)
                for node in facts.files.nodes
                if node.problem is not None
            ),
        ),
        remedy if strong else "Nothing to do where no GPU is wanted. " + remedy,
    )


def cut_short(context: Context) -> Iterator[Finding]:
    """Yield NPD301 for the GPUs that NVML did not get to."""
    system = system_of(found(context))
    if system is None or system.cut_short is None:
        return
    first = len(system.gpus)
    yield Finding(
        "NPD301",
        Severity.UNKNOWN,
        f"gpu:{first}",
        None,
        f"could not be read: {system.cut_short.kind.value}",
        f"NVML answered for {first} of {system.count} GPUs. The others are not known.",
        (Evidence("nvml", system.cut_short.library or "NVML", _said(system.cut_short)),),
        _WORDS.get(system.cut_short.kind, ("", _NEW_POD))[1],
    )


def mismatched(context: Context) -> Iterator[Finding]:
    """Yield NPD302 where the driver in the kernel and its libraries are of different versions."""
    facts = found(context)
    if facts is None:
        return
    kernel, failure = kernel_version(facts), facts.nvml
    evidence = []
    if isinstance(failure, NvmlFailure) and failure.kind is FailureKind.MISMATCH:
        evidence.append(Evidence("nvml", failure.library or "NVML", _said(failure)))
    others = []
    if kernel:
        others = [(lib.path, lib.version) for lib in facts.files.injected if lib.version != kernel]
        libcuda = facts.files.libcuda
        if isinstance(libcuda, CudaLibrary) and libcuda.origin is CudaOrigin.DRIVER and libcuda.version:
            others += [(libcuda.real_path, libcuda.version)] if libcuda.version != kernel else []
    if not evidence and not others:
        return
    if kernel:
        evidence.append(Evidence("host", "/proc/driver/nvidia/version", f"kernel module {kernel}"))
    versions = sorted({version for _, version in others})
    if not versions and isinstance(failure, NvmlFailure) and failure.library_version:
        versions = [failure.library_version]
    told = f"the kernel has driver {kernel or 'of another version'}, the libraries are {', '.join(versions)}"
    yield Finding(
        "NPD302",
        Severity.BROKEN if uses_cuda(context) else Severity.WARNING,
        "driver",
        kernel,
        told if versions else "the kernel's driver and its library are of different versions",
        "CUDA needs both of one version. The host's driver was changed under this container, or the image "
        "brings a driver library of its own.",
        (*evidence, *(Evidence("file", path, f"version {version}") for path, version in others[:5])),
        "Restart the pod, so that it gets the libraries of the driver that runs. If the image brings its "
        "own, remove that copy.",
    )


def _signs(facts: GpuFacts) -> tuple[list[Evidence], list[Evidence]]:
    """Return what says that a GPU should be here: for certain, and as images set it for any machine."""
    files = facts.files
    strong = [Evidence("host", node.path, "is there") for node in files.nodes[:3]]
    if not isinstance(files.kernel_module, Unavailable):
        strong.append(
            Evidence("host", "/proc/driver/nvidia/version", f"driver {files.kernel_module.version}")
        )
    strong += [Evidence("host", library.path, "was mounted here") for library in files.injected[:2]]
    weak: list[Evidence] = []
    visible = files.variables.get("NVIDIA_VISIBLE_DEVICES", "").strip()
    if visible not in _ASKED_FOR_NONE:
        sign = Evidence("host", "NVIDIA_VISIBLE_DEVICES", visible)
        (weak if visible == "all" else strong).append(sign)
    count = files.variables.get("RUNPOD_GPU_COUNT", "").strip()
    if count.isdecimal() and int(count):
        strong.append(Evidence("host", "RUNPOD_GPU_COUNT", count))
    return strong, weak


def _said(failure: NvmlFailure) -> str:
    return f"{failure.words} (NVML {failure.code})" if failure.code is not None else failure.words
