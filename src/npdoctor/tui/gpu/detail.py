"""Everything that is known of a row of the pane; pure."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.model.cuda import Accelerator
from npdoctor.model.gpu import (
    CudaLibrary,
    FailureKind,
    Gpu,
    GpuSystem,
    KernelModule,
    Load,
    Memory,
    Reason,
    Unavailable,
    Utilisation,
    Visibility,
)
from npdoctor.model.host import Host
from npdoctor.report.gpu_text import limits_lines
from npdoctor.tui.gpu.bars import MINUTES, bar, sparkline
from npdoctor.tui.gpu.lines import degrees, driver_words, share_words, sign_of, watts
from npdoctor.tui.gpu.rows import (
    BoardRow,
    BuildRow,
    DriverRow,
    GpuRow,
    HiddenRow,
    JudgedRow,
    LimitsRow,
    ProcessRow,
    SliceRow,
)
from npdoctor.tui.gpu.words import (
    GIB,
    hidden_words,
    pace_words,
    process_size,
    process_words,
    purpose,
    said,
    slice_name,
)
from npdoctor.tui.line import EMPTY, Line, block, fit, spread
from npdoctor.tui.pages import finding_lines
from npdoctor.tui.signs import Signs

LABEL = 7
LOST = (
    "The driver says that it lost this GPU. Programs on it fail, and nothing inside a pod mends it: take "
    "another pod, and report this GPU to the provider."
)
LONGEST_BAR = 20
LONGEST_HISTORY = 60
_WHOSE = {
    Visibility.OWN: "The process of that number here has the driver open.",
    Visibility.FOREIGN: "The number is not one of this container: it runs in another, or on the host.",
    Visibility.UNKNOWN: "Whether the number is one of this container could not be looked at.",
}


def gpu_lines(row: GpuRow, width: int, signs: Signs) -> list[Line]:
    """Return all that is known of a row."""
    if isinstance(row, JudgedRow):
        return finding_lines(row.finding, width, signs)
    return [fit(line, width, signs.more) for line in _lines(row, width, signs)]


def _lines(row: GpuRow, width: int, signs: Signs) -> Iterator[Line]:
    if isinstance(row, BoardRow):
        yield from _board(row, width, signs)
    elif isinstance(row, SliceRow):
        yield from _slice(row, width, signs)
    elif isinstance(row, DriverRow):
        yield from _driver(row, width, signs)
    elif isinstance(row, BuildRow):
        yield from _build(row, width, signs)
    elif isinstance(row, LimitsRow):
        yield from _limits(row.host, width, signs)
    elif isinstance(row, ProcessRow):
        process = row.process
        title = f" Process {process.pid}  {signs.text(process_words(process))}"
        yield ((title, "strong"),)
        yield from _labelled("holds", f"{process_size(process)} of GPU {row.index}", width, signs)
        yield from _labelled("kind", process.kind.value, width, signs)
        yield from block(_WHOSE[process.visibility], width)
    elif isinstance(row, HiddenRow):
        yield from block("Processes that are not listed", width, "strong")
        yield from block(f"{hidden_words(row)}.", width)
        yield from block(
            "A container sees its own processes only, and by some drivers not even these: what is in use "
            "beyond them is held by another container, the host, or a program that died.",
            width,
        )


def _labelled(label: str, text: str, width: int, signs: Signs) -> Iterator[Line]:
    return iter(block(signs.text(text), width, "", ((f" {label:<{LABEL}} ", "faint"),))) if text else iter(())


def _board(row: BoardRow, width: int, signs: Signs) -> Iterator[Line]:
    gpu, load, identity = row.gpu, row.load, row.gpu.identity
    sign, role = sign_of(row, signs)
    name: Line = ((f" GPU {gpu.index}", "strong"), (f"  {signs.text(said(identity.name))}", "strong"))
    yield spread(name, ((f"{sign} {pace_words(row.every)} ", role),), width, signs.more)
    if row.lost:
        yield from block(LOST, width, "broken")
    else:
        yield from _memory(row, width, signs)
        yield from _labelled("load", _load(load, gpu, signs), width, signs)
    for finding in row.findings:
        yield from _finding(finding.code, finding.severity.value, finding.title, finding.remedy, width, signs)
    yield ((" As it was read with the rest", "faint"),)
    capability = identity.compute_capability
    known = [f"sm_{capability[0]}{capability[1]}"] if isinstance(capability, tuple) else []
    known += [value for value in (identity.architecture, identity.pci_bus_id) if isinstance(value, str)]
    yield from _labelled("board", ", ".join(known), width, signs)
    yield from _labelled("clocks", ", ".join(_clocks(gpu)), width, signs)
    yield from _labelled("links", ", ".join(_links(gpu)), width, signs)
    yield from _labelled("health", ", ".join(_health(gpu)), width, signs)
    if gpu.mig_enabled is True:
        slices = f"divided, {len(gpu.mig_devices)} of its slices here; utilisation is not told then"
        yield from _labelled("MIG", slices, width, signs)


def _finding(code: str, role: str, title: str, remedy: str, width: int, signs: Signs) -> Iterator[Line]:
    yield from block(signs.text(title), width, "", ((f" {code:<{LABEL}} ", role),))
    yield from _labelled("", remedy, width, signs)


def _memory(row: BoardRow, width: int, signs: Signs) -> Iterator[Line]:
    memory = row.load.memory
    if not isinstance(memory, Memory) or memory.total <= 0:
        yield from _labelled(
            "VRAM", said(memory) if isinstance(memory, Unavailable) else "unknown", width, signs
        )
        return
    drawn = bar(memory.used / memory.total, min(LONGEST_BAR, max(4, width - 50)), signs)
    sizes = f"{memory.used / GIB:.1f} of {memory.total / GIB:.1f} GiB {share_words(memory)}"
    free = f"free {memory.free / GIB:.1f} GiB"
    yield ((f" {'VRAM':<{LABEL}} ", "faint"), (sizes, ""), (f"  {drawn}", "info"), (f"  {free}", ""))
    if memory.unified:
        yield from _labelled("", "shared with the machine: it has no memory of its own", width, signs)
    room = min(LONGEST_HISTORY, width - LABEL - 20)
    history = sparkline(row.past, memory.total, room, signs)
    if history:
        peak = f"  peak {max(used for _, used in row.past) / GIB:.1f} GiB"
        yield ((f" {f'{MINUTES} min':<{LABEL}} ", "faint"), (history, "info"), (peak, ""))


def _load(load: Load, gpu: Gpu, signs: Signs) -> str:
    use, parts = load.utilisation, []
    if isinstance(use, Utilisation):
        parts.append(f"util {use.gpu}%, memory moved {use.memory}%")
    elif isinstance(use, Unavailable):
        parts.append(f"util {said(use)}")
    parts.append(watts(load, gpu.pace.power_limit))
    slow = gpu.pace.slowdown_temperature
    limit = f" (slows down at {slow})" if isinstance(slow, int) else ""
    parts.append(f"{degrees(load, signs)}{limit}")
    return ", ".join(part for part in parts if part != "-")


def _clocks(gpu: Gpu) -> Iterator[str]:
    pace = gpu.pace
    for name, clock, most in (
        ("", pace.sm_clock, pace.max_sm_clock),
        ("memory ", pace.memory_clock, pace.max_memory_clock),
    ):
        if isinstance(clock, int):
            yield f"{name}{clock}{f' of {most}' if isinstance(most, int) else ''} MHz"
    if isinstance(pace.performance_state, int):
        yield f"P{pace.performance_state}"
    if isinstance(pace.event_reasons, tuple):
        yield from (reason.words for reason in pace.event_reasons)
    if isinstance(pace.fan, int):
        yield f"fan {pace.fan}%"


def _links(gpu: Gpu) -> Iterator[str]:
    links = gpu.links
    if isinstance(links.pcie_generation, int) and isinstance(links.pcie_width, int):
        most = (links.max_pcie_generation, links.max_pcie_width)
        known = f" (at most {most[0]} x{most[1]})" if all(isinstance(one, int) for one in most) else ""
        yield f"PCIe {links.pcie_generation} x{links.pcie_width}{known}"
    if isinstance(links.nvlinks, tuple) and links.nvlinks:
        yield f"{sum(link is True for link in links.nvlinks)} of {len(links.nvlinks)} NVLinks active"


def _health(gpu: Gpu) -> Iterator[str]:
    health = gpu.health
    if isinstance(health.ecc_enabled, bool):
        yield f"ECC {'on' if health.ecc_enabled else 'off'}"
    elif health.ecc_enabled.reason is Reason.NOT_SUPPORTED:
        yield "no ECC on this board"
    if isinstance(health.volatile_errors, int):
        yield f"{health.volatile_errors} uncorrected errors since the driver was loaded"
    if isinstance(health.aggregate_errors, int):
        yield f"{health.aggregate_errors} ever"


def _slice(row: SliceRow, width: int, signs: Signs) -> Iterator[Line]:
    device, memory = row.device, row.device.memory
    yield (
        (f" MIG {said(device.gpu_instance)} of GPU {row.index}  {signs.text(slice_name(device))}", "strong"),
    )
    if isinstance(memory, Memory):
        sizes = f"{memory.used / GIB:.1f} of {memory.total / GIB:.1f} GiB {share_words(memory)}"
        yield from _labelled("VRAM", f"{sizes}, free {memory.free / GIB:.1f} GiB", width, signs)
    else:
        yield from _labelled("VRAM", said(memory), width, signs)
    yield from block("As it was read with the rest: only whole GPUs are sampled.", width, "faint")


def _driver(row: DriverRow, width: int, signs: Signs) -> Iterator[Line]:
    nvml, files = row.facts.nvml, row.facts.files
    yield from block(signs.text(driver_words(row)), width, "strong", ((" Driver  ", "strong"),))
    if isinstance(nvml, GpuSystem):
        counted = f"{said(nvml.count)} counted, {len(nvml.gpus)} read"
        yield from _labelled("GPUs", counted, width, signs)
        yield from _labelled(
            "NVML", f"{said(nvml.nvml_version)}, {nvml.library or 'library not known'}", width, signs
        )
    else:
        code = f" (NVML {nvml.code})" if nvml.code is not None else ""
        known = nvml.kind is FailureKind.NOT_NEEDED
        yield from _labelled("said", "" if known else f"{nvml.words}{code}", width, signs)
        yield from _labelled("library", nvml.library or "", width, signs)
    if isinstance(files.kernel_module, KernelModule):
        kind = "open" if files.kernel_module.open else "proprietary"
        yield from _labelled("kernel", f"{files.kernel_module.version}, {kind}", width, signs)
    if isinstance(files.libcuda, CudaLibrary):
        yield from _labelled("libcuda", f"{files.libcuda.path}, {files.libcuda.origin.value}", width, signs)
    else:
        yield from _labelled("libcuda", said(files.libcuda), width, signs)
    nodes = [f"{node.path}{f' ({node.problem})' if node.problem else ''}" for node in files.nodes]
    yield from _labelled("devices", ", ".join(nodes) or "no device file of the driver", width, signs)
    for name, value in files.variables.items():
        yield from block(signs.text(value or "(empty)"), width, "", ((f" {name}  ", "faint"),))


def _build(row: BuildRow, width: int, signs: Signs) -> Iterator[Line]:
    build = row.build
    sign, role = sign_of(row, signs)
    title: Line = ((f" {signs.text(build.distribution)} {signs.text(build.version)}", "strong"),)
    yield spread(title, ((f"{sign} {purpose(build)} ", role),), width, signs.more)
    if row.finding:
        yield from finding_lines(row.finding, width, signs)
        yield EMPTY
    elif row.serves:
        yield from block("Nothing that was looked at keeps it from the GPU.", width)
    elif build.accelerator is Accelerator.CUDA:
        yield from block("It was built for a GPU, and there is none here.", width)
    else:
        yield from block(f"It was built {purpose(build)}, and uses no GPU of NVIDIA.", width)
    yield from _labelled("known by", f" {build.source}", width, signs)
    if row.imported:
        counted = f"{row.imported} of {row.extensions} of its modules were imported; none computed on a GPU."
        yield from block(counted, width, "faint")
    elif row.extensions:
        yield from block("Judged by its files: none of its modules was imported.", width, "faint")


def _limits(host: Host, width: int, signs: Signs) -> Iterator[Line]:
    yield from block("Limits here", width, "strong")
    for line in limits_lines(host):
        yield from block(signs.text(line.strip()), width)
    memory, cpu = host.memory, host.cpu
    if memory and memory.limit:
        yield from _labelled("RAM", f"{memory.limit / GIB:.1f} GiB, {memory.limit_source}", width, signs)
    if memory and memory.used is not None:
        yield from _labelled("", f"{memory.used / GIB:.1f} GiB of it in use", width, signs)
    if memory and memory.oom_kills:
        yield from _labelled("", f"{memory.oom_kills} killed for memory", width, signs)
    if cpu and cpu.quota:
        yield from _labelled("CPU", f"{cpu.quota:g} by quota, {cpu.quota_source}", width, signs)
    for name, value in host.thread_limits.items():
        yield from block(signs.text(value), width, "", ((f" {name}  ", "faint"),))
