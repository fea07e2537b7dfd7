"""Tell what kind of container this is, without root and without reading any secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from npdoctor.model.host import Container, ContainerKind
from npdoctor.probe.host.mounts import Mount
from npdoctor.probe.host.tree import Tree, Unreadable

# Copied only by name, since the same platforms put keys and host names beside them.
_TOLD = (
    "RUNPOD_CPU_COUNT",
    "RUNPOD_DC_ID",
    "RUNPOD_GPU_COUNT",
    "RUNPOD_GPU_NAME",
    "RUNPOD_MEM_GB",
    "CUDA_VERSION",
    "PYTORCH_VERSION",
)
_HARMLESS = re.compile(r"[\w.+:, -]{1,64}", re.ASCII)
_THREADS = ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_NUMBER = re.compile(r"[\d, ]{1,32}", re.ASCII)
_FILES = {"/run/.containerenv": ContainerKind.PODMAN, "/.dockerenv": ContainerKind.DOCKER}
_GROUPS = {
    "kubepods": ContainerKind.KUBERNETES,
    "libpod": ContainerKind.PODMAN,
    "docker": ContainerKind.DOCKER,
    "/lxc": ContainerKind.LXC,
    "containerd": ContainerKind.OTHER,
}
_NAMED = {kind.value: kind for kind in ContainerKind if kind is not ContainerKind.NONE}


def read_container(tree: Tree, environ: Mapping[str, str], mounts: Sequence[Mount]) -> Container:
    """Return the kind of container and the evidence for it; the platform counts before the engine."""
    kind, evidence = next(_signs(tree, environ, mounts), (ContainerKind.NONE, "no sign of a container"))
    told = {name: environ[name] for name in _TOLD if _HARMLESS.fullmatch(environ.get(name, ""))}
    return Container(kind, evidence, told)


def thread_limits(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that tell libraries how many threads to start."""
    return {name: environ[name] for name in _THREADS if _NUMBER.fullmatch(environ.get(name, ""))}


def _signs(
    tree: Tree, environ: Mapping[str, str], mounts: Sequence[Mount]
) -> Iterator[tuple[ContainerKind, str]]:
    if environ.get("RUNPOD_POD_ID"):
        yield ContainerKind.RUNPOD, "RUNPOD_POD_ID is set"
    if environ.get("KUBERNETES_SERVICE_HOST"):
        yield ContainerKind.KUBERNETES, "KUBERNETES_SERVICE_HOST is set"
    for file, kind in _FILES.items():
        if tree.has(file):
            yield kind, f"{file} is there"
    if name := environ.get("container"):
        yield _NAMED.get(name, ContainerKind.OTHER), "the variable container is set"
    groups = _text(tree, "/proc/1/cgroup")
    for word, kind in _GROUPS.items():
        if word in groups:
            yield kind, f"/proc/1/cgroup names {word.strip('/')}"
    root = next((mount for mount in reversed(mounts) if mount.point == "/"), None)
    if root and root.type == "overlay":
        yield ContainerKind.OTHER, "the root file system is an overlay"


def _text(tree: Tree, path: str) -> str:
    try:
        return tree.text(path) or ""
    except Unreadable:
        return ""
