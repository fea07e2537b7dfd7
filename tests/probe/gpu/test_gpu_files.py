"""What the driver's files say without NVML."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

from npdoctor.model.gpu import (
    CudaLibrary,
    CudaOrigin,
    DeviceNode,
    GpuSystem,
    InjectedLibrary,
    KernelGpu,
    KernelModule,
    NvmlFailure,
    Reason,
    Unavailable,
)
from npdoctor.probe.gpu.cuda import find_libcuda
from npdoctor.probe.gpu.files import (
    device_nodes,
    injected_libraries,
    kernel_gpus,
    kernel_module,
    visibility_variables,
)
from npdoctor.probe.gpu.read import read_gpus
from npdoctor.probe.gpu.roots import Roots
from npdoctor.probe.loader import Loader

ABSENT = Unavailable(Reason.ABSENT)
CLOSED = (
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\nGCC version:\n"
)
OPEN = (
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (root@host)\n"
    "GCC version:  gcc version 12.2.0 (Debian)\n"
)
INFORMATION = """Model: 		 NVIDIA GeForce RTX 4090
IRQ:   		 186
GPU UUID: 	 GPU-11111111-2222-3333-4444-555555555555
Video BIOS: 	 95.02.18.80.5f
Bus Type: 	 PCIe
Bus Location: 	 0000:41:00.0
Device Minor: 	 3
GPU Excluded:	 No
"""
MOUNTINFO = r"""700 600 0:50 / / rw,relatime - overlay overlay rw
701 700 8:1 /libcuda.so.570.148.08 /usr/lib/x86_64-linux-gnu/libcuda.so.570.148.08 ro - ext4 /dev/sda1 ro
702 700 8:1 /a /usr/lib/with\040blank/libnvidia-ml.so.535.104.05 ro,nosuid master:1 - ext4 /dev/sda1 ro
703 700 8:1 /b /usr/lib/x86_64-linux-gnu/libcudnn.so.9.1.0 ro - ext4 /dev/sda1 ro
704 700 8:1 /e /usr/lib/libnvidia-egl-wayland.so.1.1.9 ro - ext4 /dev/sda1 ro
705 700 8:1 /c /usr/bin/nvidia-smi ro - ext4 /dev/sda1 ro
706
"""


def test_device_files_gpus_first(tmp_path: Path) -> None:
    for name in ("nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm-tools", "nvidia-other", "null"):
        (tmp_path / name).write_text("")
    (tmp_path / "nvidia3").symlink_to(tmp_path / "not there")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "nvidia-uvm"))
        nodes = device_nodes(str(tmp_path))
    assert [DeviceNode(os.path.basename(node.path), node.problem) for node in nodes] == [
        DeviceNode("nvidia2", None),
        DeviceNode("nvidia3", "no such file or directory"),
        DeviceNode("nvidia10", None),
        DeviceNode("nvidiactl", None),
        DeviceNode("nvidia-uvm", "no such device or address"),
        DeviceNode("nvidia-uvm-tools", None),
    ]
    assert device_nodes(str(tmp_path / "nowhere")) == ()


@pytest.mark.parametrize(
    ("text", "module"),
    [(CLOSED, KernelModule("535.104.05", open=False)), (OPEN, KernelModule("580.65.06", open=True))],
)
def test_the_kernel_module(tmp_path: Path, text: str, module: KernelModule) -> None:
    version = tmp_path / "driver/nvidia/version"
    version.parent.mkdir(parents=True)
    version.write_text(text)
    assert kernel_module(str(tmp_path)) == module


def test_a_kernel_module_that_is_not_there_or_says_nothing(tmp_path: Path) -> None:
    assert kernel_module(str(tmp_path)) == ABSENT
    version = tmp_path / "driver/nvidia/version"
    version.parent.mkdir(parents=True)
    version.write_text("something else 1.2.3\n")
    assert kernel_module(str(tmp_path)) == Unavailable(Reason.UNREADABLE, "something else 1.2.3")


def test_the_gpus_of_the_kernel(tmp_path: Path) -> None:
    gpus = tmp_path / "driver/nvidia/gpus"
    (gpus / "0000:41:00.0").mkdir(parents=True)
    (gpus / "0000:41:00.0/information").write_text(INFORMATION)
    (gpus / "0000:c1:00.0").mkdir()
    assert kernel_gpus(str(tmp_path)) == (
        KernelGpu("0000:41:00.0", "NVIDIA GeForce RTX 4090", "GPU-11111111-2222-3333-4444-555555555555", 3),
        KernelGpu("0000:c1:00.0", ABSENT, ABSENT, ABSENT),
    )
    assert kernel_gpus(str(tmp_path / "nowhere")) == ()


def test_injected_libraries_are_the_drivers_alone(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTINFO)
    assert injected_libraries(str(tmp_path / "mountinfo")) == (
        InjectedLibrary("libcuda", "570.148.08", "/usr/lib/x86_64-linux-gnu/libcuda.so.570.148.08"),
        InjectedLibrary("libnvidia-ml", "535.104.05", "/usr/lib/with blank/libnvidia-ml.so.535.104.05"),
    )
    assert injected_libraries(str(tmp_path / "nowhere")) == ()


def test_variables_are_of_the_list_and_may_be_empty() -> None:
    environ = {"CUDA_VISIBLE_DEVICES": "", "RUNPOD_GPU_COUNT": "2", "RUNPOD_API_KEY": "rpa_x", "PATH": "/bin"}
    assert visibility_variables(environ) == {"CUDA_VISIBLE_DEVICES": "", "RUNPOD_GPU_COUNT": "2"}


def install(folder: Path, *names: str) -> Path:
    """Put copies of an ELF file there: the interpreter's own program serves."""
    folder.mkdir(parents=True)
    for name in names:
        shutil.copy(os.path.realpath(sys.executable), folder / name)
    (folder / "libcuda.so.1").symlink_to(names[0])
    return folder


