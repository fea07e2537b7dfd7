"""What this process may use of the machine: memory, CPUs, kernel limits.

A value of None is explained in `unknown` where it could not be read; without an entry there is none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory in bytes: the machine's, and that of the control groups this process is in.

    `limit` is the lowest in force, set in the file `limit_source`; `used` counts in the group of that limit
    what is left without its inactive file cache, and `reclaimable` is the part of it that is cache all the
    same. `room` is the least that any of these groups, or the machine, still has to give. `oom_kills` and
    `limit_hits` count over the life of the group. `pressure` is the percentage of the last minute in which
    something waited for memory.
    """

    total: int | None = None
    available: int | None = None
    limit: int | None = None
    limit_source: str = ""
    used: int | None = None
    reclaimable: int = 0
    room: int | None = None
    oom_kills: int | None = None
    oom_source: str = ""
    limit_hits: int | None = None
    pressure: float | None = None
    pressure_source: str = ""
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPUs, as counts: those of the machine, those that a program sees, and those that it may use.

    `affinity` is what most libraries take for the number of threads to start. `quota` is CPU time per time,
    from the file `quota_source`; of `periods` of that quota, `throttled` ended before their time.
    """

    visible: int | None = None
    affinity: int | None = None
    cpuset: int | None = None
    quota: float | None = None
    quota_source: str = ""
    periods: int | None = None
    throttled: int | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)

    @property
    def seen(self) -> int | None:
        """Return for how many CPUs a library would start threads."""
        return self.affinity or self.visible


@dataclass(frozen=True, slots=True)
class Ulimit:
    """A kernel limit of the process: files and processes are counts, all others bytes; None is unlimited."""

    soft: int | None
    hard: int | None
