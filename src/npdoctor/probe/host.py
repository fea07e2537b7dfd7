"""Read what judgement needs to know of the machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from npdoctor.model.host import Host
from npdoctor.model.target import Target
from npdoctor.probe.processes import stale_processes

_CONTAINER_FILES = ("/.dockerenv", "/run/.containerenv")
_CONTAINER_VARIABLES = ("KUBERNETES_SERVICE_HOST", "RUNPOD_POD_ID", "container")
_CONTAINER_GROUPS = ("docker", "kubepods", "containerd", "libpod", "/lxc")

LibraryVersions = Callable[[], dict[str, frozenset[str]]]


def read_host(target: Target, environ: Mapping[str, str], loader: LibraryVersions | None = None) -> Host:
    """Return the facts of this machine; `loader` tells which symbol versions its libraries offer."""
    names = os.uname()
    return Host(
        system=names.sysname,
        machine=names.machine,
        libc=target.libc or _own_libc(),
        library_versions=loader() if loader else {},
        cpu_flags=_cpu_flags("/proc/cpuinfo"),
        ld_library_path=environ.get("LD_LIBRARY_PATH", ""),
        stale_processes=stale_processes(os.getpid()),
        is_container=_is_container(environ),
    )


def _own_libc() -> tuple[str, str] | None:
    try:
        kind, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (OSError, ValueError):
        return None
    return (kind, version) if version else None


def _cpu_flags(cpuinfo: str) -> frozenset[str]:
    """Return the flags of the first processor (`flags` on x86, `Features` on ARM)."""
    for line in _read(cpuinfo).splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()


def _is_container(environ: Mapping[str, str]) -> bool:
    """Tell whether this is a container, by its files, its variables, its control group or its root."""
    if any(map(os.path.exists, _CONTAINER_FILES)) or any(map(environ.get, _CONTAINER_VARIABLES)):
        return True
    groups = _read("/proc/1/cgroup")
    if any(word in groups for word in _CONTAINER_GROUPS):
        return True
    for line in _read("/proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        if before.split()[4:5] == ["/"]:
            return after.startswith("overlay ")
    return False


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""
