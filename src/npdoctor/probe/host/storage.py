"""Read how full the file systems are that installs and caches go to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from npdoctor.model.host import Container, ContainerKind
from npdoctor.model.storage import Filesystem, Keeping, Place, Role, Storage
from npdoctor.probe.host.caches import measure
from npdoctor.probe.host.mounts import Mount, mount_of
from npdoctor.probe.host.places import written_places
from npdoctor.probe.host.tree import Tree, reason

SHM = "/dev/shm"  # noqa: S108
_MEMORY = ("tmpfs", "ramfs")
# Without files of a person's own: the kernel's, those in memory, those that containers are made of.
_NO_VOLUME = re.compile(
    r"autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|mqueue|nsfs|overlay"
    r"|proc|pstore|ramfs|rpc_pipefs|securityfs|squashfs|sysfs|tmpfs|tracefs|fuse\.lxcfs"
)
_NOT_FOR_FILES = ("/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr")
_OF_ENGINES = ("/var/lib/containerd", "/var/lib/docker", "/var/lib/kubelet", "/var/run")
_EMPTY_DIR = "/kubernetes.io~empty-dir/"
_CACHES = (Role.HF_CACHE, Role.HF_HUB_CACHE, Role.TORCH_CACHE, Role.PIP_CACHE, Role.UV_CACHE)
_PODS = (ContainerKind.RUNPOD, ContainerKind.KUBERNETES)


def read_storage(
    tree: Tree,
    environ: Mapping[str, str],
    prefix: str,
    working_folder: str,
    container: Container,
    mounts: Sequence[Mount],
) -> Storage:
    """Return the file systems of all places that something writes to, each once."""
    home = environ.get("HOME") or os.path.expanduser("~")
    working_folder = os.path.abspath(working_folder)
    unknown: dict[str, str] = {}
    found: dict[str, Filesystem] = {}
    mounted = {mount.point for mount in mounts}
    for place in written_places(prefix, environ, home, working_folder, mounted):
        existing = _existing(tree, place)
        mount = mount_of(existing, mounts)
        if mount is None:
            unknown[place.role.value] = "its mount is not in /proc/self/mountinfo"
            continue
        resolved = Place(place.role, _resolved(tree, place.path))
        seen = found.get(mount.point) or _filesystem(tree, existing, mount, container)
        found[mount.point] = replace(seen, places=(*seen.places, resolved))
    volumes = tuple(_volumes(tree, mounts)) if container.kind is not ContainerKind.NONE else ()
    measured = container.kind in _PODS and bool(volumes)
    return Storage(
        filesystems=tuple(found.values()),
        shm=_shm(tree, mounts, container),
        volumes=volumes,
        caches=measure(tree, _lost(found.values())) if measured else (),
        unknown=unknown,
    )


def _filesystem(tree: Tree, path: str, mount: Mount, container: Container) -> Filesystem:
    """Return how full a file system is; it is asked through a path on it that exists."""
    found = Filesystem(
        mount=mount.point,
        type=mount.type,
        device=mount.device,
        read_only=mount.read_only,
        keeping=_keeping(mount, container),
        total=None,
        free=None,
        reserved=0,
        inodes=None,
        free_inodes=None,
    )
    try:
        said = os.statvfs(tree.outside(path))
    except (OSError, ValueError) as error:
        return replace(found, unknown={"total": reason(error), "free": reason(error)})
    if said.f_blocks:  # a tmpfs without a limit, and many a FUSE file system, have none
        found = replace(
            found,
            total=said.f_blocks * said.f_frsize,
            free=said.f_bavail * said.f_frsize,
            reserved=max(0, said.f_bfree - said.f_bavail) * said.f_frsize,
        )
    if said.f_files:
        found = replace(found, inodes=said.f_files, free_inodes=said.f_favail)
    return replace(found, read_only=mount.read_only or bool(said.f_flag & os.ST_RDONLY))


def _keeping(mount: Mount, container: Container) -> Keeping:
    if mount.type in _MEMORY:
        return Keeping.MEMORY
    if container.kind is ContainerKind.NONE:
        return Keeping.MACHINE
    is_own = mount.point == "/" or mount.type == "overlay" or _EMPTY_DIR in mount.root
    return Keeping.CONTAINER if is_own else Keeping.VOLUME


def _shm(tree: Tree, mounts: Sequence[Mount], container: Container) -> Filesystem | None:
    """Return /dev/shm, None where there is none or it is only a folder of another file system."""
    mount = mount_of(SHM, mounts)
    return _filesystem(tree, SHM, mount, container) if mount and mount.point == SHM else None


def _volumes(tree: Tree, mounts: Sequence[Mount]) -> Iterable[str]:
    """Return where volumes are mounted that can be written: neither files, nor what the engine mounts."""
    points = dict.fromkeys(
        mount.point
        for mount in mounts
        if mount.point != "/"
        and not _NO_VOLUME.fullmatch(mount.type)
        and not mount.read_only
        and _EMPTY_DIR not in mount.root
        and not any((mount.point + "/").startswith(f"{top}/") for top in (*_NOT_FOR_FILES, *_OF_ENGINES))
    )
    return (point for point in points if os.path.isdir(tree.outside(point)))


def _lost(filesystems: Iterable[Filesystem]) -> list[Place]:
    """Return the caches that go with the container, none inside another."""
    found = {
        place.path: place
        for filesystem in filesystems
        if filesystem.keeping in (Keeping.CONTAINER, Keeping.MEMORY)
        for place in filesystem.places
        if place.role in _CACHES
    }
    return [
        place
        for path, place in found.items()
        if not any(other != path and (path + "/").startswith(other + "/") for other in found)
    ]


def _resolved(tree: Tree, path: str) -> str:
    """Return a path without links, as it is named inside the tree."""
    top = os.path.realpath(tree.root).rstrip("/")
    try:
        real = os.path.realpath(tree.outside(path))
    except (OSError, ValueError):
        return path
    return real[len(top) :] or "/" if (real + "/").startswith(top + "/") else path


def _existing(tree: Tree, place: Place) -> str:
    """Return the deepest folder on the way to a place that is there, without links."""
    path = _resolved(tree, place.path)
    while path != "/" and not tree.has(path):
        path = os.path.dirname(path)
    return path
