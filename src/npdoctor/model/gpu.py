"""GPUs as NVML tells of them, and what the files of the driver say without it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, TypeVar, Union


class Reason(str, Enum):
    """Why a value could not be had; `n/a` is a property of the board and no fault."""

    NOT_SUPPORTED = "n/a"
    NOT_OFFERED = "not offered by this driver"
    NO_PERMISSION = "not permitted"
    LOST = "lost"
    NEEDS_RESET = "needs a reset"
    ABSENT = "not there"
    UNREADABLE = "unreadable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A value that could not be had; `detail` is what the system said beyond the reason."""

    reason: Reason
    detail: str = ""


T = TypeVar("T")
Maybe: TypeAlias = Union[T, Unavailable]  # noqa: UP007 - a generic alias has to be subscriptable on 3.10


class ProcessKind(str, Enum):
    """What a process has open on a GPU."""

    COMPUTE = "compute"
    GRAPHICS = "graphics"
    BOTH = "compute and graphics"


class Visibility(str, Enum):
    """Whether the process number that NVML gives is one of this PID namespace."""

    OWN = "own namespace"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process on a GPU; `memory` in bytes, `command` (no arguments) only of one in this namespace.

    Drivers give numbers of the host's namespace, or of ours: a number is called OWN only where the process
    of that number in /proc holds a device of the driver open.
    """

    pid: int
    memory: Maybe[int]
    kind: ProcessKind
    visibility: Visibility = Visibility.UNKNOWN
    command: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory in bytes; `used` holds the driver's own share where `reserved` is not told apart.

    `unified` says that the GPU has none of its own: the figures are those of the machine.
    """

    total: int
    used: int
    free: int
    reserved: Maybe[int]
    unified: bool = False


@dataclass(frozen=True, slots=True)
class Utilisation:
    """Share of the last sample period, in percent, with a kernel running or memory being moved."""

    gpu: int
    memory: int


@dataclass(frozen=True, slots=True)
class Load:
    """What changes from second to second: degrees Celsius, watts."""

    memory: Maybe[Memory]
    utilisation: Maybe[Utilisation]
    temperature: Maybe[int]
    power: Maybe[float]
    processes: Maybe[tuple[GpuProcess, ...]]


@dataclass(frozen=True, slots=True)
class Identity:
    """Which board it is; `minor` is the N of /dev/nvidiaN."""

    uuid: Maybe[str]
    name: Maybe[str]
    pci_bus_id: Maybe[str]
    minor: Maybe[int]
    compute_capability: Maybe[tuple[int, int]]
    architecture: Maybe[str]
    virtualization: Maybe[str]


@dataclass(frozen=True, slots=True)
class EventReason:
    """One cause of the present clocks, with the bit of nvml.h."""

    bit: int
    words: str
    problem: bool


@dataclass(frozen=True, slots=True)
class Pace:
    """Limits and clocks: degrees Celsius, watts, percent, MHz; performance state 0 is the fastest."""

    slowdown_temperature: Maybe[int]
    shutdown_temperature: Maybe[int]
    power_limit: Maybe[float]
    fan: Maybe[int]
    performance_state: Maybe[int]
    sm_clock: Maybe[int]
    memory_clock: Maybe[int]
    max_sm_clock: Maybe[int]
    max_memory_clock: Maybe[int]
    event_reasons: Maybe[tuple[EventReason, ...]]


@dataclass(frozen=True, slots=True)
class Links:
    """PCIe generation and lanes at present and at most, and for each NVLink whether it is active."""

    pcie_generation: Maybe[int]
    pcie_width: Maybe[int]
    max_pcie_generation: Maybe[int]
    max_pcie_width: Maybe[int]
    nvlinks: Maybe[tuple[Maybe[bool], ...]]


@dataclass(frozen=True, slots=True)
class Health:
    """Uncorrected memory errors since the driver was loaded (volatile) and ever (aggregate), and repairs.

    `remap_pending` and `retirement_pending` end with a reset; `remap_failure` asks for another board.
    """

    ecc_enabled: Maybe[bool]
    volatile_errors: Maybe[int]
    aggregate_errors: Maybe[int]
    remap_pending: Maybe[bool]
    remap_failure: Maybe[bool]
    retirement_pending: Maybe[bool]
    recovery_action: Maybe[str]


