"""GPUs, drivers and CUDA builds by hand: what a test does not name is as on a healthy machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from diagnose_build import Part, ext, host, judge

from npdoctor.model.binary import Binary
from npdoctor.model.cuda import (
    Accelerator,
    Build,
    CodeKind,
    ContainerGroup,
    CudaBuilds,
    GpuCode,
    GpuImage,
    ImageCount,
    TorchBuild,
)
from npdoctor.model.finding import Finding
from npdoctor.model.gpu import (
    CudaLibrary,
    CudaOrigin,
    DeviceNode,
    DriverFiles,
    FailureKind,
    Gpu,
    GpuFacts,
    GpuSystem,
    Health,
    Identity,
    KernelModule,
    Links,
    Load,
    Memory,
    NvmlFailure,
    Pace,
    Reason,
    Unavailable,
)

GIB = 1 << 30
NA = Unavailable(Reason.NOT_SUPPORTED)
ABSENT = Unavailable(Reason.ABSENT)
DRIVER = "570.148.08"
LIBCUDA = CudaLibrary("/lib/libcuda.so.1", f"/lib/libcuda.so.{DRIVER}", DRIVER, CudaOrigin.DRIVER)
NODES = tuple(DeviceNode(f"/dev/nvidia{end}", None) for end in ("0", "ctl", "-uvm"))
NO_FILES = DriverFiles((), ABSENT, (), (), {}, ABSENT)
LOST = Unavailable(Reason.LOST)


def gpu(index: int = 0, name: str = "NVIDIA H100 80GB HBM3", sm: tuple[int, int] = (9, 0)) -> Gpu:
    return Gpu(
        index=index,
        identity=Identity(f"GPU-{index}1111111-2222", name, NA, index, sm, "Hopper", "none"),
        load=Load(Memory(80 * GIB, 0, 80 * GIB, 0), NA, 40, 100.0, ()),
        pace=Pace(87, 90, 700.0, NA, 0, 1, 1, 1, 1, ()),
        links=Links(5, 16, 5, 16, NA),
        health=Health(True, 0, 0, False, False, NA, "none"),
        mig_enabled=False,
    )


def files(**changes: Any) -> DriverFiles:
    base = DriverFiles(NODES, KernelModule(DRIVER, True), (), (), {}, LIBCUDA)
    return replace(base, **changes)


def system(*gpus: Gpu, driver: str = DRIVER, cuda: tuple[int, int] | Unavailable = (12, 8)) -> GpuSystem:
    boards = gpus or (gpu(),)
    return GpuSystem(driver, cuda, f"12.{driver}", f"/lib/libnvidia-ml.so.{driver}", len(boards), boards)


def facts(nvml: GpuSystem | NvmlFailure | None = None, holders: int | None = 1, **changes: Any) -> GpuFacts:
    return GpuFacts(nvml or system(), files(**changes), holders)


def failed(kind: FailureKind, **changes: Any) -> GpuFacts:
    return GpuFacts(NvmlFailure(kind, "words", None, f"/lib/libnvidia-ml.so.{DRIVER}"), files(**changes))


def torch_build(cuda: str | None = "12.8", version: str = "2.8.0") -> TorchBuild:
    kind = Accelerator.CUDA if cuda else Accelerator.CPU
    return TorchBuild(
        Build("torch", version, kind, cuda, "torch/version.py"), version, None, None, cuda is not None
    )


def builds(torch: TorchBuild | None = None, *others: Build, **changes: Any) -> CudaBuilds:
    return replace(CudaBuilds(torch, others, (), (), (), None, (), (), None), **changes)


def code(*names: str, containers: int = 10, incomplete: str | None = None) -> GpuCode:
    """Return code for these architectures, such as sm_90, sm_90a or compute_80, in every container."""
    images = tuple(map(_image, names))
    return GpuCode(
        (ContainerGroup(images, containers),),
        tuple(ImageCount(image, containers, containers) for image in images),
        incomplete=incomplete,
    )


def _image(name: str) -> GpuImage:
    kind, _, number = name.partition("_")
    variant = number[-1] if number[-1].isalpha() else ""
    digits = number.removesuffix(variant)
    return GpuImage(
        CodeKind.CUBIN if kind == "sm" else CodeKind.PTX, (int(digits[:-1]), int(digits[-1])), variant
    )


def library(owner: str, relative: str, gpu_code: GpuCode) -> Binary:
    return ext(f"{owner}.x", None, owner, relative=relative, path=f"/x/{relative}", module=None,
               module_stem=None, python_tag=None, gpu_code=gpu_code)  # fmt: skip


def seen(*parts: Part, numpy: str | None = None, **changes: Any) -> list[Finding]:
    """Judge on a container with a libc, without NumPy, and return all findings."""
    return list(judge(*parts, numpy=numpy, **{"host": host(), **changes}).findings)


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity.value, f.subject) for f in findings]
