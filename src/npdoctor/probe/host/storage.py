"""Read how full the file systems are that installs and caches go to."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from npdoctor.model.host import Container, ContainerKind
from npdoctor.model.storage import Filesystem, Keeping, Place, Role, Storage
from npdoctor.probe.host.answers import answers
from npdoctor.probe.host.caches import measure
from npdoctor.probe.host.mounts import Mount, mount_of
from npdoctor.probe.host.places import written_places
from npdoctor.probe.host.tree import Tree, reason

SHM = "/dev/shm"  # noqa: S108
SECONDS = 1.0  # for all questions together: a network mount whose server is gone answers none
NO_ANSWER = f"no answer in {SECONDS:g} s"
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
    until = time.monotonic() + SECONDS
    places = written_places(
        prefix, environ, home, os.path.abspath(working_folder), {mount.point for mount in mounts}
    )
    resolved = answers({p: partial(_lies_on, tree, p, mounts) for p in places}, until)
    unknown = {p.role.value: NO_ANSWER for p in places if p not in resolved}
    lying: dict[str, list[Place]] = {}
    asked: dict[str, tuple[str, Mount]] = {}
    for place, (path, existing, mount) in resolved.items():
        if mount is None:
            unknown[place.role.value] = "its mount is not in /proc/self/mountinfo"
            continue
        lying.setdefault(mount.point, []).append(Place(place.role, path))
        asked.setdefault(mount.point, (existing, mount))
    shm = mount_of(SHM, mounts)
    if shm and shm.point == SHM:  # else it is only a folder of another file system
        asked.setdefault(SHM, (SHM, shm))
    found = _filesystems(tree, asked, container, until)
    filesystems = tuple(replace(found[point], places=tuple(lying[point])) for point in lying)
    volumes = _volumes(tree, mounts, until) if container.kind is not ContainerKind.NONE else ()
    measured = container.kind in _PODS and bool(volumes)
    return Storage(
        filesystems=filesystems,
        shm=found.get(SHM),
        volumes=volumes,
        caches=measure(tree, _lost(filesystems)) if measured else (),
        unknown=unknown,
    )


def _lies_on(tree: Tree, place: Place, mounts: Sequence[Mount]) -> tuple[str, str, Mount | None]:
    """Return a place without links, the deepest folder on the way that is there, and the mount of that."""
    path = _resolved(tree, place.path)
    existing = path
    while existing != "/" and not tree.has(existing):
        existing = os.path.dirname(existing)
    return path, existing, mount_of(existing, mounts)


def _filesystems(
    tree: Tree, asked: Mapping[str, tuple[str, Mount]], container: Container, until: float
) -> dict[str, Filesystem]:
    """Return by mount point how full each file system is; one that does not answer is unknown."""
    told = answers({point: partial(_statvfs, tree, path) for point, (path, _) in asked.items()}, until)
    return {
        point: _filesystem(mount, container, told.get(point, NO_ANSWER))
        for point, (_, mount) in asked.items()
    }


def _statvfs(tree: Tree, path: str) -> os.statvfs_result | str:
    """Ask for a file system through a path on it that exists; return the reason where that fails."""
    try:
        return os.statvfs(tree.outside(path))
    except (OSError, ValueError) as error:
        return reason(error)


def _filesystem(mount: Mount, container: Container, said: os.statvfs_result | str) -> Filesystem:
    """Return how full a file system is by its own words; a text says why there are none."""
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
    if isinstance(said, str):
        return replace(found, unknown={"total": said, "free": said})
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


def _volumes(tree: Tree, mounts: Sequence[Mount], until: float) -> tuple[str, ...]:
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
    folders = answers({point: partial(os.path.isdir, tree.outside(point)) for point in points}, until)
    return tuple(point for point, is_folder in folders.items() if is_folder)


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
