"""NPD308: what hides GPUs from a program, or names some that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from npdoctor.diagnose.boards import found, system_of, uses_cuda
from npdoctor.diagnose.context import Context
from npdoctor.diagnose.device_names import is_here, is_uuid
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.gpu import GpuFacts, GpuSystem, Reason, Unavailable

_SELECTION = "CUDA_VISIBLE_DEVICES"
_GIVEN = "NVIDIA_VISIBLE_DEVICES"
_NONE_ON_PURPOSE = ("", "-1", "none", "void", "NoDevFiles")


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
    here = [is_here(part, system) for part in named]
    first = next((n for n, answer in enumerate(here) if answer is not True), None)
    if first is None:
        return
    if here[first] is None:
        yield _of_host(
            Severity.UNKNOWN,
            f"{_SELECTION} names {named[first]}: not known whether that is here",
            "NVML did not tell the ids of all GPUs and of their slices.",
            evidence,
            "Compare it with nvidia-smi -L.",
        )
        return
    after = "no GPU is seen" if first == 0 else f"only the first {first} named are seen"
    yield _of_host(
        grave if first == 0 else Severity.WARNING,
        f"{_SELECTION} names {named[first] or 'an empty place'}, which is not here: {after}",
        "CUDA stops reading at the first name that it does not know. Numbers count from 0 among the GPUs "
        "of this pod, not of the host.",
        evidence,
        f"unset {_SELECTION}, or correct it; look for it in the program too.",
    )


def _counts(facts: GpuFacts, system: GpuSystem) -> Iterator[Finding]:
    """Hold what the provider or the runtime promised against what NVML tells of."""
    if not isinstance(system.count, int):
        return
    promised = facts.files.variables.get("RUNPOD_GPU_COUNT", "").strip()
    listed = _listed(facts)
    for name, count in (
        ("RUNPOD_GPU_COUNT", int(promised) if promised.isdecimal() else 0),
        (_GIVEN, len(listed) if all(p.isdecimal() or is_uuid(p, "GPU") for p in listed) else 0),
    ):
        if count > system.count:
            title = f"{name} promises {count} GPUs, and {system.count} can be seen"
            yield _not_given(title, name, facts, system)
            return
    # Its numbers are those of the host; a UUID is the same everywhere.
    lacking = next((p for p in listed if is_uuid(p, "GPU", "MIG") and is_here(p, system) is False), None)
    if lacking:
        yield _not_given(f"{_GIVEN} names {lacking}, which is not here", _GIVEN, facts, system)


def _listed(facts: GpuFacts) -> tuple[str, ...]:
    """Return each GPU or slice once that the runtime was told to give; shares of one GPU are one."""
    value = facts.files.variables.get(_GIVEN, "")
    parts = (part.partition("::")[0].strip() for part in value.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _not_given(title: str, variable: str, facts: GpuFacts, system: GpuSystem) -> Finding:
    return _of_host(
        Severity.WARNING,
        title,
        "A GPU was lost, or was not given to this container.",
        (Evidence("host", variable, facts.files.variables[variable]), _counted(system)),
        "Restart the pod; if it stays so, take another one and report this one.",
    )


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
