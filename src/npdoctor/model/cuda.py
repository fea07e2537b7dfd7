"""What the installed builds need of CUDA and of GPUs, as their files say it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

Capability = tuple[int, int]

# Boards on which only code for exactly their architecture runs: Tegra and its like. NVIDIA promises no
# binary compatibility between them and the others (CUDA C++ Programming Guide, "Binary Compatibility").
_ISLANDS = frozenset({(5, 3), (6, 2), (7, 2), (8, 7), (10, 1), (11, 0)})


class CodeKind(str, Enum):
    """Machine code for one architecture, or the intermediate code that a driver compiles when it loads."""

    CUBIN = "cubin"
    PTX = "ptx"


@dataclass(frozen=True, slots=True, order=True)
class GpuImage:
    """One kind of code for one architecture.

    `variant` is `a` where it runs on exactly that architecture, `f` where it runs on its family.
    """

    kind: CodeKind
    capability: Capability
    variant: str = ""

    @property
    def name(self) -> str:
        """Return the name NVIDIA gives it, such as `sm_90a` or `compute_80`."""
        prefix = "sm" if self.kind is CodeKind.CUBIN else "compute"
        return f"{prefix}_{self.capability[0]}{self.capability[1]}{self.variant}"

    def fits(self, capability: Capability) -> bool:
        """Tell whether a GPU of this compute capability can run it (CUDA C++ Programming Guide)."""
        if self.variant == "a":
            return capability == self.capability
        same_family = capability[0] == self.capability[0] and capability[1] >= self.capability[1]
        apart = capability != self.capability and bool(_ISLANDS & {capability, self.capability})
        if self.kind is CodeKind.CUBIN or self.variant == "f":
            return same_family and not apart
        return capability >= self.capability


@dataclass(frozen=True, slots=True)
class ContainerGroup:
    """How many containers of a file hold exactly these images, in order; one source file gives one each."""

    images: tuple[GpuImage, ...]
    count: int


@dataclass(frozen=True, slots=True)
class ImageCount:
    """How many images of this kind a file has in all, and in how many of its containers."""

    image: GpuImage
    images: int
    containers: int


@dataclass(frozen=True, slots=True)
class GpuCode:
    """The GPU code of one file.

    `unnamed` counts images that are neither machine code nor PTX, such as the intermediate code for
    link-time optimisation. `incomplete` says why not all could be read, None where it was.
    """

    groups: tuple[ContainerGroup, ...]
    counts: tuple[ImageCount, ...]
    unnamed: int = 0
    incomplete: str | None = None

    @property
    def containers(self) -> int:
        """Return how many containers were read."""
        return sum(group.count for group in self.groups)

    @property
    def judged(self) -> tuple[ContainerGroup, ...]:
        """Return the containers by which the file is judged.

        Those with code for special architectures only are extras of a file that has others.
        """
        filled = tuple(group for group in self.groups if group.images)
        return tuple(g for g in filled if not all(image.variant for image in g.images)) or filled

    @property
    def in_all(self) -> frozenset[GpuImage]:
        """Return the images in all containers that count: what the file was built for as a whole."""
        sets = [frozenset(group.images) for group in self.judged]
        return frozenset.intersection(*sets) if sets else frozenset()

    @property
    def in_some(self) -> frozenset[GpuImage]:
        """Return the other images: extra code for single functions."""
        return frozenset(count.image for count in self.counts) - self.in_all

    @property
    def is_special(self) -> bool:
        """Tell whether all its code is for special architectures, as of flash-attn 3: no build for others.

        Such a file is an optional part, chosen when the program runs, and no ground to judge a GPU by.
        """
        return bool(self.counts) and all(count.image.variant for count in self.counts)


class Fit(str, Enum):
    """Whether a file's code runs on a GPU; `PARTLY` where most of its functions have no code for it."""

    NATIVE = "native"
    PTX = "ptx"
    PARTLY = "partly"
    NO_KERNEL = "no kernel"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reach:
    """How many containers a GPU runs natively, how many by compiling PTX, and how many not at all."""

    native: int
    ptx: int
    none: int


def reach(code: GpuCode, capability: Capability) -> Reach:
    """Count the containers that count by how a GPU of this compute capability runs them."""
    counted = {CodeKind.CUBIN: 0, CodeKind.PTX: 0, None: 0}
    for group in code.judged:
        kinds = {image.kind for image in group.images if image.fits(capability)}
        counted[next((kind for kind in CodeKind if kind in kinds), None)] += group.count
    return Reach(counted[CodeKind.CUBIN], counted[CodeKind.PTX], counted[None])


