"""Find the libcuda.so.1 that a program would get, and whose it is."""

from __future__ import annotations

import os

from npdoctor.model.gpu import CudaLibrary, CudaOrigin, Maybe, Reason, Unavailable, version_of
from npdoctor.probe.loader import Loader

_LIBRARY = "libcuda.so.1"


def find_libcuda(loader: Loader) -> Maybe[CudaLibrary]:
    """Return the library that this search finds; a compat or stub copy is told by its folder."""
    path = loader.find(_LIBRARY, None, None, os.sep)
    if path is None:
        return Unavailable(Reason.ABSENT, "" if loader.conclusive else "the loader's cache cannot be read")
    real = os.path.realpath(path)
    version = version_of(real)
    return CudaLibrary(path, real, version, _origin(path, real), _others(os.path.dirname(real), version))


def _origin(*paths: str) -> CudaOrigin:
    folders = {folder for path in paths for folder in os.path.dirname(path).split(os.sep)}
    if "stubs" in folders:
        return CudaOrigin.STUB
    return CudaOrigin.COMPAT if "compat" in folders else CudaOrigin.DRIVER


def _others(folder: str, version: str | None) -> tuple[str, ...]:
    try:
        names = os.listdir(folder)
    except OSError:
        return ()
    found = {version_of(name) for name in names if name.startswith("libcuda.so.")}
    return tuple(sorted(other for other in found if other and other != version))
