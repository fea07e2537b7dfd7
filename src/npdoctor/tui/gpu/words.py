"""What is said of GPUs in few words: values, builds, processes, and the sentence above the rows; pure."""

from __future__ import annotations

from npdoctor.model.cuda import Accelerator, Build
from npdoctor.model.finding import Finding
from npdoctor.model.gpu import (
    FailureKind,
    GpuFacts,
    GpuProcess,
    GpuSystem,
    KernelModule,
    MigDevice,
    NvmlFailure,
    Reason,
    Unavailable,
    Visibility,
)
from npdoctor.report.text import Layout, assumed_lines
from npdoctor.tui.gpu.live import facts_of, gpus_of, trace_of
from npdoctor.tui.gpu.rows import BuildRow, HiddenRow
from npdoctor.tui.present import notice
from npdoctor.tui.state import State

GIB, MIB = 1 << 30, 1 << 20
NO_GPU = "No NVIDIA GPU visible. Fine for CPU work. If you expected one: is this a pod with a GPU? (NPD301)"
_NONE_THERE = (FailureKind.NOT_NEEDED, FailureKind.NO_LIBRARY)
_PLAIN = Layout(width=10_000)


def gpu_notice(state: State, wanted: str, shown: int) -> str:
    """Return the sentences above the rows: what is assumed, why no GPU is listed, why the load stands."""
    if state.diagnosis is None:
        return notice(state)
    if wanted and not shown:
        return f'No row matches "{wanted}". Esc clears the filter.'
    parts = [*assumed_lines(state.diagnosis, _PLAIN)]
    if state.diagnosis.snapshot.machine and gpus_of(state):
        parts.append("The rows of GPUs and driver are what is here.")
    facts = facts_of(state)
    if facts is None:
        parts.append("GPUs were not looked at.")
    elif isinstance(facts.nvml, NvmlFailure):
        parts.append(_unreached(facts, facts.nvml, state.findings))
    elif not facts.nvml.gpus:
        parts.append(_none_listed(facts.nvml))
    failure = trace_of(state).failure
    if failure:
        parts.append(f"The samples ended: {failure.words}. Leave this pane and come back to try again.")
    return " ".join(parts)


def _unreached(facts: GpuFacts, failure: NvmlFailure, findings: tuple[Finding, ...]) -> str:
    found = next((f for f in findings if f.code in ("NPD301", "NPD302") and f.subject == "driver"), None)
    if failure.kind is FailureKind.MISMATCH:
        return (
            f"The driver and its library disagree{_versions(facts, failure)}. Restart the pod to clear this."
        )
    if failure.kind in _NONE_THERE and found is None:
        return NO_GPU
    what_helps = f" {found.remedy}" if found else " Fine for CPU work."
    return f"{unreached_words(failure)}.{what_helps}"


def _versions(facts: GpuFacts, failure: NvmlFailure) -> str:
    module = facts.files.kernel_module
    parts = [f"library {failure.library_version}"] if failure.library_version else []
    parts += [f"kernel {module.version}"] if isinstance(module, KernelModule) else []
    return f" ({', '.join(parts)})" if parts else ""


def unreached_words(failure: NvmlFailure) -> str:
    """Say in a few words that NVML cannot be reached, and why."""
    if failure.kind is FailureKind.NOT_NEEDED:
        return "none: nothing here speaks for a GPU, and NVML was not asked"
    none = failure.kind is FailureKind.NO_LIBRARY
    return f"NVML cannot be reached: {'the loader finds no library' if none else failure.kind.value}"


def _none_listed(system: GpuSystem) -> str:
    if system.count == 0:
        return "The driver answers, and sees no GPU. Fine for CPU work."
    return f"No GPU could be read; NVML counts {said(system.count)}."


def said(value: object) -> str:
    """Return a value, or why it could not be had."""
    if isinstance(value, Unavailable):
        return f"failed: {value.detail}" if value.reason is Reason.FAILED else value.reason.value
    return str(value)


def pace_words(every: float | None) -> str:
    """Say how old the load is: sampled again and again, or as it was read with the rest."""
    return "as last read" if every is None else f"live, every {every:g} s"


def build_words(row: BuildRow) -> str:
    """Say what stands in the way of a build, else what it was built for."""
    return f"{row.finding.title}  {row.finding.code}" if row.finding else purpose(row.build)


def purpose(build: Build) -> str:
    """Say what a build was made for."""
    if build.accelerator is Accelerator.CUDA:
        return f"for CUDA {build.cuda}" if build.cuda else "for CUDA, of no known version"
    return "for the CPU" if build.accelerator is Accelerator.CPU else f"for {build.accelerator.value}"


def process_words(process: GpuProcess) -> str:
    """Name a process where it is one of this container, else say whose it is."""
    if process.visibility is Visibility.OWN:
        return process.command or "in this container"
    return "not of this container" if process.visibility is Visibility.FOREIGN else "whose is not known"


def process_size(process: GpuProcess) -> str:
    """Return how much memory a process holds."""
    return f"{process.memory / MIB:.0f} MiB" if isinstance(process.memory, int) else "n/a"


def hidden_words(row: HiddenRow) -> str:
    """Say what the list of processes leaves out."""
    parts = [f"{size / GIB:.1f} GiB of GPU {index} held by none listed" for index, size in row.unseen.items()]
    if row.holders and row.holders > row.listed:
        have = "1 process here has" if row.holders == 1 else f"{row.holders} processes here have"
        parts.append(f"{have} the driver open")
    return ", ".join(parts) or "none listed: a driver often shows a container none of its own"


def slice_name(device: MigDevice) -> str:
    """Return the profile of a slice, as `1g.5gb`."""
    return said(device.name).rpartition("MIG ")[2]