def runs_on(code: GpuCode, capability: Capability) -> Fit:
    """Tell whether the code runs on a GPU of this compute capability, by what most containers hold."""
    seen = reach(code, capability)
    total = seen.native + seen.ptx + seen.none
    if code.incomplete or not total:
        return Fit.UNKNOWN
    if not seen.native and not seen.ptx:
        return Fit.UNKNOWN if code.unnamed else Fit.NO_KERNEL
    if seen.none * 2 > total:
        return Fit.PARTLY
    return Fit.PTX if seen.ptx > seen.native else Fit.NATIVE


class Accelerator(str, Enum):
    """What a build computes on."""

    CPU = "cpu"
    CUDA = "cuda"
    ROCM = "rocm"
    XPU = "xpu"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Build:
    """What a framework was built for; `cuda` is a version such as `12.8`, `12` where only that is known.

    `source` is the file, or the name, that says so.
    """

    distribution: str
    version: str
    accelerator: Accelerator
    cuda: str | None
    source: str


@dataclass(frozen=True, slots=True)
class TorchBuild:
    """The installed torch: what version.py says, and whether its CUDA library is there.

    `version` is that of version.py, which may differ from the metadata after a mixed install.
    """

    build: Build
    file_version: str | None
    hip: str | None
    git: str | None
    has_cuda_library: bool

    @property
    def contradiction(self) -> str | None:
        """Say where version.py and the libraries beside it disagree, as after a mixed install."""
        if self.build.accelerator is Accelerator.CUDA and not self.has_cuda_library:
            return "version.py names a CUDA version and libtorch_cuda.so is not there"
        if self.build.accelerator is Accelerator.CPU and self.has_cuda_library:
            return "version.py names no CUDA version and libtorch_cuda.so is there"
        return None


@dataclass(frozen=True, slots=True)
class LibraryNeed:
    """A requirement of a CUDA library (nvidia-*, cuda-toolkit) and what is installed; None where nothing.

    `via` is the requirement with extras that leads there, such as `cuda-toolkit[cublas]==13.0.2`.
    """

    owner: str
    requirement: str
    name: str
    installed: str | None
    satisfied: bool
    via: str | None = None


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """Distributions that are variants of one thing and were installed over each other in one folder."""

    folder: str
    distributions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MissingSymbols:
    """Symbols of torch that a file needs and no library of the installed torch offers.

    `examples` are the first of `count` mangled names. `only_cuda` where all are of torch's CUDA half: the
    file was built for a CUDA build of torch. `unread` says why the file, or torch, could not be looked at.
    """

    relative: str
    examples: tuple[str, ...]
    count: int
    only_cuda: bool = False
    unread: str | None = None


@dataclass(frozen=True, slots=True)
class Companion:
    """A distribution that is built against torch.

    `accepts` is what it asks of torch's version: empty for any, None where it names no torch. `accepted`
    tells whether the installed torch meets it. `examined` counts the files held against torch's symbols.
    """

    distribution: str
    version: str
    accepts: str | None
    accepted: bool | None
    examined: int
    missing: tuple[MissingSymbols, ...]


@dataclass(frozen=True, slots=True)
class BitsandbytesChoice:
    """The library that bitsandbytes loads for torch's CUDA on a GPU of capability 7.5 or later.

    `exists` is false where the wheel has none of that name; `exact` is false where it is for another
    CUDA of the same major version. `chosen_by` is torch's CUDA version, or the variable that overrides it.
    """

    library: str
    exists: bool
    exact: bool
    chosen_by: str
    available: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReachFolder:
    """An entry of LD_LIBRARY_PATH with libraries of CUDA in it; `kind` is stubs, compat or libraries."""

    path: str
    kind: str
    libraries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Toolkit:
    """A CUDA toolkit on the machine, with the version it names and its compiler, where it has them.

    `compat_driver` is the version of the libcuda that it brings for older kernel drivers.
    """

    path: str
    version: str | None
    nvcc: str | None
    compat_driver: str | None = None


@dataclass(frozen=True, slots=True)
class CudaBuilds:
    """All that the files say of CUDA; `nvcc` is the compiler that PATH finds first."""

    torch: TorchBuild | None
    others: tuple[Build, ...]
    needs: tuple[LibraryNeed, ...]
    shared: tuple[SharedFolder, ...]
    companions: tuple[Companion, ...]
    bitsandbytes: BitsandbytesChoice | None
    folders: tuple[ReachFolder, ...]
    toolkits: tuple[Toolkit, ...]
    nvcc: str | None
