"""GPUs, who can use them and what this pod allows, as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from npdoctor.model.cuda import Accelerator, Build
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Finding, Severity
from npdoctor.model.gpu import (
    FailureKind,
    Gpu,
    GpuProcess,
    GpuSystem,
    KernelModule,
    Load,
    Maybe,
    Memory,
    MigDevice,
    NvmlFailure,
    Reason,
    Unavailable,
    Utilisation,
    Visibility,
)
from npdoctor.model.host import Host
from npdoctor.report.facts_json import builds_of
from npdoctor.report.prose import plain_ascii, printable, wrapped
from npdoctor.report.redact import Redactor
from npdoctor.report.text import Layout, assumed_lines, finding_lines

_BAR = 20
_GIB, _MIB = 1 << 30, 1 << 20
_WORST = (Severity.BROKEN, Severity.WARNING, Severity.UNKNOWN)
_SIGNS = {Severity.BROKEN: ("✗", "x"), Severity.WARNING: ("!", "!"), Severity.UNKNOWN: ("?", "?")}


def gpu_text(
    diagnosis: Diagnosis, redactor: Redactor, tool_version: str, exit_code: int, layout: Layout
) -> str:
    """Return driver, boards, builds, processes, limits, then the findings of the diagnosis."""
    snapshot = diagnosis.snapshot
    lines = []
    if not redactor.enabled:
        lines.append("Not redacted: this text may hold secrets, names and paths. Do not publish it.")
    lines.append(f"npdoctor {tool_version}  {redactor.redact(snapshot.target.prefix)}")
    lines += [*assumed_lines(diagnosis, layout), ""]
    lines += _driver(diagnosis, layout)
    gpus = _gpus(diagnosis)
    for gpu in gpus:
        lines += ["", *board_lines(gpu, layout)]
    lines += _section("Who can use it", _users(diagnosis, layout))
    if gpus:
        lines += _section("Processes", _processes(gpus, snapshot.gpus.holders if snapshot.gpus else None))
    lines += _section("Limits here", limits_lines(snapshot.host))
    if diagnosis.findings:
        lines.append("")
    for finding in diagnosis.findings:
        lines += finding_lines(redactor.redact_finding(finding), layout)
    lines += ["", f"exit {exit_code}"]
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    return plain_ascii(text) if layout.ascii_only else text


def _gpus(diagnosis: Diagnosis) -> tuple[Gpu, ...]:
    facts = diagnosis.snapshot.gpus
    return facts.nvml.gpus if facts and isinstance(facts.nvml, GpuSystem) else ()


def _driver(diagnosis: Diagnosis, layout: Layout) -> Iterator[str]:
    facts = diagnosis.snapshot.gpus
    if facts is None:
        yield "GPUs were not looked at."
        return
    if isinstance(facts.nvml, NvmlFailure):
        yield from wrapped(_unreached(facts.nvml), layout.width, "", "  ")
        if isinstance(facts.files.kernel_module, KernelModule):
            yield f"The kernel has driver {facts.files.kernel_module.version}."
        return
    system = facts.nvml
    parts = [f"Driver {_said(system.driver_version)}"]
    if isinstance(system.cuda_version, tuple):
        parts.append(f"serves CUDA {system.cuda_version[0]}.{system.cuda_version[1]}")
    parts.append("NVML ok" if system.cut_short is None else "NVML stopped answering")
    yield "  ".join(parts)
    if not system.gpus:
        yield "No GPU." if system.count == 0 else f"No GPU could be read; NVML counts {_said(system.count)}."


def _unreached(failure: NvmlFailure) -> str:
    if failure.kind is FailureKind.NOT_NEEDED:
        return (
            "No GPU: there is no device file, no driver and no build for CUDA, and no variable asks for one. "
            "NVML was not asked."
        )
    if failure.kind is FailureKind.NO_LIBRARY:
        return f"No driver found: {failure.words}."
    return f"NVML cannot be reached: {failure.words}."


def board_lines(gpu: Gpu, layout: Layout, load: Load | None = None) -> Iterator[str]:
    """Show one GPU: what it is, how it is, its memory, and its slices."""
    load = load or gpu.load
    capability = gpu.identity.compute_capability
    name = gpu.identity.name
    parts = [f"GPU {gpu.index}", *([printable(name)] if isinstance(name, str) else [])]
    if isinstance(capability, tuple):
        parts.append(f"sm_{capability[0]}{capability[1]}")
    if gpu.lost:
        parts.append("lost: it answers no more")
    else:
        parts += _pace(gpu, load, "C" if layout.ascii_only else "°C")
    yield layout.style.paint("  ".join(parts), "strong")
    if not gpu.lost:
        yield f"  VRAM  {_memory(load.memory, layout)}"
    for device in gpu.mig_devices:
        yield f"  {_slice(device)}  {_memory(device.memory, layout)}"


def _pace(gpu: Gpu, load: Load, degrees: str) -> Iterator[str]:
    """Name temperature, power and utilisation, of which a board may give none."""
    if isinstance(load.temperature, int):
        yield f"{load.temperature} {degrees}"
    if isinstance(load.power, (int, float)):
        limit = gpu.pace.power_limit
        most = f"/{limit:.0f}" if isinstance(limit, (int, float)) else ""
        yield f"{load.power:.0f}{most} W"
    if isinstance(load.utilisation, Utilisation):
        yield f"util {load.utilisation.gpu}%"


def _slice(device: MigDevice) -> str:
    name = _said(device.name)
    return f"MIG {_said(device.gpu_instance)}  {name.rpartition('MIG ')[2] if 'MIG ' in name else name}"


def _memory(memory: Maybe[Memory], layout: Layout) -> str:
    if isinstance(memory, Unavailable):
        return _said(memory)
    if memory.total <= 0:
        return "unknown"
    share = min(1.0, max(0.0, memory.used / memory.total))
    full, empty = ("#", ".") if layout.ascii_only else ("▇", "▁")
    bar = full * round(share * _BAR) + empty * (_BAR - round(share * _BAR))
    words = "  shared with the machine" if memory.unified else ""
    return (
        f"{memory.used / _GIB:.1f} of {memory.total / _GIB:.1f} GiB  {share:4.0%}  {bar}  "
        f"free {memory.free / _GIB:.1f} GiB{words}"
    )


def _users(diagnosis: Diagnosis, layout: Layout) -> Iterator[str]:
    """Name each framework with the gravest thing that stands in its way."""
    by_subject: dict[str, list[Finding]] = {}
    for finding in diagnosis.findings:
        if finding.code.startswith("NPD3") and finding.severity in _WORST:
            by_subject.setdefault(finding.subject, []).append(finding)
    machine = bool(_gpus(diagnosis)) or bool(diagnosis.snapshot.machine)
    builds = builds_of(diagnosis.snapshot)
    wide = max((len(f"{b.distribution} {b.version}") for b in builds), default=0)
    for build in builds:
        name = f"{build.distribution} {build.version}"
        found = by_subject.get(build.distribution, [])
        if found:
            worst = min(found, key=lambda finding: finding.severity.rank)
            sign = _SIGNS[worst.severity][layout.ascii_only]
            yield from wrapped(
                f"{sign} {name:<{wide}}  {worst.title}  {worst.code}", layout.width, "  ", "      "
            )
        else:
            yes = "ok" if layout.ascii_only else "✓"
            fits = machine and build.accelerator is Accelerator.CUDA
            yield f"  {yes if fits else '-'} {name:<{wide}}  {_purpose(build)}"
    if not builds:
        yield "  nothing installed is known to use one"


def _purpose(build: Build) -> str:
    if build.accelerator is Accelerator.CUDA:
        return f"CUDA {build.cuda}" if build.cuda else "CUDA, of no known version"
    return "for the CPU" if build.accelerator is Accelerator.CPU else f"for {build.accelerator.value}"


def _processes(gpus: Sequence[Gpu], holders: int | None) -> Iterator[str]:
    shown = 0
    for gpu in gpus:
        listed: list[GpuProcess] = []
        for source in (gpu.load.processes, *(device.processes for device in gpu.mig_devices)):
            listed += source if isinstance(source, tuple) else ()
        for process in listed:
            shown += 1
            size = f"{process.memory / _MIB:.0f} MiB" if isinstance(process.memory, int) else "n/a"
            own = process.visibility is Visibility.OWN
            where = (
                process.command or "?" if own else "not of this container" if _is_foreign(process) else "?"
            )
            yield f"  GPU {gpu.index}  {process.pid:>8}  {size:>10}  {printable(where)}"
    if holders:
        yield f"  {holders} here {'has' if holders == 1 else 'have'} the driver open"
    elif not shown:
        yield "  none listed: a driver often shows a container none of its own"


def _is_foreign(process: GpuProcess) -> bool:
    return process.visibility is Visibility.FOREIGN


def limits_lines(host: Host) -> Iterator[str]:
    """Name what this process may use of the machine: memory, CPUs, shared memory."""
    parts = []
    memory, cpu, shm = host.memory, host.cpu, host.storage.shm if host.storage else None
    if memory and (memory.limit or memory.total):
        source = "by its control group" if memory.limit else "of the machine"
        parts.append(f"RAM {(memory.limit or memory.total or 0) / _GIB:.0f} GiB {source}")
    if cpu and (cpu.quota or cpu.seen):
        parts.append(f"{cpu.quota:g} of {cpu.seen} CPUs by quota" if cpu.quota else f"{cpu.seen} CPUs")
    if shm and shm.total is not None:
        parts.append(f"{shm.mount} {shm.total / _MIB:.0f} MiB")
    yield f"  {', '.join(parts)}" if parts else "  not known"


def _section(title: str, lines: Iterator[str]) -> list[str]:
    return ["", title, *lines]


def _said(value: object) -> str:
    if isinstance(value, Unavailable):
        return value.reason.value if value.reason is not Reason.FAILED else f"failed: {value.detail}"
    return printable(str(value))
