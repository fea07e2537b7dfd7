"""Where the system keeps what is read here, so that tests can point elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from npdoctor.probe.loader import SYSTEM_CACHE


@dataclass(frozen=True, slots=True)
class Roots:
    """Folders and files of the system; `library_dirs` None are the loader's own."""

    dev: str = "/dev"
    proc: str = "/proc"
    mountinfo: str = "/proc/self/mountinfo"
    loader_cache: str = SYSTEM_CACHE
    library_dirs: tuple[str, ...] | None = None
