"""NPD308: what hides GPUs from a program, or names some that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from npdoctor.diagnose.boards import found, system_of, uses_cuda
from npdoctor.diagnose.context import Context
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.gpu import GpuFacts, GpuSystem, Reason, Unavailable

_SELECTION = "CUDA_VISIBLE_DEVICES"
_NONE_ON_PURPOSE = ("", "-1", "none", "void", "NoDevFiles")
_INDEX = re.compile(r"[+-]?\d+")


def hidden(context: Context) -> Iterator[Finding]:
    """Yield NPD308, one for each thing that hides or misnames; nothing where there is no GPU."""
    facts = found(context)
    system = system_of(facts)
    if facts is None or system is None or not system.gpus:
        return
    grave = Severity.BROKEN if uses_cuda(context) else Severity.WARNING
    yield from _selection(facts, system, grave)
    yield from _counts(facts, system)
    yield from _closed(context, facts, system, grave)
    yield from _without_libcuda(facts, grave)


def _selection(facts: GpuFacts, system: GpuSystem, grave: Severity) -> Iterator[Finding]:
    value = facts.files.variables.get(_SELECTION)
    if value is None or not isinstance(system.count, int):
        return
    evidence = (Evidence("host", _SELECTION, value or "(empty)"), _counted(system))
    if value.strip() in _NONE_ON_PURPOSE:
        yield _of_host(
            Severity.INFO,
            f"{_SELECTION} hides every GPU",
            "Programs started from here run on the CPU. That is a common way to ask for it.",
            evidence,
            f"unset {_SELECTION}, if the GPU is to be used.",
        )
        return
    named = [part.strip() for part in value.split(",")]
    wrong = next((n for n, part in enumerate(named) if not _names_one(part, system)), None)
    if wrong is not None:
        after = "no GPU is seen" if wrong == 0 else f"only the first {wrong} named are seen"
        yield _of_host(
            grave if wrong == 0 else Severity.WARNING,
            f"{_SELECTION} names {named[wrong] or 'an empty place'}, which is not here: {after}",
            "CUDA stops reading at the first name that it does not know. Numbers count from 0 among the GPUs "
            "of this pod, not of the host.",
            evidence,
            f"unset {_SELECTION}, or correct it; look for it in the program too.",
        )


def _names_one(part: str, system: GpuSystem) -> bool:
    """Tell whether CUDA would find a GPU by this name; of divided boards it is not judged."""
    if any(gpu.mig_enabled is True for gpu in system.gpus):
        return True
    if _INDEX.fullmatch(part):
        return isinstance(system.count, int) and 0 <= int(part) < system.count
    known = [gpu.identity.uuid for gpu in system.gpus]
    if any(isinstance(uuid, Unavailable) for uuid in known):
        return True
    return part.startswith("GPU-") and any(str(uuid).startswith(part) for uuid in known)


def _counts(facts: GpuFacts, system: GpuSystem) -> Iterator[Finding]:
    """Hold what the provider or the runtime promised against what NVML counts."""
    if not isinstance(system.count, int):
        return
    promised = facts.files.variables.get("RUNPOD_GPU_COUNT", "").strip()
    listed = [part for part in facts.files.variables.get("NVIDIA_VISIBLE_DEVICES", "").split(",") if part]
    for name, count in (
        ("RUNPOD_GPU_COUNT", int(promised) if promised.isdecimal() else 0),
        ("NVIDIA_VISIBLE_DEVICES", len(listed) if all(map(_is_device, listed)) else 0),
    ):
        if count > system.count:
            yield _of_host(
                Severity.WARNING,
                f"{name} promises {count} GPUs, and {system.count} can be seen",
                "A GPU was lost, or was not given to this container.",
                (Evidence("host", name, facts.files.variables[name]), _counted(system)),
                "Restart the pod; if it stays so, take another one and report this one.",
            )
            return


def _is_device(part: str) -> bool:
    return bool(re.fullmatch(r"\s*(\d+|GPU-[0-9a-f-]+)\s*", part))


def _closed(context: Context, facts: GpuFacts, system: GpuSystem, grave: Severity) -> Iterator[Finding]:
    """Judge the files that CUDA opens for these GPUs; those of boards that are not ours do not count."""
    minors = {gpu.identity.minor for gpu in system.gpus}
    wanted = {"nvidiactl", "nvidia-uvm", *(f"nvidia{minor}" for minor in minors if isinstance(minor, int))}
    closed = [
        Evidence("host", node.path, node.problem)
        for node in facts.files.nodes
        if node.problem is not None and node.path.rpartition("/")[2] in wanted
    ]
    names = {node.path.rpartition("/")[2] for node in facts.files.nodes}
    if "nvidiactl" in names and "nvidia-uvm" not in names and context.snapshot.host.is_container:
        closed.append(Evidence("host", "/dev/nvidia-uvm", "is not there"))
    if closed:
        yield _of_host(
            grave,
            f"CUDA cannot open {_list([e.source for e in closed])}",
            "NVML works, and CUDA ends with `CUDA unknown error` or sees no GPU.",
            tuple(closed),
            "Restart the pod, so that the container gets its devices; start one of your own with --gpus all.",
        )


def _without_libcuda(facts: GpuFacts, grave: Severity) -> Iterator[Finding]:
    libcuda = facts.files.libcuda
    if not isinstance(libcuda, Unavailable) or libcuda.reason is not Reason.ABSENT or libcuda.detail:
        return
    name = "NVIDIA_DRIVER_CAPABILITIES"
    value = facts.files.variables.get(name)
    lacks = value is not None and not {"all", "compute"} & set(value.split(","))
    yield _of_host(
        grave,
        f"{name} leaves out compute, so that there is no libcuda" if lacks else "libcuda.so.1 is not there",
        "NVML works, and no program can compute: `Found no NVIDIA driver on your system`.",
        (
            Evidence("file", "libcuda.so.1", "the loader does not find it"),
            *((Evidence("host", name, value or "(empty)"),) if value is not None else ()),
        ),
        f"Start the container with {name}=compute,utility.",
    )


def _counted(system: GpuSystem) -> Evidence:
    return Evidence("nvml", "count", f"{system.count} here")


def _of_host(
    severity: Severity, title: str, message: str, evidence: tuple[Evidence, ...], remedy: str
) -> Finding:
    return Finding("NPD308", severity, "host", None, title, message, evidence, remedy)


def _list(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
