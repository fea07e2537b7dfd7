"""States of machines with and without GPUs, by hand, and how the screen is driven on them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot

from npdoctor.model.cuda import Accelerator, Build, CudaBuilds
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.gpu import (
    FailureKind,
    Gpu,
    GpuFacts,
    GpuProcess,
    KernelModule,
    Load,
    Memory,
    MigDevice,
    NvmlFailure,
    ProcessKind,
    Sample,
    Utilisation,
    Visibility,
)
from npdoctor.model.limits import Cpu
from npdoctor.model.limits import Memory as Ram
from npdoctor.tui.gpu.face import GpuFace
from npdoctor.tui.gpu.live import Live, Reading, Trace
from npdoctor.tui.signs import UNICODE, Signs
from npdoctor.tui.state import State

from . import recorded as r
from .driving import Recorded
from .mended import StandInBench

sys.path.insert(0, str(Path(__file__).parents[1] / "diagnose"))

import gpu_build

made = gpu_build
GIB = 1 << 30
NOW = 10_000.0
HOST = replace(
    r.HOST,
    memory=Ram(512 * GIB, 400 * GIB, 117 * GIB, "/sys/fs/cgroup/memory.max", used=31 * GIB),
    cpu=Cpu(128, 128, 128, 16.0, "/sys/fs/cgroup/cpu.max", 100, 1),
)
OLD_DRIVER = Finding(
    "NPD303",
    Severity.BROKEN,
    "torch",
    "2.9.0",
    "built for CUDA 13.0, which driver 570.148.08 (CUDA 12.8) does not serve",
    "torch 2.9.0 needs CUDA 13.0. Everything that uses the GPU fails.",
    (Evidence("metadata", "torch/version.py", "cuda: 13.0"),),
    "Install torch built for CUDA 12.8 or older.",
)
SMALL_SHM = Finding("NPD402", Severity.WARNING, "host", None, "/dev/shm is 64 MiB", "It is small.", ())
SLOW_BOARD = Finding(
    "NPD307", Severity.WARNING, "gpu:0", None, "RTX 4090: runs slower than it could", "It works.", ()
)
UNREACHED = Finding(
    "NPD301",
    Severity.BROKEN,
    "driver",
    None,
    "a GPU is expected, and NVML cannot be reached",
    "What the loader finds is a stub.",
    (),
    "Take its folder off LD_LIBRARY_PATH.",
)
ONNX = Build(
    "onnxruntime-gpu", "1.22.0", Accelerator.CUDA, "12.8", "onnxruntime/capi/build_and_package_info.py"
)
CPU_ONLY = Build("tensorflow", "2.19.0", Accelerator.CPU, None, "tensorflow/python/platform/build_info.py")
BUILDS = made.builds(made.torch_build("13.0", "2.9.0"), ONNX, CPU_ONLY)
OWN = GpuProcess(1841, 19 * GIB, ProcessKind.COMPUTE, Visibility.OWN, "python")
FOREIGN = GpuProcess(4_200_000, GIB, ProcessKind.COMPUTE, Visibility.FOREIGN)
GEFORCE = "NVIDIA GeForce RTX 4090"


def card(index: int = 0, used: float = 20.0, *processes: GpuProcess) -> Gpu:
    """Return an RTX 4090 with so many GiB in use."""
    board = made.gpu(index, GEFORCE, (8, 9))
    load = Load(memory(used), Utilisation(97, 61), 71, 402.35, processes)
    pace = replace(board.pace, power_limit=450.0, slowdown_temperature=97)
    return replace(board, load=load, pace=pace, identity=replace(board.identity, architecture="Ada"))


def memory(used: float, total: float = 24.0) -> Memory:
    """Return a memory by its size in GiB."""
    return Memory(int(total * GIB), int(used * GIB), int((total - used) * GIB), 0)


def state(
    facts: GpuFacts | None, *findings: Finding, cuda: CudaBuilds | None = BUILDS, trace: Trace | None = None
) -> Live:
    """Return the last state of an examination of this machine."""
    base = r.diagnosis(*findings, others=3)
    snapshot = replace(base.snapshot, gpus=facts, cuda=cuda, host=HOST)
    return live(replace(r.FINAL, diagnosis=replace(base, snapshot=snapshot)), facts, trace)


def live(plain: State, facts: GpuFacts | None, trace: Trace | None = None) -> Live:
    """Return a state with the load of its GPUs."""
    known = {name: getattr(plain, name) for name in State.__slots__}
    return Live(**known, gpus=facts, trace=trace or Trace())


def traced(*gpus: Gpu, minutes: int = 5) -> Trace:
    """Return five minutes in which the memory of every GPU grew to what it is."""
    moments = [NOW - 60 * minutes + 5 * step for step in range(1, 12 * minutes + 1)]

    def used(gpu: Gpu, at: float) -> int | None:
        known = gpu.load.memory
        share = 1 - (NOW - at) / (60 * minutes)
        return round(known.used * share) if isinstance(known, Memory) else None

    past = tuple(Reading(at, tuple(used(gpu, at) for gpu in gpus)) for at in moments)
    return Trace(Sample(NOW, tuple(gpu.load for gpu in gpus)), past, 1.0)


def with_load(given: Live, *loads: Load) -> Live:
    """Return the state one second later."""
    sample = Sample(NOW + 1, loads)
    return replace(given, trace=replace(given.trace, latest=sample))


CARDS = (card(0, 20.0, OWN, FOREIGN), card(1, 0.4))
TWO = state(made.facts(made.system(*CARDS)), OLD_DRIVER, SLOW_BOARD, SMALL_SHM, trace=traced(*CARDS))
EIGHT_CARDS = tuple(card(index, 2.5 * index) for index in range(8))
EIGHT = state(made.facts(made.system(*EIGHT_CARDS)), trace=replace(traced(*EIGHT_CARDS), every=2.0))
LOST_CARD = replace(CARDS[1], load=Load(made.LOST, made.LOST, made.LOST, made.LOST, made.LOST))
LOST = with_load(TWO, CARDS[0].load, LOST_CARD.load)
DIVIDED = replace(
    made.gpu(0, "NVIDIA A100-SXM4-40GB", (8, 0)),
    load=Load(memory(9.5, 40.0), made.NA, 33, 49.7, made.NA),
    mig_enabled=True,
    mig_devices=(
        MigDevice("MIG-1", "NVIDIA A100-SXM4-40GB MIG 1g.5gb", 7, 0, memory(2.0, 4.75), (OWN,)),
        MigDevice("MIG-2", "NVIDIA A100-SXM4-40GB MIG 1g.5gb", 9, 0, made.NA, made.NA),
    ),
)
MIG = state(made.facts(made.system(DIVIDED)), trace=traced(DIVIDED))
GB10 = replace(
    made.gpu(0, "NVIDIA GB10", (12, 1)),
    load=Load(replace(memory(45.0, 119.7), unified=True), Utilisation(3, 0), 44, 11.02, ()),
    pace=replace(made.gpu().pace, power_limit=made.NA),
)
UNIFIED = state(made.facts(made.system(GB10), holders=0), trace=traced(GB10, minutes=2))
NOT_ASKED = NvmlFailure(FailureKind.NOT_NEEDED, FailureKind.NOT_NEEDED.value)
NO_GPU = state(GpuFacts(NOT_ASKED, made.NO_FILES), cuda=None)
MISMATCH = state(made.failed(FailureKind.MISMATCH, kernel_module=KernelModule("535.104.05", False)))
STUB = state(made.failed(FailureKind.FOREIGN_LIBRARY), UNREACHED)


def found(given: State) -> Diagnosis:
    """Return the verdict of a state that has one."""
    assert given.diagnosis
    return given.diagnosis


class GpuRecorded(Recorded):
    """A source that keeps at which paces it was asked to sample."""

    def __init__(self, given: State) -> None:
        super().__init__(given, StandInBench())
        self.paced: list[float | None] = []

    def watch_gpus(self, every: float | None, news: Callable[[], None]) -> None:
        """Keep the pace."""
        if self.paced[-1:] != [every]:
            self.paced.append(every)


Steps = Callable[[GpuFace, Pilot[None]], Awaitable[None]]


def drive_gpus(
    given: State, steps: Steps, size: tuple[int, int] = (80, 24), signs: Signs = UNICODE
) -> list[float | None]:
    """Open the screen on a state, take these steps, and return the paces that were asked for."""
    source = GpuRecorded(given)
    face = GpuFace(source, signs)

    async def run() -> None:
        async with face.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(face, pilot)

    asyncio.run(run())
    return source.paced
