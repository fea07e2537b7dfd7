"""The GPUs, driver and builds that the checks of CUDA judge: as found, or as a person assumes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from npdoctor.diagnose.context import Context
from npdoctor.model.cuda import Accelerator, Build, Capability
from npdoctor.model.finding import Evidence
from npdoctor.model.gpu import CudaLibrary, CudaOrigin, Gpu, GpuFacts, GpuSystem, KernelModule

_GPU_NODE = re.compile(r".*/(nvidia\d+|dxg)")
# NVIDIA, CUDA Compatibility, Forward Compatibility: data-centre GPUs, and chosen workstation boards, which
# is why those are not judged.
_DATA_CENTRE = re.compile(
    r"\b(Tesla|A(2|10G?|16|30|40|100|800)|H\d{2,3}|B\d{3}|G[BH]\d{3}|L(4|20|40S?)|T4G?|P(4|6|40|100)|V100S?)\b"
)
_GEFORCE = re.compile(r"GeForce|TITAN")
_WORKSTATION = re.compile(r"RTX|Quadro")


@dataclass(frozen=True, slots=True)
class Board:
    """A GPU to judge builds by; `name` is empty for one that is only assumed."""

    subject: str
    name: str
    capability: Capability

    @property
    def sm(self) -> str:
        """Return the architecture as NVIDIA names it."""
        return f"sm_{self.capability[0]}{self.capability[1]}"

    @property
    def words(self) -> str:
        """Return architecture and name."""
        return f"{self.sm} ({self.name})" if self.name else f"{self.sm} (assumed)"

    @property
    def evidence(self) -> Evidence:
        """Return where the architecture is known from."""
        return Evidence("nvml" if self.name else "rule", self.subject, self.words)


@dataclass(frozen=True, slots=True)
class Machine:
    """What builds are judged by; `present` says that a program here can reach a GPU, known or not."""

    boards: tuple[Board, ...]
    driver: str | None
    cuda: str | None
    present: bool
    driver_assumed: bool

    @property
    def driver_words(self) -> str:
        """Return the driver as a person would name it."""
        name = f"driver {self.driver}" if self.driver else "the driver"
        return f"{name} (CUDA {self.cuda})" if self.cuda else name


def machine_of(context: Context) -> Machine:
    """Return the machine as found, with what is assumed in place of it."""
    facts, assumed = context.snapshot.gpus, context.snapshot.machine
    boards = _visible(facts) if facts else ()
    driver, cuda = _driver(facts) if facts else (None, None)
    present = bool(boards) or _has_device(facts)
    if assumed is None:
        return Machine(boards, driver, cuda, present, driver_assumed=False)
    if assumed.gpus is not None:
        boards = tuple(Board(f"gpu:{n}", "", capability) for n, capability in enumerate(assumed.gpus))
        present = bool(boards)
    other_driver = bool(assumed.driver or assumed.cuda)
    if other_driver:
        driver, cuda = assumed.driver, assumed.cuda
        present = present or assumed.gpus is None
    return Machine(boards, driver, cuda, present, other_driver)


def system_of(facts: GpuFacts | None) -> GpuSystem | None:
    """Return what NVML said, if it said anything."""
    return facts.nvml if facts and isinstance(facts.nvml, GpuSystem) else None


def found(context: Context) -> GpuFacts | None:
    """Return the facts of this machine; None where another one is assumed, which they say nothing of."""
    return context.snapshot.gpus if context.snapshot.machine is None else None


def cuda_builds(context: Context) -> Iterator[Build]:
    """Yield the installed builds for CUDA, torch first; not those assumed in another version."""
    cuda = context.snapshot.cuda
    if cuda is None:
        return
    builds = (*((cuda.torch.build,) if cuda.torch else ()), *cuda.others)
    for build in builds:
        if build.accelerator is Accelerator.CUDA and build.distribution not in context.not_there:
            yield build


def uses_cuda(context: Context) -> bool:
    """Tell whether anything installed needs a GPU to do what it was built for."""
    return any(True for _ in cuda_builds(context))


def is_datacentre(name: str) -> bool | None:
    """Tell by a board's name whether it may use a newer libcuda; None where that is not known."""
    if _GEFORCE.search(name):
        return False
    return True if _DATA_CENTRE.search(name) and not _WORKSTATION.search(name) else None


def compat_version(facts: GpuFacts | None) -> str | None:
    """Return the version of a libcuda for forward compatibility, where the loader would take that one."""
    libcuda = facts.files.libcuda if facts else None
    if isinstance(libcuda, CudaLibrary) and libcuda.origin is CudaOrigin.COMPAT:
        return libcuda.version
    return None


def kernel_version(facts: GpuFacts) -> str | None:
    """Return the version of the driver in the kernel."""
    module = facts.files.kernel_module
    return module.version if isinstance(module, KernelModule) else None


def gpu_name(gpu: Gpu) -> str:
    """Return a board's name, or its number where it gives none."""
    return gpu.identity.name if isinstance(gpu.identity.name, str) else f"GPU {gpu.index}"


def _visible(facts: GpuFacts) -> tuple[Board, ...]:
    """Return the GPUs that CUDA_VISIBLE_DEVICES leaves, all of them where it cannot be followed."""
    system = system_of(facts)
    boards = {
        gpu.index: Board(f"gpu:{gpu.index}", gpu_name(gpu), gpu.identity.compute_capability)
        for gpu in (system.gpus if system else ())
        if isinstance(gpu.identity.compute_capability, tuple) and not gpu.lost
    }
    named = [part.strip() for part in facts.files.variables.get("CUDA_VISIBLE_DEVICES", "").split(",")]
    in_order = (
        facts.files.variables.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
        or len({board.capability for board in boards.values()}) == 1
    )
    if in_order and all(part.isdecimal() and int(part) in boards for part in named):
        return tuple(boards[int(part)] for part in dict.fromkeys(named))
    return tuple(boards.values())


def _driver(facts: GpuFacts) -> tuple[str | None, str | None]:
    """Return the driver's version and the newest CUDA that it serves.

    With a compat library before it, NVML tells of that library's CUDA and not of the driver's.
    """
    system = system_of(facts)
    driver = system.driver_version if system and isinstance(system.driver_version, str) else None
    pair = system.cuda_version if system and isinstance(system.cuda_version, tuple) else None
    cuda = f"{pair[0]}.{pair[1]}" if pair and compat_version(facts) is None else None
    return driver or kernel_version(facts), cuda


def _has_device(facts: GpuFacts | None) -> bool:
    """Tell whether there is a device file of a GPU that this process may use."""
    nodes = facts.files.nodes if facts else ()
    return any(_GPU_NODE.fullmatch(node.path) and node.problem is None for node in nodes)
