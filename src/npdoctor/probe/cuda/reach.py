"""Find the CUDA libraries and toolkits of the machine that could get in the way of those in the wheels."""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
from typing import TYPE_CHECKING

from npdoctor.model.cuda import ReachFolder, Toolkit

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIBRARY = re.compile(r"lib(cuda|cudart|cublas|cublasLt|cudnn\w*|nccl|nvJitLink|nvidia-ml)\.so(\.[\d.]+)?")
_DRIVER = re.compile(r"libcuda\.so\.(\d+(?:\.\d+)+)")
_MAX_NOTE = 1024 * 1024


def read_folders(environ: Mapping[str, str]) -> tuple[ReachFolder, ...]:
    """List the entries of LD_LIBRARY_PATH, in order, that hold libraries of CUDA."""
    found: dict[str, ReachFolder] = {}
    for path in filter(None, re.split("[:;]", environ.get("LD_LIBRARY_PATH", ""))):
        libraries = tuple(sorted(name for name in _listed(path) if _LIBRARY.fullmatch(name)))
        if libraries:
            found.setdefault(path, ReachFolder(path, _kind(path), libraries))
    return tuple(found.values())


def read_toolkits(environ: Mapping[str, str], root: str = "/") -> tuple[Toolkit, ...]:
    """List the toolkits below /usr/local and the one that CUDA_HOME names, each once however it is linked."""
    named = [environ[name] for name in ("CUDA_HOME", "CUDA_PATH") if environ.get(name)]
    placed = sorted(glob.glob(os.path.join(glob.escape(root), "usr/local/cuda*")))
    folders = dict.fromkeys(os.path.realpath(path) for path in (*named, *placed))
    return tuple(_toolkit(path) for path in folders if os.path.isdir(path))


def first_compiler(environ: Mapping[str, str]) -> str | None:
    """Return the nvcc that PATH finds first."""
    return shutil.which("nvcc", path=environ.get("PATH", ""))


def _toolkit(path: str) -> Toolkit:
    compiler = os.path.join(path, "bin/nvcc")
    drivers = (_DRIVER.fullmatch(name) for name in sorted(_listed(os.path.join(path, "compat"))))
    return Toolkit(
        path=path,
        version=_version(path),
        nvcc=compiler if os.path.isfile(compiler) else None,
        compat_driver=next((match[1] for match in drivers if match), None),
    )


def _version(path: str) -> str | None:
    """Read version.json, or version.txt as CUDA 10 and earlier have it."""
    try:
        says = json.loads(_read(os.path.join(path, "version.json")))
        return str(says["cuda"]["version"])
    except (ValueError, KeyError, TypeError, RecursionError):
        found = re.search(r"CUDA Version (\d+(?:\.\d+)*)", _read(os.path.join(path, "version.txt")))
        return found[1] if found else None


def _kind(path: str) -> str:
    parts = os.path.normpath(path).split("/")
    return next((kind for kind in ("stubs", "compat") if kind in parts), "libraries")


def _listed(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except (OSError, ValueError):
        return []


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(_MAX_NOTE)
    except (OSError, ValueError):
        return ""
