"""The machine around the interpreter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StaleProcess:
    """A running process that still maps a library file which has since been replaced on disk."""

    pid: int
    command: str
    libraries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Host:
    """Facts of the machine that judgement needs.

    `libc` is the C library's kind and version, `library_versions` maps a library such as
    `libstdc++.so.6` to the symbol versions it offers, `cpu_flags` are those of /proc/cpuinfo.
    """

    system: str
    machine: str
    libc: tuple[str, str] | None
    library_versions: dict[str, frozenset[str]]
    cpu_flags: frozenset[str]
    ld_library_path: str
    stale_processes: tuple[StaleProcess, ...]
    is_container: bool
