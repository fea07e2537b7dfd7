"""The rows of the pane: GPUs, their driver, the builds for them, processes, and limits; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from npdoctor.model.cuda import Accelerator, Build
from npdoctor.model.finding import Finding, Severity
from npdoctor.model.gpu import (
    Gpu,
    GpuFacts,
    GpuProcess,
    Load,
    Memory,
    MigDevice,
)
from npdoctor.model.host import Host
from npdoctor.report.facts_json import builds_of
from npdoctor.tui.filtering import Told
from npdoctor.tui.gpu.live import Trace, facts_of, gpus_of, load_of, trace_of, used_by
from npdoctor.tui.state import State

WORST = (Severity.BROKEN, Severity.WARNING, Severity.UNKNOWN)
_GIB = 1 << 30
_HELD_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A GPU; its load and what was in use over time are no part of what tells it from others.

    `every` is the pace of the sampling in seconds, None where the load is as it was last read.
    """

    gpu: Gpu
    findings: tuple[Finding, ...]
    load: Load = field(compare=False)
    past: tuple[tuple[float, int], ...] = field(default=(), compare=False)
    every: float | None = None

    @property
    def key(self) -> str:
        """Return what tells it from the others."""
        return f"gpu:{self.gpu.index}"

    @property
    def lost(self) -> bool:
        """Tell whether the driver has lost it, at the newest look."""
        return self.gpu.lost or replace(self.gpu, load=self.load).lost


@dataclass(frozen=True, slots=True)
class SliceRow:
    """One slice of a divided GPU, as it was read with the rest: samples are of whole GPUs."""

    index: int
    position: int
    device: MigDevice

    @property
    def key(self) -> str:
        """Return what tells it from the others."""
        return f"gpu:{self.index} mig:{self.position}"


@dataclass(frozen=True, slots=True)
class DriverRow:
    """The driver, or why it cannot be asked; `every` is the pace of the sampling in seconds."""

    facts: GpuFacts
    trace: Trace = field(compare=False)
    key: str = "driver"


@dataclass(frozen=True, slots=True)
class BuildRow:
    """An installed build, with the gravest thing that stands in its way.

    `serves` says that it was built for a GPU such as is here, or assumed to be. Of its `extensions`
    so many were `imported`.
    """

    build: Build
    finding: Finding | None
    serves: bool
    extensions: int = 0
    imported: int = 0

    @property
    def key(self) -> str:
        """Return what tells it from the others."""
        return f"build:{self.build.distribution}"


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process on a GPU."""

    index: int
    process: GpuProcess = field(compare=False)
    key: str = ""


@dataclass(frozen=True, slots=True)
class HiddenRow:
    """What holds the GPUs and is not listed: `holders` processes here, `unseen` bytes by GPU.

    `holders` is None where not every process could be looked at.
    """

    holders: int | None
    listed: int
    unseen: Mapping[int, int] = field(compare=False)
    key: str = "hidden"


@dataclass(frozen=True, slots=True)
class LimitsRow:
    """What this process may use of the machine."""

    host: Host
    key: str = "limits"


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A finding on the driver, on a GPU that is not listed, or on the limits."""

    finding: Finding
    position: int

    @property
    def key(self) -> str:
        """Return what tells it from the others."""
        return f"{self.finding.code}:{self.finding.subject}:{self.position}"


GpuRow: TypeAlias = (
    BoardRow | SliceRow | DriverRow | BuildRow | ProcessRow | HiddenRow | LimitsRow | JudgedRow
)


