"""Tell for which CUDA the other frameworks were built, as far as their files tell."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from npdoctor.model.cuda import Accelerator, Build
from npdoctor.probe.cuda.literals import read_literals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from npdoctor.model.distribution import Distribution

_NUMBER = re.compile(r"\d+(\.\d+)*")
_MAX_JSON = 1024 * 1024


def read_frameworks(distributions: Sequence[Distribution]) -> tuple[Build, ...]:
    """Read what each known framework says of its build; those without any tie to CUDA are not listed."""
    found = (reader(d) for d in distributions for pattern, reader in _READERS if pattern.fullmatch(d.name))
    return tuple(build for build in found if build)


def _onnxruntime(distribution: Distribution) -> Build | None:
    """Read onnxruntime's own note; where two variants share the folder, the later install wrote it."""
    file = "onnxruntime/capi/build_and_package_info.py"
    says = read_literals(os.path.join(distribution.location, file))
    if says is None:
        return None
    cuda = _version(says.get("cuda_version"))
    return Build(
        distribution.name,
        distribution.version,
        Accelerator.CUDA if cuda else Accelerator.CPU if _is_plain(says) else Accelerator.UNKNOWN,
        cuda,
        file,
    )


def _is_plain(says: dict[str, Any]) -> bool:
    return says.get("package_name") in ("onnxruntime", "onnxruntime-cpu")


def _tensorflow(distribution: Distribution) -> Build | None:
    file = "tensorflow/python/platform/build_info.py"
    says = (read_literals(os.path.join(distribution.location, file)) or {}).get("build_info")
    if not isinstance(says, dict):
        return None
    kind = Accelerator.CPU
    if says.get("is_cuda_build"):
        kind = Accelerator.CUDA
    elif says.get("is_rocm_build"):
        kind = Accelerator.ROCM
    cuda = _version(says.get("cuda_version")) if kind is Accelerator.CUDA else None
    return Build(distribution.name, distribution.version, kind, cuda, file)


def _paddle(distribution: Distribution) -> Build | None:
    file = "paddle/version/__init__.py"
    says = read_literals(os.path.join(distribution.location, file))
    if says is None or "cuda_version" not in says:
        return None
    cuda = _version(says["cuda_version"])
    kind = Accelerator.CUDA if cuda else Accelerator.CPU
    return Build(distribution.name, distribution.version, kind, cuda, file)


def _cupy(distribution: Distribution) -> Build | None:
    """Read the note that CuPy's wheels carry; a CuPy built from source has none."""
    file = "cupy/.data/_wheel.json"
    says = _json(os.path.join(distribution.location, file)) or {}
    cuda = _version(says.get("cuda"))
    if cuda:
        return Build(distribution.name, distribution.version, Accelerator.CUDA, cuda, file)
    return _by_name(distribution)


def _by_name(distribution: Distribution) -> Build | None:
    """Read the major version from a name such as cupy-cuda12x or jax-cuda13-plugin."""
    if not (named := re.search(r"-cuda(?P<digits>\d+)", distribution.name)):
        return None
    digits = named["digits"]
    cuda = digits if len(digits) <= 2 else f"{digits[:2]}.{digits[2:]}"
    return Build(distribution.name, distribution.version, Accelerator.CUDA, cuda, "name")


_READERS: tuple[tuple[re.Pattern[str], Callable[[Distribution], Build | None]], ...] = (
    (re.compile(r"onnxruntime(-(gpu|cpu))?"), _onnxruntime),
    (re.compile(r"(tensorflow|tf-nightly)(-(gpu|cpu|intel|rocm))?"), _tensorflow),
    (re.compile(r"paddlepaddle(-gpu)?"), _paddle),
    (re.compile(r"cupy(-cuda\d+x?)?"), _cupy),
    (re.compile(r"jax-cuda\d+-plugin"), _by_name),
)


def _version(value: object) -> str | None:
    """Return the leading numbers of a version such as `12.5.1` or `12.x`; paddle writes `False` for none."""
    found = _NUMBER.match(value) if isinstance(value, str) else None
    return found[0] if found else None


def _json(path: str) -> dict[str, Any] | None:
    try:
        with open(path, "rb") as stream:
            data = json.loads(stream.read(_MAX_JSON))
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
