"""Whether a driver can serve the CUDA that a build needs (NVIDIA, "CUDA Compatibility")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class CudaRelease:
    """One CUDA release: the driver that serves all of it, and the floor for limited service.

    `driver` is None where it is not known; `floor` holds for the whole major version.
    """

    version: str
    driver: str | None
    floor: str
    source: str


class DriverFit(str, Enum):
    """How a driver serves a build.

    `MINOR`: by minor-version compatibility. What compiles PTX of the newer toolkit when it runs (NVRTC,
    kernels shipped as PTX only) fails with cudaErrorUnsupportedPtxVersion (222); the rest works.
    `FORWARD`: by a newer libcuda than the kernel's driver. `REFUSED`: that libcuda is in use on a GPU that
    may not have it, and every CUDA call fails with error 804.
    """

    OK = "ok"
    MINOR = "minor compatibility"
    TOO_OLD = "too old"
    FORWARD = "forward compatibility"
    REFUSED = "forward compatibility refused"
    UNKNOWN = "unknown"


def judge_driver(
    driver_cuda: str | None,
    driver_version: str | None,
    needed_cuda: str,
    table: Sequence[CudaRelease],
    *,
    is_datacenter: bool | None = None,
    compat_lib: str | None = None,
) -> DriverFit:
    """Judge by what the driver says it serves (`12.8`), or else by its version (`570.26`) and the table.

    `compat_lib` is the version of a libcuda for forward compatibility, where that is the one in use.
    NVIDIA allows it on data-centre GPUs; `is_datacenter` is None where the kind of GPU is not known.
    """
    needed = _numbers(needed_cuda)
    version, compat = _numbers(driver_version), _numbers(compat_lib)
    if not needed:
        return DriverFit.UNKNOWN
    if compat and version and compat > version:
        if is_datacenter is None:
            return DriverFit.UNKNOWN
        if not is_datacenter:
            return DriverFit.REFUSED
        served = _by_version(compat, needed, table)
        return DriverFit.FORWARD if served in (DriverFit.OK, DriverFit.MINOR) else served
    offered = _numbers(driver_cuda)
    if not offered:
        return _by_version(version, needed, table) if version else DriverFit.UNKNOWN
    if offered >= needed[:2]:
        return DriverFit.OK
    if offered[0] < needed[0]:
        return DriverFit.TOO_OLD
    floor = _floor(needed, table)
    return DriverFit.TOO_OLD if version and floor and version < floor else DriverFit.MINOR


def newest_served(driver_version: str, table: Sequence[CudaRelease]) -> str | None:
    """Return the newest CUDA in the table that this driver serves without limits."""
    version = _numbers(driver_version)
    served = [r for r in table if version and r.driver and version >= _numbers(r.driver)]
    return max(served, key=lambda release: _numbers(release.version)).version if served else None


def _by_version(version: tuple[int, ...], needed: tuple[int, ...], table: Sequence[CudaRelease]) -> DriverFit:
    """Judge by the driver's version; what the table does not know stays unknown."""
    floor = _floor(needed, table)
    if floor is None:
        return DriverFit.UNKNOWN
    if version < floor:
        return DriverFit.TOO_OLD
    bundled = [_numbers(r.driver) for r in table if r.driver and _numbers(r.version) >= needed[:2]]
    if bundled and version >= min(bundled):
        return DriverFit.OK
    exact = any(r.driver and _numbers(r.version) == needed[:2] for r in table)
    return DriverFit.MINOR if exact else DriverFit.UNKNOWN


def _floor(needed: tuple[int, ...], table: Sequence[CudaRelease]) -> tuple[int, ...] | None:
    """Return the first driver that serves anything of this major version."""
    return next((_numbers(r.floor) for r in table if _numbers(r.version)[:1] == needed[:1]), None)


def _numbers(version: str | None) -> tuple[int, ...]:
    """Split a version into numbers; empty where it is none."""
    parts = (version or "").split(".")
    return tuple(map(int, parts)) if all(p.isascii() and p.isdigit() for p in parts) else ()
