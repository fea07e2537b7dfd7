"""GPUs and what this machine allows."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.model.gpu import FailureKind, Gpu, GpuSystem, Memory, NvmlFailure, Unavailable
from npdoctor.model.host import Host
from npdoctor.model.storage import Filesystem
from npdoctor.report.document.blocks import Block, Paragraph, Section, Table, Words
from npdoctor.report.document.material import Material
from npdoctor.report.facts_json import builds_of
from npdoctor.report.gpu_text import limits_lines

_GIB = 1 << 30


def machine(m: Material) -> Section:
    """Show driver, boards, builds for them, and the limits of the host."""
    return Section("machine", "GPU and host", (*_gpus(m), *_builds(m), *_host(m.diagnosis.snapshot.host)))


def _gpus(m: Material) -> Iterator[Block]:
    facts = m.diagnosis.snapshot.gpus
    if facts is None:
        yield Paragraph(("GPUs were not looked at.",))
    elif isinstance(facts.nvml, NvmlFailure):
        yield Paragraph((_unreached(facts.nvml),))
    else:
        yield from _boards(facts.nvml)


def _unreached(failure: NvmlFailure) -> str:
    if failure.kind is FailureKind.NOT_NEEDED:
        return "No GPU: no device file, no driver, no build for CUDA, and no variable that asks for one."
    return f"NVML could not be asked: {failure.words}."


def _boards(system: GpuSystem) -> Iterator[Block]:
    cuda = system.cuda_version
    serves = f", serves CUDA {cuda[0]}.{cuda[1]}" if isinstance(cuda, tuple) else ""
    cut = f" NVML stopped answering: {system.cut_short.words}." if system.cut_short else ""
    yield Paragraph((f"Driver {_said(system.driver_version)}{serves}.{cut}",))
    if system.gpus:
        head = ("GPU", "Name", "Architecture", "VRAM in use", "Health")
        yield Table("Boards", head, tuple(map(_board, system.gpus)))
    elif not system.cut_short:
        yield Paragraph(("No GPU.",))


def _board(gpu: Gpu) -> tuple[Words, ...]:
    capability = gpu.identity.compute_capability
    architecture = (
        f"sm_{capability[0]}{capability[1]}" if isinstance(capability, tuple) else _said(capability)
    )
    return (
        (str(gpu.index),),
        (_said(gpu.identity.name),),
        (architecture,),
        (_memory(gpu.load.memory),),
        ("lost: it answers no more" if gpu.lost else "answers",),
    )


def _memory(memory: Memory | Unavailable) -> str:
    if isinstance(memory, Unavailable):
        return _said(memory)
    return f"{memory.used / _GIB:.1f} of {memory.total / _GIB:.1f} GiB"


def _builds(m: Material) -> Iterator[Block]:
    builds = builds_of(m.diagnosis.snapshot)
    if not builds:
        return
    rows = []
    for build in builds:
        codes = [f.code for f in m.diagnosis.findings if f.subject == build.distribution]
        against = ", ".join(dict.fromkeys(c for c in codes if c.startswith("NPD3")))
        runs = f"{build.accelerator.value} {build.cuda or ''}".strip()
        rows.append(((f"{build.distribution} {build.version}",), (runs,), (against or "nothing found",)))
    yield Table("Builds that compute", ("Distribution", "Built for", "In its way"), tuple(rows))


def _host(host: Host) -> Iterator[Block]:
    libc = " ".join(host.libc) if host.libc else "not known"
    kind = host.container.kind.value if host.container else "yes"
    rows = [
        ("System", f"{host.system} {host.machine}, C library {libc}"),
        ("Container", kind if host.is_container else "no"),
        ("Limits", " ".join(line.strip() for line in limits_lines(host))),
    ]
    if host.memory and host.memory.oom_kills:
        rows.append(("Killed for memory", str(host.memory.oom_kills)))
    yield Table("Host", ("", ""), tuple(((name,), (value,)) for name, value in rows))
    if host.storage and host.storage.filesystems:
        head = ("Mounted at", "For", "Free", "Kept")
        yield Table("Storage", head, tuple(map(_filesystem, host.storage.filesystems)))


def _filesystem(filesystem: Filesystem) -> tuple[Words, ...]:
    free, total = filesystem.free, filesystem.total
    known = free is not None and total is not None
    return (
        (filesystem.mount,),
        (", ".join(dict.fromkeys(place.role.value for place in filesystem.places)),),
        (f"{(free or 0) / _GIB:.1f} of {(total or 0) / _GIB:.1f} GiB" if known else "not known",),
        (filesystem.keeping.value,),
    )


def _said(value: object) -> str:
    if isinstance(value, Unavailable):
        return f"{value.reason.value}: {value.detail}" if value.detail else value.reason.value
    return str(value)
