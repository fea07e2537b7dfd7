"""Where files go: file systems, what lies on them, and whether it outlives the container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Keeping(str, Enum):
    """How long a file system keeps its files."""

    MACHINE = "machine"  # not in a container
    VOLUME = "volume"  # mounted from outside the container
    CONTAINER = "container"  # lost with the container
    MEMORY = "memory"  # lost when it is unmounted


class Role(str, Enum):
    """What writes to a folder."""

    ENVIRONMENT = "environment"
    TEMPORARY = "temporary files"
    HOME = "home"
    HF_CACHE = "Hugging Face cache"
    HF_HUB_CACHE = "Hugging Face hub cache"
    TORCH_CACHE = "torch cache"
    PIP_CACHE = "pip cache"
    UV_CACHE = "uv cache"
    CACHES = "other caches"
    WORKING_FOLDER = "working folder"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that something writes to, with links resolved."""

    role: Role
    path: str


@dataclass(frozen=True, slots=True)
class Filesystem:
    """One mount and the places on it; sizes are bytes.

    `free` is what an ordinary user may still write, `reserved` what only a privileged one may beyond that.
    None is explained in `unknown` where it could not be read; without an entry the file system has no such
    number, as those without a fixed count of inodes.
    """

    mount: str
    type: str
    device: str
    read_only: bool
    keeping: Keeping
    total: int | None
    free: int | None
    reserved: int
    inodes: int | None
    free_inodes: int | None
    places: tuple[Place, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CacheSize:
    """How much a cache holds: at least `size` bytes, and just that where it was walked to its end."""

    role: Role
    path: str
    size: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Storage:
    """The file systems that matter, /dev/shm, and the volumes mounted into this container.

    `caches` are those that lie beside a volume of a pod and not on it; elsewhere none are measured.
    """

    filesystems: tuple[Filesystem, ...]
    shm: Filesystem | None
    volumes: tuple[str, ...]
    caches: tuple[CacheSize, ...]
    unknown: Mapping[str, str] = field(default_factory=dict)
