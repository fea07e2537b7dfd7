"""NPD303 to NPD305, NPD406, and torch's companions: whether builds fit GPU, driver and torch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose_build import OK, dist, ext
from gpu_build import (
    ABSENT,
    DRIVER,
    LIBCUDA,
    NO_FILES,
    builds,
    code,
    facts,
    gpu,
    library,
    seen,
    system,
    told,
    torch_build,
)

from npdoctor.model.cuda import (
    Accelerator,
    BitsandbytesChoice,
    Build,
    Companion,
    LibraryNeed,
    MissingSymbols,
    ReachFolder,
    Toolkit,
)
from npdoctor.model.gpu import CudaOrigin, FailureKind, GpuFacts, KernelModule, NvmlFailure
from npdoctor.model.machine import AssumedMachine

TORCH = dist("torch", "2.8.0")
KERNELS = "torch/lib/libtorch_cuda.so"
OF_2_8 = code("sm_70", "sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120")
OF_2_7 = code("sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90")
RTX_5090 = gpu(0, "NVIDIA GeForce RTX 5090", (12, 0))
NO_GPU = GpuFacts(NvmlFailure(FailureKind.NOT_NEEDED, "not asked"), NO_FILES)


def by_driver(driver: str, cuda: tuple[int, int] | Any, needed: str, *others: Build) -> Any:
    kernel: dict[str, Any] = {
        "kernel_module": KernelModule(driver, True),
        "libcuda": replace(LIBCUDA, version=driver),
    }
    found = facts(system(driver=driver, cuda=cuda), **kernel)
    return seen(TORCH, gpus=found, cuda=builds(torch_build(needed), *others))


# -- NPD303 -----------------------------------------------------------------------------------------


def test_a_driver_of_an_older_cuda_major() -> None:
    (finding,) = by_driver("535.104.05", (12, 2), "13.0")
    assert (finding.code, finding.severity.value, finding.subject) == ("NPD303", "broken", "torch")
    assert "CUDA 13.0" in finding.title
    assert "535.104.05" in finding.title
    assert "whl/cu121" in finding.remedy
    assert "take a pod with driver 580.65.06 or newer" in finding.remedy


@pytest.mark.parametrize(
    ("driver", "cuda", "needed", "expected"),
    [
        ("570.148.08", (12, 8), "12.8", []),
        ("580.65.06", (13, 0), "12.1", []),
        ("550.54.15", (12, 4), "12.8", [("NPD303", "warning", "torch")]),
        ("470.57.02", (11, 4), "12.1", [("NPD303", "broken", "torch")]),
        ("570.148.08", ABSENT, "12.8", []),
        ("550.54.15", ABSENT, "12.8", [("NPD303", "warning", "torch")]),
        ("595.45.04", ABSENT, "13.4", [("NPD303", "unknown", "torch")]),
    ],
)
def test_drivers(driver: str, cuda: Any, needed: str, expected: list[tuple[str, str, str]]) -> None:
    assert told(by_driver(driver, cuda, needed)) == expected


def test_what_falls_back_to_the_cpu_is_a_warning() -> None:
    other = Build("onnxruntime-gpu", "1.22", Accelerator.CUDA, "13.0", "x")
    found = by_driver("550.54.15", (12, 4), "12.4", other)
    assert told(found) == [("NPD303", "warning", "onnxruntime-gpu")]
    assert "the driver belongs to the host" in found[0].remedy


# -- NPD304 -----------------------------------------------------------------------------------------


def kernels(*parts: Any, board: Any = RTX_5090, cuda: Any = None) -> Any:
    found = facts(system(board))
    return seen(TORCH, *parts, gpus=found, cuda=cuda or builds(torch_build()))


def test_torch_without_kernels_for_the_gpu() -> None:
    (finding,) = kernels(library("torch", KERNELS, OF_2_7))
    assert (finding.code, finding.severity.value, finding.subject) == ("NPD304", "broken", "torch")
    assert "sm_120 (NVIDIA GeForce RTX 5090)" in finding.title
    assert finding.evidence[0].source == KERNELS
    assert "sm_90" in finding.evidence[0].detail
    assert "whl/cu128" in finding.remedy


def test_an_old_gpu_needs_an_older_build() -> None:
    (finding,) = kernels(library("torch", KERNELS, OF_2_8), board=gpu(0, "Tesla P100", (6, 0)))
    assert finding.severity.value == "broken"
    assert "whl/cu126" in finding.remedy


def test_code_of_the_same_major_runs() -> None:
    assert kernels(library("torch", KERNELS, OF_2_8), board=gpu(0, "NVIDIA L40S", (8, 9))) == []
    assert kernels(library("torch", KERNELS, OF_2_8)) == []


def test_torch_is_judged_by_its_kernels_alone() -> None:
    extra = library("torch", "torch/lib/libtorch_cuda_linalg.so", OF_2_7)
    assert kernels(library("torch", KERNELS, OF_2_8), extra) == []


def test_one_of_two_gpus_is_a_warning() -> None:
    found = seen(
        TORCH,
        library("torch", KERNELS, OF_2_7),
        gpus=facts(system(gpu(), replace(RTX_5090, index=1))),
        cuda=builds(torch_build()),
    )
    assert told(found) == [("NPD304", "warning", "torch")]


def test_a_companion_without_kernels_leaves_torch_alone() -> None:
    flash = dist("flash-attn", "2.7.4")
    (finding,) = kernels(
        library("torch", KERNELS, OF_2_8), flash, library("flash-attn", "flash_attn_2_cuda.so", OF_2_7)
    )
    assert (finding.code, finding.severity.value, finding.subject) == ("NPD304", "warning", "flash-attn")
    assert "torch can stay" in finding.remedy


def test_special_code_and_nvidias_own_libraries_are_no_ground() -> None:
    vllm = dist("vllm", "0.33.0")
    special = library("vllm", "vllm/_vllm_fa3_C.so", code("sm_90a"))
    own = library("nvidia-cublas-cu12", "nvidia/cublas/lib/libcublas.so.12", OF_2_7)
    assert kernels(vllm, special, dist("nvidia-cublas-cu12"), own) == []


def test_a_part_for_another_gpu_is_a_note() -> None:
    parts = (library("vllm", "vllm/_C.so", OF_2_8), library("vllm", "vllm/_flashmla_C.so", code("sm_100")))
    assert told(kernels(dist("vllm"), *parts)) == [("NPD304", "info", "vllm")]


def test_ptx_is_a_note() -> None:
    ptx = library("exllama", "exllama/ext.so", code("sm_80", "compute_80"))
    assert told(kernels(dist("exllama"), ptx)) == [("NPD304", "info", "exllama")]


def test_code_that_could_not_be_read_is_unknown() -> None:
    cut = library("torch", KERNELS, replace(OF_2_7, incomplete="the file ends early"))
    assert told(kernels(cut)) == [("NPD304", "unknown", "torch")]


def test_bitsandbytes_is_judged_by_the_library_that_it_loads() -> None:
    choice = BitsandbytesChoice("libbitsandbytes_cuda128.so", True, True, "torch", ())
    old = library("bitsandbytes", "bitsandbytes/libbitsandbytes_cuda121.so", OF_2_7)
    new = library("bitsandbytes", "bitsandbytes/libbitsandbytes_cuda128.so", OF_2_8)
    cuda = builds(torch_build(), bitsandbytes=choice)
    assert kernels(dist("bitsandbytes"), old, new, cuda=cuda) == []
    other = builds(torch_build(), bitsandbytes=replace(choice, library="libbitsandbytes_cuda121.so"))
    assert told(kernels(dist("bitsandbytes"), old, new, cuda=other)) == [
        ("NPD304", "warning", "bitsandbytes")
    ]


def test_without_a_gpu_no_kernel_is_missed() -> None:
    old = library("torch", KERNELS, OF_2_7)
    assert seen(TORCH, old, gpus=NO_GPU, cuda=builds(torch_build())) == []


# -- NPD305 -----------------------------------------------------------------------------------------


def test_a_torch_for_the_cpu_beside_a_gpu() -> None:
    cuda = builds(torch_build(None, "2.8.0+cpu"))
    (finding,) = seen(TORCH, gpus=facts(), cuda=cuda)
    assert (finding.code, finding.severity.value, finding.subject) == ("NPD305", "warning", "torch")
    assert "torch==2.8.0 --index-url https://download.pytorch.org/whl/cu128" in finding.remedy
    assert seen(TORCH, gpus=NO_GPU, cuda=cuda) == []


def test_an_onnxruntime_that_lies_over_the_gpu_build_is_told_once() -> None:
    parts = (dist("onnxruntime", "1.22.0"), dist("onnxruntime-gpu", "1.22.0"))
    cpu = Build("onnxruntime-gpu", "1.22.0", Accelerator.CPU, None, "onnxruntime/capi/info.py")
    assert told(seen(*parts, gpus=facts(), cuda=builds(None, cpu))) == [("NPD305", "warning", "onnxruntime")]
    assert told(seen(*parts, gpus=NO_GPU, cuda=builds(None, cpu))) == [("NPD208", "warning", "onnxruntime")]
    alone = Build("onnxruntime", "1.22.0", Accelerator.CPU, None, "x")
    assert seen(parts[0], gpus=facts(), cuda=builds(None, alone)) == []


def test_a_torch_of_two_builds() -> None:
    mixed = replace(torch_build(), has_cuda_library=False)
    assert told(seen(TORCH, gpus=NO_GPU, cuda=builds(mixed))) == [("NPD205", "warning", "torch")]


# -- assumed machines -------------------------------------------------------------------------------


def test_a_gpu_is_assumed_on_a_machine_without_one() -> None:
    parts = (TORCH, library("torch", KERNELS, OF_2_7))
    changes: dict[str, Any] = {"gpus": NO_GPU, "cuda": builds(torch_build("12.6", "2.7.1"))}
    (finding,) = seen(*parts, **changes, machine=AssumedMachine(gpus=((12, 0),)))
    assert (finding.code, finding.severity.value) == ("NPD304", "broken")
    assert "assumed" in finding.title
    assert seen(*parts, **changes, machine=AssumedMachine(gpus=((9, 0),))) == []
    assert seen(*parts, **changes, machine=AssumedMachine(gpus=())) == []


def test_a_driver_is_assumed() -> None:
    changes: dict[str, Any] = {"gpus": NO_GPU, "cuda": builds(torch_build("13.0"))}
    (finding,) = seen(TORCH, **changes, machine=AssumedMachine(driver="550.54"))
    assert (finding.code, finding.severity.value) == ("NPD303", "broken")
    assert "assumed" in finding.evidence[1].detail
    assert seen(TORCH, **changes, machine=AssumedMachine(driver="580.65.06")) == []
    assert told(seen(TORCH, **changes, machine=AssumedMachine(cuda="12.4")))[0][0] == "NPD303"
    assert seen(TORCH, **changes, machine=AssumedMachine(cuda="13.0")) == []


def test_an_assumed_torch_has_no_build_to_judge() -> None:
    found = seen(TORCH, gpus=facts(), cuda=builds(torch_build("13.0")), assumed={"torch": "2.4.0"})
    assert not [f for f in found if f.code.startswith("NPD3")]


# -- companions of torch ----------------------------------------------------------------------------

VISION = dist("torchvision", "0.17.2", "torch==2.2.2")
LACKS = MissingSymbols("torchvision/_C.so", ("_ZN3c105ErrorE",), 3)


def companion(accepted: bool | None = False, *missing: MissingSymbols) -> Any:
    return builds(
        torch_build(), companions=(Companion("torchvision", "0.17.2", "==2.2.2", accepted, 1, missing),)
    )


def test_missing_symbols_are_the_root_and_the_requirement_an_echo() -> None:
    (finding,) = seen(TORCH, VISION, cuda=companion(False, LACKS))
    assert (finding.code, finding.severity.value, finding.subject) == ("NPD107", "broken", "torchvision")
    assert "torch 2.8.0" in finding.title
    assert {e.source for e in finding.evidence} == {"torchvision/_C.so", "torchvision requires", "torch"}
    assert "Leave torch as it is" in finding.remedy
    assert finding.fix is None


def test_a_companion_for_another_torch_by_its_metadata() -> None:
    assert told(seen(TORCH, VISION, cuda=companion())) == [("NPD208", "warning", "torchvision")]
    fitting = dist("torchvision", "0.23.0", "torch==2.8.0")
    assert seen(TORCH, fitting, cuda=companion(True)) == []


def test_what_was_imported_lacks_nothing() -> None:
    module = ext("torchvision._C", relative="torchvision/_C.so")
    fitting = dist("torchvision", "0.23.0", "torch==2.8.0")
    cuda = companion(True, LACKS)
    assert seen(TORCH, fitting, module, cuda=cuda, imports={module.path: OK}) == []
    assert told(seen(TORCH, fitting, module, cuda=cuda)) == [("NPD107", "broken", "torchvision")]


def test_symbols_that_could_not_be_read_are_not_missing() -> None:
    unread = MissingSymbols("torchvision/_C.so", (), 0, unread="cannot be read")
    fitting = dist("torchvision", "0.23.0", "torch==2.8.0")
    assert seen(TORCH, fitting, cuda=companion(True, unread)) == []


def test_libraries_behind_the_toolkits_extras() -> None:
    lacking = LibraryNeed(
        "torch", "nvidia-cublas==13.1", "nvidia-cublas", None, False, "cuda-toolkit[cublas]"
    )
    other = replace(lacking, name="nvidia-cufft", requirement="nvidia-cufft==12.0", installed="11.0")
    found = seen(TORCH, cuda=builds(torch_build(), needs=(lacking, other)))
    assert told(found) == [("NPD106", "warning", "torch"), ("NPD202", "warning", "torch")]
    assert found[0].fix is not None
    assert found[0].fix.pins == ("nvidia-cublas==13.1",)
    direct = replace(lacking, via=None)
    there = replace(lacking, installed="13.1", satisfied=True)
    assert seen(TORCH, cuda=builds(torch_build(), needs=(direct, there))) == []


def test_bitsandbytes_without_a_library_for_this_cuda() -> None:
    choice = BitsandbytesChoice("libbitsandbytes_cuda132.so", False, True, "torch built for CUDA 13.2", ())
    cuda = builds(torch_build(), bitsandbytes=choice)
    parts = (TORCH, dist("bitsandbytes"))
    assert told(seen(*parts, gpus=facts(), cuda=cuda)) == [("NPD208", "warning", "bitsandbytes")]
    assert seen(*parts, gpus=NO_GPU, cuda=cuda) == []


# -- NPD406 -----------------------------------------------------------------------------------------

COMPAT = replace(
    LIBCUDA, path="/usr/local/cuda/compat/libcuda.so.1", version="580.65.06", origin=CudaOrigin.COMPAT
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NVIDIA GeForce RTX 4090", [("NPD406", "broken", "host")]),
        ("NVIDIA RTX A6000", [("NPD406", "info", "host")]),
        ("NVIDIA H100 80GB HBM3", []),
        ("Tesla T4", []),
    ],
)
def test_a_compat_library(name: str, expected: list[tuple[str, str, str]]) -> None:
    found = facts(system(gpu(0, name)), libcuda=COMPAT)
    assert told(seen(TORCH, gpus=found, cuda=builds(torch_build("13.0")))) == expected


def test_a_compat_library_older_than_the_driver() -> None:
    old = replace(COMPAT, version="550.54.14")
    found = seen(TORCH, gpus=facts(libcuda=old), cuda=builds(torch_build()))
    assert told(found) == [("NPD406", "warning", "host")]
    assert seen(TORCH, gpus=facts(libcuda=replace(COMPAT, version=DRIVER)), cuda=builds(torch_build())) == []


def test_a_stub_of_libcuda() -> None:
    stub = replace(LIBCUDA, path="/usr/local/cuda/lib64/stubs/libcuda.so.1", version=None,
                   origin=CudaOrigin.STUB)  # fmt: skip
    found = seen(TORCH, gpus=facts(libcuda=stub), cuda=builds(torch_build()))
    assert told(found) == [("NPD406", "broken", "host")]
    no_gpu = GpuFacts(NO_GPU.nvml, replace(NO_FILES, libcuda=stub))
    assert seen(TORCH, gpus=no_gpu, cuda=builds(torch_build())) == []


@pytest.mark.parametrize(
    ("path", "library_name", "count"),
    [
        ("/usr/local/cuda-12.0/lib64", "libnvJitLink.so.12", 1),
        ("/usr/local/cuda-12.9/lib64", "libnvJitLink.so.12", 0),
        ("/usr/local/cuda-12.0/lib64", "libcublas.so.12", 0),
        ("/usr/local/cuda-11.8/lib64", "libnvJitLink.so.11", 0),
        ("/usr/local/cuda/lib64", "libnvJitLink.so.12", 1),
        ("/somewhere/lib", "libnvJitLink.so.12", 0),
    ],
)
def test_an_older_linker_on_the_path(path: str, library_name: str, count: int) -> None:
    cuda = builds(
        torch_build(),
        folders=(ReachFolder(path, "libraries", (library_name,)),),
        toolkits=(Toolkit("/usr/local/cuda-12.1", "12.1.1", None),),
    )
    module = ext("torch._C")
    assert told(seen(TORCH, module, cuda=cuda)) == [("NPD406", "warning", "host")] * count
    assert seen(TORCH, module, cuda=cuda, imports={"torch._C": OK}) == []
