"""The machine around the interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from npdoctor.model.limits import Cpu, Memory, Ulimit
from npdoctor.model.storage import Storage


@dataclass(frozen=True, slots=True)
class StaleProcess:
    """A running process that still maps a library file which has since been replaced on disk."""

    pid: int
    command: str
    libraries: tuple[str, ...]


class ContainerKind(str, Enum):
    """What runs the container; `other` is one that left no name."""

    RUNPOD = "runpod"
    KUBERNETES = "kubernetes"
    PODMAN = "podman"
    DOCKER = "docker"
    LXC = "lxc"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Container:
    """What kind of container this is, the evidence for it, and what its platform says in variables."""

    kind: ContainerKind
    evidence: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LibraryPath:
    """One entry of LD_LIBRARY_PATH or LD_PRELOAD, as written.

    `holds` names the libraries of CUDA and of C++ that are there, without their versions; `reason` says why
    that is not known.
    """

    variable: str
    path: str
    exists: bool
    holds: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """Facts of the machine that judgement needs.

    `libc` is the C library's kind and version, `library_versions` maps a library such as
    `libstdc++.so.6` to the symbol versions it offers, `cpu_flags` are those of /proc/cpuinfo.
    `thread_limits` are the variables that tell libraries how many threads to start. None is what was not
    looked at.
    """

    system: str
    machine: str
    libc: tuple[str, str] | None
    library_versions: dict[str, frozenset[str]]
    cpu_flags: frozenset[str]
    ld_library_path: str
    stale_processes: tuple[StaleProcess, ...]
    is_container: bool
    container: Container | None = None
    memory: Memory | None = None
    cpu: Cpu | None = None
    storage: Storage | None = None
    ulimits: Mapping[str, Ulimit] = field(default_factory=dict)
    thread_limits: Mapping[str, str] = field(default_factory=dict)
    library_paths: tuple[LibraryPath, ...] = ()