@dataclass(frozen=True, slots=True)
class MigDevice:
    """One slice of a divided GPU, by its instance numbers."""

    uuid: Maybe[str]
    name: Maybe[str]
    gpu_instance: Maybe[int]
    compute_instance: Maybe[int]
    memory: Maybe[Memory]
    processes: Maybe[tuple[GpuProcess, ...]]


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU, numbered as NVML does: in PCI order, whatever CUDA_VISIBLE_DEVICES says."""

    index: int
    identity: Identity
    load: Load
    pace: Pace
    links: Links
    health: Health
    mig_enabled: Maybe[bool]
    mig_devices: tuple[MigDevice, ...] = ()

    @property
    def lost(self) -> bool:
        """Tell whether the driver says that it lost this GPU; it answers for no load then."""
        told = (self.load.memory, self.load.utilisation, self.load.temperature, self.load.power)
        return any(isinstance(value, Unavailable) and value.reason is Reason.LOST for value in told)


class FailureKind(str, Enum):
    """The ways in which NVML as a whole cannot be reached."""

    NO_LIBRARY = "no library"
    DAMAGED_LIBRARY = "library cannot be loaded"
    FOREIGN_LIBRARY = "stub or foreign library"
    DRIVER_NOT_LOADED = "driver not loaded"
    MISMATCH = "driver and library disagree"
    NO_PERMISSION = "not permitted"
    UNKNOWN = "unknown error"
    TIMED_OUT = "timed out"
    DIED = "ended the process that asked"
    NOT_ASKED = "could not be asked"
    NOT_NEEDED = "not asked: nothing here speaks for a GPU"


@dataclass(frozen=True, slots=True)
class NvmlFailure:
    """NVML cannot be reached; `code` is its own number, `library` the real path of what was loaded."""

    kind: FailureKind
    words: str
    code: int | None = None
    library: str | None = None

    @property
    def library_version(self) -> str | None:
        """Return the driver version that the library belongs to, from its file name."""
        return version_of(self.library) if self.library else None


@dataclass(frozen=True, slots=True)
class GpuSystem:
    """What NVML said; `cut_short` says why the GPUs from `len(gpus)` to `count` are missing.

    `cuda_version` is the newest CUDA of the driver as (major, minor), or of a compat library before it.
    """

    driver_version: Maybe[str]
    cuda_version: Maybe[tuple[int, int]]
    nvml_version: Maybe[str]
    library: str | None
    count: Maybe[int]
    gpus: tuple[Gpu, ...] = ()
    cut_short: NvmlFailure | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """The load of each GPU in NVML's order; `at` is in seconds of the monotonic clock."""

    at: float
    loads: tuple[Load, ...]


@dataclass(frozen=True, slots=True)
class DeviceNode:
    """A device file of the driver; `problem` is what the system says to opening it, None where it can."""

    path: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class KernelModule:
    """The driver in the kernel, by /proc/driver/nvidia/version."""

    version: str
    open: bool


@dataclass(frozen=True, slots=True)
class KernelGpu:
    """A GPU that the kernel's driver serves; the folder is named by the bus id."""

    bus_id: str
    model: Maybe[str]
    uuid: Maybe[str]
    minor: Maybe[int]


@dataclass(frozen=True, slots=True)
class InjectedLibrary:
    """A library of the driver that the container runtime mounted, such as libcuda with `570.148.08`."""

    name: str
    version: str
    path: str


class CudaOrigin(str, Enum):
    """What kind of libcuda the loader would take."""

    DRIVER = "driver"
    COMPAT = "compat"
    STUB = "stub"


@dataclass(frozen=True, slots=True)
class CudaLibrary:
    """The libcuda.so.1 that a program would get; `beside` are other versions in the same folder."""

    path: str
    real_path: str
    version: str | None
    origin: CudaOrigin
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DriverFiles:
    """What can be known without NVML; `variables` holds only names of an allow-list."""

    nodes: tuple[DeviceNode, ...]
    kernel_module: Maybe[KernelModule]
    kernel_gpus: tuple[KernelGpu, ...]
    injected: tuple[InjectedLibrary, ...]
    variables: dict[str, str]
    libcuda: Maybe[CudaLibrary]


@dataclass(frozen=True, slots=True)
class GpuFacts:
    """All that was read of GPUs; no GPU at all is a GpuSystem without any.

    `holders` counts the processes of this PID namespace that hold a device of the driver open, None where
    not all of them could be looked at.
    """

    nvml: GpuSystem | NvmlFailure
    files: DriverFiles
    holders: int | None = None


def version_of(path: str) -> str | None:
    """Return the version in a library's file name: `570.148.08` of `libcuda.so.570.148.08`."""
    found = re.search(r"\.so\.(\d+\.\d[\d.]*)$", os.path.basename(path))
    return found[1] if found else None
