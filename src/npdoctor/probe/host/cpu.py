"""Read how many CPUs there are, how many are seen, and how many may be used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from npdoctor.model.limits import Cpu
from npdoctor.probe.host.cgroup import Groups, find_groups
from npdoctor.probe.host.mounts import Mount
from npdoctor.probe.host.tree import Tree, Unreadable, noting, whole

ONLINE = "/sys/devices/system/cpu/online"
STATUS = "/proc/self/status"
_RANGES = re.compile(r"\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?){0,999}", re.ASCII)


def read_cpu(tree: Tree, mounts: Sequence[Mount]) -> Cpu:
    """Return what is known of the CPUs; each missing value has its reason."""
    unknown: dict[str, str] = {}
    cpu = Cpu()
    online: frozenset[int] | None = None
    with noting(unknown, "visible"):
        online = _listed(tree.must(ONLINE), ONLINE)
        cpu = replace(cpu, visible=len(online))
    with noting(unknown, "affinity"):
        cpu = replace(cpu, affinity=_count(_affinity(tree), online))
    with noting(unknown, "cpuset"):
        cpus = _cpuset(tree, find_groups(tree, "cpuset", mounts))
        cpu = replace(cpu, cpuset=_count(cpus, online))
    with noting(unknown, "quota"):
        cpu = _quota(tree, cpu, find_groups(tree, "cpu", mounts), unknown)
    return replace(cpu, unknown=unknown)


def _count(cpus: frozenset[int], online: frozenset[int] | None) -> int:
    """Count those of the CPUs that are there: on machines that can get more, all of them are allowed."""
    return len(cpus if online is None else cpus & online)


def _affinity(tree: Tree) -> frozenset[int]:
    for line in tree.must(STATUS).splitlines():
        key, _, value = line.partition(":")
        if key == "Cpus_allowed_list":
            return _listed(value, STATUS)
    raise Unreadable(f"{STATUS} does not say")


def _cpuset(tree: Tree, groups: Groups) -> frozenset[int]:
    """Return the nearest group's set: where the controller is off, the parent's is in force."""
    names = ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus")
    for folder in groups.folders:
        for name in names:
            text = tree.text(f"{folder}/{name}")
            if text is not None and text.strip():
                return _listed(text, f"{folder}/{name}")
    raise Unreadable("no control group tells its CPUs")


def _quota(tree: Tree, cpu: Cpu, groups: Groups, unknown: dict[str, str]) -> Cpu:
    """Find the lowest quota, and how often the group that sets it was stopped by it."""
    for folder in reversed(groups.folders):
        share, file = _share(tree, folder, groups.version)
        if share is not None and (cpu.quota is None or share < cpu.quota):
            stat: dict[str, int] = {}
            with noting(unknown, "periods", "throttled"):
                stat = tree.counts(f"{folder}/cpu.stat")
            cpu = replace(
                cpu,
                quota=share,
                quota_source=file,
                periods=stat.get("nr_periods"),
                throttled=stat.get("nr_throttled"),
            )
    return cpu


def _share(tree: Tree, folder: str, version: int) -> tuple[float | None, str]:
    """Return the CPUs that a group may use, None for all."""
    if version == 2:
        file = f"{folder}/cpu.max"
        quota, _, period = (tree.text(file) or "max").strip().partition(" ")
    else:
        file = f"{folder}/cpu.cfs_quota_us"
        quota, period = tree.text(file) or "-1", tree.text(f"{folder}/cpu.cfs_period_us") or ""
    if quota == "max" or quota.startswith("-"):
        return None, file
    if whole(period, file) == 0:
        raise Unreadable(f"{file}: a period of {period.strip()}")
    return whole(quota, file) / whole(period, file), file


def _listed(text: str, path: str) -> frozenset[int]:
    """Return the CPUs that a list such as `0-3,8` names."""
    text = text.strip()
    if not _RANGES.fullmatch(text):
        raise Unreadable(f"{path}: not a list of CPUs: {text[:40]!a}")
    ranges = (part.partition("-") for part in text.split(","))
    return frozenset(cpu for first, _, last in ranges for cpu in range(int(first), int(last or first) + 1))
