"""Tell for what the installed torch was built: by version.py, its local version and its libraries."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from npdoctor.model.cuda import Accelerator, Build, TorchBuild
from npdoctor.probe.cuda.literals import read_literals

if TYPE_CHECKING:
    from npdoctor.model.distribution import Distribution

_VERSION_FILE = "torch/version.py"
_LOCAL = re.compile(r"\+(?P<kind>cpu|cu|rocm|xpu)(?P<digits>[\d.]*)")
_BY_LOCAL = {"cpu": Accelerator.CPU, "cu": Accelerator.CUDA, "rocm": Accelerator.ROCM, "xpu": Accelerator.XPU}
_BY_NAME = {
    "cuda": Accelerator.CUDA,
    "hip": Accelerator.ROCM,
    "rocm": Accelerator.ROCM,
    "xpu": Accelerator.XPU,
}
_LIBRARIES = (
    ("libtorch_cuda.so", Accelerator.CUDA),
    ("libtorch_hip.so", Accelerator.ROCM),
    ("libtorch_xpu.so", Accelerator.XPU),
    ("libtorch_cpu.so", Accelerator.CPU),
)


def read_torch(torch: Distribution) -> TorchBuild:
    """Read one installed torch; what it is built for is unknown where neither file nor name tells."""
    says = read_literals(os.path.join(torch.location, _VERSION_FILE))
    libraries = os.path.join(torch.location, "torch/lib")
    there = [name for name, _ in _LIBRARIES if os.path.exists(os.path.join(libraries, name))]
    if says is not None and "cuda" in says:
        named = next((kind for name, kind in _BY_NAME.items() if _text(says, name)), Accelerator.CPU)
        build = Build("torch", torch.version, named, _text(says, "cuda"), _VERSION_FILE)
    else:
        build = _without_version_file(torch, there)
    says = says or {}
    return TorchBuild(
        build=build,
        file_version=_text(says, "__version__"),
        hip=_text(says, "hip"),
        git=_text(says, "git_version"),
        has_cuda_library="libtorch_cuda.so" in there,
    )


def cuda_of_local_version(version: str) -> str | None:
    """Read the CUDA version from a local version: `2.8.0+cu128` was built for 12.8."""
    local = _LOCAL.search(version)
    digits = local["digits"] if local and local["kind"] == "cu" else ""
    return f"{digits[:2]}.{digits[2:]}" if digits.isdigit() and len(digits) >= 3 else None


def _without_version_file(torch: Distribution, there: list[str]) -> Build:
    if local := _LOCAL.search(torch.version):
        cuda = cuda_of_local_version(torch.version)
        return Build("torch", torch.version, _BY_LOCAL[local["kind"]], cuda, "version")
    kind = dict(_LIBRARIES)[there[0]] if there else Accelerator.UNKNOWN
    return Build("torch", torch.version, kind, None, f"torch/lib/{there[0]}" if there else "")


def _text(says: dict[str, Any], name: str) -> str | None:
    value = says.get(name)
    return value if isinstance(value, str) and value else None