def gpu_rows_of(state: State) -> tuple[GpuRow, ...]:
    """Return the rows; there are none before the first verdict."""
    diagnosis = state.diagnosis
    if diagnosis is None:
        return ()
    facts, trace = facts_of(state), trace_of(state)
    boards = gpus_of(state)
    builds = tuple(_builds(state, bool(boards)))
    taken = {f"gpu:{gpu.index}" for gpu in boards} | {row.build.distribution for row in builds}
    judged = [f for f in diagnosis.findings if f.code.startswith(("NPD3", "NPD4")) and f.subject not in taken]
    rows: list[GpuRow] = []
    for gpu in boards:
        own = tuple(f for f in diagnosis.findings if f.subject == f"gpu:{gpu.index}")
        rows.append(BoardRow(gpu, own, load_of(gpu, trace), used_by(gpu, trace), trace.every))
        rows += [SliceRow(gpu.index, position, one) for position, one in enumerate(gpu.mig_devices)]
    rows += [DriverRow(facts, trace)] if facts else []
    rows += [JudgedRow(f, position) for position, f in enumerate(judged) if f.code.startswith("NPD3")]
    rows += builds
    rows += _processes(facts, boards, trace)
    rows.append(LimitsRow(diagnosis.snapshot.host))
    rows += [JudgedRow(f, position) for position, f in enumerate(judged) if f.code.startswith("NPD4")]
    return tuple(rows)


def _builds(state: State, boards: bool) -> Iterator[BuildRow]:
    diagnosis = state.diagnosis
    if diagnosis is None:
        return
    machine = diagnosis.snapshot.machine
    present = bool(machine.gpus) if machine and machine.gpus is not None else boards or machine is not None
    states = {one.name: one for one in diagnosis.distributions}
    for build in builds_of(diagnosis.snapshot):
        found = [f for f in diagnosis.findings if f.subject == build.distribution and _in_the_way(f)]
        worst = min(found, key=lambda f: f.severity.rank, default=None)
        serves = present and build.accelerator is Accelerator.CUDA
        known = states.get(build.distribution)
        counts = (known.extensions, known.imported) if known else (0, 0)
        yield BuildRow(build, worst, serves, *counts)


def _in_the_way(finding: Finding) -> bool:
    """Tell whether a finding on a build keeps it from a GPU: one of CUDA, or that it does not work at all."""
    if finding.code.startswith("NPD3"):
        return finding.severity in WORST
    return finding.severity is Severity.BROKEN


def _processes(facts: GpuFacts | None, boards: tuple[Gpu, ...], trace: Trace) -> Iterator[GpuRow]:
    if facts is None or not boards:
        return
    listed = 0
    unseen = {}
    for gpu in boards:
        load = load_of(gpu, trace)
        sources = (load.processes, *(device.processes for device in gpu.mig_devices))
        for number, source in enumerate(sources):
            for process in source if isinstance(source, tuple) else ():
                listed += 1
                yield ProcessRow(gpu.index, process, f"process:{gpu.index}:{number}:{process.pid}")
        held = _unseen(gpu, load)
        if held:
            unseen[gpu.index] = held
    if unseen or not listed or (facts.holders or 0) > listed:
        yield HiddenRow(facts.holders, listed, unseen)


def _unseen(gpu: Gpu, load: Load) -> int:
    """Return how many bytes no listed process holds; 0 where that is little, or cannot be told."""
    memory, processes = load.memory, load.processes
    if not isinstance(memory, Memory) or memory.unified or gpu.mig_enabled is True:
        return 0
    sizes = [p.memory for p in processes] if isinstance(processes, tuple) else []
    known = sum(size for size in sizes if isinstance(size, int))
    if not all(isinstance(size, int) for size in sizes):
        return 0
    held = memory.used - known
    return held if held > max(_GIB, _HELD_SHARE * memory.total) else 0


def gpu_words(row: GpuRow) -> Told:
    """Return what a filter asks a row for: its states, and the text of it."""
    if isinstance(row, BoardRow):
        return tuple(f.severity.value for f in row.findings), f"gpu {row.gpu.index} {row.gpu.identity.name}"
    if isinstance(row, SliceRow):
        return (), f"gpu {row.index} mig {row.device.name}"
    if isinstance(row, BuildRow):
        found = row.finding
        states = (found.severity.value,) if found else ("ok",) if row.serves else ()
        said = f"{found.code} {found.title}" if found else ""
        return states, f"build {row.build.distribution} {row.build.version} {said}"
    if isinstance(row, ProcessRow):
        return (row.process.visibility.value,), f"process {row.process.pid} {row.process.command}"
    if isinstance(row, JudgedRow):
        return (row.finding.severity.value,), f"{row.finding.code} {row.finding.title}"
    return (), {DriverRow: "driver nvml cuda", HiddenRow: "processes hidden", LimitsRow: "limits"}[type(row)]
