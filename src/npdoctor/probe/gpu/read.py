"""Read all facts of the GPUs."""

from __future__ import annotations

from collections.abc import Mapping

from npdoctor.model.gpu import DriverFiles, GpuFacts
from npdoctor.probe.control import Control
from npdoctor.probe.gpu.cuda import find_libcuda
from npdoctor.probe.gpu.files import (
    device_nodes,
    injected_libraries,
    kernel_gpus,
    kernel_module,
    visibility_variables,
)
from npdoctor.probe.gpu.nvml import ask_nvml
from npdoctor.probe.gpu.roots import Roots
from npdoctor.probe.loader import Loader


def read_gpus(
    environ: Mapping[str, str],
    timeout: float = 5.0,
    control: Control | None = None,
    roots: Roots | None = None,
    loader: Loader | None = None,
) -> GpuFacts:
    """Return what NVML says within `timeout` seconds and what the driver's files say; altering nothing.

    `loader` searches as the target would; without one it is the search of this environment. Raises
    Cancelled where the person stops the examination, and nothing else.
    """
    roots = roots or Roots()
    loader = loader or Loader(
        environ.get("LD_LIBRARY_PATH", ""), cache=roots.loader_cache, default_dirs=roots.library_dirs
    )
    return GpuFacts(
        nvml=ask_nvml(environ, timeout, control or Control(), roots.proc),
        files=DriverFiles(
            nodes=device_nodes(roots.dev),
            kernel_module=kernel_module(roots.proc),
            kernel_gpus=kernel_gpus(roots.proc),
            injected=injected_libraries(roots.mountinfo),
            variables=visibility_variables(environ),
            libcuda=find_libcuda(loader),
        ),
    )
