"""Read all facts of the GPUs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from npdoctor.model.gpu import DriverFiles, FailureKind, GpuFacts, NvmlFailure, Unavailable
from npdoctor.probe.control import Control
from npdoctor.probe.gpu.cuda import find_libcuda
from npdoctor.probe.gpu.files import (
    device_nodes,
    injected_libraries,
    kernel_gpus,
    kernel_module,
    visibility_variables,
)
from npdoctor.probe.gpu.holders import count_holders
from npdoctor.probe.gpu.roots import Roots
from npdoctor.probe.loader import Loader

# Variables by which a container runtime or a provider says which GPUs were asked for.
_ASKED_FOR = ("NVIDIA_VISIBLE_DEVICES", "RUNPOD_GPU_COUNT")
_ASKED_FOR_NONE = ("", "0", "none", "void")
_NVML = "libnvidia-ml.so.1"
# Distributions that only a build for NVIDIA's GPUs brings along, or that are one themselves.
_CUDA_BUILD = re.compile(r"nvidia-(?!ml-py).*|cuda-toolkit|cupy(-.*)?|jax-cuda.*|onnxruntime-gpu|.*-cu1\d")


def read_gpus(
    environ: Mapping[str, str],
    timeout: float = 5.0,
    control: Control | None = None,
    roots: Roots | None = None,
    loader: Loader | None = None,
    installed: Iterable[str] | None = None,
) -> GpuFacts:
    """Return what NVML says within `timeout` seconds and what the driver's files say; altering nothing.

    `loader` searches as the target would; without one it is the search of this environment. Where neither a
    file of the driver nor NVML's library is found, NVML is not asked: with the names `installed` it is said
    whether anything else speaks for a GPU. Raises Cancelled where the person stops the examination, and
    nothing else.
    """
    roots = roots or Roots()
    loader = loader or Loader(
        environ.get("LD_LIBRARY_PATH", ""), cache=roots.loader_cache, default_dirs=roots.library_dirs
    )
    files = DriverFiles(
        nodes=device_nodes(roots.dev),
        kernel_module=kernel_module(roots.proc),
        kernel_gpus=kernel_gpus(roots.proc),
        injected=injected_libraries(roots.mountinfo),
        variables=visibility_variables(environ),
        libcuda=find_libcuda(loader),
    )
    if installed is not None and not _has_driver(files, loader):
        return GpuFacts(_not_asked(files, installed), files)
    from npdoctor.probe.gpu.nvml import ask_nvml

    nvml = ask_nvml(environ, timeout, control or Control(), roots.proc)
    return GpuFacts(nvml, files, count_holders(roots.proc) if files.nodes else None)


def _has_driver(files: DriverFiles, loader: Loader) -> bool:
    """Tell whether there is any part of a driver, or whether the loader's search cannot tell."""
    return bool(
        files.nodes
        or not isinstance(files.kernel_module, Unavailable)
        or files.kernel_gpus
        or files.injected
        or not isinstance(files.libcuda, Unavailable)
        or loader.find(_NVML, None, None, os.sep)
        or not loader.conclusive
    )


def _not_asked(files: DriverFiles, installed: Iterable[str]) -> NvmlFailure:
    asked_for = any(files.variables.get(name, "").strip() not in _ASKED_FOR_NONE for name in _ASKED_FOR)
    if asked_for or any(map(_CUDA_BUILD.fullmatch, installed)):
        return NvmlFailure(FailureKind.NO_LIBRARY, f"the loader finds no {_NVML}")
    return NvmlFailure(FailureKind.NOT_NEEDED, FailureKind.NOT_NEEDED.value)
