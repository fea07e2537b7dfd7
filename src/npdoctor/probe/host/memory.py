"""Read the memory of the machine and of the control groups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from npdoctor.model.limits import Memory
from npdoctor.probe.host.cgroup import Groups, find_groups
from npdoctor.probe.host.mounts import Mount
from npdoctor.probe.host.tree import Tree, Unreadable, noting, whole

_NO_LIMIT = 1 << 60  # version 1 writes the largest number of whole pages that fits into 63 bits
_PRESSURE = re.compile(r"^some .*\bavg60=(\d+(?:\.\d+)?)", re.M)


@dataclass(frozen=True, slots=True)
class _Names:
    """How the files of one version, and the words in them, are called."""

    limit: str
    usage: str
    inactive: str
    reclaimable: tuple[str, ...]
    events: str


_VERSION = {
    1: _Names(
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
        ("total_active_file",),
        "memory.oom_control",
    ),
    2: _Names(
        "memory.max", "memory.current", "inactive_file", ("active_file", "slab_reclaimable"), "memory.events"
    ),
}


def read_memory(tree: Tree, mounts: Sequence[Mount]) -> Memory:
    """Return what is known of memory; each missing value has its reason."""
    unknown: dict[str, str] = {}
    memory = Memory()
    with noting(unknown, "total", "available"):
        memory = _machine(tree, memory, unknown)
    groups: Groups | None = None
    with noting(unknown, "limit", "used", "oom_kills", "limit_hits"):
        groups = find_groups(tree, "memory", mounts)
    if groups:
        with noting(unknown, "limit", "used"):
            memory = _limit(tree, memory, groups, unknown)
        with noting(unknown, "oom_kills"):
            memory = _kills(tree, memory, groups)
        with noting(unknown, "limit_hits"):
            memory = replace(memory, limit_hits=_limit_hits(tree, groups))
    with noting(unknown, "pressure"):
        memory = _pressure(tree, memory, groups)
    return replace(memory, unknown=unknown)


def _machine(tree: Tree, memory: Memory, unknown: dict[str, str]) -> Memory:
    info = tree.counts("/proc/meminfo")
    total, available = info.get("MemTotal"), info.get("MemAvailable")
    for name, value in (("total", total), ("available", available)):
        if value is None:
            unknown[name] = "/proc/meminfo does not say"
    room = None if available is None else available << 10
    return replace(memory, total=None if total is None else total << 10, available=room, room=room)


def _limit(tree: Tree, memory: Memory, groups: Groups, unknown: dict[str, str]) -> Memory:
    """Find the lowest limit and what is used of it; of equal ones the outermost, where others use it too."""
    names = _VERSION[groups.version]
    limits = sorted(_limits(tree, groups, names, unknown), key=lambda found: found[0])
    used, reclaimable = _used(tree, (limits[0][2] if limits else groups.folders[0]), names, unknown)
    rooms = [] if memory.room is None else [memory.room]
    for limit, _, folder in limits:
        spent = used if folder == limits[0][2] else _used(tree, folder, names, unknown)[0]
        rooms.append(max(0, limit - (spent or 0)))
    return replace(
        memory,
        limit=limits[0][0] if limits else None,
        limit_source=limits[0][1] if limits else "",
        used=used,
        reclaimable=reclaimable,
        room=min(rooms, default=None),
    )


def _limits(
    tree: Tree, groups: Groups, names: _Names, unknown: dict[str, str]
) -> Iterator[tuple[int, str, str]]:
    """Yield limit, file and group from the outermost to the own one, then that of groups not seen."""
    for folder in reversed(groups.folders):
        file = f"{folder}/{names.limit}"
        with noting(unknown, "limit"):
            text = tree.text(file)
            if text is not None and text.strip() != "max" and (limit := whole(text, file)) < _NO_LIMIT:
                yield limit, file, folder
    if groups.version == 1:
        file = f"{groups.folders[0]}/memory.stat"
        with noting(unknown, "limit"):
            limit = tree.counts(file).get("hierarchical_memory_limit", _NO_LIMIT)
            if limit < _NO_LIMIT:
                yield limit, file, groups.folders[-1]


def _used(tree: Tree, folder: str, names: _Names, unknown: dict[str, str]) -> tuple[int | None, int]:
    """Return what a group uses beyond its inactive cache, and how much of that is cache all the same."""
    with noting(unknown, "used"):
        file = f"{folder}/{names.usage}"
        text = tree.text(file)
        if text is None:  # the machine's own root has no such file in version 2
            return None, 0
        usage, stat = whole(text, file), tree.counts(f"{folder}/memory.stat")
        used = max(0, usage - stat.get(names.inactive, 0))
        return used, min(used, sum(stat.get(key, 0) for key in names.reclaimable))
    return None, 0


def _kills(tree: Tree, memory: Memory, groups: Groups) -> Memory:
    """Count the processes killed for memory in the whole container, or in this group of a whole machine.

    Version 2 counts for a group what happens below it too, version 1 only what happens in it.
    """
    if groups.whole_machine:
        folders = groups.folders[:1]
    else:
        folders = groups.folders[-1:] if groups.version == 2 else groups.folders
    kills, source = 0, ""
    for folder in folders:
        file = f"{folder}/{_VERSION[groups.version].events}"
        counted = tree.counts(file).get("oom_kill")
        if counted is None:
            raise Unreadable(f"{file} does not say")
        if counted or not source:
            source = file
        kills += counted
    return replace(memory, oom_kills=kills, oom_source=source)


def _limit_hits(tree: Tree, groups: Groups) -> int:
    """Return how often the own group came up against its limit."""
    own = groups.folders[0]
    if groups.version == 1:
        return whole(tree.must(f"{own}/memory.failcnt"), f"{own}/memory.failcnt")
    hits = tree.counts(f"{own}/memory.events").get("max")
    if hits is None:
        raise Unreadable(f"{own}/memory.events does not say")
    return hits


def _pressure(tree: Tree, memory: Memory, groups: Groups | None) -> Memory:
    own = [f"{groups.folders[0]}/memory.pressure"] if groups and groups.version == 2 else []
    for file in (*own, "/proc/pressure/memory"):
        text = tree.text(file)
        if text is not None and (found := _PRESSURE.search(text)):
            return replace(memory, pressure=float(found[1]), pressure_source=file)
    raise Unreadable("the kernel does not account for pressure")
