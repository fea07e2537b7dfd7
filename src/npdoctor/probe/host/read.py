"""Put together all that is read of the machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from npdoctor.model.host import ContainerKind, Host
from npdoctor.model.target import Target
from npdoctor.probe.host.container import read_container, thread_limits
from npdoctor.probe.host.cpu import read_cpu
from npdoctor.probe.host.libraries import read_library_paths
from npdoctor.probe.host.memory import read_memory
from npdoctor.probe.host.mounts import read_mounts
from npdoctor.probe.host.storage import read_storage
from npdoctor.probe.host.tree import Tree, Unreadable
from npdoctor.probe.host.ulimits import read_ulimits
from npdoctor.probe.processes import stale_processes

LibraryVersions = Callable[[], dict[str, frozenset[str]]]


def read_host(
    target: Target,
    environ: Mapping[str, str],
    loader: LibraryVersions | None = None,
    working_folder: str = ".",
    root: str = "/",
) -> Host:
    """Return the facts of this machine, or of the one whose files were recorded below `root`.

    `loader` tells which symbol versions its libraries offer.
    """
    names = os.uname()
    tree = Tree(root)
    mounts = read_mounts(tree)
    container = read_container(tree, environ, mounts)
    return Host(
        system=names.sysname,
        machine=names.machine,
        libc=target.libc or _own_libc(),
        library_versions=loader() if loader else {},
        cpu_flags=_cpu_flags(tree),
        ld_library_path=environ.get("LD_LIBRARY_PATH", ""),
        stale_processes=stale_processes(os.getpid(), proc=tree.outside("/proc")),
        is_container=container.kind is not ContainerKind.NONE,
        container=container,
        memory=read_memory(tree, mounts),
        cpu=read_cpu(tree, mounts),
        storage=read_storage(tree, environ, target.prefix, working_folder, container, mounts),
        ulimits=read_ulimits(tree),
        thread_limits=thread_limits(environ),
        library_paths=read_library_paths(tree, environ, working_folder),
    )


def _own_libc() -> tuple[str, str] | None:
    try:
        kind, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (OSError, ValueError):
        return None
    return (kind, version) if version else None


def _cpu_flags(tree: Tree) -> frozenset[str]:
    """Return the flags of the first processor (`flags` on x86, `Features` on ARM)."""
    try:
        text = tree.text("/proc/cpuinfo") or ""
    except Unreadable:
        return frozenset()
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()