def search(*folders: Path) -> Loader:
    return Loader(":".join(map(str, folders)), cache="/nowhere", default_dirs=())


def test_libcuda_of_the_driver(tmp_path: Path) -> None:
    folder = install(tmp_path / "lib", "libcuda.so.570.148.08", "libcuda.so.535.104.05")
    path, real = str(folder / "libcuda.so.1"), str(folder / "libcuda.so.570.148.08")
    assert find_libcuda(search(folder)) == CudaLibrary(
        path, real, "570.148.08", CudaOrigin.DRIVER, ("535.104.05",)
    )


def test_the_first_libcuda_on_the_path_counts(tmp_path: Path) -> None:
    compat = install(tmp_path / "cuda-12.8/compat", "libcuda.so.570.148.08")
    stubs = install(tmp_path / "cuda/lib64/stubs", "libcuda.so")
    driver = install(tmp_path / "lib", "libcuda.so.535.104.05")
    found = [find_libcuda(search(*order)) for order in ((compat, driver), (stubs, driver), (driver, compat))]
    told = [(cuda.origin, cuda.version) for cuda in found if isinstance(cuda, CudaLibrary)]
    assert told == [
        (CudaOrigin.COMPAT, "570.148.08"),
        (CudaOrigin.STUB, None),
        (CudaOrigin.DRIVER, "535.104.05"),
    ]


def test_no_libcuda(tmp_path: Path) -> None:
    said = "the loader's cache cannot be read"
    assert find_libcuda(search(tmp_path)) == Unavailable(Reason.ABSENT, said)


def test_all_of_it_together(tmp_path: Path) -> None:
    version = tmp_path / "proc/driver/nvidia/version"
    version.parent.mkdir(parents=True)
    version.write_text(CLOSED)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/nvidiactl").write_text("")
    (tmp_path / "mountinfo").write_text(MOUNTINFO)
    lib = install(tmp_path / "lib", "libcuda.so.535.104.05")
    roots = Roots(
        dev=str(tmp_path / "dev"),
        proc=str(tmp_path / "proc"),
        mountinfo=str(tmp_path / "mountinfo"),
        loader_cache="/nowhere",
        library_dirs=(str(lib),),
    )
    facts = read_gpus({"CUDA_VISIBLE_DEVICES": "0"}, timeout=20, roots=roots)
    assert isinstance(facts.nvml, NvmlFailure | GpuSystem)
    assert facts.files.kernel_module == KernelModule("535.104.05", open=False)
    assert [node.path for node in facts.files.nodes] == [str(tmp_path / "dev/nvidiactl")]
    assert [library.name for library in facts.files.injected] == ["libcuda", "libnvidia-ml"]
    assert facts.files.variables == {"CUDA_VISIBLE_DEVICES": "0"}
    assert isinstance(facts.files.libcuda, CudaLibrary)
    assert facts.files.kernel_gpus == ()
